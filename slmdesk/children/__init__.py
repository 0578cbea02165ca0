"""The child processes: how the app talks to them, their walls, their tasks."""
