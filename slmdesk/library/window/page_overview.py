"""Small pictures of all pages of a document, beside the pages."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence

from PySide6.QtCore import (
    QAbstractListModel,
    QModelIndex,
    QPersistentModelIndex,
    QRect,
    QRectF,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QBrush, QImage, QPainter, QPen, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from slmdesk.base.documents import Page, PageStatus
from slmdesk.base.texts import _
from slmdesk.base.types import told_place
from slmdesk.window.base import theme
from slmdesk.window.base.bridge import Delay
from slmdesk.window.base.theme import ThemeKeeper
from slmdesk.window.widgets.build import named

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
    return f"{page.number}  {told_place(page.label[:MOST_LABEL])}"


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
