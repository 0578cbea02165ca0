"""Asks the model for a back-translation of a sentence, or for other translations.  No widgets here."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QObject, Signal

from slmdesk.base.record import Record, changed
from slmdesk.base.translation import LiveSegment
from slmdesk.runtime.events import Problem
from slmdesk.runtime.pending import Pending
from slmdesk.services import Services
from slmdesk.translation.asking.prompts import TranslationStyle
from slmdesk.window.base.bridge import Bridge, Call


class Doubt(Record):
    index: int
    segment: LiveSegment
    words: str
    """The selected part; empty: the whole sentence."""
    is_back: bool
    """Whether a back-translation is wanted, else other translations."""


class DoubtController(QObject):
    """Lives on the window's thread; one question at a time, a new one cancels the old one."""

    asked = Signal(object)
    answered = Signal(object, object)
    refused = Signal(str)
    ended = Signal()

    def __init__(self, bridge: Bridge, parent: QObject | None = None) -> None:
        super().__init__(parent, objectName="translate_doubts")
        self._bridge = bridge
        self._turn = 0
        self._following: Call | None = None

    def ask(self, doubt: Doubt, manner: TranslationStyle) -> None:
        self._stop()
        asked_as = changed(manner, source=doubt.segment.language or manner.source)
        self.asked.emit(doubt)
        self._following = self._bridge.follow(
            lambda services: _question(services, doubt, asked_as),
            partial(self._on_answered, self._turn, doubt),
            partial(self._on_refused, self._turn),
        )

    def cancel(self) -> None:
        self._stop()
        self.ended.emit()

    def _stop(self) -> None:
        self._turn += 1
        if self._following is not None:
            self._following.cancel()
            self._following = None

    def _on_answered(self, turn: int, doubt: Doubt, texts: list[str]) -> None:
        if turn == self._turn:
            self.answered.emit(doubt, texts)

    def _on_refused(self, turn: int, problem: Problem) -> None:
        if turn == self._turn:
            self.refused.emit(problem.sentence)


def _question(services: Services, doubt: Doubt, manner: TranslationStyle) -> Pending[list[str]]:
    """Begin the request; on the service thread."""
    now, source, veil = doubt.segment.target, doubt.segment.source, services.live.veil
    if doubt.is_back:
        asked = services.segment_edits.back(doubt.words or now, manner, source, veil=veil)
        return asked.map(lambda text: [text])
    return services.segment_edits.alternatives(source, manner, now=now, word=doubt.words, veil=veil)
