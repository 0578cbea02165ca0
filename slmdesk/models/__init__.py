"""The models on this PC: library, import, fit, speed and the models folder."""
