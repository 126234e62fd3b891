"""Proofs by exhaustion: models of what tests reach only by chance."""
