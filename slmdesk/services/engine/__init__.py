"""The engine child and the model it has loaded."""
