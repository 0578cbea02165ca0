"""The library of documents and folders: reading, listing and searching documents, and writing redacted copies."""
