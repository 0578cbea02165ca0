"""The segments of the shown translation: listed, changed, undone, translated again.  No widgets here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from PySide6.QtCore import QObject, Signal

from slmdesk.base.translation import SegmentRecord
from slmdesk.redaction.service import Veil
from slmdesk.runtime.events import Problem
from slmdesk.runtime.pending import Pending
from slmdesk.services import Services
from slmdesk.text.translation.replace import Search
from slmdesk.text.translation.tagged import Tags, plain
from slmdesk.translation.asking.prompts import TranslationStyle
from slmdesk.translation.events import SegmentChanged, TranslationGrew
from slmdesk.translation.segment_list import SegmentFilter, SegmentNumbers
from slmdesk.translation.segment_undo import ReplaceResult, UndoResult
from slmdesk.translation.types import TranslationRequest
from slmdesk.window.base.bridge import Bridge
from slmdesk.window.base.delay import Delay

LIST_MS = 250
"""At most so often the list is asked for while segments change."""
TAGS = "translation.tags"
R = TypeVar("R")
A = TypeVar("A")


class SegmentsController(QObject):
    listed = Signal(object)
    rows_received = Signal(object)
    segment_changed = Signal(object)
    help_received = Signal(object)
    found = Signal(object)
    replaced = Signal(object)
    undone = Signal(object)
    flagged_found = Signal(int)
    draft_offered = Signal(int, str)
    back_translation_received = Signal(int, str)
    others_received = Signal(int, object)
    busy_changed = Signal(str)
    words_changed = Signal()
    shading_reported = Signal(bool)

    def __init__(self, bridge: Bridge, parent: QObject | None = None) -> None:
        super().__init__(parent, objectName="segments_controller")
        self._bridge = bridge
        self._item = ""
        self._request = TranslationRequest("")
        self.requested = SegmentFilter()
        self._is_listing = self._is_stale = False
        self._asked: object = None
        """What the model is asked just now: its answer counts, an earlier one's does not."""
        self._timer = Delay(self, LIST_MS, self._on_list, "list_timer")
        bridge.on(SegmentChanged, self._on_segment)
        bridge.on(TranslationGrew, self._on_grew)

    # ---- what is listed

    def show_item(self, item: str, request: TranslationRequest) -> None:
        """Show the segments of this translation; '' for none."""
        self._item, self._request, self.requested = item, request, SegmentFilter()
        self._stop_asking()
        self._on_list()
        if item:
            self._bridge.ask(
                lambda services: services.settings.current.translate_doubts,
                self._while_shown(self.shading_reported.emit),
            )

    def keep_shading(self, is_on: bool) -> None:
        self._bridge.services.settings.change(translate_doubts=is_on)

    def want(self, requested: SegmentFilter) -> None:
        if requested != self.requested:
            self.requested = requested
            self._on_list()

    def refresh(self) -> None:
        if not self._timer.isActive():
            self._timer.start()

    def need(self, numbers: Sequence[int]) -> None:
        self._bridge.ask(
            self._bridge.services.segment_lists.rows(self._item, numbers), self._while_shown(self.rows_received.emit)
        )

    def ask_help(self, number: int) -> None:
        item = self._item
        self._bridge.ask(
            self._bridge.services.segment_lists.help(item, number),
            self._while_shown(self.help_received.emit),
            lambda _problem: None,  # the person has not asked for it
        )

    def ask_flagged(self, number: int, step: int) -> None:
        """Find the next segment to review (`step` 1) or the one before (-1) among those listed; `flagged_found`
        follows.
        """
        item, requested = self._item, self.requested
        self._bridge.ask(
            self._bridge.services.segment_lists.flagged(item, requested, number, step),
            self._while_shown(self.flagged_found.emit),
        )

    # ---- user actions

    def edit(self, number: int, target: str, *, approve: bool = False) -> None:
        """Save a person's text for a segment; `approve`: approve it too, if it can be saved."""
        item = self._item

        def refused(problem: Problem) -> None:
            self.draft_offered.emit(number, target)
            self._bridge.problem_met.emit(problem)

        def work(services: Services) -> SegmentRecord:
            kept = services.segment_changes.edit(item, number, target)
            if approve:
                services.segment_changes.approve(item, [number])
            return kept

        self._bridge.ask(work, self._while_shown(self._on_edited), refused)

    def approve(self, numbers: Sequence[int]) -> None:
        self._bridge.services.segment_changes.approve(self._item, numbers)

    def retry(self, number: int, hint: str) -> None:
        item = self._item
        self._ask_model(
            "Translating once more…",
            lambda services: services.segment_changes.retry(item, number, hint),
            self._on_edited,
        )

    def find(self, search: Search) -> None:
        self._bridge.follow(
            self._bridge.services.segment_changes.find(self._item, search), self._while_shown(self.found.emit)
        )

    def replace(self, numbers: Sequence[int], search: Search, instead: str) -> None:
        self._bridge.follow(
            self._bridge.services.segment_changes.replace(self._item, numbers, search, instead),
            self._while_shown(self._on_replaced),
        )

    def recheck(self) -> None:
        item = self._item
        self._bridge.follow(
            self._bridge.services.segment_changes.recheck(item), self._while_shown(lambda _changed: self.refresh())
        )

    def undo(self) -> None:
        self._bridge.follow(self._bridge.services.segment_changes.undo(self._item), self._while_shown(self._on_undone))

    def back(self, segment: SegmentRecord) -> None:
        """Translate a translation back into its source language; `back_translation_received` follows."""
        tags, manner = Tags(segment.paired, segment.lone), self._manner_of(segment)
        words, source = plain(segment.target, tags), plain(segment.source, tags)
        veil = self._veil
        self._ask_model(
            "Translating back…",
            lambda services: services.segment_edits.back(words, manner, source, veil=veil(services)),
            lambda answer: self.back_translation_received.emit(segment.number, answer),
        )

    def others(self, segment: SegmentRecord) -> None:
        """Ask the model for other translations; `others_received` follows."""
        words = plain(segment.source, Tags(segment.paired, segment.lone))
        now = plain(segment.target, Tags(segment.paired, segment.lone))
        manner, veil = self._manner_of(segment), self._veil
        self._ask_model(
            "Looking for other wordings…",
            lambda services: services.segment_edits.alternatives(words, manner, now=now, veil=veil(services)),
            lambda answer: self.others_received.emit(segment.number, answer),
        )

    # ---- events

    def _on_segment(self, event: SegmentChanged) -> None:
        if event.item == self._item:
            self.segment_changed.emit(event.segment)
            self.refresh()

    def _on_grew(self, event: TranslationGrew) -> None:
        if event.item == self._item:
            self.refresh()

    def _on_list(self) -> None:
        """One request at a time; changes meanwhile are requested after it."""
        if not self._item:
            return
        if self._is_listing:
            self._is_stale = True
            return
        self._is_listing, self._is_stale = True, False
        item, requested = self._item, self.requested

        def received(found: SegmentNumbers) -> None:
            self._is_listing = False
            if item == self._item and requested == self.requested:
                self.listed.emit(found)
            if self._is_stale:
                self._on_list()

        def refused(problem: Problem) -> None:
            self._is_listing = False
            self._bridge.problem_met.emit(problem)

        self._bridge.ask(self._bridge.services.segment_lists.listed(item, requested), received, refused)

    def _on_edited(self, segment: SegmentRecord) -> None:
        self.words_changed.emit()
        self.ask_help(segment.number)

    def _on_replaced(self, done: ReplaceResult) -> None:
        self.replaced.emit(done)
        if done.segments:
            self.words_changed.emit()

    def _on_undone(self, undone: UndoResult | None) -> None:
        self.undone.emit(undone)
        if undone is not None and undone.numbers:
            self.words_changed.emit()

    # ---- private

    def _manner_of(self, segment: SegmentRecord) -> TranslationStyle:
        request = self._request
        return TranslationStyle(request.target, segment.language or request.source, request.domain, request.formality)

    @property
    def _veil(self) -> Callable[[Services], Veil | None]:
        item, request = self._item, self._request
        return lambda services: services.translations.veil(item, request)

    def _ask_model(self, words: str, work: Callable[[Services], Pending[R]], answered: Callable[[R], None]) -> None:
        """Ask the model one thing; the answer to an earlier request is ignored."""
        self._stop_asking()
        asked = self._asked = object()
        self.busy_changed.emit(words)

        def if_last(report: Callable[[A], None]) -> Callable[[A], None]:
            def reported(result: A) -> None:
                if self._asked is asked:
                    self._stop_asking()
                    report(result)

            return reported

        self._bridge.follow(work, if_last(answered), if_last(self._bridge.problem_met.emit))

    def _stop_asking(self) -> None:
        if self._asked is not None:
            self._asked = None
            self.busy_changed.emit("")

    def _while_shown(self, report: Callable[[R], None]) -> Callable[[R], None]:
        """Wrap `report` so that it is called only while the translation shown now is still shown."""
        item = self._item

        def answered(found: R) -> None:
            if item == self._item:
                report(found)

        return answered
