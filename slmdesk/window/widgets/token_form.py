"""A field for the access token, and the choice of where to store it."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLineEdit, QWidget

from slmdesk.online.access_token import TokenPlaces
from slmdesk.runtime.events import Problem
from slmdesk.window.base import theme
from slmdesk.window.widgets.access_token import TokenController
from slmdesk.window.widgets.build import column, row, text_line
from slmdesk.window.widgets.choice import Choice
from slmdesk.window.widgets.named import named
from slmdesk.window.widgets.text import breakable, plain_label, show_words

KEYRING, ASK, FILE = "keyring", "ask", "file"
PLACES: dict[str, str] = {KEYRING: "in the system's keyring", ASK: "only until slmdesk is closed", FILE: "in a file"}
PLACE_NOTES = {
    KEYRING: "Kept by your system, as passwords are. It may ask for the keyring's password.",
    ASK: "Kept in memory alone: after the next start you are asked again.",
    FILE: "A file that only you can read, but not encrypted: whoever has the disk has the token.",
}
NO_KEYRING = "The system's keyring cannot be used here: {reason}."
WAITING = "Keeping it…"


class TokenForm(QWidget):
    """Accepts a token, never shows one."""

    kept = Signal()
    given = Signal()

    def __init__(self, tokens: TokenController, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("token_form")
        self._tokens = tokens
        self._is_waiting = False
        self._build_ui()
        self._connect()
        self._show_places(tokens.places)
        tokens.look()

    def _build_ui(self) -> None:
        self._field = text_line("token_field", self, "Paste your access token", label="Access token")
        self._field.setEchoMode(QLineEdit.EchoMode.Password)
        self._place = named(Choice(list(PLACES.items()), self), "token_place", label="Where the token is kept")
        self._note = plain_label("", self, name="token_note", kind="muted")
        self._missing = plain_label("", self, name="token_missing", kind="muted", is_hidden=True)
        self._problem = plain_label("", self, name="token_problem", kind="danger", is_hidden=True)
        title = plain_label("Keep it", self, name="token_place_title", wraps=False)
        place = row(title, self._place, 1, gap=theme.SPACE_8)
        column(self._field, self._problem, place, self._note, self._missing, into=self, gap=theme.SPACE_8)
        self.setFocusProxy(self._field)

    def _connect(self) -> None:
        self._field.returnPressed.connect(self.given)
        self._field.textChanged.connect(lambda: self.show_problem(""))
        self._place.currentIndexChanged.connect(self._on_place_changed)
        self._tokens.places_shown.connect(self._show_places)
        self._tokens.kept.connect(self._on_kept)
        self._tokens.refused.connect(self._on_refused)

    @property
    def is_empty(self) -> bool:
        return not self._field.text().strip()

    def submit(self) -> None:
        self._is_waiting = True
        self._note.setText(WAITING)
        self._set_enabled(False)
        self._tokens.keep(self._field.text(), str(self._place.currentData()))

    def show_problem(self, sentence: str) -> None:
        show_words(self._problem, breakable(sentence))

    def _show_places(self, places: TokenPlaces | None) -> None:
        if places is None:
            return
        at = self._place.findData(KEYRING)
        if places.has_keyring and at < 0:
            self._place.insertItem(0, PLACES[KEYRING], KEYRING)
            self._place.setCurrentIndex(0)
        elif not places.has_keyring and at >= 0:
            self._place.removeItem(at)
        self._missing.setText(NO_KEYRING.format(reason=places.no_keyring))
        self._missing.setVisible(not places.has_keyring)
        self._on_place_changed()

    def _on_place_changed(self) -> None:
        self._note.setText(PLACE_NOTES.get(str(self._place.currentData()), ""))

    def _on_kept(self) -> None:
        if self._is_waiting:
            self._end_waiting()
            self._field.setText("")
            self.kept.emit()

    def _on_refused(self, problem: Problem) -> None:
        if self._is_waiting:
            self._end_waiting()
            self.show_problem(problem.sentence)
            self._field.setFocus()

    def _end_waiting(self) -> None:
        self._is_waiting = False
        self._set_enabled(True)
        self._on_place_changed()

    def _set_enabled(self, is_enabled: bool) -> None:
        self._field.setEnabled(is_enabled)
        self._place.setEnabled(is_enabled)
