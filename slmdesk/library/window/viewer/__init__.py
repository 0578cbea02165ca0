"""The pages of a document."""
