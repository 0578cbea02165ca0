"""Chats: questions, answers, what is attached."""
