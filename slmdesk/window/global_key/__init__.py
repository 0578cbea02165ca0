"""A global shortcut: a key that works in every program, where the desktop offers one."""
