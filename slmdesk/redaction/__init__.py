"""Redaction: the list of people and firms that are always found in documents that are given out."""
