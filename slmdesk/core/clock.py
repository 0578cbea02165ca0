"""The short pauses of the program before it does something, which tests shorten by a factor."""

from __future__ import annotations

factor = 1.0
QUIET_S = 5.0
"""From here on the program waits to be left alone, which tests do not shorten."""


def pause(seconds: float) -> float:
    """Seconds to pause."""
    return seconds * factor if seconds < QUIET_S else seconds
