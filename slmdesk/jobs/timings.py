"""Connects the arithmetic of `time_left` to what is stored about a job's time.  On the service thread.

Prices of batches are stored as measurements of this PC; the newest estimate is stored with the job, for other instances
and for the next start.
"""

from __future__ import annotations

import time
from contextlib import suppress

from slmdesk.base.errors import KnownError
from slmdesk.base.record import Record
from slmdesk.base.records import JobRecord, JobStatus
from slmdesk.base.types import Json
from slmdesk.base.wire import stored_from, stored_list
from slmdesk.jobs.plan import Batch
from slmdesk.jobs.time_left import ExpectedBatch, Remaining, TimeLeft
from slmdesk.store import Store

NOTE = "pace"
PRICE = "job pace"


class JobTimes:
    def __init__(self, store: Store, job: JobRecord) -> None:
        self._store = store
        self._prefix = f"{PRICE} {job.model_sha256} {job.kind} "
        known = {
            one.key.removeprefix(self._prefix): price
            for one in store.measurements.all(self._prefix)
            if (price := stored_from(float, one.value.get("s"))) is not None and price > 0
        }
        self._reported = TimeLeft(known)
        self._before = stored_from(dict, job.settings.get(NOTE)) or {}
        self._cost, self._ahead = 1.0, ()  # type: float, tuple[ExpectedBatch, ...]
        self._go_on(job.done + job.failed)
        self.read, self.step, self.go, self.stop = (
            self._reported.read,
            self._reported.step,
            self._reported.go,
            self._reported.stop,
        )
        self.left = self._reported.left

    def _go_on(self, done: int) -> None:
        """Continue from the stored progress, unless failed steps are tried again and less is done than it says."""
        steps, cost, share = (stored_from(float, self._before.get(key)) for key in ("done", "done_cost", "share"))
        if steps is not None and cost is not None and share is not None and 0 < steps <= done and cost >= 0:
            self._reported.take_up(int(steps), cost, min(1.0, max(0.0, share)))

    def begin_all(self, done: int, total: int) -> None:
        """Start with the steps that existed before this run; for a planned job, their batch if it was stored."""
        cost = stored_from(float, self._before.get("cost")) or 1.0
        ahead = stored_list(tuple[str, int, float, bool], self._before.get("ahead"))
        expected = tuple(ExpectedBatch(*one) for one in ahead)
        self._begin(str(self._before.get("wave") or ""), cost, done, total - done, expected)

    def begin_batch(self, batch: Batch | None, done: int, left: int) -> None:
        """Start a batch of a plan; `done` counts all ended steps of the job, those of earlier runs included."""
        if batch is not None:
            ahead = batch.ahead
            if not ahead and batch.later:
                ahead = (ExpectedBatch("", 1, batch.later),)  # so much is known, but not in how many steps
            self._begin(batch.name, batch.cost, done, left, ahead)

    def _begin(self, name: str, cost: float, done: int, left: int, ahead: tuple[ExpectedBatch, ...]) -> None:
        self._cost, self._ahead = cost, ahead
        new = max(0, done - self._reported.steps_done)  # a plan that begins anew asks for what is counted already
        self._reported.begin_batch(name, cost, done=new, left=left, ahead=ahead)

    @property
    def share(self) -> float:
        return self._reported.share

    @property
    def steps_ahead(self) -> int:
        return sum(one.steps for one in self._ahead if one.is_sure and one.name)

    def keep(self) -> None:
        for name, price in self._reported.measured().items():
            with suppress(KnownError):  # a full disk: the next run measures again
                self._store.measurements.keep(self._prefix + name, {"s": price})

    def note(self) -> dict[str, Json]:
        left = self.left()
        ahead: list[Json] = [[one.name, one.steps, one.cost, one.is_sure] for one in self._ahead]
        reported: dict[str, Json] = {"wave": self._reported.name, "cost": self._cost, "ahead": ahead}
        reported |= {"done": self._reported.steps_done, "done_cost": self._reported.done_cost}
        reported |= {"share": round(self.share, 4), "at": time.time(), "steps_ahead": self.steps_ahead}
        return {NOTE: reported | ({"left": [left.best, left.low, left.high]} if left else {})}


class RecordedTimes(Record):
    share: float | None = None
    left: Remaining | None = None
    steps_ahead: int = 0


def noted_of(job: JobRecord) -> RecordedTimes:
    """Return what a job's row says about its time; the time left only while it runs."""
    found = stored_from(dict, job.settings.get(NOTE)) or {}
    share, at, ahead = (stored_from(float, found.get(key)) for key in ("share", "at", "steps_ahead"))
    shown = None if share is None else min(1.0, max(0.0, share))
    numbers = stored_from(tuple[float, float, float], found.get("left"))
    left = None
    if job.status is JobStatus.RUNNING and at is not None and numbers is not None:
        passed = max(0.0, time.time() - at)
        left = Remaining(*(max(0.0, one - passed) for one in numbers))
    return RecordedTimes(shown, left, int(ahead or 0))
