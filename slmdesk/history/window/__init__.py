"""Windows for what is deleted, held or erased."""
