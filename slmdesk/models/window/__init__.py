"""The page of models: on this PC, suggested, and on the Hub."""
