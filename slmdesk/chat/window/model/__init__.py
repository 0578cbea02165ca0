"""The choice of the model for the chat."""
