"""A value of the services that a page shows: asked for, asked again after events, late answers dropped."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any, Generic, TypeVar

from PySide6.QtCore import QObject, Signal

from slmdesk.base.runtime.events import Event, HistoryReplaced
from slmdesk.base.runtime.messages import Problem
from slmdesk.ui.kit.base.bridge import Bridge, Delay

T = TypeVar("T")


class Live(QObject, Generic[T]):
    """The last answer to a question. Whoever shows `value` listens to `changed`, and keeps no copy of it.

    Only the answer to the newest question counts. While a change made here is on its way, an older answer does not
    undo it.
    """

    changed = Signal()
    """Emitted when there is another value."""

    def __init__(
        self,
        bridge: Bridge,
        owner: QObject,
        ask: Callable[[], Any],
        value: T,
        *,
        on: Iterable[type[Event]] = (),
        on_some: Mapping[type[Event], Callable[[Any], bool]] | None = None,
        refused: Callable[[Problem], object] | None = None,
        is_watched: bool = True,
    ) -> None:
        """`ask` returns what `Bridge.follow` takes: a call of a service or a function of the services; None where
        there is nothing to ask. `value` is the one until the first answer. `on`: events after which it is asked again,
        beside that of a restored backup; `on_some`: those of which a function says whether they count. `refused` gets
        the problem of a question that failed; without it, the person is told. `is_watched` False: nobody looks yet, so
        it is not asked before `watch` or `refresh`.
        """
        super().__init__(owner)
        self._bridge, self._ask, self._refused = bridge, ask, refused or bridge.problem_met.emit
        self.value = value
        self._is_watched = is_watched
        self._question = 0
        """Number of the newest question. The answer to an older one is dropped."""
        self._is_due = True
        """Whether it is to be asked when somebody looks."""
        self._changes = 0
        """Changes made here that are not stored yet."""
        self._is_asked = False
        self._soon = Delay(self, 0, self.ask_now)  # several events of one turn ask once
        bridge.on(HistoryReplaced, self.again)
        for event in on:
            bridge.on(event, self.again)
        self._counts = dict(on_some or {})
        for event in self._counts:
            bridge.on(event, self._on_some)
        bridge.when_open(self.again)

    def watch(self, is_watched: bool) -> None:
        """Record whether anybody looks. It is not asked while nobody does; what happened is asked about afterwards."""
        self._is_watched = is_watched
        if is_watched:
            self.refresh()

    def refresh(self) -> None:
        """Ask, whether anybody looks or not, if something has happened since it was asked last."""
        if self._is_due:
            self._soon.start()

    def again(self, *_event: object) -> None:
        """Ask again, soon."""
        self._is_due = True
        if self._is_watched:
            self._soon.start()

    def _on_some(self, event: Event) -> None:
        if self._counts[type(event)](event):
            self.again()

    @property
    def is_coming(self) -> bool:
        return self._is_asked or self._soon.isActive()

    def change(self, value: T, request: Any) -> None:
        """Show a value at once, and make the request that stores it. The stored value is asked for afterwards."""
        self._changes += 1
        self.put(value)
        self._bridge.ask(request, self._on_stored, self._on_change_refused)

    def put(self, value: T) -> None:
        """Show a value that is known without asking. Questions that are on their way are older."""
        self._question += 1
        self._is_asked = False
        self._show(value)

    def tell(self, value: T) -> None:
        """Show the value that an event names, unless a change made here is on its way."""
        if not self._changes:
            self.put(value)

    def ask_now(self) -> None:
        self._question += 1
        self._is_due, request = False, self._ask()
        self._is_asked = request is not None
        if request is not None:
            number = self._question
            self._bridge.follow(request, partial(self._on_answer, number), partial(self._on_refused, number))

    def _on_answer(self, number: int, value: T) -> None:
        if number == self._question:
            self._is_asked = False
            if not self._changes:
                self._show(value)

    def _on_refused(self, number: int, problem: Problem) -> None:
        if number == self._question:
            self._is_asked, self._is_due = False, True
            self._refused(problem)

    def _on_stored(self, _result: object) -> None:
        self._changes -= 1
        if not self._changes:
            self.again()

    def _on_change_refused(self, problem: Problem) -> None:
        self._on_stored(None)
        self._bridge.problem_met.emit(problem)

    def _show(self, value: T) -> None:
        if value != self.value:
            self.value = value
            self.changed.emit()
