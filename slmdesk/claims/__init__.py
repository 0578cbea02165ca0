"""Judges statements against the text they are made about: what does not stand there is marked. Pure functions."""
