"""Models: the files on this PC and what they fit, the Hub, and the one that is loaded."""
