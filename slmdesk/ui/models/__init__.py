"""The page of models: those on this PC, the suggested ones, and those on the Hub."""
