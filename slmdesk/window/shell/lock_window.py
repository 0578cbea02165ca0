"""The lock page: the only thing that is shown while the history is locked or covered."""

from __future__ import annotations

from PySide6.QtCore import QByteArray, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QShowEvent
from PySide6.QtWidgets import QFrame, QLabel, QLineEdit, QScrollArea, QWidget

from slmdesk.privacy.opening import Ways
from slmdesk.window.base import theme
from slmdesk.window.base.icons import scaled
from slmdesk.window.widgets.build import button, column, flow, row, text_line
from slmdesk.window.widgets.icon import set_icon
from slmdesk.window.widgets.named import named
from slmdesk.window.widgets.scroll_column import show_column
from slmdesk.window.widgets.text import breakable, plain_label, show_words

SMALLEST = (420, 360)
FIRST_SIZE = (900, 600)
COLUMN = 440
MOST_LETTERS = 4096
FREE_TRIES = 3
"""Then each further try waits: a second, and twice as long each time."""
MOST_WAIT_S = 300
TITLE = "slmdesk is locked"
COVERED = "slmdesk is covered"
FIELD = "Passphrase or recovery key"
OPENING = "Opening…"
WRONG = frozenset({"key.wrong", "key.mistyped"})


class LockWindow(QWidget):
    """A window of its own, so that nothing of the other windows, their shortcuts and menus can be reached."""

    words_given = Signal(str)
    quit_requested = Signal()

    def __init__(self, ways: Ways, *, is_cover: bool = False, geometry: str = "") -> None:
        """`geometry`: of the main window (`MainWindow.geometry_state`): the page stands where it stood."""
        super().__init__()
        named(self, "lock_window", label=COVERED if is_cover else TITLE)
        self.setWindowTitle("slmdesk")
        self.setMinimumSize(*SMALLEST)
        self._ways, self._is_cover = ways, is_cover
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
        title = plain_label(COVERED if self._is_cover else TITLE, holder, name="lock_title", kind="title")
        self._words = plain_label(self._sentence(), holder, name="lock_words", kind="muted")
        self._field = text_line("lock_field", holder, FIELD, most=MOST_LETTERS)
        self._field.setEchoMode(QLineEdit.EchoMode.Password)
        self._field.setVisible(self._ways.by_words)
        self._problem = plain_label("", holder, name="lock_problem", kind="danger", is_hidden=True)
        self._open = button("Unlock", "lock_open_button", holder, kind="primary")
        self._keyring = button("Use the keyring", "lock_keyring_button", holder)
        self._keyring.setVisible(self._ways.by_words and self._ways.by_keyring)
        self._quit = button("Quit", "lock_quit_button", holder)
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
        if self._is_cover:
            return "Jobs go on. " + (
                "The passphrase brings the window back." if ways.by_words else "The keyring brings the window back."
            )
        if not ways.by_words:
            return "The history is encrypted. The system's keyring opens it on this account."
        return "The history is encrypted. Its passphrase opens it, or the recovery key."

    def show_opening(self) -> None:
        self._set_busy(True)

    def show_refusal(self, sentence: str) -> None:
        """Say why it stays locked; from the third wrong word on, the next try has to wait."""
        self._tries += 1
        if self._tries >= FREE_TRIES:
            self._wait_s = min(1 << (self._tries - FREE_TRIES), MOST_WAIT_S)
            self._clock.start()
        self._set_busy(False)
        self._field.clear()
        self._say(sentence)
        self._show_wait()
        self._focus()

    def show_problem(self, sentence: str) -> None:
        self._set_busy(False)
        self._say(sentence)
        self._focus()

    def close_for_good(self) -> None:
        self._may_close = True
        self._field.clear()
        self.close()
        self.deleteLater()

    def come_forward(self) -> None:
        if self.isMinimized():
            self.showNormal()
        self.show()
        self.raise_()
        self.activateWindow()

    def _on_open(self) -> None:
        if self._ways.by_words and not self._field.text():
            self._field.setFocus()
        elif not self.is_waiting:
            self._ask(self._field.text())

    def _ask(self, words: str) -> None:
        self._set_busy(True)
        self.words_given.emit(words)

    def _on_second(self) -> None:
        self._wait_s -= 1
        if not self.is_waiting:
            self._clock.stop()
        self._show_wait()

    def _show_wait(self) -> None:
        self._open.setEnabled(not self.is_waiting)
        self._open.setText(f"Unlock in {self._wait_s} s" if self.is_waiting else "Unlock")

    def _focus(self) -> None:
        (self._field if self._ways.by_words else self._open).setFocus()

    def _set_busy(self, is_busy: bool) -> None:
        if is_busy:
            self.setFocus()  # else it goes to Quit, which the next key would press
        for one in (self._field, self._open, self._keyring):
            one.setEnabled(not is_busy)
        self._open.setText(OPENING if is_busy else "Unlock")

    def _say(self, sentence: str) -> None:
        show_words(self._problem, breakable(sentence))

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._focus()

    def closeEvent(self, event: QCloseEvent) -> None:
        """Closing the lock page ends the program, it never opens anything."""
        if self._may_close:
            event.accept()
            return
        event.ignore()
        self.quit_requested.emit()

    def sizeHint(self) -> QSize:
        return QSize(*FIRST_SIZE)
