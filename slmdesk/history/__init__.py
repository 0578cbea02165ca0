"""The history: listing, searching, exporting, printing and backing up chats and other items."""
