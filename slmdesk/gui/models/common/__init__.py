"""Widgets shared by the parts of the page of models."""
