"""Documents given back with other words in them: one rewriter per format."""
