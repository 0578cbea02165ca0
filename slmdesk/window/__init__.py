"""What all pages of the window are made of (Qt), and the shell that puts them together."""
