"""Deadlines that a paper counts from its receipt or its date: how they are found, and what day they end on by law."""
