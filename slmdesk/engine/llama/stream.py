"""Passes the events of one call of `generate` from the engine thread to the thread that reads them."""

from __future__ import annotations

import time
from collections.abc import Callable
from queue import SimpleQueue

from slmdesk.engine.base import AnswerStream, EngineEvent, Finished, Piece, RequestFailed

GATHER_S = 0.04
"""Seconds between two pieces of text.  Each time a reader wakes, it takes a core from llama.cpp's threads, which
then wait for each other: waking at every token halved the speed on two cores.  The window repaints no faster."""


class Outbox:
    """The engine thread's end: accepts events until its reader has gone."""

    def __init__(self) -> None:
        self._held: dict[tuple[str, bool], str] = {}
        """By key and whether it is thought, in the order it came."""
        self.has_to_answer = False
        """Set when a thought shall end now; read by the engine thread at each token."""
        self._reported_at = 0.0
        self.queue: SimpleQueue[EngineEvent | None] = SimpleQueue()
        self.closed = False
        """Set when the reader has stopped; read by the engine thread before each step."""

    def put(self, event: EngineEvent) -> None:
        """Hand over an event; text is collected for a moment, and passed on before any other event.  Never blocks."""
        if not isinstance(event, Piece):
            self._report_held()
            self.queue.put(event)
            return
        place = event.key, event.is_thought
        self._held[place] = self._held.get(place, "") + event.text
        if time.monotonic() - self._reported_at >= GATHER_S:
            self._report_held()

    def _report_held(self) -> None:
        for (key, is_thought), text in self._held.items():
            self.queue.put(Piece(key, text, is_thought))
        self._held.clear()
        self._reported_at = time.monotonic()


class EventStream(AnswerStream):
    """The reader's end: a blocking iterator that ends when each of its requests has ended.

    `close` may be called from any thread and any number of times: it cancels what is still running and wakes a reader.
    """

    def __init__(self, outbox: Outbox, requests: int, cancel: Callable[[], None]) -> None:
        self._outbox = outbox
        self._left = requests
        self._cancel = cancel

    def __iter__(self) -> EventStream:
        return self

    def __next__(self) -> EngineEvent:
        if self._left == 0 or self._outbox.closed:
            raise StopIteration
        event = self._outbox.queue.get()
        if event is None or self._outbox.closed:
            raise StopIteration
        if isinstance(event, (Finished, RequestFailed)):
            self._left -= 1
        return event

    def answer_now(self) -> None:
        """Let a thought end here.  Any thread."""
        self._outbox.has_to_answer = True

    def close(self) -> None:
        """Cancel what is still running.  Returns at once; the engine stops within a step."""
        if not self._outbox.closed:
            self._outbox.closed = True
            self._outbox.queue.put(None)
            if self._left:
                self._cancel()

    def __del__(self) -> None:
        self.close()
