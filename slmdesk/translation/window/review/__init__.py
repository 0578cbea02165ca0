"""Review of a translated document's segments: read, corrected, translated again."""
