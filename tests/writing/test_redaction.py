"""Texts that are corrected and rewritten with what is private hidden from the model."""

from __future__ import annotations

import pytest
from fakes.recorder import result_of

from slmdesk.redaction.service import Decisions
from slmdesk.text.redaction import Kind
from slmdesk.text.redaction.finding import find_private
from slmdesk.text.redaction.replacing import redacted
from slmdesk.writing.types import CorrectRequest, RewriteRequest, Task

pytestmark = pytest.mark.process
TEXT = (
    "Ashworth have not paid the rent yet.\n\nDear Ms Ashworth, please pays to GB33 BUKB 2020 1555 5555 55 today.\n\n"
    "We hopes that Ms Ashworth will answer."
)
PRIVATE = ("ashworth", "5555", "2020")


def hidden(text=TEXT):
    made = redacted(text, find_private(text, language="en"))
    return made.text, next(sub for entry in made.table for own, sub in entry.pairs if own == "Ashworth")


def corrected(recorder, **given):
    request = CorrectRequest(TEXT, "en", **given)
    return result_of(recorder.services, lambda: recorder.services.writing.correct(request))


def test_nothing_private_is_asked_and_changes_stand_where_they_belong(opened, asked):
    lines = hidden()[0].split("\n\n")
    answers = [lines[0].replace("have", "has"), lines[1].replace("pays", "pay"), lines[2].replace("hopes", "hope")]
    recorder = opened(known=dict(zip(lines, answers, strict=True)))
    found = corrected(recorder, redact=True)
    assert asked(), "the recording must hear what is asked"
    assert [one for one in PRIVATE if one in asked()] == []
    said = [(change.old, change.edit.new) for change in found.changes]
    assert said == [("have", "has"), ("pays", "pay"), ("hopes", "hope")]
    assert all(TEXT[change.edit.start : change.edit.end] == change.old for change in found.changes)
    assert found.unanswered == ()
    assert found.redacted == {Kind.PERSON: 1, Kind.IBAN: 1}


def test_the_search_finds_the_originals_where_nothing_is_redacted(opened, asked):
    found = corrected(opened())
    assert [one for one in PRIVATE if one not in asked()] == []
    assert found.redacted is None


def test_a_substitute_that_was_changed_is_no_suggestion(opened):
    text, name = hidden()
    lines = text.split("\n\n")
    answers = [
        lines[0].replace(name, f"{name[:-1]}x").replace("have", "has"),
        lines[1].replace("GB", "DE"),
        lines[2].replace(f"Ms {name}", "she").replace("hopes", "hope"),
    ]
    found = corrected(opened(known=dict(zip(lines, answers, strict=True))), redact=True)
    assert found.changes == ()
    assert found.unanswered == (1, 3, 5)
    assert found.text == TEXT


def test_a_text_in_other_words_has_the_originals_and_names_what_was_changed(opened, asked):
    sentence = "Dear Ms Ashworth, please pay the rent of the flat today."
    _text, name = hidden(sentence)
    recorder = opened(turned=True)
    request = RewriteRequest(sentence, Task.TONE, "firmer", "en", redact=True)
    found = result_of(recorder.services, lambda: recorder.services.writing.rewrite(request))
    assert "ashworth" not in asked()
    assert name.casefold() in asked()
    assert "Ashworth" in found.versions[0].text
    assert found.versions[0].spoilt == ()
    assert found.redacted == {Kind.PERSON: 1}
    spoilt = opened(answer=f"Ms {name[:-1]}x, pay the rent now.")
    found = result_of(spoilt.services, lambda: spoilt.services.writing.rewrite(request))
    assert found.versions[0].spoilt == (f"{name[:-1]}x",)
    left = RewriteRequest(sentence, Task.TONE, "firmer", "en", redact=True, decisions=Decisions(left=("Ashworth",)))
    result_of(recorder.services, lambda: recorder.services.writing.rewrite(left))
    assert "ashworth" in asked()
