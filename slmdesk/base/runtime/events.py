"""Events that services publish on the service thread, the bus that delivers them, and results that arrive later."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from enum import StrEnum
from itertools import chain
from typing import Any, Generic, TypeVar

from slmdesk.base.record import Record
from slmdesk.base.records import DocumentRecord, Item, Message, ModelRecord
from slmdesk.base.runtime.messages import Problem, problem_for
from slmdesk.base.types import LoadedModel, Timing, Usage


class Event(Record): ...


class ItemChanged(Event):
    item: Item


class ItemsAdded(Event):
    """Many items were added at once, for example by an import of chats. Lists of items should be reloaded."""


class HistoryReplaced(Event):
    """The history is another one: a backup was restored. All that is shown of it is read again."""


class ItemGone(Event):
    id: str


class DocumentsChanged(Event):
    """Another instance has opened, read or deleted documents, so the list of documents has changed."""


class DocumentChanged(Event):
    """The status of a document has changed: reading is about to begin, has finished, or has failed (with `problem`)."""

    document: DocumentRecord
    problem: Problem | None = None
    was_changed: bool = False
    """The file has changed since it was last read. It is read again; stored pages that did not change are kept."""


class DocumentProgress(Event):
    """Pages 1 to `done` of a document are stored and can be shown. Published at most about five times a second."""

    id: str
    """Id of the document; empty while a document is read that is not kept in the library."""
    done: int
    total: int
    """Number of pages; 0 while the number is unknown."""
    eta_s: float | None = None


class DocumentGone(Event):
    id: str


class MessageAdded(Event):
    message: Message


class MessageGrew(Event):
    chat: str
    message: str
    text: str


class ThoughtGrew(Event):
    """A model wrote more of its reasoning before the answer. `text` is the new part; it is not part of the answer."""

    chat: str
    message: str
    text: str


class PromptProgress(Event):
    chat: str
    message: str
    read: int
    total: int


class MessageEnded(Event):
    message: Message
    problem: Problem | None = None
    usage: Usage | None = None
    timing: Timing | None = None
    was_quiet: bool = True
    """Other programs hardly used the processor during the answer, so `timing` shows the model's speed on this PC."""


class MessageChanged(Event):
    """A stored message has changed: another instance wrote it, or its answer is being continued."""

    message: Message


class TranslationRead(Event):
    """Progress of preparing a translation before its first segment: first how many texts were found, then how many of
    these texts are stored.
    """

    item: str
    done: int
    total: int
    """Number of texts; 0 while the number is unknown."""


class Noticed(Event):
    problem: Problem
    is_fault: bool = True
    """False for a notice about something that the program did as intended, such as a cleanup after some days."""
    trashed: Sequence[str] = ()


class NoticeOver(Event):
    """The cause of an earlier Noticed with this code is gone, for example because unsaved text was saved after all."""

    code: str


class DownloadState(StrEnum):
    QUEUED = "queued"
    """The download waits for its turn. If it has a note, it waits until the network is allowed."""
    ASKING = "asking"
    CHECKING = "checking"
    FETCHING = "fetching"
    WAITING = "waiting"
    ELSEWHERE = "elsewhere"
    """Another window or command is downloading the same file. Its progress is shown."""
    PAUSED = "paused"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


class DownloadChanged(Event):
    """State of a download. Published at most four times a second while it runs, and once at its end."""

    id: str
    repo: str
    name: str
    state: DownloadState
    done_bytes: int = 0
    total_bytes: int = 0
    bytes_per_s: float = 0.0
    eta_s: float | None = None
    fit: str = "unknown"
    """"fits", "tight", "too_large" or "unknown" for this PC. Estimated from the size until the header arrives."""
    note: Problem | None = None
    resumed_from: int = 0
    problem: Problem | None = None
    model: ModelRecord | None = None
    place: int = 0


class RequestsToday(Event):
    count: int


class TokenChanged(Event):
    """Event: the access token of the Hub is now stored in another place. The event never contains the token."""

    place: str
    """"environment" (HF_TOKEN), "keyring", "file", "ask" (in memory until slmdesk ends), or "" if there is no token."""
    host: str
    """Host of the Hub or mirror in use. The token is sent to this host only."""


class FolderWritten(Event):
    item: str
    folder: str
    files: int
    failed: int
    problem: Problem | None = None


log = logging.getLogger(__name__)
E = TypeVar("E", bound=Event)


class EventBus:
    """Publishes each event to the listeners of its type, then to the listeners of all events. Service thread."""

    def __init__(self) -> None:
        self._slots: dict[type[Event], list[Callable[[Any], object]]] = {}
        self._unheard: list[Noticed] = []

    def on(self, event: type[E], slot: Callable[[E], object]) -> None:
        """Call `slot` with each event of exactly this type. With `Event` as the type, call `slot` with every event.

        Notices that were published before anybody listened for notices go to the first listener that is added.
        """
        self._slots.setdefault(event, []).append(slot)
        if event in (Event, Noticed):
            unheard, self._unheard = self._unheard, []
            for notice in unheard:
                self.publish(notice)

    def publish(self, event: Event) -> None:
        """Pass an event to all listeners, including a listener that is added by another listener during this call. An
        error in one listener does not keep the event from the other listeners.
        """
        if isinstance(event, Noticed) and not self._slots_of(Noticed):
            self._unheard.append(event)
        for slot in chain(self._slots.get(type(event), ()), self._slots.get(Event, ())):
            try:
                slot(event)
            except Exception as err:  # noqa: BLE001  a listener's error must not end the use case that published
                self._report(err, slot)

    def _slots_of(self, event: type[Event]) -> list[Callable[[Any], object]]:
        return [*self._slots.get(event, ()), *self._slots.get(Event, ())]

    def _report(self, error: BaseException, failed: Callable[[Any], object]) -> None:
        problem = problem_for(error)
        others = [slot for slot in self._slots_of(Noticed) if slot is not failed]
        for slot in others:
            slot(Noticed(problem))
        if not others:
            log.error("the only listener failed\n%s", problem.report or problem.code)


T = TypeVar("T")
U = TypeVar("U")


class Pending(Generic[T]):
    """Result of work that continues after the method that started it has returned: a value, or a Problem.

    Create, end, cancel and listen to a Pending on the service thread only. The window follows a Pending with
    `Bridge.follow`, the command line waits with `Console.result_of`, and tests wait with `fakes.recorder.result_of`.
    """

    __slots__ = ("_cancel", "_on_end", "_on_progress", "_result")

    def __init__(self, cancel: Callable[[], object] | None = None) -> None:
        """Create a Pending whose work is ended early by `cancel`. The method that returns the Pending documents whether
        a result is still reported after a cancellation.
        """
        self._cancel = cancel
        self._on_end: list[Callable[[T | Problem], object]] = []
        self._on_progress: list[Callable[[Any], object]] = []
        self._result: tuple[T | Problem] | None = None

    @property
    def is_ended(self) -> bool:
        return self._result is not None

    @property
    def result(self) -> T | Problem:
        """Return the result. Raises LookupError before the end."""
        if self._result is None:
            raise LookupError("not ended")
        return self._result[0]

    def then(self, on_end: Callable[[T | Problem], object]) -> Pending[T]:
        """Call `on_end` with the result when it arrives, or at once if it is already there. Returns this Pending."""
        if self._result is None:
            self._on_end.append(on_end)
        else:
            on_end(self._result[0])
        return self

    def listen(self, on_progress: Callable[[Any], object]) -> Pending[T]:
        self._on_progress.append(on_progress)
        return self

    def map(self, convert: Callable[[T], U]) -> Pending[U]:
        """Return a Pending that ends with `convert(result)`. A Problem is passed on, and an error raised by `convert`
        becomes one.

        The new Pending reports the same progress. Cancelling the new Pending cancels this one.
        """
        mapped: Pending[U] = Pending(self.cancel)

        def end(result: T | Problem) -> None:
            converted: U | Problem
            try:
                converted = result if isinstance(result, Problem) else convert(result)
            except Exception as err:  # noqa: BLE001  whoever waits gets an answer, also for our own fault
                converted = problem_for(err)
            mapped.end(converted)

        self.listen(mapped.progress).then(end)
        return mapped

    def cancel(self) -> None:
        """End the work early. Does nothing after the end, or if the work cannot be cancelled."""
        if self._result is None and self._cancel is not None:
            self._cancel()

    # ---- used by the code that does the work

    def end(self, result: T | Problem) -> None:
        """Report the result. Only the first call counts; the results of later calls are dropped."""
        if self._result is not None:
            return
        self._result = (result,)
        waiting, self._on_end, self._on_progress, self._cancel = self._on_end, [], [], None
        for on_end in waiting:
            on_end(result)

    def progress(self, report: Any) -> None:
        for on_progress in self._on_progress:
            on_progress(report)


def ended(result: T | Problem) -> Pending[T]:
    pending: Pending[T] = Pending()
    pending.end(result)
    return pending


def outcome(work: Pending[T]) -> Pending[tuple[T | Problem]]:
    """Return a Pending that ends with `work`'s result in a tuple of one, so a Problem is an ordinary result too."""
    pending: Pending[tuple[T | Problem]] = Pending(work.cancel)
    work.then(lambda end: pending.end((end,)))
    return pending


class ModelState(StrEnum):
    NONE = "none"
    NOT_LOADED = "not_loaded"
    LOADING = "loading"
    READY = "ready"
    CRASHED = "crashed"


class ModelStateChanged(Event):
    state: ModelState
    model: str | None
    name: str
    fraction: float = 0.0
    """Progress of loading the model, 0 to 1."""
    loaded: LoadedModel | None = None
    problem: Problem | None = None
    memory_bytes: int = 0


class ModelsChanged(Event): ...
