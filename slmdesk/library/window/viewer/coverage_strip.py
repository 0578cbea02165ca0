"""The coverage strip: one cell a page, filled if read, hollow if empty, hatched if unreadable."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QHelpEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from slmdesk.base.documents import PageKind
from slmdesk.base.record import Record
from slmdesk.library.labels import counted
from slmdesk.window.base.theme import Theme
from slmdesk.window.base.theme_keeper import ThemeKeeper
from slmdesk.window.widgets.text import plain_tip

READ, EMPTY, UNREADABLE, WAITING = "read", "empty", "unreadable", "waiting"
WORDS: Mapping[str, str] = {READ: "read", EMPTY: "empty", UNREADABLE: "could not be read", WAITING: "not read yet"}
HEIGHT = 22
SMALLEST_CELL = 3.0


class Cell(Record):
    number: int
    state: str
    """READ, EMPTY, UNREADABLE or WAITING."""
    reason: str = ""


class CoverageStrip(QWidget):
    """With more pages than room, neighbours share a cell, which shows the worst of them, so that no unread page is
    hidden.
    """

    page_chosen = Signal(int)

    def __init__(self, keeper: ThemeKeeper, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("coverage_strip")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._keeper = keeper
        self._cells: tuple[Cell, ...] = ()
        self._kind = PageKind.PAGE
        self.lit: frozenset[int] = frozenset()
        self._at = self._reached = 0
        keeper.theme_changed.connect(self.update)

    @property
    def sentence(self) -> str:
        read = sum(one.state == READ for one in self._cells)
        parts = [f"{read:,} of {counted(len(self._cells), self._kind)} read"]
        for state in (EMPTY, UNREADABLE, WAITING):
            if count := sum(one.state == state for one in self._cells):
                parts.append(f"{count:,} {WORDS[state]}")
        return ", ".join(parts)

    def show_cells(self, cells: Sequence[Cell], kind: PageKind = PageKind.PAGE) -> None:
        self._cells, self._kind = tuple(cells), kind
        self._at = min(self._at, max(0, len(cells) - 1))
        self.setAccessibleName(self.sentence)
        self.update()

    def light(self, pages: Sequence[int]) -> None:
        self.lit = frozenset(pages)
        self.update()

    def show_reached(self, page: int) -> None:
        if page != self._reached:
            self._reached = page
            self.update()

    def groups(self) -> list[tuple[Cell, ...]]:
        if not self._cells:
            return []
        most = max(1, int(self.width() / SMALLEST_CELL))
        per = -(-len(self._cells) // most)
        return [self._cells[at : at + per] for at in range(0, len(self._cells), per)]

    def sizeHint(self) -> QSize:
        return QSize(400, HEIGHT)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter, colours = QPainter(self), self._keeper.theme
        groups = self.groups()
        if not groups:
            return
        width = self.width() / len(groups)
        gap = 1.0 if width > 5 else 0.0
        for index, group in enumerate(groups):
            place = QRectF(index * width, 4, max(1.0, width - gap), HEIGHT - 8)
            self._paint(painter, group, place, colours)
        if self.hasFocus():
            painter.setPen(QPen(colours.colour("accent"), 2))
            painter.drawRect(QRectF(self._index_of(self._at) * width, 1, max(width, 4.0), HEIGHT - 2))

    def _paint(self, painter: QPainter, group: tuple[Cell, ...], place: QRectF, colours: Theme) -> None:
        state = _worst(group)
        is_lit = any(cell.number in self.lit for cell in group)
        if state == READ:
            painter.fillRect(place, colours.colour("accent"))
        elif state == UNREADABLE:
            painter.fillRect(place, colours.colour("surface"))
            painter.setPen(QPen(colours.colour("danger"), 1))
            painter.setBrush(Qt.BrushStyle.BDiagPattern)
            painter.fillRect(place, Qt.BrushStyle.BDiagPattern)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(place.adjusted(0.5, 0.5, -0.5, -0.5))
        else:
            painter.fillRect(place, colours.colour("raised" if state == WAITING else "surface"))
            painter.setPen(QPen(colours.colour("muted"), 1))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            if state == EMPTY:
                painter.drawRect(place.adjusted(0.5, 0.5, -0.5, -0.5))
        if any(cell.number == self._reached for cell in group):
            painter.fillRect(QRectF(place.left(), HEIGHT - 3, place.width(), 3), colours.colour("muted"))
        if is_lit:
            painter.fillRect(QRectF(place.left(), 0, place.width(), 3), colours.colour("text"))
            painter.fillRect(QRectF(place.left(), HEIGHT - 3, place.width(), 3), colours.colour("text"))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and (cell := self._cell_at(event.position())) is not None:
            self._at = self._cells.index(cell)
            self.page_chosen.emit(cell.number)
            self.update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(Qt.Key(event.key()), 0)
        if step and self._cells:
            self._at = min(max(self._at + step, 0), len(self._cells) - 1)
            self.setAccessibleDescription(self._words(self._cells[self._at]))
            self.update()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space) and self._cells:
            self.page_chosen.emit(self._cells[self._at].number)
        else:
            super().keyPressEvent(event)

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            cell = self._cell_at(QPointF(event.pos()))
            QToolTip.showText(event.globalPos(), plain_tip(self._words(cell)) if cell else "", self)
            return True
        return super().event(event)

    def _words(self, cell: Cell) -> str:
        reason = f" ({cell.reason})" if cell.reason and cell.reason != cell.state else ""
        return f"{self._kind.value.capitalize()} {cell.number}: {WORDS[cell.state]}{reason}"

    def _index_of(self, cell: int) -> int:
        groups = self.groups()
        per = len(groups[0]) if groups else 1
        return cell // per

    def _cell_at(self, point: QPointF) -> Cell | None:
        groups = self.groups()
        if not groups:
            return None
        index = min(max(int(point.x() / (self.width() / len(groups))), 0), len(groups) - 1)
        group = groups[index]
        worst = _worst(group)
        return next(cell for cell in group if cell.state == worst)


def _worst(group: Sequence[Cell]) -> str:
    states = {cell.state for cell in group}
    return next(state for state in (UNREADABLE, WAITING, EMPTY, READ) if state in states)
