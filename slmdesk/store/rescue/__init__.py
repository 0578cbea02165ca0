"""The way out of a damaged database."""
