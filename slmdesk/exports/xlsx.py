"""Writes tables as a spreadsheet with openpyxl.  Text is always text: a "=" at its start makes no formula."""

from __future__ import annotations

import datetime
import io
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias
from zipfile import ZIP_DEFLATED, ZipFile

from slmdesk.base.paper import Paper, PieceKind, plain
from slmdesk.base.record import Record

if TYPE_CHECKING:
    from openpyxl import Workbook


class Noted(Record):
    """A cell with a comment, and the display format of a number or date."""

    value: str | int | float | datetime.date | None
    note: str = ""
    format: str = ""


Cell: TypeAlias = str | int | float | bool | Noted | None
MOST_CHARACTERS = 32_000
"""A cell of a spreadsheet holds 32,767."""
MOST_NOTE = 1000
_MOST_WIDTH = 70
_BAD_IN_NAMES = str.maketrans(dict.fromkeys("[]:*?/\\", " "))


def to_xlsx(sheets: Mapping[str, Sequence[Sequence[Cell]]]) -> bytes:
    """A workbook of `sheets` by name; the first row of each is its head.

    Not on the service thread: openpyxl takes 0.2 s.
    """
    from openpyxl import Workbook
    from openpyxl.comments import Comment
    from openpyxl.styles import Alignment, Font
    from openpyxl.utils import get_column_letter

    book = Workbook()
    book.remove(book.active)  # type: ignore[arg-type]  # a new workbook has a sheet
    for name, rows in sheets.items():
        sheet = book.create_sheet(plain(name).translate(_BAD_IN_NAMES).strip("' ")[:31] or "Sheet")
        widths: dict[int, int] = {}
        for down, row in enumerate(rows, 1):
            for across, given in enumerate(row, 1):
                cell = sheet.cell(down, across)
                value = given.value if isinstance(given, Noted) else given
                if isinstance(given, Noted) and given.note:
                    cell.comment = Comment(plain(given.note)[:MOST_NOTE], "slmdesk", height=120, width=320)
                if isinstance(value, str):
                    cell.value = plain(value)[:MOST_CHARACTERS]
                    cell.data_type = "s"
                else:
                    cell.value = value
                if isinstance(given, Noted) and given.format:
                    cell.number_format = given.format
                cell.alignment = Alignment(vertical="top", wrap_text=True)
                if down == 1:
                    cell.font = Font(bold=True)
                widths[across] = min(_MOST_WIDTH, max(widths.get(across, 8), len(str(value or "")) + 2))
        for across, width in widths.items():
            sheet.column_dimensions[get_column_letter(across)].width = width
        sheet.freeze_panes = "A2"
    if not book.worksheets:
        book.create_sheet("Sheet")
    return _saved(book)


def _saved(book: Workbook) -> bytes:
    """The bytes of a workbook, made in memory.

    openpyxl's own `save` writes each sheet into the system's temporary folder first, where a kill leaves its words.
    """
    from openpyxl.drawing.spreadsheet_drawing import SpreadsheetDrawing
    from openpyxl.worksheet._writer import WorksheetWriter
    from openpyxl.writer.excel import ExcelWriter

    target = io.BytesIO()
    archive = ZipFile(target, "w", ZIP_DEFLATED)

    class InMemory(ExcelWriter):
        def write_worksheet(self, ws: Any) -> None:
            """As there; sheets of ours have neither charts nor images."""
            ws._drawing, made = SpreadsheetDrawing(), io.BytesIO()
            writer: Any = WorksheetWriter(ws, made)
            writer.write()
            ws._rels = writer._rels
            archive.writestr(ws.path[1:], made.getvalue())
            self.manifest.append(ws)

    InMemory(book, archive).save()
    return target.getvalue()


def tables_of(paper: Paper) -> dict[str, list[tuple[str, ...]]]:
    """The tables of a document by the heading above them, for a spreadsheet."""
    found: dict[str, list[tuple[str, ...]]] = {}
    over = paper.title
    for piece in paper.pieces:
        if piece.kind is PieceKind.HEADING:
            over = piece.text
        elif piece.kind is PieceKind.TABLE:
            name, count = over[:25] or "Table", 2
            while name in found:
                name, count = f"{over[:25]} {count}", count + 1
            found[name] = list(piece.rows)
    return found
