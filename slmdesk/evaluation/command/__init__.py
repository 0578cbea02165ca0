"""`slmdesk models exam`, `bench`, `compare`, `tune`, `prune`."""
