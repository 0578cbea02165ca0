"""Compares two texts."""
