"""Models compared on one prompt."""
