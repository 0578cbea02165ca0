"""The desk's end of the pipe to a child."""
