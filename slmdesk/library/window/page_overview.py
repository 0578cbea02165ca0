"""Overview of all pages of a document: thumbnails beside the pages, and a strip that shows which pages were read."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence

from PySide6.QtCore import (
    QAbstractListModel,
    QEvent,
    QModelIndex,
    QPersistentModelIndex,
    QPointF,
    QRect,
    QRectF,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QBrush, QHelpEvent, QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QListView,
    QSizePolicy,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QToolTip,
    QWidget,
)

from slmdesk.base.documents import Page, PageKind, PageStatus
from slmdesk.base.record import Record
from slmdesk.base.texts import _
from slmdesk.base.types import counted_pages
from slmdesk.window.base import theme
from slmdesk.window.base.bridge import Delay
from slmdesk.window.base.theme import Theme, ThemeKeeper
from slmdesk.window.widgets.build import named, plain_tip

WIDTH = 84
HEIGHT = 108
OUTLINE_WIDTH = 150
"""Width of the column in pixels if pages have names and no pictures."""
GAP = theme.SPACE_8
FOOT = 20
KEPT = 150
"""Most thumbnails kept in memory. Each takes about 36 kB."""
ASK_AFTER_MS = 120
MOST_LABEL = 40
STATES: Mapping[PageStatus, str] = {
    PageStatus.EMPTY: _("empty"),
    PageStatus.SCANNED: _("no words"),
    PageStatus.LOCKED: _("locked"),
    PageStatus.BROKEN: _("damaged"),
}
PAGE_ROLE = int(Qt.ItemDataRole.UserRole)
IMAGE_ROLE = PAGE_ROLE + 1


class ThumbRows(QAbstractListModel):
    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._pages: list[Page] = []
        self._images: OrderedDict[int, QImage] = OrderedDict()

    def rowCount(self, parent: QModelIndex | QPersistentModelIndex = QModelIndex()) -> int:  # noqa: B008  Qt's own
        return 0 if parent.isValid() else len(self._pages)

    def data(self, index: QModelIndex | QPersistentModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not index.isValid() or index.row() >= len(self._pages):
            return None
        page = self._pages[index.row()]
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return label_of(page)
            case Qt.ItemDataRole.AccessibleTextRole:
                state = STATES.get(page.status, "")
                return f"{label_of(page)}, {state}" if state else label_of(page)
            case _ if role == PAGE_ROLE:
                return page
            case _ if role == IMAGE_ROLE:
                return self._images.get(page.number)
        return None

    def show_pages(self, pages: Sequence[Page], *, reset: bool) -> None:
        if reset or len(pages) < len(self._pages):
            self.beginResetModel()
            self._pages = list(pages)
            self._images.clear()
            self.endResetModel()
            return
        if len(pages) > len(self._pages):
            self.beginInsertRows(QModelIndex(), len(self._pages), len(pages) - 1)
            self._pages = list(pages)
            self.endInsertRows()

    def page_at(self, row: int) -> Page | None:
        return self._pages[row] if 0 <= row < len(self._pages) else None

    def has_image(self, number: int) -> bool:
        return number in self._images

    def keep(self, number: int, image: QImage) -> None:
        self._images[number] = image
        while len(self._images) > KEPT:
            self._images.popitem(last=False)
        index = self.index(number - 1)
        self.dataChanged.emit(index, index)

    def forget(self) -> None:
        self._images.clear()


def label_of(page: Page) -> str:
    if page.label in ("", str(page.number)):
        return str(page.number)
    return f"{page.number}  {page.label[:MOST_LABEL]}"


class ThumbPainter(QStyledItemDelegate):
    def __init__(self, keeper: ThemeKeeper, parent: QWidget) -> None:
        super().__init__(parent)
        self._keeper = keeper
        self.is_outline = False
        """Whether the pages have no pictures, so that only their names are shown."""

    def sizeHint(self, _option: QStyleOptionViewItem, _index: QModelIndex | QPersistentModelIndex) -> QSize:
        """Return the same size for all, so that thousands of pages need not be measured."""
        if self.is_outline:
            return QSize(OUTLINE_WIDTH, self._foot() + GAP)
        return QSize(WIDTH + 2 * GAP, HEIGHT + self._foot() + GAP)

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        page = index.data(PAGE_ROLE)
        if not isinstance(page, Page):
            return
        colours, place = self._keeper.theme, QRect(option.rect)
        if self.is_outline:
            self._paint_line(painter, option, page)
            return
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        sheet = _sheet_of(index.data(IMAGE_ROLE), place)
        painter.fillRect(sheet, colours.colour("sheet"))
        image = index.data(IMAGE_ROLE)
        if isinstance(image, QImage):
            painter.drawImage(sheet, image)
        is_chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        if page.status in STATES and page.status is not PageStatus.EMPTY:
            painter.fillRect(sheet, QBrush(colours.colour("danger"), Qt.BrushStyle.BDiagPattern))
        colour, width = ("accent", 2) if is_chosen else ("line", colours.line_width)
        painter.setPen(QPen(colours.colour(colour), width))
        painter.drawRect(sheet)
        painter.setFont(self._keeper.fonts.text(0.8))
        painter.setPen(colours.colour("ink" if is_chosen else "ink2"))
        foot = QRect(place.left() + 2, place.bottom() - self._foot() - GAP // 2, place.width() - 4, self._foot())
        state = STATES.get(page.status, "")
        words = f"{page.number}  {state}" if state else label_of(page)
        cut = painter.fontMetrics().elidedText(words, Qt.TextElideMode.ElideRight, foot.width())
        painter.drawText(foot, int(Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignVCenter), cut)
        painter.restore()

    def _paint_line(self, painter: QPainter, option: QStyleOptionViewItem, page: Page) -> None:
        colours, place = self._keeper.theme, QRect(option.rect)
        is_chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        painter.save()
        if is_chosen:
            painter.fillRect(place, colours.colour("fill"))
            painter.fillRect(QRect(place.left(), place.top(), 3, place.height()), colours.colour("accent"))
        painter.setFont(self._keeper.fonts.text(0.87))
        painter.setPen(colours.colour("ink" if is_chosen else "ink2"))
        inner = place.adjusted(GAP + 2, 0, -GAP, 0)
        state = STATES.get(page.status, "")
        words = f"{label_of(page)}  ({state})" if state else label_of(page)
        cut = painter.fontMetrics().elidedText(words, Qt.TextElideMode.ElideRight, inner.width())
        painter.drawText(inner, int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter), cut)
        painter.restore()

    def _foot(self) -> int:
        return max(FOOT, round(self._keeper.fonts.points(0.8) * 1.9))


def _sheet_of(image: object, place: QRect) -> QRectF:
    width, height = float(WIDTH), float(HEIGHT)
    if isinstance(image, QImage) and image.width():
        ratio = image.height() / image.width()
        width, height = (WIDTH, WIDTH * ratio) if WIDTH * ratio <= HEIGHT else (HEIGHT / ratio, HEIGHT)
    left = place.left() + (place.width() - width) / 2
    return QRectF(left, place.top() + GAP / 2 + (HEIGHT - height) / 2, width, height)


class Thumbnails(QListView):
    """List of thumbnails. It requests visible ones with `picture_requested` (page number, width in device pixels)."""

    picture_requested = Signal(int, int)
    page_chosen = Signal(int)

    def __init__(self, keeper: ThemeKeeper, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        named(self, "thumbnails", label=_("Pages of the document, small"))
        self.setUniformItemSizes(True)
        self.setFrameShape(self.Shape.NoFrame)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self._rows = named(ThumbRows(self), "thumb_rows")
        self.setModel(self._rows)
        self._painter = ThumbPainter(keeper, self)
        self.setItemDelegate(self._painter)
        self._fit()
        self._asked: set[int] = set()
        self._ask_timer = Delay(self, ASK_AFTER_MS, self._ask)
        self.verticalScrollBar().valueChanged.connect(lambda _value: self._later())
        self.selectionModel().currentChanged.connect(self._on_current_changed)
        self._is_reported = False
        keeper.theme_changed.connect(self.viewport().update)

    def show_pages(self, pages: Sequence[Page], *, reset: bool) -> None:
        if reset:
            self._asked.clear()
        self._rows.show_pages(pages, reset=reset)
        self._painter.is_outline = not any(page.has_image for page in pages[:20])
        self._fit()
        if reset:
            self.show_reached(1)
        self._later()

    @property
    def count(self) -> int:
        return self._rows.rowCount()

    def show_picture(self, number: int, image: QImage) -> None:
        self._asked.discard(number)
        self._rows.keep(number, image)

    def show_reached(self, number: int) -> None:
        index = self._rows.index(number - 1)
        if index.isValid() and index != self.currentIndex():
            self._is_reported = True
            self.setCurrentIndex(index)
            self._is_reported = False

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._later()

    def _fit(self) -> None:
        inner = OUTLINE_WIDTH if self._painter.is_outline else WIDTH + 2 * GAP
        width = inner + self.verticalScrollBar().sizeHint().width() + 2
        if width != self.maximumWidth():
            self.setFixedWidth(width)
            self.scheduleDelayedItemsLayout()

    def _later(self) -> None:
        self._ask_timer.start()

    def _ask(self) -> None:
        if not self.isVisible():
            return
        rows = self._in_sight()
        self._asked &= {number + 1 for number in rows}
        for row in reversed(rows):  # in reverse, since the last request is answered first
            page = self._rows.page_at(row)
            if page is None or not page.has_image or page.number in self._asked or self._rows.has_image(page.number):
                continue
            self._asked.add(page.number)
            self.picture_requested.emit(page.number, round(WIDTH * self.devicePixelRatioF()))

    def _in_sight(self) -> range:
        height = self.sizeHintForRow(0)
        if height <= 0:
            return range(0)
        top = self.verticalScrollBar().value() // height
        return range(top, min(self._rows.rowCount(), top + self.viewport().height() // height + 2))

    def _on_current_changed(self, now: QModelIndex, _before: QModelIndex) -> None:
        page = self._rows.page_at(now.row()) if now.isValid() else None
        if page is not None and not self._is_reported:
            self.page_chosen.emit(page.number)


# ---- the coverage strip


READ, EMPTY, UNREADABLE, WAITING = "read", "empty", "unreadable", "waiting"
WORDS: Mapping[str, str] = {
    READ: _("read"),
    EMPTY: _("empty"),
    UNREADABLE: _("could not be read"),
    WAITING: _("not read yet"),
}
STRIP_HEIGHT = 22
SMALLEST_CELL = 3.0


class Cell(Record):
    number: int
    state: str
    """One of READ, EMPTY, UNREADABLE or WAITING."""
    reason: str = ""


class CoverageStrip(QWidget):
    """Strip with one cell per page, coloured by the page's state. With more pages than room, neighbours share a cell,
    and this cell shows the worst of their states, so that no unread page is hidden.
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
        read = sum(cell.state == READ for cell in self._cells)
        parts = [_("{read:,} of {counted} read").format(read=read, counted=counted_pages(len(self._cells), self._kind))]
        for state in (EMPTY, UNREADABLE, WAITING):
            if count := sum(cell.state == state for cell in self._cells):
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
        return QSize(400, STRIP_HEIGHT)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter, colours = QPainter(self), self._keeper.theme
        groups = self.groups()
        if not groups:
            return
        width = self.width() / len(groups)
        gap = 1.0 if width > 5 else 0.0
        for index, group in enumerate(groups):
            place = QRectF(index * width, 4, max(1.0, width - gap), STRIP_HEIGHT - 8)
            self._paint(painter, group, place, colours)
        if self.hasFocus():
            painter.setPen(QPen(colours.colour("accent"), 2))
            painter.drawRect(QRectF(self._index_of(self._at) * width, 1, max(width, 4.0), STRIP_HEIGHT - 2))

    def _paint(self, painter: QPainter, group: tuple[Cell, ...], place: QRectF, colours: Theme) -> None:
        state = _worst(group)
        is_lit = any(cell.number in self.lit for cell in group)
        if state == READ:
            painter.fillRect(place, colours.colour("accent"))
        elif state == UNREADABLE:
            painter.fillRect(place, colours.colour("sheet"))
            painter.setPen(QPen(colours.colour("danger"), 1))
            painter.setBrush(Qt.BrushStyle.BDiagPattern)
            painter.fillRect(place, Qt.BrushStyle.BDiagPattern)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(place.adjusted(0.5, 0.5, -0.5, -0.5))
        else:
            painter.fillRect(place, colours.colour("fill" if state == WAITING else "sheet"))
            painter.setPen(QPen(colours.colour("ink2"), 1))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            if state == EMPTY:
                painter.drawRect(place.adjusted(0.5, 0.5, -0.5, -0.5))
        if any(cell.number == self._reached for cell in group):
            painter.fillRect(QRectF(place.left(), STRIP_HEIGHT - 3, place.width(), 3), colours.colour("ink2"))
        if is_lit:
            painter.fillRect(QRectF(place.left(), 0, place.width(), 3), colours.colour("ink"))
            painter.fillRect(QRectF(place.left(), STRIP_HEIGHT - 3, place.width(), 3), colours.colour("ink"))

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
