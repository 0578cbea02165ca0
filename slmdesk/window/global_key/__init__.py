"""A global shortcut: a key that works in every program, if the desktop offers such keys."""
