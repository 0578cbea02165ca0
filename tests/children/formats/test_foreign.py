"""What a document must not do to its reader: archives that swell, XML that calls out, names that lie."""

from __future__ import annotations

import io

import pytest
from fakes.office import packed

from slmdesk.base.errors import KnownError
from slmdesk.children.formats import containers, office_xml
from slmdesk.children.formats.containers import format_of_bytes
from slmdesk.children.formats.reading import Reading

pytestmark = pytest.mark.pure


def reading_of(data: bytes) -> Reading:
    return Reading("a.docx", data)


def test_x1_too_many_entries_are_refused(monkeypatch):
    monkeypatch.setattr(containers, "MAX_ENTRIES", 10)
    with (
        pytest.raises(KnownError) as caught,
        containers.Archive.opened(reading_of(packed({str(n): b"" for n in range(11)}))),
    ):
        pass
    assert caught.value.code == "document.bomb"


def test_parts_that_are_whole_are_read_and_missing_ones_are_empty():
    with containers.Archive.opened(reading_of(packed({"a": b"one", "b": b"two"}))) as archive:
        assert archive.names == ("a", "b")
        assert (archive.read("b"), archive.read("c")) == (b"two", b"")


LAUGHS = b"""<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "ha"><!ENTITY c "&b;&b;&b;&b;&b;&b;">]><a>&c;</a>"""


@pytest.mark.parametrize(
    "untrusted",
    [
        LAUGHS,
        b'<!DOCTYPE a [<!entity b SYSTEM "file:///etc/passwd">]><a>&b;</a>',
        b'<!DOCTYPE a [<!ENTITY % b SYSTEM "http://127.0.0.1:9/x"> %b;]><a/>',
    ],
)
def test_x2_entities_are_refused(untrusted):
    with pytest.raises(KnownError, match=r"document\.bomb"):
        office_xml.parse(untrusted, "a.docx")


def test_x2_entities_in_another_encoding_are_not_expanded():
    with pytest.raises(KnownError):
        office_xml.parse(LAUGHS.decode().replace("1.0", '1.0" encoding="utf-16').encode("utf-16"), "a.docx")


def test_xml_without_tricks_is_read():
    root = office_xml.parse(b'<w:a xmlns:w="x"><!-- no --><w:b>text</w:b></w:a>', "a.docx")
    assert [office_xml.local(element) for element in root.iter()] == ["a", "b"]
    with pytest.raises(KnownError, match=r"document\.damaged"):
        office_xml.parse(b"<a>", "a.docx")


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"%PDF-1.7\n", "pdf"),
        (b"junk\n%PDF-1.4", "pdf"),
        (b"{\\rtf1 a}", "rtf"),
        (packed({"word/document.xml": b""}), "docx"),
        (packed({"ppt/presentation.xml": b""}), "pptx"),
        (packed({"xl/workbook.xml": b""}), "xlsx"),
        (packed({"mimetype": b"application/vnd.oasis.opendocument.text"}), "odt"),
        (packed({"mimetype": b"application/epub+zip"}), "epub"),
        (packed({"other": b""}), "zip"),
        (b"PK\x03\x04 cut", "zip"),
        (b"\x7fELF\x02", "binary"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "ole"),
        (b"plain words", ""),
        (b"", ""),
    ],
)
def test_the_first_bytes_say_what_it_is(data, expected):
    file = io.BytesIO(data)
    assert format_of_bytes(file) == expected
    assert file.tell() == 0
