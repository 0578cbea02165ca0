"""Writes a report as a document, a spreadsheet or a calendar: the one exporter of all tasks."""
