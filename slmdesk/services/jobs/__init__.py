"""Long work in steps: the queue, the runner, the time left."""
