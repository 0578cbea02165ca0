"""The section of the settings for encryption and locking."""
