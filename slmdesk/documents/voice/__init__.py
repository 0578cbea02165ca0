"""Speech: dictation, and recordings written down, by a model of the Whisper family."""
