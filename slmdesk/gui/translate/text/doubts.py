"""Asks the model for a back-translation of a sentence, or for other translations.  No widgets here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from PySide6.QtCore import QObject, Signal, Slot

from slmdesk.core.translation import LiveSegment
from slmdesk.gui.base.bridge import Bridge
from slmdesk.services.base.events import Problem
from slmdesk.services.container import Services
from slmdesk.services.engine.one_shot import AskOnce
from slmdesk.services.translation.asking.prompts import Manner


@dataclass(frozen=True, slots=True)
class Doubt:
    index: int
    """Of the segment."""
    segment: LiveSegment
    words: str
    """The selected part; empty: the whole sentence."""
    is_back: bool
    """Whether a back-translation is wanted, else other translations."""


class DoubtController(QObject):
    """Lives on the window's thread; one question at a time, a new one cancels the old one.

    Emits `asked` with a Doubt, `answered` with it and a list of texts, `refused` with why there is no answer, `ended`
    when the question is cancelled.
    """

    asked = Signal(object)
    answered = Signal(object, object)
    refused = Signal(str)
    ended = Signal()

    def __init__(self, bridge: Bridge, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("translate_doubts")
        self._bridge = bridge
        self._turn = 0
        self._running: list[AskOnce] = []
        """Used on the service thread only."""

    def ask(self, doubt: Doubt, manner: Manner) -> None:
        self._turn += 1
        turn, bridge, running = self._turn, self._bridge, self._running
        asked_as = replace(manner, source=doubt.segment.language or manner.source)

        def ended(result: str | list[str] | Problem) -> None:  # on the service thread
            bridge.post_to_ui(lambda: self._on_ended(turn, doubt, result))

        def work(services: Services) -> None:
            _cancel(running)
            running.append(_question(services, doubt, asked_as, ended))

        self.asked.emit(doubt)
        bridge.ask(work, None, lambda problem: self._on_ended(turn, doubt, problem))

    @Slot()
    def cancel(self) -> None:
        self._turn += 1
        running = self._running
        self._bridge.ask(lambda _services: _cancel(running))
        self.ended.emit()

    def _on_ended(self, turn: int, doubt: Doubt, result: str | list[str] | Problem) -> None:
        if turn != self._turn:
            return
        if isinstance(result, Problem):
            self.refused.emit(result.sentence)
        else:
            self.answered.emit(doubt, [result] if isinstance(result, str) else result)


def _question(
    services: Services, doubt: Doubt, manner: Manner, ended: Callable[[str | list[str] | Problem], None]
) -> AskOnce:
    """Begin the request; on the service thread."""
    now = doubt.segment.target
    if doubt.is_back:
        return services.segment_edits.back(doubt.words or now, manner, ended, doubt.segment.source)
    return services.segment_edits.alternatives(doubt.segment.source, manner, ended, now=now, word=doubt.words)


def _cancel(running: list[AskOnce]) -> None:
    for one in running:
        one.cancel()
    running.clear()
