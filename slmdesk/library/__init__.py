"""Documents and folders: read, listed, searched, given out redacted."""
