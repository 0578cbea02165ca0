"""The command line: a module of commands per noun, thin, over services; no Qt."""
