"""`slmdesk encrypt`, and every command over an encrypted history."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import re
import select
import sqlite3
import subprocess
import termios
import time
from contextlib import closing

import pytest
from fakes.commands import SLMDESK
from fakes.contents import files_with

pytestmark = [pytest.mark.process, pytest.mark.usefixtures("vault")]

WORDS, MARKER = "correct horse", "XQMARKERXQ"


@pytest.fixture
def with_words(run):
    """Runs a command with these lines to be read from an open file."""

    def run_with(words: str, *args: str, **more):
        reader, writer = os.pipe()
        os.write(writer, words.encode())
        os.close(writer)
        try:
            return run("--passphrase-fd", str(reader), *args, **more)
        finally:
            os.close(reader)

    return run_with


@pytest.fixture
def recovery(run, with_model, with_words) -> str:
    """A home that is encrypted; its recovery key."""
    run("chat", f"{MARKER} hello")
    done = with_words(f"{WORDS}\n", "encrypt", "on", "--json")
    assert done.status == 0, done.err
    return done.json["recovery_key"]


def test_commands_work_on_an_encrypted_history_as_before(run, with_words, home, recovery) -> None:
    assert files_with(home, MARKER) == []
    status = run("encrypt", "status", "--json").json
    assert (status["encrypted"], status["opened_by"]) == (True, ["passphrase", "recovery"])
    for words in (WORDS, recovery):
        hit = with_words(f"{words}\r\n", "history", "search", "hello", "--json").json[0]
        assert MARKER in hit["snippet"]
    assert with_words(WORDS, "chat", f"{MARKER} again").status == 0
    assert files_with(home, MARKER) == []
    before = (home / "data" / "slmdesk.sqlite3").read_bytes()
    for words, code in (("wrong", "key.wrong"), ("", "key.missing")):
        refused = with_words(words, "history", "list", "--json")
        assert (refused.status, refused.json["error"]["code"]) == (1, code)
    assert (home / "data" / "slmdesk.sqlite3").read_bytes() == before
    done = with_words(f"{WORDS}\n", "encrypt", "off")
    assert (done.status, "not encrypted any more" in done.out) == (0, True), done.err
    assert len(run("history", "list", "--json").json) == 2
    assert files_with(home, MARKER) == ["slmdesk.sqlite3"], "the control"
    assert run("encrypt", "status").out == "The history is not encrypted.\n"
    for command in (("off",), ("passphrase",), ("passphrase", "--new-keys")):
        refused = with_words(WORDS, "encrypt", *command)
        assert (refused.status, "the history is not encrypted" in refused.err) == (1, True), command


def test_the_passphrase_and_all_keys_change(run, with_words, recovery) -> None:
    done = with_words(f"{recovery}\nnew words\n", "encrypt", "passphrase")
    assert (done.status, done.out) == (0, "The new passphrase opens the history.\n"), done.err
    assert with_words(WORDS, "history", "list").status == 1
    done = with_words(f"new words\n{WORDS}\n", "encrypt", "passphrase", "--new-keys", "--json")
    assert done.status == 0, done.err
    for words, status in (("new words", 1), (recovery, 1), (WORDS, 0), (done.json["recovery_key"], 0)):
        assert with_words(words, "history", "list").status == status


def test_with_the_keyring_nobody_is_asked(run, with_words, vault, recovery) -> None:
    assert with_words(WORDS, "encrypt", "off").status == 0
    assert with_words(f"{WORDS}\n", "encrypt", "on", "--keyring").status == 0
    assert len(run("history", "list", "--json").json) == 1
    vault.kept.clear()
    refused = run("history", "list", "--json")
    assert refused.json["error"]["code"] == "key.missing"
    assert "--passphrase-fd" in refused.err


def test_on_wants_what_it_is_given(run, with_words, vault, recovery) -> None:
    refused = run("encrypt", "on", "--json")
    assert refused.json["error"]["code"] == "request.invalid"
    assert run("encrypt", "on", "--no-passphrase").status == 2
    refused = with_words(f"{WORDS}\n", "encrypt", "passphrase", "--json")
    assert refused.json["error"]["code"] == "key.missing"


def test_a_short_passphrase_is_refused_as_in_the_window(run, with_words) -> None:
    assert "fewer than 8 characters" in with_words("1234567\n", "encrypt", "on").err
    assert run("doctor", "--json").json["history"]["encrypted"] is False


def test_backups_carry_their_keys_and_come_back(run, with_words, home, recovery, tmp_path) -> None:
    copy, plain = tmp_path / "copy.slmbackup", tmp_path / "plain.sqlite3"
    made = with_words(WORDS, "backup", str(copy), "--json")
    assert made.status == 0, made.err
    assert MARKER.encode() not in copy.read_bytes()
    assert with_words(WORDS, "chat", "the second chat").status == 0
    done = with_words(WORDS, "restore", str(copy), "--json")
    assert done.status == 0, done.err
    assert done.json["sha256"] == made.json["sha256"]
    assert len(with_words(WORDS, "history", "list", "--json").json) == 1
    (rescue,) = with_words(WORDS, "history", "rescue", done.json["set_aside"], "--json").json
    assert rescue["items"] == 1
    done = with_words(WORDS, "backup", str(plain), "--plain")
    assert "is not encrypted" in done.err
    with closing(sqlite3.connect(plain)) as conn:
        assert conn.execute("select count(*) from items").fetchone() == (2,)
    done = with_words(WORDS, "restore", str(plain))
    assert done.status == 0, done.err
    assert files_with(home, MARKER) == []
    refused = run("restore", str(plain), "--json")
    assert refused.json["error"]["code"] == "key.missing", "it would be plain from then on"


def test_on_a_terminal_it_is_asked_for_and_typed_back(run, with_model, environment, home) -> None:
    """A person at a terminal, in a process of its own."""
    run("chat", f"{MARKER} hello")
    ours, theirs = pty.openpty()
    running = subprocess.Popen(
        [*SLMDESK, "encrypt", "on"], stdin=theirs, stdout=theirs, stderr=theirs, env=environment,
        start_new_session=True, preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
    )  # fmt: skip
    os.close(theirs)
    answer(ours, "New passphrase:", WORDS)
    answer(ours, "Once more:", WORDS)
    shown = answer(ours, "Type it here:", lambda seen: re.search(r"([0-9A-Z]{4}-){8}.", seen)[0].lower())
    last = read_until(ours, "is encrypted", running)
    assert running.wait() == 0, shown + last
    os.close(ours)
    assert WORDS not in shown + last
    assert json.loads(run("encrypt", "status", "--json").out)["opened_by"] == ["passphrase", "recovery"]
    assert files_with(home, MARKER) == []


def answer(terminal: int, prompt: str, words) -> str:
    """Wait for a prompt and type; returns what was shown."""
    seen = read_until(terminal, prompt)
    os.write(terminal, f"{words if isinstance(words, str) else words(seen)}\n".encode())
    return seen


def read_until(terminal: int, prompt: str, running: subprocess.Popen | None = None) -> str:
    seen, until = "", time.monotonic() + 120
    while prompt not in seen:
        assert time.monotonic() < until, seen
        if select.select([terminal], [], [], 1)[0]:
            try:
                seen += os.read(terminal, 4096).decode()
            except OSError:  # it has ended
                assert prompt in seen, seen
        elif running is not None and running.poll() is not None:
            break
    return seen


def test_of_what_is_not_to_be_saved_nothing_is_kept(run, with_words, recovery, home, tmp_path) -> None:
    letter = tmp_path / "letter.txt"
    letter.write_text("The pump stops at 12 bar.\n")
    before = with_words(f"{WORDS}\n", "history", "list", "--json").json
    done = with_words(f"{WORDS}\n", "ask", str(letter), "When does it stop?", "--no-save", "--json")
    assert (done.status, done.json["item"]) == (0, None), done.err
    assert with_words(f"{WORDS}\n", "history", "list", "--json").json == before


def test_everything_goes_with_the_keys(run, with_words, recovery, home) -> None:
    done = with_words(f"{WORDS}\n", "delete-everything", "--models", stdin="delete everything\n")
    assert done.status == 0, done.err
    assert not home.exists() or list(home.iterdir()) == []
