"""`slmdesk documents`."""
