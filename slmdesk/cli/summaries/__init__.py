"""`slmdesk summarize`."""
