"""Deleted for good is in no file; what is kept is private: rows H10, P3 (store's part)."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from store.child import m002_more
from store.conftest import integrity, say

from slmdesk.core.records import Status
from slmdesk.core.types import Role
from slmdesk.paths import Paths, make_folders
from slmdesk.settings import SettingsFile
from slmdesk.store import open_store
from slmdesk.store.backup import kept_copies
from slmdesk.store.schema import STEPS

pytestmark = pytest.mark.pure

SECRET = "zebrafishxq"


def files_with(paths: Paths, words: str) -> list[str]:
    """Files of the home that hold the words, in UTF-8 or UTF-16."""
    needles = [words.encode(), words.upper().encode(), words.encode("utf-16-le")]
    return sorted(
        path.name
        for path in paths.data.parent.rglob("*")
        if path.is_file() and any(needle in path.read_bytes() for needle in needles)
    )


def with_a_secret(paths: Paths, *, long: bool) -> str:
    """A history with one chat whose title, settings and messages hold the secret, and a copy of it all."""
    store = open_store(paths, desk_id="d").store
    other = store.add_item("chat", "other")
    chat = store.add_item("chat", f"about {SECRET}", settings={"system": f"you know {SECRET}"})
    for number in range(300):
        say(store, other.id, f"harmless words number {number} and some more of them")
        if number % 10 == 0:
            filling = f"{SECRET} and {SECRET}{number} " * (600 if long else 1)
            say(store, chat.id, filling)
    answer = store.add_message(chat.id, parent=None, role=Role.ASSISTANT, status=Status.STREAMING)
    for length in range(1, 20):
        store.grow_message(answer.id, f"{SECRET} " * length * (100 if long else 1))
    store.close()
    open_store(paths, desk_id="d", steps=(*STEPS, m002_more)).store.close()
    assert kept_copies(paths)
    assert set(files_with(paths, SECRET)) == {"slmdesk.sqlite3", kept_copies(paths)[0].name}, "the control: it is found"
    return chat.id


@pytest.mark.parametrize("long", [False, True])
@pytest.mark.parametrize("way", ["delete for good", "empty the trash"])
def test_h10_deleted_for_good_is_in_no_file(paths, long, way):
    chat = with_a_secret(paths, long=long)
    store = open_store(paths, desk_id="d", steps=(*STEPS, m002_more)).store
    if way == "delete for good":
        assert store.delete_for_good(chat) == ()
    else:
        store.trash_item(chat)
        assert store.empty_trash() == 1
    assert files_with(paths, SECRET) == [], "also while the program still runs"
    assert files_with(paths, SECRET[:6]) == [], "nor a piece of it in the index"
    assert len(store.search("harmless", limit=1000)) == 300
    assert store.search(SECRET) == []
    store.close()
    assert files_with(paths, SECRET) == []
    assert kept_copies(paths), "the copies are made anew, not dropped"
    assert integrity(paths) == ["ok"]


def test_h10_a_damaged_history_set_aside_is_named(paths):
    store = open_store(paths, desk_id="d").store
    chat = store.add_item("chat", "x")
    aside = paths.data / "slmdesk.damaged-20260101-000000.sqlite3"
    aside.write_bytes(b"still there")
    assert store.delete_for_good(chat.id) == (aside,)
    assert aside.exists()
    store.close()


def test_h10_a_deletion_by_accident_is_undone(paths):
    store = open_store(paths, desk_id="d").store
    chat = store.add_item("chat", "x")
    say(store, chat.id, "hello")
    store.trash_item(chat.id)
    store.close()
    store = open_store(paths, desk_id="d").store
    store.restore_item(chat.id)
    assert len(store.search("hello")) == 1
    store.close()


@pytest.mark.skipif(os.name == "nt", reason="no modes there")
def test_p3_files_are_0600_and_folders_0700_whatever_the_umask(paths):
    old = os.umask(0)
    try:
        make_folders(paths)
        SettingsFile(paths.settings_file).change(theme="dark")
        with_a_secret(paths, long=False)
        store = open_store(paths, desk_id="e", steps=(*STEPS, m002_more)).store
        say(store, store.items()[0].id, "x")
        modes = {path: stat.S_IMODE(path.stat().st_mode) for path in paths.data.parent.rglob("*")}
        store.close()
    finally:
        os.umask(old)
    assert {"slmdesk.sqlite3-journal", "e.lock", "schema.lock", "settings.json"} <= {path.name for path in modes}
    assert {mode for path, mode in modes.items() if path.is_dir()} == {0o700}
    assert {mode for path, mode in modes.items() if not path.is_dir()} == {0o600}
    assert stat.S_IMODE(paths.data.parent.stat().st_mode) == 0o700


def test_p3_a_large_sort_writes_nothing_to_the_temporary_folder(paths, tmp_path, monkeypatch):
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setenv("SQLITE_TMPDIR", str(folder))
    store = open_store(paths, desk_id="d").store
    assert store._db.rows("PRAGMA temp_store")[0][0] == 2, "memory"
    store.close()
    assert list(Path(folder).iterdir()) == []
