"""The redaction section of the settings."""
