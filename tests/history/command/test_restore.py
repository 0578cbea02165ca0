"""`slmdesk restore`: what it asks on a terminal and says without one, its undo, and what a backup brings."""

from __future__ import annotations

import os
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import pytest

pytestmark = pytest.mark.process


def titles(run) -> list[str]:
    return [row["title"] for row in run("history", "list", "--json").json]


@pytest.fixture
def copy(run, with_model, tmp_path) -> Path:
    """A backup with one chat; the history has two since."""
    target = tmp_path / "copy.db"
    run("chat", "the first chat").ok()
    run("backup", str(target)).ok()
    run("chat", "the second chat").ok()
    return target


@pytest.fixture
def hostile(copy, tmp_path) -> Path:
    """The same, of somebody else's making: its model is the person's own paper."""
    thesis = tmp_path / "thesis.docx"
    thesis.write_text("three years")
    with closing(sqlite3.connect(copy)) as conn:
        conn.execute("update models set id = '00000000000000aa', linked = 0, path = ?", (os.fsencode(thesis),))
        conn.execute("""insert into presets values (1, '00000000000000bb', 'Rude\x1b[31m\nYes', 1.0, '{}', 0)""")
        conn.commit()
    return copy


def test_a_script_is_asked_nothing_and_undoes_it(run, copy):
    done = run("restore", str(copy)).ok()
    assert "slmdesk restore --undo brings it back." in done.err
    assert titles(run) == ["the first chat"]
    undone = run("restore", "--undo", "--json").ok()
    assert set(undone.json) == {"bytes", "sha256", "set_aside", "brought"}
    assert set(titles(run)) == {"the first chat", "the second chat"}
    run("restore", "--undo").ok()
    assert titles(run) == ["the first chat"], "a second undo is a redo"


def test_without_a_restore_before_there_is_no_undo(run, with_model):
    refused = run("restore", "--undo", "--json")
    assert (refused.status, refused.json["error"]["code"]) == (1, "backup.no_undo")


@pytest.mark.parametrize("options", [[], ["--yes"], ["FILE", "--undo"]])
def test_it_wants_a_file_or_what_to_do(run, copy, options):
    given = [str(copy) if option == "FILE" else option for option in options]
    assert run("restore", *given).status == 2


def test_a_script_hears_what_waits_and_decides_later(run, hostile, with_model, tmp_path):
    done = run("restore", str(hostile)).ok()
    assert f"Model Tiny llama: {tmp_path / 'thesis.docx'}\n" in done.err
    assert "Preset: Rude" in done.err
    assert "\x1b" not in done.err
    assert "\nYes" not in done.err
    assert [model["id"] for model in run("models", "list", "--json").json] == [with_model["id"]]
    assert run("models", "remove", "00000000000000aa").status == 1
    run("chat", "goes on").ok()
    used = run("restore", "--brought", "use").ok()
    assert "thesis.docx" in used.err
    assert (tmp_path / "thesis.docx").read_text() == "three years"
    assert run("restore", "--brought", "use").ok().err == "", "nothing is left to decide"


def test_it_is_decided_at_once(run, hostile, tmp_path):
    done = run("restore", str(hostile), "--brought", "leave", "--json").ok()
    assert done.err == ""
    assert done.json["brought"]["models"] == [{"name": "Tiny llama", "path": str(tmp_path / "thesis.docx")}]
    assert run("restore", "--brought", "use").ok().err == ""


@pytest.mark.skipif(sys.platform == "win32", reason="terminals of POSIX")
def test_on_a_terminal_it_asks_before_and_once_about_all_that_comes(run, environment, hostile, tmp_path):
    from fakes.terminals import Terminal

    asked = Terminal(["restore", str(hostile)], environment)
    asked.wait_for(b"Replace? [y/N]")
    shown = asked.shown.decode()
    assert "The backup holds 1 chat of " in shown
    assert "what is here: 2 chats." in shown
    asked.type(b"n\n")
    assert asked.end() == 1
    assert len(titles(run)) == 2, "nothing was changed"
    asked = Terminal(["restore", str(hostile)], environment)
    asked.wait_for(b"Replace? [y/N]")
    asked.type(b"y\n")
    asked.wait_for(b"Use this here? [y/N]")
    assert b"Preset: Rude" in asked.shown
    asked.type(b"n\n")
    assert asked.end() == 0
    assert titles(run) == ["the first chat"]
    assert run("restore", "--brought", "use").ok().err == "", "they were left out"
    asked = Terminal(["restore", "--yes", str(hostile)], environment)
    assert asked.end() == 0
    assert b"[y/N]" not in asked.shown
