"""The wiring drawings and what makes them."""
