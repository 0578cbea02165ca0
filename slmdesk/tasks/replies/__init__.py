"""The answer to a letter: its points, our stances, and the wording of each."""
