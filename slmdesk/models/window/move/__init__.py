"""Moving the models to another folder."""
