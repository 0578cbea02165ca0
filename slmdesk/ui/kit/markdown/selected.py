"""Parsing of Markdown into tokens, the formats of messages, and the conversion of selections to text, HTML and CSV."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cached_property
from html import escape
from math import ceil
from time import thread_time
from typing import TYPE_CHECKING, Any, cast

from PySide6.QtCore import QMimeData, Qt
from PySide6.QtGui import (
    QFont,
    QFontInfo,
    QFontMetricsF,
    QTextBlock,
    QTextBlockFormat,
    QTextCharFormat,
    QTextCursor,
    QTextDocument,
    QTextFormat,
    QTextListFormat,
    QTextTable,
)

from slmdesk.base.record import Record, changed
from slmdesk.ui.kit.base.theme import ICON_SIZE, LINE_HEIGHT, SPACE_12, Fonts, Theme
from slmdesk.ui.kit.markdown.clipboard_html import lines, link, page, table

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.rules_block import StateBlock
    from markdown_it.rules_inline import StateInline
    from markdown_it.token import Token
    from markdown_it.utils import OptionsDict

BOLD = 600


class Cells(Record):
    """The selected cells of a table, row by row. Each cell is a cursor that selects it."""

    rows: list[list[QTextCursor]]
    has_head: bool

    def words(self) -> list[list[str]]:
        return [[" ".join(text_of_selection(cell).split()) for cell in row] for row in self.rows]


def text_of_selection(cursor: QTextCursor) -> str:
    """Return the selected text in reading order. The cells of a table row are separated by tabs."""
    start, end = cursor.selectionStart(), cursor.selectionEnd()
    pieces: list[str] = []
    for part in _parts(cursor):
        if isinstance(part, Cells):
            rows = "\n".join("\t".join(row) for row in part.words())
            pieces += ["\n", rows] if pieces else [rows]
            continue
        words = "".join(words for words, __ in _fragments(part, start, end))
        if words or not _is_only_chrome(part):
            if pieces and not part.blockFormat().hasProperty(GLUED):
                pieces.append("\n")
            marks = part.textList()
            if marks is not None and start <= part.position():
                is_numbered = marks.format().style() == QTextListFormat.Style.ListDecimal
                mark = marks.itemText(part) if is_numbered else "-"
                pieces.append("    " * (marks.format().indent() - 1) + mark + " ")
            pieces.append(words)
    return "".join(pieces)


def html_of_selection(cursor: QTextCursor) -> str:
    writer = _Writer(cursor.selectionStart(), cursor.selectionEnd())
    for part in _parts(cursor):
        writer.write(part)
    return page(writer.finished())


def mime_of_selection(cursor: QTextCursor) -> QMimeData:
    """Return the selection for the clipboard or a drag: text and HTML, and CSV if it lies within one table."""
    made = QMimeData()
    made.setText(text_of_selection(cursor))
    made.setHtml(html_of_selection(cursor))
    parts = [part for part in _parts(cursor) if isinstance(part, Cells) or not _is_only_chrome(part)]
    if len(parts) == 1 and isinstance(parts[0], Cells):
        from slmdesk.base.text.cells import csv_text  # imported late: the window starts without it

        made.setData("text/csv", csv_text(parts[0].words()).encode())
    return made


def table_at(cursor: QTextCursor) -> QTextCursor | None:
    """Return a cursor that selects the whole table around `cursor`, or None outside tables."""
    table = cursor.currentTable()
    if table is None:
        return None
    made = QTextCursor(cursor)
    made.setPosition(table.firstPosition())
    made.setPosition(table.lastPosition(), QTextCursor.MoveMode.KeepAnchor)
    return made


def mime_of_table(cursor: QTextCursor) -> QMimeData:
    """Return a table, selected by `table_at`, for spreadsheets and texts. No cell can become a formula there."""
    from slmdesk.base.text.cells import clipboard_text, csv_text  # imported late: the window starts without it

    made = QMimeData()
    cells = next((part for part in _parts(cursor) if isinstance(part, Cells)), Cells([], False))
    words = cells.words()
    made.setText(clipboard_text(words))
    made.setHtml(page(_table_html(cells)))
    made.setData("text/csv", csv_text(words).encode())
    return made


def code_at(cursor: QTextCursor) -> int:
    """Return the number of the code block at the cursor, or 0 outside code."""
    return int(cursor.blockFormat().intProperty(CODE))


def _parts(cursor: QTextCursor) -> Iterator[QTextBlock | Cells]:
    """Yield the blocks of a selection. A table is yielded as its cells, unless the selection lies within one cell."""
    start = cursor.selectionStart()
    end = cursor.selectionEnd()
    document = cursor.document()
    block = document.findBlock(start)
    while block.isValid() and block.position() <= end:
        table = QTextCursor(block).currentTable()
        if table is None or _is_in_one_cell(table, start, end):
            yield block
            block = block.next()
            continue
        rows = _rows(table, cursor)
        if rows:
            yield Cells(rows, has_head=rows[0][0].selectionStart() == table.firstPosition())
        block = document.findBlock(table.lastPosition() + 1)


def _is_in_one_cell(table: QTextTable, start: int, end: int) -> bool:
    first, last = table.cellAt(start), table.cellAt(end)
    return first.isValid() and last.isValid() and (first.row(), first.column()) == (last.row(), last.column())


def _rows(table: QTextTable, cursor: QTextCursor) -> list[list[QTextCursor]]:
    """Return the selected cells of a table: the rectangle selected in it, else all rows at least partly selected."""
    start, end = cursor.selectionStart(), cursor.selectionEnd()
    if cursor.hasComplexSelection() and cursor.currentTable() == table:
        row, rows, column, columns = cast("tuple[int, int, int, int]", cursor.selectedTableCells())
        return [[_cell(table, r, c) for c in range(column, column + columns)] for r in range(row, row + rows)]
    selected = []
    for row in range(table.rows()):
        cells = [_cell(table, row, column) for column in range(table.columns())]
        if cells[0].selectionStart() < end and cells[-1].selectionEnd() >= start:
            selected.append(cells)
    return selected


def _cell(table: QTextTable, row: int, column: int) -> QTextCursor:
    cell = table.cellAt(row, column)
    made = cell.firstCursorPosition()
    made.setPosition(cell.lastPosition(), QTextCursor.MoveMode.KeepAnchor)
    return made


def _fragments(block: QTextBlock, start: int, end: int) -> Iterator[tuple[str, QTextCharFormat]]:
    """Yield the selected words of a block with their format. A formula is yielded as its source."""
    fragments = block.begin()
    while not fragments.atEnd():
        fragment = fragments.fragment()
        char = fragment.charFormat()
        if not char.hasProperty(CHROME):
            source = char.property(FORMULA_SOURCE)
            units = fragment.text().encode("utf-16-le", "surrogatepass")  # Qt counts in UTF-16
            low, high = max(start - fragment.position(), 0), max(end - fragment.position(), 0)
            words = units[2 * low : 2 * high].decode("utf-16-le", "replace")
            yield source * len(words) if source else words.replace("\u2028", "\n").replace("\xa0", " "), char
        fragments += 1


def _is_only_chrome(block: QTextBlock) -> bool:
    fragments = block.begin()
    if fragments.atEnd():  # an empty line belongs to the message, an empty block at a table to Qt
        return bool(block.blockFormat().lineHeight() == 1)
    return bool(fragments.fragment().charFormat().hasProperty(CHROME))


class _Writer:
    """Writes blocks and tables as HTML. Open lists, quotations and code are closed when another kind follows."""

    def __init__(self, start: int, end: int) -> None:
        self._start, self._end = start, end
        self._made: list[str] = []
        self._lists: list[str] = []
        self._quotes = 0
        self._code = 0

    def write(self, part: QTextBlock | Cells) -> None:
        if isinstance(part, Cells):
            self._close(0, 0)
            self._made.append(_table_html(part))
            return
        form = part.blockFormat()
        inner = "".join(_styled(words, char) for words, char in _fragments(part, self._start, self._end) if words)
        if form.intProperty(CODE):
            self._write_code(form.intProperty(CODE), part)
        elif form.hasProperty(RULE):
            self._close(0, 0)
            self._made.append("<hr>")
        elif inner:
            self._write_text(part, inner)

    def finished(self) -> str:
        self._close(0, 0)
        return "\n".join(self._made)

    def _write_code(self, number: int, block: QTextBlock) -> None:
        if _is_only_chrome(block) and block.text():
            return
        words = "".join(words for words, __ in _fragments(block, self._start, self._end))
        if number == self._code:
            glue = "" if block.blockFormat().hasProperty(GLUED) else "\n"
            self._made[-1] += glue + escape(words, quote=False)
            return
        self._close(0, 0)
        self._code = number
        self._made.append("<pre><code>" + escape(words, quote=False))

    def _write_text(self, block: QTextBlock, inner: str) -> None:
        form, marks = block.blockFormat(), block.textList()
        level = marks.format().indent() if marks is not None else min(form.indent(), len(self._lists))
        if form.hasProperty(GLUED) and self._made and self._made[-1].endswith("</p>"):
            self._made[-1] = self._made[-1].removesuffix("</p>") + inner + "</p>"
            return
        self._close(level, form.intProperty(QUOTE))
        while self._quotes < form.intProperty(QUOTE):
            self._made.append("<blockquote>")
            self._quotes += 1
        if marks is not None:
            self._open_lists(marks.format(), marks.itemNumber(block))
            self._made.append(f"<li>{inner}</li>")
            return
        tag = f"h{form.headingLevel()}" if 1 <= form.headingLevel() <= 6 else "p"
        self._made.append(f"<{tag}>{inner}</{tag}>")

    def _open_lists(self, form: QTextListFormat, number: int) -> None:
        kind = "ol" if form.style() == QTextListFormat.Style.ListDecimal else "ul"
        if len(self._lists) == form.indent() and self._lists[-1] != kind:
            self._made.append(f"</{self._lists.pop()}>")
        while len(self._lists) < form.indent():
            first = form.start() + number
            self._made.append(f'<ol start="{first}">' if kind == "ol" and first != 1 else f"<{kind}>")
            self._lists.append(kind)

    def _close(self, level: int, quotes: int) -> None:
        if self._code:
            self._made[-1] += "</code></pre>"
            self._code = 0
        while len(self._lists) > (level if quotes >= self._quotes else 0):
            self._made.append(f"</{self._lists.pop()}>")
        while self._quotes > quotes:
            self._made.append("</blockquote>")
            self._quotes -= 1


def _styled(words: str, char: QTextCharFormat) -> str:
    inner = lines(words)
    if char.background().style() != Qt.BrushStyle.NoBrush:
        inner = f"<code>{inner}</code>"
    if char.fontWeight() >= BOLD:
        inner = f"<b>{inner}</b>"
    if char.fontItalic():
        inner = f"<i>{inner}</i>"
    if char.fontStrikeOut():
        inner = f"<s>{inner}</s>"
    return link(char.anchorHref(), inner) if char.isAnchor() else inner


def _table_html(cells: Cells) -> str:
    rows = []
    for words, row in zip(cells.words(), cells.rows, strict=True):
        rows.append([(text, _inline_html(cell)) for text, cell in zip(words, row, strict=True)])
    return table(rows, has_head=cells.has_head)


def _inline_html(cell: QTextCursor) -> str:
    block = cell.document().findBlock(cell.selectionStart())
    fragments = _fragments(block, cell.selectionStart(), cell.selectionEnd())
    return "".join(_styled(words, char) for words, char in fragments if words)


def whole(document: QTextDocument) -> QTextCursor:
    made = QTextCursor(document)
    made.select(QTextCursor.SelectionType.Document)
    return made


QUOTE = QTextFormat.Property.UserProperty + 1
"""Property of a block: how deep it is quoted."""
CODE = QTextFormat.Property.UserProperty + 2
"""Property of a block: the number of its code block, from 1."""
RULE = QTextFormat.Property.UserProperty + 3
CHROME = QTextFormat.Property.UserProperty + 4
"""Property of characters that the program has added to the message. They are not copied."""
GLUED = QTextFormat.Property.UserProperty + 5
"""Property of a block that continues the line of the block before, which was too long to lay out at once."""

FORMULA = QTextFormat.ObjectTypes.UserObject + 1
"""Object type of the character that stands for a formula."""
FORMULA_TEX = QTextFormat.Property.UserProperty + 6
FORMULA_SOURCE = QTextFormat.Property.UserProperty + 7
"""Property of a character: the formula as typed, with its delimiters."""
FORMULA_DISPLAYED = QTextFormat.Property.UserProperty + 8

QUOTE_STEP = 16
TOP_MARGIN = 6
"""Pixels above the first block of a document, as room for the background of code."""
BOTTOM_MARGIN = 6
CODE_PAD = 12
HEADING_SIZES = (1.35, 1.2, 1.1, 1.0, 1.0, 1.0)
CODE_SHARE = 0.92
SMALL_SHARE = 0.85


class ViewStyle:
    """Formats for the text of messages, made once per theme and font size."""

    def __init__(self, theme: Theme, fonts: Fonts) -> None:
        self.theme = theme
        self.fonts = fonts
        self.font = fonts.text()
        self.small_font = fonts.text(SMALL_SHARE)
        self.mono_font = fonts.mono(CODE_SHARE)
        self.percent = _line_percent(self.font)
        self.mono_percent = _line_percent(self.mono_font, 1.4)
        metrics = QFontMetricsF(self.font)
        self.letter_width = metrics.averageCharWidth()
        self.line_height = metrics.height() * self.percent / 100
        self.row_height = max(ceil(QFontMetricsF(self.small_font).height()) + SPACE_12, ICON_SIZE + SPACE_12)
        self.body = self._char(self.font, "ink")
        self.muted = self._char(self.font, "ink2")
        self.mono = self._char(self.mono_font, "ink")
        self.chrome = self._char(self.small_font, "ink2")
        self.chrome.setProperty(CHROME, True)
        self.tiny = QTextCharFormat()
        self.tiny.setFontPointSize(1)

    @cached_property
    def faded(self) -> ViewStyle:
        return ViewStyle(changed(self.theme, ink=self.theme.ink2), self.fonts)

    def block(self, *, top: float = 0, bottom: float = 8, percent: float | None = None) -> QTextBlockFormat:
        made = QTextBlockFormat()
        made.setTopMargin(top)
        made.setBottomMargin(bottom)
        height = QTextBlockFormat.LineHeightTypes.ProportionalHeight.value
        made.setLineHeight(percent or self.percent, height)
        return made

    def tiny_block(self) -> QTextBlockFormat:
        """Return the format of the empty blocks that Qt needs around a table."""
        made = QTextBlockFormat()
        made.setLineHeight(1, QTextBlockFormat.LineHeightTypes.FixedHeight.value)
        return made

    def heading(self, level: int) -> QTextCharFormat:
        return self._char(self.fonts.text(HEADING_SIZES[level - 1], bold=True), "ink")

    def linked(self, base: QTextCharFormat, address: str, words: str) -> QTextCharFormat:
        made = QTextCharFormat(base)
        made.setAnchor(True)
        made.setAnchorHref(address)
        made.setForeground(self.theme.colour("accent"))
        made.setFontUnderline(True)
        if words:  # as rich text without markup, so that no address is taken as rich text
            made.setToolTip(f"<qt>{escape(words)}</qt>")
        return made

    def formula(self, base: QTextCharFormat, *, tex: str, source: str, displayed: bool) -> QTextCharFormat:
        made = QTextCharFormat(base)
        made.setObjectType(FORMULA)
        made.setVerticalAlignment(QTextCharFormat.VerticalAlignment.AlignMiddle)
        made.setProperty(FORMULA_TEX, tex)
        made.setProperty(FORMULA_SOURCE, source)
        made.setProperty(FORMULA_DISPLAYED, displayed)
        return made

    def _char(self, font: QFont, token: str) -> QTextCharFormat:
        made = QTextCharFormat()
        made.setFont(font)
        made.setForeground(self.theme.colour(token))
        return made


def _line_percent(font: QFont, share: float = LINE_HEIGHT) -> float:
    """Return the percentage of the font's natural height, for Qt, that makes a line `share` times the font's size."""
    size = QFontInfo(font).pixelSize()
    return max(share * size / QFontMetricsF(font).height() * 100, 100)


PARSE_LIMIT_S = 0.1
"""Most seconds for parsing a text. If they are not enough, the text is shown as plain text."""

DEEPEST = 18
"""Most levels of nesting. What is nested deeper is shown as plain text."""

_DEFINITION = re.compile(r"^ {0,3}\[[^\]\n]{1,200}\]:[^\n]{1,2100}$", re.MULTILINE)


class FormattingTimeoutError(Exception): ...


class Deadline:
    """Limit on the CPU time of this thread. It ignores other load, so a busy machine does not make texts plain."""

    def __init__(self, seconds: float = PARSE_LIMIT_S) -> None:
        self._seconds = seconds
        self._end = 0.0
        self.restart()

    def restart(self) -> None:
        self._end = thread_time() + self._seconds

    def check(self) -> None:
        """Raise FormattingTimeoutError if the time is over."""
        if thread_time() > self._end:
            raise FormattingTimeoutError


class Parser:
    """Parser for CommonMark with tables, strikethrough and LaTeX formulas, by markdown-it. Raw HTML is taken as text.

    The first rule of each chain never matches, but checks the time. markdown-it calls it for every block and at every
    place where a construct may begin. So no input (10,000 nested quotes, a link of 1 MB) blocks the window longer than
    the limit (tests/chat/window/view/test_parser.py).
    """

    def __init__(self, limit_s: float = PARSE_LIMIT_S) -> None:
        self.limit_s = limit_s
        self._deadline = Deadline(limit_s)

    @cached_property
    def _markdown(self) -> MarkdownIt:
        """The parser of markdown-it, made when the first text is parsed. An empty page needs none."""
        from markdown_it import MarkdownIt

        from slmdesk.base.text.markup import enable_formulas

        made = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
        # Every address is accepted here. judge_link decides what is done with it, and the reader is told.
        made.validateLink = lambda url: True  # type: ignore[method-assign]
        enable_formulas(made)
        block, inline = made.block.ruler, made.inline.ruler
        block.before("table", "clock", self._block_clock, {"alt": ["paragraph", "reference", "blockquote", "list"]})
        inline.before("text", "clock", self._inline_clock)
        return made

    @property
    def options(self) -> OptionsDict:
        return self._markdown.options

    def parse(self, text: str, env: dict[str, Any]) -> list[Token]:
        """Return tokens of `text`. Link definitions are read from and added to `env`. Raises FormattingTimeoutError."""
        self._deadline.restart()
        tokens = self._markdown.parse(text, env)
        if any(token.level >= DEEPEST for token in tokens):
            raise FormattingTimeoutError  # at its own limit markdown-it would silently leave text out
        return tokens

    def definitions(self, text: str) -> dict[str, Any]:
        """Return an `env` with the link definitions found anywhere in `text`."""
        env: dict[str, Any] = {}
        lines = _DEFINITION.findall(text)
        if lines:
            try:
                self.parse("\n\n".join(lines), env)
            except FormattingTimeoutError:
                env.clear()
        return env

    def _block_clock(self, _state: StateBlock, _start: int, _end: int, _silent: bool) -> bool:
        self._deadline.check()
        return False

    def _inline_clock(self, _state: StateInline, _silent: bool) -> bool:
        self._deadline.check()
        return False


def top_level_starts(tokens: Sequence[Token]) -> list[tuple[int, int]]:
    """Return the token index and the first line of each top-level block."""
    return [(i, t.map[0]) for i, t in enumerate(tokens) if t.level == 0 and t.nesting >= 0 and t.map]


def offset_of_line(text: str, line: int) -> int:
    """Return the offset at which line number `line` (from 0) begins. As in markdown-it, only newlines end a line."""
    position = 0
    for __ in range(line):
        position = text.index("\n", position) + 1
    return position
