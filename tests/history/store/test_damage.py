"""Damaged, foreign, newer, half migrated: rows H4, H7, H8."""

from __future__ import annotations

import hashlib
import os
import random
import re
import signal
import sqlite3
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from fakes.matrix import counts
from history.store.child import key_of, m002_more, open_either
from history.store.conftest import KINDS_IN_SOAK, integrity, readable, say, set_aside

from slmdesk.base.errors import KnownError
from slmdesk.base.paths import Paths
from slmdesk.base.records import Status
from slmdesk.base.types import Role
from slmdesk.history.store import damaged_copies, open_store
from slmdesk.history.store.backup import drop_old_copies, keep_copy, kept_copies, source_of
from slmdesk.history.store.database import connect
from slmdesk.history.store.opening import STEPS
from slmdesk.history.store.rescue import rescue_into

pytestmark = pytest.mark.pure


def test_h4_a_schema_whose_names_are_no_text_is_damage(paths: Paths):
    """SQLite's message quotes the name, which Python's module then cannot decode."""
    with closing(open_store(paths, instance_id="1" * 32).store) as store:
        store.items.add("chat", "kept")
    data = bytearray(paths.database.read_bytes())
    at = data.index(b"tableitemsitems") + len(b"tableitems")
    data[at - 5 : at + 6] = b"\x85\xff\x85\xff\x85\xff\x85\xff\x85\xff("
    paths.database.write_bytes(data)
    opened = open_store(paths, instance_id="2" * 32)
    assert [notice.code for notice in opened.notices] == ["store.repaired"]
    assert [item.title for item in opened.store.items.page()] == ["kept"]
    opened.store.close()


def damages(data: bytes, chance: random.Random) -> dict[str, bytes]:
    """Ways in which a file is spoiled: name → bytes."""
    places = range(4096, len(data))
    middle = bytearray(data)
    for _ in range(40):
        middle[chance.choice(places)] ^= 0xFF
    zeros, noise = bytearray(data), bytearray(data)
    start = chance.choice(places) // 4096 * 4096
    zeros[start : start + 8192] = bytes(min(8192, len(data) - start))
    noise[start : start + 4096] = chance.randbytes(min(4096, len(data) - start))
    header = bytearray(data)
    header[chance.randrange(16)] ^= 0x55
    schema = bytearray(data)
    schema[100:4096] = chance.randbytes(3996)
    odd_page_size = bytearray(data)
    odd_page_size[16:18] = b"\x12\x34"
    return {
        "header": bytes(header),
        "odd page size": bytes(odd_page_size),
        "schema": bytes(schema),
        "middle": bytes(middle),
        "zeros": bytes(zeros),
        "noise": bytes(noise),
        "cut": data[: chance.choice(places)],
        "empty": b"",
        "all zero": bytes(len(data)),
        "a text file": b"Dear diary, this is no database at all. " * 100,
    }


def start_on_damage(paths: Paths, words: dict[str, str], rounds: int, seed: int) -> None:
    print(f"seed {seed}")
    chance = random.Random(seed)
    whole = paths.database.read_bytes()
    rescued_rows = started = 0
    for number in range(rounds):
        for old in paths.data.glob("*.sqlite3*"):
            old.unlink()
        kinds = damages(whole, chance)
        name = list(kinds)[number % len(kinds)]
        paths.database.write_bytes(kinds[name])
        (paths.data / "check-at-start").touch()  # as after an unclean end; most of these are seen without it
        began = time.monotonic()
        opened = open_either(paths, "after")
        assert time.monotonic() - began < 30
        started += 1
        copies = damaged_copies(paths.database)
        if opened.notices:
            (code,) = (notice.code for notice in opened.notices)
            assert code in ("store.set_aside", "store.repaired", "store.rebuilt"), name
            assert bool(copies) == (code != "store.rebuilt")
            if copies:
                assert opened.notices[0].args_for_people["path"] == str(copies[0])
                assert re.search(r"damaged-\d{8}-\d{6}", copies[0].name)
                assert copies[0].read_bytes() == kinds[name], "not a byte of the old file has changed"
            kept = [message for item in opened.store.items.page() for message in opened.store.messages.of_item(item.id)]
            rescued_rows += len(kept)
            if copies:
                assert rescue_into(opened.store, copies[0]).messages == 0, "nothing more can be read"
                assert copies[0].read_bytes() == kinds[name]
            right = sum("".join(part.text for part in message.parts) == words.get(message.id) for message in kept)
            assert right >= len(kept) - 40, "what was brought over is what was written, but for flipped letters"
            if name in ("header", "odd page size", "schema") or code == "store.rebuilt":
                assert (right, len(opened.store.items.page())) == (len(words), 6), f"{name}: no row was spoiled"
        else:
            assert name == "middle" or not copies, name  # flips inside a text are no structure: nothing to see
        opened.store.items.add("chat", "life goes on")
        opened.store.close()
        assert integrity(paths)[0] == "ok"
    print(f"{started} of {rounds} started, {rescued_rows} messages rescued")
    assert started == rounds
    assert rescued_rows


def test_h4_a_damaged_history_is_set_aside_whole_and_a_new_one_begun(kind, paths, some_history):
    start_on_damage(paths, some_history, 10, seed=4)


def test_h4_a_damaged_name_that_is_no_text_is_damage_too(paths):
    """SQLite's error quotes the name, and Python cannot decode the error."""
    with closing(open_store(paths, instance_id="before").store) as store:
        store.items.add("chat", "kept")
    with closing(sqlite3.connect(paths.database)) as conn, conn:
        conn.execute("PRAGMA writable_schema=ON")
        conn.execute("update sqlite_schema set name = cast(x'8c41' as text), sql = 'nonsense' where name = 'jobs'")
    opened = open_store(paths, instance_id="after")
    assert [notice.code for notice in opened.notices] == ["store.repaired"]
    assert [item.title for item in opened.store.items.page()] == ["kept"]
    opened.store.close()


def rows_of(conn: sqlite3.Connection) -> dict[str, set[tuple]]:
    """The rows of each table, without those of the search indexes and of the counters."""
    named = conn.execute("select name from sqlite_schema where type = 'table' and name not like 'sqlite%'").fetchall()
    tables = {name for (name,) in named if "words" not in name and not name.startswith(("titles", "meta", "_"))}
    return {table: {tuple(row) for row in conn.execute(f"select * from {table}")} for table in tables}


@KINDS_IN_SOAK
@pytest.mark.parametrize("spoil", [bytes, pytest.param(random.Random(8).randbytes, marks=pytest.mark.soak)])
def test_h4_of_each_page_that_is_lost_all_else_stays(kind, paths, some_history, spoil):
    with closing(open_either(paths, "more").store) as store:
        for number in range(60):
            say(
                store,
                store.items.add("chat", f"a title that fills a page soon {number} " * 3).id,
                f"greetings {number}",
            )
        store.models.add(
            name="m", path=b"/m", linked=True, bytes=1, sha256="0" * 64, mtime_ns=1, inode=1, header={}, source="file"
        )
    whole = paths.database.read_bytes()
    with raw(paths) as conn:
        before = rows_of(conn)
        roots = conn.execute("select rootpage, name from sqlite_schema where rootpage > 0").fetchall()
        owners = dict(roots if kind == "encrypted" else conn.execute("select pageno, name from dbstat").fetchall())
        lists = dict(conn.execute("select name, tbl_name from sqlite_schema").fetchall())
    tried: Counter[str] = Counter()
    for page, owner in owners.items():
        tried[owner] += 1
        if spoil is bytes and (
            tried[owner] > 1 or lists.get(owner, "items") not in ("items", "messages", "words_data")
        ):
            continue
        for old in paths.data.glob("*.sqlite3*"):
            if old.suffix != ".json":
                old.unlink()
        paths.database.write_bytes(whole[: (page - 1) * 4096] + spoil(4096) + whole[page * 4096 :])
        (paths.data / "check-at-start").touch()
        with closing(open_either(paths, "after").store) as store:
            now = rows_of(store.database.conn)
            hits = store.index.search("hello", limit=1000)
        lost = {table: len(rows - now[table]) for table, rows in before.items() if rows - now[table]}
        assert len(hits) == sum("hello" in str(row) for row in now["messages"])
        is_data = lists.get(owner) == owner and owner in before
        assert not lost or (is_data and lost.get(owner)), (page, owner, lost)
        if lost:
            assert sum(lost.values()) < 60 + 2 * lost[owner], (page, owner, lost)
            assert len(now["items"]) == len(before["items"]), "a chat whose row is lost is named by its messages"
            assert damaged_copies(paths.database)
        assert integrity(paths) == ["ok"]


def test_h4_wrong_rows_are_left_out_alone_and_told(paths, some_history):
    columns = {"models": "header", "items": "settings", "messages": "parts", "presets": "value"}
    with closing(open_either(paths, "more").store) as store:
        for name in "ab":
            store.presets.add(name, {})
            store.models.add(
                name=name, path=b"/m", linked=True, bytes=1, sha256="0" * 64, mtime_ns=1, inode=1, header={},
                source="file",
            )  # fmt: skip
    with raw(paths) as conn:
        before = rows_of(conn)
        for table, column in columns.items():
            conn.execute(f"update {table} set {column} = '[' where n = (select max(n) from {table})")
    (paths.data / "check-at-start").touch()
    opened = open_either(paths, "after")
    now = rows_of(opened.store.database.conn)
    opened.store.close()
    assert [notice.code for notice in opened.notices] == ["store.repaired"]
    with closing(sqlite3.connect(damaged_copies(paths.database)[0])) as conn:
        for table, column in columns.items():
            assert conn.execute(f"select count(*) from {table} where {column} = '['").fetchone()[0] == 1
    lost = {name: len(rows - now[name]) for name, rows in before.items() if rows - now[name]}
    assert lost == dict.fromkeys(columns, 1)
    assert len(now["items"]) == 6


@pytest.mark.soak
def test_h4_50_damages(kind, paths, some_history):
    start_on_damage(paths, some_history, 50, seed=random.randrange(1 << 30))


def test_h4_a_table_of_other_words_is_read_by_its_pages_alone(paths):
    """A file of somebody else's making may have a view of that name, or what its SQL calls."""
    with closing(open_store(paths, instance_id="before").store) as store:
        store.items.add("chat", "kept")
    with closing(sqlite3.connect(paths.database)) as conn, conn:
        conn.execute("PRAGMA writable_schema=ON")
        conn.execute("update sqlite_schema set sql = replace(sql, 'title text', 'tytle text') where name = 'items'")
    aside = set_aside(paths)
    with closing(open_store(paths, instance_id="after").store) as store:
        assert rescue_into(store, aside).items == 1
        assert [item.title for item in store.items.page()] == ["kept"]


def test_h4_what_no_page_gives_comes_from_the_newest_copy(kind, paths, some_history):
    keep_copy(paths, "before-2", key_of(paths))
    with closing(open_either(paths, "more").store) as store:
        deleted = store.items.page()[0]
        store.delete_for_good(deleted.id)
        left = store.database.number("select count(*) from messages")
        say(store, store.items.page()[0].id, "said after the copy")
    data = bytearray(paths.database.read_bytes())
    data[8 * 4096 : len(data) // 2] = bytes(len(data) // 2 - 8 * 4096)
    paths.database.write_bytes(data)
    (paths.data / "check-at-start").touch()
    opened = open_either(paths, "after")
    assert [notice.code for notice in opened.notices] == ["store.filled"]
    assert opened.store.database.number("select count(*) from messages") in (left, left + 1), "but what came after it"
    assert deleted.title not in {item.title for item in opened.store.items.page()}
    opened.store.close()
    assert integrity(paths) == ["ok"]


def raw(paths: Paths) -> closing[sqlite3.Connection]:
    """A connection that no store knows of, by which a history is spoiled or looked at."""
    return closing(connect(paths.database, key=key_of(paths)))


def with_hot_journal(paths: Paths) -> tuple[bytes, bytes]:
    """The bytes of a database in the middle of a large transaction, and of its journal."""
    with raw(paths) as conn:
        conn.execute("PRAGMA cache_size=5").fetchall()
        conn.execute("BEGIN IMMEDIATE")
        conn.execute("update messages set parts = replace(parts, 'hello', 'goodbye')")
        journal = paths.database.with_name(paths.database.name + "-journal")
        pair = paths.database.read_bytes(), journal.read_bytes()
        conn.execute("ROLLBACK")
    return pair


@KINDS_IN_SOAK
def test_h4_a_hot_journal_is_rolled_back_and_nothing_said(kind, paths, some_history):
    data, journal = with_hot_journal(paths)
    paths.database.write_bytes(data)
    assert b"goodbye" in readable(paths.database, key_of(paths)), "the control: the transaction is half in the file"
    paths.database.with_name(paths.database.name + "-journal").write_bytes(journal)
    opened = open_either(paths, "after")
    assert opened.notices == ()
    assert len(opened.store.index.search("hello", limit=1000)) == len(some_history)
    assert b"goodbye" not in readable(paths.database, key_of(paths))
    assert not list(paths.data.glob(".*")), "the copy made before the rollback is gone"
    opened.store.close()


@KINDS_IN_SOAK
@pytest.mark.parametrize("spoiled", ["noise inside", "cut"])
def test_h4_a_damaged_journal_leaves_the_old_bytes_aside(kind, paths, some_history, spoiled):
    data, journal = with_hot_journal(paths)
    bad = bytearray(journal)
    if spoiled == "cut":
        del bad[len(bad) // 2 :]
    else:
        bad[600 : len(bad) // 2] = random.Random(5).randbytes(len(bad) // 2 - 600)
    paths.database.write_bytes(data)
    paths.database.with_name(paths.database.name + "-journal").write_bytes(bad)
    opened = open_either(paths, "after")
    opened.store.close()
    if opened.notices:  # SQLite saw it; else it left the pages as they are, whole in themselves
        aside = damaged_copies(paths.database)[0]
        assert aside.read_bytes() == data
        assert aside.with_name(aside.name + "-journal").read_bytes() == bytes(bad)
    assert integrity(paths)[0] == "ok"


def test_h4_a_fifo_or_a_folder_for_a_database_blocks_nothing(paths):
    paths.data.mkdir(parents=True)
    os.mkfifo(paths.database)
    opened = open_store(paths, instance_id="d")
    opened.store.close()
    assert [notice.code for notice in opened.notices] == ["store.set_aside"]
    assert paths.database.is_file()


def test_h4_damage_met_while_running_is_looked_for_at_the_next_start(kind, paths, some_history):
    data = bytearray(paths.database.read_bytes())
    with raw(paths) as conn:
        page = conn.execute("select rootpage from sqlite_schema where name = 'messages'").fetchone()[0]
    data[(page - 1) * 4096 : page * 4096] = b"\xff" * 4096
    paths.database.write_bytes(data)
    store = open_either(paths, "d").store
    with pytest.raises(KnownError, match=r"store\.damaged"):
        store.messages.of_item(store.items.page()[0].id)
    store.close()
    opened = open_either(paths, "d")
    assert [notice.code for notice in opened.notices] == ["store.rebuilt"]
    assert len(opened.store.index.search("hello", limit=1000)) == len(some_history)
    opened.store.close()


def test_h4_a_damaged_index_is_made_anew(kind, paths, some_history):
    with raw(paths) as conn:
        conn.execute("update words_data set block = zeroblob(40) where id > 10")
    store = open_either(paths, "d").store
    with pytest.raises(KnownError, match=r"store\.damaged"):
        store.index.search("hello")
    store.close()
    opened = open_either(paths, "d")
    assert opened.notices == ()
    assert len(opened.store.index.search("hello", limit=1000)) == len(some_history)
    opened.store.close()


@KINDS_IN_SOAK
def test_a_rescue_brings_nothing_twice_and_keeps_order_before_what_is_new(kind, paths, some_history):
    aside = set_aside(paths)
    store = open_either(paths, "d").store
    new = store.items.add("chat", "new")
    say(store, new.id, "hello from after")
    assert rescue_into(store, aside).messages == len(some_history)
    again = rescue_into(store, aside)
    assert (again.items, again.messages) == (0, 0)
    old = next(item for item in store.items.page() if item.title == "Chat 3")
    assert [some_history[message.id].split()[2] for message in store.messages.of_item(old.id)] == [
        str(n) for n in range(30)
    ]
    assert store.messages.of_item(old.id)[1].parent == store.messages.of_item(old.id)[0].id
    assert "after" in store.index.search("hello", limit=1)[0].snippet
    store.close()


def test_a_growing_row_that_its_index_does_not_know_is_damage_too(paths):
    """As a disk that ignores syncs leaves it; found by the power cut's control."""
    with closing(open_store(paths, instance_id="d").store) as store:
        chat = store.items.add("chat", "x")
        ident = store.messages.add(chat.id, parent=None, role=Role.ASSISTANT, status=Status.STREAMING).id
    data = bytearray(paths.database.read_bytes())
    for at in (match.start() for match in re.finditer(ident.encode(), bytes(data))):
        if data[at // 4096 * 4096] == 0x0A:  # a leaf of an index
            data[at : at + 16] = b"f" * 16
    paths.database.write_bytes(data)
    with closing(open_store(paths, instance_id="next").store) as store:
        assert store.messages.get(ident).status is Status.INTERRUPTED


def test_a_rescued_message_without_its_chat_gets_one_named_by_its_words(paths):
    store = open_store(paths, instance_id="d").store
    chat = store.items.add("chat", "lost")
    say(store, chat.id, "the words that are left")
    answer = store.messages.add(chat.id, parent=None, role=Role.ASSISTANT, text="grow", status=Status.STREAMING)
    store.database.conn.execute("PRAGMA foreign_keys=OFF")
    store.database.conn.execute("delete from items")
    store.close()
    aside = set_aside(paths)
    store = open_store(paths, instance_id="d").store
    counts = rescue_into(store, aside)
    assert (counts.items, counts.messages) == (1, 2)
    assert [item.title for item in store.items.page()] == ["the words that are left"]
    assert store.messages.get(answer.id).status is Status.INTERRUPTED
    store.close()


def fingerprint(paths: Paths) -> dict[str, str]:
    return {
        str(path.relative_to(paths.data)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in paths.data.rglob("*")
        if path.is_file() and path.name != "schema.lock"
    }


@pytest.mark.parametrize("how", ["higher version", "unknown step"])
def test_h7_a_newer_programs_history_is_not_touched(kind, paths, some_history, how):
    with raw(paths) as conn:
        if how == "higher version":
            conn.execute("PRAGMA user_version = 99")
        else:
            conn.execute("insert into _sqlite_migrations values (99, 'slmdesk', 'm099_future', 'then')")
    before = fingerprint(paths)
    with pytest.raises(KnownError, match=r"^store\.newer "):
        open_either(paths, "d")
    assert fingerprint(paths) == before


def columns(paths: Paths) -> tuple[bool, bool, int]:
    with raw(paths) as conn:
        names = {row[1] for row in conn.execute("PRAGMA table_info(items)")}
        tables = {row[0] for row in conn.execute("select name from sqlite_schema")}
        return "colour" in names, "extra" in tables, conn.execute("PRAGMA user_version").fetchone()[0]


@contextmanager
def history_in(copy: Path, paths: Paths) -> Iterator[sqlite3.Connection]:
    """A connection to what a backup holds."""
    source, extracted = source_of(copy), copy.with_name(".extracted")
    extracted.write_bytes(copy.read_bytes()[source.offset : source.end])
    key = key_of(paths) if source.is_encrypted else None
    try:
        with closing(connect(extracted, key=key, read_only=True)) as conn:
            yield conn
    finally:
        extracted.unlink()


@pytest.mark.process
@counts("h8_every_statement")
@KINDS_IN_SOAK
def test_h8_killed_in_a_migration(child, kind, paths, some_history, count):
    whole = paths.database.read_bytes()
    outcomes = []
    for number in range(1, 200, count):
        for old in (*paths.data.glob("*.sqlite3*"), *kept_copies(paths)):
            old.unlink()
        paths.database.write_bytes(whole)
        instance = child("migrate", paths.data.parent, KILL_AT=str(number))
        _, errors = instance.communicate(timeout=60)
        assert instance.returncode in (0, -signal.SIGKILL), errors
        if number % 2:  # SQLite alone makes it whole; the even ones leave that to the program
            assert columns(paths) in ((False, False, len(STEPS)), (True, True, len(STEPS) + 1))
        with closing(open_either(paths, "old", steps=(*STEPS, m002_more)).store) as store:
            assert len(store.index.search("hello", limit=1000)) == len(some_history)
        copy = kept_copies(paths)[0]
        with history_in(copy, paths) as conn:
            assert conn.execute("select count(*) from messages").fetchone()[0] == len(some_history)
            assert conn.execute("PRAGMA user_version").fetchone()[0] == len(STEPS)
        assert copy.stat().st_mode & 0o777 == 0o600
        assert integrity(paths) == ["ok"]
        assert columns(paths) == (True, True, len(STEPS) + 1)
        outcomes.append(instance.returncode)
        if instance.returncode == 0:
            break
    assert outcomes.count(-signal.SIGKILL) >= 2, "the control: it was killed at several statements"
    assert outcomes[-1] == 0, "and at the end at none"


def test_h8_a_step_that_fails_leaves_the_old_version(paths, some_history):
    def m002_broken(db):
        m002_more(db)
        db.conn.execute("insert into nowhere values (1)")

    before = hashlib.sha256(paths.database.read_bytes()).hexdigest()
    with pytest.raises(sqlite3.OperationalError):
        open_store(paths, instance_id="d", steps=(*STEPS, m002_broken))
    assert hashlib.sha256(paths.database.read_bytes()).hexdigest() == before
    open_store(paths, instance_id="d").store.close()


@pytest.mark.process
def test_h8_a_migration_needs_the_other_desks_closed(child, paths, some_history):
    instance = child("start", paths.data.parent, "window")
    assert instance.stdout.readline().startswith("opened")
    with pytest.raises(KnownError, match=r"store\.in_use"):
        open_store(paths, instance_id="d", steps=(*STEPS, m002_more))
    instance.communicate("close\n", timeout=120)
    open_store(paths, instance_id="d", steps=(*STEPS, m002_more)).store.close()


def test_h8_copies_are_kept_30_days(paths):
    open_store(paths, instance_id="d").store.close()
    open_store(paths, instance_id="d", steps=(*STEPS, m002_more)).store.close()
    assert len(kept_copies(paths)) == 1
    drop_old_copies(paths, time.time() + 29 * 86_400)
    assert len(kept_copies(paths)) == 1
    drop_old_copies(paths, time.time() + 31 * 86_400)
    assert kept_copies(paths) == []
