"""Text and files sent to the translator: from the clipboard, a selection, another page.  No widgets."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from PySide6.QtCore import QLocale, QMimeData, QObject, QTimer, Signal
from PySide6.QtGui import QGuiApplication, QWindow

from slmdesk.base.languages import LANGUAGES
from slmdesk.base.shares import server_of
from slmdesk.runtime.events import Problem
from slmdesk.services import Services
from slmdesk.translation.asking.units import language_of_text
from slmdesk.translation.window.text.controller import TranslateController
from slmdesk.window.base.bridge import Bridge
from slmdesk.window.widgets.notice_bar import Notice
from slmdesk.window.widgets.shares import admit

ACTIVE_MS = 1500
"""How long is waited for the window to be in front: Wayland shows the clipboard to the active window alone."""
REPORTED_MS = 8000
NOTHING = "The clipboard is empty: copy a text or a file, then try again."
NO_WORDS = "There is neither a text nor a file on the clipboard: copy one of them, then try again."


class TranslateEntry(QObject):
    """Emits `page_requested` as soon as there is something to translate, then `text_taken` with a text, once its
    language is detected and the languages are set, or `documents_taken` with a list of paths.
    """

    page_requested = Signal()
    text_taken = Signal(str)
    documents_taken = Signal(object)

    def __init__(self, bridge: Bridge, translate: TranslateController, parent: QObject | None = None) -> None:
        super().__init__(parent, objectName="reach")
        self._bridge, self._translate = bridge, translate
        self._patience = QTimer(self, singleShot=True, interval=ACTIVE_MS)
        self._patience.timeout.connect(self.take_clipboard)
        app = QGuiApplication.instance()
        if isinstance(app, QGuiApplication):
            app.focusWindowChanged.connect(self._on_focus_window)

    def take_text(self, text: str) -> None:
        """Translate a text into the language used last, or, if it is in that one already, into the person's own."""
        self.page_requested.emit()

        def reported(language: str) -> None:
            self._choose(language)
            self.text_taken.emit(text)

        def untold(problem: Problem) -> None:
            self._bridge.problem_met.emit(problem)
            reported("")

        def request(_services: Services) -> str:  # on the service thread: the first time it takes half a second
            return language_of_text(text)

        self._bridge.ask(request, reported, untold)

    def take_document(self, path: Path) -> None:
        self.page_requested.emit()
        self.documents_taken.emit([path])

    def take_clipboard(self) -> None:
        """Translate what is on the clipboard: files, else text; a notice if there is neither."""
        self._patience.stop()
        self.take_data(QGuiApplication.clipboard().mimeData())

    def take_clipboard_in_front(self) -> None:
        """Translate the clipboard once the window is in front: another start of the program asked for it."""
        if QGuiApplication.focusWindow() is not None:
            self.take_clipboard()
        else:
            self._patience.start()

    def take_data(self, data: QMimeData | None) -> None:
        paths = files_among(data)
        if paths:
            admit(None, paths, self._take_documents)
        elif data is not None and data.text().strip():
            self.take_text(data.text())
        else:
            words = NO_WORDS if data is not None and data.formats() else NOTHING
            self._bridge.notice_raised.emit(Notice(words, life_ms=REPORTED_MS, key="clipboard empty"))

    def _take_documents(self, paths: list[Path]) -> None:
        self.page_requested.emit()
        self.documents_taken.emit(paths)

    def _on_focus_window(self, window: QWindow | None) -> None:
        if window is not None and self._patience.isActive():
            QTimer.singleShot(0, self, self.take_clipboard)

    def _choose(self, language: str) -> None:
        manner = self._translate.manner
        before = manner.source or self._translate.last.language
        self._translate.set_source("")
        target = target_for(language, manner.target, (own_language(), before, "en", "de"))
        if target != manner.target:
            self._translate.set_target(target)


def files_among(data: QMimeData | None) -> list[Path]:
    """The files and folders that were copied or dragged; those on other computers are not accessed."""
    if data is None or not data.hasUrls():
        return []
    paths = [Path(url.toLocalFile()) for url in data.urls() if url.isLocalFile()]
    return [path for path in paths if server_of(str(path)) or path.is_file() or path.is_dir()]


def own_language() -> str:
    """The code of the system's language; '' if it is not supported."""
    code = QLocale.system().name().partition("_")[0]
    return {"nb": "no", "nn": "no", "C": "en"}.get(code, code if code in LANGUAGES else "")


def target_for(language: str, target: str, others: Iterable[str]) -> str:
    """The target language: `target`, or, for a text in that language, the first of `others` that differs."""
    if not language or language != target:
        return target
    return next((one for one in others if one in LANGUAGES and one != language), target)
