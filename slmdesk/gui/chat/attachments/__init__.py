"""Attachments of a message."""
