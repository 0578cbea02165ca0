"""Speech: dictation, and recordings written down, by a speech model."""
