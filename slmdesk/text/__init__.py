"""Pure functions on text, for app and children."""
