"""Suggested models, the search on the Hub, downloads."""
