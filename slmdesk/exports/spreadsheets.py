"""Writes a spreadsheet. Late imports: openpyxl is heavy."""

from __future__ import annotations

import datetime
import io
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias
from zipfile import ZIP_DEFLATED, ZipFile

from slmdesk.base.documents import Chart, Paper, PieceKind, model_properties, plain
from slmdesk.base.record import Record
from slmdesk.base.texts import _
from slmdesk.exports.charts import native_chart
from slmdesk.exports.phrases import CHART_SHEET

if TYPE_CHECKING:
    from openpyxl import Workbook


class Noted(Record):
    """A cell with a comment and the display format of a number or date."""

    value: str | int | float | datetime.date | None
    note: str = ""
    format: str = ""


Cell: TypeAlias = str | int | float | bool | Noted | None
Rows: TypeAlias = Sequence[Sequence[Cell]]


def page_cell(pages: str) -> Cell:
    """Return the pages of something as a cell: a single page is a number."""
    if pages.isascii() and pages.isdigit():
        return int(pages)
    return pages


MOST_CHARACTERS = 32_000
"""Most characters that are written to a cell. A spreadsheet allows 32,767."""
MOST_NOTE = 1000
_MOST_WIDTH = 70
_BAD_IN_NAMES = str.maketrans(dict.fromkeys("[]:*?/\\", " "))


class Book(Record):
    """The content of a spreadsheet before it is written."""

    sheets: Mapping[str, Rows]
    charts: Sequence[Chart] = ()
    model: str = ""
    """As that of a paper."""


def to_xlsx(
    sheets: Mapping[str, Rows], charts: Sequence[Chart] = (), model: str = ""
) -> bytes:
    """Return a workbook with these sheets, by name, and one for each chart.

    The first row of each sheet is its head; that of a chart has its figures. `model`:
    as that of a paper. Never call it on the service thread: openpyxl takes 0.2 s.
    """
    from openpyxl import Workbook
    from openpyxl.packaging.custom import StringProperty
    from openpyxl.utils import get_column_letter

    book: Any = Workbook()
    book.remove(book.active)  # a new workbook has a sheet
    all_sheets = dict(sheets)
    drawn = dict[str, Chart]()
    for number, chart in enumerate(charts, 1):
        name = _(CHART_SHEET).format(number=number)
        drawn[name] = chart
        all_sheets[name] = chart.figures
    for name, rows in all_sheets.items():
        title = plain(name).translate(_BAD_IN_NAMES).strip("' ")[:31]
        sheet = book.create_sheet(title or "Sheet")
        _fill(sheet, rows)
        if name in drawn:
            corner = f"{get_column_letter(len(rows[0]) + 2)}2"
            sheet.add_chart(native_chart(drawn[name], name), corner)
    if not book.worksheets:
        book.create_sheet("Sheet")
    for name, value in model_properties(model).items():
        book.custom_doc_props.append(StringProperty(name=name, value=value))
    return _saved(book)


def _fill(sheet: Any, rows: Rows) -> None:
    """Write the rows of a sheet, with columns that are as wide as what they say."""
    from openpyxl.styles import Font
    from openpyxl.utils import get_column_letter

    widths: dict[int, int] = {}
    for down, row in enumerate(rows, 1):
        for across, content in enumerate(row, 1):
            cell = sheet.cell(down, across)
            value = _write(cell, content)
            if down == 1:
                cell.font = Font(bold=True)
            width = len(str(value or "")) + 2
            widths[across] = min(_MOST_WIDTH, max(widths.get(across, 8), width))
    for across, width in widths.items():
        sheet.column_dimensions[get_column_letter(across)].width = width
    sheet.freeze_panes = "A2"


def _write(cell: Any, content: Cell) -> object:
    """Write a cell and return its value."""
    from openpyxl.comments import Comment
    from openpyxl.styles import Alignment

    if not isinstance(content, Noted):
        content = Noted(content)
    value = content.value
    if content.note:
        note = plain(content.note)[:MOST_NOTE]
        cell.comment = Comment(note, "slmdesk", height=120, width=320)
    if value and isinstance(value, str):
        cell.value = plain(value)[:MOST_CHARACTERS]
        cell.data_type = "s"  # never a formula
    elif value != "":  # an empty cell is none of text
        cell.value = value
    if content.format:
        cell.number_format = content.format
    cell.alignment = Alignment(vertical="top", wrap_text=True)
    return value


def _saved(book: Workbook) -> bytes:
    """Return the bytes of a workbook, built in memory.

    openpyxl's own `save` first writes each sheet to the system's temporary folder. If
    the program is killed, the text stays there.
    """
    from openpyxl.drawing.spreadsheet_drawing import SpreadsheetDrawing
    from openpyxl.worksheet._writer import WorksheetWriter
    from openpyxl.writer.excel import ExcelWriter

    target = io.BytesIO()
    archive = ZipFile(target, "w", ZIP_DEFLATED)

    class InMemory(ExcelWriter):
        def write_worksheet(self, ws: Any) -> None:
            """Do what openpyxl's method does. Our sheets have no images."""
            ws._drawing = SpreadsheetDrawing()
            ws._drawing.charts = ws._charts
            made = io.BytesIO()
            writer: Any = WorksheetWriter(ws, made)
            writer.write()
            ws._rels = writer._rels
            archive.writestr(ws.path[1:], made.getvalue())
            self.manifest.append(ws)

    InMemory(book, archive).save()
    return target.getvalue()


def tables_of(paper: Paper) -> dict[str, Rows]:
    """Return the tables of a document for a spreadsheet, by the heading above them."""
    tables: dict[str, Rows] = {}
    over = paper.title
    for piece in paper.pieces:
        if piece.kind is PieceKind.HEADING:
            over = piece.text
        elif piece.kind is PieceKind.TABLE:
            name = over[:25] or "Table"
            number = 2
            while name in tables:
                name = f"{over[:25]} {number}"
                number += 1
            tables[name] = list(piece.rows)
    return tables
