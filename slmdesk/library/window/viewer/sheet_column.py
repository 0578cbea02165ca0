"""The sheets of a document one below the other: where each stands, and what is where."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF

from slmdesk.base.documents import Page
from slmdesk.library.window.viewer.page_table import PageTable
from slmdesk.library.window.viewer.sheets import A4, FOOT, Sheet, heights_of
from slmdesk.window.base import theme

GAP = theme.SPACE_16


class SheetColumn(list[Sheet]):
    """Positions are pixels from the top of the first page, and from the left of the view."""

    def __init__(self) -> None:
        super().__init__()
        self.tops: list[float] = []
        self.width = 0.0
        """Of every page."""
        self.left = 0.0
        self.ratio = A4
        """Height by width of pages whose pictures have not come yet."""

    def take(self, pages: Sequence[Page], *, reset: bool) -> None:
        """Hold the sheets of these pages; unless `reset`, those that are here already are kept."""
        old = {} if reset else {sheet.page.number: sheet for sheet in self}
        for sheet, page in ((old[page.number], page) for page in pages if page.number in old):
            if not sheet.has_text:
                sheet.page = page
        self[:] = [old.get(page.number) or Sheet(page) for page in pages]
        if reset:
            self.ratio = A4

    def note_ratio(self, sheet: Sheet, ratio: float) -> bool:
        """Note how high the picture of a page is; returns whether that was not known."""
        if abs(ratio - sheet.ratio) <= 0.001:
            return False
        if all(not one.ratio for one in self):
            self.ratio = ratio
        sheet.ratio = ratio
        return True

    def forget_but(self, near: range) -> None:
        """Drop what can be loaded again of all sheets but these."""
        for index, sheet in enumerate(self):
            if (sheet.picture or sheet.words) and index not in near:
                sheet.forget()

    def find(self, number: int) -> Sheet | None:
        index = number - 1
        if 0 <= index < len(self) and self[index].page.number == number:
            return self[index]
        return next((sheet for sheet in self if sheet.page.number == number), None)

    def index_at(self, y: float) -> int:
        return max(0, bisect_right(self.tops, y) - 1)

    def place(self, index: int) -> QRectF:
        return QRectF(self.left, self.tops[index], self.width, self[index].height)

    def between(self, top: float, bottom: float) -> range:
        return range(self.index_at(top - FOOT), self.index_at(bottom) + 1) if self else range(0)

    def measure(self, begin: int, line: float) -> float:
        """Compute the place of every sheet from `begin` on; returns where the last one ends.  `line`: its height."""
        begin = min(begin, len(self.tops))
        heights_of(self[begin:], self.width, self.ratio, line)
        top = self.tops[begin - 1] + self[begin - 1].height + FOOT if begin else float(GAP)
        del self.tops[begin:]
        for sheet in self[begin:]:
            self.tops.append(top)
            top += sheet.height + FOOT
        return top

    def place_at(self, at: QPointF) -> tuple[int, int, QPointF] | None:
        """The number of the page at a position, its character (-1: not known), and the position in shares of it."""
        index = self.index_at(at.y())
        if not self or not (place := self.place(index)).contains(at):
            return None
        inside, sheet = at - place.topLeft(), self[index]
        character = sheet.words.character_at(inside) if sheet.words and not sheet.is_pictured else None
        share = QPointF(inside.x() / place.width(), inside.y() / place.height())
        return sheet.page.number, -1 if character is None else character, share

    def table_at(self, at: QPointF) -> tuple[PageTable, QPointF] | None:
        if not self:
            return None
        index = self.index_at(at.y())
        words = self[index].words
        return words.table_at(at - self.place(index).topLeft()) if words is not None else None

    def wide_table(self, top: float, bottom: float) -> PageTable | None:
        for index in self.between(top, bottom):
            words, first = self[index].words, self.tops[index]
            for at, table in words.tables if words is not None else ():
                if table.is_wide and first + at + table.height > top and first + at < bottom:
                    return table
        return None
