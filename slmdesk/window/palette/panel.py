"""The panel of the palette: a line to type in, and the list below it.  Widgets only."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QRect, Qt, Signal
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent, QCursor, QFocusEvent, QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QFrame, QLineEdit, QListWidget, QListWidgetItem, QWidget
from shiboken6 import isValid

from slmdesk.window.base import theme
from slmdesk.window.palette.entries import Entry, Listing
from slmdesk.window.palette.painter import ENTRY_ROLE, PalettePainter
from slmdesk.window.widgets.build import column
from slmdesk.window.widgets.named import named
from slmdesk.window.widgets.snippet import without_marks
from slmdesk.window.widgets.text import plain_tip

HINT = "Find actions, chats, documents, settings…"
MOST_LETTERS = 200
WIDTH = 76
"""In letters x."""
MOST_HEIGHT = 0.7
STAYING = (Qt.FocusReason.ActiveWindowFocusReason, Qt.FocusReason.PopupFocusReason, Qt.FocusReason.MenuBarFocusReason)
"""Why the line may lose the focus and the palette stays: another window is in front, or its own menu is open."""


class PaletteLine(QLineEdit):
    """Leaves the keys for the list to the panel."""

    left = Signal()
    stepped = Signal(int)

    def event(self, event: QEvent) -> bool:
        """Tab chooses in the list: it never leads out of the palette."""
        key = event.key() if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress else None
        if key in (Qt.Key.Key_Tab, Qt.Key.Key_Backtab):
            self.stepped.emit(1 if key == Qt.Key.Key_Tab else -1)
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in _STEPS or event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Escape):
            event.ignore()
        else:
            super().keyPressEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        if event.reason() not in STAYING:
            self.left.emit()


class PalettePanel(QWidget):
    """Covers the window while it is open, so that a click beside the panel closes it."""

    words_changed = Signal(str)
    chosen = Signal(object)
    closed = Signal()

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self.setObjectName("palette")
        self._window = window
        self._before: QWidget | None = None
        """Had the focus when the palette opened."""
        self._listing = Listing("")
        self._mouse = QCursor.pos()
        """Where it was when the list was filled: one that only lies there chooses nothing."""
        self._build_ui()
        self.hide()
        self.line.textChanged.connect(self.words_changed)
        self.line.left.connect(self._on_left)
        self.line.stepped.connect(self._step)
        self.list.itemEntered.connect(self._on_entered)
        self.list.itemClicked.connect(self._on_clicked)
        window.installEventFilter(self)

    def _build_ui(self) -> None:
        self._panel = named(QFrame(self), "palette_panel")
        self.line = named(PaletteLine(self._panel), "palette_line", label=HINT)
        self.line.setPlaceholderText(HINT)
        self.line.setMaxLength(MOST_LETTERS)
        self.list = named(QListWidget(self._panel), "palette_list", label="Found")
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.setFrameShape(QFrame.Shape.NoFrame)
        self.list.setItemDelegate(PalettePainter(self.list))
        self.list.setMouseTracking(True)
        self.list.setVerticalScrollMode(QListWidget.ScrollMode.ScrollPerPixel)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        column(self.line, (self.list, 1), into=self._panel, gap=theme.SPACE_8, margins=theme.SPACE_8)

    def open(self) -> None:
        self._before = self._window.focusWidget()
        self.line.clear()
        self.setGeometry(self._window.rect())
        self.show()
        self.raise_()
        self._place()
        self.line.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def end(self) -> None:
        """Close, and put the focus back where it was."""
        if self.isHidden():
            return
        before, self._before = self._before, None
        self.hide()
        if before is not None and isValid(before) and before.isVisible():
            before.setFocus(Qt.FocusReason.OtherFocusReason)
        self.closed.emit()

    def show_listing(self, listing: Listing) -> None:
        """Fill the list; where only more was found for the same words, the chosen row stays chosen."""
        row = self.list.currentRow() if listing.words == self._listing.words else -1
        chosen = self._entry_at(row)
        self._listing, self._mouse = listing, QCursor.pos()
        self.list.clear()
        for section in listing.sections:
            count = f" ({len(section.entries)} of {section.total:,})" if section.total > len(section.entries) else ""
            self._say(section.heading + count)
            for entry in section.entries:
                self._add(entry, section.heading)
        if not listing.sections:
            self._say(f"Nothing found for “{listing.words}”" if listing.is_complete else "Searching…")
        same = row if chosen is not None and self._is_same(row, chosen) else 1
        self.list.setCurrentRow(same if self._entry_at(same) else -1)
        self.list.scrollToTop() if same == 1 else self.list.scrollToItem(self.list.item(same))
        self._place()
        self._announce()

    def _add(self, entry: Entry, heading: str) -> None:
        item = QListWidgetItem(entry.name, self.list)
        item.setData(ENTRY_ROLE, entry)
        snippet = without_marks(entry.snippet)
        words = ", ".join(part for part in (entry.name, heading, entry.detail, entry.shortcut, snippet) if part)
        item.setData(Qt.ItemDataRole.AccessibleTextRole, words)
        item.setToolTip(plain_tip("\n".join(part for part in (entry.name, snippet) if part)))

    def _say(self, words: str) -> None:
        QListWidgetItem(words, self.list).setFlags(Qt.ItemFlag.NoItemFlags)

    def _entry_at(self, row: int) -> Entry | None:
        item = self.list.item(row) if row >= 0 else None
        entry = item.data(ENTRY_ROLE) if item else None
        return entry if isinstance(entry, Entry) else None

    def _is_same(self, row: int, entry: Entry) -> bool:
        now = self._entry_at(row)
        return now is not None and (now.name, now.detail, now.snippet) == (entry.name, entry.detail, entry.snippet)

    # ---- keys and mouse

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Keys that the line leaves; none of them reaches the page behind the palette."""
        if event.key() == Qt.Key.Key_Escape:
            self.end()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._choose(self._entry_at(self.list.currentRow()))
        elif event.key() in _STEPS:
            self._step(_STEPS[Qt.Key(event.key())])
        event.accept()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if not self._panel.geometry().contains(event.position().toPoint()):
            self.end()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self._window and event.type() == QEvent.Type.Resize and self.isVisible():
            self.setGeometry(self._window.rect())
            self._place()
        return False

    def _step(self, by: int) -> None:
        """Choose another entry; past an end it begins again, by pages it stops there."""
        rows = [row for row in range(self.list.count()) if self._entry_at(row)]
        if not rows:
            return
        current = self.list.currentRow()
        at = rows.index(current) + by if current in rows else 0
        at = at % len(rows) if abs(by) == 1 else min(max(at, 0), len(rows) - 1)
        self.list.setCurrentRow(rows[at])
        if at == 0:
            self.list.scrollToTop()  # with its heading
        self._announce()

    def _on_entered(self, item: QListWidgetItem) -> None:
        if item.data(ENTRY_ROLE) is not None and QCursor.pos() != self._mouse:
            self.list.setCurrentItem(item)

    def _on_clicked(self, item: QListWidgetItem) -> None:
        self._choose(self._entry_at(self.list.row(item)))

    def _on_left(self) -> None:
        self._before = None
        self.end()

    def _choose(self, entry: Entry | None) -> None:
        if entry is not None:
            self.end()
            self.chosen.emit(entry)

    # ---- layout and speech

    def _place(self) -> None:
        space = self.rect().adjusted(theme.SPACE_16, theme.SPACE_16, -theme.SPACE_16, -theme.SPACE_16)
        width = min(WIDTH * self.fontMetrics().horizontalAdvance("x"), space.width())
        rows = sum(self.list.sizeHintForRow(row) for row in range(self.list.count()))
        needed = self.line.sizeHint().height() + rows + 3 * theme.SPACE_8 + 2 * self._panel.frameWidth() + 4
        height = min(needed, int(MOST_HEIGHT * self.height()), space.height())
        top = min(space.top() + self.height() // 12, space.bottom() - height)
        self._panel.setGeometry(QRect(space.left() + (space.width() - width) // 2, top, width, height))

    def _announce(self) -> None:
        """Read out what is chosen: the focus stays in the line."""
        if QAccessible.isActive():
            item = self.list.currentItem() or self.list.item(0)
            words = item.data(Qt.ItemDataRole.AccessibleTextRole) or item.text() if item else ""
            QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self.list, str(words)))


_STEPS = {
    Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1, Qt.Key.Key_PageDown: 8, Qt.Key.Key_PageUp: -8,
}  # fmt: skip
