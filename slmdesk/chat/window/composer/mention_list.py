"""The small list over the message field: names to choose from while typing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent, QPainter, QPalette
from PySide6.QtWidgets import (
    QFrame,
    QListWidget,
    QListWidgetItem,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from slmdesk.base.record import Record
from slmdesk.window.base import theme
from slmdesk.window.base.icons import icon, scaled
from slmdesk.window.widgets.named import named
from slmdesk.window.widgets.text import plain_tip

MOST_SHOWN = 50
MOST_LINES = 8
"""Of it that are seen without scrolling."""
WIDTH = 52
"""In letters x."""
NAME_ROLE = int(Qt.ItemDataRole.UserRole)


class Suggestion(Record):
    name: str
    value: object
    """What is told when it is chosen."""
    detail: str = ""
    """Muted, at the end of the line."""
    icon: str = ""
    """Of Lucide; none where it is empty."""


class Suggestions(Protocol):
    empty: str
    """What the list says where there is nothing to choose from."""

    @property
    def is_empty(self) -> bool:
        """It is known that there is nothing to choose from."""

    def refresh(self) -> None: ...

    def suggest(self, words: str, most: int) -> tuple[list[Suggestion], int]: ...


class MentionPainter(QStyledItemDelegate):
    """An icon, a name, and muted at the end of the line the folder it is in."""

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        palette: QPalette = option.palette
        area: QRect = option.rect
        if option.state & QStyle.StateFlag.State_Selected:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(palette.color(QPalette.ColorRole.Midlight))
            painter.drawRoundedRect(area, theme.CONTROL_RADIUS, theme.CONTROL_RADIUS)
        untrusted, muted = index.data(NAME_ROLE), palette.color(QPalette.ColorRole.PlaceholderText)
        inner = area.adjusted(theme.SPACE_8, 0, -theme.SPACE_8, 0)
        found = untrusted if isinstance(untrusted, Suggestion) else None
        if found and found.icon:
            size = scaled()
            drawn = icon(found.icon, muted)
            place = QRect(inner.left(), area.top() + (area.height() - size) // 2, size, size)
            drawn.paint(painter, QStyle.visualRect(option.direction, area, place))
            inner.setLeft(inner.left() + size + theme.SPACE_8)
        metrics, ends = option.fontMetrics, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignTrailing
        detail = found.detail if found else ""
        if detail:
            shown = metrics.elidedText(detail, Qt.TextElideMode.ElideRight, inner.width() // 2)
            painter.setPen(muted)
            painter.drawText(QStyle.visualRect(option.direction, area, inner), int(ends), shown)
            inner.setRight(inner.right() - metrics.horizontalAdvance(shown) - theme.SPACE_16)
        painter.setPen(palette.color(QPalette.ColorRole.Text) if found is not None else muted)
        words = metrics.elidedText(str(index.data()), Qt.TextElideMode.ElideMiddle, inner.width())
        leads = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeading
        painter.drawText(QStyle.visualRect(option.direction, area, inner), int(leads), words)
        painter.restore()

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        return QSize(80, max(option.fontMetrics.height(), scaled()) + theme.SPACE_8)


class MentionList(QListWidget):
    """Lies over the page and never takes the focus.  Emits `chosen` with a Suggestion that was clicked."""

    chosen = Signal(object)

    def __init__(self, page: QWidget, *, name: str, label: str, empty: str) -> None:
        super().__init__(page)
        self._page, self._empty = page, empty
        named(self, name, label=label)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setFrameShape(QFrame.Shape.StyledPanel)
        self.setItemDelegate(MentionPainter(self))
        self.setUniformItemSizes(True)
        self.setMouseTracking(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.itemEntered.connect(self._on_entered)
        self.itemClicked.connect(self._on_clicked)
        self.hide()

    @property
    def current(self) -> Suggestion | None:
        item = self.currentItem()
        found = item.data(NAME_ROLE) if item else None
        return found if isinstance(found, Suggestion) else None

    def show_names(self, names: Sequence[Suggestion], count: int) -> None:
        self.clear()
        for one in names[:MOST_SHOWN]:
            item = QListWidgetItem(one.name, self)
            item.setData(NAME_ROLE, one)
            item.setToolTip(plain_tip(f"{one.name}: {one.detail}" if one.detail else one.name))
        more = count - MOST_SHOWN
        if more > 0:
            self._say(f"{more:,} more: go on typing")
        elif not names:
            self._say(self._empty)
        self.setCurrentRow(0 if names else -1)
        self._announce()

    def open_over(self, cursor: QRect) -> None:
        """Show the list above a place of the page, in its coordinates; below where there is no room."""
        page = self._page
        frame = 2 * self.frameWidth()
        requested = self.sizeHintForRow(0) * min(self.count(), MOST_LINES) + frame
        above, below = cursor.top() - theme.SPACE_16, page.height() - cursor.bottom() - theme.SPACE_16
        width = min(WIDTH * self.fontMetrics().horizontalAdvance("x"), page.width() - 2 * theme.SPACE_8)
        height = min(requested, max(above, below))
        is_over = above >= min(requested, below)
        top = cursor.top() - theme.SPACE_16 - height if is_over else cursor.bottom() + theme.SPACE_16
        left = max(theme.SPACE_8, min(cursor.left(), page.width() - width - theme.SPACE_8))
        self.setGeometry(QRect(QPoint(left, top), QSize(width, height)))
        self.raise_()
        self.show()

    def step(self, by: int) -> None:
        """Choose the next name, or the one before; past an end it begins again."""
        count = min(self.count(), MOST_SHOWN)
        if self.current is not None:
            self.setCurrentRow((self.currentRow() + by) % count)
            self._announce()

    def _on_entered(self, item: QListWidgetItem) -> None:
        if item.data(NAME_ROLE) is not None:
            self.setCurrentItem(item)

    def _on_clicked(self, item: QListWidgetItem) -> None:
        if item.data(NAME_ROLE) is not None:
            self.chosen.emit(item.data(NAME_ROLE))

    def _say(self, words: str) -> None:
        QListWidgetItem(words, self).setFlags(Qt.ItemFlag.NoItemFlags)

    def _announce(self) -> None:
        if QAccessible.isActive():
            one = self.current
            words = f"{one.name}, {self.currentRow() + 1} of {self.count()}" if one else self._empty
            QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self, words))
