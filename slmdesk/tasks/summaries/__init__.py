"""Summaries of documents, each sentence with a citation."""
