"""Files that are inserted whole into a document of Word are a part of its text."""

from __future__ import annotations

import pytest
from fakes.office import RELS, WORD, docx, paragraph, relations

from slmdesk.base.documents import BlockKind, Note
from slmdesk.children.formats.reading import Reading, reader_of

pytestmark = pytest.mark.pure

CHUNK = '<w:altChunk r:id="r1"/>'
WORDS = "The penalty is 4,000 EUR."
ARCHIVE = (
    "MIME-Version: 1.0\nContent-Type: multipart/related; boundary=x\n\n"
    f"--x\nContent-Type: text/html\n\n<p>{WORDS}</p>\n--x--\n"
)
INNER = docx(paragraph(WORDS))


def read(data):
    reading = Reading("a.docx", data=data)
    return [*reader_of("docx")(reading)], reading


def around(target, data, body=CHUNK):
    return docx(
        f"{paragraph('Lease.')}{body}{paragraph('Signed.')}",
        {f"word/{target}": data},
        rels={"aFChunk": target},
    )


@pytest.mark.parametrize(
    ("target", "data"),
    [
        ("c.html", f"<html><body><p>{WORDS}</p></body></html>"),
        ("c.xhtml", f"<html xmlns='http://www.w3.org/1999/xhtml'><body><p>{WORDS}</p></body></html>"),
        ("c.htm", f"<p>{WORDS}</p>"),
        ("c.rtf", f"{{\\rtf1 {WORDS}\\par}}"),
        ("c.txt", WORDS),
        ("c.dat", f"<!DOCTYPE html><p>{WORDS}</p>"),
        ("c.docx", INNER),
        ("afchunk.bin", INNER),
        ("c.mht", ARCHIVE),
        ("nested.docx", around("inner.docx", INNER)),
    ],
)
def test_an_inserted_file_is_read_where_it_stands(target, data):
    pages, reading = read(around(target, data))
    lines = "\n".join(page.text for page in pages).split("\n")
    assert WORDS in lines[1:-1]
    assert (lines[0], lines[-1]) == ("Lease.", "Signed.")
    assert Note.PARTS_UNREAD not in reading.notes
    assert Note.EXTERNAL_IGNORED not in reading.notes


def test_an_inserted_file_is_read_in_a_cell_and_in_a_part_beside_the_text():
    cell = f"<w:tbl><w:tr><w:tc>{CHUNK}{paragraph('')}</w:tc><w:tc>{paragraph('b')}</w:tc></w:tr></w:tbl>"
    pages, _ = read(around("c.txt", WORDS, cell))
    assert pages[0].text.split("\n")[1] == f"{WORDS}\tb"
    header = f"<w:hdr xmlns:w='{WORD}' xmlns:r='{RELS}'>{CHUNK}</w:hdr>"
    parts = {
        "word/header1.xml": header,
        "word/_rels/header1.xml.rels": relations(aFChunk="c.txt"),
        "word/c.txt": WORDS,
    }
    pages, _ = read(docx(paragraph("Lease."), parts, rels={"header": "header1.xml"}))
    assert (pages[0].blocks[0].kind, pages[0].text.split("\n")[0]) == (BlockKind.HEADER, WORDS)


def test_what_is_noted_of_an_inserted_file_is_noted_of_the_document():
    struck = docx("<w:p><w:r><w:t>It is </w:t></w:r><w:r><w:rPr><w:strike/></w:rPr><w:t>not </w:t></w:r>"
                  "<w:r><w:t>due.</w:t></w:r></w:p>")  # fmt: skip
    pages, _ = read(around("c.docx", struck))
    assert "It is due." in pages[0].text
    assert [block.place for block in pages[0].blocks if block.kind is BlockKind.STRUCK] == ["not "]
    changed = docx("<w:p><w:ins><w:r><w:t>x</w:t></w:r></w:ins></w:p>")
    assert Note.CHANGES_ACCEPTED in read(around("c.docx", changed))[1].notes


@pytest.mark.parametrize(
    ("target", "data"),
    [("c.docx", b"PK\x03\x04 broken"), ("c.bin", b"\x7fELF"), ("c.xml", b"<pkg:package/>")],
)
def test_an_inserted_file_that_cannot_be_read_is_named(target, data):
    _, reading = read(around(target, data))
    assert reading.names[Note.PARTS_UNREAD] == ("embedded file",)


def test_an_inserted_file_that_is_missing_or_elsewhere_is_named():
    for rels in ({}, {"aFChunk": "nowhere.html"}, {"aFChunk": "https://example.org/c.html"}):
        _, reading = read(docx(CHUNK + paragraph("Signed."), rels=rels))
        assert reading.names[Note.PARTS_UNREAD] == ("embedded file",)


def test_files_inserted_into_each_other_without_end_are_named():
    data = INNER
    for _ in range(10):
        data = around("c.docx", data)
    pages, reading = read(data)
    assert WORDS not in pages[0].text
    assert reading.names[Note.PARTS_UNREAD] == ("embedded file",)
