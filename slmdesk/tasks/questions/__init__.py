"""Questions about documents, answered with quotations."""
