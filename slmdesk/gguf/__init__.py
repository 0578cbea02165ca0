"""Reads GGUF files without loading the model, with limits, as files are untrusted; standard library only."""
