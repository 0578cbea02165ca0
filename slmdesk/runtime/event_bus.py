"""Hands the events of services to whoever asked for them."""

from __future__ import annotations

import logging
from collections.abc import Callable
from itertools import chain
from typing import Any, TypeVar

from slmdesk.runtime.events import Event, Noticed
from slmdesk.runtime.messages import problem_for

log = logging.getLogger(__name__)
E = TypeVar("E", bound=Event)


class EventBus:
    """Publishes events to the slots of their type, then to those of all events.  Service thread."""

    def __init__(self) -> None:
        self._slots: dict[type[Event], list[Callable[[Any], object]]] = {}
        self._unheard: list[Noticed] = []

    def on(self, event: type[E], slot: Callable[[E], object]) -> None:
        """Call `slot` with each event of exactly this type, or with every event where that is `Event`.

        The first one that hears notices also gets those raised before it was added.
        """
        self._slots.setdefault(event, []).append(slot)
        if event in (Event, Noticed):
            unheard, self._unheard = self._unheard, []
            for notice in unheard:
                self.publish(notice)

    def publish(self, event: Event) -> None:
        """Pass an event on, also to who begins to hear it by that; who fails over it does not keep it from others."""
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
        others = [one for one in self._slots_of(Noticed) if one is not failed]
        for slot in others:
            slot(Noticed(problem))
        if not others:
            log.error("the only listener failed\n%s", problem.report or problem.code)
