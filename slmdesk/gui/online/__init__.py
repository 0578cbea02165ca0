"""What went to the network, and the access token."""
