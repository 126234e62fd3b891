"""What runs inside the guest: standard library only, and nothing of flameout's own."""
