"""Our own data as files other programs can read."""
