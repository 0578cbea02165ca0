"""Comparison of the shown document with another version: chosen, compared, opened again.  No widgets here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from slmdesk.base.records import DocumentRecord, DocumentStatus, Item
from slmdesk.jobs.events import JobChanged
from slmdesk.runtime.events import Problem
from slmdesk.text.difference.types import Place
from slmdesk.versions.events import VersionsCompared, VersionsFailed
from slmdesk.versions.service import KIND, VersionRequest, VersionView
from slmdesk.versions.types import Comparison
from slmdesk.window.base.bridge import Bridge
from slmdesk.window.panes.items_controller import ItemsController


class VersionsController(QObject):
    choices_shown = Signal(object, str)
    pair_shown = Signal(str, str)
    begun = Signal(str)
    made = Signal(object)
    worded = Signal(bool)
    failed = Signal(str)
    emptied = Signal()
    unfolded = Signal(int, object, object)

    def __init__(self, bridge: Bridge, parent: QObject | None = None) -> None:
        super().__init__(parent, objectName="versions_controller")
        self._bridge = bridge
        self.items = ItemsController(bridge, KIND, self)
        self.items.current_gone.connect(self._on_gone)
        self.items.restored.connect(self.choose)
        self._records: Sequence[DocumentRecord] = ()
        self._record: DocumentRecord | None = None
        self._coming = ""
        """To be opened once its document is on show."""
        self._other: DocumentRecord | None = None
        self._is_new = True
        """The document on show is the newer one."""
        self._job = ""
        self.comparison: Comparison | None = None
        bridge.on(VersionsCompared, self._on_compared)
        bridge.on(VersionsFailed, self._on_failed)
        bridge.on(JobChanged, self._on_job_changed)

    @property
    def item(self) -> str:
        return self.items.current

    # ---- requests

    def show_records(self, records: Sequence[DocumentRecord]) -> None:
        ids = [one.id for one in records if one.status is DocumentStatus.READ]

        def answered(found: set[str]) -> None:
            self._records = [one for one in records if one.id in found]
            self._show_choices()

        self._bridge.ask(self._bridge.services.versions.comparable(ids), answered)

    def show_document(self, record: DocumentRecord | None) -> None:
        if (record.id if record else "") == (self._record.id if self._record else ""):
            return
        if record and self.comparison and record.id in (self.comparison.old.document, self.comparison.new.document):
            self._record = record  # the other side of the same comparison
            self._other = self._found(self._other_of(self.comparison, record.id))
            self._show_choices()
            self._show_pair()
            return
        self._record, self._other, self.comparison = record, None, None
        self.items.set_current("")
        self.emptied.emit()
        self._show_choices()
        self._show_pair()
        if record:
            self.items.show_document(record.id, self._open_newest)

    def choose_other(self, document: str) -> None:
        """Compare with this document; the file modified later counts as the newer one."""
        found = self._found(document)
        if found is None or self._record is None:
            return
        self._other = found
        self._is_new = self._record.mtime_ns >= found.mtime_ns
        self._show_choices()
        self._show_pair()

    def choose_file(self, path: Path) -> None:
        self.begun.emit(f"Reading {path.name}…")
        self._bridge.follow(self._bridge.services.documents.open(path), self._on_read, self._on_refused)

    def swap(self) -> None:
        self._is_new = not self._is_new
        self._show_pair()

    def compare(self) -> None:
        if self._record is None or self._other is None:
            return
        pair = (self._other.id, self._record.id) if self._is_new else (self._record.id, self._other.id)
        request = VersionRequest(*pair)
        self.comparison = None
        self.begun.emit("Comparing…")
        self._bridge.ask(self._bridge.services.versions.begin(request), self._on_begun, self._on_refused)

    def stop(self) -> None:
        item, job = self.item, self._job
        if job:
            self._bridge.services.jobs.cancel(job)
        elif item:
            self._bridge.services.versions.cancel(item)

    def choose(self, item: str) -> None:
        self._bridge.follow(self._bridge.services.versions.open(item), self._on_opened)

    def open_item(self, document: str, item: str) -> None:
        if self._record and self._record.id == document:
            self.choose(item)
        else:
            self._coming = item

    def unfold(self, number: int) -> None:
        """Get the paragraphs of a row that stands for unchanged ones."""
        found = self.comparison
        if found is None or not 0 <= number < len(found.rows):
            return
        row, texts = found.rows[number], dict[int, Sequence[str]]()

        def received(side: int, result: Sequence[str]) -> None:
            texts[side] = result
            if len(texts) == 2 and self.comparison is found:
                self.unfolded.emit(number, texts[0], texts[1])

        self._ask_paragraphs(found.old.document, row.old_places, partial(received, 0))
        self._ask_paragraphs(found.new.document, row.new_places, partial(received, 1))

    def _open_newest(self, items: Sequence[Item]) -> None:
        coming, self._coming = self._coming, ""
        if items:
            self.choose(coming if coming in [one.id for one in items] else items[0].id)

    def _ask_paragraphs(
        self, document: str, places: Sequence[Place], received: Callable[[Sequence[str]], None]
    ) -> None:
        first, last = (places[0].page, places[0].start), (places[-1].page, places[-1].end)
        self._bridge.follow(
            self._bridge.services.versions.paragraphs(document, first, last),
            received,
            lambda _problem: received(()),
        )

    # ---- events

    def _on_read(self, result: DocumentRecord) -> None:
        if all(one.id != result.id for one in self._records):
            self._records = [result, *self._records]
        self.emptied.emit()
        self.choose_other(result.id)

    def _on_begun(self, item: Item) -> None:
        self.items.set_current(item.id)
        self.items.refresh()

    def _on_refused(self, problem: Problem) -> None:
        self.failed.emit(problem.sentence)
        if problem.report:
            self._bridge.problem_met.emit(problem)

    def _on_opened(self, view: VersionView) -> None:
        if self._record is None or self._record.id not in [one.id for one in view.documents]:
            return
        self.items.set_current(view.item.id)
        if view.comparison is None:
            self.begun.emit("Comparing…") if view.is_busy else self.emptied.emit()
            return
        self._show(view.comparison)
        self._job = view.job.id if view.job and not view.job.status.is_end else ""
        self.worded.emit(bool(self._job))

    def _on_compared(self, event: VersionsCompared) -> None:
        if event.item == self.item:
            self.choose(event.item)  # with the job that words it

    def _on_failed(self, event: VersionsFailed) -> None:
        if event.item == self.item:
            self._on_refused(event.problem)

    def _on_job_changed(self, event: JobChanged) -> None:
        if event.kind == KIND and self._job and event.id == self._job and event.status.value not in ("open", "running"):
            self._job = ""
            self.worded.emit(False)

    def _on_gone(self) -> None:
        self.comparison = None
        self.emptied.emit()

    # ---- private

    def _show(self, comparison: Comparison) -> None:
        self.comparison = comparison
        if self._record is not None:
            self._is_new = comparison.new.document == self._record.id
            self._other = self._found(self._other_of(comparison, self._record.id)) or self._other
        self._show_choices()
        self.pair_shown.emit(comparison.old.name, comparison.new.name)
        self.made.emit(comparison)

    @staticmethod
    def _other_of(comparison: Comparison, document: str) -> str:
        return comparison.old.document if comparison.new.document == document else comparison.new.document

    def _found(self, document: str) -> DocumentRecord | None:
        return next((one for one in self._records if one.id == document), None)

    def _show_choices(self) -> None:
        here = self._record.id if self._record else ""
        others = [one for one in self._records if one.id != here]
        self.choices_shown.emit(others, self._other.id if self._other else "")

    def _show_pair(self) -> None:
        if self._record is None or self._other is None:
            self.pair_shown.emit("", "")
        else:
            names = (self._other.name, self._record.name)
            self.pair_shown.emit(*(names if self._is_new else reversed(names)))
