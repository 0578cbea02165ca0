"""The page of models: those on this PC, those suggested, and those of the Hub."""
