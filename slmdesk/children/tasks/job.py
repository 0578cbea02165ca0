"""What every task is given, and the interface it has."""

from __future__ import annotations

import os
import queue
import threading
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, TypeAlias, TypeVar

from slmdesk.base.errors import KnownError, Stopped
from slmdesk.base.protocol import Partial, Progress, Step, Token
from slmdesk.base.types import Json, Priority
from slmdesk.children.engine.interface import EngineEvent, Finished, Request, RequestFailed

if TYPE_CHECKING:
    from slmdesk.children.engine.llama.engine import LlamaEngine
    from slmdesk.children.engine.llama.sequence import EventStream

TaskEvent: TypeAlias = Token | Progress | Partial
Task: TypeAlias = Generator[TaskEvent, None, Mapping[str, Json]]
"""Yields events, returns the result; raises KnownError or Stopped."""

T = TypeVar("T")


MOST_STEPS = 256
"""Given to the engine at once; it decides itself how many run side by side."""


def _nothing() -> None: ...


class Job:
    """A job of a child as its task sees it: id, steps, and whether it was cancelled.  Thread-safe."""

    def __init__(
        self,
        ident: str,
        payload: Mapping[str, Json],
        priority: Priority = Priority.INTERACTIVE,
        document: int | None = None,
    ) -> None:
        self.id = ident
        self.document = document
        """The descriptor of the file at `path` of the payload, where the app has opened it; the job closes it."""
        self.payload = payload
        self.priority = priority
        self._cancelled = threading.Event()
        self._lock = threading.Lock()
        self._closers: list[Callable[[], None]] = []
        self._steps: queue.SimpleQueue[Step | None] = queue.SimpleQueue()
        self._on_step: Callable[[Step], None] | None = None
        self._ended = False
        self.worked: Callable[[], None] = _nothing
        """To be called now and then during long work that yields no events, to show that it is alive.  Any thread."""

    @property
    def is_cancelled(self) -> bool:
        return self._cancelled.is_set()

    @property
    def stop(self) -> threading.Event:
        return self._cancelled

    def cancel(self) -> None:
        """Wake whatever the task waits in.  Returns at once."""
        with self._lock:
            self._cancelled.set()
            closers = list(self._closers)
        self._steps.put(None)
        for close in closers:
            with suppress(ValueError):  # a plain generator that is running now: the next event ends it
                close()

    def close(self) -> None:
        document, self.document = self.document, None  # let go of the number first: another thread may close too
        if document is not None:
            os.close(document)

    def check(self) -> None:
        """Raises Stopped when the job was cancelled."""
        if self.is_cancelled:
            raise Stopped

    def add_step(self, step: Step) -> None:
        with self._lock:
            listener = self._on_step
        if listener is not None:
            listener(step)
        else:
            self._steps.put(step)

    def on_step(self, listener: Callable[[Step], None]) -> None:
        """Call `listener` with each step, those that came before too; on any thread."""
        with self._lock:
            self._on_step = listener
        with suppress(queue.Empty):
            while True:
                if (step := self._steps.get_nowait()) is not None:
                    listener(step)

    def end_steps(self) -> None:
        self._steps.put(None)

    def batches(self, limit: int) -> Iterator[list[Step]]:
        """Yield the steps as they arrive, all that wait (at most `limit`) at once. Raises Stopped on a cancel."""
        while not self._ended:
            batch = [self._steps.get()]
            self.check()
            with suppress(queue.Empty):
                while len(batch) < limit and batch[-1] is not None:
                    batch.append(self._steps.get_nowait())
            self._ended = batch[-1] is None
            steps = [step for step in batch if step is not None]
            if steps:
                yield steps

    @contextmanager
    def generating(self, engine: LlamaEngine, requests: Sequence[Request]) -> Iterator[EventStream]:
        """The engine's events for `requests`, closed at the end and by a cancel.  Raises Stopped when cancelled."""
        events = engine.generate(requests, self.priority)
        with self._lock:
            self._closers.append(events.close)
        try:
            self.check()
            yield events
        finally:
            with self._lock:
                self._closers.remove(events.close)
            events.close()

    def answers(
        self, engine: LlamaEngine, requests: Sequence[Request], *, steps_end_thoughts: bool = False
    ) -> Generator[EngineEvent, None, None]:
        """The engine's events for `requests`, their keys all different.  An empty answer of a model that can think, but
        was not allowed to, is asked for once more, with thoughts.

        `steps_end_thoughts`: each further step lets a thought end.  Raises Stopped when cancelled.
        """
        asked = {request.key: request for request in requests}
        while asked:
            again = dict[str, Request]()
            with self.generating(engine, [*asked.values()]) as events:
                if steps_end_thoughts:
                    self.on_step(lambda _step, events=events: events.answer_now())  # type: ignore[misc]
                for event in events:
                    request = asked[event.key]
                    is_empty = isinstance(event, Finished) and request.lacks_thought(event.answer)
                    if is_empty and engine.thinks(request.handle):
                        again[event.key] = request.with_thought()
                    else:
                        yield event
            asked = again

    def answering(
        self, engine: LlamaEngine, asked: Callable[[Sequence[Step]], tuple[Sequence[Request], Sequence[RequestFailed]]]
    ) -> Generator[EngineEvent, None, None]:
        """The engine's events for the steps as they arrive: later steps join those in progress, so that the
        engine never works on a few last answers while others wait.

        `asked` makes requests of steps, on a thread of its own, and reports those that cannot be.  Raises Stopped when
        cancelled; ends when all steps have.
        """
        reported: queue.SimpleQueue[EngineEvent | BaseException | None] = queue.SimpleQueue()
        running = [1]  # threads that have not yet put their None: this thread, and another for each group of steps

        def ended(error: BaseException | None = None) -> None:
            if error is not None:
                reported.put(error)
            with self._lock:
                running[0] -= 1
                if not running[0]:
                    reported.put(None)

        def pump(requests: Sequence[Request]) -> None:
            try:
                for event in self.answers(engine, requests):
                    reported.put(event)
            except BaseException as err:  # noqa: BLE001  handed on to the job's own thread
                ended(err)
            else:
                ended()

        def take() -> None:
            try:
                for steps in self.batches(MOST_STEPS):
                    requests, refused = asked(steps)
                    for failed in refused:
                        reported.put(failed)
                    if requests:
                        with self._lock:
                            running[0] += 1
                        self._run(lambda requests=requests: pump(requests), "answers")  # type: ignore[misc]
            except BaseException as err:  # noqa: BLE001  as above
                ended(err)
            else:
                ended()

        self._run(take, "steps")
        is_whole = False
        try:
            while (event := reported.get()) is not None:
                if isinstance(event, BaseException):
                    raise event
                yield event
            is_whole = True
            self.check()
        finally:
            if not is_whole:
                self.cancel()  # the threads end by themselves

    def _run(self, work: Callable[[], None], name: str) -> None:
        threading.Thread(target=work, name=f"job {self.id} {name}", daemon=True).start()

    def reported_by(self, work: Callable[[Callable[[TaskEvent], None]], T]) -> Generator[TaskEvent, None, T]:
        """Run `work(report)`, which blocks and reports by callback, on a thread; yield its reports, return its result.

        An error of `work` is raised here.
        """
        reported: queue.SimpleQueue[TaskEvent | None] = queue.SimpleQueue()
        results: list[T] = []
        errors: list[BaseException] = []

        def run() -> None:
            try:
                results.append(work(reported.put))
            except BaseException as err:  # noqa: BLE001  handed on to the job's own thread
                errors.append(err)
            reported.put(None)

        self._run(run, "work")
        while (event := reported.get()) is not None:
            yield event
        if errors:
            raise errors[0]
        return results[0]


def text_of(job: Job, name: str, default: str | None = None) -> str:
    """A text of the payload.  Raises KnownError `request.invalid`."""
    value = job.payload.get(name, default)
    if not isinstance(value, str):
        raise KnownError("request.invalid", what=name)
    return value
