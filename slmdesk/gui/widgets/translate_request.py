"""The one way from any words in the window to the translator: whoever shows them says that they are wanted there.

No page knows the translator.  The request goes up from widget to widget until one of them, the window, has a signal
for it.
"""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QPoint, Qt, SignalInstance
from PySide6.QtGui import QContextMenuEvent
from PySide6.QtWidgets import QMenu, QPlainTextEdit, QWidget

from slmdesk.gui.widgets.named import named

TEXT_SIGNAL = "translate_wanted"
"""Emitted with a text."""
DOCUMENT_SIGNAL = "document_translate_wanted"
"""Emitted with a Path."""


def want_translation(source: QWidget, text: str) -> None:
    """Have `text`, which `source` shows, opened in the translator; words of nothing but spaces are no request."""
    signal = _signal_above(source, TEXT_SIGNAL)
    if signal is not None and text.strip():
        signal.emit(text.strip())


def want_document_translation(source: QWidget, path: Path) -> None:
    """Have a document translated into one of the same format."""
    signal = _signal_above(source, DOCUMENT_SIGNAL)
    if signal is not None:
        signal.emit(path)


def pop_up_words_menu(source: QWidget, place: QPoint, words: str, text: str) -> None:
    """A menu with the one entry that translates `text`; `words` name it."""
    menu = named(QMenu(source), "words_menu")
    menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    menu.addAction(words, lambda: want_translation(source, text))
    menu.popup(place)


class TranslatableText(QPlainTextEdit):
    """A text to be read whose menu also offers to translate it, or what is selected in it."""

    @property
    def chosen(self) -> str:
        """What is selected; '' for nothing."""
        return self.textCursor().selectedText().replace("\u2029", "\n")

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """What Qt offers, and the translation."""
        menu = named(self.createStandardContextMenu(), "text_menu")
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        chosen = self.chosen
        menu.addSeparator()
        words = "Translate the selection" if chosen else "Translate this text"
        menu.addAction(words, lambda: want_translation(self, chosen or self.toPlainText()))
        menu.popup(event.globalPos())


def _signal_above(source: QWidget, name: str) -> SignalInstance | None:
    above: QWidget | None = source
    while above is not None:
        found = getattr(above, name, None)
        if isinstance(found, SignalInstance):
            return found
        above = above.parentWidget()
    return None
