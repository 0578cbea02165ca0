"""Translation of texts and documents."""
