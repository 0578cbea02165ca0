"""The models on this PC."""
