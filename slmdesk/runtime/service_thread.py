"""The service thread: the one thread on which all services run and the store is used."""

from __future__ import annotations

import heapq
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from itertools import count
from typing import TypeVar

from slmdesk.base.errors import BugError

_T = TypeVar("_T")

factor = 1.0
"""By which tests shorten the pauses of the program before it does something."""
QUIET_S = 5.0
"""From here on the program waits to be left alone, which tests do not shorten."""


def pause(seconds: float) -> float:
    return seconds * factor if seconds < QUIET_S else seconds


class Later:
    __slots__ = ("due", "fn")

    def __init__(self, due: float, fn: Callable[[], object]) -> None:
        self.due = due
        self.fn: Callable[[], object] | None = fn

    def cancel(self) -> None:
        """Prevent the call; does nothing when it has already run."""
        self.fn = None


class ServiceThread:
    """A thread with a queue of functions.  `post`, `call` and `call_later` may be used from any thread.

    An error in a posted function goes to `on_error`, on the service thread, and never ends the thread.
    """

    def __init__(self, on_error: Callable[[BaseException], None]) -> None:
        self._on_error = on_error
        self._wake = threading.Condition()
        self._posted: deque[Callable[[], object]] = deque()
        self._later: list[tuple[float, int, Later]] = []
        self._numbers = count()
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="services", daemon=True)
        self._thread.start()

    @property
    def is_here(self) -> bool:
        return threading.current_thread() is self._thread

    @property
    def is_running(self) -> bool:
        return self._thread.is_alive()

    def post(self, fn: Callable[[], object]) -> None:
        """Queue `fn`; functions run in the order they were posted.  After `close` it is dropped."""
        with self._wake:
            if not self._closing:
                self._posted.append(fn)
                self._wake.notify()

    def call(self, fn: Callable[[], _T], timeout: float | None = None) -> _T:
        """Run `fn` on the service thread and return its result or raise its error.

        Called on the service thread itself, it runs at once.  Raises TimeoutError after `timeout` seconds (`fn` may
        still run), and BugError after `close`.
        """
        if self.is_here:
            return fn()
        answer: Future[_T] = Future()

        def run() -> None:
            try:
                answer.set_result(fn())
            except BaseException as err:  # noqa: BLE001  it belongs to the caller, who gets it
                answer.set_exception(err)

        with self._wake:
            if self._closing:
                raise BugError("the service thread is closed")
            self._posted.append(run)
            self._wake.notify()
        return answer.result(timeout)

    def call_later(self, seconds: float, fn: Callable[[], object]) -> Later:
        later = Later(time.monotonic() + pause(seconds), fn)
        with self._wake:
            heapq.heappush(self._later, (later.due, next(self._numbers), later))
            self._wake.notify()
        return later

    def close(self, timeout: float = 5.0) -> None:
        """Run what is queued, drop delayed calls and end the thread.  A second call does nothing."""
        with self._wake:
            self._closing = True
            self._wake.notify()
        if not self.is_here:
            self._thread.join(timeout)

    def _run(self) -> None:
        while True:
            fn = self._next()
            if fn is None:
                return
            try:
                fn()
            except Exception as err:  # noqa: BLE001  the service thread's loop: one of the places that may
                self._report(err)

    def _report(self, error: Exception) -> None:
        try:
            self._on_error(error)
        except Exception as err:  # noqa: BLE001  a listener that fails while told of a failure: the log is left to tell
            from slmdesk.children.client.jobs import log_error

            log_error("a failure of which nobody could be told", error)
            log_error("telling of it failed", err)

    def _next(self) -> Callable[[], object] | None:
        with self._wake:
            while True:
                now = time.monotonic()
                while self._later and not self._closing and self._later[0][0] <= now:
                    fn = heapq.heappop(self._later)[2].fn
                    if fn is not None:
                        self._posted.append(fn)
                if self._posted:
                    return self._posted.popleft()
                if self._closing:
                    return None
                self._wake.wait(self._later[0][0] - now if self._later else None)
