"""The window's part for the comparison of two versions of a document."""
