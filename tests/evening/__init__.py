"""docs/first-evening.md, played line by line on a machine that has never seen flameout."""
