"""`--redact` and `--redact-preview` of the commands for documents."""

from __future__ import annotations

import pytest
from fakes.recorder import add_model, open_echo

pytestmark = pytest.mark.process

LEASE = """Dear Ms Ashworth,

the lease of the flat ends on 31 March 2026, and the deposit of 1,450 euros is paid back to GB33 BUKB 2020 1555 5555 55.
Ashworth has to hand over four keys.
"""


@pytest.fixture
def with_echo(environment, tmp_path):
    """A model of no size at all, which therefore counts as able."""
    services = open_echo()
    add_model(services, tmp_path / "echo.gguf")
    services.close()


@pytest.fixture
def lease(tmp_path):
    file = tmp_path / "lease.txt"
    file.write_text(LEASE, "utf-8")
    return str(file)


@pytest.mark.parametrize(
    "command", [("summarize", "{}"), ("extract", "{}", "--columns", "Keys"), ("ask", "{}", "What of Ashworth?")]
)
def test_a_preview_of_documents_asks_nothing(run, lease, command):
    words = [one.format(lease) for one in command]
    shown = run(*words, "--redact-preview").ok()
    assert "Ashworth" not in shown.out
    assert "1,450 euros" in shown.out
    assert "person: Ashworth" in shown.err
    assert "Bank accounts: 1" in shown.err
    assert ("no model is asked" in shown.err) == (command[0] == "summarize")
    assert run("history", "list", "--json").json == []


def test_documents_are_asked_about_and_it_is_said_what_was_replaced(run, with_echo, lease):
    asked = run("ask", lease, "How many keys does Ashworth hand over?", "--redact", "--no-save", "--json").ok()
    assert asked.json["redaction"]["put_back"] >= 1
    assert ["person", 1] in asked.json["redaction"]["replaced"]
    said = run("ask", lease, "How many keys does Ashworth hand over?", "--redact")
    assert "note: Replaced before the model saw it: People: 1 · Bank accounts: 1." in said.err
    plain = run("ask", lease, "How many keys does Ashworth hand over?", "--json")
    assert "redaction" not in plain.json


def test_a_redacted_summary_says_so(run, with_echo, lease):
    made = run("summarize", lease, "--redact", "--instruction", "Tell all.").ok()
    assert "note: Replaced before the model saw it: People: 1" in made.err


def test_with_no_save_nothing_of_it_is_in_any_file(run, with_echo, home, lease):
    def holding():
        return [path.name for path in home.rglob("*") if path.is_file() and b"ashworth" in path.read_bytes().lower()]

    asked = run("ask", lease, "What of Ashworth?", "--redact", "--no-save", "--json")
    assert asked.json["redaction"]["put_back"]
    assert holding() == []
    run("ask", lease, "What of Ashworth?", "--redact")
    assert holding()  # the control
