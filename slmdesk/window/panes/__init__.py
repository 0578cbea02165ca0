"""What the panes beside a document share."""
