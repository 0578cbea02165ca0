"""`slmdesk documents …` and `ask FOLDER`: folders are read once, then what has changed alone."""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import time

import pytest
from fakes.commands import ROOT, SLMDESK
from fakes.contents import OLD, write
from fakes.recorder import add_model, open_echo

pytestmark = pytest.mark.process

SAYS = "In winter."


@pytest.fixture
def papers(tmp_path):
    folder = tmp_path / "papers"
    for name, words in {"a.txt": "The pump stops at 12 bar.", "sub/b.txt": "The valve opens in winter."}.items():
        write(folder / name, words)
    return folder


MANY = 150
"""Files, so that a command is still at it when it is stopped."""


def steps_done(home) -> int:
    database = home / "data" / "slmdesk.sqlite3"
    with contextlib.closing(sqlite3.connect(f"file:{database}?mode=rw", uri=True)) as connection:
        return connection.execute("select count(*) from steps where status = 'done'").fetchone()[0]


def test_a_folder_is_asked_and_the_file_is_named(run, environment, papers, tmp_path):
    services = open_echo()
    add_model(services, tmp_path / "echo.gguf")
    services.close()
    (papers / "broken.docx").write_bytes(b"PK\x03\x04" + b"\x00" * 300)
    os.utime(papers / "broken.docx", (OLD, OLD))
    asked = run("ask", str(papers), "When does the valve open?", "--json", echo={"answer": SAYS})
    asked = asked.json
    (cited,) = asked["citations"]
    assert (cited["file"], cited["page"], cited["path"]) == ("b.txt", 1, str(papers / "sub" / "b.txt"))
    exported = run("history", "export", asked["item"], "--format", "md").out
    assert "is damaged" in exported
    assert "broken.docx" in exported
    folders = run("documents", "list", "--folders", "--json").json
    assert [(folder["path"], folder["documents"], folder["watched"]) for folder in folders] == [(str(papers), 2, False)]
    shutil.rmtree(papers)
    again = run("ask", str(papers), "When does the valve open?", "--json", echo={"answer": SAYS})
    assert again.json["citations"] == [cited], "what was read is asked though the drive is gone"
    assert "not reachable" in again.err


def test_watching_listing_indexing_and_forgetting(run, papers, tmp_path):
    write(papers / "bad.pdf", "this is no PDF at all\0\0")
    watched = run("documents", "watch", str(papers), "--json")
    assert watched.status == 0, watched.err
    state = watched.json
    assert (state["documents"], state["pages"], state["unread"], state["watched"]) == (2, 2, 1, True)
    assert [document["path"] for document in state["unread_documents"]] == [str(papers / "bad.pdf")]
    assert run("documents", "list", "--json").json == [], "nobody opened one by itself"
    assert run("documents", "list", "--folders", "--json").json[0]["status"] == state["status"] == "up_to_date"
    listed = run("documents", "list", "--folder", state["id"][:6], "--json").json
    assert sorted((document["name"], document["status"]) for document in listed) == [
        ("a.txt", "read"), ("b.txt", "read"), ("bad.pdf", "failed"),
    ]  # fmt: skip
    write(papers / "c.txt", "The lamp burns.")
    (papers / "a.txt").unlink()
    state = run("documents", "watch", str(papers), "--json").json
    assert (state["documents"], state["gone"]) == (2, 1)
    assert run("documents", "unwatch", str(papers), "--keep", "--json").json["kept"] is True
    assert run("documents", "list", "--folders", "--json").json[0]["watched"] is False
    assert run("documents", "unwatch", state["id"]).status == 0
    assert run("documents", "list", "--folders", "--json").json == []
    assert (papers / "c.txt").exists()
    assert run("documents", "unwatch", str(papers), "--json").json["error"]["code"] == "collection.unknown"
    assert run("documents", "watch", str(tmp_path / "none"), "--json").json["error"]["code"] == "collection.no_folder"
    assert run("ask", str(papers), str(papers), "why?").status == 2


def test_adding_listing_and_forgetting_single_documents(run, papers, tmp_path):
    added = run("documents", "add", str(papers), str(tmp_path / "none.txt"), "--json")
    assert added.status == 1
    assert [document.get("name") or document["code"] for document in added.json] == ["a.txt", "b.txt", "file.missing"]
    listed = run("documents", "list", "--json").json
    assert sorted(document["name"] for document in listed) == ["a.txt", "b.txt"]
    assert run("documents", "forget", listed[0]["id"], "--json").json["id"] == listed[0]["id"]
    assert len(run("documents", "list", "--json").json) == 1
    assert run("documents", "forget", "abc", "--json").json["error"]["code"] == "document.unknown"


def test_an_empty_folder_cannot_be_asked(run, tmp_path):
    (tmp_path / "empty").mkdir()
    asked = run("ask", str(tmp_path / "empty"), "why?", "--json")
    assert asked.json["error"]["code"] == "collection.empty"
    assert run("documents", "list", "--folders", "--json").json == [], "it was only there to be asked"
    (tmp_path / "empty" / "main.c").write_text("int main;")
    assert "there is no document in it" in run("documents", "watch", str(tmp_path / "empty")).err


def test_papers_copied_just_now_are_read_as_soon_as_they_are_still(run, papers):
    (papers / "c.txt").write_text("The lamp burns.", encoding="utf-8")
    watched = run("documents", "watch", str(papers), "--json")
    assert (watched.json["documents"], watched.json["later"]) == (3, 0)


def test_a_folder_says_that_its_papers_are_open_elsewhere(run, tmp_path):
    folder = tmp_path / "open"
    write(folder / "Report.docx", "open in Word")
    write(folder / "~$port.docx", "its owner", at=time.time())
    for is_known in (False, True):
        asked = run("ask", str(folder), "why?", "--json")
        assert asked.json["error"]["code"] == "collection.changing"
        assert len(run("documents", "list", "--folders", "--json").json) == is_known
        watched = run("documents", "watch", str(folder))
        assert watched.err == "note: 0 documents, 1 being written or open elsewhere\n"


def test_ctrl_c_pauses_and_a_kill_costs_the_file_in_hand(run, environment, tmp_path, home):
    folder = tmp_path / "many"
    for number in range(MANY):
        write(folder / f"{number:03}.txt", f"the pump number {number}")

    def begin():
        return subprocess.Popen(
            [*SLMDESK, "documents", "watch", str(folder)], env=environment, cwd=ROOT,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip

    def until(least):
        """Wait for so many files, by a look into the store: many are read while a command starts."""
        while (done := steps_done(home)) < least:
            assert done < MANY, "it was too fast"
            time.sleep(0.01)
        return done

    run("documents", "list", "--folders")  # makes the store
    first = begin()
    until(6)
    first.send_signal(signal.SIGINT)
    out, err = first.communicate(timeout=60)
    assert first.returncode == 130, (out, err)
    assert b"Paused" in err
    (stopped,) = run("documents", "list", "--folders", "--json").json
    assert (stopped["status"], stopped["unread"]) == ("paused", 0)
    assert run("jobs", "list", "--json").json[0]["status"] == "paused"
    second = begin()
    until(steps_done(home) + 5)
    second.kill()
    second.communicate()
    state = run("documents", "watch", str(folder), "--json").json
    assert (state["documents"], state["unread"]) == (MANY, 0)


@pytest.mark.soak
def test_twenty_kills_lose_nothing_and_double_nothing(run, environment, tmp_path, home):
    folder = tmp_path / "many"
    for number in range(150):
        write(folder / f"{number:03}.txt", f"the pump number {number}")
    database = home / "data" / "slmdesk.sqlite3"
    chance = random.Random(7)
    run("documents", "list", "--folders")
    before = 0
    for _ in range(20):
        child = subprocess.Popen([*SLMDESK, "documents", "watch", str(folder)], env=environment, cwd=ROOT,
                                 stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # fmt: skip
        while steps_done(home) <= before and child.poll() is None:
            time.sleep(0.02)
        time.sleep(chance.random() * 0.2)
        child.kill()
        child.wait()
        now = steps_done(home)
        assert now >= before
        before = now
    state = run("documents", "watch", str(folder), "--json").json
    assert (state["status"], state["documents"], state["pages"], state["unread"]) == ("up_to_date", 150, 150, 0)
    with contextlib.closing(sqlite3.connect(f"file:{database}?mode=rw", uri=True)) as connection:
        assert connection.execute("select count(*), count(distinct path) from documents").fetchone() == (150, 150)
        assert connection.execute("select count(*) from passages").fetchone() == (150,)
        assert connection.execute("pragma integrity_check").fetchone() == ("ok",)
