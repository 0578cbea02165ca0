"""`slmdesk documents`, `redact`."""
