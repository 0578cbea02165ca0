"""Writes a document again with translated text, one rewriter per format."""
