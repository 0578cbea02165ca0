"""Finds terms in all their forms."""
