"""The windows of glossaries, translation memory and proposed terms."""
