"""Lays out the text of a page: prose by Qt, tables by `PageTable`. Words struck through are shown at their place."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import accumulate, pairwise

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import (
    QAbstractTextDocumentLayout,
    QBrush,
    QFont,
    QFontMetricsF,
    QPainter,
    QPen,
    QTextBlockFormat,
    QTextCharFormat,
    QTextCursor,
    QTextDocument,
    QTextLayout,
    QTextListFormat,
    QTextOption,
)

from slmdesk.base.documents import MARKS, Block, BlockKind, Page, PageStatus
from slmdesk.base.record import Record, changed
from slmdesk.base.texts import _
from slmdesk.base.times import shown_time, times_of
from slmdesk.documents.types import unread_reason
from slmdesk.ui.kit.base.text import character_at, utf16_at
from slmdesk.ui.kit.base.theme import Fonts, Theme

TABLE_SIZE = 0.9
LEAST_SIZE = 0.9
PAD_X, PAD_Y = 8.0, 4.0
BAR_HEIGHT, BAR_GAP = 8.0, 4.0
LEAST_COLUMN, USUAL_COLUMN, LONGEST_WORD = 4.0, 14.0, 18.0
"""Widths in ems: of the narrowest column, the widest column in a scrolling table, and the longest word not broken."""
MOST_FIXED = 0.4
"""Share of the available width. A first column up to this width stays in place while the table scrolls."""
MEASURED = 400
"""Characters of a cell that are measured for the width of its column."""
_NUMBER = re.compile(
    r"[(+\-\u2212]?(?:[A-Z]{3} ?|[$€£¥] ?)?[+\-\u2212]?"
    r"(?:\d{1,3}(?:[.,'\u2019 \u00a0\u202f\u2009]\d{3})+(?:[.,]\d+)?|(?:0|[1-9]\d*)?(?:[.,]\d+)?)"
    r"(?:[ \u00a0\u202f]?(?:[%‰$€£¥]|[A-Z]{3}))?\)?"
)
_MOST_NUMBER = 40
_MOST_HEAD = 60

Span = tuple[int, int]


class Marks(Record):
    """What is marked on a page."""

    spans: Sequence[Span] = ()
    current: Span | None = None
    black: frozenset[Span] = frozenset()
    """Those of the `spans` that are covered."""

    def colours_of(self, span: Span) -> tuple[str, str]:
        """Return the names of the colours of the letters and of the ground."""
        if span == self.current:
            return "on_accent", "accent"
        return ("ink", "ink") if span in self.black else ("ink", "mark")

    def moved(self, shown: Callable[[Sequence[Span]], Sequence[Span]]) -> Marks:
        """Return the marks at the places where the page shows them."""
        current = shown([self.current])[0] if self.current else None
        return Marks(shown(self.spans), current, frozenset(shown([*self.black])))


class _Cell(Record):
    """A cell: the characters from `start` up to `end` of the page's text, across `columns` columns from `column` on."""

    text: str
    start: int
    end: int
    column: int
    columns: int
    is_number: bool
    is_head: bool


class PageTable:
    """Rows of a table, laid out for a width. All positions are in pixels from the table's top left corner."""

    def __init__(
        self, text: str, rows: Sequence[Block], *, width: float, fonts: Fonts, struck: Sequence[Span] = ()
    ) -> None:
        """`width` is the available width; a wider table scrolls. `struck`: characters that are struck through."""
        self._struck = struck
        self.start, self.end = rows[0].start, rows[-1].end
        self._space = width
        self.rows = _cells_of(text, rows)
        self._starts = [row.start for row in rows]
        self._layouts: dict[int, QTextLayout] = {}
        self._set_fonts(fonts, 1.0)
        columns = self._column_widths()
        if sum(columns) > width:
            self._set_fonts(fonts, LEAST_SIZE)
            columns = self._column_widths()
        self._edges = [0.0]
        for column in columns:
            self._edges.append(self._edges[-1] + column)
        is_narrow = len(self._edges) > 2 and self._edges[1] <= MOST_FIXED * width
        self._fixed = self._edges[1] if self.is_wide and is_narrow else 0.0
        self._tops = [0.0]
        for row in self.rows:
            self._tops.append(self._tops[-1] + max(map(self._height_of, row)) + 2 * PAD_Y)
        self.offset = 0.0
        self._stops = self._scroll_stops()

    @property
    def height(self) -> float:
        return self._tops[-1] + (BAR_GAP + BAR_HEIGHT if self.is_wide else 0.0)

    @property
    def width(self) -> float:
        return self._edges[-1]

    @property
    def is_wide(self) -> bool:
        return self.width > self._space + 0.5

    def scroll_to(self, offset: float) -> bool:
        """Scroll to a column's edge: cut, it would show "703.50" for "1703.50". Return whether it changed anything."""
        before = self.offset
        if offset > before:
            self.offset = next((stop for stop in self._stops if stop >= offset - 0.5), self._stops[-1])
        else:
            self.offset = next((stop for stop in reversed(self._stops) if stop <= offset + 0.5), 0.0)
        return before != self.offset

    @property
    def bar(self) -> QRectF:
        return QRectF(0, self._tops[-1] + BAR_GAP, self._space, BAR_HEIGHT) if self.is_wide else QRectF()

    @property
    def handle(self) -> QRectF:
        share = self._space / (self._space + self._stops[-1])
        bar = self.bar
        return QRectF(self.offset * share, bar.top(), bar.width() * share, bar.height())

    def scroll_bar_to(self, x: float) -> bool:
        """Scroll so that the middle of the scroll bar's handle is at `x`, and return whether that changed anything."""
        return self.scroll_to(x * (self._space + self._stops[-1]) / self._space - self._space / 2)

    def top_of(self, character: int) -> float:
        return self.cell_rectangle(character).top()

    def reveal(self, character: int) -> bool:
        if self._is_fixed(self._cell_of(character)):
            return False
        place = self.cell_rectangle(character)
        if place.left() < self._fixed or place.width() > self._space - self._fixed:
            return self.scroll_to(self.offset + place.left() - self._fixed)
        return place.right() > self._space and self.scroll_to(self.offset + place.right() - self._space)

    def character_at(self, point: QPointF) -> int | None:
        """Return the character of the page nearest to a point in a cell, or None outside of the cells."""
        if not (0 <= point.y() < self._tops[-1] and 0 <= point.x() < self._space):
            return None
        row = bisect_right(self._tops, point.y()) - 1
        first = self.rows[row][0]
        is_fixed = first.columns > 1 or point.x() < self._fixed
        x = point.x() if is_fixed else point.x() + self.offset
        column = bisect_right(self._edges, x) - 1
        cell = next((cell for cell in self.rows[row] if cell.column <= column < cell.column + cell.columns), None)
        if cell is None or not cell.text:
            return None
        layout, place = self.layout_of(cell), self._place(cell, row)
        lines = [layout.lineAt(at) for at in range(layout.lineCount())]
        line = next((line for line in lines if point.y() - place.top() < line.rect().bottom()), lines[-1])
        at = line.xToCursor(x - place.left())
        position = at[0] if isinstance(at, tuple) else at
        return cell.start + min(character_at(cell.text, position), len(cell.text) - 1)

    def cell_rectangle(self, character: int) -> QRectF:
        row, cell = self._row_of(character), self._cell_of(character)
        left, right = self._edges[cell.column], self._edges[cell.column + cell.columns]
        moved = 0.0 if self._is_fixed(cell) else self.offset
        return QRectF(left - moved, self._tops[row], right - left, self._tops[row + 1] - self._tops[row])

    def paint(self, painter: QPainter, marks: Marks, clip: QRectF, theme: Theme) -> None:
        first = max(0, bisect_right(self._tops, clip.top()) - 1)
        rows = range(first, max(first, bisect_right(self._tops, clip.bottom(), hi=len(self.rows))))
        near = [span for span in marks.spans if span[0] < self.end and span[1] > self.start]
        near.sort(key=lambda number: number == marks.current)  # the current mark is painted last, over the others
        for is_fixed in (False, True):
            left, moved = (0.0, 0.0) if is_fixed else (self._fixed, self.offset)
            painter.save()
            painter.setClipRect(
                QRectF(left, 0, self._space - left + 1, self._tops[-1] + 1), Qt.ClipOperation.IntersectClip
            )
            painter.translate(-moved, 0)
            for row in rows:
                for cell in (cell for cell in self.rows[row] if self._is_fixed(cell) == is_fixed):
                    self._paint_cell(painter, cell, row, [box for box in near if _meets(box, cell)], marks, theme)
            painter.restore()
        painter.setPen(QPen(theme.colour("line"), theme.line_width))
        for top in self._tops[rows.start : rows.stop + 1]:
            painter.drawLine(QPointF(0, top), QPointF(min(self.width - self.offset, self._space), top))
        if self.is_wide:
            painter.setPen(Qt.PenStyle.NoPen)
            for place, colour in ((self.bar, "fill"), (self.handle, "ink2")):
                painter.setBrush(theme.colour(colour))
                painter.drawRoundedRect(place, BAR_HEIGHT / 2, BAR_HEIGHT / 2)

    def _set_fonts(self, fonts: Fonts, size: float) -> None:
        self._font, self._bold = fonts.text(TABLE_SIZE * size), fonts.text(TABLE_SIZE * size, bold=True)
        self._metrics = {False: QFontMetricsF(self._font), True: QFontMetricsF(self._bold)}

    def _scroll_stops(self) -> list[float]:
        """Return the scroll positions, one per column, up to the position that shows the last column."""
        most = max(0.0, self.width - self._space)
        edges = [edge - self._fixed for edge in self._edges[:-1] if edge >= self._fixed]
        if any(right - left > self._space - self._fixed for left, right in pairwise(self._edges)):
            edges = [*map(float, range(0, round(most), 40)), most]  # a column wider than the view scrolls by pixels
        last = next((at for at, edge in enumerate(edges) if edge >= most), len(edges) - 1)
        return edges[: last + 1]

    def _paint_cell(
        self, painter: QPainter, cell: _Cell, row: int, spans: Sequence[Span], marks: Marks, theme: Theme
    ) -> None:
        left, top = self._edges[cell.column], self._tops[row]
        box = QRectF(left, top, self._edges[cell.column + cell.columns] - left, self._tops[row + 1] - top)
        painter.fillRect(box, theme.colour("fill" if cell.is_head else "sheet"))
        forms: list[QTextLayout.FormatRange] = []
        for span in spans:
            ink, ground = marks.colours_of(span)
            form = QTextCharFormat()
            form.setForeground(QBrush(theme.colour(ink)))
            if span[0] <= cell.start and cell.end <= span[1]:  # the whole cell is marked, so colour the cell
                painter.fillRect(box, theme.colour(ground))
            else:
                form.setBackground(QBrush(theme.colour(ground)))
            forms.append(_range(cell, span, form))
        painter.setPen(theme.colour("ink"))
        if cell.text and self._is_cut(cell):
            painter.setFont(self._font)
            painter.drawText(self._place(cell, row), int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop), "…")
        elif cell.text:
            self.layout_of(cell).draw(painter, self._place(cell, row).topLeft(), forms)
        painter.setPen(QPen(theme.colour("line"), theme.line_width))
        painter.drawLine(box.topLeft(), box.bottomLeft())
        painter.drawLine(box.topRight(), box.bottomRight())

    def _is_cut(self, cell: _Cell) -> bool:
        """Tell whether a cell is a number whose end is hidden. Its visible part would look like a smaller number."""
        if not cell.is_number or cell.is_head or self._is_fixed(cell):
            return False
        left, right = self._edges[cell.column], self._edges[cell.column + 1]
        return right - self.offset > self._space + 1 and right - left <= self._space - self._fixed

    def _is_fixed(self, cell: _Cell) -> bool:
        """Tell whether a cell stays put while the table scrolls: a title, or a row's name in a narrow first column."""
        return cell.columns > 1 or (cell.column == 0 and self._fixed > 0)

    def _row_of(self, character: int) -> int:
        return max(0, bisect_right(self._starts, character) - 1)

    def _cell_of(self, character: int) -> _Cell:
        row = self.rows[self._row_of(character)]
        return next((cell for cell in reversed(row) if cell.start <= character), row[0])

    def _place(self, cell: _Cell, row: int) -> QRectF:
        width = self._inner_width(cell)
        height = self._tops[row + 1] - self._tops[row] - 2 * PAD_Y
        return QRectF(self._edges[cell.column] + PAD_X, self._tops[row] + PAD_Y, width, height)

    def _height_of(self, cell: _Cell) -> float:
        metrics = self._metrics[cell.is_head]
        width = self._inner_width(cell)
        if len(cell.text) <= MEASURED and metrics.horizontalAdvance(cell.text) + 1 < width:
            return metrics.height()
        return max(metrics.height(), self.layout_of(cell).boundingRect().height())

    def layout_of(self, cell: _Cell) -> QTextLayout:
        layout = self._layouts.get(cell.start)
        if layout is None:
            struck = [span for span in self._struck if _meets(span, cell)]
            layout = _in_lines(cell, self._bold if cell.is_head else self._font, self._inner_width(cell), struck)
            self._layouts[cell.start] = layout
        return layout

    def _inner_width(self, cell: _Cell) -> float:
        """Return the width for cell text. A title above a wide table gets the visible width, so it need not scroll."""
        width = self._edges[cell.column + cell.columns] - self._edges[cell.column]
        return (min(width, self._space) if cell.columns > 1 else width) - 2 * PAD_X

    def _column_widths(self) -> list[float]:
        count = max(cell.column + cell.columns for row in self.rows for cell in row)
        em = self._metrics[False].horizontalAdvance("m")
        least, most = [0.0] * count, [2 * em] * count
        singles = [cell for row in self.rows for cell in row if cell.columns == 1 and cell.text]
        for single in singles:
            requested = self._metrics[single.is_head].horizontalAdvance(single.text[:MEASURED]) + 1
            most[single.column] = max(most[single.column], requested)
        most = [width + 2 * PAD_X + 1 for width in most]
        if sum(most) <= self._space:
            return most
        for single in singles:
            word = single.text if single.is_number else max(single.text[:MEASURED].split(), key=len, default="")
            requested = min(self._metrics[single.is_head].horizontalAdvance(word) + 1, LONGEST_WORD * em)
            least[single.column] = max(least[single.column], requested)
        least = [min(most[at], max(width, LEAST_COLUMN * em) + 2 * PAD_X + 1) for at, width in enumerate(least)]
        if sum(least) > self._space:
            return [min(most[at], max(width, USUAL_COLUMN * em)) for at, width in enumerate(least)]
        give = (self._space - sum(least)) / sum(more - less for less, more in zip(least, most, strict=True))
        return [less + (more - less) * give for less, more in zip(least, most, strict=True)]


def tables_of(blocks: Sequence[Block]) -> Iterator[list[Block]]:
    """Yield the rows of each table. A head row begins another table."""
    rows: list[Block] = []
    for block in blocks:
        is_row = block.kind is BlockKind.TABLE_ROW
        if rows and (not is_row or (block.level == 1 and rows[-1].level != 1)):
            yield rows
            rows = []
        if is_row:
            rows.append(block)
    if rows:
        yield rows


def _cells_of(text: str, rows: Sequence[Block]) -> list[list[_Cell]]:
    words = [text[row.start : row.end].split("\t") for row in rows]
    count = max(map(len, words))
    table = [[*row, *[""] * (count - len(row))] for row in words]
    numbers = [_is_of_numbers([row[at] for row in table[1:] or table]) for at in range(count)]
    heads = {at for at, row in enumerate(rows) if row.level == 1}
    first = next((at for at, row in enumerate(table) if not _is_title(row)), 0)
    if not heads and _is_head(table[first:], numbers):
        heads = {first}
    grid = []
    for at, row in enumerate(table):
        is_title = _is_title(row)
        cells, start = list[_Cell](), rows[at].start
        for column, inside in enumerate(row[:1] if is_title else row):
            is_number = numbers[column] and (at in heads or is_number_text(inside))
            end = min(start + len(inside), rows[at].end)
            cells.append(_Cell(inside, start, end, column, count if is_title else 1, is_number, at in heads))
            start = min(end + 1, rows[at].end)
        grid.append(cells)
    return grid


def _is_title(row: Sequence[str]) -> bool:
    """Tell whether only the first cell of a row has text. It may then use the whole row."""
    return len(row) > 1 and bool(row[0]) and not any(row[1:])


def is_number_text(text: str) -> bool:
    """Tell whether a cell is a number, an amount or a percentage. Dates and codes such as 0012 are not."""
    return len(text) <= _MOST_NUMBER and any(map(str.isdigit, text)) and _NUMBER.fullmatch(text) is not None


def _is_of_numbers(column: Sequence[str]) -> bool:
    filled = [cell for cell in column if cell]
    return bool(filled) and 2 * sum(map(is_number_text, filled)) >= len(filled)


def _is_head(table: Sequence[Sequence[str]], numbers: Sequence[bool]) -> bool:
    """Tell whether the first row looks like a head not marked in the file: short words in each cell, no numbers."""
    first = table[0]
    if len(table) < 2 or len(first) < 2 or not all(first):
        return False
    if any(len(cell) > _MOST_HEAD or any(map(str.isdigit, cell)) for cell in first) or len({*first}) < len(first):
        return False
    return len(first) > 2 or any(numbers)


def _meets(span: Span, cell: _Cell) -> bool:
    return span[0] < cell.end and span[1] > cell.start


def _range(cell: _Cell, span: Span, form: QTextCharFormat) -> QTextLayout.FormatRange:
    begin = utf16_at(cell.text, max(span[0] - cell.start, 0))
    marked = QTextLayout.FormatRange()
    marked.start, marked.format = begin, form
    marked.length = utf16_at(cell.text, min(span[1] - cell.start, len(cell.text))) - begin
    return marked


def _in_lines(cell: _Cell, font: QFont, width: float, struck: Sequence[Span]) -> QTextLayout:
    layout = QTextLayout(cell.text, font)
    form = QTextCharFormat()
    form.setFontStrikeOut(True)
    layout.setFormats([_range(cell, span, form) for span in struck])
    option = QTextOption()
    option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
    option.setTextDirection(Qt.LayoutDirection.LayoutDirectionAuto)
    if cell.is_number:
        option.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignAbsolute)
    layout.setTextOption(option)
    layout.setCacheEnabled(True)
    layout.beginLayout()
    y = 0.0
    while (line := layout.createLine()).isValid():
        line.setLineWidth(width)
        line.setPosition(QPointF(0, y))
        y += line.height()
    layout.endLayout()
    return layout


MARGIN = 0.07
"""Margin of a text page, as a share of its width."""
STATUS_WORDS: Mapping[PageStatus, str] = {
    PageStatus.EMPTY: _("This page is empty."),
    PageStatus.SCANNED: _("This page is a picture: it has no words that could be read."),
    PageStatus.LOCKED: _("This page is locked."),
    PageStatus.BROKEN: _("This page is damaged and could not be read."),
}
TABLE_GAP = 0.5
"""Space above and below a table, in line heights of the text."""
_MARKED = re.compile(r"\s*(?:[•▪◦‣●○■☐☑☒✓✔✗✘*–—-]|\(?\w{1,4}[.)])\s")
_SIZES = {1: 1.5, 2: 1.3, 3: 1.15}


class Prose:
    """The text between two tables: the characters from `start` up to `end` of the page's text."""

    def __init__(self, text: str, start: int, end: int) -> None:
        self.start, self.end, self._text = start, end, text[start:end]
        self.document = QTextDocument()

    @property
    def height(self) -> float:
        return float(self.document.size().height())

    def lay_out(self, blocks: Sequence[Block], *, width: float, fonts: Fonts, theme: Theme, status: str = "") -> None:
        """Format its blocks. `status` is shown if there is no text."""
        document = self.document
        document.setUndoRedoEnabled(False)
        document.setDocumentMargin(0)
        document.setDefaultFont(fonts.text())
        document.setTextWidth(width)
        cursor = QTextCursor(document)
        cursor.beginEditBlock()
        cursor.insertText(self._text or status, _plain(theme, fonts))
        for block in blocks:
            if self.start <= block.start and block.end <= self.end:
                moved = Block(block.kind, block.start - self.start, block.end - self.start, block.level)
                _dress(cursor, self._text, moved, fonts, theme)
        cursor.endEditBlock()

    def top_of(self, character: int) -> float:
        cursor = QTextCursor(self.document)
        cursor.setPosition(self._place(character))
        return float(self.document.documentLayout().blockBoundingRect(cursor.block()).top())

    def character_at(self, point: QPointF) -> int | None:
        if not self._text:
            return None
        place = self.document.documentLayout().hitTest(point, Qt.HitTestAccuracy.ExactHit)
        return None if place < 0 else self.start + character_at(self._text, place)

    def paint(self, painter: QPainter, marks: Marks, clip: QRectF, theme: Theme) -> None:
        context = QAbstractTextDocumentLayout.PaintContext()
        context.clip = clip
        context.palette.setColor(context.palette.ColorRole.Text, theme.colour("ink"))
        selections = []
        for start, end in marks.spans:
            if start >= self.end or end <= self.start:
                continue
            selection = QAbstractTextDocumentLayout.Selection()
            selection.cursor = QTextCursor(self.document)
            selection.cursor.setPosition(self._place(start))
            selection.cursor.setPosition(self._place(end), QTextCursor.MoveMode.KeepAnchor)
            ink, ground = marks.colours_of((start, end))
            selection.format.setBackground(theme.colour(ground))
            if ink != "ink" or ground == "ink":
                selection.format.setForeground(theme.colour(ink))
            selections.append(selection)
        context.selections = selections
        self.document.documentLayout().draw(painter, context)

    def _place(self, character: int) -> int:
        return utf16_at(self._text, min(max(character - self.start, 0), len(self._text)))


Part = Prose | PageTable


AFTER_TIME = "\u2003"


def _inserted_at(block: Block, *, is_timed: bool) -> str:
    """Return what is shown before a block without being in the page's text: struck words, or the time of a passage."""
    times = times_of(block.place) if is_timed and block.kind is BlockKind.PARAGRAPH else None
    if times:
        return f"{shown_time(times[0])}{AFTER_TIME}"
    if block.kind is BlockKind.STRUCK:
        return block.place
    return ""


class _Struck:
    """A page as it is shown, with struck words and the times of passages at their places, and the way to and from the
    page's own text.
    """

    def __init__(self, page: Page) -> None:
        rows = [block for block in page.blocks if block.kind is BlockKind.TABLE_ROW]
        is_timed = times_of(page.label) is not None  # a recording's page: its label says from when to when
        inserted = [(block.start, words) for block in page.blocks if (words := _inserted_at(block, is_timed=is_timed))]
        self._places, self._words = [start for start, __ in inserted], [words for __, words in inserted]
        for number, (at, words) in enumerate(zip(self._places, self._words, strict=True)):
            row = bisect_right(rows, at, key=lambda block: block.start) - 1
            is_above = (
                row >= 0 and words.endswith("\n") and at == rows[row].start and (not row or rows[row - 1].end < at - 1)
            )
            if row >= 0 and at <= rows[row].end and not is_above and words[:1] != "\n":
                self._words[number] = re.sub(r"[\t\n]", " ", words)  # no word may begin another cell or row
        self._moved = [0, *accumulate(map(len, self._words))]
        self.page = self._shown(page) if inserted or any(block.kind in MARKS for block in page.blocks) else page

    def _shown(self, page: Page) -> Page:
        text, at, struck = list[str](), 0, list[Block]()
        for start, words, before in zip(self._places, self._words, self._moved, strict=False):
            text += page.text[at:start], words
            first = len(words) - len(words.lstrip("\n"))
            last = len(words.rstrip("\n"))
            kind = BlockKind.CAPTION if words.endswith(AFTER_TIME) else BlockKind.STRUCK
            struck.append(Block(kind, start + before + first, start + before + last))
            at = start
        blocks = [
            changed(block, start=self._edge(block.start, is_end=False), end=self._edge(block.end, is_end=True))
            for block in page.blocks
            if block.kind not in MARKS
        ]
        return changed(page, text="".join(text) + page.text[at:], blocks=(*blocks, *struck))

    def _edge(self, at: int, *, is_end: bool) -> int:
        """Return where a block begins or ends. Struck words at its edge are in it, except lines of their own."""
        first, behind = bisect_left(self._places, at), bisect_right(self._places, at)
        inside = [words for words in self._words[first:behind] if ("\n" in words) != is_end]
        return at + self._moved[first] + sum(map(len, inside))

    def place(self, character: int) -> int:
        return character + self._moved[bisect_right(self._places, character)]

    def spans(self, spans: Sequence[Span]) -> list[Span]:
        return [(self.place(start), self.place(end - 1) + 1) for start, end in spans]

    def character(self, place: int) -> int:
        """Return the character of the page's text that is shown at a place. At a struck word it is the next one."""
        number = bisect_right([start + before for start, before in zip(self._places, self._moved, strict=False)], place)
        return max(self._places[number - 1], place - self._moved[number]) if number else place


class PageWords:
    """The whole text of a page, laid out. Positions are pixels from the page's top left corner."""

    def __init__(self, page: Page, *, width: float, fonts: Fonts, theme: Theme) -> None:
        self.struck = _Struck(page)
        page = self.struck.page
        self._margin, space = width * MARGIN, width * (1 - 2 * MARGIN)
        self.parts: list[tuple[float, Part]] = []
        gap = TABLE_GAP * fonts.points() * 1.9
        top = self._margin
        for part in [*_parts_of(page, space, fonts)] or [Prose("", 0, 0)]:
            if isinstance(part, Prose):
                status = STATUS_WORDS.get(page.status, unread_reason(page.reason))
                part.lay_out(page.blocks, width=space, fonts=fonts, theme=theme, status=status)
            elif self.parts:
                top += gap
            self.parts.append((top, part))
            top += part.height + (gap if isinstance(part, PageTable) else 0)
        self.height = top + self._margin

    @property
    def tables(self) -> list[tuple[float, PageTable]]:
        return [(top, part) for top, part in self.parts if isinstance(part, PageTable)]

    @property
    def offsets(self) -> tuple[float, ...]:
        return tuple(table.offset for __, table in self.tables)

    def scroll_to(self, offsets: Sequence[float]) -> None:
        for (__, table), offset in zip(self.tables, offsets, strict=False):
            table.scroll_to(offset)

    def top_of(self, character: int) -> float:
        character = self.struck.place(character)
        top, part = self._part_of(character)
        return top + part.top_of(character)

    def reveal(self, character: int) -> bool:
        """Scroll a character's table so that the character is visible. Returns whether that changed anything."""
        character = self.struck.place(character)
        __, part = self._part_of(character)
        return isinstance(part, PageTable) and part.reveal(character)

    def character_at(self, point: QPointF) -> int | None:
        for top, part in self.parts:
            if top <= point.y() < top + part.height:
                character = part.character_at(point - QPointF(self._margin, top))
                return None if character is None else self.struck.character(character)
        return None

    def table_at(self, point: QPointF) -> tuple[PageTable, QPointF] | None:
        for top, part in self.parts:
            if isinstance(part, PageTable) and top <= point.y() < top + part.height:
                return part, point - QPointF(self._margin, top)
        return None

    def paint(self, painter: QPainter, marks: Marks, clip: QRectF, theme: Theme) -> None:
        shown = marks.moved(self.struck.spans)
        for top, part in self.parts:
            if top + part.height < clip.top() or top > clip.bottom():
                continue
            painter.save()
            painter.translate(self._margin, top)
            part.paint(painter, shown, clip.translated(-self._margin, -top), theme)
            painter.restore()

    def _part_of(self, character: int) -> tuple[float, Part]:
        last = self.parts[0]
        for part in self.parts:
            if part[1].start <= character:
                last = part
        return last


def _parts_of(page: Page, width: float, fonts: Fonts) -> Iterator[Part]:
    at = 0
    struck = [(block.start, block.end) for block in page.blocks if block.kind is BlockKind.STRUCK]
    for rows in tables_of(page.blocks):
        yield from _prose(page.text, at, rows[0].start)
        table = PageTable(page.text, rows, width=width, fonts=fonts, struck=struck)
        yield table
        at = table.end
    yield from _prose(page.text, at, len(page.text))


def _prose(text: str, start: int, end: int) -> Iterator[Prose]:
    inside = text[start:end]
    begin = start + len(inside) - len(inside.lstrip("\n"))
    if inside.strip():
        yield Prose(text, begin, start + len(inside.rstrip("\n")))


def _plain(theme: Theme, fonts: Fonts) -> QTextCharFormat:
    form = QTextCharFormat()
    form.setFont(fonts.text())
    form.setForeground(theme.colour("ink"))
    return form


def _dress(cursor: QTextCursor, text: str, block: Block, fonts: Fonts, theme: Theme) -> None:
    cursor.setPosition(utf16_at(text, block.start))
    cursor.setPosition(utf16_at(text, block.end), QTextCursor.MoveMode.KeepAnchor)
    letters, lines = QTextCharFormat(), QTextBlockFormat()
    lines.setBottomMargin(fonts.base_points * 0.5)
    lines.setLineHeight(130, QTextBlockFormat.LineHeightTypes.ProportionalHeight.value)
    match block.kind:
        case BlockKind.HEADING:
            letters.setFont(fonts.text(_SIZES.get(block.level, 1.1), bold=True))
        case BlockKind.CODE:
            letters.setFont(fonts.mono())
        case BlockKind.LIST_ITEM:
            _mark_item(cursor, text, block, lines)
        case BlockKind.HEADER | BlockKind.FOOTER | BlockKind.FOOTNOTE | BlockKind.CAPTION:
            letters.setFont(fonts.text(0.87))
            letters.setForeground(theme.colour("ink2"))
        case BlockKind.COMMENT | BlockKind.NOTE | BlockKind.QUOTE:
            font = QFont(fonts.text())
            font.setItalic(True)
            letters.setFont(font)
            letters.setForeground(theme.colour("ink2"))
            lines.setIndent(1)
        case BlockKind.STRUCK:
            letters.setFontStrikeOut(True)
            letters.setForeground(theme.colour("ink2"))
            cursor.mergeCharFormat(letters)
            return
    cursor.mergeCharFormat(letters)
    cursor.mergeBlockFormat(lines)
    if "\n" in text[block.start : block.end]:  # lines of a block stand close together
        cursor.setPosition(utf16_at(text, block.start))
        cursor.setPosition(utf16_at(text, text.rfind("\n", block.start, block.end)), QTextCursor.MoveMode.KeepAnchor)
        lines.setBottomMargin(0)
        cursor.mergeBlockFormat(lines)


def _mark_item(cursor: QTextCursor, text: str, block: Block, lines: QTextBlockFormat) -> None:
    """Insert a bullet before a list item, unless its text begins with a bullet or number of its own."""
    depth = max(1, min(block.level, 6))
    if _MARKED.match(text, block.start, block.end):
        lines.setIndent(depth)
        return
    form = QTextListFormat()
    form.setStyle(QTextListFormat.Style.ListDisc)
    form.setIndent(depth)
    cursor.createList(form)
    lines.setIndent(0)  # the indentation of the list is enough
