"""The chat page: list of chats, conversation, composer."""
