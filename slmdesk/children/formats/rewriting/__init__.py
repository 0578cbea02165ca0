"""Writes documents again with translated text. Each format has its own rewriter."""
