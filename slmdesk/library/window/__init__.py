"""The page of documents and the panes beside it."""
