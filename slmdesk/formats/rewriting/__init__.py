"""Writes a document again with translated text, with a rewriter per format."""
