"""Summaries beside the pages."""
