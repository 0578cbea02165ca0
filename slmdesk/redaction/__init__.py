"""What is private is replaced before a model sees it, and put back into its answer."""
