"""X1: archives that swell, in each kind of document that is an archive, with the memory of a reader."""

from __future__ import annotations

import io
import struct
import zlib

import pytest
from fakes.limited import read_in_child
from fakes.office import docx, odf, paragraph, parts_of, xlsx
from fakes.small_documents import book, deck

pytestmark = pytest.mark.pure

GIB = 1 << 30
MOST_S, MOST_MIB = 10.0, 200


WHOLE = {
    "docx": (docx(paragraph("Words.")), "word/document.xml"),
    "xlsx": (xlsx({"S": "<sheetData><row><c><v>1</v></c></row></sheetData>"}), "xl/worksheets/sheet1.xml"),
    "pptx": (deck(), "ppt/slides/slide1.xml"),
    "odt": (odf("text", "<text:p>Words.</text:p>"), "content.xml"),
    "odp": (odf("presentation", "<draw:page/>"), "content.xml"),
    "ods": (odf("spreadsheet", '<table:table table:name="S"/>'), "content.xml"),
    "epub": (book(), "OEBPS/Text/ch 1.xhtml"),
}

PLACES = {
    "docx": "word/embeddings/deep.docx",
    "xlsx": "xl/embeddings/deep.docx",
    "pptx": "ppt/embeddings/deep.docx",
    "odt": "Object 1/content.xml",
    "odp": "Object 1/content.xml",
    "ods": "Object 1/content.xml",
    "epub": "OEBPS/deep.docx",
}


@pytest.fixture(scope="session")
def swelling() -> bytes:
    """A GiB of blanks inside a tag, deflated: about a MiB.  After a full flush a block needs nothing before it."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    begin = packer.compress(b"<a ") + packer.flush(zlib.Z_FULL_FLUSH)
    block = packer.compress(b" " * (1 << 20)) + packer.flush(zlib.Z_FULL_FLUSH)
    return begin + block * 1024 + packer.flush()


REST = sorted({*WHOLE} - {"docx", "odt"})
"""Archives like these two, tried where time is no matter."""


def archive_of(parts: dict[str, bytes], name: str, deflated: bytes, reported: int) -> bytes:
    """The parts as they are, but `name` as these deflated bytes, of a size that is told and need not be true."""
    target, listed = io.BytesIO(), []
    for part, data in parts.items():
        raw = zlib.compressobj(6, zlib.DEFLATED, -15)
        packed = deflated if part == name else raw.compress(data) + raw.flush()
        size = reported if part == name else len(data)
        about = struct.pack(
            "<HHHHHIIIHH", 20, 0x800, 8, 0, 33, zlib.crc32(data), len(packed), size, len(part.encode()), 0
        )
        listed.append((about, target.tell(), part.encode()))
        target.write(b"PK\x03\x04" + about + part.encode() + packed)
    begin = target.tell()
    for about, at, part in listed:
        target.write(b"PK\x01\x02\x14\x00" + about + struct.pack("<HHHII", 0, 0, 0, 0, at) + part)
    size = target.tell() - begin
    target.write(b"PK\x05\x06" + struct.pack("<HHHHIIH", 0, 0, len(listed), len(listed), size, begin, 0))
    return target.getvalue()


def document(format_id: str) -> tuple[dict[str, bytes], str]:
    data, name = WHOLE[format_id]
    parts = parts_of(data)
    assert name in parts, sorted(parts)
    return parts, name


def verdict(path, data: bytes) -> str:
    path.write_bytes(data)
    said, _, seconds, peak = read_in_child(path)
    print(f"{path.name}: {len(data) / 2**20:.1f} MiB, {said}, {seconds:.2f} s, {peak} MiB")
    assert seconds < MOST_S
    assert peak < MOST_MIB
    return said


@pytest.mark.parametrize("format_id", WHOLE)
def test_x1_control_the_same_archive_without_the_bomb_is_read(tmp_path, format_id):
    parts, name = document(format_id)
    raw = zlib.compressobj(6, zlib.DEFLATED, -15)
    whole = archive_of(parts, name, raw.compress(parts[name]) + raw.flush(), len(parts[name]))
    assert verdict(tmp_path / f"a.{format_id}", whole) == "read"


@pytest.mark.parametrize("format_id", WHOLE)
def test_x1_a_gib_in_a_mib_is_refused(tmp_path, format_id, swelling):
    parts, name = document(format_id)
    data = archive_of(parts, name, swelling, GIB)
    assert len(data) < 3 << 20
    assert verdict(tmp_path / f"a.{format_id}", data) == "document.bomb"


@pytest.mark.parametrize("format_id", WHOLE)
def test_x1_a_size_that_is_a_lie_gains_nothing(tmp_path, format_id, swelling):
    parts, name = document(format_id)
    said = verdict(tmp_path / f"a.{format_id}", archive_of(parts, name, swelling, 1000))
    assert said in ("document.bomb", "document.damaged", "read in part")


@pytest.mark.parametrize("format_id", WHOLE)
def test_x1_bombs_inside_the_archive_are_never_opened(tmp_path, format_id, swelling):
    """Nested: a document inside is not read for its words."""
    parts, _ = document(format_id)
    bomb, inner = document("docx")
    parts[PLACES[format_id]] = archive_of(bomb, inner, swelling, GIB)
    said = verdict(tmp_path / f"a.{format_id}", archive_of(parts, "", b"", 0))
    assert said == "read"


@pytest.mark.parametrize("format_id", ["docx", "odt", *(pytest.param(kind, marks=pytest.mark.soak) for kind in REST)])
def test_x1_a_million_entries_are_not_listed(tmp_path, format_id):
    entry, count = b"PK\x01\x02" + b"\0" * 24 + (1).to_bytes(2, "little") + b"\0" * 16 + b"a", 1_000_000
    parts, _ = document(format_id)
    whole = archive_of(parts, "", b"", 0)
    begin = len(whole)
    for reported in (0xFFFF, 1):
        head = struct.pack("<HHHHIIH", 0, 0, reported, reported, len(entry) * count, begin, 0)
        said = verdict(tmp_path / f"a.{format_id}", whole + entry * count + b"PK\x05\x06" + head)
        assert said in ("document.bomb", "document.damaged")
