"""The ledger: a chain in which nothing can be changed unseen, that goes on over migration, restoring and rescue."""

from __future__ import annotations

import json
import random
import sqlite3
from contextlib import closing

import pytest
from fakes.chains import first_fault

from slmdesk.base.record import changed
from slmdesk.base.records import BEGINNING, Answered, Kind, LedgerRow, Outgoing, canonical, chain_hash
from slmdesk.history.store import backup, open_store
from slmdesk.history.store.rescue import rescue_into
from slmdesk.history.store.restoring import restore

pytestmark = pytest.mark.pure


def request(path: str = "/x") -> Outgoing:
    return Outgoing("hub.example", "GET", path, "search", port=443, via="none", query_sha256="ab" * 32)


def chain(store) -> list[LedgerRow]:
    return store.ledger.rows(1, 1 << 60, 1 << 60)


def kinds(store) -> list[str]:
    return [row.kind for row in chain(store)]


def some_chain(rng: random.Random, length: int) -> list[LedgerRow]:
    rows, before = [], BEGINNING
    for n in range(1, length + 1):
        about = (rng.randrange(1 << 50), rng.randrange(1 << 40), "boot", rng.choice(list(Kind)).value)
        data = canonical({"host": f"host{rng.randrange(5)}.example", "bytes": rng.randrange(1 << 30)})
        before = chain_hash(before, n, *about, data)
        rows.append(LedgerRow(n, *about, data, before))
    return rows


def tampered(rng: random.Random, rows: list[LedgerRow], how: str) -> list[LedgerRow]:
    rows = list(rows)
    at = rng.randrange(len(rows) - 1)
    if how == "drop":
        del rows[at]
    elif how == "drop and number anew":
        rows[at:] = [changed(row, n=row.n - 1) for row in rows[at + 1 :]]
    elif how == "reorder":
        rows[at], rows[at + 1] = changed(rows[at + 1], n=rows[at].n), changed(rows[at], n=rows[at + 1].n)
    elif how == "insert":
        rows.insert(at, changed(rows[at], data='{"host":"other.example"}'))
    elif how == "insert and number anew":
        rows[at:] = [rows[at], *(changed(row, n=row.n + 1) for row in rows[at:])]
    else:
        values = {"time": 5, "monotonic": 5, "boot": "another", "kind": "other", "data": "{}", "hash": "0" * 64}
        rows[at] = changed(rows[at], **{how: values[how]})
    return rows


WAYS = ("drop", "drop and number anew", "reorder", "insert", "insert and number anew", *LedgerRow.__struct_fields__[1:])


def test_one_row_dropped_changed_moved_or_added_is_found_in_a_hundred_chains():
    for seed in range(100):
        rng = random.Random(seed)
        rows = some_chain(rng, rng.randrange(3, 40))
        assert first_fault(rows) is None, "the control"
        for how in WAYS:
            assert first_fault(tampered(rng, rows, how)) is not None, (seed, how)


def test_rows_are_chained_and_say_what_was_asked(store):
    n = store.ledger.record(request("/a"))
    store.ledger.refuse(request("/b"), "network.offline")
    store.ledger.finish(n, Answered(7, 200, "proxy.example:3128"))
    rows = chain(store)
    assert [row.n for row in rows] == [1, 2, 3]
    assert first_fault(rows) is None
    assert rows[0].said == {
        "host": "hub.example", "method": "GET", "path": "/a", "port": 443, "purpose": "search",
        "query_sha256": "ab" * 32, "via": "none",
    }  # fmt: skip
    assert rows[1].said["code"] == "network.offline"
    assert rows[2].said == {"of": 1, "bytes": 7, "status": 200, "proxy": "proxy.example:3128"}
    assert [(row.path, row.bytes) for row in store.ledger.page()] == [("/a", 7)], "what was refused did not leave"
    assert (store.ledger.count(), store.ledger.count("hub.example get /a"), store.ledger.count("proxy")) == (1, 1, 0)


def test_nothing_in_the_store_changes_or_deletes_a_row(store):
    def no_change(action, table, *_more):
        is_change = action in (sqlite3.SQLITE_UPDATE, sqlite3.SQLITE_DELETE) and table == "ledger"
        return sqlite3.SQLITE_DENY if is_change else sqlite3.SQLITE_OK

    store.database.conn.set_authorizer(no_change)
    with pytest.raises(sqlite3.DatabaseError, match="not authorized"):
        store.database.conn.execute("update ledger set data = '{}'")
    store.ledger.start({})
    n = store.ledger.record(request())
    store.ledger.finish(n, Answered(1))
    store.ledger.take_over([(5, {"host": "h", "method": "GET", "path": "/", "purpose": ""})])
    chat = store.items.add("chat", "one").id
    store.delete_for_good(chat)
    store.ledger.stop()
    store.database.conn.set_authorizer(None)
    assert kinds(store) == ["start", "request", "end", "request", "stop"]


@pytest.mark.parametrize("words", ["x", "[]", '{"host":5}', "{" * 100_000, ""])
def test_a_row_that_somebody_made_unreadable_stops_nothing(paths, tmp_path, words):
    with closing(open_store(paths, instance_id="d").store) as store:
        with store.alone():
            backup(paths, tmp_path / "copy.sqlite3")
        for path in ("/a", "/b", "/c"):
            store.ledger.finish(store.ledger.record(request(path)), Answered(7))
        store.database.run("update ledger set data = ? where n in (1, 4)", (words,))
        rows = [(row.host, row.path, row.bytes) for row in store.ledger.page()]
        assert rows == [("hub.example", "/c", 7), ("hub.example", "/b", None), ("?", "?", 7)]
        assert [row.path for row in store.ledger.page(words="hub.example")] == ["/c", "/b"]
        assert (store.ledger.count(), store.ledger.count("hub.example")) == (3, 2)
        new = (5, {"host": "h", "method": "GET", "path": "/", "purpose": ""})
        assert (store.ledger.take_over([new]), store.ledger.take_over([new])) == (1, 0)
        assert first_fault(chain(store)) == 1, "the chain tells that it was changed"
    restore(paths, tmp_path / "copy.sqlite3")
    with closing(open_store(paths, instance_id="d").store) as store:
        assert store.ledger.last(Kind.RESTORE) is not None
        assert [row.path for row in store.ledger.page(words="hub.example")] == ["/c", "/b"]


def test_a_start_that_was_rolled_back_is_none_and_no_other_ends_in_its_place(paths):
    def start_and_fail(store) -> None:
        with store.together():
            assert store.ledger.start({}).n == 1
            assert store.ledger.is_started, "the control: inside it is there"
            raise ZeroDivisionError

    opened = open_store(paths, instance_id="d"), open_store(paths, instance_id="other")
    with closing(opened[0].store) as store, closing(opened[1].store) as other:
        with pytest.raises(ZeroDivisionError):
            start_and_fail(store)
        assert (store.ledger.is_started, store.ledger.head()) == (False, None)
        other.ledger.start({})  # takes the number
        assert not store.ledger.is_started
        store.ledger.stop()
        assert kinds(store) == ["start"], "and the other one's is not ended"
        other.ledger.stop()
        store.ledger.start({})
        store.ledger.stop()
        assert [(row.kind, row.said.get("of")) for row in chain(store)][1:] == [
            ("stop", 1), ("start", None), ("stop", 3),
        ]  # fmt: skip


def test_letters_that_no_database_holds_do_not_break_the_chain(paths):
    with closing(open_store(paths, instance_id="d").store) as store:
        store.ledger.record(Outgoing("h\ud800", "GET", "/\x00\n\u2028", "ł"))
    with closing(open_store(paths, instance_id="d").store) as store:
        assert first_fault(chain(store)) is None
        assert store.ledger.page()[0].purpose == "ł"


def test_who_ended_without_a_word_is_named_once(paths):
    with closing(open_store(paths, instance_id="killed").store) as killed:
        killed.ledger.start({"version": "1"})  # no stop
    with closing(open_store(paths, instance_id="window").store) as window:
        assert window.ledger.start({}).said["unclean"] == [1]
        with closing(open_store(paths, instance_id="command").store) as command:
            row = command.ledger.start({})
            assert (row.said["open"], row.said["unclean"]) == ([2], []), "the window runs still"
            command.ledger.stop()
        window.ledger.stop()
        window.ledger.stop()
    with closing(open_store(paths, instance_id="last").store) as last:
        row = last.ledger.start({})
        assert (row.said["open"], row.said["unclean"]) == ([], [])
        assert kinds(last) == ["start", "start", "start", "stop", "stop", "start"]
        assert first_fault(chain(last)) is None


def test_a_start_that_somebody_has_made_unreadable_keeps_nobody_from_starting(paths):
    with closing(open_store(paths, instance_id="one").store) as opened:
        opened.ledger.start({})
    with closing(sqlite3.connect(paths.database)) as conn:
        conn.execute("update ledger set data = 'no json'")
        conn.commit()
    with closing(open_store(paths, instance_id="two").store) as two:
        assert two.ledger.start({}).said["unclean"] == [1]
        assert first_fault(chain(two)) == 1


def test_a_restored_backup_goes_on_with_the_chain_of_this_pc(paths, tmp_path):
    target = tmp_path / "copy.sqlite3"
    with closing(open_store(paths, instance_id="d").store) as store:
        store.ledger.record(request("/1"))
        with store.alone():
            backup(paths, target)
        store.ledger.record(request("/2"))
        head = store.ledger.head()
    restore(paths, target)
    with closing(open_store(paths, instance_id="d").store) as store:
        rows = chain(store)
        assert [row.kind for row in rows] == ["request", "request", "restore"]
        assert rows[1] == head
        assert rows[2].said["head"] == {"n": 1, "hash": rows[0].hash}
        assert first_fault(rows) is None


def test_requests_of_a_backup_of_another_pc_are_taken_over_marked(paths, tmp_path):
    from slmdesk.base.paths import find_paths

    target, other = tmp_path / "copy.sqlite3", find_paths(tmp_path / "other")
    with closing(open_store(other, instance_id="there").store) as store:
        n = store.ledger.record(request("/there"))
        store.ledger.finish(n, Answered(9, 200))
        with store.alone():
            backup(other, target)
    with closing(open_store(paths, instance_id="d").store) as store:
        store.ledger.record(request("/here"))
    restore(paths, target)
    with closing(open_store(paths, instance_id="d").store) as store:
        assert kinds(store) == ["request", "restore", "request"]
        assert [(row.path, row.bytes) for row in store.ledger.page()] == [("/there", 9), ("/here", None)]
        assert chain(store)[2].said["imported"] is True
        assert first_fault(chain(store)) is None


def test_where_no_history_can_be_read_the_chain_of_the_backup_goes_on(paths, tmp_path):
    target = tmp_path / "copy.sqlite3"
    with closing(open_store(paths, instance_id="d").store) as store:
        store.ledger.record(request("/1"))
        with store.alone():
            backup(paths, target)
    paths.database.write_bytes(b"x" * 9000)
    restore(paths, target)
    with closing(open_store(paths, instance_id="d").store) as store:
        assert kinds(store) == ["request", "restore"]
        assert "backup" in store.ledger.head().said["goes_on"]
        assert first_fault(chain(store)) is None


def test_requests_of_a_damaged_history_come_into_the_chain_once(paths):
    with closing(open_store(paths, instance_id="d").store) as store:
        for number in range(3):
            store.ledger.finish(store.ledger.record(request(f"/{number}")), Answered(number or 5))
    damaged = paths.database.rename(paths.data / "damaged.sqlite3")
    with closing(open_store(paths, instance_id="d").store) as store:
        store.ledger.record(request("/now"))
        assert rescue_into(store, damaged).requests == 3
        assert rescue_into(store, damaged).requests == 0, "they are here"
        assert {(row.path, row.bytes) for row in store.ledger.page()} >= {("/1", 1), ("/2", 2), ("/now", None)}
        assert first_fault(chain(store)) is None
        assert json.loads(chain(store)[1].data)["from"] == "a damaged history"
