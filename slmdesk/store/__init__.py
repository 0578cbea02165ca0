"""SQLite: the only room with sqlite_utils."""
