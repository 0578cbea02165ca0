"""`slmdesk write`."""
