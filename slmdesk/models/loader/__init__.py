"""Loads the model into the engine child, and manages who uses it."""
