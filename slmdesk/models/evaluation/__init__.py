"""Speed of models, smaller copies, and which to take."""
