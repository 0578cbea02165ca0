"""Encryption of the history: what opens it, and how that changes."""
