"""`slmdesk ask`."""
