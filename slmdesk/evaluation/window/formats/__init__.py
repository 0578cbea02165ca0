"""The best format of a model for this PC: measured, shown, made, switched."""
