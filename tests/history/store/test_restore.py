"""A backup put back: whole or not at all, what was there is set aside; models and ledger stay."""

from __future__ import annotations

import hashlib
import importlib
import io
import os
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from fakes.matrix import counts
from history.store.child import m002_more, open_either
from history.store.conftest import CHILD, KINDS_IN_SOAK, integrity, say
from history.store.test_damage import fingerprint
from history.store.test_disk import can_unshare

from slmdesk.base.errors import KnownError
from slmdesk.base.paths import Paths
from slmdesk.base.records import Outgoing, Status
from slmdesk.base.types import Role
from slmdesk.history.store import backup, open_store, restoring
from slmdesk.history.store.opening import STEPS
from slmdesk.history.store.rescue import rescue_into
from slmdesk.history.store.restoring import backups, prepare_backup, replace_history, restore

pytestmark = pytest.mark.pure


def add_model(store, name: str) -> None:
    store.models.add(
        name=name, path=f"/m/{name}".encode(), linked=True, bytes=1, sha256=name * 8, mtime_ns=1, inode=1, header={},
        source="test",
    )  # fmt: skip


@pytest.fixture
def copy(paths: Paths, tmp_path: Path) -> Path:
    """A backup of a history with one chat; afterwards the history has another chat, model and request more."""
    target = tmp_path / "copies" / "copy.sqlite3"
    target.parent.mkdir()
    with closing(open_either(paths, "d").store) as store:
        chat = store.items.add("chat", "the old chat")
        say(store, chat.id, "hello from before")
        add_model(store, "a")
        store.ledger.record(Outgoing("host", "GET", "/1", "test"))
        with store.alone():
            backup(paths, target, key=store.key)
        other = store.items.add("chat", "written since")
        say(store, other.id, "hello from after")
        store.items.rename(chat.id, "renamed since")
        add_model(store, "b")
        store.ledger.record(Outgoing("host", "GET", "/2", "test"))
    return target


def chats(paths: Paths) -> list[str]:
    with closing(open_either(paths, "d").store) as store:
        return [item.title for item in store.items.page()]


def refused(paths: Paths, source: Path, code: str) -> KnownError:
    """Restoring fails so, and nothing is changed or left behind."""
    before = fingerprint(paths)
    with pytest.raises(KnownError) as caught:
        restore(paths, source)
    assert caught.value.code == code
    assert fingerprint(paths) == before
    return caught.value


def test_a_backup_is_put_back_and_what_was_there_is_set_aside_whole(paths, copy):
    before = paths.database.read_bytes()
    done = restore(paths, copy)
    assert (done.bytes, done.sha256) == (copy.stat().st_size, hashlib.sha256(copy.read_bytes()).hexdigest())
    assert done.aside is not None
    assert done.aside.name.startswith("slmdesk.replaced-")
    assert done.aside.read_bytes() == before
    assert {path.stat().st_mode & 0o777 for path in (paths.database, done.aside)} == {0o600}
    assert sorted(path.name for path in paths.data.iterdir() if "sqlite3" in path.name) == sorted(
        (paths.database.name, done.aside.name)
    ), "nothing else is left"
    with closing(open_store(paths, instance_id="d").store) as store:
        assert [item.title for item in store.items.page()] == ["the old chat"]
        assert [hit.snippet for hit in store.index.search("before")] == ["hello from \ue000before\ue001"]
        assert store.index.search("after") == []
        assert {model.name for model in store.models.all()} == {"a", "b"}, "their files are there still"
        assert [row.path for row in store.ledger.page()] == ["/2", "/1"], "what left this PC has left it"
        report = rescue_into(store, done.aside)
        assert (report.items, report.messages) == (1, 1)
        assert {item.title for item in store.items.page()} == {"the old chat", "written since"}
        gone = store.items.page()[0].id
        assert done.aside in store.delete_for_good(gone), "it may still hold it, so it is named"
    assert integrity(paths) == ["ok"]
    restore(paths, done.aside)
    assert set(chats(paths)) == {"renamed since", "written since"}, "and back again"


def test_a_backup_closes_no_file_that_another_thread_opened_meanwhile(paths, tmp_path, monkeypatch):
    opened = []
    replace = Path.replace

    def open_next(path: Path, target: Path) -> Path:  # as another thread may after a handle was closed
        opened.extend(io.FileIO(__file__) for _ in range(20))
        return replace(path, target)

    with closing(open_either(paths, "d").store) as store, store.alone(), monkeypatch.context() as patched:
        patched.setattr(Path, "replace", open_next)
        backup(paths, tmp_path / "copy.sqlite3")
    assert len(opened) == 20
    for file in opened:
        assert file.read(3) == b'"""'
        file.close()


def test_a_backup_is_put_back_where_there_is_no_history_or_a_broken_or_newer_one(paths, copy):
    paths.database.unlink()
    assert restore(paths, copy).aside is None
    assert chats(paths) == ["the old chat"]
    for harm in (bytes(100), b"SQLite format 3\0" + bytes(84)):
        data = bytearray(paths.database.read_bytes())
        data[:100] = harm
        paths.database.write_bytes(data)
        aside = restore(paths, copy).aside
        assert aside is not None
        assert aside.read_bytes() == data
        assert chats(paths) == ["the old chat"]
    with closing(sqlite3.connect(paths.database)) as conn:
        conn.execute("PRAGMA user_version = 99")
    restore(paths, copy)
    assert chats(paths) == ["the old chat"]
    assert integrity(paths) == ["ok"]


def test_an_older_backup_is_brought_to_the_newest_version(paths, copy):
    restore(paths, copy, steps=(*STEPS, m002_more))
    with closing(open_store(paths, instance_id="d", steps=(*STEPS, m002_more)).store) as store:
        assert [item.title for item in store.items.page()] == ["the old chat"]
    newer = paths.database.rename(copy.with_name("newer.sqlite3"))
    open_store(paths, instance_id="d").store.close()
    assert refused(paths, newer, "store.newer").args_for_people["path"] == str(newer)


def harmed(data: bytes, how: str) -> bytes:
    if how == "cut":
        return data[: len(data) // 2]
    if how == "a page":
        return data[:8192] + os.urandom(4096) + data[12288:]
    return {"empty": b"", "text": b"a shopping list\n" * 1000, "header": bytes(100) + data[100:]}[how]


@pytest.mark.parametrize("how", ["cut", "a page", "empty", "text", "header"])
def test_what_is_broken_or_not_ours_changes_nothing(paths, copy, how):
    copy.write_bytes(harmed(copy.read_bytes(), how))
    assert refused(paths, copy, "backup.unusable").args_for_people["path"] == str(copy)


@pytest.mark.parametrize(
    "statement",
    [
        "drop table messages",
        "create trigger t after insert on messages begin delete from items; end",
        "create view v as select 1",
        "alter table items drop column folder",
        "update messages set parts = '{' where n = 1",
        "update messages set role = 'wizard'",
        "insert into segments (item, number, unit, place, kind, source, lead, trail, tags, language, target, state,"
        " flags, reason, revision) select id, 0, 0, '', 'x', 's', '', '', '[[],[]]', '', '', 'wizard', '[]', '', 1"
        " from items limit 1",
        "insert into results select id, '[]' from items limit 1",
        "insert into terms values (1, 'x', 's', 't', 's', '{')",
    ],
)
def test_what_has_our_mark_but_is_not_ours_changes_nothing(paths, copy, statement):
    with closing(sqlite3.connect(copy)) as conn:
        conn.execute(statement)
        conn.commit()
    refused(paths, copy, "backup.unusable")


@pytest.mark.parametrize(
    "statements",
    [
        ["create table extra (a)"],
        ["create index more on items (title)"],
        ["drop index items_by_time", "create index items_by_time on items (kind, updated, n, title)"],
        ["drop index items_by_time", "create index items_by_time on items (kind, updated, abs(n))"],
        ["drop index items_by_time"],
        ["alter table gone add column more text"],
        ["drop table titles", "create virtual table titles using fts5 (folded, content='messages')"],
        ["drop table titles", "create virtual table titles using fts5 (folded, content='', tokenize='porter ascii')"],
        ["drop index items_listed", "alter table items drop column archived"],
    ],
)
def test_tables_that_are_not_word_for_word_ours_change_nothing(paths, copy, statements):
    with closing(sqlite3.connect(copy)) as conn:
        for statement in statements:
            conn.execute(statement)
        conn.commit()
    assert refused(paths, copy, "backup.unusable").args_for_people["reason"] == restoring.CHANGED


def test_the_search_finds_nothing_that_only_the_index_of_a_backup_says(paths, copy):
    with closing(sqlite3.connect(copy)) as conn:
        n = conn.execute("select n from messages order by n limit 1").fetchone()[0]
        conn.execute("insert into words (words, rowid, folded) values ('delete', ?, 'hello from before')", (n,))
        conn.execute("insert into words (rowid, folded) values (?, 'poison')", (n,))
        conn.execute("insert into words (words, rank) values ('rank', 'bm25(9.0)')")
        conn.execute("insert into words_config values ('ours', 'not')")
        conn.commit()
        assert conn.execute("select count(*) from words where words match 'poison'").fetchone()[0] == 1, "the control"
    restore(paths, copy)
    with closing(open_store(paths, instance_id="d").store) as store:
        assert store.index.search("poison") == []
        assert len(store.index.search("before")) == 1
        assert [row["k"] for row in store.database.rows("select k from words_config")] == ["version"]
    assert integrity(paths) == ["ok"]


def test_the_pages_of_an_index_may_hold_anything(paths, copy):
    with closing(sqlite3.connect(copy)) as conn:
        for table in ("words", "titles"):
            for (id,) in conn.execute(f"select id from {table}_data").fetchall():
                conn.execute(f"update {table}_data set block = randomblob(200) where id = ?", (id,))
            conn.execute(f"update {table}_docsize set sz = randomblob(20)")
        conn.commit()
    restore(paths, copy)
    with closing(open_store(paths, instance_id="d").store) as store:
        assert len(store.index.search("before")) == 1
    assert integrity(paths) == ["ok"]


def test_odd_places_are_named(paths, copy, tmp_path):
    refused(paths, tmp_path / "nowhere.sqlite3", "file.missing")
    refused(paths, tmp_path, "backup.unusable")
    refused(paths, paths.database, "backup.unusable")
    link = tmp_path / "link.sqlite3"
    link.symlink_to(paths.database)
    refused(paths, link, "backup.unusable")
    os.mkfifo(tmp_path / "pipe")
    refused(paths, tmp_path / "pipe", "backup.unusable")
    copy.with_name(copy.name + "-journal").write_bytes(b"x" * 600)
    refused(paths, copy, "backup.unusable")


def test_an_open_desk_goes_on_with_the_restored_history(paths, copy):
    with closing(open_store(paths, instance_id="window").store) as store:
        growing = store.messages.add(
            store.items.page()[0].id, parent=None, role=Role.ASSISTANT, status=Status.STREAMING
        )
        with store.alone(), prepare_backup(paths, copy) as ready:
            done = replace_history(paths, ready, store=store)
        assert done.aside is not None
        assert [item.title for item in store.items.page()] == ["the old chat"]
        assert store.messages.grow(growing.id, "words") is False
        say(store, store.items.page()[0].id, "hello again")
        assert len(store.index.search("hello")) == 2
        with pytest.raises(KnownError, match=r"store\.in_use"):
            restore(paths, copy)
    assert integrity(paths) == ["ok"]


def test_copies_are_listed_newest_first_without_those_that_cannot_be_used(paths, copy):
    assert backups(paths) == []
    paths.backups.mkdir()
    data = copy.read_bytes()
    for name, written, when in (
        ("slmdesk-20260101-000000-before-2.sqlite3", data, 1_000),
        ("slmdesk-20260102-000000-before-3.sqlite3", data, 3_000),
        ("slmdesk-20260103-000000-before-4.sqlite3", data[:-4096], 4_000),
        ("slmdesk-20260104-000000-before-5.sqlite3", b"no", 5_000),
        ("other.sqlite3", data, 6_000),
    ):
        (paths.backups / name).write_bytes(written)
        os.utime(paths.backups / name, (when, when))
    assert [(other_backup.time, other_backup.bytes) for other_backup in backups(paths)] == [
        (3_000, len(data)),
        (1_000, len(data)),
    ]
    restore(paths, backups(paths)[0].path)
    assert chats(paths) == ["the old chat"]


RESTORE = (
    "import sys; from pathlib import Path; from slmdesk.base.paths import find_paths;"
    "from slmdesk.history.store import *; from slmdesk.history.store.restoring import *;"
    f"sys.path.insert(0, {str(CHILD.parents[2])!r}); from history.store.child import key_of, open_either;"
)


@pytest.mark.process
@KINDS_IN_SOAK
def test_a_full_disk_changes_nothing(child, kind, paths, copy):
    if not can_unshare():
        pytest.skip("this PC makes no small disk")
    open_either(paths, "d").store.close()
    size = sum(path.stat().st_size for path in paths.data.rglob("*") if path.is_file())
    home, aside = paths.data.parent, copy.parent / "home"
    before = fingerprint(paths)
    code = RESTORE + (
        "from slmdesk.base.errors import KnownError\n"
        "paths = find_paths(Path(sys.argv[1]))\n"
        "try: restore(paths, Path(sys.argv[2]), key=key_of(paths))\n"
        "except KnownError as known: print(known.code)\n"
        "names = sorted(one.name for one in paths.data.glob('*.sqlite3'))\n"
        "print(len(open_either(paths, 'x').store.items.page()), *names)"
    )
    script = (
        f'cp -r "$0/." {aside} && mount -t tmpfs -o size={size + 60_000} none "$0" && cp -r {aside}/. "$0" && exec "$@"'
    )
    aside.mkdir()
    done = subprocess.run(
        ["unshare", "-rm", "sh", "-c", script, str(home), sys.executable, "-c", code, str(home), str(copy)],
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.stdout.split() == ["disk.full", "2", "slmdesk.sqlite3"], done.stderr
    assert fingerprint(paths) == before


@pytest.mark.process
@counts("restore_every_call")
@KINDS_IN_SOAK
def test_killed_at_any_moment_there_is_one_history_or_the_other(kind, paths, copy, count):
    """Each call of the system that changes a name or a file may be the last."""
    code = RESTORE + (
        "import os, signal\n"
        "paths = find_paths(Path(sys.argv[1])); key = key_of(paths)\n"
        "left = int(sys.argv[3])\n"
        "def hook(event, args):\n"
        "    global left\n"
        "    if event in ('os.link', 'os.rename', 'os.remove', 'os.truncate', 'sqlite3.connect') or (\n"
        "        event == 'open' and isinstance(args[2], int) and args[2] & os.O_WRONLY):\n"
        "        left -= 1\n"
        "        if left == 0: os.kill(os.getpid(), signal.SIGKILL)\n"
        "sys.addaudithook(hook)\n"
        "restore(paths, Path(sys.argv[2]), key=key)\n"
    )
    whole = {path: path.read_bytes() for path in paths.data.glob("*.sqlite3")}
    outcomes = set()
    for number in range(1, 40, count):
        for path in paths.data.glob("*.sqlite3*"):
            path.unlink()
        for file, data in whole.items():
            file.write_bytes(data)
        args = [sys.executable, "-c", code, str(paths.data.parent), str(copy), str(number)]
        ended = subprocess.run(args, capture_output=True, text=True, timeout=60)
        assert ended.returncode in (0, -9), ended.stderr
        outcomes.add(tuple(sorted(chats(paths))))
        assert integrity(paths) == ["ok"]
        assert not list(paths.data.glob(".*.new*"))
        if ended.returncode == 0:
            break
    assert ended.returncode == 0
    assert number > 5, "the control: it was killed several times"
    assert outcomes == {("renamed since", "written since"), ("the old chat",)}


MARKER = b"heron-marker"
NOBODY = 65534
NAMES = 50


@pytest.fixture
def shared(tmp_path: Path) -> Path:
    """A folder that everybody may write to, without a sticky bit."""
    folder = tmp_path / "shared"
    folder.mkdir()
    folder.chmod(0o777)
    return folder


@pytest.fixture
def written(store):
    """A history that holds the marker."""
    say(store, store.items.add("chat", "Heron").id, MARKER.decode())
    return store


def as_another(path: Path) -> None:
    """Give `path` to another user, where this test may (root)."""
    if os.geteuid() == 0:
        os.chown(path, NOBODY, NOBODY, follow_symlinks=False)


def an_open_file(path: Path) -> None:
    path.touch()
    path.chmod(0o666)
    as_another(path)


def guessed(shared: Path) -> list[Path]:
    """The names that a backup of this process and of the next ones would have, if they followed from its number."""
    return [shared / f".copy.db.{os.getpid() + more}.new" for more in range(NAMES)]


def is_ours_and_private(target: Path) -> bool:
    about = target.lstat()
    return stat.S_ISREG(about.st_mode) and stat.S_IMODE(about.st_mode) == 0o600 and about.st_uid == os.geteuid()


def test_names_and_links_that_another_user_made_before_are_not_used(written, paths, shared, tmp_path) -> None:
    mine = tmp_path / "mine.txt"
    mine.write_bytes(b"mine")
    for number, name in enumerate(guessed(shared)):
        if number % 2:
            an_open_file(name)
        else:
            name.symlink_to(mine)
            as_another(name)
    target = shared / "copy.db"
    with written.alone():
        backup(paths, target)
    assert is_ours_and_private(target)
    assert MARKER in target.read_bytes()
    assert mine.read_bytes() == b"mine"
    assert sorted(shared.iterdir()) == sorted([*guessed(shared), target])
    assert all(name.stat().st_size == 0 for name in guessed(shared)[1::2])


def swapped(shared: Path, leave: Callable[[Path], None]) -> list[Path]:
    """What another user can do to the folder being written in: its name leads to another one now."""
    (ours,) = (path for path in shared.iterdir() if path.is_dir())
    (inside,) = (path.name for path in ours.iterdir() if not path.name.endswith("-journal"))
    ours.rename(shared / "away")
    ours.mkdir(0o777)
    ours.chmod(0o777)
    leave(ours / inside)
    as_another(ours)
    return [ours / inside]


def test_a_folder_swapped_before_the_copy_is_opened_gets_no_word(written, paths, shared, monkeypatch) -> None:
    theirs: list[Path] = []
    module = importlib.import_module("slmdesk.history.store.backup")
    real = module.connect

    def late(path: Path, **more: object):
        if not more.get("read_only") and not theirs:
            theirs.extend(swapped(shared, an_open_file))
        return real(path, **more)

    monkeypatch.setattr(module, "connect", late)
    with written.alone(), pytest.raises(KnownError, match=r"file\.unwritable"):
        backup(paths, shared / "copy.db")
    assert theirs
    assert not any(MARKER in path.read_bytes() for path in shared.rglob("*") if path.is_file())
    assert not (shared / "copy.db").exists()


def test_a_folder_swapped_while_the_copy_is_written_is_seen(written, paths, shared) -> None:
    theirs: list[Path] = []

    def swap(_done: int, _total: int) -> None:
        theirs.extend([] if theirs else swapped(shared, an_open_file))

    with written.alone(), pytest.raises(KnownError):
        backup(paths, shared / "copy.db", swap)
    assert theirs
    assert all(MARKER not in path.read_bytes() for path in theirs if path.exists())
    assert not (shared / "copy.db").exists()
