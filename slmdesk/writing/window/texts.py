"""The list of texts in the side bar, beside the page Write."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QSize, Qt, Signal
from PySide6.QtGui import QHideEvent, QPainter, QShowEvent
from PySide6.QtWidgets import (
    QFrame,
    QListWidget,
    QListWidgetItem,
    QMenu,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QToolButton,
    QWidget,
)

from slmdesk.base.records import Item
from slmdesk.base.texts import _
from slmdesk.runtime.events import ItemChanged, ItemGone
from slmdesk.window.base import theme
from slmdesk.window.base.bridge import Bridge
from slmdesk.window.base.live import Live
from slmdesk.window.widgets.build import (
    CLEAR,
    button,
    column,
    cut_at_word,
    named,
    paint_ground,
    plain_tip,
    row,
    text_line,
    tool_button,
)

MOST = 300
ID_ROLE = int(Qt.ItemDataRole.UserRole)
ROW_HEIGHT = 32


class TextList(QFrame):
    """`current` returns the id of the text on the page."""

    chosen = Signal(str)
    new_requested = Signal()
    open_requested = Signal()
    delete_requested = Signal()

    def __init__(self, bridge: Bridge, current: Callable[[], str], parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("writing_texts_side")
        self._current = current
        self._items: Live[Sequence[Item]] = Live(
            bridge, self, lambda: bridge.services.writing_history.earlier(MOST), (), on=(ItemChanged, ItemGone),
            is_watched=False,
        )  # fmt: skip
        self._items.changed.connect(self._show)
        self._build_ui()

    def _build_ui(self) -> None:
        new = button(
            _("New text"), "new_writing", self, kind="new", icon="plus", colour="accent", shortcut="write.new",
            tip=_("Begin a new text"), on=self.new_requested,
        )  # fmt: skip
        more = tool_button("writing_texts", self, icon="ellipsis", label=_("More"), tip=_("Open, delete"))
        more.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        menu = named(QMenu(more), "writing_texts_menu")
        menu.addAction(_("Open…"), self.open_requested.emit).setObjectName("writing_open")
        menu.addAction(_("Delete text"), self.delete_requested.emit).setObjectName("delete_writing")
        more.setMenu(menu)
        self._search = text_line("writing_search", self, _("Search texts"), clears=CLEAR)
        self._search.textChanged.connect(self._show)
        self.list = named(QListWidget(self), "writing_list", label=_("My texts"))
        self.list.setItemDelegate(_Row(self.list))
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setMouseTracking(True)
        for signal in (self.list.itemClicked, self.list.itemActivated):
            signal.connect(lambda item: self.chosen.emit(item.data(ID_ROLE)))
        column(row((new, 1), more, gap=theme.SPACE_4), self._search, (self.list, 1), into=self, gap=theme.SPACE_8)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._items.watch(True)

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._items.watch(False)

    def mark(self) -> None:
        """Mark the text on the page."""
        now = self._current()
        rows = (row for row in range(self.list.count()) if self.list.item(row).data(ID_ROLE) == now)
        self.list.setCurrentRow(next(rows, -1))

    def _show(self) -> None:
        words = self._search.text().casefold().split()
        self.list.clear()
        for item in self._items.value:
            title = " ".join(item.shown_title.split())
            if all(word in title.casefold() for word in words):
                listed = QListWidgetItem(title, self.list)
                listed.setData(ID_ROLE, item.id)
                listed.setToolTip(plain_tip(title))
        self.mark()


class _Row(QStyledItemDelegate):
    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        return QSize(100, theme.scaled(ROW_HEIGHT))

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        painter.save()
        is_chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        place = paint_ground(painter, option, is_chosen=is_chosen).adjusted(theme.SPACE_8, 0, -theme.SPACE_8, 0)
        painter.setPen(theme.current().colour("soft_ink" if is_chosen else "ink"))
        words = cut_at_word(str(index.data()), option.fontMetrics, place.width())
        painter.drawText(place, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, words)
        painter.restore()
