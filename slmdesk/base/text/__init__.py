"""Pure functions on text, used by the app and its child processes."""
