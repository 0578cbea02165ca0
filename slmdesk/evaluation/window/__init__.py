"""Comparison of models; formats of a model."""
