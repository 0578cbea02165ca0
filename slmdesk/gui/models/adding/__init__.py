"""The ways a model comes into the library."""
