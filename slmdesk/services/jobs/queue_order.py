"""In which order jobs take their turns: as they came, unless a person has moved them.  On the service thread."""

from __future__ import annotations

from collections.abc import Sequence

from slmdesk.core.records import JobRecord
from slmdesk.store import Store

WAYS = ("up", "down", "first")


def place_of(job: JobRecord) -> tuple[int, ...]:
    """What the queue is sorted by."""
    place = job.settings.get("place")
    return tuple(int(one) for one in place if isinstance(one, int)) if isinstance(place, list | tuple) else (job.n,)


def moved(ids: Sequence[str], id: str, where: str) -> list[str]:
    """The same ids with one of them earlier (`up`), later (`down`) or `first`."""
    order = list(ids)
    if id in order:
        at = order.index(id)
        to = {"up": max(0, at - 1), "down": at + 1, "first": 0}[where]
        order.insert(to, order.pop(at))
    return order


def put_in_order(store: Store, waiting: Sequence[JobRecord], ids: Sequence[str]) -> None:
    """Have these of those that wait take their turns in this order.  Raises KnownError store.*."""
    jobs = {one.id: one for one in waiting}
    requested = [jobs[id] for id in ids if id in jobs]
    places = sorted(place_of(one) for one in requested)
    for job, place in zip(requested, places, strict=True):
        if place_of(job) != place:
            store.note_job(job.id, {"place": list(place)})
