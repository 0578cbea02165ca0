"""The list of findings in a translation, a line each; a click or Enter goes to the sentence."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtGui import QIcon, QKeyEvent
from PySide6.QtWidgets import QFrame, QListWidget, QListWidgetItem, QWidget

from slmdesk.window.base import theme
from slmdesk.window.base.icons import icon
from slmdesk.window.base.theme_keeper import ThemeKeeper
from slmdesk.window.widgets.named import named
from slmdesk.window.widgets.text import plain_tip

MOST_LINES = 3
SEGMENT = Qt.ItemDataRole.UserRole


class FlagList(QListWidget):
    segment_requested = Signal(int)

    def __init__(self, keeper: ThemeKeeper, parent: QWidget) -> None:
        super().__init__(parent)
        named(self, "translation_flags")
        self.setAccessibleName("Needs review")
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setUniformItemSizes(True)
        self._keeper = keeper
        self._lines: list[tuple[int, str]] = []
        self.itemClicked.connect(self._on_taken)
        keeper.theme_changed.connect(self._on_theme)

    def show_lines(self, lines: Sequence[tuple[int, str]]) -> None:
        if list(lines) != self._lines:
            self._lines = list(lines)
            self.clear()
            mark = self._mark()
            for segment, words in lines:
                item = QListWidgetItem(mark, words, self)
                item.setData(SEGMENT, segment)
                item.setToolTip(plain_tip(words))
        self.setVisible(bool(lines))
        self._size()

    @property
    def words(self) -> str:
        return "\n".join(words for _, words in self._lines)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._on_taken()
        else:
            super().keyPressEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange):
            self._size()

    def sizeHint(self) -> QSize:
        return QSize(200, self.maximumHeight())

    def _on_theme(self, _theme: object) -> None:
        for row in range(self.count()):
            self.item(row).setIcon(self._mark())

    def _mark(self) -> QIcon:
        return icon("triangle-alert", self._keeper.theme.colour("warn"), size=16)

    def _on_taken(self) -> None:
        item = self.currentItem()
        if item is not None:
            self.segment_requested.emit(int(item.data(SEGMENT)))

    def _size(self) -> None:
        row = max(self.sizeHintForRow(0), self.fontMetrics().height()) if self.count() else 0
        self.setFixedHeight(max(1, min(MOST_LINES, self.count())) * row + theme.SPACE_8)
