"""What the parts of the page share."""
