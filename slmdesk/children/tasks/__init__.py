"""What a child can do: each task a generator of protocol events that returns its result, knowing no store."""
