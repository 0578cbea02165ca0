from __future__ import annotations

import hashlib
import shutil
import sqlite3
import time
from contextlib import closing

import pytest

pytestmark = pytest.mark.process


def titles(run, *more: str) -> list[str]:
    return [row["title"] for row in run("history", "list", "--json", *more).json]


def test_a_backup_goes_and_comes_back(run, with_model, tmp_path, home) -> None:
    run("chat", "the first chat")
    copy = tmp_path / "copy.db"
    made = run("backup", str(copy), "--json").json
    run("chat", "the second chat")
    done = run("restore", str(copy), "--json")
    assert (done.status, done.err) == (0, "")
    assert set(done.json) == {"bytes", "sha256", "set_aside", "brought"}
    assert done.json["brought"] == {"models": [], "folders": [], "presets": [], "jobs": 0}
    assert {key: done.json[key] for key in made} == made
    assert made["sha256"] == hashlib.sha256(copy.read_bytes()).hexdigest()
    assert titles(run) == ["the first chat"]
    assert [model["id"] for model in run("models", "list", "--json").json] == [with_model["id"]]
    (rescued,) = run("history", "rescue", done.json["set_aside"], "--json").json
    assert rescued["items"] == 1
    assert set(titles(run)) == {"the first chat", "the second chat"}
    broken = tmp_path / "broken.db"
    broken.write_bytes(copy.read_bytes()[:-5000])
    refused = run("restore", str(broken), "--json")
    assert (refused.status, refused.json["error"]["code"], refused.err.count("\n")) == (1, "backup.unusable", 1)
    assert set(titles(run)) == {"the first chat", "the second chat"}


def test_copies_are_listed_and_one_of_them_takes_the_place_of_a_newer_history(run, with_model, home) -> None:
    run("chat", "kept words")
    assert run("backup", "--list", "--json").json == []
    database = home / "data" / "slmdesk.sqlite3"
    copies = home / "data" / "backups"
    copies.mkdir(exist_ok=True)
    shutil.copy2(database, copies / f"slmdesk-{time.strftime('%Y%m%d-%H%M%S')}-before-3.sqlite3")
    with closing(sqlite3.connect(database)) as conn:
        conn.execute("pragma user_version = 99")
    assert run("history", "list").status == 1
    (listed,) = run("backup", "--list", "--json").json
    assert set(listed) == {"path", "time", "bytes"}
    assert listed["path"] in run("backup", "--list").out
    assert run("restore", listed["path"]).status == 0
    assert titles(run) == ["kept words"]
