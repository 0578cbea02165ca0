"""The models on this PC: library, import, fit, speed, packs and the models folder."""
