"""Tables of a message: read from tokens, written as Qt's own; long ones are cut, with a note."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import (
    QBrush,
    QTextCharFormat,
    QTextCursor,
    QTextFrameFormat,
    QTextLength,
    QTextTableFormat,
)

from slmdesk.window.markdown.parser import Deadline, FormattingTimeoutError
from slmdesk.window.markdown.style import ViewStyle

if TYPE_CHECKING:
    from markdown_it.token import Token

    from slmdesk.window.markdown.builder import Builder

SHOW_ALL_ROWS = "slmdesk-all-rows:"
FIRST_ROWS = 200
MOST_ROWS = 5000
MOST_COLUMNS = 40
FIRST_CELLS = 1200
_ALIGNED = {
    "text-align:right": Qt.AlignmentFlag.AlignRight,
    "text-align:center": Qt.AlignmentFlag.AlignHCenter,
}


@dataclass(slots=True)
class Table:
    """Cells as inline tokens; the first row is the head."""

    rows: list[list[Sequence[Token]]] = field(default_factory=list)
    aligned: list[Qt.AlignmentFlag] = field(default_factory=list)
    left_out: int = 0


class TableReader:
    """Reads one table's tokens.  Raises FormattingTimeoutError for one too wide to lay out."""

    def __init__(self, *, all_rows: bool) -> None:
        self._all = all_rows

    def read(self, tokens: Sequence[Token]) -> Table:
        table = Table()
        for token in tokens:
            if token.type == "tr_open":
                table.rows.append([])
            elif token.type == "inline":
                table.rows[-1].append(token.children or ())
            elif token.type == "th_open":
                table.aligned.append(_ALIGNED.get(str(token.attrs.get("style", "")), Qt.AlignmentFlag.AlignLeft))
        columns = len(table.aligned)
        if columns > MOST_COLUMNS:
            raise FormattingTimeoutError
        most = MOST_ROWS if self._all else min(FIRST_ROWS, max(FIRST_CELLS // columns, 10))
        table.left_out = max(len(table.rows) - 1 - most, 0)
        del table.rows[most + 1 :]
        return table


def write_table(builder: Builder, table: Table, style: ViewStyle, deadline: Deadline) -> int:
    """Write it at the builder's cursor, in an empty block.  Returns how many rows it left out.

    Raises FormattingTimeoutError.
    """
    cursor = builder.cursor
    before = cursor.block()
    made = cursor.insertTable(len(table.rows), len(table.aligned), _format(style))
    if before.text() == "" and before.isValid():  # Qt wants a block before a table
        first = QTextCursor(before)
        if first.currentTable() is None:
            first.setBlockFormat(style.tiny_block())
            first.setBlockCharFormat(style.tiny)
    bold = QTextCharFormat(style.body)
    bold.setFontWeight(600)
    for row, cells in enumerate(table.rows):
        deadline.check()
        for column, children in enumerate(cells[: len(table.aligned)]):
            builder.cursor = made.cellAt(row, column).firstCursorPosition()
            char = bold if row == 0 else style.body
            block = style.block(bottom=0, percent=110)
            block.setAlignment(table.aligned[column])
            builder.cursor.setBlockFormat(block)
            builder.cursor.setBlockCharFormat(char)
            builder.write_inline(children, char)
    builder.cursor = cursor
    cursor.movePosition(QTextCursor.MoveOperation.End)
    after = style.block(bottom=8) if table.left_out else style.tiny_block()
    cursor.setBlockFormat(after)
    cursor.setBlockCharFormat(style.tiny)
    if table.left_out:
        total = len(table.rows) - 1 + table.left_out
        cursor.insertText(f"The first {len(table.rows) - 1:,} of {total:,} rows.   ", style.chrome)
        if total <= MOST_ROWS:
            cursor.insertText("Show all", style.linked(style.chrome, SHOW_ALL_ROWS, "Show all rows"))
    return table.left_out


def _format(style: ViewStyle) -> QTextTableFormat:
    made = QTextTableFormat()
    made.setBorder(style.theme.line_width)
    made.setBorderBrush(QBrush(style.theme.colour("line")))
    made.setBorderStyle(QTextFrameFormat.BorderStyle.BorderStyle_Solid)
    made.setBorderCollapse(True)
    made.setCellPadding(5)
    made.setCellSpacing(0)
    made.setTopMargin(4)
    made.setBottomMargin(8)
    made.setHeaderRowCount(1)
    made.setWidth(QTextLength(QTextLength.Type.VariableLength, 0))
    return made
