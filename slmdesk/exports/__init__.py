"""Our own data in files of other formats."""
