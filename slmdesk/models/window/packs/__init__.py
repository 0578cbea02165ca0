"""Packs of models: dialogs and controller."""
