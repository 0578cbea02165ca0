"""The only room that may open a connection."""
