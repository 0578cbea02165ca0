"""`slmdesk models`."""
