"""Summaries of the shown document: begun, followed, opened again.  No widgets here."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QObject, Signal, Slot

from slmdesk.core.records import Item
from slmdesk.gui.base.bridge import Bridge
from slmdesk.gui.documents.common.job_follower import JobFollower
from slmdesk.services.jobs.events import JobChanged
from slmdesk.services.jobs.overview import event_of
from slmdesk.services.summaries.events import SummaryEnded, SummaryGrew
from slmdesk.services.summaries.prompts import Kind, Length
from slmdesk.services.summaries.service import KIND, SummaryView
from slmdesk.services.summaries.types import Sentence, Summary, SummaryRequest


class SummaryController(JobFollower):
    """Lives on the window's thread.

    Emits `begun` when one is being made, `grew` with the Sentences so far and how many pages of how many are read,
    `made` with a Summary, and what JobFollower does.
    """

    begun = Signal()
    grew = Signal(object, int, int, str)
    made = Signal(object)

    def __init__(self, bridge: Bridge, parent: QObject | None = None) -> None:
        super().__init__(bridge, KIND, "summary_controller", parent)
        self._about: frozenset[str] = frozenset()
        """The documents of the shown summary."""
        self._requested = ""
        """To be opened once its document is on show."""
        self._points: list[Sentence] = []
        self.items.current_gone.connect(self._on_current_gone)
        self.items.came_back.connect(self._on_came_back)
        bridge.on(SummaryGrew, self._on_grew)
        bridge.on(SummaryEnded, self._on_ended)
        bridge.on(JobChanged, self._on_job_changed)

    # ---- requests

    def show_document(self, document: str) -> None:
        """Another document is shown: show its newest summary, if any; a joint one stays."""
        if document == self._document:
            return
        self._document = document
        if document and document in self._about:
            self.items.show_document(document)
            return
        self._leave()
        self.items.show_document(document, self._open_newest)

    def begin(self, kind: Kind, length: Length, focus: str, instruction: str = "", language: str = "") -> None:
        request = SummaryRequest((self._document,), Kind(kind), Length(length), language, focus, instruction)
        self._bridge.ask(lambda services: services.summaries.begin(request), self.show_begun)

    def show_begun(self, item: Item) -> None:
        self._points = []
        self._set(item.id)
        self.begun.emit()
        self.choose(item.id)
        self.items.refresh()

    @Slot(str)
    def choose(self, item: str) -> None:
        self._bridge.ask(lambda services: services.summaries.open(item), self._on_opened)

    @Slot(str)
    def delete(self, item: str) -> None:
        """Move a summary to the trash, with undo; the job of one being made is cancelled."""
        if item == self.item and self._job:
            self.cancel()
        self.items.delete(item)

    def open_item(self, document: str, item: str) -> None:
        """Show a summary of a document that is shown, or is about to be."""
        if document == self._document:
            self.choose(item)
        else:
            self._requested = item

    # ---- events

    def _on_opened(self, view: SummaryView) -> None:
        about = frozenset(one.id for one in view.documents)
        if self._document not in about:
            return
        self._about = about
        self._set(view.item.id)
        self._job = view.job.id if view.job and not view.job.status.is_end else ""
        if view.summary is not None:
            self.made.emit(view.summary)
        elif view.job is not None:
            if not view.job.status.is_end:
                self.begun.emit()
            else:
                self.emptied.emit()
            self.job_reported.emit(event_of(view.job))

    @Slot(object)
    def _on_grew(self, event: SummaryGrew) -> None:
        if event.item == self.item:
            self._job = event.job
            self._points += event.points
            self.grew.emit(list(self._points), event.pages_read, event.pages_total, event.page_kind)

    @Slot(object)
    def _on_ended(self, event: SummaryEnded) -> None:
        if event.item == self.item:
            summary: Summary = event.summary
            self._job = ""
            self.made.emit(summary)

    @Slot(object)
    def _on_job_changed(self, event: JobChanged) -> None:
        if self._job and event.id == self._job:
            if event.status.is_end:
                self._job = ""
            self.job_reported.emit(event)

    @Slot()
    def _on_current_gone(self) -> None:
        self._leave()
        self.items.refresh(self._open_newest)

    @Slot(str)
    def _on_came_back(self, item: str) -> None:
        if not self.item:
            self.choose(item)

    # ---- private

    def _open_newest(self, items: Sequence[Item]) -> None:
        requested, self._requested = self._requested, ""
        if items and not self.item:
            self.choose(requested if requested in [one.id for one in items] else items[0].id)

    def _set(self, item: str) -> None:
        self.item = item
        self.items.set_current(item)

    def _leave(self) -> None:
        self._about, self._job, self._points = frozenset(), "", []
        self._set("")
        self.emptied.emit()
