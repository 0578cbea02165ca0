"""The bridge between window and services. It turns events of the services into Qt signals on the window's thread, and
sends requests to the service thread.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast, overload

from PySide6.QtCore import QObject, Qt, QTimer, Signal, SignalInstance, Slot
from shiboken6 import isValid

from slmdesk.base.runtime.events import Event, Pending
from slmdesk.base.runtime.messages import Problem
from slmdesk.base.runtime.service import Member, pause
from slmdesk.base.settings import Settings

T = TypeVar("T")

if TYPE_CHECKING:
    from slmdesk.services import Services

    class Promise(Generic[T]):
        """What a call of a service returns on the window's thread: not the T, which comes later."""

    class Remote(Generic[T]):
        """A service as the window sees it. packaging/later.py tells mypy its members: each method of a T, which takes
        the same arguments and returns a Promise.
        """

        def __getattr__(self, name: str) -> Promise[Any]: ...


E = TypeVar("E", bound=Event)


log = logging.getLogger(__name__)
GONE = ("Signal source has been deleted", "already deleted.")
"""Ends of the messages of PySide's errors about a QObject that was destroyed.
tests/tasks/translation/window/test_glossaries.py closes a window that waits for an answer.
"""


class Bridge(QObject):
    """The services as the window sees them. It lives on the window's thread and never blocks it."""

    opened = Signal()
    """Emitted when the services are open. Requests that were made earlier are carried out now."""
    open_failed = Signal(object)
    closed = Signal()
    problem_met = Signal(object)
    """Emitted with a Problem that the person should see. Also emitted if a request fails and nobody handles it."""
    notice_raised = Signal(object)
    settings_changed = Signal(object)
    listening_changed = Signal(object)
    """Emitted with the Dictation that listens now, or None."""
    speech_model_wanted = Signal()

    _posted = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("bridge")
        self.services = cast("Remote[Services]", Member(self.begin))
        """Proxy of the services. A method called here runs on the service thread. `ask` and `follow` say who gets its
        result.

        If the call fails and nobody handles the failure, `problem_met` is emitted. Use `ask` to read an attribute.
        """
        self._services: Services | None = None
        self._waiting: list[Callable[[], None]] = []
        self._is_ended = False
        self._topics: dict[type[Event], _Topic] = {}
        self._posted.connect(self._on_posted, Qt.ConnectionType.QueuedConnection)

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
        request: Promise[T],
        answered: Callable[[T], object] | None = None,
        refused: Callable[[Problem], object] | None = None,
    ) -> None: ...
    def ask(
        self,
        request: Any,
        answered: Callable[[Any], object] | None = None,
        refused: Callable[[Problem], object] | None = None,
    ) -> None:
        """Make a request, then call `answered` with its result, or `refused` with a Problem, on the window's thread.

        `request` is a call of `services`, or a function that runs on the service thread and may use several services.
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
        request: Promise[Pending[T]],
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
        """Make a request that takes time and returns a Pending. Return a Call, by which the work can be cancelled.

        `answered` gets the result at the end, `progressed` each progress report.
        """
        call = self._call(request)
        call.answer(answered, refused, progressed, is_followed=True)
        return call

    def _call(self, request: Any) -> Call:
        return request if isinstance(request, Call) else self.begin(request)

    def begin(self, work: Callable[[Services], object]) -> Call:
        """Run `work` on the service thread, as soon as the services are open."""
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
        """Call `slot` now if the services are open, otherwise when they open."""
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
        """Run `work` soon on the window's thread. Any thread."""
        if self._is_ended:
            return
        try:
            self._posted.emit(work)
        except RuntimeError:  # the window was destroyed, and the Qt part of the bridge with it
            self._is_ended = True

    def publish(self, event: Event) -> None:
        """Call the slots of this event on the window's thread. The services use this as their listener. Any thread."""
        self.post_to_ui(partial(self.deliver, event))

    def attach(self, services: Services) -> None:
        """Use these services, and send them the requests that waited. Window's thread."""
        self._services = services
        waiting, self._waiting = self._waiting, []
        self.opened.emit()
        for request in waiting:
            request()

    def end(self) -> None:
        """Drop waiting requests and ignore later answers, because the window is closing."""
        self._is_ended = True
        self._waiting.clear()

    @Slot(object)
    def _on_posted(self, work: Callable[[], None]) -> None:
        """Do posted work. That for a widget which was destroyed meanwhile is dropped."""
        if self._is_ended:
            return
        try:
            work()
        except RuntimeError as err:
            if not str(err).endswith(GONE):
                raise
            log.debug("an answer came after the window that asked was closed")

    def publish_settings(self, settings: Settings) -> None:
        """Emit `settings_changed`. The settings file uses this function as its listener. Any thread."""
        self.post_to_ui(partial(self.settings_changed.emit, settings))

    def deliver(self, event: Event) -> None:
        """Call the slots of this event now. Window's thread."""
        topic = self._topics.get(type(event))
        if topic is not None:
            topic.published.emit(event)


def ignored(_problem: Problem) -> None:
    """Take no notice of a problem that is shown elsewhere, or whose request nobody depends on."""


class _Topic(QObject):
    published = Signal(object)


class Call:
    """A call of a service. It is made and answered on the window's thread, and carried out on the service thread.

    It begins at once. The caller must name the receiver in the same turn of the event loop, before an answer can
    arrive.
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
        """Set the functions that get the result: with `is_followed`, that of the Pending which the call returns."""
        self._answered, self._refused, self._progressed = answered, refused, progressed
        self._is_followed = is_followed

    def cancel(self) -> None:
        """Ask the work to end early. A result that it has by then is still reported."""
        self._bridge.begin(lambda _services: self._pending.cancel() if self._pending is not None else None)

    def carry_out(self, services: Services) -> None:
        """Run the work. A returned Pending is listened to at once, so that no report is missed. Service thread."""
        post = self._bridge.post_to_ui
        try:
            result = self._work(services)
        except Exception as err:  # noqa: BLE001 - the service thread's end of a request: a fault must reach the person
            from slmdesk.base.runtime.messages import problem_for  # late: not needed before the window shows

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
    """Call a slot, unless a QObject that it belongs to or refers to was destroyed."""
    if slot is None:
        return
    function = slot.func if isinstance(slot, partial) else slot
    held = [
        getattr(function, "__self__", None),
        *(cell.cell_contents for cell in getattr(function, "__closure__", None) or ()),
    ]
    if all(isValid(thing) for thing in held if isinstance(thing, QObject)):
        slot(value)


class Delay(QTimer):
    """Timer that calls `then` once, `ms` milliseconds after the last `start`."""

    def __init__(self, owner: QObject, ms: int, then: Callable[[], object] | SignalInstance, name: str = "") -> None:
        super().__init__(owner, singleShot=True, interval=_pause(ms))
        self.setObjectName(name)
        self.timeout.connect(then)

    def start_once(self) -> None:
        """Start, unless it runs already. Several calls lead to one call of `then`."""
        if not self.isActive():
            self.start()

    def start_in(self, ms: int) -> None:
        """Start with another pause. Later calls of `start` use this pause too."""
        self.start(_pause(ms))


def _pause(ms: int) -> int:
    return int(pause(ms / 1000) * 1000)
