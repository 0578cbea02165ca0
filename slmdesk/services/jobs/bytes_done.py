"""How far a job is that counts bytes: a download."""

from __future__ import annotations

from slmdesk.core.records import JobRecord, JobStatus


def bytes_of(job: JobRecord) -> tuple[int, int]:
    """Bytes that have come, and all; 0 while that is not known."""
    return number_in(job.settings, "bytes"), number_in(job.settings, "total")


def eta_of(job: JobRecord) -> float | None:
    """Seconds that are left, by what its instance noted last; None for one that does not run."""
    speed, (done, total) = number_in(job.settings, "speed"), bytes_of(job)
    return (total - done) / speed if job.status is JobStatus.RUNNING and speed and total else None


def number_in(about: object, key: str) -> int:
    """A whole number of at least 0 out of untrusted settings, else 0."""
    value = about.get(key) if hasattr(about, "get") else None
    return value if type(value) is int and value >= 0 else 0
