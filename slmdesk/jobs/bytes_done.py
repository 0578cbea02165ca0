"""Progress of jobs that count bytes instead of steps (downloads)."""

from __future__ import annotations

from slmdesk.base.records import JobRecord, JobStatus


def bytes_of(job: JobRecord) -> tuple[int, int]:
    """Return (bytes downloaded, bytes in total); 0 while the total is unknown."""
    return number_in(job.settings, "bytes"), number_in(job.settings, "total")


def eta_of(job: JobRecord) -> float | None:
    """Return the seconds left, as last recorded by the instance that runs the job; None when it does not run."""
    speed, (done, total) = number_in(job.settings, "speed"), bytes_of(job)
    return (total - done) / speed if job.status is JobStatus.RUNNING and speed and total else None


def number_in(about: object, key: str) -> int:
    value = about.get(key) if hasattr(about, "get") else None
    return value if type(value) is int and value >= 0 else 0
