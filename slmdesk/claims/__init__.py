"""Judges statements against the text they are made about, and marks what is not there.

Pure functions. `judge` is the check of a statement, `differences` that of two wordings;
`finders` find the numbers, names and negations that they compare.
"""
