"""The undo of a restore: the history that was there comes back exactly as it was, under the keys it had."""

from __future__ import annotations

import hashlib
import io
import sqlite3
import tarfile
from contextlib import closing
from pathlib import Path

import pytest
from fakes.encrypted import PASSPHRASE
from fakes.encrypted import encrypt as encrypt_history
from history.store.conftest import integrity, say

from slmdesk.base.errors import KnownError
from slmdesk.base.paths import Paths, find_paths
from slmdesk.base.records import JobStatus, Outgoing
from slmdesk.history.store import DataKey, backup, open_store, unlock
from slmdesk.history.store.file import StoreFile
from slmdesk.history.store.restoring import last_replaced, look_into, restore, undo

pytestmark = pytest.mark.pure

OF_THE_PC = ("ledger", "meta")
"""Tables that go on: what left this PC has left it."""


def rows_of(paths: Paths, key: DataKey | None = None) -> dict[str, list[tuple[object, ...]]]:
    """All rows of all tables but those that go on."""
    with closing(open_store(paths, instance_id="look", key=key).store) as store:
        names = [
            row["name"]
            for row in store.database.rows("select name from sqlite_schema where type = 'table'")
            if not row["name"].startswith(("words", "titles", "passage_words", "memory_words", "sqlite_", "_sqlite"))
        ]
        return {
            name: [tuple(row) for row in store.database.rows(f"select * from {name}")]
            for name in names
            if name not in OF_THE_PC
        }


def written(paths: Paths, words: str, folder: Path, *, key: DataKey | None = None) -> None:
    with closing(open_store(paths, instance_id="writes", key=key).store) as store:
        say(store, store.items.add("chat", words).id, f"hello {words}")
        store.presets.add(words, {"system": words})
        store.collections.add(folder / words, words, watched=True)
        store.jobs.add("summary", words, model_sha256="a", steps=[("k", {"text": words})])
        store.models.add(
            name=words, path=folder / f"{words}.gguf", linked=False, bytes=1, sha256=words, mtime_ns=1, inode=1,
            header={}, source="file",
        )  # fmt: skip
        store.ledger.record(Outgoing("host", "GET", f"/{words}", "test"))


def backed_up(home: Path, target: Path, words: str, *, key: DataKey | None = None) -> Path:
    paths = find_paths(home)
    written(paths, words, home, key=key)
    backup(paths, target, key=key)
    return target


@pytest.fixture
def foreign(tmp_path: Path) -> Path:
    return backed_up(tmp_path / "other", tmp_path / "foreign.sqlite3", "theirs")


@pytest.fixture
def foreign_encrypted(tmp_path: Path) -> tuple[Path, DataKey]:
    home = tmp_path / "other"
    key = encrypt_history(find_paths(home))
    return backed_up(home, tmp_path / "foreign.slmbackup", "theirs", key=key), key


def names(paths: Paths) -> list[str]:
    return sorted(path.name.split("-")[0] for path in paths.data.glob("*.sqlite3*") if path.stat().st_size)


def test_what_was_there_comes_back_row_by_row(paths, foreign, tmp_path):
    written(paths, "mine", tmp_path)
    before = rows_of(paths)
    restore(paths, foreign)
    assert rows_of(paths) != before, "the control"
    done = undo(paths)
    assert rows_of(paths) == before
    with closing(open_store(paths, instance_id="d").store) as store:
        assert [job.status for job in store.jobs.unfinished()] == [JobStatus.OPEN], "its own jobs go on"
        assert store.brought.all().is_empty
        assert store.retention.time_of("restored") is None
        assert [row.path for row in store.ledger.page()][-1] == "/mine"
        assert len(store.index.search("mine")) == 1
    assert names(paths) == ["slmdesk.replaced", "slmdesk.sqlite3"], "and it lies there once"
    assert last_replaced(paths) == done.aside
    undo(paths)
    with closing(open_store(paths, instance_id="d").store) as store:
        assert [item.title for item in store.items.page()] == ["theirs"], "a second undo is a redo"
        assert store.models.all()[0].name == "mine"
        assert [model.name for model in store.models.brought()] == ["theirs"], "nothing is decided by that"
    assert integrity(paths) == ["ok"]


def test_what_was_written_after_the_restore_is_set_aside_and_models_added_since_stay(paths, foreign, tmp_path):
    written(paths, "mine", tmp_path)
    restore(paths, foreign)
    written(paths, "later", tmp_path)
    undo(paths)
    with closing(open_store(paths, instance_id="d").store) as store:
        assert [item.title for item in store.items.page()] == ["mine"]
        assert {model.name for model in store.models.all()} == {"mine", "later"}, "its file is there"
        assert [row.path for row in store.ledger.page()][:2] == ["/later", "/theirs"]
    assert "later" in str(sqlite3.connect(last_replaced(paths)).execute("select title from items").fetchall())


def test_several_restores_are_undone_one_by_one(paths, tmp_path, foreign):
    written(paths, "mine", tmp_path)
    other = backed_up(tmp_path / "third", tmp_path / "third.sqlite3", "third")
    restore(paths, foreign)
    restore(paths, other)
    undo(paths)
    assert [row[3] for row in rows_of(paths)["items"]] == ["theirs"]


def test_without_a_restore_there_is_nothing_to_undo(paths, foreign, tmp_path):
    written(paths, "mine", tmp_path)
    before = paths.database.read_bytes()
    link = paths.data / "slmdesk.replaced-20990101-000000.sqlite3"
    link.symlink_to(foreign)
    with pytest.raises(KnownError, match=r"backup\.no_undo"):
        undo(paths)
    link.unlink()
    link.mkdir()
    with pytest.raises(KnownError, match=r"backup\.no_undo"):
        undo(paths)
    assert paths.database.read_bytes() == before


def test_an_encrypted_history_comes_back_under_its_keys(paths, foreign, tmp_path):
    key = encrypt_history(paths)
    written(paths, "mine", tmp_path, key=key)
    before, keys = rows_of(paths, key), paths.keys_file.read_bytes()
    restore(paths, foreign, key=key)
    undo(paths, key=key)
    assert rows_of(paths, key) == before
    assert (paths.keys_file.read_bytes(), unlock(paths, PASSPHRASE)) == (keys, key)


def test_a_plain_history_is_plain_again_after_an_encrypted_backup(paths, foreign_encrypted, tmp_path):
    source, theirs = foreign_encrypted
    written(paths, "mine", tmp_path)
    before = rows_of(paths)
    restore(paths, source, source_key=theirs)
    assert StoreFile(paths.database).is_encrypted
    undo(paths, key=theirs)
    assert not StoreFile(paths.database).is_encrypted
    assert rows_of(paths) == before
    assert not any(path.exists() for path in (paths.keys_file, paths.keys_copy, paths.next_keys_file))
    with closing(open_store(paths, instance_id="d").store) as store:
        assert store.keys_for("settings") == (b"", theirs.derive("settings")), "what was sealed since can be opened"
    assert StoreFile(last_replaced(paths)).fits(theirs)


def test_a_history_whose_keys_were_not_known_comes_back_under_them(paths, foreign_encrypted, tmp_path):
    key, (source, theirs) = encrypt_history(paths), foreign_encrypted
    written(paths, "mine", tmp_path, key=key)
    before = rows_of(paths, key)
    restore(paths, source, source_key=theirs)
    with pytest.raises(KnownError, match=r"key\."):
        undo(paths, key=theirs)
    undo(paths, key=theirs, source_key=key)
    assert rows_of(paths, key) == before
    assert unlock(paths, PASSPHRASE) == key
    with closing(open_store(paths, instance_id="d", key=key).store) as store:
        assert {row.path for row in store.ledger.page()} == {"/mine", "/theirs"}, "the ledger goes on"


def test_a_look_counts_both_and_changes_nothing(paths, foreign, tmp_path):
    written(paths, "mine", tmp_path)
    before = {path: path.read_bytes() for path in paths.data.rglob("*") if path.is_file()}
    theirs, mine = look_into(paths, foreign)
    assert mine is not None
    assert (dict(theirs.kinds), theirs.documents, dict(mine.kinds)) == ({"chat": 1}, 0, {"chat": 1})
    assert theirs.time > 0
    assert {path: path.read_bytes() for path in paths.data.rglob("*") if path.is_file()} == before
    paths.database.unlink()
    assert look_into(paths, foreign)[1] is None


def changed_member(source: Path, target: Path, name: str, change) -> None:
    """Write the tar anew with one member changed; None as content leaves it out."""
    with tarfile.open(source) as old, tarfile.open(target, "w", format=tarfile.GNU_FORMAT) as new:
        for member in old.getmembers():
            data = old.extractfile(member).read()
            data = change(data) if member.name == name else data
            if data is not None:
                member.size = len(data)
                new.addfile(member, io.BytesIO(data))


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("SHA256SUMS", lambda _data: None),
        ("SHA256SUMS", lambda _data: b""),
        ("SHA256SUMS", lambda data: data.replace(b"slmdesk.sqlite3", b"other.sqlite3")),
        ("SHA256SUMS", lambda data: data.replace(data[-84:-76], b"00000000")),
        ("SHA256SUMS", lambda data: bytes(8) + data[8:]),
        ("keys.json", lambda data: data.replace(b"{", b"{ ", 1)),
    ],
)
def test_the_sums_in_an_encrypted_backup_are_compared(paths, foreign_encrypted, tmp_path, name, change):
    source, theirs = foreign_encrypted
    target = tmp_path / "changed.slmbackup"
    changed_member(source, target, name, lambda data: data)
    restore(paths, target, source_key=theirs)
    before = paths.database.read_bytes()
    changed_member(source, target, name, change)
    assert hashlib.sha256(target.read_bytes()).digest() != hashlib.sha256(source.read_bytes()).digest()
    with pytest.raises(KnownError, match=r"backup\.unusable"):
        restore(paths, target, key=theirs, source_key=theirs)
    assert paths.database.read_bytes() == before
