"""python -m benchmarks.quality.docx_files: writes tables/NAME.docx anew from tables/source/NAME.md.

As a person would have made them with a word processor: headings by style, bold words, tables, numbered lists as typed
text, lines of an address broken inside their paragraph.  The same text gives the same bytes.
"""

from __future__ import annotations

import io
import re
import zipfile
from itertools import groupby
from pathlib import Path
from xml.sax.saxutils import escape

FOLDER = Path(__file__).resolve().parent / "tables"
_W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_MAIN = "application/vnd.openxmlformats-officedocument.wordprocessingml"
_TYPES = (
    f'{_XML}<Types xmlns="{_PACKAGE}/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    f'<Override PartName="/word/document.xml" ContentType="{_MAIN}.document.main+xml"/>'
    f'<Override PartName="/word/styles.xml" ContentType="{_MAIN}.styles+xml"/></Types>'
)
_STYLES = f'{_XML}<w:styles xmlns:w="{_W}">' + "".join(
    f'<w:style w:type="paragraph" w:styleId="Heading{level}"><w:name w:val="heading {level}"/>'
    f'<w:pPr><w:outlineLvl w:val="{level - 1}"/></w:pPr><w:rPr><w:b/></w:rPr></w:style>'
    for level in (1, 2, 3)
) + "</w:styles>"  # fmt: skip


def docx_of(text: str) -> bytes:
    """The bytes of a document with the headings, paragraphs and tables of a Markdown text."""
    body = "".join(map(_block, re.split(r"\n{2,}", text.strip())))
    parts = {
        "[Content_Types].xml": _TYPES,
        "_rels/.rels": _relation("officeDocument", "word/document.xml"),
        "word/document.xml": f'{_XML}<w:document xmlns:w="{_W}"><w:body>{body}<w:sectPr/></w:body></w:document>',
        "word/_rels/document.xml.rels": _relation("styles", "styles.xml"),
        "word/styles.xml": _STYLES,
    }
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in parts.items():
            archive.writestr(zipfile.ZipInfo(name, (2025, 1, 1, 0, 0, 0)), content.encode())
    return out.getvalue()


def _relation(kind: str, target: str) -> str:
    return (
        f'{_XML}<Relationships xmlns="{_PACKAGE}/relationships">'
        f'<Relationship Id="rId1" Type="{_OFFICE}/relationships/{kind}" Target="{target}"/></Relationships>'
    )


def _block(block: str) -> str:
    match = re.match(r"(#+) ", block)
    if match:
        return _paragraph(block[match.end() :], f'<w:pPr><w:pStyle w:val="Heading{len(match[1])}"/></w:pPr>')
    if block.startswith("|"):
        rows = [line.strip("| ").split("|") for line in block.splitlines() if line.strip("|- ")]
        cells = ("".join(f"<w:tc>{_paragraph(cell.strip())}</w:tc>" for cell in row) for row in rows)
        return f"<w:tbl><w:tblPr/><w:tblGrid/>{''.join(f'<w:tr>{row}</w:tr>' for row in cells)}</w:tbl>"
    numbered = groupby(block.splitlines(), key=lambda line: re.match(r"\d+\. ", line) is not None)
    return "".join(
        _paragraph(line) for is_list, lines in numbered for line in (lines if is_list else ("\n".join(lines),))
    )


def _paragraph(text: str, properties: str = "") -> str:
    runs = []
    for at, part in enumerate(re.split(r"\*\*?", text)):
        if part:
            bold = "<w:rPr><w:b/></w:rPr>" if at % 2 else ""
            lines = "<w:br/>".join(f'<w:t xml:space="preserve">{escape(line)}</w:t>' for line in part.split("\n"))
            runs.append(f"<w:r>{bold}{lines}</w:r>")
    return f"<w:p>{properties}{''.join(runs)}</w:p>"


if __name__ == "__main__":
    for source in sorted((FOLDER / "source").glob("*.md")):
        (FOLDER / source.stem).with_suffix(".docx").write_bytes(docx_of(source.read_text("utf-8")))
