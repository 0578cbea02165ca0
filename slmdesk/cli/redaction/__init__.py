"""`slmdesk redact`."""
