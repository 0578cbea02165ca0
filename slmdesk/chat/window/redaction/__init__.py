"""What is private in a message is shown before it is sent, and replaced before the model sees it."""
