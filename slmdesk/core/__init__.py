"""What every package may use: data types, errors, the protocol, formats, GGUF.  Standard library only."""
