"""The list in the side bar of what was made on a page earlier."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QEvent, QModelIndex, QObject, QPersistentModelIndex, QRect, QSignalBlocker, QSize, Qt, Signal
from PySide6.QtGui import QHideEvent, QKeyEvent, QKeySequence, QPainter, QShowEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QListWidget,
    QListWidgetItem,
    QMenu,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from slmdesk.base.record import Record
from slmdesk.base.records import Item
from slmdesk.base.runtime.events import ItemChanged, ItemGone
from slmdesk.base.texts import _
from slmdesk.ui.kit.base import theme
from slmdesk.ui.kit.base.bridge import Bridge, Delay
from slmdesk.ui.kit.base.live import Live
from slmdesk.ui.kit.base.text import moment_words
from slmdesk.ui.kit.base.theme import pixmap, scaled
from slmdesk.ui.kit.widgets.build import (
    CLEAR,
    button,
    column,
    cut_at_word,
    cut_in_middle,
    draw_lines,
    named,
    paint_ground,
    plain_label,
    plain_tip,
    row,
    show_words,
    text_line,
    tool_button,
)

SEARCH_AFTER_MS = 200
ID = Qt.ItemDataRole.UserRole
SIGN = Qt.ItemDataRole.UserRole + 1
"""Name of the icon of a row."""
FILE = "file-text"
ROW_HEIGHT, TALL_ROW_HEIGHT = 32, 46
AT_ONCE = 50
HIT_MARKS = str.maketrans("", "", "\ue000\ue001")


class Listed(Record):
    rows: tuple[tuple[Item, str], ...] = ()
    """Items, each with the words around what was searched, or ''."""
    words: str = ""
    """What was searched. Empty if all are listed."""
    is_cut: bool = False
    """Whether there are more; in a search, items that were not searched."""


class EarlierPainter(QStyledItemDelegate):
    """Draws a row as the list of documents does: its icon, its title, and the words that were found below it."""

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        painter.save()
        is_chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        area, size = paint_ground(painter, option, is_chosen=is_chosen), scaled(15)
        colour = theme.current().colour("soft_ink" if is_chosen else "ink2")
        sign = QRect(area.left() + scaled(10), area.top() + (area.height() - size) // 2, size, size)
        scale = painter.device().devicePixelRatio()
        painter.drawPixmap(sign.topLeft(), pixmap(str(index.data(SIGN)), colour, size=size, scale=scale))
        left = sign.right() + scaled(8)
        place = QRect(left, area.top(), area.right() - left - scaled(6), area.height())
        title, __, found = str(index.data()).partition("\n")
        cut = cut_in_middle if index.data(SIGN) == FILE else cut_at_word
        draw_lines(painter, option, place, title, found, is_chosen=is_chosen, cut=cut)
        painter.restore()

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        return QSize(80, scaled(TALL_ROW_HEIGHT if "\n" in str(index.data()) else ROW_HEIGHT))


class EarlierList(QFrame):
    """A list of items of a kind, newest first, with a button above it that begins another. Base class."""

    chosen = Signal(str)
    new_requested = Signal()
    kind = name = ""
    """Kind of the items, and the beginning of the object names."""

    def __init__(self, bridge: Bridge, parent: QWidget, *, new: str, tip: str, search: str, label: str) -> None:
        super().__init__(parent)
        self.setObjectName(f"{self.name}_side")
        self._bridge = bridge
        self._words, self._limit = "", AT_ONCE
        self._is_held = False
        """Whether the list is newer than what is on show."""
        self._listed: Live[Listed] = Live(
            bridge, self, lambda: self.request(self._words, self._limit), Listed(), is_watched=False
        )
        self._timer = Delay(self, SEARCH_AFTER_MS, self._on_search)
        self._build_ui(new, tip, search, label)
        self._connect()

    def request(self, words: str, limit: int) -> object:
        """Return the request for what is `Listed`."""
        raise NotImplementedError

    def actions_of(self) -> Sequence[tuple[str, str, str, Callable[[], object]]]:
        """Return the actions of the list: words, keys, name, work."""
        raise NotImplementedError

    def icon_of(self, _item: Item) -> str:
        return FILE

    def _build_ui(self, new: str, tip: str, search: str, label: str) -> None:
        begin = button(
            new, f"new_{self.kind}", self, kind="new", icon="plus", colour="accent", tip=tip, on=self._on_new
        )
        actions = self.actions_of()
        about = ", ".join(words for words, *_rest in actions)
        more = tool_button(f"{self.name}_more", self, icon="ellipsis", label=_("More"), tip=about)
        self.search = text_line(f"{self.name}_search", self, search, most=400, clears=CLEAR)
        self._hint = plain_label("", self, name=f"{self.name}_hint", kind="small")
        self.list = named(QListWidget(self), f"{self.name}_list", label=label)
        self.list.setItemDelegate(EarlierPainter(self.list))
        self.list.setFrameShape(QFrame.Shape.NoFrame)
        self.list.setMouseTracking(True)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.list.setContextMenuPolicy(Qt.ContextMenuPolicy.ActionsContextMenu)
        menu = named(QMenu(more), f"{self.name}_menu")
        for words, keys, name, work in actions:
            action = named(menu.addAction(words, QKeySequence(keys), work), name)
            action.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
            self.list.addAction(action)
        more.setMenu(menu)
        self._more = button(_("Show more"), f"{self.name}_all_button", self, kind="text", on=self._on_more)
        column(
            row((begin, 1), more, gap=0), self.search, self._hint, (self.list, 1), self._more, into=self,
            gap=theme.SPACE_8,
        )  # fmt: skip

    def _connect(self) -> None:
        self.search.textChanged.connect(self._timer.start)
        self.search.installEventFilter(self)
        for signal in (self.list.itemClicked, self.list.itemActivated):
            signal.connect(lambda item: self.chosen.emit(item.data(ID)))
        self.list.itemChanged.connect(self._on_renamed)
        self.list.itemDelegate().closeEditor.connect(self._show_held)
        self._bridge.on(ItemChanged, lambda event: self._listed.again() if event.item.kind == self.kind else None)
        self._bridge.on(ItemGone, self._listed.again)
        self._listed.changed.connect(self.look)
        self.look()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._listed.watch(True)

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._listed.watch(False)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Go from the search field to the list by Down or Enter."""
        if not isinstance(event, QKeyEvent) or event.type() != QEvent.Type.KeyPress or watched is not self.search:
            return False
        if event.key() not in (Qt.Key.Key_Down, Qt.Key.Key_Return, Qt.Key.Key_Enter):
            return False
        self._timer.stop()
        self._on_search()
        self.list.setFocus()
        self.list.setCurrentRow(max(0, self.list.currentRow()))
        return True

    def _on_new(self) -> None:
        self.list.setCurrentRow(-1)
        self.new_requested.emit()

    def _on_search(self) -> None:
        words = self.search.text().strip()
        if words != self._words:
            self._words, self._limit = words, AT_ONCE
            self._listed.again()

    def _on_more(self) -> None:
        self._limit += AT_ONCE
        self._listed.again()

    def look(self) -> None:
        """Show what is listed. While a person writes a title, it waits."""
        self._is_held = self.list.state() is QAbstractItemView.State.EditingState
        if self._is_held:
            return
        rows, requested, is_cut = self._listed.value.rows, self._listed.value.words, self._listed.value.is_cut
        now = self.current
        with QSignalBlocker(self.list):
            self.list.clear()
            for item, snippet in rows:
                title = " ".join(item.shown_title.split())
                words = f"{title}\n{snippet.translate(HIT_MARKS)}" if snippet else title
                line = QListWidgetItem(words, self.list)
                line.setData(SIGN, self.icon_of(item))
                line.setFlags(line.flags() | Qt.ItemFlag.ItemIsEditable)
                line.setData(ID, item.id)
                line.setToolTip(plain_tip(f"{item.shown_title}\n{moment_words(item.updated)}"))
        self.mark(now)
        hint = _("{count} found").format(count=len(rows)) if rows else _("Nothing found")
        if is_cut:
            hint += _("; the oldest documents were not looked through")
        if not requested:
            hint = "" if rows else _("None yet")
        show_words(self._hint, hint)
        self._more.setVisible(is_cut and not requested)

    def _show_held(self) -> None:
        if self._is_held:
            self.look()

    def mark(self, id: str) -> None:
        ids = [item.id for item, _snippet in self._listed.value.rows]
        self.list.setCurrentRow(ids.index(id) if id in ids else -1)

    @property
    def current(self) -> str:
        item = self.list.currentItem()
        return str(item.data(ID)) if item is not None else ""

    def rename(self) -> None:
        if (item := self.list.currentItem()) is not None:
            self.list.editItem(item)

    def _on_renamed(self, item: QListWidgetItem) -> None:
        if title := item.text().partition("\n")[0].strip():
            self._bridge.services.history.rename(str(item.data(ID)), title)
        else:
            self.look()
