"""A desk in a process of its own, for tests that kill it: child.py COMMAND HOME ARGS…"""

from __future__ import annotations

import os
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path

from slmdesk.base.errors import KnownError
from slmdesk.base.paths import Paths, find_paths
from slmdesk.base.records import AnswerEnding, Status
from slmdesk.base.settings import SettingsFile
from slmdesk.base.types import Role, TextPart
from slmdesk.history.privacy.opening import follow_key
from slmdesk.history.store import Cost, DataKey, KeyFile, new_data_key, open_store, unlock, unlock_with, wants_key
from slmdesk.history.store.database import FileLock
from slmdesk.history.store.opening import STEPS, OpenedStore
from slmdesk.tasks.writing.spelling.own_words import OwnWords

KEYRING = bytes(range(32))
"""What opens the encrypted histories of these tests."""


def key_of(paths: Paths) -> DataKey | None:
    """The key of a test's history; None for a plain one."""
    return unlock_with(paths, "keyring", KEYRING) if wants_key(paths) else None


def open_either(paths: Paths, name: str, **more) -> OpenedStore:
    """A test's history, plain or encrypted."""
    return open_store(paths, instance_id=name, key=key_of(paths), **more)


def say(line: str) -> None:
    """One write, so that a reader of the pipe or a trace sees whole lines."""
    os.write(1, (line + "\n").encode())


def write_for_ever(home: str, name: str) -> None:
    """Messages and growing answers, each told after its commit."""
    store = open_either(find_paths(Path(home)), name).store
    chat = store.items.page()[0] if store.items.page() else store.items.add("chat", "one")
    say("ready")
    number = 0
    while True:
        number += 1
        text = f"{name} message {number} " + "with some more words " * (number % 40)
        store.messages.add(chat.id, parent=None, role=Role.USER, parts=[TextPart(text)], status=Status.COMPLETE)
        say(f"committed {number}")
        answer = store.messages.add(chat.id, parent=None, role=Role.ASSISTANT, status=Status.STREAMING)
        grown = ""
        for word in range(5):
            grown += f"word{word} " * (1 + number % 100)
            if store.messages.grow(answer.id, grown):
                say(f"grown {answer.id} {len(grown)}")
        store.messages.end(answer.id, grown, AnswerEnding(Status.COMPLETE))
        say(f"ended {answer.id} {len(grown)}")


def write_some(home: str, name: str, count: str) -> None:
    """`count` messages beside another instance that does the same."""
    store = open_either(find_paths(Path(home)), name).store
    chat = store.items.add("chat", name)
    say("ready")
    sys.stdin.readline()
    for number in range(int(count)):
        text = f"{name} {number}"
        store.messages.add(chat.id, parent=None, role=Role.USER, parts=[TextPart(text)], status=Status.COMPLETE)
    store.close()


def start(home: str, name: str) -> None:
    """Open, say so, wait for the word, close.  PATIENCE_S: how long others are waited for, on a busy PC."""
    if patience := os.environ.get("PATIENCE_S"):
        FileLock.share.__kwdefaults__["wait_s"] = float(patience)
    opened = open_either(find_paths(Path(home)), name)
    codes = ",".join(notice.code for notice in opened.notices) or "-"
    say(f"opened {int(opened.read_only)} {len(opened.store.items.page())} {codes}")
    sys.stdin.readline()
    opened.store.close()


def m002_more(db) -> None:
    """A step as later ones will be: a column, a table rebuilt, rows moved.  Killed before its statement number N."""
    left = int(os.environ.get("KILL_AT", "0"))

    def count(statement: str) -> None:
        nonlocal left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    if left:
        db.conn.set_trace_callback(count)
    db.conn.execute("alter table items add column colour text")
    db.conn.execute("update items set colour = 'red'")
    db.table("extra").create({"id": int, "text": str}, pk="id")
    for number in range(5):
        db.table("extra").insert({"id": number, "text": "x" * 5000})
    db.table("extra").transform(rename={"text": "words"})


def migrate(home: str) -> None:
    """Open with one step more, which may be killed."""
    opened = open_either(find_paths(Path(home)), "d", steps=(*STEPS, m002_more))
    say("migrated")
    opened.store.close()


def fill(home: str, limit: str) -> None:
    """Write until the disk is full, say what was committed; then, with the word that there is room, once more."""
    if int(limit):
        import resource

        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (int(limit), resource.RLIM_INFINITY))
    store = open_either(find_paths(Path(home)), "d").store
    chat = store.items.add("chat", "one")
    code = ""
    number = 0
    while not code:
        try:
            part = TextPart(f"{number} " + "filling words " * 200)
            store.messages.add(chat.id, parent=None, role=Role.USER, parts=[part], status=Status.COMPLETE)
            number += 1
        except KnownError as known:
            code = known.code
    readable = len(store.messages.of_item(chat.id))
    beside = open_either(find_paths(Path(home)), "e")  # a start on a full disk
    codes = ",".join(notice.code for notice in beside.notices) or "-"
    say(f"full {code} {number} {readable} {len(beside.store.messages.of_item(chat.id))} {codes}")
    beside.store.close()
    sys.stdin.readline()
    (Path(home) / "filler").unlink(missing_ok=True)
    if int(limit):
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    store.messages.add(chat.id, parent=None, role=Role.USER, parts=[TextPart("after")], status=Status.COMPLETE)
    say(f"after {len(store.messages.of_item(chat.id))}")
    store.close()


def hold(home: str) -> None:
    """Another program that holds the database's lock."""
    import sqlite3

    conn = sqlite3.connect(find_paths(Path(home)).database, isolation_level=None)
    conn.execute("BEGIN EXCLUSIVE")
    say("held")
    sys.stdin.readline()


def read_only(home: str) -> None:
    """What a person can do with a history that cannot be written."""
    started = time.monotonic()
    opened = open_either(find_paths(Path(home)), "d")
    codes = [notice.code for notice in opened.notices]
    try:
        opened.store.items.add("chat", "x")
        refused = "no"
    except KnownError as known:
        refused = known.code
    count = len(opened.store.index.search("hello"))
    say(f"{opened.read_only} {codes} {refused} {count} {time.monotonic() - started < 5}")
    opened.store.close()


def leave_hot(home: str, keyring: str, marker: str) -> None:
    """Commit much text, change all of it in a transaction larger than the cache, be killed: the journal stays hot."""
    paths = find_paths(Path(home))
    key = unlock_with(paths, "keyring", bytes.fromhex(keyring)) if keyring else None
    store = open_store(paths, instance_id="hot", key=key).store
    item = store.items.page()[0].id
    for number in range(40):
        text = f"{marker} {number} " + f"{marker} words " * 2000
        store.messages.add(item, parent=None, role=Role.USER, parts=[TextPart(text)], status=Status.COMPLETE)
    store.database.rows("PRAGMA cache_size=10")
    with store.together():
        store.database.run("update messages set parts = replace(parts, 'words', 'other')")
        os.kill(os.getpid(), signal.SIGKILL)


def encrypt(home: str) -> None:
    """Encrypt a history whose passphrase is that of test_encryption."""
    _change(home, is_encrypted=True)


def renew(home: str) -> None:
    """Give an encrypted history new keys."""
    _change(home, is_encrypted=True)


def decrypt(home: str) -> None:
    """Make an encrypted history plain."""
    _change(home, is_encrypted=False)


def _change(home: str, *, is_encrypted: bool) -> None:
    paths = find_paths(Path(home))
    before = unlock(paths, "correct horse") if wants_key(paths) else None
    store = open_store(paths, instance_id="changes", key=before).store
    key = new_data_key() if is_encrypted else None
    keys = None
    if key is not None:
        keys = KeyFile().with_passphrase(key, "correct horse", Cost(memory_kib=64, passes=1))
    settings, words = SettingsFile(paths.settings_file), OwnWords(paths.own_words, lambda: store.keys_for("words"))
    settings.use_key(*store.keys_for("settings"))
    words.words()

    def on_key() -> None:
        with suppress(KnownError):  # the next start does it
            follow_key(store, settings, words)

    store.change_key(key, keys, on_key)
    store.close()


if __name__ == "__main__":
    try:
        globals()[sys.argv[1]](*sys.argv[2:])
    except KnownError as known:
        say(f"known {known.code}")
        sys.exit(3)
