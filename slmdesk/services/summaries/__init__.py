"""Summaries of documents, linked to their pages."""
