"""The window's part for the comparison of models."""
