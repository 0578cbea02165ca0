"""write correct: a text from a pipe or a file, changes made and only suggested, a Word file with tracked changes."""

from __future__ import annotations

import zipfile

import docx
import pytest
from docx.oxml.ns import qn
from lxml import etree

pytestmark = pytest.mark.process
TEXT = "We recieved it on 3 May.\r\n\r\n* The two key was lost.\nMr Kruger paid 20 euros.\n"
KNOWN = {
    "We recieved it on 3 May.": "We received it on 3 May.",
    "The two key was lost.": "The two keys were lost.",
    "Mr Kruger paid 20 euros.": "Mr Krüger paid 30 euros.",
}
ECHO = {"known": KNOWN}
RIGHT = "We received it on 3 May.\r\n\r\n* The two keys were lost.\nMr Kruger paid 20 euros.\n"


def test_a_text_is_corrected_and_all_else_stays_byte_for_byte(run, able_model):
    done = run("write", "--as", "correct", "--language", "en", stdin=TEXT, echo=ECHO)
    assert (done.status, done.err) == (0, "3 changes made, 2 only suggested. --changes lists them.\n")
    shape = run("write", "--as", "correct", "--language", "en", "--json", stdin=TEXT, echo=ECHO).json
    assert shape["text"] == RIGHT
    assert [(edit["from"], edit["to"], edit["reason"], edit["line"], edit["made"]) for edit in shape["changes"]] == [
        ("recieved", "received", "word", 1, True),
        ("key", "keys", "word", 3, True),
        ("was", "were", "word", 3, True),
        ("Kruger", "Krüger", "figure or name", 4, False),
        ("20", "30", "figure or name", 4, False),
    ]
    assert [change["doubt"] for change in shape["changes"] if not change["made"]] == ["name", "number"]
    assert (shape["language"], shape["sentences"], shape["unanswered_lines"]) == ("en", 3, [])
    assert run("history", "list", "--json").json == []


def test_bytes_of_a_file_come_back_as_they_were(run_bytes, able_model, tmp_path, monkeypatch):
    path = tmp_path / "a.txt"
    path.write_bytes(b"\xef\xbb\xbfIt is late\xc2\xa0now.\r\n\r\n\tcode here\r\nend")
    monkeypatch.setenv("SLMDESK_ECHO", '{"known": {"It is late now.": "It is late now.", "end": "end"}}')
    assert run_bytes("write", "--as", "correct", str(path), "--language", "en") == path.read_bytes()


def test_changes_are_listed_as_compare_prints_them(run, able_model):
    done = run("write", "--as", "correct", "--language", "en", "--changes", stdin=TEXT, echo=ECHO)
    assert "1. [line 1] word\n     We [-recieved-]{+received+} it on 3 May.\n" in done.out
    suggested = "4. [line 4] suggestion, figure or name: changes a name\n     Mr [-Kruger-]{+Krüger+} paid 20 euros.\n"
    assert suggested in done.out


def test_a_word_file_holds_tracked_changes_and_comments(run, able_model, tmp_path):
    source, target = tmp_path / "a.md", tmp_path / "a.docx"
    source.write_bytes(TEXT.encode())
    done = run("write", "--as", "correct", str(source), "--language", "en", "-o", str(target), echo=ECHO).ok()
    assert done.out == ""
    assert source.read_bytes() == TEXT.encode()
    docx.Document(str(target))  # python-docx opens it
    with zipfile.ZipFile(target) as made:
        body, comments = etree.fromstring(made.read("word/document.xml")), made.read("word/comments.xml").decode()
    texts = {
        kind: ["".join(element.itertext()) for element in body.iter(qn(f"w:{kind}"))] for kind in ("ins", "del")
    }  # fmt: skip
    assert texts == {"del": ["recieved", "key", "was"], "ins": ["received", "keys", "were"]}
    assert {element.get(qn("w:author")) for element in body.iter(qn("w:ins"), qn("w:del"))} == {"slmdesk"}
    assert all(element.get(qn("w:date")).endswith("Z") for element in body.iter(qn("w:ins"), qn("w:del")))
    assert not any(list(element.iter(qn("w:t"))) for element in body.iter(qn("w:del")))
    assert "“Krüger” instead? (suggestion, figure or name: changes a name)" in comments
    again = run("write", "--as", "correct", str(source), "--language", "en", "-o", str(target), echo=ECHO)
    assert (again.status, "already there" in again.err) == (1, True)


def test_a_sentence_that_was_answered_otherwise_stays_and_is_named(run, with_model):
    text = "It is late.\nWe go.\n"
    done = run("write", "--as", "correct", "--language", "en", "--json", stdin=text, echo={"answer": "No " * 90})
    assert done.json["text"] == "It is late.\nWe go.\n"
    assert done.json["unanswered_lines"] == [1, 2]
    assert "2 sentences could not be checked and stay as written (lines 1, 2)." in done.err


def test_a_model_that_corrects_badly_only_suggests(run, with_model):
    shape = run("write", "--as", "correct", "--language", "en", "--json", stdin=TEXT, echo=ECHO).json
    assert shape["text"] == TEXT
    assert {change["doubt"] for change in shape["changes"]} == {"model", "name", "number"}


@pytest.mark.parametrize(("given", "code"), [(b" \n\t\n", "writing.empty"), (b"12 34", "writing.language")])
def test_what_is_no_text_is_refused(run, with_model, tmp_path, given, code):
    path = tmp_path / "a.txt"
    path.write_bytes(given)
    done = run("write", "--as", "correct", str(path), "--json")
    assert (done.status, done.json["error"]["code"]) == (1, code)
    assert path.read_bytes() == given


def test_wrong_usage_is_told(run, with_model, tmp_path):
    (tmp_path / "a.pdf").write_bytes(b"%PDF-1.4")
    assert run("write", "--as", "correct", str(tmp_path / "a.pdf")).status == 2
    assert run("write", "--as", "correct", str(tmp_path / "none.txt")).status == 1
    assert run("write", "--as", "correct", str(tmp_path)).status in (1, 2)
    text = tmp_path / "a.txt"
    text.write_text("It is late.")
    assert run("write", "--as", "correct", str(text), "-o", str(tmp_path / "a.pdf")).status == 2
    done = run("write", "--as", "correct", str(text), "-o", str(text), "--force")
    assert (done.status, "is the document itself" in done.err) == (1, True)
    unknown = run("write", "--as", "correct", str(text), "--language", "Klingon", "--json")
    assert (unknown.status, unknown.json["error"]["code"]) == (1, "language.unknown")
