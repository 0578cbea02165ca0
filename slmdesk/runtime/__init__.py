"""What every service works with: the service thread, events, results that come later, files."""
