"""Text that is translated as it is typed."""
