"""Summaries of the document on show: begun, followed, opened again.  No widgets here."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QObject, Signal, Slot

from slmdesk.core.records import Item, JobRecord, JobStatus
from slmdesk.gui.bridge import Bridge
from slmdesk.gui.widgets.notice_bar import notice_of
from slmdesk.services import facts
from slmdesk.services.facts import Problem
from slmdesk.services.sentences import problem_of
from slmdesk.services.summaries import SummaryView, SummaryWish
from slmdesk.services.summary_prompts import Kind, Length
from slmdesk.services.summary_shapes import Sentence, Summary

ENDED = (JobStatus.DONE, JobStatus.FAILED, JobStatus.CANCELLED)


class SummaryController(QObject):
    """Lives on the window's thread.

    Emits `listed` with the Items of the document's summaries, `begun` when one is being made, `grew` with Sentences so
    far and how many pages are read of how many, `job_told` with a JobChanged, `made` with a Summary, `emptied` when
    there is none to show, `notice_raised`.
    """

    listed = Signal(object)
    begun = Signal()
    grew = Signal(object, int, int)
    job_told = Signal(object)
    made = Signal(object)
    emptied = Signal()
    notice_raised = Signal(object)

    def __init__(self, bridge: Bridge, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("summary_controller")
        self._bridge = bridge
        self._document = ""
        self.item = ""
        """The summary on show, made or being made."""
        self._job = ""
        self._points: list[Sentence] = []
        bridge.summary_grew.connect(self._on_grew)
        bridge.summary_ended.connect(self._on_ended)
        bridge.job_changed.connect(self._on_job_changed)

    # ---- wishes

    def show_document(self, document: str) -> None:
        """Another document is on show: its newest summary, if there is one."""
        if document == self._document:
            return
        self._document, self.item, self._job, self._points = document, "", "", []
        self.emptied.emit()
        if document:
            self._list(and_open=True)

    def begin(self, kind: Kind, length: Length, focus: str, instruction: str = "", language: str = "") -> None:
        """Have the document on show summarized."""
        wish = SummaryWish((self._document,), Kind(kind), Length(length), language, focus, instruction)
        self._points = []
        self._bridge.ask(lambda services: services.summaries.begin(wish), self._on_begun, self._raise_problem)

    @Slot(str)
    def choose(self, item: str) -> None:
        """Show one that was made before."""
        self._bridge.ask(lambda services: services.summaries.open(item), self._on_opened, self._raise_problem)

    @Slot()
    def pause(self) -> None:
        """Stop for now; what is done is kept."""
        job = self._job
        self._bridge.ask(lambda services: services.jobs.pause(job), None, self._raise_problem)

    @Slot()
    def resume(self) -> None:
        """Go on."""
        job = self._job
        self._bridge.ask(lambda services: services.jobs.resume(job), None, self._raise_problem)

    @Slot()
    def cancel(self) -> None:
        """Make it no further."""
        job = self._job
        self._bridge.ask(lambda services: services.jobs.cancel(job), None, self._raise_problem)

    # ---- heard

    def _on_begun(self, item: Item) -> None:
        self.item = item.id
        self.begun.emit()
        self._bridge.ask(lambda services: services.summaries.open(item.id), self._on_opened, self._raise_problem)
        self._list(and_open=False)

    def _on_listed(self, document: str, and_open: bool, items: Sequence[Item]) -> None:
        if document != self._document:
            return
        self.listed.emit(list(items))
        if and_open and items:
            self.choose(items[0].id)

    def _on_opened(self, view: SummaryView) -> None:
        if self._document not in [one.id for one in view.documents]:
            return
        self.item = view.item.id
        self._job = view.job.id if view.job else ""
        if view.summary is not None:
            self.made.emit(view.summary)
        elif view.job is not None:
            if view.job.status not in ENDED:
                self.begun.emit()
            self.job_told.emit(_told(view.job))

    @Slot(object)
    def _on_grew(self, fact: facts.SummaryGrew) -> None:
        if fact.item == self.item:
            self._job = fact.job
            self._points += fact.points
            self.grew.emit(list(self._points), fact.pages_read, fact.pages_total)

    @Slot(object)
    def _on_ended(self, fact: facts.SummaryEnded) -> None:
        if fact.item == self.item:
            summary: Summary = fact.summary
            self.made.emit(summary)

    @Slot(object)
    def _on_job_changed(self, fact: facts.JobChanged) -> None:
        if self._job and fact.id == self._job:
            self.job_told.emit(fact)

    # ---- inside

    def _list(self, *, and_open: bool) -> None:
        document = self._document
        self._bridge.ask(
            lambda services: services.summaries.of_document(document),
            lambda items: self._on_listed(document, and_open, items),
            self._raise_problem,
        )

    def _raise_problem(self, problem: Problem) -> None:
        self.notice_raised.emit(notice_of(problem))


def _told(job: JobRecord) -> facts.JobChanged:
    problem = problem_of(job.error_code, job.error_args) if job.error_code else None
    return facts.JobChanged(
        job.id, job.kind, job.status, job.done + job.failed, job.total, failed=job.failed, problem=problem
    )
