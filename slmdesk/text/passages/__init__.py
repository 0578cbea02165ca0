"""Passages of a document: cut, ranked, quoted."""
