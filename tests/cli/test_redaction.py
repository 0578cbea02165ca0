"""`slmdesk chat --redact` and its preview."""

from __future__ import annotations

import pytest

LETTER = "Dear Ms Ashworth, your IBAN is GB33 BUKB 2020 1555 5555 55."


@pytest.mark.process
def test_an_answer_has_the_originals_and_says_how_many(run, with_model):
    asked = run("chat", "--redact", LETTER)
    assert asked.status == 0, asked.err
    assert "Ms Ashworth" in asked.out
    assert "put back" in asked.err


@pytest.mark.process
def test_the_json_has_what_became_of_the_substitutes(run, with_model):
    lines = run("chat", "--redact", "--json", LETTER).lines
    assert lines[-1]["redaction"]["put_back"] >= 2
    assert lines[-1]["redaction"]["marked"] == []


@pytest.mark.process
def test_a_preview_asks_nothing_and_says_what_is_not_sure(run):
    shown = run("chat", "--redact-preview", LETTER + " Number 526000124 6.")
    assert shown.status == 0, shown.err
    assert "Ashworth" not in shown.out
    assert "Dear Ms" in shown.out
    assert "person: Ashworth (likely: a title stands before it)" in shown.err
    assert "Some may not be found" in shown.err
    found = run("chat", "--redact-preview", "--json", LETTER).json
    assert [one["kind"] for one in found["finds"]] == ["person", "iban"]
    assert run("history", "list", "--json").json == []


@pytest.mark.process
def test_a_preview_of_nothing_is_refused(run):
    assert run("chat", "--redact-preview", "").status == 2
