"""The service of all tasks: begins, repeats, opens and changes reports. Service thread."""
