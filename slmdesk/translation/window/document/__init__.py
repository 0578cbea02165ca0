"""Translation of documents: the form, the progress, the written file."""
