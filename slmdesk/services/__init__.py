"""The use cases of the program, one package per job, shared by window and command line."""
