"""Corrections and rewritten texts: which words changed, and whether what they say changed with them."""
