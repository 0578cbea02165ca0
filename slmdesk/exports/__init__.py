"""Writes our own data in formats that other programs read."""
