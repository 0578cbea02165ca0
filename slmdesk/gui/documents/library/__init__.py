"""The list of documents and folders."""
