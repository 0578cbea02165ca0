"""A child process: reads lines, drives tasks, writes lines."""
