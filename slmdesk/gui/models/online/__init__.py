"""Suggested models, the Hub's search, downloads."""
