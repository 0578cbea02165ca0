"""Basics of jobs: kinds, events, labels, and the estimate of the time left from the steps done."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping

from slmdesk.base.record import Record
from slmdesk.base.records import KINDS as ITEM_KINDS
from slmdesk.base.records import JobRecord, JobStatus, title_words
from slmdesk.base.runtime.events import Event
from slmdesk.base.runtime.messages import Problem, bytes_for_people, rough_minutes, time_for_people
from slmdesk.base.texts import _, ngettext

RUNNERS = DOWNLOAD, FOLDER = "download", "index"
"""Kinds of jobs that have their own runner and need no engine. A download counts bytes instead of steps."""
EXAMPLES = "examples"
GONE = ("exam", "pair_exam")
"""Kinds of jobs of earlier versions. What is left of them is ended without a word."""
KINDS = {
    "download": _("Download"),
    "examples": _("Examples"),
    "versions": _("Comparison"),
    "index": _("Folder"),
    **{kind: ITEM_KINDS[kind][0].capitalize() for kind in ("summary", "question", "extraction", "translation")},
}


class JobChanged(Event):
    """Progress or status of a job. Published after each step and each change of status.

    A download is a job too, and counts bytes instead of steps.
    """

    id: str
    kind: str
    status: JobStatus
    done: int
    """Number of ended steps, including failed ones."""
    total: int
    eta_s: float | None = None
    failed: int = 0
    title: str = ""
    problem: Problem | None = None
    share: float | None = None
    """Finished part of all work, 0 to 1, where likely later steps count as work. None while unknown."""
    eta_low_s: float | None = None
    eta_high_s: float | None = None
    steps_ahead: int = 0
    """Number of steps that will probably be added beyond `total`."""

    @property
    def left(self) -> Remaining | None:
        if self.eta_s is None:
            return None
        low = self.eta_s if self.eta_low_s is None else self.eta_low_s
        return Remaining(self.eta_s, low, self.eta_s if self.eta_high_s is None else self.eta_high_s)


READ_SHARE = 0.8
"""Part of a step's work that is done once its prompt is read. Assumed until answers were measured."""
WRITTEN_COST = 4.0
"""Cost of a generated token compared with a prompt token. A rough value, as many tokens are generated side by side."""
FIRST_S = 1.0
"""Seconds of a batch from which on its price is believed, if fewer steps have ended."""
FIRST_SHARE = 0.25
"""Part of a step from which on its price is believed, so that a time is told while the second one is read."""
SURE_SHARE = 0.08
"""Finished part of all work from which on an estimate is shown without a range."""
SPREAD = 1.6
FOLLOW_S, FOLLOW_SHARE = 2.0, 0.03
"""The shown end moves to a new estimate over this many seconds, or this share of the time left, so it never jumps."""
ENOUGH_S, ENOUGH_STEPS = 3.0, 4


class ExpectedBatch(Record):
    name: str
    steps: int
    cost: float
    is_sure: bool = True
    """False when the batch may turn out to be unnecessary."""


class Remaining(Record):
    """Estimated seconds until the end, with a lower and an upper bound."""

    best: float
    low: float
    high: float

    @property
    def is_sure(self) -> bool:
        return self.low == self.high


class TimeLeft:
    """Tracks the progress of a job and estimates its time left. `known` holds prices by batch name from earlier jobs
    (seconds per unit of cost).

    For a single thread. Work is counted in units of cost, roughly tokens. The price of a batch is measured in this run,
    or else taken from earlier jobs of the same kind and model, or else assumed to equal that of the batches before.
    """

    def __init__(self, known: Mapping[str, float], clock: Callable[[], float] = time.monotonic) -> None:
        self._known, self._clock = dict(known), clock
        self.name, self._cost, self._open = "", 1.0, 0
        self._ahead: tuple[ExpectedBatch, ...] = ()
        self._read: dict[str, float] = {}
        """Unfinished step -> the share of its prompt that is read."""
        self._read_share = READ_SHARE
        self._work, self._seen = 0.0, 0
        """Work in this batch's ended steps (tokens read + generated * WRITTEN_COST), and the number of those steps."""
        self._saved = 0
        self._mark: tuple[float, float] | None = None
        """When the measure of this batch began, and the steps done by then. The first step is slow: it is left out."""
        self._is_running = self._has_batch = False
        self._done_cost, self._before = 0.0, {}  # type: float, dict[str, tuple[float, float]]
        self._end: float | None = None
        self._said = 0.0
        self._share = 0.0
        self.steps_done = 0

    def take_up(self, steps: int, cost: float, share: float) -> None:
        self.steps_done, self._done_cost, self._share = steps, cost, share

    def begin_batch(
        self, name: str, cost: float, *, done: int, left: int, ahead: tuple[ExpectedBatch, ...] = ()
    ) -> None:
        self._close_measure()
        goes_on = self._is_running and name == self.name
        if name != self.name:
            self._read_share, self._work, self._seen = READ_SHARE, 0.0, 0
        self._done_cost += done * cost
        self.steps_done += done
        self.name, self._cost, self._open, self._ahead = name, max(cost, 1e-9), left, ahead
        self._has_batch = True
        self.go()
        self._mark = (self._clock(), 0.0) if goes_on else None

    def go(self) -> None:
        self._close_measure()
        self._read.clear()
        self._is_running = True

    def stop(self) -> None:
        self._close_measure()
        self._read.clear()
        self._is_running, self._end = False, None

    def read(self, key: str, done: int, total: int) -> None:
        self._read[key] = min(1.0, done / total) if total > 0 else 0.0
        self._begin_measure()

    def step(self, key: str, prompt_tokens: int = 0, output_tokens: int = 0) -> None:
        self._read.pop(key, None)
        self._saved += 1
        self.steps_done += 1
        self._open = max(0, self._open - 1)
        self._done_cost += self._cost
        if prompt_tokens + output_tokens > 0:
            work = prompt_tokens + WRITTEN_COST * output_tokens
            self._work, self._seen = self._work + work, self._seen + 1
            seen = prompt_tokens / work
            self._read_share += (seen - self._read_share) / min(self._saved, 10)
        self._begin_measure()

    def left(self) -> Remaining | None:
        price = self._price()
        if price is None or not self._is_running:
            return None
        scale = price / self._known[self.name] if self._known.get(self.name) else 1.0
        rest = max(0.0, self._open - self._half_done()) * self._cost * price
        sure = unsure = may_be = 0.0
        for batch in self._ahead:
            seconds, is_known = self._seconds(batch, price, scale)
            if not batch.is_sure:
                may_be += seconds
            elif is_known:
                sure += seconds
            else:
                unsure += seconds
        best = self._followed(rest + sure + unsure + may_be / 2)
        is_early = self._measured_share() < SURE_SHARE and self.name not in self._known
        low = best / SPREAD if is_early else best - unsure / 3
        high = best * SPREAD if is_early else best + unsure / 2
        low, high = max(0.0, min(low, best - may_be / 2)), max(high, best + may_be / 2)
        return Remaining(best, best, best) if high - low < 0.3 * best else Remaining(best, low, high)

    @property
    def share(self) -> float:
        """Return the finished part of all known work, 0 to 1. The value never decreases.

        Before the first batch this is the value stored last, because the total is not known yet.
        """
        if not self._has_batch:
            return self._share
        done = self._done_cost + self._half_done() * self._cost
        ahead = sum(batch.steps * batch.cost for batch in self._ahead if batch.is_sure)
        total = self._done_cost + self._open * self._cost + ahead
        self._share = max(self._share, min(1.0, done / total) if total > 0 else 0.0)
        return self._share

    @property
    def done_cost(self) -> float:
        return self._done_cost

    def measured(self) -> dict[str, float]:
        self._close_measure()
        return {name: seconds / cost for name, (seconds, cost) in self._before.items() if seconds >= ENOUGH_S}

    def _half_done(self) -> float:
        return sum(self._read.values()) * self._read_share

    def _price(self) -> float | None:
        """Return the price of this batch in seconds per unit of cost, or None while unknown."""
        seconds, cost = self._measure()
        known = self._known.get(self.name)
        if cost < FIRST_SHARE * self._cost or (seconds < FIRST_S and self._saved < ENOUGH_STEPS):
            return known if known is not None else self._price_before()
        now = seconds / cost
        if known is None:
            return now
        trust = min(1.0, cost / self._cost / ENOUGH_STEPS)  # earlier prices keep some weight for the first steps
        return trust * now + (1 - trust) * known

    def _price_before(self) -> float | None:
        cost = sum(cost for __, cost in self._before.values())
        return sum(seconds for seconds, __ in self._before.values()) / cost if cost else None

    def _seconds(self, batch: ExpectedBatch, price: float, scale: float) -> tuple[float, bool]:
        """Return the estimated seconds of a later batch, and whether its price was measured."""
        here = self._before.get(batch.name)
        if batch.name == self.name or (here and here[1]):
            price = price if batch.name == self.name or not here else here[0] / here[1]
            return batch.steps * batch.cost * price, True
        known = self._known.get(batch.name)
        if known is None and self._seen and self._cost > 1.0:  # measured work instead of the guess
            price *= self._cost / max(self._cost, self._work / self._seen)
        return batch.steps * batch.cost * (price if known is None else known * scale), known is not None

    def _measured_share(self) -> float:
        cost = (self._saved + self._half_done()) * self._cost + sum(cost for __, cost in self._before.values())
        ahead = sum(batch.steps * batch.cost for batch in self._ahead)
        total = cost + max(0.0, self._open - self._half_done()) * self._cost + ahead
        return cost / total if total else 0.0

    def _followed(self, best: float) -> float:
        now = self._clock()
        end = now + best
        if self._end is not None:
            slowly = max(FOLLOW_S, FOLLOW_SHARE * best)
            end = self._end + (1 - math.exp((self._said - now) / slowly)) * (end - self._end)
        self._end, self._said = max(end, now), now
        return self._end - now

    def _begin_measure(self) -> None:
        if self._mark is None and (done := self._saved + self._half_done()) >= 1:
            self._mark = (self._clock(), done)

    def _measure(self) -> tuple[float, float]:
        """Return the seconds and the cost of what was done of batches of this name, but for their first step."""
        seconds, cost = self._before.get(self.name, (0.0, 0.0))
        if self._mark is not None and self._is_running:
            began, done = self._mark
            seconds += self._clock() - began
            cost += max(0.0, self._saved + self._half_done() - done) * self._cost
        return seconds, cost

    def _close_measure(self) -> None:
        if (measured := self._measure())[1]:
            self._before[self.name] = measured
        self._mark, self._saved = None, 0


def kind_words(kind: str) -> str:
    return KINDS.get(kind) or kind.replace("_", " ").replace("-", " ").strip()[:40].capitalize() or _("Work")


def job_title(kind: str, title: str) -> str:
    """Return the title as people name the thing: of a download the model instead of its address."""
    if kind != DOWNLOAD:
        return title_words(title)
    from slmdesk.models.gguf.quantization import plain_name  # imported late: the window starts without it

    return plain_name(title)


def name_words(kind: str, title: str) -> str:
    title = job_title(kind, title)
    if kind == "examples":
        return _("Trying the examples of {title}").format(title=title)
    if kind == "index":
        return _("Reading the folder {title}").format(title=title)
    return f"{kind_words(kind)}: {title}"


def left_words(left: Remaining | None) -> str:
    if left is None:
        return ""
    if left.is_sure:
        return _("{time} left").format(time=time_for_people(left.best))
    low, high = rough_minutes(left.low), rough_minutes(left.high)
    if high <= 1:
        return _("about a minute left")
    if low >= high:
        return _("about {minutes} left").format(minutes=time_for_people(left.high))
    least = str(low) if high < 60 else time_for_people(60 * low)
    return _("{low} to {minutes} left").format(low=least, minutes=time_for_people(left.high))


def done_words(kind: str, done: int, total: int, *, is_about: bool = False) -> str:
    if not total:
        return ""
    if kind == DOWNLOAD:
        return _("{size} of {size2}").format(size=bytes_for_people(done), size2=bytes_for_people(total))
    return ngettext(
        "{done:,} of {what}{n:,} step",
        "{done:,} of {what}{n:,} steps",
        total,
        done=done,
        what=_("about ") if is_about else "",
    )


def standing_words(kind: str, share: float | None, done: int, total: int) -> str:
    """Say how far a job is, everywhere in the same measure: a step counts as one only once it has ended, but of the
    work much may be done by then.
    """
    return share_words(share or None) or done_words(kind, done, total)


def share_words(share: float | None) -> str:
    """Format a share as a percentage, rounded down, so that only finished work shows 100 %."""
    return "" if share is None else f"{int(share * 100)} %"


def bytes_of(job: JobRecord) -> tuple[int, int]:
    """Return (bytes downloaded, bytes in total); 0 while the total is unknown."""
    return number_in(job.settings, "bytes"), number_in(job.settings, "total")


def eta_of(job: JobRecord) -> float | None:
    """Return the seconds left of a download, as last recorded by the instance that runs it. None if none runs it."""
    speed, (done, total) = number_in(job.settings, "speed"), bytes_of(job)
    return (total - done) / speed if job.status is JobStatus.RUNNING and speed and total else None


def number_in(about: object, key: str) -> int:
    value = about.get(key) if hasattr(about, "get") else None
    return value if type(value) is int and value >= 0 else 0
