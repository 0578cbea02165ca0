"""The main window, and the code that puts its parts together."""
