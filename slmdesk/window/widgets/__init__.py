"""Widgets and helpers used by several pages; they know no page."""
