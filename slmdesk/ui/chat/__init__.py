"""The chat page: the list of chats, the conversation and the composer."""
