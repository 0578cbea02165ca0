"""The command line: the list of commands, the console, and the code that several
commands share.
"""
