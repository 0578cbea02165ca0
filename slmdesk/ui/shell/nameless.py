"""Opens the sheets for a cloud that is not told who: what is selected, else all of the
page, is copied without names; the names are put back into what comes from there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication, QLineEdit, QPlainTextEdit, QTextEdit, QWidget

from slmdesk.base.texts import _
from slmdesk.ui.kit.base.bridge import Bridge
from slmdesk.ui.kit.base.shortcuts import bind
from slmdesk.ui.kit.widgets.notices import UNDO_MS, Notice

if TYPE_CHECKING:
    from slmdesk.services import Services
    from slmdesk.ui.shell.composition import Frame


class NamelessWays(QObject):
    def __init__(self, bridge: Bridge, frame: Frame) -> None:
        super().__init__(frame, objectName="nameless_ways")
        self._bridge, self._frame = bridge, frame
        window = frame.window
        window.nameless_requested.connect(self.open)
        bind(window, "nameless", self.copy)
        bind(window, "names_back", self.put_back)

    def open(self, text: str, title: str = "") -> None:
        window = self._frame.window
        if not text.strip():
            self._say(_("There is no text to copy without names."))
            return
        from slmdesk.ui.redaction.nameless import NamelessSheet  # late: few texts go out

        items = {"Chat": self._frame.chat.chat}
        item = items.get(window.current_page, "")
        title = title or _(window.current_page)
        sheet = NamelessSheet(self._bridge, text, title, item, window)
        sheet.back_requested.connect(self.put_back)
        sheet.open()

    def _say(self, words: str) -> None:
        self._bridge.notice_raised.emit(Notice(words, life_ms=UNDO_MS, key="nameless"))

    def copy(self) -> None:
        """Open what is selected, else all of what is shown, else what is copied."""
        frame = self._frame
        texts: Mapping[str, Callable[[], str]] = {
            "Translate": lambda: frame.translate.last.text,
            "Write": lambda: frame.writing_page.text,
        }
        asked = {
            "Chat": (_chat, frame.chat.chat),
            "Documents": (_document, frame.documents.current),
        }
        page = frame.window.current_page
        reads, id = asked.get(page, (_chat, None))
        chosen = selected_in(QApplication.focusWidget()) or texts.get(page, str)()
        if id and not chosen:
            self._bridge.ask(reads(id), lambda found: self.open(*found))
        else:
            self.open(chosen or QGuiApplication.clipboard().text())

    def copy_document(self, id: str) -> None:
        self._bridge.ask(_document(id), lambda found: self.open(*found))

    def put_back(self, key: str = "") -> None:
        text = QGuiApplication.clipboard().text()
        if not text.strip():
            self._say(_("There is no text on the clipboard."))
            return
        from slmdesk.ui.redaction.nameless import NamesBackSheet

        NamesBackSheet(self._bridge, text, key, self._frame.window).open()


def selected_in(widget: QWidget | None) -> str:
    """Return the selected words of a widget, or of one around it."""
    while widget is not None:
        if isinstance(widget, QPlainTextEdit | QTextEdit):
            return widget.textCursor().selection().toPlainText()
        if isinstance(widget, QLineEdit):
            return widget.selectedText()
        if callable(words := getattr(widget, "selected_text", None)):
            return str(words())
        widget = widget.parentWidget()
    return ""


def _chat(id: str) -> Callable[[Services], tuple[str, str]]:
    def read(services: Services) -> tuple[str, str]:
        opened = services.chats.open(id)
        text = "\n\n".join(message.words for message in opened.messages)
        return text, opened.item.title

    return read


def _document(id: str) -> Callable[[Services], tuple[str, str]]:
    def read(services: Services) -> tuple[str, str]:
        from slmdesk.tasks.jobs.documents import read_document  # with all of tasks; no start of the window needs it

        record = read_document(services.store, id)
        pages = services.documents.pages(id, limit=max(1, record.pages))
        return "\n\n".join(page.text for page in pages), record.name

    return read
