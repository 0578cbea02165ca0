"""The commands of all tasks: made of what a task declares, and what they print."""
