"""Writes a document as a Word file with python-docx and its own empty template; opens no other file."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from slmdesk.base.paper import Paper, Piece, PieceKind, Run, plain

if TYPE_CHECKING:
    from docx.document import Document
    from docx.text.paragraph import Paragraph

_GREY = (0x59, 0x63, 0x6E)
BULLET = Piece(PieceKind.ITEM).mark
"""What Word makes a list of by itself."""
_CODE_FONT = "Courier New"


def to_docx(paper: Paper) -> bytes:
    """The bytes of the file.  Takes 0.1 s, or more for long documents: not on the service thread."""
    import docx  # late: 46 ms

    document = docx.Document()
    info = document.core_properties
    info.title, info.author, info.comments = plain(paper.title)[:255], "", ""
    info.created = info.modified = datetime.now(UTC).replace(tzinfo=None)
    document.add_heading(plain(paper.title), 0)
    if paper.subtitle:
        _add(document.add_paragraph(), (Run(paper.subtitle, cite=True),))
    for piece in paper.pieces:
        _write(document, piece)
    _number_pages(document)
    target = io.BytesIO()
    document.save(target)
    return target.getvalue()


def _write(document: Document, piece: Piece) -> None:
    from docx.shared import Cm, Pt

    match piece.kind:
        case PieceKind.HEADING:
            _add(document.add_heading("", min(9, piece.level)), piece.runs)
        case PieceKind.ITEM if piece.mark == BULLET:
            level = min(3, piece.level)  # the template has no more
            _add(document.add_paragraph(style="List Bullet" if level == 1 else f"List Bullet {level}"), piece.runs)
        case PieceKind.ITEM:  # numbered as it was: Word would count on from list to list
            paragraph = document.add_paragraph(style="List Paragraph")
            paragraph.paragraph_format.left_indent = Cm(0.7 * piece.level)
            paragraph.paragraph_format.first_line_indent = Cm(-0.6)
            paragraph.paragraph_format.space_after = Pt(3)
            paragraph.paragraph_format.tab_stops.add_tab_stop(Cm(0.7 * piece.level))
            _add(paragraph, (Run(f"{piece.mark}\t"), *piece.runs))
        case PieceKind.TABLE:
            _table(document, piece)
        case PieceKind.RULE:
            document.add_paragraph("―" * 20)
        case PieceKind.SMALL:
            _add(document.add_paragraph(), tuple(Run(run.text, cite=True) for run in piece.runs))
        case PieceKind.QUOTE:
            paragraph = document.add_paragraph()
            paragraph.paragraph_format.left_indent = Cm(1)
            _add(paragraph, piece.runs)
        case PieceKind.CODE | PieceKind.PARAGRAPH:
            _add(document.add_paragraph(), piece.runs)


def _add(paragraph: Paragraph, runs: tuple[Run, ...]) -> None:
    from docx.shared import Pt, RGBColor

    for run in runs:
        written = paragraph.add_run(plain(run.text))
        written.bold, written.italic = run.bold or None, run.italic or None
        if run.code:
            written.font.name, written.font.size = _CODE_FONT, Pt(9.5)
        if run.cite:
            written.font.size, written.font.color.rgb = Pt(9), RGBColor(*_GREY)


def _table(document: Document, piece: Piece) -> None:
    width = max((len(row) for row in piece.rows), default=0)
    if not width:
        return
    table = document.add_table(rows=0, cols=width)
    table.style = "Table Grid"
    for at, row in enumerate(piece.rows):
        cells = table.add_row().cells
        for place, text in enumerate(row):
            _add(cells[place].paragraphs[0], (Run(text, bold=at == 0),))
    document.add_paragraph()


def _number_pages(document: Document) -> None:
    """A field in the footer, which Word fills in."""
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    paragraph = document.sections[0].footer.paragraphs[0]
    paragraph.alignment = 1
    for kind, words in (("begin", ""), ("", "PAGE"), ("end", "")):
        run = paragraph.add_run()
        element = OxmlElement("w:fldChar" if kind else "w:instrText")
        if kind:
            element.set(qn("w:fldCharType"), kind)
        else:
            element.text = words
        run._r.append(element)
