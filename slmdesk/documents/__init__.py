"""Readers of documents, one per format, under the ids of core.formats."""
