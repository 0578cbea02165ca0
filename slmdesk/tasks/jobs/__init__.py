"""Jobs, which are long work in steps: the queue, the runner and the estimate of the time left."""
