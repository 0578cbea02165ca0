"""Measures how fast this PC reads memory in the way writing a token does: all threads at once, each its own part."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import numpy as np
import psutil

BUFFER_BYTES = 256 << 20
"""More than the caches of office PCs hold."""
_LEAST_BYTES = 32 << 20
_SHARE_OF_FREE = 0.1
_LEAST_ROUNDS = 3


def measure_bandwidth(threads: int, *, seconds: float, keep_going: Callable[[], bool]) -> float:
    """Bytes per second, from the fastest of the rounds within `seconds`, so that other programs matter little.

    0 when `keep_going` returns False before the first round is over.  Uses at most a tenth of the free memory.
    """
    size = int(min(BUFFER_BYTES, max(_LEAST_BYTES, psutil.virtual_memory().available * _SHARE_OF_FREE)))
    buffer = np.ones(size // 4, dtype=np.float32)  # ones: all pages of zeros would share one page of memory
    parts = np.array_split(buffer, threads)
    best = 0.0
    end = time.perf_counter() + seconds
    rounds = 0
    while (rounds < _LEAST_ROUNDS or time.perf_counter() < end) and keep_going():
        best = max(best, buffer.nbytes / _read(parts))
        rounds += 1
    return best


def _read(parts: list[np.ndarray]) -> float:
    """Seconds to read each part once on a thread of its own; numpy lets the threads run in parallel."""
    others = [threading.Thread(target=part.max, name="reading", daemon=True) for part in parts[1:]]
    started = time.perf_counter()
    for one in others:
        one.start()
    parts[0].max()
    for one in others:
        one.join()
    return time.perf_counter() - started
