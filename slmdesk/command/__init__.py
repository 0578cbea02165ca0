"""The command line: the list of commands, the console, and what several commands share."""
