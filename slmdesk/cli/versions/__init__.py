"""`slmdesk compare`."""
