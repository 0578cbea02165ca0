"""`slmdesk retention`: rules and holds on the command line, and what they refuse."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing

import pytest

pytestmark = pytest.mark.process


def age(home, days: float) -> None:
    with closing(sqlite3.connect(home / "data" / "slmdesk.sqlite3")) as conn, conn:
        conn.execute("update items set updated = ?1, arrived = ?1", (time.time() - days * 86_400,))


def test_rules_are_added_listed_carried_out_and_removed(run, with_model, home) -> None:
    assert "nothing is deleted by itself" in run("retention", "list").err
    assert run("chat", "an old question").status == 0
    age(home, 100)
    wanted = ("retention", "add", "--kind", "chat", "--days", "90", "--trash-days", "7")
    assert run(*wanted, "--preview").out == "This rule would move 1 chat to the trash now.\n"
    assert run(*wanted, "--preview", "--json").json["due"] == 1
    assert run("retention", "list", "--json").json["rules"] == [], "the control: it was not added"
    made = run(*wanted, "--json").json
    assert made | {"id": "", "since": 0} == {
        "id": "", "kind": "chat", "folder": "", "days": 90, "then": "trash", "trash_days": 7, "set_by": "person",
        "since": 0, "due": 1,
    }  # fmt: skip
    listed = run("retention", "list")
    (line,) = listed.out.splitlines()
    words = "rule  you  chats, not changed for 90 days: to the trash for 7 days, then deleted for good"
    assert line.endswith(f"{words}; would move 1 chat to the trash at its next run"), "no command does it by itself"
    assert "1 chat, not changed for 90 days, moved to the trash. There until" in run("retention", "run").err
    assert run("retention", "run").out == "Nothing to do.\n"
    assert run("history", "list", "--json").json == []
    (item,) = run("history", "list", "--deleted", "--json").json
    assert run("history", "restore", item["id"]).status == 0
    assert run("retention", "remove", made["id"]).status == 0
    assert run("retention", "list", "--json").json == {"rules": [], "holds": []}
    assert run("retention", "run").out == "Nothing to do.\n"


def test_a_hold_refuses_deleting_until_it_is_released(run, with_model, home) -> None:
    assert run("chat", "a question").status == 0
    (item,) = run("history", "list", "--json").json
    held = run("retention", "hold", item["id"], "--reason", "case 12", "--json").json
    assert (held["what"], held["target"], held["reason"], held["set_by"]) == ("item", item["id"], "case 12", "person")
    refused = run("history", "delete", item["id"], "--for-good", "--json")
    assert (refused.status, refused.json["error"]["code"]) == (1, "hold.item")
    assert "is on hold (you set it)" in refused.err
    run("history", "delete", item["id"])
    assert run("history", "empty-trash", "--json").json["deleted"] == []
    assert run("retention", "release", held["id"]).status == 0
    assert run("history", "empty-trash", "--json").json["deleted"] == [item["id"]]
    until = run("retention", "hold", "all", "--until", "2999-01-31")
    assert until.out.split("  ")[1] == "everything until 31 January 2999\n"
    past = run("retention", "hold", item["id"], "--until", "2020-01-31")
    assert past.status == 1
    everything = run("retention", "hold", "all")
    assert everything.out.split("  ")[1] == "everything\n"


def test_a_wrong_clock_is_told_and_confirmed(run, with_model, home) -> None:
    assert run("chat", "a question").status == 0
    assert run("retention", "add", "--days", "90", "--for-good").status == 0
    age(home, 100)
    with closing(sqlite3.connect(home / "data" / "slmdesk.sqlite3")) as conn, conn:
        conn.execute("update meta set value = ? where key = 'retention_seen'", (time.time() - 30 * 86_400,))
    refused = run("retention", "run", "--json")
    assert refused.status == 1
    assert refused.json["doubt"]["last"] < refused.json["doubt"]["now"]
    assert "Until you confirm the date" in refused.err
    assert len(run("history", "list", "--json").json) == 1
    assert run("retention", "run", "--yes").status == 0
    assert run("history", "list", "--json").json == []


@pytest.mark.parametrize(
    "args", [["add", "--days", "0"], ["add"], ["add", "--days", "9", "--kind", "letters"], ["hold"]]
)
def test_wrong_usage_is_refused(run, args) -> None:
    assert run("retention", *args).status == 2


@pytest.mark.parametrize("args", [["hold", "ffff"], ["release", "ffff"], ["remove", "ffff"]])
def test_what_is_not_there_is_named(run, args) -> None:
    refused = run("retention", *args)
    assert refused.status == 1
    assert "ffff" in refused.err


def test_a_day_is_forgotten_after_it_was_confirmed(run, with_model, home) -> None:
    assert run("chat", "about the zqquokka").status == 0
    today = time.strftime("%Y-%m-%d")
    refused = run("history", "forget-day", today)
    assert (refused.status, "1 chat" in refused.err, "--yes does it" in refused.err) == (1, True, True)
    assert len(run("history", "list", "--json").json) == 1
    done = run("history", "forget-day", today, "--yes", "--json").json
    assert (done["counts"], len(done["deleted"])) == ({"chat": 1}, 1)
    assert run("history", "list", "--json").json == []
    files = [path for path in home.rglob("*") if path.is_file() and b"zqquokka" in path.read_bytes()]
    assert files == []
    assert "Nothing that was made on" in run("history", "forget-day", today).err


def test_a_sweep_that_is_killed_again_and_again_ends_well(run, begin, with_model, home) -> None:
    assert run("chat", "about the zqquokka").status == 0
    assert run("retention", "add", "--days", "90", "--for-good").status == 0
    database = home / "data" / "slmdesk.sqlite3"
    with closing(sqlite3.connect(database)) as conn, conn:
        long_ago = time.time() - 100 * 86_400
        conn.executemany(
            "insert into items (id, kind, title, pinned, created, updated, revision, settings)"
            " values (?, 'chat', 'zqquokka', 0, ?, ?, 1, '{}')",
            ((f"{n:016x}", long_ago, long_ago) for n in range(3_000)),
        )
        conn.executemany(
            "insert into titles (rowid, folded) select n, 'zqquokka' from items where id = ?",
            ((f"{n:016x}",) for n in range(3_000)),
        )

    def count() -> int:
        with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=30)) as conn:
            return conn.execute("select count(*) from items").fetchone()[0]

    left = [count()]
    for _kill in range(6):
        running = begin("retention", "run")
        while running.poll() is None and _count_or(count, left[-1]) == left[-1]:
            time.sleep(0.005)
        running.kill()
        running.communicate()
        assert run("history", "list").status == 0, "it opens, and takes up what the journal holds"
        left.append(count())
    assert left[1] < left[0], "the control: it was at work when it was killed"
    assert run("retention", "run").status == 0
    assert count() == 1, "the chat of today"
    assert run("doctor").status == 0
    with closing(sqlite3.connect(database)) as conn:
        assert conn.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert conn.execute("select count(*) from titles where titles match 'zqquokka'").fetchone() == (1,)


def _count_or(count, otherwise: int) -> int:
    """The number of items, or what it was where a hot journal has to be rolled back first."""
    try:
        return count()
    except sqlite3.OperationalError:
        return otherwise
