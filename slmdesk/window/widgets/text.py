"""Labels that never treat untrusted text as markup."""

from __future__ import annotations

import re
from html import escape

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QFont, QFontMetrics, QResizeEvent, QTextLayout
from PySide6.QtWidgets import QAbstractButton, QLabel, QSizePolicy, QWidget

from slmdesk.window.widgets.named import named


def plain_label(
    text: str, parent: QWidget, *, name: str, kind: str = "", wraps: bool = True, is_hidden: bool = False
) -> QLabel:
    label = named(QLabel(text, parent), name)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(wraps)
    if wraps:
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)  # a new policy forgets it: the label would be as tall as in a narrow column
        label.setSizePolicy(policy)
    if kind:
        label.setProperty("kind", kind)
    if is_hidden:
        label.hide()
    return label


def show_words(widget: QLabel | QAbstractButton, words: str) -> None:
    """Set the text of a label or button, which is hidden while it has none."""
    widget.setText(words)
    widget.setVisible(bool(words))


class ElidedLabel(QLabel):
    """One line of plain text, cut with an ellipsis where there is no room; the tooltip holds all of it."""

    def __init__(
        self,
        parent: QWidget,
        *,
        name: str,
        kind: str = "",
        text: str = "",
        cut: Qt.TextElideMode = Qt.TextElideMode.ElideRight,
    ) -> None:
        super().__init__(parent)
        self._mode = cut
        named(self, name, kind=kind)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.setMinimumWidth(40)
        self.full_text = ""
        if text:
            self.set_full_text(text)

    def set_full_text(self, text: str) -> None:
        self.full_text = text
        self.setAccessibleName(text)
        self._cut()

    def resizeEvent(self, event: object) -> None:
        self._cut()

    def _cut(self) -> None:
        shown = self.fontMetrics().elidedText(self.full_text, self._mode, max(self.width(), 40))
        self.setText(shown)
        self.setToolTip(plain_tip(self.full_text) if shown != self.full_text else "")


class CutLabel(QLabel):
    """Plain text on at most `lines` lines."""

    was_cut = Signal(bool)

    def __init__(self, text: str, parent: QWidget, *, name: str, lines: int) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setWordWrap(True)
        self.setAccessibleName(text)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self._full, self._lines = text, lines
        self.setText(text)
        self._limit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._limit()
        shown = cut_to_lines(self._full, self.font(), self.width() - 2, self._lines)
        if shown != self.text():
            self.setText(shown)
        self.was_cut.emit(shown != self._full)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange):
            self._limit()

    def _limit(self) -> None:
        height = self._lines * self.fontMetrics().lineSpacing() + 2
        if height != self.maximumHeight():
            self.setMaximumHeight(height)


def plain_tip(text: str) -> str:
    """Untrusted text as a tooltip: tooltips have no plain format, so markup is escaped; long lines wrap."""
    return f"<p>{escape(text)}</p>".replace("\n", "<br>") if text else ""


def breakable(text: str, every: int = 30) -> str:
    """Text in which words longer than a line may be broken.  Only for display, never copied or opened."""
    return re.sub(rf"\S{{{every}}}", lambda found: found.group() + "\u200b", text)


def first_words(text: str, most: int) -> str:
    """The first words of a text; two signs of Chinese or Japanese are a word."""
    words = [*re.finditer(r"[\u3040-\u9fff]{1,2}|[^\s\u3040-\u9fff]+", text)]
    return text[: words[most - 1].end()] if len(words) > most else text


def cut_to_lines(text: str, font: QFont, width: int, lines: int) -> str:
    """`text`, or its beginning and an ellipsis where it takes more than `lines` lines of `width` pixels."""
    layout = QTextLayout(text, font)
    layout.beginLayout()
    starts: list[int] = []
    while (line := layout.createLine()).isValid() and len(starts) <= lines:
        line.setLineWidth(max(width, 1))
        starts.append(line.textStart())
    layout.endLayout()
    if len(starts) <= lines or width <= 0:
        return text
    last = text[starts[lines - 1] :]
    return text[: starts[lines - 1]] + QFontMetrics(font).elidedText(last, Qt.TextElideMode.ElideRight, width)
