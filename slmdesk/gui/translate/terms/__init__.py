"""Windows of the glossaries, the translation memory and the terms that are proposed."""
