"""The window of the network log."""
