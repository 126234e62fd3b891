"""The machine under the stove: what guards it, and what is missing."""
