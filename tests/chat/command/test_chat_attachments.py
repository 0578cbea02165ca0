"""`slmdesk chat --attach`: what was read of which file, in the contract's fields; refusals in a sentence."""

from __future__ import annotations

import pytest
from fakes.recorder import add_model, open_echo
from fakes.tiny_pdf import Text, TinyPdf

pytestmark = pytest.mark.process

LONG = "\f".join(f"Chapter {number} is about gardens, roses and the rain of May. " * 12 for number in range(60))


@pytest.fixture
def with_echo(environment, tmp_path):
    services = open_echo()
    add_model(services, tmp_path / "echo.gguf")
    services.close()


@pytest.fixture
def files(tmp_path):
    folder = tmp_path / "files"
    folder.mkdir()
    (folder / "manual.txt").write_text("The pump stops at 12 bar.\n\nThe valve opens in winter.")
    (folder / "long.txt").write_text(f"{LONG}\fThe pump stops at 12 bar.")
    return folder


def test_each_file_is_in_the_last_line_with_what_was_read_of_it(run, with_echo, files):
    said = 'It says "the pump stops at 12 bar" there.'
    done = run(
        "chat", "At how many bar does the pump stop?", "--attach", str(files / "manual.txt"), "--attach",
        str(files / "long.txt"), "--json", echo={"answer": said},
    )  # fmt: skip
    last = done.lines[-1]
    assert last["type"] == "done"
    short, long = last["attachments"]
    assert (short["file"], short["whole"], short["pages_used"], short["pages_total"]) == ("manual.txt", True, 1, 1)
    assert (long["file"], long["whole"], long["pages_total"]) == ("long.txt", False, 61)
    assert 61 in long["pages"]
    assert long["pages_used"] == len(long["pages"])
    assert long["words_read"] + long["words_left_out"] == sum(map(len, map(str.split, LONG.split("\f")))) + 6
    assert last["citations"][0] == {"file": "manual.txt", "page": 1, "quote": "The pump stops at 12 bar"}
    assert "manual.txt: whole" in done.err
    assert "words left out" in done.err
    exported = run("history", "export", last["chat"], "--format", "md").out
    assert "Attached: manual.txt" in exported
    assert "Chapter 7" not in exported
    shape = run("history", "export", last["chat"], "--format", "json").json
    assert shape["messages"][0]["parts"][1]["attached"]["name"] == "manual.txt"
    goes_on = run("chat", "And the valve?", "-c", last["chat"], "--json").lines[-1]
    assert goes_on["usage"]["prompt_tokens"] > 60


def test_what_no_file_says_is_marked(run, with_echo, files):
    asked = ("chat", "When does the pump stop?", "--attach", str(files / "manual.txt"))
    said = "It stops at 12 bar or 95 degrees."
    done = run(*asked, "--json", echo={"answer": said}).lines[-1]
    assert [(mark["kind"], mark["text"]) for mark in done["marks"]] == [("number", "95")]
    assert done["text"] == said
    assert "note: check this: 95\n" in run(*asked, echo={"answer": said}).err
    assert "*Check this: 95*" in run("history", "export", done["chat"], "--format", "md").out
    (shape,) = run("history", "export", done["chat"], "--format", "json").json["messages"][1:]
    assert shape["sampling"]["marks"] == done["marks"]


def test_a_folder_gives_its_documents_and_nothing_is_kept_without_saving(run, with_echo, files, home):
    done = run("chat", "When does the pump stop?", "--attach", str(files), "--no-save", "--json")
    assert [attachment["file"] for attachment in done.lines[-1]["attachments"]] == ["long.txt", "manual.txt"]
    assert [attachment["whole"] for attachment in done.lines[-1]["attachments"]] == [False, True]
    paths = [path for path in home.rglob("*") if path.is_file() and b"12 bar" in path.read_bytes()]
    assert paths == []


def test_what_cannot_be_attached_is_said(run, with_echo, tmp_path):
    (tmp_path / "odd.pdf").write_bytes(b"\x00\x01\x02" * 400)
    failed = run("chat", "Why?", "--attach", str(tmp_path / "odd.pdf"), "--json")
    assert failed.status == 1
    assert failed.lines[-1]["type"] == "failed"
    assert run("chat", "Why?", "--attach", str(tmp_path / "none.txt"), "--json").lines[-1]["code"] == "file.missing"
    assert run("history", "list", "--json").json == []


def test_a_folder_without_a_document_is_refused(run, with_echo, tmp_path):
    empty = tmp_path / "empty"
    empty.mkdir()
    (empty / "main.c").write_text("int main;")
    failed = run("chat", "Why?", "--attach", str(empty), "--json")
    assert failed.status == 1
    assert failed.lines[-1]["type"] == "failed"
    assert "no document" in failed.lines[-1]["message"]
    assert run("history", "list", "--json").json == []


@pytest.mark.parametrize("more", [(), ("--no-save",)])
def test_one_that_cannot_be_read_keeps_no_other_from_it(run, with_echo, files, more):
    (files / "bad\nname.docx").write_bytes(b"PK\x03\x04" + b"\x00" * 300)
    done = run("chat", "When does the pump stop?", "--attach", str(files), "--json", *more)
    assert done.status == 1
    last = done.lines[-1]
    assert [attachment["file"] for attachment in last["attachments"]] == ["long.txt", "manual.txt"]
    assert [failure["file"] for failure in last["failed"]] == ["bad\nname.docx"]
    assert "error: bad name.docx: " in done.err


def test_a_picture_for_a_model_that_cannot_see_is_refused_before_anything_is_kept(run, with_echo, files):
    from PIL import Image

    Image.new("RGB", (60, 40), "red").save(files / "red.png")
    refused = run("chat", "What is it?", "--picture", str(files / "red.png"), "--json")
    assert refused.status == 1
    assert "cannot see pictures" in refused.err + refused.out
    assert run("history", "list", "--json").json == []
    words = run("chat", "What is it?", "--picture", str(files / "manual.txt"))
    assert words.status == 1
    assert "manual.txt" in words.err
    (files / "plan.pdf").write_bytes(bytes(TinyPdf().page(Text(50, 700, "One")).page(Text(50, 700, "Two"))))
    for page, said in ("#2", "cannot see pictures"), ("#3", "has no page 3; pages in it: 2."), ("#0", "no page 0"):
        refused = run("chat", "What is it?", "--picture", f"{files / 'plan.pdf'}{page}")
        assert said in refused.err
