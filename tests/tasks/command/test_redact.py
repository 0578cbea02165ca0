"""redact: looked at first, written without what was found, looked through again; and back by the key."""

from __future__ import annotations

import io
import os

import docx
import pypdfium2 as pdfium
import pytest
from fakes import needles as planting
from fakes.tiny_pdf import Text, TinyPdf
from PIL import Image

from slmdesk.children.formats.reading import png_of

pytestmark = pytest.mark.process

LETTER = (
    "Sehr geehrte Frau Müller,\n\nIhr Konto DE89 3704 0044 0532 0130 00 bei der Bank ist eröffnet. Frau Müller\n"
    "erreicht uns unter beratung@example.org. Das Zeichen lautet Blauwal-77.\n"
)


@pytest.fixture
def letter(tmp_path):
    path = tmp_path / "letter.txt"
    path.write_text(LETTER, encoding="utf-8")
    return path


@pytest.fixture
def word_file(tmp_path):
    made = docx.Document()
    made.core_properties.author = "Anna Quarbelsen"
    for line in LETTER.split("\n"):
        made.add_paragraph(line)
    path = tmp_path / "letter.docx"
    made.save(path)
    return path


def test_a_look_writes_nothing_and_shows_what_is_private(run, letter, tmp_path):
    done = run("redact", str(letter), "--preview")
    assert done.status == 0, done.err
    assert "[x] DE89 3704 0044 0532 0130 00  1 ×  ·  " in done.out
    assert "Müller" in done.out
    assert [path.name for path in tmp_path.glob("letter*")] == ["letter.txt"]
    shape = run("redact", str(letter), "--preview", "--json").json
    kinds = {finding["kind"] for finding in shape["found"] if finding["chosen"]}
    assert {"iban", "email", "person"} <= kinds
    assert shape["format"] == "txt"
    assert "No language model" in done.err
    assert {by for finding in shape["found"] for by in finding["by"]} >= {"rule", "finder"}
    assert run("redact", str(letter), "--preview", "--no-model", "-m", "any").status == 2


def test_a_named_model_is_asked_too(run, with_model, letter):
    answer = '{"people": [], "companies": [], "addresses": [], "numbers": ["Blauwal-77"]}'
    shape = run("redact", str(letter), "--preview", "--json", "-m", with_model["id"], echo={"answer": answer}).ok().json
    by = {finding["words"]: finding["by"] for finding in shape["found"]}
    assert by["Blauwal-77"] == ["model"]
    assert "model" not in by["Müller"]


def test_a_copy_is_written_without_what_was_found(run, letter, tmp_path):
    copy, names = tmp_path / "copy.txt", tmp_path / "names.txt"
    names.write_text("Blauwal-77\nAnna Quarbelsen\n", encoding="utf-8")
    done = run("redact", str(letter), "-o", str(copy), "--list", str(names), "--yes")
    assert done.status == 0, done.err
    text = copy.read_text(encoding="utf-8")
    for word in ("Müller", "DE89", "beratung@", "Blauwal"):
        assert word not in text
    assert "█████" in text
    assert "ist eröffnet" in text
    assert "1 bank account" in done.out
    shown = run("redact", str(letter), "--preview", "--json", "--list", str(names)).json
    given = ("redact", str(letter), "-o", str(tmp_path / "other.txt"), "--list", str(names), "--yes", "--json")
    counts = [replaced["count"] for replaced in run(*given).json["replaced"]]
    assert sum(counts) == sum(find["chosen"] for find in shown["found"])
    assert "Read the copy before you give it away" in done.err
    assert letter.read_text(encoding="utf-8") == LETTER
    if os.name != "nt":
        umask = os.umask(0)
        os.umask(umask)
        assert copy.stat().st_mode & 0o777 == 0o666 & ~umask


def test_names_of_a_list_have_their_kinds(run, letter, tmp_path):
    letter.write_text(LETTER + "Quarbel Xanthin, Nordwal GmbH\n", encoding="utf-8")
    copy, names = tmp_path / "copy.txt", tmp_path / "names.txt"
    names.write_text("Quarbel Xanthin\nBlauwal-77\n", encoding="utf-8")
    done = run("redact", str(letter), "-o", str(copy), "--list", str(names), "--kinds", "person", "--yes")
    assert done.status == 0, done.err
    text = copy.read_text(encoding="utf-8")
    assert "Quarbel" not in text
    assert "Xanthin" not in text
    assert "Blauwal-77" in text  # of no kind that can be told
    assert "DE89" in text


def test_a_list_that_is_too_long_is_refused_and_not_cut(run, letter, tmp_path, monkeypatch):
    from slmdesk.cli import redact as command

    monkeypatch.setattr(command, "MOST_LIST_BYTES", 1 << 20)
    copy, names = tmp_path / "copy.txt", tmp_path / "names.txt"
    names.write_text("\n" * (1 << 20) + "Blauwal-77\n", encoding="utf-8")
    done = run("redact", str(letter), "-o", str(copy), "--list", str(names), "--yes")
    assert done.status == 2
    assert "1 MiB" in done.err
    assert not copy.exists()


def test_kinds_and_what_is_kept_are_heeded(run, letter, tmp_path):
    copy = tmp_path / "copy.txt"
    given = ("--kinds", "iban,email", "--keep", "beratung@example.org", "--yes")
    assert run("redact", str(letter), "-o", str(copy), *given).status == 0
    text = copy.read_text(encoding="utf-8")
    assert "Müller" in text
    assert "beratung@example.org" in text
    assert "DE89" not in text


def test_nothing_is_written_without_a_look_or_over_a_file(run, letter, tmp_path):
    copy = tmp_path / "copy.txt"
    unasked = run("redact", str(letter), "-o", str(copy))
    assert unasked.status == 2
    assert "--preview" in unasked.err
    copy.write_text("mine")
    taken = run("redact", str(letter), "-o", str(copy), "--yes")
    assert taken.status == 1
    assert copy.read_text() == "mine"
    assert run("redact", str(letter), "-o", str(letter), "--yes").status == 1
    assert run("redact", str(letter), "-o", str(tmp_path / "copy.docx"), "--yes").status == 2
    assert run("redact", str(letter), "--yes").status == 2
    assert run("redact", str(letter), "-o", str(tmp_path / "b.txt"), "--kinds", "shoes", "--yes").status == 2
    nothing = run("redact", str(letter), "-o", str(tmp_path / "b.txt"), "--kinds", "card", "--yes")
    assert nothing.status == 1
    assert "There are no words to remove" in nothing.err
    names = tmp_path / "names.txt"
    names.write_text("Anna Quarbelsen\n", encoding="utf-8")  # who does not stand in it
    alone = ("--list", str(names), "--kinds", "person", "--keep", "Müller", "--yes")
    nobody = run("redact", str(letter), "-o", str(tmp_path / "b.txt"), *alone)
    assert "There are no words to remove" in nobody.err
    assert not (tmp_path / "b.txt").exists()


def _with_passphrase(run, words, *args):
    reads, writes = os.pipe()
    os.write(writes, words.encode() + b"\n")
    os.close(writes)
    try:
        return run(*args, "--passphrase-fd", str(reads))
    finally:
        os.close(reads)


def test_substitutes_lead_back_by_the_key_and_by_no_other_passphrase(run, word_file, tmp_path):
    copy, key, back = tmp_path / "copy.docx", tmp_path / "copy.key", tmp_path / "back.docx"
    given = ("redact", str(word_file), "-o", str(copy), "--substitutes", "--key", str(key), "--yes", "--json")
    done = _with_passphrase(run, "correct horse", *given)
    assert done.status == 0, done.err
    assert done.json["key"] == str(key)
    words = " ".join(paragraph.text for paragraph in docx.Document(copy).paragraphs)
    assert "Müller" not in words
    assert "█" not in words
    assert b"Quarbelsen" not in b"".join(planting.layers(copy.read_bytes()))
    held = key.read_bytes()
    assert b"ller" not in held
    assert b"DE89" not in held
    edited = docx.Document(copy)  # the receiver writes on
    edited.add_paragraph("Noch ein Satz.")
    edited.save(copy)
    wrong = _with_passphrase(run, "wrong", "redact", "--restore", str(copy), "--key", str(key), "-o", str(back))
    assert wrong.status == 1
    assert "not the passphrase" in wrong.err
    assert not back.exists()
    right = _with_passphrase(run, "correct horse", "redact", "--restore", str(copy), "--key", str(key), "-o", str(back))
    assert right.status == 0, right.err
    again = [paragraph.text for paragraph in docx.Document(back).paragraphs]
    assert again == [*LETTER.split("\n"), "Noch ein Satz."]
    assert docx.Document(back).core_properties.author == "Anna Quarbelsen"


@pytest.mark.parametrize("damage", [b"", b'{"format": "slmdesk-redaction-key", "version": 2}'])
def test_a_damaged_key_is_named(run, letter, tmp_path, damage):
    key = tmp_path / "a.key"
    key.write_bytes(damage)
    done = _with_passphrase(
        run, "a", "redact", "--restore", str(letter), "--key", str(key), "-o", str(tmp_path / "b.txt")
    )
    assert done.status == 1
    assert "no key file" in done.err


def test_what_cannot_be_redacted_is_refused(run, tmp_path):
    other = tmp_path / "a.rtf"
    other.write_text(r"{\rtf1 Frau Quarbelsen}")
    done = run("redact", str(other), "-o", str(tmp_path / "b.rtf"), "--yes")
    assert done.status == 1
    assert "cannot be given out redacted" in done.err
    assert run("redact", str(tmp_path / "none.docx"), "--preview").status == 1


@pytest.fixture
def plain_pdf(tmp_path):
    path = tmp_path / "page.pdf"
    path.write_bytes(bytes(TinyPdf().page(Text(65, 590, "ein Stempel liegt hier"), width=600, height=800)))
    return path


def test_a_box_in_per_cent_of_a_page_becomes_black_where_nothing_was_found(run, plain_pdf, tmp_path):
    copy = tmp_path / "copy.pdf"
    shape = run("redact", str(plain_pdf), "--preview", "--json").json
    assert shape["pages"] == [{"page": 1, "width": 600.0, "height": 800.0}]
    given = ("--box", "1:10,20,40,10", "--box", "1:0,99.5,100,0.5", "--yes")
    done = run("redact", str(plain_pdf), "-o", str(copy), *given)
    assert done.status == 0, done.err
    assert "replaced: 2 boxes" in done.out
    with pdfium.PdfDocument(copy) as document:
        pixels = document[0].render(scale=1).to_numpy()
    assert pixels[165:235, 65:295].max() == 0
    assert pixels[:155].min() == 255


@pytest.mark.parametrize(
    ("box", "status", "said"),
    [
        ("2:10,20,40,10", 1, "page.pdf has no page 2; pages in it: 1."),
        ("1:70,20,40,10", 1, "The box on page 1 does not lie on the page."),
        ("1:10,20,0,10", 1, "The box on page 1 does not lie on the page."),
        ("1:10,20", 2, "Write PAGE:X,Y,W,H in per cent"),
    ],
)
def test_a_box_that_cannot_be_is_told_and_nothing_written(run, plain_pdf, tmp_path, box, status, said):
    copy = tmp_path / "copy.pdf"
    done = run("redact", str(plain_pdf), "-o", str(copy), "--box", box, "--yes")
    assert done.status == status
    assert said in " ".join(done.err.split())
    assert not copy.exists()


def test_a_picture_of_a_word_file_becomes_black_and_boxes_are_not_for_it(run, word_file, tmp_path):
    made = docx.Document(word_file)
    made.add_picture(io.BytesIO(png_of(b"\xff\x00\x00" * 200, width=20, height=10, stride=60)))
    made.save(word_file)
    copy = tmp_path / "copy.docx"
    pictures = run("redact", str(word_file), "--preview", "--json").json["pictures"]
    assert pictures == [{"place": "word/media/image1.png", "width": 20, "height": 10}]
    no_box = run("redact", str(word_file), "-o", str(copy), "--box", "1:1,1,1,1", "--yes")
    assert "Boxes can be drawn on pages of PDFs and pictures" in no_box.err
    none = run("redact", str(word_file), "-o", str(copy), "--picture", "word/media/image9.png", "--yes")
    assert "letter.docx holds no picture “word/media/image9.png”" in none.err
    done = run("redact", str(word_file), "-o", str(copy), "--picture", "word/media/image1.png", "--yes")
    assert done.status == 0, done.err
    assert "1 picture" in done.out
    image = next(part for part in docx.Document(copy).part.package.iter_parts() if "image" in part.partname)
    with Image.open(io.BytesIO(image.blob)) as shown:
        assert (shown.size, shown.getextrema()) == ((20, 10), (0, 0))


def test_a_piped_text_goes_out_without_names_and_comes_back_with_them(run):
    text = "Frau Sabine Müller schuldet Herrn Hannes Tannenkamp Geld.\n"
    out = run("redact", "--clipboard", stdin=text).ok()
    assert "Müller" not in out.out
    assert "Müller" in out.err
    back = run("redact", "--restore", "--clipboard", stdin=out.out).ok()
    assert back.out == text
    shape = run("redact", "--clipboard", "--json", "--kinds", "firm", stdin=text).ok().json
    assert "Tannenkamp" in shape["text"]
    assert shape["key"]


def test_of_no_text_no_key_is_made(run):
    ran = run("redact", "--clipboard", stdin=" \n")
    assert (ran.status, "There is no text." in ran.err) == (1, True)


def test_of_the_clipboard_no_file_is_named(run, tmp_path):
    assert run("redact", "a.txt", "--clipboard", stdin="x").status == 2
    assert run("redact").status == 2
