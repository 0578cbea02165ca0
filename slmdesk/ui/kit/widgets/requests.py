"""Sends any text shown in the window to the translator, to the page Write, to be read aloud or copied without names.

No page knows these: the request goes up from widget to widget until one of them, the window, has a signal for it.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, SignalInstance
from PySide6.QtGui import (
    QContextMenuEvent,
)
from PySide6.QtWidgets import (
    QMenu,
    QPlainTextEdit,
    QWidget,
)

from slmdesk.base.texts import _
from slmdesk.ui.kit.widgets.build import (
    passing,
)

if TYPE_CHECKING:
    from slmdesk.ui.kit.widgets.reading import Aloud


READ_ALOUD = _("Read aloud")
NAMELESS = _("Copy without names…")


def request_translation(source: QWidget, text: str) -> None:
    """Open `text`, which `source` shows, in the translator. Blank text is ignored."""
    _emit_above(source, "translate_requested", text.strip())


def request_writing(source: QWidget, text: str) -> None:
    _emit_above(source, "writing_requested", text.strip())


def request_document_translation(source: QWidget, path: Path) -> None:
    _emit_above(source, "document_translate_requested", path)


def request_reading(
    source: QWidget, text: str, mark: Callable[[int, int], object] | None = None, *, by_words: bool = True
) -> None:
    """Read a text aloud, which `source` shows. `mark` marks the characters that are being said, in sentences alone if
    not `by_words`; a text field selects them.
    """
    from slmdesk.ui.kit.widgets.reading import Aloud

    _emit_above(source, "reading_requested", Aloud(text, source, mark, by_words=by_words))


def request_nameless(source: QWidget, text: str) -> None:
    """Show `text`, which `source` shows, without its names before it is copied."""
    _emit_above(source, "nameless_requested", text)


def can_read() -> bool:
    from slmdesk.ui.kit.widgets.reading import voice_for  # late: few menus are opened

    return voice_for("") is not None


def add_ways_to(menu: QMenu, source: QWidget, text: str, mark: Callable[[int, int], object] | None = None) -> None:
    """Add what can be done with any text: copy it without names, read it aloud."""
    if not text.strip():
        return
    menu.addAction(NAMELESS, lambda: request_nameless(source, text)).setObjectName("nameless_action")
    if can_read():
        read = menu.addAction(READ_ALOUD, lambda: request_reading(source, text, mark))
        read.setObjectName("read_aloud_action")


def pop_up_words_menu(source: QWidget, place: QPoint, words: str, text: str) -> None:
    menu = passing(QMenu(source), "words_menu")
    menu.addAction(words, lambda: request_translation(source, text))
    add_ways_to(menu, source, text)
    menu.popup(place)


class TranslatableText(QPlainTextEdit):
    @property
    def chosen(self) -> str:
        return self.textCursor().selectedText().replace("\u2029", "\n")

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        menu = passing(self.createStandardContextMenu(), "text_menu")
        chosen = self.chosen
        menu.addSeparator()
        words = _("Translate the selection") if chosen else _("Translate this text")
        menu.addAction(words, lambda: request_translation(self, chosen or self.toPlainText()))
        add_ways_to(menu, self, chosen or self.toPlainText())
        menu.popup(event.globalPos())


def _emit_above(source: QWidget, name: str, given: str | Path | Aloud) -> None:
    above: QWidget | None = source if given else None
    while above is not None:
        signal = getattr(above, name, None)
        if isinstance(signal, SignalInstance):
            signal.emit(given)
            return
        above = above.parentWidget()
