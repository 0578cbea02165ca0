"""Chats: the conversation, its answers and its attachments."""
