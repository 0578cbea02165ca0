"""Misspelled words: dictionaries, own words, the speller child."""
