"""Misspelled words: dictionaries, own words."""
