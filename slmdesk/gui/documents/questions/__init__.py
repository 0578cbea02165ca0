"""Questions beside the pages."""
