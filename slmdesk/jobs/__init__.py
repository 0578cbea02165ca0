"""Jobs: long work in steps, with its queue, runner and time left."""
