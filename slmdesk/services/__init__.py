"""Each use case once, for window and command line alike."""
