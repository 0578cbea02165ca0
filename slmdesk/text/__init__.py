"""Pure functions on text, for desk and children."""
