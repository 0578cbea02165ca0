"""The models on this PC: library, import, fit, speed, packs, the models folder."""
