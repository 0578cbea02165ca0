"""The lock page, shown at the start and while the history is locked, and the question before the window closes."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any

from PySide6.QtCore import QByteArray, QObject, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QGuiApplication, QPalette, QShowEvent
from PySide6.QtWidgets import QApplication, QFrame, QLabel, QLineEdit, QScrollArea, QWidget

from slmdesk.base.errors import KnownError
from slmdesk.base.paths import Paths
from slmdesk.base.record import Record
from slmdesk.base.runtime.messages import Problem, problem_for
from slmdesk.base.settings import Settings, SettingsFile, policy_of
from slmdesk.base.texts import _, ngettext
from slmdesk.history.privacy.opening import Ways, open_by, ways_of
from slmdesk.ui.kit.base import theme
from slmdesk.ui.kit.base.theme import ThemeKeeper, scaled
from slmdesk.ui.kit.base.window_state import WindowStateFile
from slmdesk.ui.kit.widgets.build import (
    breakable,
    button,
    column,
    come_forward,
    flow,
    named,
    plain_label,
    row,
    set_icon,
    show_column,
    show_words,
    text_line,
)
from slmdesk.ui.kit.widgets.dialogs import Question
from slmdesk.ui.shell.single_instance import SignalDoor, SingleInstance

SMALLEST = (420, 360)
FIRST_SIZE = (900, 600)
COLUMN = 440
MOST_LETTERS = 4096
FREE_TRIES = 3
"""Number of wrong tries after which a wait begins. The wait is one second, and doubles with each further try."""
MOST_WAIT_S = 300
TITLE = _("slmdesk is locked")
FIELD = _("Passphrase or recovery key")
OPENING = _("Opening…")
WRONG = frozenset({"key.wrong", "key.mistyped"})


class LockWindow(QWidget):
    """The lock page. It is a separate window, so that other windows, their shortcuts and menus cannot be reached."""

    words_given = Signal(str)
    quit_requested = Signal()

    def __init__(self, ways: Ways, *, geometry: str = "") -> None:
        """`geometry` is that of the main window (`MainWindow.geometry_state`). The lock page takes the same place."""
        super().__init__()
        named(self, "lock_window", label=TITLE)
        self.setWindowTitle("slmdesk")
        self.setStyleSheet(theme.sheet())
        self.setMinimumSize(*SMALLEST)
        self._ways = ways
        self._tries = self._wait_s = 0
        self._may_close = False
        self._clock = QTimer(self, interval=1000)
        self._build_ui()
        self._connect()
        self.resize(*FIRST_SIZE)
        if geometry:
            self.restoreGeometry(QByteArray.fromBase64(geometry.encode("ascii", "ignore")))

    def _build_ui(self) -> None:
        area = named(QScrollArea(self), "lock_area")
        inner = named(QFrame(area), "lock_inner")
        holder = QWidget(inner)
        holder.setMaximumWidth(COLUMN * scaled() // theme.ICON_SIZE)
        sign = named(QLabel(holder), "lock_sign")
        set_icon(sign, "lock", "accent")
        title = plain_label(TITLE, holder, name="lock_title", kind="title")
        self._words = plain_label(self._sentence(), holder, name="lock_words", kind="muted")
        self._field = text_line("lock_field", holder, FIELD, most=MOST_LETTERS)
        self._field.setEchoMode(QLineEdit.EchoMode.Password)
        self._field.setVisible(self._ways.by_words)
        self._problem = plain_label("\u00a0", holder, name="lock_problem", kind="danger", is_hidden=True)
        policy = self._problem.sizePolicy()
        policy.setRetainSizeWhenHidden(True)  # an error moves nothing
        self._problem.setSizePolicy(policy)
        self._open = button(_("Unlock"), "lock_open_button", holder, kind="primary")
        self._keyring = button(_("Use the keyring"), "lock_keyring_button", holder)
        self._keyring.setVisible(self._ways.by_words and self._ways.by_keyring)
        self._quit = button(_("Quit"), "lock_quit_button", holder)
        ways = flow(self._open, self._keyring, gap=theme.SPACE_8)
        buttons = row((ways, 1), (self._quit, Qt.AlignmentFlag.AlignTop), gap=theme.SPACE_8)
        parts = (sign, title, self._words, self._field, self._problem, buttons)
        column(*parts, into=holder, gap=theme.SPACE_12, margins=theme.SPACE_24)
        column(1, row(1, (holder, 1000), 1), 1, into=inner)
        show_column(area, inner)
        column(area, into=self, gap=0)

    def _connect(self) -> None:
        self._field.returnPressed.connect(self._on_open)
        self._field.textChanged.connect(lambda: self._say(""))
        self._open.clicked.connect(self._on_open)
        self._keyring.clicked.connect(lambda: self._ask(""))
        self._quit.clicked.connect(self.quit_requested)
        self._clock.timeout.connect(self._on_second)

    @property
    def is_waiting(self) -> bool:
        return self._wait_s > 0

    def _sentence(self) -> str:
        ways = self._ways
        if not ways.by_words:
            return _("The history is encrypted. The system's keyring opens it on this account.")
        return _("The history is encrypted. Its passphrase opens it, or the recovery key.")

    def show_refusal(self, sentence: str) -> None:
        """Say why the history stays locked. From the third wrong try on, the next one has to wait."""
        self._tries += 1
        if self._tries >= FREE_TRIES:
            self._wait_s = min(1 << (self._tries - FREE_TRIES), MOST_WAIT_S)
            self._clock.start()
        self.show_busy(False)
        self._field.clear()
        self._say(sentence)
        self._show_wait()
        self._focus()

    def show_problem(self, sentence: str) -> None:
        self.show_busy(False)
        self._say(sentence)
        self._focus()

    def close_for_good(self) -> None:
        self._may_close = True
        self._field.clear()
        self.close()
        self.deleteLater()

    def _on_open(self) -> None:
        if self._ways.by_words and not self._field.text():
            self._field.setFocus()
        elif not self.is_waiting:
            self._ask(self._field.text())

    def _ask(self, words: str) -> None:
        self.show_busy(True)
        self.words_given.emit(words)

    def _on_second(self) -> None:
        self._wait_s -= 1
        if not self.is_waiting:
            self._clock.stop()
        self._show_wait()

    def _show_wait(self) -> None:
        self._open.setEnabled(not self.is_waiting)
        self._open.setText(_("Unlock in {wait_s} s").format(wait_s=self._wait_s) if self.is_waiting else _("Unlock"))

    def _focus(self) -> None:
        if self._ways.by_words:
            self._field.setFocus()
        else:
            self._open.setFocus()

    def show_busy(self, is_busy: bool) -> None:
        if is_busy:
            self.setFocus()  # otherwise Quit gets the focus, and the next key presses it
        for widget in (self._field, self._open, self._keyring):
            widget.setEnabled(not is_busy)
        self._open.setText(OPENING if is_busy else _("Unlock"))

    def _say(self, sentence: str) -> None:
        show_words(self._problem, breakable(sentence))

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._focus()

    def closeEvent(self, event: QCloseEvent) -> None:
        """End the program. Closing the lock page never opens anything."""
        if self._may_close:
            event.accept()
            return
        event.ignore()
        self.quit_requested.emit()

    def sizeHint(self) -> QSize:
        return QSize(*FIRST_SIZE)


PATIENCE_MS = 700
"""Milliseconds that the keyring has to open the history before the lock page is shown."""


class LockScreen(QObject):
    """Shows the lock page until the history is open or the person quits.

    `open_by` is called on a thread of its own with the typed words, or '' for the keyring. It returns the key or
    raises.
    """

    _ended = Signal(object, object)
    """The key, or a Problem."""

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
        """Wait until the history is open, and return its key. Return None if the person quits. With `by_itself`, the
        keyring is tried first.
        """
        self.start(by_itself=by_itself)
        self._app.exec()
        self.end()
        return self.key

    def start(self, *, by_itself: bool) -> None:
        if by_itself and self._ways.by_keyring:
            QTimer.singleShot(PATIENCE_MS, self, self._show)
            self.page.show_busy(True)
            self._on_words_given("")
        else:
            self._show()

    def end(self) -> None:
        self.page.close_for_good()
        self._keeper.deleteLater()
        self._app.setPalette(QPalette())
        self.deleteLater()

    def _show(self) -> None:
        if self.key is None:
            self.page.show()

    def _on_words_given(self, words: str) -> None:
        threading.Thread(target=self._try, args=(words,), name="unlock", daemon=True).start()

    def _try(self, words: str) -> None:
        """Try to open the history. A passphrase takes about a second. Thread of its own."""
        try:
            key, problem = self._open_by(words), None
        except Exception as err:  # noqa: BLE001 - a thread's end: the page must say why it stays locked
            key, problem = None, problem_for(err)
        with suppress(RuntimeError):  # the person has quit meanwhile
            self._ended.emit(key, problem)

    def _on_ended(self, key: object, problem: Problem | None) -> None:
        if problem is None:
            self.key = key
            self._app.quit()
        else:
            if problem.code in WRONG:
                self.page.show_refusal(problem.sentence)
            else:
                self.page.show_problem(problem.sentence)
            self._show()


class Door(Record):
    """Shown before the window at the start."""

    key: Any = None
    """Key of the history (services.privacy). None if the history is not encrypted."""
    is_left: bool = False
    """True if the person has quit."""


def ask_for_key(app: QApplication, paths: Paths, instance: SingleInstance, *, by_itself: bool) -> Door:
    """If the history is encrypted, show the lock page until the key is known or the person quits."""
    try:
        ways = ways_of(paths)
    except KnownError:  # the window reports the error, since it cannot open the history either
        ways = None
    if ways is None:
        return Door()
    settings = SettingsFile(paths.settings_file, policy_of(paths)).current
    state = WindowStateFile(paths.window_file).current
    screen = LockScreen(app, settings, ways, partial(open_by, paths), geometry=state.window_geometry)
    instance.can_lock = True  # the history is encrypted
    requests = (instance.raise_requested, instance.translate_requested, instance.open_requested)

    def forward(_token: str) -> None:
        come_forward(screen.page)

    for request in requests:
        request.connect(forward)
    signals = SignalDoor(app, app.quit)
    key = screen.run(by_itself=by_itself)
    signals.close()
    for request in requests:
        request.disconnect(forward)
    return Door(key, is_left=key is None)


def quit_or_stay(parent: QWidget, count: int, private: int, leave: Callable[[], None]) -> None:
    """Call `leave` if the person agrees. Call it at once if no job runs and no chat is lost, or if the session ends.

    `count` is the number of running jobs, `private` the number of private chats that are not empty. Does not block.
    """
    if any(dialog.isVisible() for dialog in parent.findChildren(Question, "quit_dialog")):
        return  # closed again while the question is shown: wait for the answer
    app = QGuiApplication.instance()
    is_session_ending = isinstance(app, QGuiApplication) and app.isSavingSession()
    if not (count or private) or is_session_ending:
        leave()
        return
    words = " ".join(words for words in (lost_words(private), quit_words(count)) if words)
    question = Question(parent, "quit_dialog", _("Quit slmdesk"), words)
    question.add_choice(_("Quit"), "quit_button", leave, is_default=not private)
    question.add_cancel("stay_button", is_default=bool(private))
    question.open()


def lost_words(private: int) -> str:
    words = ngettext("A private chat is lost then.", "{n:,} private chats are lost then.", private)
    return words if private else ""


def quit_words(count: int) -> str:
    if not count:
        return ""
    return ngettext("1 job is running. It goes on at the next start.", "{n:,} jobs are running. They go on at the next "
                                                                       "start.", count)  # fmt: skip
