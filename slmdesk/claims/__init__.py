"""Judges statements against the text they are made about, and marks what is not there.

Pure functions.
"""
