"""What a model can do with a pair of languages."""
