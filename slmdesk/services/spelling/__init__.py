"""Misspelled words, by Hunspell dictionaries of the system or of the person, and the person's own words."""
