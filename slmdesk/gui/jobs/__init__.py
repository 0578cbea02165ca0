"""The page of long work: what runs, waits, is paused, has ended."""
