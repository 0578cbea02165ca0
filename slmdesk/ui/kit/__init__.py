"""The widgets and helpers that all pages of the window use (Qt), and the shell that puts the window together."""
