"""Redaction: private words are replaced before a model sees a text, and put back into its answer."""
