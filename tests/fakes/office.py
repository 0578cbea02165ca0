"""Office files made by hand, as small as readers let them be."""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Mapping
from html import escape

from fakes.compound_file import compound_file

WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
WORD_STRICT = "http://purl.oclc.org/ooxml/wordprocessingml/main"
RELS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"
ODF = (
    'xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
    'xmlns:style="urn:oasis:names:tc:opendocument:xmlns:style:1.0" '
    'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" '
    'xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" '
    'xmlns:draw="urn:oasis:names:tc:opendocument:xmlns:drawing:1.0" '
    'xmlns:presentation="urn:oasis:names:tc:opendocument:xmlns:presentation:1.0" '
    'xmlns:svg="urn:oasis:names:tc:opendocument:xmlns:svg-compatible:1.0" '
    'xmlns:fo="urn:oasis:names:tc:opendocument:xmlns:xsl-fo-compatible:1.0" '
    'xmlns:dc="http://purl.org/dc/elements/1.1/" '
    'xmlns:meta="urn:oasis:names:tc:opendocument:xmlns:meta:1.0"'
)
Parts = Mapping[str, str | bytes]


def packed(parts: Parts) -> bytes:
    """An archive of parts."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return file.getvalue()


def parts_of(data: bytes) -> dict[str, bytes]:
    """The parts of an archive by their names."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def relations(**kinds: str) -> str:
    """Relationships, their kinds named by keyword (a trailing digit is no part of it), ids by position."""
    lines = (
        f'<Relationship Id="r{at}" Type="{RELS}/{kind.rstrip("0123456789")}" Target="{escape(target)}"'
        f"{' TargetMode=' + chr(34) + 'External' + chr(34) if '://' in target else ''}/>"
        for at, (kind, target) in enumerate(kinds.items(), 1)
    )
    return f'<Relationships xmlns="{PACKAGE}">{"".join(lines)}</Relationships>'


def paragraph(text: str, style: str = "", more: str = "") -> str:
    """A paragraph of Word."""
    about = f"<w:pPr>{f'<w:pStyle w:val={chr(34)}{style}{chr(34)}/>' if style else ''}{more}</w:pPr>"
    return f"<w:p>{about}<w:r><w:t xml:space='preserve'>{escape(text)}</w:t></w:r></w:p>"


def run(text: str, look: str = "") -> str:
    """A piece of a paragraph of Word; neither is escaped."""
    return f"<w:r>{f'<w:rPr>{look}</w:rPr>' if look else ''}<w:t xml:space='preserve'>{text}</w:t></w:r>"


def field(code: str, result: str) -> str:
    """What Word works out, as the date, with what it shows."""
    return (
        "<w:r><w:fldChar w:fldCharType='begin'/></w:r>"
        f"<w:r><w:instrText>{code}</w:instrText></w:r><w:r><w:fldChar w:fldCharType='separate'/></w:r>"
        f"{run(result)}<w:r><w:fldChar w:fldCharType='end'/></w:r>"
    )


def docx(body: str, parts: Parts | None = None, *, space: str = WORD, rels: Mapping[str, str] | None = None) -> bytes:
    """A Word file with this inside its body; `rels` are those of the document."""
    return packed(
        {
            "[Content_Types].xml": "<Types/>",
            "_rels/.rels": relations(officeDocument="word/document.xml"),
            "word/document.xml": f'<w:document xmlns:w="{space}" xmlns:r="{RELS}" '
            'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006" '
            f'xmlns:wp="urn:wp"><w:body>{body}</w:body></w:document>',
            "word/_rels/document.xml.rels": relations(**(rels or {})),
            **(parts or {}),
        }
    )


def xlsx(sheets: Mapping[str, str], parts: Parts | None = None) -> bytes:
    """An Excel file of sheets by their names, each the XML inside its worksheet."""
    listed = "".join(
        f'<sheet name="{escape(name.lstrip("!"))}" sheetId="{at}" r:id="r{at}"'
        f"{' state=' + chr(34) + 'hidden' + chr(34) if name.startswith('!') else ''}/>"
        for at, name in enumerate(sheets, 1)
    )
    made: dict[str, str | bytes] = {
        f"xl/worksheets/sheet{at}.xml": f'<worksheet xmlns="urn:x" xmlns:r="{RELS}">{inside}</worksheet>'
        for at, inside in enumerate(sheets.values(), 1)
    }
    targets = {f"worksheet{at}": f"worksheets/sheet{at}.xml" for at in range(1, len(sheets) + 1)}
    return packed(
        {
            "_rels/.rels": relations(officeDocument="xl/workbook.xml"),
            "xl/workbook.xml": f'<workbook xmlns="urn:x" xmlns:r="{RELS}"><sheets>{listed}</sheets></workbook>',
            "xl/_rels/workbook.xml.rels": relations(**targets),
            **made,
            **(parts or {}),
        }
    )


def odf(kind: str, body: str, parts: Parts | None = None, *, styles: str = "") -> bytes:
    """An OpenDocument file: `kind` is text, presentation or spreadsheet, `styles` the automatic ones."""
    content = (
        f"<office:document-content {ODF}><office:automatic-styles>{styles}</office:automatic-styles>"
        f"<office:body><office:{kind}>{body}</office:{kind}></office:body></office:document-content>"
    )
    mime = f"application/vnd.oasis.opendocument.{kind}"
    return packed({"mimetype": mime, "content.xml": content, **(parts or {})})


def xls(cells: Mapping[tuple[int, int], float | str], *, more: bytes = b"") -> bytes:
    """An old Excel file with one sheet "Old" of cells by (row, column) from 0 ([MS-XLS], BIFF8)."""

    def record(kind: int, data: bytes) -> bytes:
        return struct.pack("<HH", kind, len(data)) + data

    def text(value: str) -> bytes:
        return struct.pack("<HB", len(value), 1) + value.encode("utf-16-le")

    bof = struct.pack("<HHHHII", 0x0600, 0x0005, 0, 0, 0, 0)
    sheet = record(0x0809, struct.pack("<HHHHII", 0x0600, 0x0010, 0, 0, 0, 0))
    for (row, column), value in cells.items():
        place = struct.pack("<HHH", row, column, 0)
        if isinstance(value, str):
            sheet += record(0x0204, place + text(value))
        else:
            sheet += record(0x0203, place + struct.pack("<d", value))
    sheet += record(0x000A, b"")
    name = b"\x03\x00Old"
    start = len(record(0x0809, bof)) + len(more) + 4 + 6 + len(name) + 4
    book = record(0x0809, bof) + more + record(0x0085, struct.pack("<IH", start, 0) + name) + record(0x000A, b"")
    return compound_file({"Workbook": book + sheet})


def xlsb(cells: Mapping[tuple[int, int], float]) -> bytes:
    """A binary Excel file with one sheet "Binary" of numbers by (row, column) from 0 ([MS-XLSB])."""

    def record(kind: int, data: bytes = b"") -> bytes:
        first = bytes([kind]) if kind < 128 else bytes([kind & 127 | 128, kind >> 7])
        assert len(data) < 128
        return first + bytes([len(data)]) + data

    def text(value: str) -> bytes:
        return struct.pack("<I", len(value)) + value.encode("utf-16-le")

    sheet = record(129) + record(148, struct.pack("<IIII", 0, 0, 0, 0)) + record(145)
    for (row, column), value in cells.items():
        sheet += record(0, struct.pack("<I", row) + b"\0" * 13)
        sheet += record(5, struct.pack("<IId", column, 0, value))
    sheet += record(146) + record(130)
    book = record(131) + record(143) + record(156, struct.pack("<II", 0, 1) + text("r1") + text("Binary"))
    return packed(
        {
            "[Content_Types].xml": "<Types/>",
            "_rels/.rels": relations(officeDocument="xl/workbook.bin"),
            "xl/workbook.bin": book + record(144) + record(132),
            "xl/_rels/workbook.bin.rels": relations(worksheet="worksheets/sheet1.bin"),
            "xl/worksheets/sheet1.bin": sheet,
        }
    )
