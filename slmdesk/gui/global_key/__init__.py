"""A key that works in every program, where the desktop gives one."""
