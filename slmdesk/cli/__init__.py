"""The command line: thin click commands over the services, a module or folder for each noun; no Qt."""
