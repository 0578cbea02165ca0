"""Words and sentences: folding, language detection, stop words, invisible characters."""
