"""A store in a home of its own, instances in processes of their own, and a little history."""

from __future__ import annotations

import secrets
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from slmdesk.core.records import Status
from slmdesk.core.types import Role, TextPart
from slmdesk.paths import Paths, find_paths
from slmdesk.store import Store, open_store

CHILD = Path(__file__).with_name("child.py")


@pytest.fixture
def paths(home: Path) -> Paths:
    """The folders of this test."""
    return find_paths(home)


@pytest.fixture
def store(paths: Paths) -> Iterator[Store]:
    """A new store, closed at the end."""
    opened = open_store(paths, instance_id="test")
    assert opened.notices == ()
    yield opened.store
    opened.store.close()


@pytest.fixture
def child() -> Iterator[Callable[..., subprocess.Popen]]:
    """Starts instances in processes of their own; none is left behind."""
    running: list[subprocess.Popen] = []

    def start(*args: object, before: tuple[str, ...] = (), **environment: str) -> subprocess.Popen:
        import os

        process = subprocess.Popen(
            [*before, sys.executable, str(CHILD), *map(str, args)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            text=True, env=os.environ | environment,
        )  # fmt: skip
        running.append(process)
        return process

    yield start
    for process in running:
        process.kill()
        process.communicate()


def add_older(store: Store, kind: str, title: str, *, settings: str = "{}") -> str:
    """An item of a history from before there was an archive; its id."""
    id, now = secrets.token_hex(8), time.time()
    with store.together():
        store.database.run(
            "insert into items (id, kind, title, pinned, created, updated, revision, settings)"
            " values (?, ?, ?, 0, ?, ?, 1, ?)",
            (id, kind, title, now, now, settings),
        )
    return id


def say(store: Store, item: str, text: str, *, parent: str | None = None) -> str:
    """A person's message; its id."""
    return store.messages.add(item, parent=parent, role=Role.USER, parts=[TextPart(text)], status=Status.COMPLETE).id


@pytest.fixture
def some_history(paths: Paths) -> dict[str, str]:
    """A closed store with 6 chats of 30 messages, some of several pages; message id → its words."""
    store = open_store(paths, instance_id="history").store
    words: dict[str, str] = {}
    for chat in range(6):
        item, parent = store.items.add("chat", f"Chat {chat}").id, None
        for number in range(30):
            text = f"hello {chat} {number} " + "some longer words " * (400 if number % 7 == 0 else 3)
            parent = say(store, item, text, parent=parent)
            words[parent] = text
    store.close()
    return words


def integrity(paths: Paths) -> list[str]:
    """SQLite's own full check, on a connection of the test's."""
    import sqlite3
    from contextlib import closing

    with closing(sqlite3.connect(paths.database)) as conn:
        found = [row[0] for row in conn.execute("PRAGMA integrity_check")]
        for index in ("words", "titles"):
            conn.execute(f"insert into {index} ({index}) values ('integrity-check')")
        return found + [str(row) for row in conn.execute("PRAGMA foreign_key_check")]
