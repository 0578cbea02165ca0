"""Hands the events of services to whoever asked for them."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, TypeVar

from slmdesk.services.base.events import Event, Noticed
from slmdesk.services.base.messages import problem_for

log = logging.getLogger(__name__)
E = TypeVar("E", bound=Event)
Listener = Callable[[Event], object]


class EventBus:
    """Publishes events, first to the slots of their type, then to the listeners of all.  Service thread."""

    def __init__(self) -> None:
        self._slots: dict[type[Event], list[Callable[[Any], object]]] = {}
        self._listeners: list[Listener] = []
        self._unheard: list[Event] = []
        """Notices raised before there was a listener."""

    def on(self, event: type[E], slot: Callable[[E], object]) -> None:
        """Call `slot` with each event of exactly this type."""
        self._slots.setdefault(event, []).append(slot)

    def add_listener(self, listener: Listener) -> None:
        """Call `listener` with every event; the first one also gets the notices raised before it was added."""
        self._listeners.append(listener)
        unheard, self._unheard = self._unheard, []
        for event in unheard:
            self.publish(event)

    def publish(self, event: Event) -> None:
        """Pass an event on; whoever fails over it does not keep it from the others."""
        if not self._listeners and isinstance(event, Noticed):
            self._unheard.append(event)
        for receive in (*self._slots.get(type(event), ()), *self._listeners):
            try:
                receive(event)
            except Exception as err:  # noqa: BLE001  a listener's error must not end the use case that published
                self._report(err, receive)

    def _report(self, error: BaseException, failed: Listener) -> None:
        problem = problem_for(error)
        others = [one for one in self._listeners if one is not failed]
        for listener in others:
            listener(Noticed(problem))
        if not others:
            log.error("the only listener failed\n%s", problem.report or problem.code)
