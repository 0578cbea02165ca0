"""Moving the models folder."""
