"""What is kept: listing, searching, exporting, backing up and erasing it, and how it is encrypted and stored."""
