"""The service thread, which runs all services: their base class, long work in slices, file work on other threads."""

from __future__ import annotations

import heapq
import json
import threading
import time
from collections import deque
from collections.abc import Callable, Generator, Mapping
from concurrent.futures import Future
from functools import wraps
from itertools import count
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, Protocol, TypeAlias, TypeVar

from slmdesk.base.errors import BugError
from slmdesk.base.record import Record
from slmdesk.base.records import Item
from slmdesk.base.runtime.events import Pending
from slmdesk.base.runtime.messages import Problem, problem_for
from slmdesk.base.types import Json

if TYPE_CHECKING:
    from slmdesk.base.documents import Paper
    from slmdesk.base.paths import Paths
    from slmdesk.base.runtime.events import Event, EventBus
    from slmdesk.base.settings import SettingsFile
    from slmdesk.exports.spreadsheets import Book
    from slmdesk.history.store import Store

_T = TypeVar("_T")

factor = 1.0
"""Factor by which tests shorten the program's pauses."""
QUIET_S = 5.0
"""Pauses of this many seconds or more wait until the user is idle; tests do not shorten these pauses."""


def pause(seconds: float) -> float:
    return seconds * factor if seconds < QUIET_S else seconds


class Later:
    __slots__ = ("due", "fn")

    def __init__(self, due: float, fn: Callable[[], object]) -> None:
        self.due = due
        self.fn: Callable[[], object] | None = fn

    def cancel(self) -> None:
        """Prevent the delayed call. Does nothing when the call has already run."""
        self.fn = None


class ServiceThread:
    """Thread with a queue of functions. `post`, `call` and `call_later` may be used from any thread.

    An error in a posted function is passed to `on_error` on the service thread and never ends the thread.
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

    def post(self, fn: Callable[[], object]) -> None:
        """Queue `fn`. Functions run in the order they were posted. After `close`, `fn` is dropped."""
        with self._wake:
            if not self._closing:
                self._posted.append(fn)
                self._wake.notify()

    def call(self, fn: Callable[[], _T], timeout: float | None = None) -> _T:
        """Run `fn` on the service thread and return its result or raise its error.

        A call from the service thread itself runs `fn` at once. Raises TimeoutError after `timeout` seconds (`fn` may
        still run then), and BugError after `close`.
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

    def close(self, timeout: float = 5.0, *, last: Callable[[], object] | None = None) -> None:
        """Run the queued functions and then `last`, drop the delayed calls and end the thread. A second call does
        nothing.
        """
        with self._wake:
            if last is not None and not self._closing:
                self._posted.append(last)
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
            from slmdesk.children.client.child import log_error

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


class Member:
    """Proxy for a service or one of its methods. A call of the proxy passes a function to `begin`, which runs that
    function with the services.
    """

    __slots__ = ("_begin", "_path")

    def __init__(self, begin: Callable[[Callable[[Any], object]], object], path: str = "") -> None:
        self._begin, self._path = begin, path

    def __getattr__(self, name: str) -> Member:
        if name.startswith("__"):  # special methods are looked up by inspection and are no methods of services
            raise AttributeError(name)
        return Member(self._begin, f"{self._path}.{name}" if self._path else name)

    def __call__(self, *args: Any, **kwargs: Any) -> object:
        return self._begin(lambda services: attrgetter(self._path)(services)(*args, **kwargs))


class Runtime(Record):
    service_thread: ServiceThread
    store: Store
    settings: SettingsFile
    paths: Paths
    events: EventBus

    def publish(self, event: Event) -> None:
        self.events.publish(event)


class Service:
    """Base class of services and their parts. Called on the service thread, it uses the store and publishes events."""

    def __init__(self, runtime: Runtime) -> None:
        self._service_thread, self._store = runtime.service_thread, runtime.store
        self._settings, self._paths, self._publish = runtime.settings, runtime.paths, runtime.publish


T = TypeVar("T")
Slices = Generator[Any, Any, T]
"""Generator for long work: it yields None wherever other work may run in between, and returns the result.

The generator may also yield a Pending. It is then resumed with the result of the Pending; if that result is a Problem,
the generator is closed and the Problem is the result of the whole work. The progress of the Pending is reported as the
progress of the whole work. Any other value that is yielded is reported as progress.
"""
SLICE_S = 0.02
_P = ParamSpec("_P")


class _OnServiceThread(Protocol):
    _service_thread: ServiceThread


_S = TypeVar("_S", bound=_OnServiceThread)


def sliced(work: Callable[Concatenate[_S, _P], Slices[_T]]) -> Callable[Concatenate[_S, _P], Pending[_T]]:
    """Decorator for a generator method: a call runs the method with `in_slices` and returns the Pending."""

    @wraps(work)
    def begin(self: _S, /, *args: _P.args, **named: _P.kwargs) -> Pending[_T]:
        return in_slices(self._service_thread, work(self, *args, **named))

    return begin


def in_slices(service_thread: ServiceThread, work: Slices[T]) -> Pending[T]:
    """Run `work` in slices, the first slice at once. An error raised by `work` becomes a Problem. Service thread.

    Cancelling closes the generator where it last yielded, cancels the Pending it waits for, and reports no result.
    """
    waits_for: Pending[Any] | None = None
    is_cancelled = False

    def cancel() -> None:
        nonlocal is_cancelled
        is_cancelled = True
        work.close()
        if waits_for is not None:
            waits_for.cancel()

    pending: Pending[T] = Pending(cancel)

    def waited_for(step: object) -> Pending[Any] | None:
        if isinstance(step, Pending):
            return step
        if step is not None:
            pending.progress(step)
        return None

    def go_on(value: object = None) -> None:
        nonlocal waits_for
        if is_cancelled:
            return
        waits_for = None
        result: T | Problem
        until = time.monotonic() + SLICE_S
        try:
            if isinstance(value, Problem):
                work.close()
                pending.end(value)
                return
            waits_for = waited_for(work.send(value))
            while waits_for is None and time.monotonic() < until:
                waits_for = waited_for(next(work))
        except StopIteration as end:
            result = end.value
        except Exception as err:  # noqa: BLE001  the work's outermost frame: whoever waits is told
            result = problem_for(err)
        else:
            if waits_for is None:
                service_thread.post(go_on)
            else:
                waits_for.listen(pending.progress).then(go_on)
            return
        pending.end(result)

    go_on()
    return pending


def rest(service_thread: ServiceThread, seconds: float) -> Pending[None]:
    """Return a Pending that ends after `seconds`. Long work yields it in order to pause."""
    pending: Pending[None] = Pending()
    service_thread.call_later(seconds, lambda: pending.end(None))
    return pending


OnEnded = Callable[[T | Problem], None]
"""Callback with the result or a Problem, called once on the service thread."""
Report = Callable[[object], None]
"""Callback that reports progress. May be called from any thread."""


def on_file_thread(
    service_thread: ServiceThread, work: Callable[[], T], ended: OnEnded[T], *, name: str = "model-file"
) -> threading.Thread:
    """Run `work` on a new thread. `ended` is called on the service thread with its result, or with a Problem."""

    def run() -> None:
        result: T | Problem
        try:
            result = work()
        except Exception as err:  # noqa: BLE001  a thread's outermost frame: the asker is told, never nobody
            result = problem_for(err)
        service_thread.post(lambda: ended(result))

    thread = threading.Thread(target=run, name=name, daemon=True)
    thread.start()
    return thread


def pending_on_file_thread(
    service_thread: ServiceThread,
    work: Callable[[], T],
    *,
    cancel: Callable[[], object] | None = None,
    name: str = "model-file",
) -> Pending[T]:
    pending: Pending[T] = Pending(cancel)
    on_file_thread(service_thread, work, pending.end, name=name)
    return pending


class FileWork:
    """Runs long file work that can be stopped, each piece on a thread of its own. Service thread."""

    def __init__(self, service_thread: ServiceThread, name: str) -> None:
        self._service_thread, self._name = service_thread, name
        self._running: dict[threading.Event, threading.Thread] = {}

    def run(self, work: Callable[[threading.Event, Report], T]) -> Pending[T]:
        stop = threading.Event()
        pending: Pending[T] = Pending(stop.set)

        def report(progress: object) -> None:
            self._service_thread.post(lambda: pending.progress(progress))

        def on_end(result: T | Problem) -> None:
            del self._running[stop]
            pending.end(result)

        self._running[stop] = on_file_thread(self._service_thread, lambda: work(stop, report), on_end, name=self._name)
        return pending

    def cancel(self) -> None:
        for stop in self._running:
            stop.set()

    def close(self, wait_s: float) -> None:
        self.cancel()
        until = time.monotonic() + wait_s
        for thread in self._running.values():
            thread.join(max(0.0, until - time.monotonic()))


Make: TypeAlias = "Callable[[], bytes | Paper | Book]"
"""Function that makes an export, run on a separate thread. It returns the finished bytes, or a document or spreadsheet
that is then converted to the requested format.
"""
Exporter: TypeAlias = Callable[[Item, str], "Make | Slices[Make] | None"]
"""Function called on the service thread with an item and a format. It returns None to export the item like a chat."""


def json_bytes(shape: Mapping[str, Json]) -> bytes:
    return (json.dumps(shape, ensure_ascii=False, indent=2) + "\n").encode("utf-8", "replace")
