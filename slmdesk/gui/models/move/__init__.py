"""Another folder for models."""
