"""The order in which waiting jobs run: as they were added, unless a person moved them.  On the service thread."""

from __future__ import annotations

from collections.abc import Sequence

from slmdesk.base.records import JobRecord
from slmdesk.base.wire import stored_list
from slmdesk.store import Store


def place_of(job: JobRecord) -> tuple[int, ...]:
    return tuple(stored_list(int, job.settings.get("place"))) or (job.n,)


def moved(ids: Sequence[str], id: str, where: str) -> list[str]:
    """Return the ids with `id` moved earlier (`up`), later (`down`) or to the front (`first`)."""
    order = list(ids)
    if id in order:
        at = order.index(id)
        to = {"up": max(0, at - 1), "down": at + 1, "first": 0}[where]
        order.insert(to, order.pop(at))
    return order


def put_in_order(store: Store, waiting: Sequence[JobRecord], ids: Sequence[str]) -> None:
    """Store the order `ids` for these waiting jobs.  Raises KnownError store.*."""
    jobs = {one.id: one for one in waiting}
    requested = [jobs[id] for id in ids if id in jobs]
    places = sorted(place_of(one) for one in requested)
    for job, place in zip(requested, places, strict=True):
        if place_of(job) != place:
            store.jobs.note(job.id, {"place": list(place)})
