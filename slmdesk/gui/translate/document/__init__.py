"""Documents translated: what is asked first, how far each is, the file that is written."""
