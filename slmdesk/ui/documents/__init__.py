"""The page of documents in the window, with its side panes."""
