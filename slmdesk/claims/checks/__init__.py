"""Checks whether a source supports a sentence: numbers, dates, names, negations, conditions."""
