"""A home that an older version made opens with everything in it.

`golden/home.tar.xz` was made by an earlier version: two chats, a
question, a summary, a table, two versions, a translated document and a typed text, a glossary, jobs, a model that is
linked.
`golden/home.json` is what that version said of it.
"""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
import tarfile
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

GOLDEN = Path(__file__).parent / "golden"
ROOT = Path(__file__).resolve().parent.parent
KINDS = {"chat", "question", "summary", "extraction", "versions", "translation"}


@pytest.fixture
def home(tmp_path: Path) -> Path:
    with tarfile.open(GOLDEN / "home.tar.xz") as archive:
        archive.extractall(tmp_path / "home", filter="data")
    return tmp_path / "home"


def said(home: Path, *words: str) -> str:
    """What a command prints; it must end well."""
    environment = {**os.environ, "SLMDESK_HOME": str(home)}
    command = [sys.executable, str(ROOT / "main.py"), *words]
    done = subprocess.run(command, env=environment, check=False, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, (words, done.stderr)
    return done.stdout


def as_json(home: Path, *words: str) -> Any:
    return json.loads(said(home, *words, "--json"))


def holds(now, then) -> bool:
    """Whether all that was said then is said now; fields that came later may stand beside it."""
    if isinstance(then, dict):
        return isinstance(now, dict) and all(key in now and holds(now[key], value) for key, value in then.items())
    if isinstance(then, list):
        return isinstance(now, list) and len(now) == len(then) and all(map(holds, now, then))
    return now == then


@pytest.mark.process
def test_every_item_of_an_older_home_is_there_and_reads_the_same(home: Path) -> None:
    then = json.loads((GOLDEN / "home.json").read_text("utf-8"))
    assert {one["kind"] for one in then["items"].values()} == KINDS, "the control: one of each kind was kept"
    listed = {one["id"]: one for one in as_json(home, "history", "list")}
    assert listed.keys() == then["items"].keys()
    for id, item in then["items"].items():
        assert (listed[id]["kind"], listed[id]["title"]) == (item["kind"], item["title"])
        assert holds(as_json(home, "history", "show", id), item["show"]), item["kind"]
        if item["md"]:
            assert said(home, "history", "export", id, "--format", "md") == item["md"], item["kind"]
        if item["json"]:
            now = json.loads(said(home, "history", "export", id, "--format", "json"))
            assert holds(now, json.loads(item["json"])), item["kind"]


@pytest.mark.process
def test_jobs_models_and_documents_of_an_older_home_are_there(home: Path) -> None:
    then = json.loads((GOLDEN / "home.json").read_text("utf-8"))
    keys = ("id", "kind", "status", "steps_done", "steps_total")
    jobs = [tuple(one[key] for key in keys) for one in as_json(home, "jobs", "list")]
    assert jobs == [tuple(one[key] for key in keys) for one in then["jobs"]]
    models = {one["id"]: one["sha256"] for one in as_json(home, "models", "list")}
    assert models == {one["id"]: one["sha256"] for one in then["models"]}
    assert not (home / "config" / "window.json").exists(), "only the window writes it"
    names = {one["name"] for one in as_json(home, "documents", "list")}
    assert names == {one["name"] for one in then["documents"]}


@pytest.mark.process
def test_a_rule_takes_no_chat_of_an_older_home_that_was_imported_a_short_while_ago(home: Path) -> None:
    now = time.time()
    with closing(sqlite3.connect(home / "data" / "slmdesk.sqlite3")) as conn, conn:
        conn.execute("update items set created = ?1, updated = ?1", (now - 400 * 86_400,))
        (imported,) = conn.execute("select id from items where kind = 'chat'").fetchone()
        mark = json.dumps({"imported": {"program": "ChatGPT", "time": now - 86_400}})
        conn.execute("update items set settings = ? where id = ?", (mark, imported))
        (count,) = conn.execute("select count(*) from items where kind <> 'space'").fetchone()
    said(home, "retention", "add", "--days", "90")
    said(home, "retention", "run", "--yes")
    assert [one["id"] for one in as_json(home, "history", "list")] == [imported]
    assert len(as_json(home, "history", "list", "--deleted")) == count - 1
