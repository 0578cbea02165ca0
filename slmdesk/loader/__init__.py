"""The model that is loaded, and who uses it."""
