"""Threads of the children: how many compute at once, and one that tells of work which reports nothing itself."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


def usable_cores() -> int:
    """Physical cores this process may run on, at least one."""
    import psutil  # 17 ms

    physical = psutil.cpu_count(logical=False) or os.cpu_count() or 1
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else physical
    return max(1, min(physical, allowed))


@contextmanager
def ticking(tick: Callable[[], object], seconds: float = 1.0, *, most: int | None = None) -> Iterator[None]:
    """Call `tick` every `seconds` from a thread of its own until the block ends; it waits for a call under way.

    `most`: so many times at most, so that work which never ends is noticed.
    """
    done = threading.Event()

    def run() -> None:
        count = 0
        while count != most and not done.wait(seconds):
            tick()
            count += 1

    thread = threading.Thread(target=run, name="ticking", daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
