"""Access to the Hugging Face Hub: the only package that may open a connection."""
