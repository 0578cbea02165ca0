"""A copy of a document without names and numbers, for others."""
