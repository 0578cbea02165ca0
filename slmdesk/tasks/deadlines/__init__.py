"""What is due: the days found in every paper, and what a person said of them."""
