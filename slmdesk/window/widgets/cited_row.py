"""A row with a sentence or quotation, and its source below."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QEnterEvent, QFocusEvent, QKeyEvent, QKeySequence, QMouseEvent
from PySide6.QtWidgets import QFrame, QMenu, QWidget

from slmdesk.window.base import theme
from slmdesk.window.widgets.build import Part, column, row
from slmdesk.window.widgets.named import passing
from slmdesk.window.widgets.text import breakable, first_words, plain_label, plain_tip
from slmdesk.window.widgets.translate_request import request_translation


class CitedRow(QFrame):
    chosen = Signal()
    pointed_at = Signal(bool)
    copy_requested = Signal()

    def __init__(
        self, text: str, place: str, parent: QWidget, *, name: str, warning: str = "", details: str = "",
        has_bullet: bool = False, kind: str = "", most_words: int = 0,
    ) -> None:  # fmt: skip
        """`kind`: the style sheet's, of the text; of longer text only the first `most_words` are shown until chosen."""
        super().__init__(parent)
        self.setObjectName(name)
        self._text = text
        self.setProperty("kind", "row")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        whole = plain_label(breakable(text), self, name="row_text", kind=kind)
        if most_words and (begin := first_words(text, most_words)) != text:
            whole.setText(breakable(f"{begin} …"))
            self.chosen.connect(lambda: whole.setText(breakable(text)))
        lines = [whole, plain_label(breakable(place), self, name="row_place", kind="small")]
        if warning:
            lines.append(plain_label(f"⚠ {warning}", self, name="row_warning", kind="warn"))
        parts: list[Part] = [(column(*lines, gap=0), 1)]
        if has_bullet:
            parts.insert(0, (plain_label("•", self, name="row_bullet", wraps=False), Qt.AlignmentFlag.AlignTop))
        row(*parts, into=self, gap=theme.SPACE_8, margins=theme.SPACE_4)
        self.setToolTip(plain_tip(details))
        self.setAccessibleName(". ".join(one for one in (f"{text} {place}", warning) if one))

    def show_lit(self, is_lit: bool) -> None:
        self.setProperty("lit", is_lit)
        self.style().unpolish(self)
        self.style().polish(self)

    # ---- Qt's own

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self.chosen.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self.chosen.emit()
        elif event.matches(QKeySequence.StandardKey.Copy):
            self.copy_requested.emit()
        else:
            super().keyPressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        menu = passing(QMenu(self), "row_menu")
        menu.addAction("Show its place", self.chosen.emit)
        copy = menu.addAction("Copy with its page", self.copy_requested.emit)
        copy.setShortcut(QKeySequence(QKeySequence.StandardKey.Copy))
        menu.addAction("Translate", lambda: request_translation(self, self._text))
        menu.popup(event.globalPos())

    def enterEvent(self, event: QEnterEvent) -> None:
        super().enterEvent(event)
        self.pointed_at.emit(True)

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self.pointed_at.emit(False)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.pointed_at.emit(True)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.pointed_at.emit(False)
