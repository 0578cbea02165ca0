"""Events of jobs."""

from __future__ import annotations

from slmdesk.base.records import JobStatus
from slmdesk.runtime.events import Event, Problem


class JobChanged(Event):
    """Progress or status of a job: published after each step and each change of status.

    A download is a job too, and counts bytes.
    """

    id: str
    kind: str
    status: JobStatus
    done: int
    """Steps that have ended, failed ones included."""
    total: int
    eta_s: float | None = None
    failed: int = 0
    title: str = ""
    problem: Problem | None = None
    share: float | None = None
    """Share of all its work, likely later steps included, 0 to 1; None while unknown."""
    eta_low_s: float | None = None
    eta_high_s: float | None = None
    steps_ahead: int = 0
    """Steps that will probably be added, beyond `total`."""
