"""The bridge: events of the services become Qt signals on the window's thread, requests go to the service thread."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial
from operator import attrgetter
from typing import TYPE_CHECKING, Any, TypeVar, cast, overload

from PySide6.QtCore import QObject, Qt, Signal, Slot
from shiboken6 import isValid

from slmdesk.runtime.events import Event, Problem
from slmdesk.runtime.pending import Pending

if TYPE_CHECKING:
    from slmdesk.base.settings import Settings
    from slmdesk.services import Services

T = TypeVar("T")
E = TypeVar("E", bound=Event)


log = logging.getLogger(__name__)
GONE = ("Signal source has been deleted", "already deleted.")
"""What PySide says of a QObject that is no more: tests/gui/test_glossaries.py closes a window that waits."""


class Bridge(QObject):
    """The services as the window sees them.

    Lives on the window's thread; never blocks it.  Emits `opened` when requests begin to be carried out (those made
    before are queued), `open_failed` with a Problem, `closed` when the services have ended, `settings_changed` with
    Settings.  `problem_met` with a Problem and `notice_raised` with a Notice are emitted by whoever has something to
    tell the person; `problem_met` also for a refusal whose caller gave no `refused`.  For events, see `on`.
    """

    opened = Signal()
    open_failed = Signal(object)
    closed = Signal()
    problem_met = Signal(object)
    notice_raised = Signal(object)
    settings_changed = Signal(object)

    _brought = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("bridge")
        self.services = cast("Services", _Member(self.begin, ""))
        """A method called here is called on the service thread; `ask` and `follow` say who gets its result.  A refusal
        that nobody takes becomes `problem_met`.  What is no method is read by `ask`.
        """
        self._services: Services | None = None
        self._waiting: list[Callable[[], None]] = []
        self._is_ended = False
        self._topics: dict[type[Event], _Topic] = {}
        self._brought.connect(self._on_brought, Qt.ConnectionType.QueuedConnection)

    @property
    def is_open(self) -> bool:
        return self._services is not None

    @overload
    def ask(
        self,
        request: Callable[[Services], T],
        answered: Callable[[T], object] | None = None,
        refused: Callable[[Problem], object] | None = None,
    ) -> None: ...
    @overload
    def ask(
        self,
        request: T,
        answered: Callable[[T], object] | None = None,
        refused: Callable[[Problem], object] | None = None,
    ) -> None: ...
    def ask(
        self,
        request: Any,
        answered: Callable[[Any], object] | None = None,
        refused: Callable[[Problem], object] | None = None,
    ) -> None:
        """Call `answered` with the result of a call of `services`, or `refused`, on the window's thread.

        A function instead of a call is carried out on the service thread: for what needs several services in one turn.
        """
        self._call(request).answer(answered, refused)

    @overload
    def follow(
        self,
        request: Callable[[Services], Pending[T]],
        answered: Callable[[T], object] | None = None,
        refused: Callable[[Problem], object] | None = None,
        progressed: Callable[[Any], object] | None = None,
    ) -> Call: ...
    @overload
    def follow(
        self,
        request: Pending[T],
        answered: Callable[[T], object] | None = None,
        refused: Callable[[Problem], object] | None = None,
        progressed: Callable[[Any], object] | None = None,
    ) -> Call: ...
    def follow(
        self,
        request: Any,
        answered: Callable[[Any], object] | None = None,
        refused: Callable[[Problem], object] | None = None,
        progressed: Callable[[Any], object] | None = None,
    ) -> Call:
        """The same for work that takes time: `answered` gets its end, `progressed` its progress.  Can be cancelled."""
        call = self._call(request)
        call.answer(answered, refused, progressed, is_followed=True)
        return call

    def _call(self, request: Any) -> Call:
        return request if isinstance(request, Call) else self.begin(request)

    def begin(self, work: Callable[[Services], object]) -> Call:
        """Carry out `work` on the service thread, or once the services are open."""
        call = Call(self, work)
        self._post(call.carry_out)
        return call

    def _post(self, work: Callable[[Services], object]) -> None:
        if self._is_ended:
            return
        services = self._services
        if services is None:
            self._waiting.append(partial(self._post, work))
        else:
            services.service_thread.post(partial(work, services))

    def when_open(self, slot: Callable[[], None]) -> None:
        """Call `slot` once requests are carried out: now, or when they are."""
        if self.is_open:
            slot()
        else:
            self.opened.connect(slot)

    def on(self, event: type[E], slot: Callable[[E], object] | Callable[[], object]) -> None:
        """Call `slot` on the window's thread for each event of this type, until the slot's QObject is destroyed."""
        topic = self._topics.get(event)
        if topic is None:
            topic = self._topics[event] = _Topic(self)
        topic.published.connect(slot)

    def post_to_ui(self, work: Callable[[], None]) -> None:
        """Run `work` on the window's thread, soon.  May be called from any thread."""
        if self._is_ended:
            return
        try:
            self._brought.emit(work)
        except RuntimeError:  # the window is gone, and its half of the bridge with it
            self._is_ended = True

    def publish(self, event: Event) -> None:
        """Call the slots of this event.  From any thread: this is the listener given to the services."""
        self.post_to_ui(partial(self.deliver, event))

    def attach(self, services: Services) -> None:
        """Use these services and carry out the requests that waited.  On the window's thread."""
        self._services = services
        waiting, self._waiting = self._waiting, []
        self.opened.emit()
        for request in waiting:
            request()

    def end(self) -> None:
        """Drop queued requests and ignore what still arrives: the window is closing."""
        self._is_ended = True
        self._waiting.clear()

    @Slot(object)
    def _on_brought(self, work: Callable[[], None]) -> None:
        if self._is_ended:
            return
        try:
            work()
        except RuntimeError as err:
            if not str(err).endswith(GONE):
                raise
            log.debug("an answer came after the window that asked was closed")

    def publish_settings(self, settings: Settings) -> None:
        """Emit `settings_changed`.  From any thread: this is the listener given to the settings file."""
        self.post_to_ui(partial(self.settings_changed.emit, settings))

    def deliver(self, event: Event) -> None:
        """Call the slots of this event now.  On the window's thread."""
        topic = self._topics.get(type(event))
        if topic is not None:
            topic.published.emit(event)


class _Topic(QObject):
    published = Signal(object)


class _Member:
    """Stands for a service, or for a method of it: calling it makes a `Call`."""

    __slots__ = ("_begin", "_path")

    def __init__(self, begin: Callable[[Callable[[Services], object]], Call], path: str) -> None:
        self._begin, self._path = begin, path

    def __getattr__(self, name: str) -> _Member:
        if name.startswith("__"):  # whoever looks into objects makes no call by it
            raise AttributeError(name)
        return _Member(self._begin, f"{self._path}.{name}" if self._path else name)

    def __call__(self, *args: Any, **kwargs: Any) -> Call:
        method = attrgetter(self._path)
        return self._begin(lambda services: method(services)(*args, **kwargs))


class Call:
    """A call of a service: made and answered on the window's thread, carried out on the service thread.

    It begins at once; whoever answers is named in the same turn, before anything can have arrived.
    """

    def __init__(self, bridge: Bridge, work: Callable[[Services], object]) -> None:
        self._bridge, self._work = bridge, work
        self._answered: Callable[[Any], object] | None = None
        self._refused: Callable[[Problem], object] | None = None
        self._progressed: Callable[[Any], object] | None = None
        self._is_followed = False
        self._pending: Pending[Any] | None = None

    def answer(
        self,
        answered: Callable[[Any], object] | None,
        refused: Callable[[Problem], object] | None,
        progressed: Callable[[Any], object] | None = None,
        *,
        is_followed: bool = False,
    ) -> None:
        """Say who gets the result; `is_followed`: that of the Pending which the call returns."""
        self._answered, self._refused, self._progressed = answered, refused, progressed
        self._is_followed = is_followed

    def cancel(self) -> None:
        """Ask the work to end early; what had ended by then is still reported."""
        self._bridge.begin(lambda _services: self._pending.cancel() if self._pending is not None else None)

    def carry_out(self, services: Services) -> None:
        """Runs on the service thread; listens to a Pending in the turn in which it began, so that nothing is missed."""
        post = self._bridge.post_to_ui
        try:
            result = self._work(services)
        except Exception as err:  # noqa: BLE001 - the service thread's end of a request: a fault must reach the person
            from slmdesk.runtime.messages import problem_for  # late: not needed before the window shows

            post(partial(self._refuse, problem_for(err)))
            return
        if isinstance(result, Pending):
            self._pending = result
            result.listen(lambda report: post(partial(self._on_progress, report)))
            result.then(lambda end: post(partial(self._on_end, end)))
        post(partial(self._on_result, result))

    def _on_result(self, result: Any) -> None:
        if not (self._is_followed and isinstance(result, Pending)):
            _deliver(self._answered, result)

    def _on_progress(self, report: Any) -> None:
        _deliver(self._progressed, report)

    def _on_end(self, end: Any) -> None:
        if self._is_followed and isinstance(end, Problem):
            self._refuse(end)
        elif self._is_followed:
            _deliver(self._answered, end)

    def _refuse(self, problem: Problem) -> None:
        _deliver(self._refused or self._bridge.problem_met.emit, problem)


def _deliver(slot: Callable[[Any], object] | None, value: Any) -> None:
    """Call a slot, unless a QObject that it belongs to, or that it holds, is gone."""
    if slot is None:
        return
    function = slot.func if isinstance(slot, partial) else slot
    held = [
        getattr(function, "__self__", None),
        *(cell.cell_contents for cell in getattr(function, "__closure__", None) or ()),
    ]
    if all(isValid(thing) for thing in held if isinstance(thing, QObject)):
        slot(value)
