"""Widgets and helpers that several pages use. They know no page."""
