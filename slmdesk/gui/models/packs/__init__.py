"""Packs of models."""
