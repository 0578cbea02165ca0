"""The window: kit (Qt without a feature), a folder for each feature, shell (what holds them together)."""
