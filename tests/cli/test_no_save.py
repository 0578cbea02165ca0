"""`--no-save`: no word of a document, a question or an answer is in any byte of the home, then or afterwards."""

from __future__ import annotations

import json
import os
import subprocess
import time
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
from fakes.commands import ROOT, SLMDESK
from fakes.contents import contents

pytestmark = pytest.mark.process

MARKER = "zqquokka"
ECHO = {"words": True, "turned": True}
LETTER = f"The {MARKER} of the tenant is 4,200 euros.\n\nThe {MARKER} ends on 3 May 2024. It was signed in Graz.\n"
CHANGED = LETTER.replace("4,200", "4,900")


@pytest.fixture
def letters(tmp_path) -> list[str]:
    folder = tmp_path / "letters"
    folder.mkdir()
    for name, text in (("old.txt", LETTER), ("new.txt", CHANGED)):
        (folder / name).write_text(text)
        os.utime(folder / name, (1_700_000_000, 1_700_000_000))  # a folder's newest files may still be being written
    return [str(folder / "old.txt"), str(folder / "new.txt")]


def commands(letters: list[str]) -> list[list[str]]:
    old, new = letters
    return [
        ["ask", old, f"What does the {MARKER} say?"],
        ["ask", str(Path(old).parent), f"What does the {MARKER} say?"],
        ["summarize", old, new, "--language", "de"],
        ["extract", old, "--columns", f"{MARKER},Total:amount"],
        ["compare", old, new],
        ["translate", old, "--to", "de", "--from", "en", "--force"],
    ]


def holding(home: Path) -> list[str]:
    return [path.name for path, held in contents(home) if MARKER.encode() in held.lower()]


def rows(home: Path, run) -> list:
    return [run("history", "list", "--json").json, run("jobs", "list", "--json").json]


@pytest.mark.parametrize("at", range(6))
def test_nothing_of_it_is_in_any_file(run, with_model, home, letters, at) -> None:
    command = commands(letters)[at]
    done = run(*command, "--no-save", "--json", echo=ECHO)
    assert done.status == 0, done.err
    assert done.json.get("item") is None
    assert done.json.get("id") is None
    assert holding(home) == []
    assert rows(home, run) == [[], []]
    control = run(*command, "--json", echo=ECHO)
    assert control.status == 0, control.err
    assert holding(home), "the control: with saving it is found"


def test_what_is_there_already_is_left_as_it_was(run, with_model, home, letters) -> None:
    assert run("ask", letters[0], "How much is it?", echo=ECHO).status == 0
    before = run("history", "list", "--json").json
    for command in commands(letters)[:5]:
        assert run(*command, "--no-save", echo=ECHO).status == 0
    assert run("history", "list", "--json").json == before
    assert "4,200" in run("history", "show", before[0]["id"]).out or before[0]["title"]
    assert run("doctor").status == 0


def test_a_killed_command_has_left_nothing(environment, run, with_model, home, letters) -> None:
    env = environment | {"SLMDESK_ECHO": json.dumps({**ECHO, "slow": 0.2})}
    running = subprocess.Popen(
        [*SLMDESK, *commands(letters)[0], "--no-save"],
        env=env, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        deadline = time.monotonic() + 60
        while running.poll() is None and time.monotonic() < deadline and not _has_engine(running.pid):
            time.sleep(0.02)
        assert holding(home) == [], "not even while it runs"
    finally:
        running.kill()
        running.wait()
    assert holding(home) == []
    assert rows(home, run) == [[], []]


def _has_engine(pid: int) -> bool:
    """Whether its model is being asked."""
    with suppress(psutil.Error):  # one has just ended
        return any("engine" in child.cmdline() for child in psutil.Process(pid).children())
    return False


def test_it_cannot_go_on_with_what_is_saved(run, with_model, letters) -> None:
    refused = run("ask", "-q", "abc", "What?", "--no-save")
    assert refused.status == 2
    assert "--no-save keeps nothing" in refused.err


def test_a_translation_uses_what_is_known_and_adds_nothing(run, with_model, home, letters, tmp_path) -> None:
    terms = tmp_path / "terms.csv"
    terms.write_text(f"{MARKER},Beutel\n")
    done = run(*commands(letters)[5], "--no-save", "--glossary", str(terms), echo=ECHO)
    assert done.status == 0, done.err
    assert "kept as" not in done.err
    assert run("glossary", "list", "--json").json == []
    assert holding(home) == []


def test_nothing_is_needed_of_a_home_that_cannot_be_written(run, letters) -> None:
    for words in (["documents", "text"], ["summarize"]):
        done = run("--home", "/proc/nowhere", *words, "--no-save", letters[0])
        assert done.status == 0, done.err
        assert MARKER in done.out
        assert "/proc/nowhere/data cannot be written" in done.err
