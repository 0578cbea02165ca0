"""Writes a `Paper` as a Word file. Late imports: docx is heavy."""

from __future__ import annotations

import datetime
import io
from collections.abc import Mapping
from itertools import count
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import quoteattr

from slmdesk.base.charts import WIDTH, height_of
from slmdesk.base.documents import (
    GONE,
    Chart,
    Paper,
    Piece,
    PieceKind,
    Run,
    model_properties,
    plain,
)
from slmdesk.base.texts import _
from slmdesk.exports.charts import WIDTH_CM, native_chart
from slmdesk.exports.phrases import FIGURES_SHEET
from slmdesk.exports.spreadsheets import to_xlsx

if TYPE_CHECKING:
    from docx.document import Document
    from docx.text.paragraph import Paragraph
    from docx.text.run import Run as WordRun

_GREY = (0x59, 0x63, 0x6E)
BULLET = Piece(PieceKind.ITEM).mark
"""The default bullet, for which Word's own list style is used."""
_CODE_FONT = "Courier New"


def to_docx(paper: Paper) -> bytes:
    """Return the bytes of a Word file.

    Takes 0.1 s, or more for long documents: never call it on the service thread.
    """
    import docx  # late: 46 ms

    document = docx.Document()
    changes = ChangeMarks()
    info = document.core_properties
    info.title = plain(paper.title)[:255]
    info.author = ""
    info.comments = ""
    info.created = info.modified = changes.now.replace(tzinfo=None)
    document.add_heading(plain(paper.title), 0)
    if paper.subtitle:
        _add(document.add_paragraph(), (Run(paper.subtitle, cite=True),))
    for piece in paper.pieces:
        _write(document, piece, changes)
        if piece.said:
            _frame_last(document)
    number_pages(document)
    keep_properties(document, model_properties(paper.model))
    target = io.BytesIO()
    document.save(target)
    return target.getvalue()


def _write(document: Document, piece: Piece, changes: ChangeMarks) -> None:
    from docx.shared import Cm

    match piece.kind:
        case PieceKind.HEADING:
            _add(document.add_heading("", min(9, piece.level)), piece.runs)
        case PieceKind.ITEM:
            _write_item(document, piece)
        case PieceKind.TABLE:
            _write_table(document, piece)
        case PieceKind.RULE:
            document.add_paragraph("―" * 20)
        case PieceKind.CHART:
            if piece.chart is not None:
                _write_chart(document, piece.chart)
        case PieceKind.SMALL:
            runs = [Run(run.text, cite=True) for run in piece.runs]
            _add(document.add_paragraph(), tuple(runs))
        case PieceKind.QUOTE:
            paragraph = document.add_paragraph()
            paragraph.paragraph_format.left_indent = Cm(1)
            _add(paragraph, piece.runs)
        case PieceKind.CODE | PieceKind.PARAGRAPH:
            _add(document.add_paragraph(), piece.runs, changes)


def _write_item(document: Document, piece: Piece) -> None:
    from docx.shared import Cm, Pt

    if piece.mark == BULLET:
        style = "List Bullet"
        if piece.level > 1:
            style = f"List Bullet {min(3, piece.level)}"  # the template has no more
        _add(document.add_paragraph(style=style), piece.runs)
        return
    # keep its number: Word would continue from list to list
    paragraph = document.add_paragraph(style="List Paragraph")
    paragraph.paragraph_format.left_indent = Cm(0.7 * piece.level)
    paragraph.paragraph_format.first_line_indent = Cm(-0.6)
    paragraph.paragraph_format.space_after = Pt(3)
    paragraph.paragraph_format.tab_stops.add_tab_stop(Cm(0.7 * piece.level))
    _add(paragraph, (Run(f"{piece.mark}\t"), *piece.runs))


def _write_table(document: Document, piece: Piece) -> None:
    width = max(map(len, piece.rows), default=0)
    if not width:
        return
    table = document.add_table(rows=0, cols=width)
    table.style = "Table Grid"
    for number, row in enumerate(piece.rows):
        cells = table.add_row().cells
        for cell, text in zip(cells, row, strict=False):
            _add(cell.paragraphs[0], (Run(text, bold=number == 0),))
    document.add_paragraph()


def _write_chart(document: Document, chart: Chart) -> None:
    """Add a chart that Word draws.

    The workbook from which it can be changed there comes with it.
    """
    from docx.opc.constants import CONTENT_TYPE, RELATIONSHIP_TYPE
    from docx.opc.part import Part
    from docx.oxml import parse_xml
    from docx.oxml.ns import nsdecls, nsmap
    from docx.shared import Cm
    from openpyxl.xml.functions import tostring

    sheet = _(FIGURES_SHEET)
    target = document.part
    package = target.package
    shape = tostring(native_chart(chart, sheet)._write()).decode()
    relation = (
        f'<c:externalData {nsdecls("c", "r")} r:id="rId1">'
        '<c:autoUpdate val="0"/></c:externalData>'
    )
    end = shape.rindex("</")
    drawn = (shape[:end] + relation + shape[end:]).encode()
    name = package.next_partname("/word/charts/chart%d.xml")
    part = Part(name, CONTENT_TYPE.DML_CHART, drawn, package)
    book = to_xlsx({sheet: chart.figures})
    book_name = package.next_partname("/word/embeddings/chart%d.xlsx")
    book_part = Part(book_name, CONTENT_TYPE.SML_SHEET, book, package)
    part.relate_to(book_part, RELATIONSHIP_TYPE.PACKAGE)  # its first: rId1
    width = Cm(WIDTH_CM)
    height = int(width * height_of(chart) / WIDTH)
    id = target.next_id
    words = quoteattr(plain(chart.words)[:2000])
    link = target.relate_to(part, RELATIONSHIP_TYPE.CHART)
    element: Any = parse_xml(
        f"<w:drawing {nsdecls('w', 'wp', 'a', 'c', 'r')}>"
        '<wp:inline distT="0" distB="0" distL="0" distR="0">'
        f'<wp:extent cx="{width}" cy="{height}"/>'
        f'<wp:docPr id="{id}" name="Chart {id}" descr={words}/>'
        "<wp:cNvGraphicFramePr/>"
        f'<a:graphic><a:graphicData uri="{nsmap["c"]}">'
        f'<c:chart r:id="{link}"/>'
        "</a:graphicData></a:graphic></wp:inline></w:drawing>"
    )
    document.add_paragraph().add_run()._r.append(element)


def keep_properties(document: Document, properties: Mapping[str, str]) -> None:
    """Add properties of a Word file that other programs can read."""
    if not properties:
        return
    from docx.opc.packuri import PackURI
    from docx.opc.part import Part
    from openpyxl.packaging.custom import CustomPropertyList, StringProperty
    from openpyxl.xml.functions import tostring

    kept: Any = CustomPropertyList()
    package = document.part.package
    for name, value in properties.items():
        kept.append(StringProperty(name=name, value=value))
    data: Any = tostring(kept.to_tree())
    part = Part(PackURI("/docProps/custom.xml"), CUSTOM_TYPE, data, package)
    package.relate_to(part, CUSTOM_RELATION)


CUSTOM_TYPE = "application/vnd.openxmlformats-officedocument.custom-properties+xml"
CUSTOM_RELATION = (
    "http://schemas.openxmlformats.org/officeDocument/2006/relationships/"
    "custom-properties"
)
AUTHOR = "slmdesk"


class ChangeMarks:
    """Makes runs of a Word file tracked changes.

    They are `w:ins` and `w:del` (ECMA-376 part 1, 17.13.5).
    """

    def __init__(self) -> None:
        self.now = datetime.datetime.now(datetime.UTC)
        self._numbers = count(1)

    def track(self, run: WordRun, change: str) -> None:
        """Turn the last run of a paragraph into a tracked change: GONE or COME."""
        from docx.oxml import OxmlElement
        from docx.oxml.ns import qn

        element: Any = OxmlElement(f"w:{change}")
        paragraph: Any = run._r.getparent()
        element.set(qn("w:id"), str(next(self._numbers)))
        element.set(qn("w:author"), AUTHOR)
        element.set(qn("w:date"), f"{self.now:%Y-%m-%dT%H:%M:%SZ}")
        paragraph.append(element)
        element.append(run._r)
        if change != GONE:
            return
        for words in run._r.findall(qn("w:t")):
            words.tag = qn("w:delText")
            words.set("{http://www.w3.org/XML/1998/namespace}space", "preserve")


def _frame_last(document: Document) -> None:
    """Put a line on the left of the last paragraph."""
    from docx.oxml import parse_xml
    from docx.oxml.ns import nsdecls

    paragraph = document.element.body[-2]  # the last tells of the section
    if paragraph.tag.endswith("}p"):
        line = '<w:left w:val="single" w:sz="12" w:space="8" w:color="6B8FB5"/>'
        border = parse_xml(f"<w:pBdr {nsdecls('w')}>{line}</w:pBdr>")
        properties = paragraph.get_or_add_pPr()
        # where the schema wants it
        properties.insert_element_before(border, "w:tabs", "w:spacing", "w:ind")


def _add(
    paragraph: Paragraph, runs: tuple[Run, ...], changes: ChangeMarks | None = None
) -> None:
    from docx.shared import Pt, RGBColor

    for run in runs:
        written = paragraph.add_run(plain(run.text))
        # None: as the style has it
        written.bold = run.bold or None
        written.italic = run.italic or None
        if run.code:
            written.font.name = _CODE_FONT
            written.font.size = Pt(9.5)
        if run.cite:
            written.font.size = Pt(9)
            written.font.color.rgb = RGBColor(*_GREY)
        if run.change and changes:
            changes.track(written, run.change)


def number_pages(document: Document) -> None:
    """Add a field for the page number to the footer, which Word fills in."""
    from docx.oxml.ns import qn

    paragraph = document.sections[0].footer.paragraphs[0]
    paragraph.alignment = 1
    _add_element(paragraph, "w:fldChar").set(qn("w:fldCharType"), "begin")
    _add_element(paragraph, "w:instrText").text = "PAGE"
    _add_element(paragraph, "w:fldChar").set(qn("w:fldCharType"), "end")


def _add_element(paragraph: Paragraph, name: str) -> Any:
    """Add an element in a run of its own."""
    from docx.oxml import OxmlElement

    element: Any = OxmlElement(name)
    paragraph.add_run()._r.append(element)
    return element
