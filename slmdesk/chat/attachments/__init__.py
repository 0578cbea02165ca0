"""Documents attached to a chat."""
