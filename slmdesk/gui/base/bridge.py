"""The bridge: events of the services become Qt signals on the window's thread, requests go to the service thread."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from PySide6.QtCore import QObject, Qt, Signal, Slot

from slmdesk.services.base.events import Event, Problem
from slmdesk.services.base.pending import Pending

if TYPE_CHECKING:
    from slmdesk.services.container import Services
    from slmdesk.settings import Settings

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
        self._services: Services | None = None
        self._waiting: list[Callable[[], None]] = []
        self._is_ended = False
        self._topics: dict[type[Event], _Topic] = {}
        self._brought.connect(self._on_brought, Qt.ConnectionType.QueuedConnection)

    @property
    def is_open(self) -> bool:
        return self._services is not None

    def ask(
        self,
        request: Callable[[Services], T],
        answered: Callable[[T], None] | None = None,
        refused: Callable[[Problem], None] | None = None,
    ) -> None:
        """Carry out `request` on the service thread; then `answered` or `refused` is called on the window's thread."""
        if self._is_ended:
            return
        services = self._services
        if services is None:
            self._waiting.append(partial(self.ask, request, answered, refused))
        else:
            services.service_thread.post(partial(self._carry_out, services, request, answered, refused))

    def follow(
        self,
        request: Callable[[Services], Pending[T]],
        answered: Callable[[T], None] | None = None,
        refused: Callable[[Problem], None] | None = None,
        progressed: Callable[[Any], None] | None = None,
    ) -> Following:
        """Begin work that takes time; its end and progress are reported on the window's thread, a refusal as by `ask`.

        Cancel it by the Following returned.
        """
        following = Following(self, answered, refused, progressed)
        self.ask(lambda services: following.begin(request(services)), None, refused)
        return following

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

    def _carry_out(
        self,
        services: Services,
        request: Callable[[Services], T],
        answered: Callable[[T], None] | None,
        refused: Callable[[Problem], None] | None,
    ) -> None:
        """Runs on the service thread."""
        try:
            result = request(services)
        except Exception as err:  # noqa: BLE001 - the service thread's end of a request: a fault must reach the person
            from slmdesk.services.base.messages import problem_for  # late: not needed before the window shows

            self._refuse(problem_for(err), refused)
        else:
            if answered is not None:
                self.post_to_ui(partial(answered, result))

    def _refuse(self, problem: Problem, refused: Callable[[Problem], None] | None) -> None:
        self.post_to_ui(partial(self.problem_met.emit if refused is None else refused, problem))


class _Topic(QObject):
    """The signal of one type of events."""

    published = Signal(object)


class Following:
    """What the window holds of work that takes time."""

    def __init__(
        self,
        bridge: Bridge,
        answered: Callable[[Any], None] | None,
        refused: Callable[[Problem], None] | None,
        progressed: Callable[[Any], None] | None,
    ) -> None:
        self._bridge, self._answered, self._refused, self._progressed = bridge, answered, refused, progressed
        self._pending: Pending[Any] | None = None

    def cancel(self) -> None:
        """Ask the work to end early.  On the window's thread; what had ended by then is still reported."""
        self._bridge.ask(self._cancel)

    def begin(self, pending: Pending[Any]) -> None:
        """Listen to it.  On the service thread, in the turn in which the work began, so that nothing is missed."""
        self._pending = pending
        bridge, progressed = self._bridge, self._progressed
        if progressed is not None:
            pending.listen(lambda report: bridge.post_to_ui(partial(progressed, report)))
        pending.then(lambda result: bridge.post_to_ui(partial(self._on_ended, result)))

    def _cancel(self, _services: Services) -> None:
        if self._pending is not None:
            self._pending.cancel()

    def _on_ended(self, result: Any) -> None:
        if not isinstance(result, Problem):
            if self._answered is not None:
                self._answered(result)
        elif self._refused is not None:
            self._refused(result)
        else:
            self._bridge.problem_met.emit(result)
