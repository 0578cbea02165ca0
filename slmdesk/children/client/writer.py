"""Writes lines to a child on a thread, the urgent ones first."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator
from enum import IntEnum
from typing import IO

from slmdesk.base import protocol
from slmdesk.base.protocol import Cancel, CountTokens, Load, Shutdown, ToChild, Unload, encode


class Urgency(IntEnum):
    """Which messages overtake which.  Within one urgency, order is kept."""

    CONTROL = 0
    """Cancel and shutdown: before all else, also between the parts of a long message."""
    SHORT = 1
    """Load, unload and counting: before long texts."""
    WORK = 2


def urgency_of(message: ToChild) -> Urgency:
    if isinstance(message, Cancel | Shutdown):
        return Urgency.CONTROL
    return Urgency.SHORT if isinstance(message, Load | Unload | CountTokens) else Urgency.WORK


class Writer:
    """Writes to a child's stdin on a thread of its own, so a child that does not read blocks nothing else.
    Thread-safe.
    """

    def __init__(self, stream: IO[bytes], before: Callable[[ToChild], None] | None = None) -> None:
        """`before` is called with each message before its lines are written, on the writer's thread."""
        self._stream = stream
        self._before = before
        self._changed = threading.Condition()
        self._queues: dict[Urgency, deque[ToChild]] = {urgency: deque() for urgency in Urgency}
        self._begun: dict[Urgency, Iterator[bytes] | None] = dict.fromkeys(Urgency)
        self._is_open = False
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="to child", daemon=True)

    def start(self) -> None:
        """Start the thread.  Raises RuntimeError when no more threads can be started."""
        self._thread.start()

    def open(self) -> None:
        """Begin to write: the child is listening."""
        with self._changed:
            self._is_open = True
            self._changed.notify()

    def put(self, message: ToChild) -> None:
        """Write a message soon; does nothing after `close`."""
        with self._changed:
            if not self._closing:
                self._queues[urgency_of(message)].append(message)
                self._changed.notify()

    def withdraw(self, job: str) -> bool:
        """Drop a job whose first message has not been started.  False: the child knows of the job, or will."""
        with self._changed:
            for queue in self._queues.values():
                mine = [message for message in queue if getattr(message, "job", "") == job]
                if any(isinstance(message, protocol.Start | Load | CountTokens) for message in mine):
                    for message in mine:
                        queue.remove(message)
                    return True
        return False

    def close(self) -> None:
        """Drop what is not written, ask the child to end, and close its stdin."""
        with self._changed:
            self._closing = True
            self._changed.notify()

    def join(self, timeout_s: float) -> None:
        self._thread.join(timeout_s)

    def _run(self) -> None:
        try:
            while (line := self._next_line()) is not None:
                self._stream.write(line)
                self._stream.flush()
            for line in encode(Shutdown()):
                self._stream.write(line)
        except (OSError, ValueError):
            pass  # the child is gone; its reader reports the end
        try:
            self._stream.close()
        except OSError:
            pass
        with self._changed:
            self._closing = True

    def _next_line(self) -> bytes | None:
        while True:
            with self._changed:
                while not self._closing and not (self._is_open and self._pending()):
                    self._changed.wait()
                if self._closing:
                    return None
                urgency = next(one for one in Urgency if self._begun[one] is not None or self._queues[one])
                begun = self._begun[urgency]
                if begun is None:
                    begun = self._begun[urgency] = self._lines_of(self._queues[urgency].popleft())
            line = next(begun, None)  # encoding a long text takes a while: not under the lock
            if line is not None:
                return line
            self._begun[urgency] = None

    def _lines_of(self, message: ToChild) -> Iterator[bytes]:
        if self._before is not None:
            self._before(message)
        yield from encode(message)

    def _pending(self) -> bool:
        return any(self._queues.values()) or any(one is not None for one in self._begun.values())
