"""Questions to documents, beside the pages."""
