"""Finds what is private in a text, puts natural words in its place, and puts the originals back."""
