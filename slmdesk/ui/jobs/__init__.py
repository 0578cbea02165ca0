"""The page of jobs: running, waiting, paused and ended."""
