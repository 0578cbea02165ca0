"""Controller of the jobs page: the list of jobs, its updates, and the actions on a job. No widgets here."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QTimer, Signal

from slmdesk.base.record import changed
from slmdesk.base.records import JobRecord, JobStatus
from slmdesk.base.runtime.events import HistoryReplaced
from slmdesk.base.runtime.messages import Problem, time_for_people
from slmdesk.base.texts import _, in_quotes, ngettext
from slmdesk.tasks.jobs.types import FOLDER, JobChanged, job_title, kind_words, share_words
from slmdesk.ui.kit.base.bridge import Bridge, Delay
from slmdesk.ui.kit.widgets.notices import REMOVAL_MS, Notice

if TYPE_CHECKING:
    from slmdesk.services import Services
    from slmdesk.tasks.jobs.service import JobView

PAGE = 30
LOOK_MS = 2000
"""Milliseconds between two polls for jobs of other instances while the page is visible."""
SOON_MS = 60
BUSY_MS = 1000
REPORTED_MS = 8000
ON = (JobStatus.OPEN, JobStatus.RUNNING)


class JobsController(QObject):
    listed = Signal()
    """Emitted when `active` or `ended` has other jobs."""
    changed = Signal(object)
    status_reported = Signal(str, float)
    refused = Signal(object)
    opened = Signal(object)

    def __init__(self, bridge: Bridge, parent: QObject | None = None) -> None:
        super().__init__(parent, objectName="jobs_controller")
        self._bridge = bridge
        self.active: list[JobView] = []
        self.ended: list[JobView] = []
        """Those that have ended, as far as they are listed, the newest first."""
        self.has_more = False
        """Whether more have ended than are listed."""
        self._reported: dict[str, JobChanged] = {}
        """Latest event of each running or waiting job of this instance, by job id."""
        self._shown: set[QObject] = set()
        """The visible views: the page and the list above the status bar."""
        self._look = QTimer(self, interval=LOOK_MS)
        self._soon = Delay(self, SOON_MS, self.refresh)
        self._look.timeout.connect(self._refresh_active)
        bridge.on(JobChanged, self._on_changed)
        bridge.on(HistoryReplaced, self._on_replaced)

    @property
    def begun(self) -> int:
        return sum(event.kind != FOLDER for event in self._reported.values())

    def _on_replaced(self, _event: HistoryReplaced) -> None:
        self._reported.clear()
        self.refresh()

    def show(self, view: QObject, is_shown: bool) -> None:
        """Record whether a view is visible. Jobs of other instances are polled only while one is."""
        if is_shown:
            self._shown.add(view)
            self.refresh()
            self._look.start()
            return
        self._shown.discard(view)
        if not self._shown:
            self._look.stop()
            self._soon.stop()

    def refresh(self) -> None:
        """Reload the lists of active and ended jobs; as many ended jobs as were listed before are loaded."""
        self._refresh_active()
        self._refresh_ended()

    def more(self) -> None:
        self._ask_ended(self.ended, PAGE)

    def do(self, request: Callable[[Services], Any]) -> None:
        """Run an action on a job, which may belong to another instance, and reload the list."""
        self._bridge.ask(request, lambda _done: self.refresh(), self._on_refused_request)

    def clear(self) -> None:
        self._bridge.ask(self._bridge.services.jobs.clear(), self._on_cleared)

    def say_taken_up(self, jobs: Sequence[JobRecord]) -> None:
        self.refresh()
        if not jobs:
            return
        first = f"{kind_words(jobs[0].kind)} {in_quotes(job_title(jobs[0].kind, jobs[0].title))}"
        words = first if len(jobs) == 1 else _("{first} and {count} more").format(first=first, count=len(jobs) - 1)
        self._bridge.notice_raised.emit(
            Notice(_("Resuming: {words}.").format(words=words), life_ms=REPORTED_MS, key="jobs taken up")
        )

    def _on_changed(self, event: JobChanged) -> None:
        """Renew the row of a job that only got further; load the lists again, soon, where a job began or ended."""
        before = self._reported.get(event.id)
        if event.status in ON:
            self._reported[event.id] = event
        else:
            self._reported.pop(event.id, None)
        self.status_reported.emit(*status_of(self._reported))
        at = next((at for at, view in enumerate(self.active) if view.id == event.id), None)
        is_same = before is not None and before.status is event.status
        if at is not None and is_same and event.status is JobStatus.RUNNING:
            self.active[at] = with_info(self.active[at], event)
            self.changed.emit(self.active[at])
        elif self._shown and not self._soon.isActive():
            self._soon.start()

    def _on_listed(self, views: Sequence[JobView]) -> None:
        ids = {view.id for view in views}
        has_ended = any(view.id not in ids for view in self.active)  # also a job of another instance
        self.active = list(views)
        self._reported = {id: event for id, event in self._reported.items() if id in ids}
        self.status_reported.emit(*status_of(self._reported))
        self.listed.emit()
        if has_ended:
            self._refresh_ended()

    def _on_ended_listed(self, before: list[JobView], limit: int, views: Sequence[JobView]) -> None:
        if before and before is not self.ended:
            return  # the list was reloaded meanwhile
        self.ended, self.has_more = [*before, *views], len(views) == limit
        self.listed.emit()

    def _on_cleared(self, before: float) -> None:
        self.refresh()
        undo = partial(self.do, lambda services: services.jobs.show_again(before))
        words = _("What had ended is off the list. What was made stays where it is.")
        self._bridge.notice_raised.emit(
            Notice(words, action=_("Undo"), on_action=undo, life_ms=REMOVAL_MS, key="jobs cleared")
        )

    def _refresh_active(self) -> None:
        self._bridge.ask(self._bridge.services.jobs.active(), self._on_listed, self._on_not_listed)

    def _refresh_ended(self) -> None:
        self._ask_ended([], max(PAGE, len(self.ended)))

    def _ask_ended(self, before: list[JobView], limit: int) -> None:
        last = (before[-1].updated, before[-1].n) if before else None
        self._bridge.ask(
            self._bridge.services.jobs.ended(before=last, limit=limit),
            partial(self._on_ended_listed, before, limit),
            self._on_not_listed,
        )

    def _on_refused_request(self, problem: Problem) -> None:
        if problem.code != "job.ended":  # the job has just ended, which the list will show
            self._bridge.problem_met.emit(problem)
        self.refresh()

    def _on_not_listed(self, problem: Problem) -> None:
        if problem.code == "store.busy":  # another instance is writing all the time: the next poll may succeed
            QTimer.singleShot(BUSY_MS, self, self._look_again)
        else:
            self.refused.emit(problem)

    def _look_again(self) -> None:
        if self._shown:
            self.refresh()


def with_info(view: JobView, event: JobChanged) -> JobView:
    share = event.share if event.share is not None else view.share
    total = event.total + event.steps_ahead
    done, failed, left = event.done, event.failed, event.left
    return changed(view, done=done, total=total, failed=failed, share=share, left=left, status=event.status)


def status_of(reported: Mapping[str, JobChanged]) -> tuple[str, float]:
    """Return what is being worked on in words, '' for nothing, and the share that is done, from 0 to 1."""
    if not reported:
        return "", 0.0
    running = [event for event in reported.values() if event.status is JobStatus.RUNNING]
    jobs = ngettext("1 job", "{n} jobs", len(reported))
    if not running:
        return _("{jobs} waiting").format(jobs=jobs), 0.0
    shares = [event.share for event in running if event.share is not None]
    share = sum(shares) / len(shares) if shares else 0.0
    times = [event.eta_s for event in running]
    longest = max((time for time in times if time is not None), default=None)
    is_known = longest is not None and None not in times and len(running) == len(reported)
    time = f", {time_for_people(longest)}" if is_known and longest is not None else ""
    return f"{jobs} {share_words(share) if shares else ''}".strip() + time, share
