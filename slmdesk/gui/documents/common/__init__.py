"""Shared by the panes beside a document."""
