"""Sends any text shown in the window to the translator, or to the page Write.

No page knows these: the request goes up from widget to widget until one of them, the window, has a signal for
it.
"""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QPoint, Qt, SignalInstance
from PySide6.QtGui import QContextMenuEvent
from PySide6.QtWidgets import QMenu, QPlainTextEdit, QWidget

from slmdesk.window.widgets.named import named

TEXT_SIGNAL = "translate_requested"
"""Emitted with a text."""
WRITING_SIGNAL = "writing_requested"
"""Emitted with a text."""
DOCUMENT_SIGNAL = "document_translate_requested"
"""Emitted with a Path."""


def request_translation(source: QWidget, text: str) -> None:
    """Open `text`, which `source` shows, in the translator; blank text is ignored."""
    signal = _signal_above(source, TEXT_SIGNAL)
    if signal is not None and text.strip():
        signal.emit(text.strip())


def request_writing(source: QWidget, text: str) -> None:
    signal = _signal_above(source, WRITING_SIGNAL)
    if signal is not None and text.strip():
        signal.emit(text.strip())


def request_document_translation(source: QWidget, path: Path) -> None:
    signal = _signal_above(source, DOCUMENT_SIGNAL)
    if signal is not None:
        signal.emit(path)


def pop_up_words_menu(source: QWidget, place: QPoint, words: str, text: str) -> None:
    menu = named(QMenu(source), "words_menu")
    menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    menu.addAction(words, lambda: request_translation(source, text))
    menu.popup(place)


class TranslatableText(QPlainTextEdit):
    @property
    def chosen(self) -> str:
        return self.textCursor().selectedText().replace("\u2029", "\n")

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        menu = named(self.createStandardContextMenu(), "text_menu")
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        chosen = self.chosen
        menu.addSeparator()
        words = "Translate the selection" if chosen else "Translate this text"
        menu.addAction(words, lambda: request_translation(self, chosen or self.toPlainText()))
        menu.popup(event.globalPos())


def _signal_above(source: QWidget, name: str) -> SignalInstance | None:
    above: QWidget | None = source
    while above is not None:
        found = getattr(above, name, None)
        if isinstance(found, SignalInstance):
            return found
        above = above.parentWidget()
    return None
