"""`slmdesk ask`: an answer with citations, the contract's fields, no traceback whatever is asked."""

from __future__ import annotations

import os

import pytest
from fakes.contents import files_with
from fakes.office import docx, paragraph
from fakes.recorder import add_model, open_echo

pytestmark = pytest.mark.process

SAYS = "At 12 bar."


@pytest.fixture
def with_echo(environment, tmp_path):
    """A model of no size at all, which therefore counts as able."""
    services = open_echo()
    add_model(services, tmp_path / "echo.gguf")
    services.close()


@pytest.fixture
def manual(tmp_path):
    path = tmp_path / "manual.txt"
    path.write_text("The pump stops at 12 bar.\n\nThe valve opens in winter.")
    return path


def test_an_answer_names_file_page_and_words(run, with_echo, manual):
    asked = run("ask", str(manual), "When does the pump stop?", "--json", echo={"answer": SAYS}).json
    assert (asked["answer"], asked["state"]) == ("At 12 bar.", "in the text")
    assert (asked["found"], asked["whole"]) == (True, True)
    assert asked["citations"] == [{"file": "manual.txt", "page": 1, "quote": "The pump stops at 12 bar."}]
    followed = run(
        "ask", str(manual), "And then?", "-q", asked["item"], "--json", echo={"answer": "Not in the text."}
    ).json
    assert (followed["item"], followed["found"], followed["citations"]) == (asked["item"], False, [])
    listed = run("history", "list", "--kind", "question", "--json").json
    assert [entry["id"] for entry in listed] == [asked["item"]]
    words = run("ask", str(manual), "When does the pump stop?", echo={"answer": SAYS})
    assert words.out.startswith("At 12 bar.\n\n> \u201cThe pump stops at 12 bar.\u201d \u2014 manual.txt, page 1")


def test_a_passage_of_a_folder_is_named_with_its_path(run, with_echo, tmp_path):
    folder = tmp_path / "papers"
    folder.mkdir()
    note = folder / "note.txt"
    note.write_text("The pump stops at 12 bar.")
    os.utime(note, (1.0, 1.0))  # it is not just being written
    asked = run("ask", str(folder), "When does the pump stop?", "--json", echo={"answer": SAYS}).json
    assert [cited["path"] for cited in asked["citations"]] == [str(note)]


def test_what_the_passages_do_not_bear_out_is_flagged(run, with_echo, manual):
    says = "The pump stops at 12 bar, on 14 May."
    asked = run("ask", str(manual), "When does the pump stop?", "--json", echo={"answer": says}).json
    (flag,) = asked["flags"]
    assert (asked["state"], asked["supported"], flag["text"]) == ("check this", False, "14 May")
    exported = run("history", "export", asked["item"], "--format", "json").json
    assert [answer["state"] for answer in exported["answers"].values()] == ["check this"]
    words = run("ask", str(manual), "When does the pump stop?", echo={"answer": says})
    assert "Check this: date not in the quotation (14 May)." in words.out


def test_a_question_deleted_for_good_says_that_its_documents_stay_and_can_take_them_along(run, with_echo, manual, home):
    first, second = (run("ask", str(manual), "When?", "--json", echo={"answer": SAYS}).json["item"] for _ in "12")
    used = run("history", "delete", first, "--for-good", "--with-documents", "--json")
    assert (used.json["documents_kept"], used.json["documents_forgotten"]) == ([], []), "the other question uses it"
    assert used.err == ""
    left = run("history", "delete", second, "--for-good", "--json")
    (kept,) = left.json["documents_kept"]
    assert kept["name"] == "manual.txt"
    assert "“manual.txt” is still kept here" in left.err
    assert f"documents forget {kept['id']}" in left.err
    assert files_with(home, "opens in winter")
    third = run("ask", str(manual), "When?", "--json", echo={"answer": SAYS}).json["item"]
    done = run("history", "delete", third, "--for-good", "--with-documents", "--json")
    assert (done.json["documents_kept"], done.json["documents_forgotten"]) == ([], [kept["id"]])
    assert "“manual.txt” was forgotten too" in done.err
    assert not files_with(home, "opens in winter")
    assert manual.exists()
    assert run("history", "delete", third, "--with-documents").status == 2


def test_a_document_that_a_chat_has_attached_is_used(run, with_echo, manual, home):
    chat = run("chat", "When?", "--attach", str(manual), "--json").lines[-1]["chat"]
    item = run("ask", str(manual), "When?", "--json", echo={"answer": SAYS}).json["item"]
    assert run("history", "delete", item, "--for-good", "--json").json["documents_kept"] == []
    done = run("history", "delete", chat, "--for-good", "--with-documents", "--json").json
    assert len(done["documents_forgotten"]) == 1
    assert not files_with(home, "opens in winter")


def test_what_cannot_be_asked_is_said(run, with_echo, manual):
    assert run("ask", str(manual), "Why?", "-m", "nothing", "--json").json["error"]["code"] == "model.unknown"
    assert run("ask", str(manual)).status == 2


def test_a_follow_up_without_files_asks_the_same_ones(run, with_echo, manual):
    first = run("ask", str(manual), "When does the pump stop?", "--json", echo={"answer": SAYS}).json
    followed = run("ask", "-q", first["item"], "And then?", "--json", echo={"answer": SAYS})
    assert followed.json["item"] == first["item"]
    assert followed.json["citations"][0]["file"] == "manual.txt"
    assert "this conversation" not in followed.err
    assert run("ask", "-q", "nothing", "And then?", "--json").json["error"]["code"] == "item.unknown"


def test_a_follow_up_to_a_folder_asks_the_folder_and_another_file_is_said(run, with_echo, tmp_path):
    folder = tmp_path / "manuals"
    folder.mkdir()
    (folder / "one.txt").write_text("The pump stops at 12 bar.")
    os.utime(folder / "one.txt", (1e9, 1e9))  # what is being written now is read later
    other = tmp_path / "other.txt"
    other.write_text("The pump stops at 12 bar.")
    first = run("ask", str(folder), "When does it stop?", "--json", echo={"answer": SAYS}).json
    (folder / "two.txt").write_text("The valve opens in winter.")
    os.utime(folder / "two.txt", (1e9, 1e9))
    followed = run("ask", "-q", first["item"], "And then?", "--json", echo={"answer": SAYS}).json
    assert (followed["passages_total"], followed["citations"][0]["file"]) == (2, "one.txt")
    changed = run("ask", str(other), "And here?", "-q", first["item"], echo={"answer": SAYS})
    assert "was about manuals; from here on it is about other.txt" in changed.err


def test_a_file_that_cannot_be_read_keeps_no_other_from_being_asked(run, with_echo, manual, tmp_path):
    asked = run("ask", str(manual), str(tmp_path / "none.txt"), "When?", "--json", echo={"answer": SAYS})
    assert (asked.status, asked.json["answer"]) == (1, "At 12 bar.")
    assert [(failure["file"], failure["code"]) for failure in asked.json["failed"]] == [("none.txt", "file.missing")]
    assert "error: none.txt: " in asked.err
    none = run("ask", str(tmp_path / "none.txt"), str(tmp_path / "nor.txt"), "When?", "--json")
    assert (none.status, none.json["error"]["code"]) == (1, "file.missing")


def test_a_part_that_was_not_read_is_named(run, with_echo, tmp_path):
    letter = tmp_path / "letter.docx"
    letter.write_bytes(
        docx('<w:altChunk r:id="r1"/>' + paragraph("The pump stops at twelve."), rels={"aFChunk": "nowhere.html"})
    )
    asked = run("ask", str(letter), "When?", echo={"answer": "At twelve."})
    assert "note: letter.docx: Not read in it: embedded file." in asked.err
    (item,) = (row["id"] for row in run("history", "list", "--json").json)
    assert "| letter.docx | 1 | 1 | embedded file |" in run("history", "export", item, "--format", "md").out


def test_what_has_no_words_is_said(run, tmp_path):
    empty = tmp_path / "empty.txt"
    empty.write_text("")
    asked = run("ask", str(empty), "When?")
    assert asked.out.strip() == "Not in the text."
    assert "note: empty.txt: Without words" in asked.err
    assert run("ask", str(empty), "When?", "--json").json["unread"] == [
        {"file": "empty.txt", "page": 1, "reason": "empty"}
    ]


def test_an_empty_question_is_wrong_usage(run, manual):
    asked = run("ask", str(manual), "  ")
    assert (asked.status, "question is empty" in asked.err) == (2, True)


def test_an_answer_and_a_quotation_cannot_look_like_another_quotation(run, with_echo, tmp_path):
    path = tmp_path / "manual.txt"
    path.write_text("The pump stops at 12 bar\u201d \u2014 manual.txt, page 7.\n\nThe valve opens in winter.")
    says = 'At 12 bar.\n> \u201cThe valve is red.\u201d \u2014 manual.txt, page 9\n[1] "The pump stops at 12 bar"'
    words = run("ask", str(path), "When does the pump stop?", echo={"answer": says}).out
    quoted = [line for line in words.splitlines() if line.startswith(">")]
    assert len(quoted) == 1
    assert quoted[0].count("\u201d") == 1
    assert quoted[0].endswith("\u201d \u2014 manual.txt, page 1")
