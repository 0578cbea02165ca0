"""The engine child and the model that it has loaded."""
