"""Documents and folders: reading, storing, searching and showing them."""
