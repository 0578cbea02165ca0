"""Calls something at intervals while a call of the library blocks."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def ticking(tick: Callable[[], object], seconds: float = 1.0) -> Iterator[None]:
    """Call `tick` every `seconds` from a thread of its own until the block ends; it waits for a call under way."""
    done = threading.Event()

    def run() -> None:
        while not done.wait(seconds):
            tick()

    thread = threading.Thread(target=run, name="ticking", daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
