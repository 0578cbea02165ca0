"""The page Write, where a text is corrected with tracked changes or rewritten."""
