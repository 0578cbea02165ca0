"""A list of languages with search: favourites and recent ones on top, pinned with a key or a click."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QPoint, Qt, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence, QMouseEvent, QShortcut
from PySide6.QtWidgets import (
    QFrame,
    QListWidget,
    QListWidgetItem,
    QWidget,
)

from slmdesk.base.languages import LANGUAGES
from slmdesk.text.words.folding import fold
from slmdesk.translation.window.text.view import TextView
from slmdesk.window.base import theme
from slmdesk.window.base.icons import icon
from slmdesk.window.base.theme_keeper import ThemeKeeper
from slmdesk.window.widgets.build import CLEAR, button, column, row, text_line
from slmdesk.window.widgets.choice import Choice
from slmdesk.window.widgets.named import named, passing

CODE = Qt.ItemDataRole.UserRole
WIDTH, HEIGHT = 300, 420
ICON_WIDTH = 28


class LanguageChoice(Choice):
    pin_requested = Signal(str)

    def __init__(self, keeper: ThemeKeeper, parent: QWidget, *, detect: str = "") -> None:
        """`detect`: the label for no language; empty: a language must be chosen."""
        known = sorted(LANGUAGES.values(), key=lambda one: one.name)
        super().__init__([*([("", detect)] if detect else []), *((one.code, one.name) for one in known)], parent)
        self._keeper, self._detect = keeper, detect
        self._view = TextView()
        self._popup: LanguagePopup | None = None

    def show_view(self, view: TextView) -> None:
        self._view = view
        if self._popup is not None:
            self._popup.show_view(view)

    def showPopup(self) -> None:
        popup = self._popup = LanguagePopup(self._keeper, self._detect, self._view, self.currentData(), self)
        popup.chosen.connect(self._on_chosen)
        popup.pin_requested.connect(self.pin_requested)
        popup.destroyed.connect(self._on_closed)
        below = self.mapToGlobal(QPoint(0, self.height() + 2))
        space = self.screen().availableGeometry()
        popup.resize(max(WIDTH, self.width()), min(HEIGHT, space.height() - theme.SPACE_16))
        popup.move(
            max(space.left(), min(below.x(), space.right() - popup.width())),
            max(space.top(), min(below.y(), space.bottom() - popup.height())),
        )
        popup.show()
        popup.setFocus()

    def hidePopup(self) -> None:
        if self._popup is not None:
            self._popup.close()
        super().hidePopup()

    def _on_chosen(self, code: str) -> None:
        self.show_value(code)
        self.value_chosen.emit(code)

    def _on_closed(self) -> None:
        self._popup = None


class LanguagePopup(QFrame):
    chosen = Signal(str)
    pin_requested = Signal(str)

    def __init__(self, keeper: ThemeKeeper, detect: str, view: TextView, now: str, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        passing(self, "language_popup")
        self._keeper, self._detect, self._view, self._chosen = keeper, detect, view, now
        self._build_ui()
        self._connect()
        self._fill(now)

    def _build_ui(self) -> None:
        self._search = text_line("language_search", self, "Search a language", clears=CLEAR)
        self._list = named(QListWidget(self), "language_list", label="Languages")
        self._list.setFrameShape(QFrame.Shape.NoFrame)
        self._list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._pin = button(
            "Pin to the top", "pin_language_button", self, tip="Keep this language on top of the list (Ctrl+D)"
        )
        foot = row(1, self._pin)
        column(self._search, (self._list, 1), foot, into=self, gap=theme.SPACE_8, margins=theme.SPACE_8)
        self.setFocusProxy(self._search)

    def _connect(self) -> None:
        self._search.textChanged.connect(lambda _text: self._fill(self.code))
        self._search.installEventFilter(self)
        self._list.viewport().installEventFilter(self)
        self._list.installEventFilter(self)
        self._list.itemClicked.connect(self._on_taken)
        self._list.currentItemChanged.connect(lambda _now, _before: self._show_pin())
        self._pin.clicked.connect(self._on_pin)
        QShortcut(QKeySequence("Ctrl+D"), self, self._on_pin)

    @property
    def code(self) -> str:
        """The code of the current row; empty: detect, or no row."""
        item = self._list.currentItem()
        return str(item.data(CODE)) if item is not None else ""

    def show_view(self, view: TextView) -> None:
        self._view = view
        self._fill(self.code)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self._on_taken()
                return True
            moves = (Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_PageUp, Qt.Key.Key_PageDown)
            if watched is self._search and event.key() in moves:
                self._list.event(event)
                return True
        if watched is self._list.viewport() and isinstance(event, QMouseEvent):
            at = event.position().toPoint()
            item = self._list.itemAt(at)
            is_mirrored = self.layoutDirection() == Qt.LayoutDirection.RightToLeft
            is_pin = at.x() > self._list.viewport().width() - ICON_WIDTH if is_mirrored else at.x() < ICON_WIDTH
            if item is not None and item.data(CODE) and is_pin:
                if event.type() == QEvent.Type.MouseButtonPress:
                    self._list.setCurrentItem(item)
                    self.pin_requested.emit(str(item.data(CODE)))
                return True
        return False

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.close()
        else:
            super().keyPressEvent(event)

    def _on_taken(self) -> None:
        item = self._list.currentItem()
        if item is not None and item.flags() & Qt.ItemFlag.ItemIsSelectable:
            code = str(item.data(CODE))
            self.close()
            self.chosen.emit(code)

    def _on_pin(self) -> None:
        if self.code:
            self.pin_requested.emit(self.code)

    def _fill(self, now: str) -> None:
        words = fold(self._search.text().strip())
        self._list.clear()
        known = [one.code for one in sorted(LANGUAGES.values(), key=lambda one: one.name)]
        if words:
            found = [code for code in known if _is_meant(code, words)]
            found.sort(key=lambda code: not fold(LANGUAGES[code].name).startswith(words))
            self._add("", found)
        else:
            if self._detect:
                self._add("", [""])
            self._add("Pinned", list(self._view.favourites))
            used = dict.fromkeys((*self._view.recent, *([self._chosen] if self._chosen else [])))
            self._add("Used last", [one for one in used if one not in self._view.favourites])
            self._add("All languages", known)
        requested = [row for row in range(self._list.count()) if self._list.item(row).data(CODE) == now]
        usable = [row for row in range(self._list.count()) if self._list.item(row).data(CODE) is not None]
        rows = requested if requested and not words else usable
        if rows:
            self._list.setCurrentRow(rows[0])
        self._show_pin()

    def _add(self, heading: str, codes: list[str]) -> None:
        if heading and codes:
            item = QListWidgetItem(heading, self._list)
            item.setFlags(Qt.ItemFlag.NoItemFlags)
        for code in codes:
            language = LANGUAGES.get(code)
            words = language.name if language else self._detect
            if language and language.own_name != language.name:
                words += f" — {language.own_name}"
            item = QListWidgetItem(words, self._list)
            item.setData(CODE, code)
            is_pinned = code in self._view.favourites
            if language:
                item.setIcon(icon("pin", self._keeper.theme.colour("accent" if is_pinned else "muted")))
                item.setData(Qt.ItemDataRole.AccessibleTextRole, f"{words}, pinned" if is_pinned else words)

    def _show_pin(self) -> None:
        self._pin.setEnabled(bool(self.code))
        self._pin.setText("Unpin" if self.code in self._view.favourites else "Pin to the top")


def _is_meant(code: str, words: str) -> bool:
    language = LANGUAGES[code]
    return code == words or words in fold(language.name) or words in fold(language.own_name)
