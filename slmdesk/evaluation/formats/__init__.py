"""Formats of a model: which one is best on this PC, what it costs, and making it."""
