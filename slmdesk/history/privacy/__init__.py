"""Encryption of the history: what opens the history, and how to change that."""
