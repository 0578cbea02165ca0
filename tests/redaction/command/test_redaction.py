"""`slmdesk chat --redact` and its preview."""

from __future__ import annotations

import pytest
from fakes.office import docx, paragraph

pytestmark = pytest.mark.process

LETTER = "Dear Ms Ashworth, your IBAN is GB33 BUKB 2020 1555 5555 55."


def test_an_answer_has_the_originals_and_says_how_many(run, with_model):
    lines = run("chat", "--redact", "--json", LETTER).lines
    assert lines[-1]["redaction"]["put_back"] >= 2
    assert lines[-1]["redaction"]["marked"] == []
    asked = run("chat", "--redact", LETTER).ok()
    assert "Ms Ashworth" in asked.out
    assert "restored" in asked.err


@pytest.mark.process
def test_the_json_has_what_became_of_the_substitutes(run, with_model):
    lines = run("chat", "--redact", "--json", LETTER).lines
    assert lines[-1]["redaction"]["put_back"] >= 2
    assert lines[-1]["redaction"]["marked"] == []


def test_a_preview_asks_nothing_and_says_what_is_not_sure(run):
    shown = run("chat", "--redact-preview", LETTER + " Number 526000124 6.").ok()
    assert "Ashworth" not in shown.out
    assert "Dear Ms" in shown.out
    assert "person: Ashworth (likely: after a title)" in shown.err
    assert "Some may not be found" in shown.err
    found = run("chat", "--redact-preview", "--json", LETTER).json
    assert [one["kind"] for one in found["finds"]] == ["person", "iban"]
    assert run("history", "list", "--json").json == []


def test_a_preview_of_nothing_is_refused(run):
    assert run("chat", "--redact-preview", "").status == 2


TURNED = {"turned": True}


def test_a_translation_has_the_originals_and_says_what_was_replaced(run, with_model):
    done = run("translate", "--to", "de", "--from", "en", "--redact", stdin=f"{LETTER}\n", echo=TURNED).ok()
    assert "gb33 bukb 2020 1555 5555 55" in done.out.casefold()
    assert "Replaced before the model saw it: People: 1 · Bank accounts: 1." in done.err
    shape = run(
        "translate", "--to", "de", "--from", "en", "--redact", "--no-save", "--json", stdin=f"{LETTER}\n", echo=TURNED
    ).json
    assert shape["redacted"] == {"person": 1, "iban": 1}
    assert "redacted" not in run("translate", "--to", "de", "--json", stdin=f"{LETTER}\n", echo=TURNED).json


def test_a_preview_of_a_translation_translates_nothing(run, tmp_path):
    path = tmp_path / "letter.docx"
    path.write_bytes(docx(paragraph("Ashworth has paid.") + paragraph(LETTER)))
    shown = run("translate", str(path), "--to", "de", "--redact-preview").ok()
    assert "Ashworth" not in shown.out
    assert "has paid." in shown.out
    assert "iban: GB33 BUKB 2020 1555 5555 55" in shown.err
    assert [path.name for path in tmp_path.glob("*.docx")] == ["letter.docx"]
    assert "Ashworth" not in run("translate", "--to", "de", "--redact-preview", stdin=LETTER).out
    assert run("history", "list", "--json").json == []
    assert run("translate", str(path), "--to", "de", "--redact-preview", "-o", "x.docx").status == 2


def test_writing_has_the_originals_and_says_what_was_replaced(run, with_model, tmp_path):
    done = run("write", "correct", "--redact", "--language", "en", stdin=f"{LETTER}\n").ok()
    assert done.out == f"{LETTER}\n"
    assert "Replaced before the model saw it: People: 1 · Bank accounts: 1." in done.err
    shape = run("write", "correct", "--redact", "--language", "en", "--json", stdin=f"{LETTER}\n").json
    assert shape["redacted"] == {"person": 1, "iban": 1}
    assert "redacted" not in run("write", "correct", "--language", "en", "--json", stdin=f"{LETTER}\n").json
    other = run("write", "tone", "--tone", "firmer", "--redact", "--language", "en", stdin=LETTER, echo=TURNED)
    assert "Ashworth" in other.out
    path = tmp_path / "letter.docx"
    path.write_bytes(docx(paragraph("Ashworth has paid.") + paragraph(LETTER)))
    for shown in (
        run("write", "correct", "--redact-preview", str(path)),
        run("write", "shorten", "--redact-preview", stdin=LETTER),
    ):
        assert shown.status == 0, shown.err
        assert "Ashworth" not in shown.out
        assert "Dear Ms" in shown.out
        assert "person: Ashworth" in shown.err
