"""Reads, rewrites and redacts documents.  Only inside the reader child."""
