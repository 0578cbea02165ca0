"""The window's part for tables made from documents."""
