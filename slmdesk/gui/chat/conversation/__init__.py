"""The open chat: its messages, and what happens in it."""
