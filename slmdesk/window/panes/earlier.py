"""A folded list of earlier items of a document, such as summaries, to open, rename or delete."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QInputDialog, QMenu, QToolButton, QWidget

from slmdesk.base.record import Record
from slmdesk.base.records import Item
from slmdesk.window.base import theme
from slmdesk.window.base.dates import moment_words
from slmdesk.window.panes.items_controller import ItemsController
from slmdesk.window.widgets.build import button, column, row, tool_button
from slmdesk.window.widgets.clear_layout import empty_layout
from slmdesk.window.widgets.icon import set_icon
from slmdesk.window.widgets.named import named, passing
from slmdesk.window.widgets.text import ElidedLabel, plain_label

MOST_SHOWN = 30


class Entry(Record):
    id: str
    words: str
    made: float
    """Seconds since the epoch."""
    title: str


def entry_of(item: Item) -> Entry:
    return Entry(item.id, item.title, item.created, item.title)


class EarlierRow(QFrame):
    chosen = Signal()
    rename_requested = Signal(str)
    delete_requested = Signal()

    def __init__(self, entry: Entry, parent: QWidget, *, is_current: bool) -> None:
        super().__init__(parent)
        named(self, "earlier_row", kind="row")
        self.setProperty("lit", is_current)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self._entry = entry
        when = moment_words(entry.made)
        words = ElidedLabel(self, name="earlier_words", text=entry.words)
        reported = f"{when}, on show" if is_current else when
        lines = column(words, plain_label(reported, self, name="earlier_when", kind="small", wraps=False), gap=0)
        label, tip = f"More about “{entry.words}”", "Rename or delete it"
        more = tool_button("earlier_more", self, icon="ellipsis", label=label, tip=tip)
        more.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.menu = named(QMenu(more), "earlier_menu")
        self.menu.addAction("Rename…", self.ask_title)
        self.menu.addAction("Delete", self.delete_requested.emit)
        more.setMenu(self.menu)
        row((lines, 1), more, into=self, margins=(theme.SPACE_8, theme.SPACE_4, theme.SPACE_4, theme.SPACE_4))
        self.setAccessibleName(f"{entry.words}, {reported}")

    def ask_title(self) -> None:
        dialog = passing(QInputDialog(self.window()), "rename_dialog", "Rename")
        dialog.setLabelText("What it is to be called:")
        dialog.setTextValue(self._entry.title)
        dialog.textValueSelected.connect(self._on_title)
        dialog.open()

    def _on_title(self, title: str) -> None:
        if title.strip():
            self.rename_requested.emit(title.strip())

    def mouseReleaseEvent(self, event: object) -> None:
        self.chosen.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        match event.key():
            case Qt.Key.Key_Return | Qt.Key.Key_Enter | Qt.Key.Key_Space:
                self.chosen.emit()
            case Qt.Key.Key_F2:
                self.ask_title()
            case Qt.Key.Key_Delete:
                self.delete_requested.emit()
            case _:
                super().keyPressEvent(event)


class EarlierBox(QFrame):
    """Folded until it is opened; while the shown item is the only one, a button with its menu."""

    chosen = Signal(str)
    rename_requested = Signal(str, str)
    delete_requested = Signal(str)

    def __init__(self, parent: QWidget, *, name: str) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self.has_entries = False
        self._shown: tuple[list[Entry], str] = [], ""
        self._button = button("Earlier", f"{name}_button", self, kind="quiet", icon="chevron-right")
        self._button.setCheckable(True)
        label, tip = "Rename or delete what is on show", "Rename or delete"
        self._only = tool_button(f"{name}_more", self, icon="ellipsis", label=label, tip=tip)
        self._only.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self._rows = named(QFrame(self), f"{name}_rows")
        self._list = column(into=self._rows, gap=0)
        self._rows.setVisible(False)
        left = Qt.AlignmentFlag.AlignLeft
        column((self._button, left), (self._only, left), self._rows, into=self, gap=theme.SPACE_4)
        self._button.toggled.connect(self._on_toggled)
        self.setVisible(False)

    def follow(
        self,
        items: ItemsController,
        choose: Callable[[str], object],
        delete: Callable[[str], object] | None = None,
        entry: Callable[[Item], Entry] = entry_of,
    ) -> None:
        self.chosen.connect(choose)
        self.rename_requested.connect(items.rename)
        self.delete_requested.connect(delete or items.delete)
        items.listed.connect(lambda found, current: self.show_entries([entry(one) for one in found], current))

    def show_entries(self, entries: Sequence[Entry], current: str) -> None:
        if (list(entries), current) == self._shown:
            return  # a new row would not hear the click on the old one
        self._shown = list(entries), current
        empty_layout(self._list)
        others = sum(one.id != current for one in entries)
        self._button.setText(f"{others:,} earlier")
        last = None
        for entry in entries[:MOST_SHOWN]:
            last = EarlierRow(entry, self._rows, is_current=entry.id == current)
            last.chosen.connect(partial(self.chosen.emit, entry.id))
            last.rename_requested.connect(partial(self.rename_requested.emit, entry.id))
            last.delete_requested.connect(partial(self.delete_requested.emit, entry.id))
            self._list.addWidget(last)
        self.has_entries = bool(entries)
        if last is not None and not others:
            self._only.setMenu(last.menu)
        self._button.setVisible(others > 0)
        self._only.setVisible(not others)
        self._rows.setVisible(others > 0 and self._button.isChecked())
        self.setVisible(self.has_entries)

    def _on_toggled(self, is_open: bool) -> None:
        set_icon(self._button, "chevron-down" if is_open else "chevron-right")
        self._rows.setVisible(is_open)
