"""Write the program's own data in formats that other programs can read."""
