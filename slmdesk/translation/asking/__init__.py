"""Prompts of a translation, and the segments they are asked for."""
