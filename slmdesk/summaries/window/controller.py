"""Summaries of the shown document: begun, followed, opened again.  No widgets here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal

from slmdesk.base.record import changed
from slmdesk.base.records import Item
from slmdesk.jobs.events import JobChanged
from slmdesk.jobs.overview import event_of
from slmdesk.jobs.resumable import request_in
from slmdesk.redaction.service import NOTHING_DECIDED, Decisions
from slmdesk.runtime.events import Problem
from slmdesk.summaries.events import SummaryEnded, SummaryGrew
from slmdesk.summaries.service import KIND, SummaryView
from slmdesk.summaries.types import Sentence, Summary, SummaryRequest, request_from
from slmdesk.window.base.bridge import Bridge, Call
from slmdesk.window.panes.job_follower import JobFollower
from slmdesk.window.panes.redaction import RedactionController
from slmdesk.window.widgets.notice_bar import notice_of


class SummaryController(JobFollower):
    begun = Signal()
    grew = Signal(object, int, int, str)
    writing = Signal(str)
    made = Signal(object)
    reading = Signal(str, int, int)
    folder_begun = Signal(object)

    def __init__(self, bridge: Bridge, parent: QObject | None = None) -> None:
        super().__init__(bridge, KIND, "summary_controller", parent)
        self._about: frozenset[str] = frozenset()
        self._requested = ""
        """To be opened once its document is on show."""
        self._points: list[Sentence] = []
        self.request = SummaryRequest(())
        """Of the shown summary."""
        self.redaction = RedactionController(bridge, self)
        self._following: Call | None = None
        self.items.current_gone.connect(self._on_current_gone)
        self.items.restored.connect(self._on_restored)
        bridge.on(SummaryGrew, self._on_grew)
        bridge.on(SummaryEnded, self._on_ended)
        bridge.on(JobChanged, self._on_job_changed)

    # ---- requests

    def show_document(self, document: str) -> None:
        """Another document is shown: show its newest summary, if any; a joint one stays."""
        if document == self._document:
            return
        self._document = document
        self.redaction.drop()
        if document and document in self._about:
            self.items.show_document(document)
            return
        self._leave()
        self.items.show_document(document, self._open_newest)

    def begin(self, request: SummaryRequest) -> None:
        """Summarize the shown document.  A request to redact: once a person has looked."""
        self._begin(changed(request, documents=(self._document,)))

    def change(self, changes: Mapping[str, Any]) -> None:
        """Show a summary for the shown request with other values: one kept by this version, else a new one."""
        request = changed(self.request, **changes)
        kept = [one.id for one in self.items.shown if request_from(request_in(one)) == request]
        if kept:
            self._bridge.ask(self._bridge.services.summaries.open(kept[0]), partial(self._on_kept, request))
        else:
            self._begin(request)

    def add_omitted(self, document: str, number: int) -> None:
        """Put a sentence of those that a document says beside into the shown summary; `made` follows."""
        self._bridge.services.summaries.add(self.item, document, number)

    def begin_folder(self, request: SummaryRequest, folder: Path, target: Path) -> None:
        self.reading.emit("Looking at the folder…", 0, 0)
        self._following = self._bridge.follow(
            self._bridge.services.folder_summaries.begin(folder, target, request),
            self._on_folder_begun,
            self._on_folder_refused,
            self._on_read,
        )

    def cancel(self) -> None:
        """Cancel the job, or reading a folder; finished steps are kept."""
        if self._following is not None:
            self._following.cancel()
        else:
            super().cancel()

    def show_begun(self, item: Item) -> None:
        self._points = []
        self._set(item.id)
        self.request = request_from(request_in(item))
        self.begun.emit()
        self.choose(item.id)
        self.items.refresh()

    def choose(self, item: str) -> None:
        self._bridge.ask(self._bridge.services.summaries.open(item), self._on_opened)

    def delete(self, item: str) -> None:
        """Move a summary to the trash, with undo; the job of one being made is cancelled."""
        if item == self.item and self._job:
            super().cancel()
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
        self.request = view.request
        self._job = view.job.id if view.job and not view.job.status.is_end else ""
        self._points = list(view.draft.sentences) if view.draft else []
        if view.summary is not None:
            self.made.emit(view.summary)
        elif view.job is not None:
            if not view.job.status.is_end:
                self.begun.emit()
            else:
                self.emptied.emit()
            if view.draft:
                read = view.draft.coverage
                self.grew.emit(list(self._points), read.pages_read, read.pages_total, view.draft.page_kind)
            self.job_reported.emit(event_of(view.job))

    def _on_kept(self, request: SummaryRequest, view: SummaryView) -> None:
        is_current = view.summary is not None and not view.summary.is_of_older_version
        if is_current or (view.job is not None and not view.job.status.is_end):
            self._on_opened(view)
        else:
            self._begin(request)

    def _on_read(self, report: tuple[int, int, str]) -> None:
        done, total, name = report
        self.reading.emit(f"Reading {done + 1:,} of {total:,}: {name}", done, total)

    def _on_folder_begun(self, item: Item) -> None:
        self._following = None
        self.reading.emit("", 0, 0)
        self.folder_begun.emit(item)

    def _on_folder_refused(self, problem: Problem) -> None:
        self._following = None
        self.reading.emit("", 0, 0)
        if problem.code != "document.stopped":
            self._bridge.notice_raised.emit(notice_of(problem))

    def _on_grew(self, event: SummaryGrew) -> None:
        if event.item == self.item:
            self._job = event.job
            self._points += event.points
            self.grew.emit(list(self._points), event.pages_read, event.pages_total, event.page_kind)
            self.writing.emit(event.writing)

    def _on_ended(self, event: SummaryEnded) -> None:
        if event.item == self.item:
            summary: Summary = event.summary
            self._job = ""
            self.made.emit(summary)

    def _on_job_changed(self, event: JobChanged) -> None:
        if self._job and event.id == self._job:
            if event.status.is_end:
                self._job = ""
            self.job_reported.emit(event)

    def _on_current_gone(self) -> None:
        self._leave()
        self.items.refresh(self._open_newest)

    def _on_restored(self, item: str) -> None:
        if not self.item:
            self.choose(item)

    # ---- private

    def _begin(self, request: SummaryRequest) -> None:
        def begin(decisions: Decisions = NOTHING_DECIDED) -> None:
            self._bridge.ask(self._bridge.services.summaries.begin(request, decisions), self.show_begun)

        if request.redact and request.may_need_model:
            self.redaction.look([request.focus, request.instruction], request.documents, begin)
        else:
            begin()

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
