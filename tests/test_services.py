"""Services are made when they are first used, in any order, and closed each before those it uses."""

from __future__ import annotations

import pytest
from fakes.recorder import open_echo

from slmdesk.base.protocol import Cancelled
from slmdesk.services import Services

pytestmark = pytest.mark.process

BEFORE = [
    ("watch", "chats"),
    ("questions", "chats"),
    ("questions", "states"),
    ("collections", "documents"),
    ("downloads", "hub"),
    ("cards", "jobs"),
    ("chats", "loader"),
    ("jobs", "loader"),
    ("measuring", "loader"),
]
MADE = type(vars(Services)["chats"])
NAMES = [name for name, value in vars(Services).items() if isinstance(value, MADE)]


@pytest.mark.parametrize("names", [NAMES, NAMES[::-1]])
def test_all_are_closed_each_before_those_it_uses(home, monkeypatch, names):
    services = open_echo()
    assert vars(services).keys().isdisjoint(names)
    kinds = {name: kind for name in names if hasattr(kind := type(getattr(services, name)), "close")}
    services.close()
    order: list[str] = []
    for name, kind in kinds.items():

        def close(self, name=name, original=kind.close) -> None:
            order.append(name)
            original(self)

        monkeypatch.setattr(kind, "close", close)
    services = open_echo()
    for name in names:
        getattr(services, name)
    services.close()
    assert set(order) == set(kinds)
    assert [pair for pair in BEFORE if order.index(pair[0]) > order.index(pair[1])] == []


def test_a_child_that_is_asked_for_after_the_end_is_not_started(home):
    services = open_echo()
    services.close()
    ends: list[object] = []
    services.reader.start("read", {"path": "", "format": "txt"}, ends.append)
    assert [type(end) for end in ends] == [Cancelled]
    assert services.reader.generation == 0


@pytest.mark.parametrize("end", [Services.close, Services.lock], ids=["close", "lock"])
def test_what_is_asked_for_until_the_end_finds_the_store_open(home, monkeypatch, end):
    services, failed = open_echo(), []
    monkeypatch.setattr(services, "notice", failed.append)
    monkeypatch.setattr(services.service_thread, "_on_error", failed.append)

    def ask() -> None:
        services.store.database.row("select 1")
        services.service_thread.post(ask)

    services.service_thread.post(ask)
    end(services)
    assert failed == []
