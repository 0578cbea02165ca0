"""Deleted for good is in no file; what is kept is private: rows H10, P3 (store's part)."""

from __future__ import annotations

import os
import stat
from contextlib import closing

import pytest
from history.store.child import key_of, m002_more, open_either
from history.store.conftest import KINDS_IN_SOAK, integrity, readable, say

from slmdesk.base.paths import Paths, make_folders
from slmdesk.base.records import Status
from slmdesk.base.settings import SettingsFile
from slmdesk.base.translation import Term
from slmdesk.base.types import Role
from slmdesk.history.store.backup import backup, kept_copies
from slmdesk.history.store.opening import STEPS

pytestmark = pytest.mark.pure

SECRET = "zebrafishxq"


def files_with(paths: Paths, words: str) -> list[str]:
    """Files of the home that hold the words, in UTF-8 or UTF-16; also for somebody who has the key."""
    needles, key = [words.encode(), words.upper().encode(), words.encode("utf-16-le")], key_of(paths)
    files = [path for path in paths.data.parent.rglob("*") if path.is_file()]
    assert key is None or not [path for path in files if path.name.endswith("-journal") and path.stat().st_size]
    return sorted(path.name for path in files if any(needle in readable(path, key) for needle in needles))


def with_a_secret(paths: Paths, *, long: bool) -> str:
    """A history with one chat whose title, settings and messages hold the secret, and a copy of it all."""
    store = open_either(paths, "d").store
    other = store.items.add("chat", "other")
    chat = store.items.add("chat", f"about {SECRET}", settings={"system": f"you know {SECRET}"})
    for number in range(300):
        say(store, other.id, f"harmless words number {number} and some more of them")
        if number % 10 == 0:
            filling = f"{SECRET} and {SECRET}{number} " * (600 if long else 1)
            say(store, chat.id, filling)
    answer = store.messages.add(chat.id, parent=None, role=Role.ASSISTANT, status=Status.STREAMING)
    for length in range(1, 20):
        store.messages.grow(answer.id, f"{SECRET} " * length * (100 if long else 1))
    store.close()
    open_either(paths, "d", steps=(*STEPS, m002_more)).store.close()
    assert kept_copies(paths)
    assert set(files_with(paths, SECRET)) == {"slmdesk.sqlite3", kept_copies(paths)[0].name}, "the control: it is found"
    return chat.id


@pytest.mark.parametrize(("way", "long"), [("delete for good", True), ("empty the trash", False)])
def test_h10_deleted_for_good_is_in_no_file(kind, paths, long, way):
    chat = with_a_secret(paths, long=long)
    store = open_either(paths, "d", steps=(*STEPS, m002_more)).store
    if way == "delete for good":
        assert store.delete_for_good(chat) == ()
    else:
        store.items.trash(chat)
        assert store.empty_trash() == 1
    assert files_with(paths, SECRET) == [], "also while the program still runs"
    assert files_with(paths, SECRET[:6]) == [], "nor a piece of it in the index"
    assert len(store.index.search("harmless", limit=1000)) == 300
    assert store.index.search(SECRET) == []
    store.close()
    assert files_with(paths, SECRET) == []
    assert kept_copies(paths), "the copies are made anew, not dropped"
    assert integrity(paths) == ["ok"]


COPY = "slmdesk-20991231-235959-before-5"


def suffix_of(paths: Paths) -> str:
    """Of a copy of this history."""
    return ".sqlite3" if key_of(paths) is None else ".slmbackup"


def delete_something(store, what: str) -> None:
    """Make one thing of the secret, have it in a copy, and delete it."""
    paths = store.paths
    match what:
        case "item":
            chat = store.items.add("chat", SECRET).id
        case "terms" | "glossary":
            glossary = store.glossaries.add("law", source_language="en", target_language="de").id
            numbers = store.terms.add(glossary, [Term(SECRET, "x"), Term("harmless", "y")])
        case "document":
            document = store.documents.add(
                path=b"/x", name=SECRET, sha256="x", format="pdf", bytes=1, mtime_ns=1, reader="1"
            ).id
    backup(paths, paths.backups / f"{COPY}{suffix_of(paths)}", key=store.key)
    match what:
        case "item":
            store.delete_for_good(chat)
        case "terms":
            store.terms.forget(numbers[:1])
        case "glossary":
            store.glossaries.forget(glossary)
        case "document":
            store.documents.forget(document)


@KINDS_IN_SOAK
@pytest.mark.parametrize("what", ["item", "terms", "glossary", "document"])
def test_h10_a_deletion_that_did_not_reach_the_copies_is_made_up_for_later(kind, paths, monkeypatch, what):
    """As a kill between the deletion and the copies leaves it."""
    with closing(open_either(paths, "d").store) as store, monkeypatch.context() as patched:
        patched.setattr("slmdesk.history.store.store.renew_copies", lambda *_given: False)
        paths.backups.mkdir()
        delete_something(store, what)
    assert f"{COPY}{suffix_of(paths)}" in files_with(paths, SECRET), "the control: the copy has it"
    with closing(open_either(paths, "e").store) as store:
        assert store.purge(until=0.0) is False, "no time"
        assert files_with(paths, SECRET), "and nothing was done"
        assert store.purge()
        assert files_with(paths, SECRET) == []
        (copy,) = kept_copies(paths)
        before = copy.stat().st_mtime_ns
        assert store.purge()
        assert copy.stat().st_mtime_ns == before, "once is enough"


@KINDS_IN_SOAK
def test_h10_what_is_deleted_while_the_copies_are_made_is_not_taken_for_done(kind, paths, monkeypatch):
    with closing(open_either(paths, "d").store) as store:
        paths.backups.mkdir()
        numbers = [store.glossaries.add(name, source_language="", target_language="").id for name in ("one", "two")]
        store.glossaries.forget(numbers[0])
        with closing(open_either(paths, "e").store) as other, monkeypatch.context() as patched:
            patched.setattr(
                "slmdesk.history.store.store.renew_copies", lambda *_given: other.glossaries.forget(numbers[1]) is None
            )
            assert store.purge()
        made = []
        with monkeypatch.context() as patched:
            patched.setattr("slmdesk.history.store.store.renew_copies", lambda *_given: not made.append(1))
            assert store.purge()
            assert store.purge()
        assert made == [1]


@KINDS_IN_SOAK
def test_h10_a_damaged_history_set_aside_is_named(kind, paths):
    store = open_either(paths, "d").store
    chat = store.items.add("chat", "x")
    aside = paths.data / "slmdesk.damaged-20260101-000000.sqlite3"
    aside.write_bytes(b"still there")
    assert store.delete_for_good(chat.id) == (aside,)
    assert aside.exists()
    store.close()


@pytest.mark.skipif(os.name == "nt", reason="no modes there")
@KINDS_IN_SOAK
def test_p3_files_are_0600_and_folders_0700_whatever_the_umask(kind, paths):
    old = os.umask(0)
    try:
        make_folders(paths)
        SettingsFile(paths.settings_file).change(theme="dark")
        with_a_secret(paths, long=False)
        store = open_either(paths, "e", steps=(*STEPS, m002_more)).store
        say(store, store.items.page()[0].id, "x")
        modes = {path: stat.S_IMODE(path.stat().st_mode) for path in paths.data.parent.rglob("*")}
        store.close()
    finally:
        os.umask(old)
    assert {"slmdesk.sqlite3-journal", "e.lock", "schema.lock", "settings.json"} <= {path.name for path in modes}
    assert {mode for path, mode in modes.items() if path.is_dir()} == {0o700}
    assert {mode for path, mode in modes.items() if not path.is_dir()} == {0o600}
    assert stat.S_IMODE(paths.data.parent.stat().st_mode) == 0o700


def test_what_dialogs_kept_goes_with_what_is_deleted_for_good(store, paths) -> None:
    paths.config.mkdir()
    paths.dialogs_file.write_text("[FileDialog]\nhistory=file:///heron\n")
    item = store.items.add("chat", "one")
    say(store, item.id, "hello")
    store.items.trash(item.id)
    assert "heron" in paths.dialogs_file.read_text()
    store.delete_for_good(item.id)
    assert paths.dialogs_file.read_bytes() == b""
    assert paths.dialogs_file.stat().st_mode & 0o777 == 0o600
    other = store.items.add("chat", "two")
    paths.dialogs_file.unlink()
    store.delete_for_good(other.id)
    assert not paths.dialogs_file.exists()
