"""What every service stands on: the service thread, events, messages for people, file work in the background."""
