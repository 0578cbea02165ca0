"""The history: list, search, export, print, backup."""
