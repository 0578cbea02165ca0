"""Comparison of several models on one prompt."""
