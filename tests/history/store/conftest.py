"""A store in a home of its own, instances in processes of their own, and a little history."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from history.store.child import KEYRING, key_of, open_either

from slmdesk.base.paths import Paths, find_paths, make_folders
from slmdesk.base.records import Status
from slmdesk.base.types import Role, TextPart
from slmdesk.history.store import DataKey, KeyFile, Store, new_data_key
from slmdesk.history.store.backup import source_of
from slmdesk.history.store.database import connect
from slmdesk.history.store.file import HEADER_BYTES, PAGE_BYTES, RESERVED_BYTES, CipherPages
from slmdesk.history.store.keys import keys_beside, write_keys

CHILD = Path(__file__).with_name("child.py")


@pytest.fixture
def paths(home: Path) -> Paths:
    """The folders of this test."""
    return find_paths(home)


def give_keys(paths: Paths) -> None:
    """Have the history that is begun in a new home be encrypted."""
    key = new_data_key()
    make_folders(paths)
    write_keys(paths, KeyFile().with_keyring(key, KEYRING))


@pytest.fixture(params=["plain", "encrypted"])
def kind(request: pytest.FixtureRequest, paths: Paths) -> str:
    """A test with the history as it is, and once more with an encrypted one.  To be named before `store`."""
    if request.param == "encrypted":
        give_keys(paths)
    return request.param


KINDS_IN_SOAK = pytest.mark.parametrize(
    "kind", ["plain", pytest.param("encrypted", marks=pytest.mark.soak)], indirect=True
)
"""For a test of what the store does above its driver: with an encrypted history in `make soak` alone."""


@pytest.fixture
def store(paths: Paths) -> Iterator[Store]:
    """A new store, closed at the end."""
    opened = open_either(paths, "test")
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


def say(store: Store, item: str, text: str, *, parent: str | None = None) -> str:
    """A person's message; its id."""
    return store.messages.add(item, parent=parent, role=Role.USER, parts=[TextPart(text)], status=Status.COMPLETE).id


@pytest.fixture
def some_history(paths: Paths) -> dict[str, str]:
    """A closed store with 6 chats of 30 messages, some of several pages; message id → its words."""
    store = open_either(paths, "history").store
    words: dict[str, str] = {}
    with store.together():
        for chat in range(6):
            item, parent = store.items.add("chat", f"Chat {chat}").id, None
            for number in range(30):
                text = f"hello {chat} {number} " + "some longer words " * (400 if number % 7 == 0 else 3)
                parent = say(store, item, text, parent=parent)
                words[parent] = text
    store.close()
    return words


def set_aside(paths: Paths) -> Path:
    """Put the history aside, as what a start cannot read is put; the next one begins anew."""
    aside = paths.database.with_name("slmdesk.damaged-20260101-000000.sqlite3")
    paths.database.rename(aside)
    if paths.keys_file.exists():
        keys_beside(aside).write_bytes(paths.keys_file.read_bytes())
    return aside


def decrypted(key: DataKey, number: int, page: bytes) -> bytes:
    """A page's content without its reserved bytes."""
    start, end = HEADER_BYTES if number == 1 else 0, PAGE_BYTES - RESERVED_BYTES
    cipher = Cipher(algorithms.AES(key.database()[0]), modes.CBC(page[end : end + 16]))
    decryptor = cipher.decryptor()
    return page[:start] + decryptor.update(page[start:end]) + decryptor.finalize()


def readable(path: Path, key: DataKey | None) -> bytes:
    """A file's bytes; of an encrypted history or backup its pages decrypted, unused ones too."""
    data = path.read_bytes()
    if key is None or not (source := source_of(path)).is_encrypted:
        return data
    pages, read = CipherPages(key), []
    for number, at in enumerate(range(source.offset, source.end, PAGE_BYTES), 1):
        page = data[at : at + PAGE_BYTES]
        assert pages.is_whole(number, page), f"page {number} cannot be read"
        read.append(decrypted(key, number, page))
    return data[: source.offset] + b"".join(read) + data[source.end :]


def integrity(paths: Paths) -> list[str]:
    """SQLite's own full check, on a connection of the test's; of an encrypted history each page's seal as well."""
    key = key_of(paths)
    with closing(connect(paths.database, key=key)) as conn:
        faults = [row[0] for row in conn.execute("PRAGMA integrity_check")]
        for index in ("words", "titles"):
            conn.execute(f"insert into {index} ({index}) values ('integrity-check')")
        if key is not None:
            faults += [row[0] for row in conn.execute("PRAGMA cipher_integrity_check")]
        return faults + [str(tuple(row)) for row in conn.execute("PRAGMA foreign_key_check")]
