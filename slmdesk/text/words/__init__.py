"""Words and sentences: folding, language, stop words, what cannot be seen."""
