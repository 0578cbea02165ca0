"""Redaction in the settings."""
