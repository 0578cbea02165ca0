from __future__ import annotations

import json

import pypdfium2
import pytest
from fakes.einvoices import IBAN, cii, ubl
from fakes.small_documents import mail
from fakes.tiny_pdf import TinyPdf, lines

pytestmark = pytest.mark.process

LEASE = """# Lease

The rent for the flat in the second floor is 900 euros a month.

The garden belongs to the flat, and the tenant mows the lawn every second week.

Pets need the permission of the owner, which must be given in writing.

The lease ends on 30 June 2027 unless it is prolonged by both parties.
"""
LETTER = """Dear Mrs Adeyemi, the boiler in the cellar was replaced on Tuesday by our own people.

The invoice over 1,250 euros is due within fourteen days of this letter.
"""


@pytest.fixture
def lease(tmp_path):
    path = tmp_path / "lease.md"
    path.write_text(LEASE)
    return path


def test_what_a_document_holds_unread_is_named(run, with_model, tmp_path) -> None:
    made = TinyPdf(attachments=[("offer.txt", b"Offer: 1,250 EUR until 8 June.")])
    held = tmp_path / "letter.pdf"
    held.write_bytes(bytes(made.page(*lines(50, 700, "The rent for the flat is 900 euros a month.", "It is due."))))
    assert run("summarize", str(held)).ok().out.strip().endswith("1 of 1 pages read. Not read in it: offer.txt.")
    assert run("summarize", str(held), "--json").ok().json["coverage"]["parts_unread"] == ["offer.txt"]


def test_an_e_invoice_is_told_from_its_fields_without_a_model(run, tmp_path) -> None:
    path = tmp_path / "invoice.xml"
    path.write_bytes(ubl())
    shape = run("summarize", str(path), "--json").ok().json
    (sentence,) = shape["sentences"]
    assert sentence["text"] == (
        f"Amsel GmbH asks Drossel AG for 357.00 EUR, due on 4 April 2026, to the account {IBAN}"
        " (invoice R-17 of 5 March 2026)."
    )
    assert len(sentence["blocks"]) == 8  # number, day, both names, both sums, due day, account
    assert [deadline["day"] for deadline in shape["deadlines"]] == ["2026-04-04"]


def test_what_the_e_invoice_in_a_pdf_asks_for_stands_above_its_sentences(run, tmp_path) -> None:
    path = tmp_path / "invoice.pdf"
    words = "Amsel asks Drossel to pay the invoice R-17 by Easter.", "We thank you for your order of this spring."
    made = TinyPdf(attachments=[("factur-x.xml", cii())]).page(*lines(50, 700, *words))
    path.write_bytes(bytes(made))
    shape = run("summarize", str(path), "--json").ok().json
    first, second, *__ = shape["sentences"]
    assert first["text"].startswith("Amsel GmbH asks Drossel AG for 357.00 EUR, due on 4 April 2026")
    assert first["pages"] == [1]
    assert second["text"] in words
    assert shape["coverage"]["parts_unread"] == []


def test_what_a_forged_e_invoice_shows_otherwise_stands_first(run, tmp_path) -> None:
    path = tmp_path / "invoice.pdf"
    words = "Amsel GmbH to Drossel AG.", "Invoice R-17, 357.00 EUR.", "Pay to DE88 2008 0000 0970 3757 00."
    path.write_bytes(bytes(TinyPdf(attachments=[("factur-x.xml", cii())]).page(*lines(50, 700, *words))))
    first, second, *__ = run("summarize", str(path), "--json").ok().json["sentences"]
    assert first["text"] == f"IBAN: DE88 2008 0000 0970 3757 00 on the page, {IBAN} in the e-invoice."
    assert [(flag["kind"], flag["text"], flag["detail"]) for flag in first["flags"]] == [
        ("differs", IBAN, "DE88 2008 0000 0970 3757 00"),
    ]
    assert second["text"].startswith("Amsel GmbH asks Drossel AG for 357.00 EUR")


def test_sentences_are_chosen_with_their_pages_and_what_is_left_out_is_counted(run, with_model, lease) -> None:
    done = run("summarize", str(lease), "--length", "20", "--json").ok()
    shape = done.json
    assert set(shape) >= {"sentences", "coverage", "timing"}
    assert (shape["method"], shape["note"]) == ("quotations", "")
    assert [(sentence["group"], sentence["text"]) for sentence in shape["sentences"]] == [
        ("", "Lease: The rent for the flat in the second floor is 900 euros a month.")
    ]
    (said,), (*_, omitted, _end) = shape["sentences"], shape["documents"][0]["omitted"]
    assert (said["pages"], said["supported"], said["flags"]) == ([1], True, [])
    assert set(said["blocks"][0]) >= {"document", "page", "start", "end"}
    assert omitted["text"] == "Pets need the permission of the owner, which must be given in writing."
    ledger = shape["coverage"]
    pages = {"pages_total": 1, "pages_read": 1, "blocks_total": 5, "blocks_read": 5}
    assert ledger == pages | {"unreadable": [], "parts_unread": []}
    text, with_omitted = (run("summarize", str(lease), "--length", "20", *more).out for more in ((), ("--omitted",)))
    assert text.strip().splitlines()[-3:] == ["3 more passages.", "", "1 of 1 sections read."]
    assert f"- {omitted['text']} [section 1]" in with_omitted
    assert omitted["text"] not in text
    hits = run("history", "search", "rent", "--json").json
    assert shape["item"] in {hit["chat"] for hit in hits}


def test_what_no_reader_takes_out_of_a_paper_is_named_below_its_summary(run, tmp_path) -> None:
    path = tmp_path / "offer.eml"
    path.write_bytes(mail("The offer ends on 30 June.", enclosed=[("winmail.dat", b"x"), ("terms.txt", b"14 days")]))
    words = "Not read in it: winmail.dat, terms.txt."
    assert run("summarize", str(path), "--own-words").out.strip().splitlines()[-1] == f"2 of 2 parts read. {words}"
    other = tmp_path / "other.eml"
    other.write_bytes(mail("The offer ends on 31 July."))
    said = run("compare", str(path), str(other), "--no-model").out
    assert "Of the old version (offer.eml) these parts were not read: winmail.dat, terms.txt." in said
    assert "Nothing was left out." not in said
    out = tmp_path / "summary.md"
    run("summarize", str(path), "--own-words", "-o", str(out)).ok()
    assert words in out.read_text()


def test_the_document_itself_is_not_written_over(run, lease) -> None:
    before = lease.read_bytes()
    done = run("summarize", str(lease), "-o", str(lease), "--force", "--json")
    assert (done.status, done.json["error"]["code"]) == (1, "file.is_source")
    assert lease.read_bytes() == before


def test_no_model_is_needed_where_nothing_is_worded(run, lease) -> None:
    done = run("summarize", str(lease), "--json")
    assert (done.status, done.json["method"], done.json["model"]) == (0, "quotations", "")
    assert done.json["sentences"][0]["text"] == "Lease: The rent for the flat in the second floor is 900 euros a month."
    assert run("summarize", str(lease), "--own-words", "--json").json["documents"][0]["own_words"] == []
    assert run("summarize", str(lease), "--language", "en").status == 0
    worded = run("summarize", str(lease), "--language", "de", "--json")
    assert (worded.status, worded.json["error"]["code"]) == (1, "model.none")


def test_a_home_and_a_document_with_umlauts_are_as_any_other(run, environment, tiny, tmp_path) -> None:
    home = tmp_path / "Größe Äöü ßłó"
    environment["SLMDESK_HOME"] = str(home)
    assert run("models", "import", str(tiny)).status == 0
    path = tmp_path / "Mietvertrag Größe.md"
    path.write_text(LEASE, encoding="utf-8")
    done = run("summarize", str(path), "--length", "short", "--json").ok()
    assert done.json["sentences"]
    assert any(home.iterdir()), "it is the home that was used"


def test_a_folder_becomes_a_table_and_a_file_each(run, with_model, lease, tmp_path) -> None:
    folder = tmp_path / "letters"
    folder.mkdir()
    (folder / "letter.txt").write_text(LETTER)
    (folder / "lease.md").write_text(LEASE)
    (folder / "=bad.txt").write_bytes(b"\x7fELF" + bytes(range(256)) * 20)
    out = tmp_path / "out"
    done = run("summarize", str(folder), "-o", str(out), "--json")
    shape = done.json
    assert done.status == 1  # one of them could not be read, the others were
    assert [failure["file"] for failure in shape["failed"]] == ["=bad.txt"]
    assert {document["file"] for document in shape["documents"]} == {"letter.txt", "lease.md"}
    assert {sentence["file"] for sentence in shape["sentences"]} == {"letter.txt", "lease.md"}
    made = sorted(path.name for path in out.iterdir())
    assert made == ["lease.md.md", "letter.txt.md", "summaries.csv", "together.md"]
    assert "1 document could not be read at all: =bad.txt (" in (out / "together.md").read_text()
    exported = run("history", "export", shape["item"], "--format", "html").out
    assert "could not be read at all: =bad.txt" in exported
    assert run("history", "export", shape["item"], "--format", "json").json["not_read"][0]["name"] == "=bad.txt"
    refused = run("summarize", str(folder), "-o", str(out), "--json")
    assert refused.status == 1
    assert refused.json["error"]["code"] == "file.exists"


def test_one_file_out_as_words_or_json(run, with_model, lease, tmp_path) -> None:
    assert run("summarize", str(lease), "-o", str(tmp_path / "out.json")).status == 0
    pdf = tmp_path / "out.pdf"
    assert run("summarize", str(lease), "-o", str(pdf)).status == 0
    words = pypdfium2.PdfDocument(pdf)[0].get_textpage().get_text_range()
    assert "What was read" in words
    assert "Passages" in words
    item = run("history", "search", "rent", "--json").json[0]["chat"]
    assert run("history", "export", item, "--format", "html").out.startswith("<!DOCTYPE html>")
    assert json.loads((tmp_path / "out.json").read_text())["coverage"]["pages_read"] == 1


def test_where_it_cannot_be_written_is_said_before_the_work(run, with_model, lease, tmp_path) -> None:
    """An ending that means nothing, a file's name for a folder, a folder that is not there: nothing is summarized."""
    odd = run("summarize", str(lease), "-o", str(tmp_path / "x.xyz"))
    assert odd.status == 2
    assert ".docx" in odd.err
    assert run("summarize", str(lease), str(lease), "-o", str(tmp_path / "both.docx")).status == 2
    nowhere = run("summarize", str(lease), "-o", str(tmp_path / "nowhere" / "x.md"), "--json")
    assert (nowhere.status, nowhere.json["error"]["code"]) == (1, "file.unwritable")
    (tmp_path / "file").write_text("x")
    beside = run("summarize", str(lease), str(lease), "-o", str(tmp_path / "file" / "out"), "--json")
    assert beside.json["error"]["code"] == "file.unwritable"
    assert run("history", "list", "--json").json == []


def test_what_is_left_out_is_in_the_files(run, lease, tmp_path) -> None:
    words = "summarize", str(lease), "--length", "20", "--omitted", "-o"
    pets = "- Pets need the permission of the owner"
    out, folder = tmp_path / "out.md", tmp_path / "folder"
    assert run(*words, str(out)).status == 0
    assert pets in out.read_text()
    assert run(*words, str(folder), str(tmp_path)).status == 0
    assert pets in (folder / "lease.md.md").read_text()
    refused = run(*words, str(tmp_path / "out.docx"))
    assert (refused.status, "--omitted" in refused.err) == (2, True)


def test_wrong_wishes_are_refused(run, with_model, lease) -> None:
    for words in ("9", "5001"):
        refused = run("summarize", str(lease), "--length", words)
        assert (refused.status, "10 to 5000 words" in refused.err) == (2, True)
    assert run("summarize", str(lease), "--length", "middling").status == 2
    assert run("summarize", str(lease), "--kind", "epic").status == 2
    worded = run("summarize", str(lease), "--own-words", "--language", "de")
    assert (worded.status, "--own-words" in worded.err) == (2, True)
    own = run("summarize", str(lease), "--kind", "own")
    assert (own.status, "--instruction" in own.err) == (2, True)
    language = run("summarize", str(lease), "--language", "xx", "--json")
    assert "xx" in language.json["error"]["message"]
    gone = run("summarize", str(lease) + "x", "--json")
    assert gone.json["error"]["code"].startswith(("file.", "document."))
