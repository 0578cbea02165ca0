"""A slow PC: answers of the services reach the window late, in their order. `pytest -p fakes.late_answers -m gui`.

What a window does wrong while answers are under way shows itself, and so does a test that looks before it waits.
"""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable

import pytest
from PySide6.QtCore import QTimer

from slmdesk.base.runtime.service import ServiceThread
from slmdesk.ui.kit.base.bridge import Bridge

DELAYS_MS = (0, 0, 5, 20, 60, 120)
Work = Callable[[], None]


class LateAnswers:
    """The answers that are under way to a bridge."""

    def __init__(self, bridge: Bridge, arrive: Callable[[Bridge, Work], None]) -> None:
        self._bridge, self._arrive = bridge, arrive
        self._under_way = deque[Work]()

    def send(self, work: Work) -> None:
        self._under_way.append(work)
        if len(self._under_way) == 1:
            self._wait()

    def _wait(self) -> None:
        QTimer.singleShot(random.choice(DELAYS_MS), self._bridge, self._next)

    def _next(self) -> None:
        work = self._under_way.popleft()
        if self._under_way:
            self._wait()
        self._arrive(self._bridge, work)


@pytest.fixture(autouse=True)
def _late(monkeypatch: pytest.MonkeyPatch) -> None:
    arrive, known = Bridge._on_posted, dict[Bridge, LateAnswers]()

    def _on_posted(bridge: Bridge, work: Work) -> None:
        thread = getattr(bridge._services, "service_thread", None)
        if not isinstance(thread, ServiceThread):  # a fake answers at once
            arrive(bridge, work)
            return
        known.setdefault(bridge, LateAnswers(bridge, arrive)).send(work)

    monkeypatch.setattr(Bridge, "_on_posted", _on_posted)
