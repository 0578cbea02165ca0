"""Encryption and lock in the settings."""
