"""`slmdesk encrypt`, `lock`."""
