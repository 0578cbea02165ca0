"""`slmdesk extract`."""
