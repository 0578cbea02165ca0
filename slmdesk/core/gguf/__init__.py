"""GGUF files: read without loading, bounded, for untrusted files; standard library only."""
