"""The child process: reads JSON lines, runs tasks, writes JSON lines."""
