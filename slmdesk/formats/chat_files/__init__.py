"""Reads chats that other programs export; docs/import-chats.md says where each format is described."""
