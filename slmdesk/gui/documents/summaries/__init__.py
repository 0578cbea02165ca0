"""Summaries, beside the pages."""
