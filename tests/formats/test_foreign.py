"""What a document must not do to its reader: archives that swell, XML that calls out, names that lie."""

from __future__ import annotations

import io
import tracemalloc
import zipfile

import pytest

from slmdesk.base.errors import KnownError
from slmdesk.formats import containers, office_xml
from slmdesk.formats.containers import format_of_bytes
from slmdesk.formats.reading import Reading

pytestmark = pytest.mark.pure


def archive_of(**parts: bytes) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return target.getvalue()


def reading_of(data: bytes) -> Reading:
    return Reading("a.docx", data)


def test_x1_an_archive_that_swells_is_refused_by_its_real_bytes():
    bomb = archive_of(**{"word/document.xml": b"\0" * (64 << 20)})
    assert len(bomb) < 1 << 20
    tracemalloc.start()
    with containers.Archive.opened(reading_of(bomb)) as archive, pytest.raises(KnownError) as caught:
        archive.read("word/document.xml")
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert caught.value.code == "document.bomb"
    assert most < 64 << 20


def test_x1_a_header_that_lies_about_the_size_changes_nothing():
    data = bytearray(archive_of(a=b"\0" * (40 << 20)))
    real = (40 << 20).to_bytes(4, "little")
    while (at := data.find(real)) >= 0:
        data[at : at + 4] = (100).to_bytes(4, "little")
    with containers.Archive.opened(reading_of(bytes(data))) as archive, pytest.raises(KnownError) as caught:
        archive.read("a")
    assert caught.value.code in ("document.bomb", "document.damaged")


def test_x1_too_many_entries_are_refused(monkeypatch):
    monkeypatch.setattr(containers, "MAX_ENTRIES", 10)
    with (
        pytest.raises(KnownError) as caught,
        containers.Archive.opened(reading_of(archive_of(**{str(n): b"" for n in range(11)}))),
    ):
        pass
    assert caught.value.code == "document.bomb"


def test_parts_that_are_whole_are_read_and_missing_ones_are_empty():
    with containers.Archive.opened(reading_of(archive_of(a=b"one", b=b"two"))) as archive:
        assert archive.names == ("a", "b")
        assert (archive.read("b"), archive.read("c")) == (b"two", b"")


@pytest.mark.parametrize("cut", [0, 10, 0.5, 0.9])
def test_a_cut_archive_is_damaged(cut):
    whole = archive_of(a=b"one" * 100)
    upto = cut if isinstance(cut, int) else int(len(whole) * cut)
    with pytest.raises(KnownError, match=r"document\.damaged"), containers.Archive.opened(reading_of(whole[:upto])):
        pass


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
    assert [office_xml.local(one) for one in root.iter()] == ["a", "b"]
    with pytest.raises(KnownError, match=r"document\.damaged"):
        office_xml.parse(b"<a>", "a.docx")


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"%PDF-1.7\n", "pdf"),
        (b"junk\n%PDF-1.4", "pdf"),
        (b"{\\rtf1 a}", "rtf"),
        (archive_of(**{"word/document.xml": b""}), "docx"),
        (archive_of(**{"ppt/presentation.xml": b""}), "pptx"),
        (archive_of(**{"xl/workbook.xml": b""}), "xlsx"),
        (archive_of(mimetype=b"application/vnd.oasis.opendocument.text"), "odt"),
        (archive_of(mimetype=b"application/epub+zip"), "epub"),
        (archive_of(other=b""), "zip"),
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
