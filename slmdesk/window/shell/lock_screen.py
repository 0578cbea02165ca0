"""The lock page at the start, before there are services: until the key of the history is there."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from PySide6.QtCore import QObject, Qt, QTimer, Signal
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QApplication

from slmdesk.base.settings import Settings
from slmdesk.privacy.opening import Ways
from slmdesk.runtime.events import Problem
from slmdesk.runtime.messages import problem_for
from slmdesk.window.base.theme_keeper import ThemeKeeper
from slmdesk.window.shell.lock_window import WRONG, LockWindow

PATIENCE_MS = 700
"""The keyring has this long to open the history before the page shows."""


class LockScreen(QObject):
    """Asks until the history can be opened, or the person quits.

    `open_by` is called with what was typed ('' for the keyring), on a thread of its own; it returns the key, or raises.
    """

    _ended = Signal(object)

    def __init__(
        self, app: QApplication, settings: Settings, ways: Ways, open_by: Callable[[str], Any], *, geometry: str
    ) -> None:
        super().__init__(app)
        self._app, self._ways, self._open_by = app, ways, open_by
        self._keeper = ThemeKeeper(app, choice=settings.theme, scale=settings.font_scale)
        self.page = LockWindow(ways, geometry=geometry)
        self.key: Any = None
        self.page.words_given.connect(self._on_words_given)
        self.page.quit_requested.connect(app.quit)
        self._ended.connect(self._on_ended, Qt.ConnectionType.QueuedConnection)

    def run(self, *, by_itself: bool) -> Any:
        """Stay until it is open.  Returns the key; None: the person quits.  `by_itself`: the keyring is asked first."""
        self.start(by_itself=by_itself)
        self._app.exec()
        self.end()
        return self.key

    def start(self, *, by_itself: bool) -> None:
        if by_itself and self._ways.by_keyring:
            QTimer.singleShot(PATIENCE_MS, self, self._show)
            self.page.show_opening()
            self._on_words_given("")
        else:
            self._show()

    def end(self) -> None:
        self.page.close_for_good()
        self._keeper.deleteLater()
        self._app.setStyleSheet("")
        self._app.setPalette(QPalette())
        self.deleteLater()

    def come_forward(self) -> None:
        self.page.come_forward()

    def _show(self) -> None:
        if self.key is None:
            self.page.show()

    def _on_words_given(self, words: str) -> None:
        threading.Thread(target=self._try, args=(words,), name="unlock", daemon=True).start()

    def _try(self, words: str) -> None:
        """Runs on a thread of its own: a passphrase takes about a second."""
        try:
            ended: object = _Opened(self._open_by(words))
        except Exception as err:  # noqa: BLE001 - a thread's end: the page must say why it stays locked
            ended = problem_for(err)
        with suppress(RuntimeError):  # the person has quit meanwhile
            self._ended.emit(ended)

    def _on_ended(self, ended: object) -> None:
        if isinstance(ended, _Opened):
            self.key = ended.key
            self._app.quit()
        elif isinstance(ended, Problem):
            (self.page.show_refusal if ended.code in WRONG else self.page.show_problem)(ended.sentence)
            self._show()


class _Opened:
    def __init__(self, key: object) -> None:
        self.key = key
