"""Events of jobs."""

from __future__ import annotations

from dataclasses import dataclass

from slmdesk.core.records import JobStatus
from slmdesk.services.base.events import Event, Problem


@dataclass(frozen=True, slots=True)
class JobChanged(Event):
    """How a job is: after each step, and at each change of its status.  A download is one too, and counts bytes."""

    id: str
    kind: str
    status: JobStatus
    done: int
    """Steps with a result, or failed."""
    total: int
    eta_s: float | None = None
    """None while it is not known."""
    failed: int = 0
    title: str = ""
    problem: Problem | None = None
    """Why it was paused, or failed."""
    share: float | None = None
    """Of all its work, 0 to 1, what is likely to come included; None: not known."""
    eta_low_s: float | None = None
    eta_high_s: float | None = None
    """The same as `eta_s` where that is sure, else between which it lies."""
    steps_ahead: int = 0
    """Steps that are likely to come, beyond `total`."""
