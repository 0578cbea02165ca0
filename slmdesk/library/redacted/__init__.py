"""Copies of documents without names and numbers, to be given to others."""
