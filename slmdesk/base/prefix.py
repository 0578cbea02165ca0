"""What two texts, or two lists of tokens, have in common at their beginning."""

from __future__ import annotations

from collections.abc import Sequence


def common_prefix(one: Sequence[object], other: Sequence[object], limit: int | None = None) -> int:
    """Length of the common beginning, at most `limit`: by halves, compared in C."""
    low, high = 0, min(len(one), len(other))
    if limit is not None:
        high = max(0, min(limit, high))
    while low < high:
        middle = (low + high + 1) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low
