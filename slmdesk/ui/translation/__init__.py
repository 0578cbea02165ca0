"""The page of the translator."""
