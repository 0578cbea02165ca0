"""The window itself: its parts put together."""
