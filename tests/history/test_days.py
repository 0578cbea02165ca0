"""Forget a day: its items and documents go for good; what is older or used elsewhere stays, and is counted."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from fakes.contents import contents
from fakes.recorder import result_of

pytestmark = pytest.mark.process

MARKER = "zqquokka"


@pytest.fixture
def services(opened):
    return opened(model=False).services


def do(services, fn):
    return services.service_thread.call(fn)


def made(services, title: str, when: datetime, *, kind: str = "chat", changed: datetime | None = None) -> str:
    def make() -> str:
        item = services.store.items.add(kind, title)
        with services.store.together():
            services.store.database.run(
                "update items set created = ?, updated = ? where id = ?",
                (when.timestamp(), (changed or when).timestamp(), item.id),
            )
        return item.id

    return do(services, make)


def test_a_day_goes_and_the_others_stay(services, home, tmp_path):
    noon = datetime(2026, 5, 4, 12)
    day = noon.date()
    first, last = datetime(2026, 5, 4), datetime(2026, 5, 4, 23, 59, 59)
    gone = {made(services, f"{MARKER} {at}", at) for at in (first, noon, last)}
    gone.add(made(services, "a question", noon, kind="question"))
    trashed = made(services, f"{MARKER} trashed", noon)
    do(services, lambda: services.history.trash(trashed))
    stays = {
        made(services, "before", first - timedelta(seconds=1)), made(services, "after", last + timedelta(seconds=1)),
        made(services, "older", first - timedelta(days=9), changed=noon), made(services, "a space", noon, kind="space"),
    }  # fmt: skip
    for name in ("only", "shared", "unused"):
        (tmp_path / f"{name}.txt").write_text(f"{MARKER} of {name}")
    documents = {
        name: result_of(services, lambda name=name: services.documents.open(tmp_path / f"{name}.txt")).id
        for name in ("only", "shared", "unused")
    }
    (older,) = [
        stay
        for stay in stays
        if do(services, lambda identifier=stay: services.history.item(identifier)).title == "older"
    ]

    def link() -> None:
        services.store.documents.link(next(iter(gone)), [documents["only"], documents["shared"]])
        services.store.documents.link(older, [documents["shared"]])
        services.store.database.run(
            "update documents set added = ? where id = ?", (noon.timestamp(), documents["unused"])
        )

    do(services, link)
    assert day in do(services, services.retention.days)
    seen = do(services, lambda: services.retention.content_of(day))
    assert set(seen.ids) == gone | {trashed}
    assert dict(seen.counts) == {"chat": 4, "question": 1}
    assert seen.older == 1
    assert set(seen.documents) == {documents["only"], documents["unused"]}
    assert result_of(services, lambda: services.retention.forget_day(day)) == seen
    left = {record.id for deleted in (False, True) for record in do(
        services, lambda deleted=deleted: services.history.items(None, deleted=deleted))}  # fmt: skip
    assert left == stays
    assert [document.name for document in do(services, lambda: services.documents.recent())] == ["shared.txt"]
    assert not [path for path, held in contents(home) if f"{MARKER} of only".encode() in held]
    again = do(services, lambda: services.retention.content_of(day))
    assert again.is_empty
    assert again.older == 1
