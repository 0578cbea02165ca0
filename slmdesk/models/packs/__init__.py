"""Packs: models for a PC without a network."""
