"""Presets of chats: chosen in the settings of a chat, kept in a window of their own."""
