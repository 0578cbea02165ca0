"""The open chat: its messages, and what can be done with them."""
