"""The access token of the Hub: the field for it, where it is stored, and the steps for a gated model."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QBoxLayout, QFrame, QLineEdit, QWidget

from slmdesk.base.runtime.events import TokenChanged
from slmdesk.base.runtime.messages import Problem
from slmdesk.base.texts import _
from slmdesk.models.online.network import TokenPlaces
from slmdesk.ui.kit.base import theme
from slmdesk.ui.kit.base.bridge import Bridge
from slmdesk.ui.kit.base.live import Live
from slmdesk.ui.kit.widgets.build import (
    breakable,
    button,
    column,
    named,
    plain_label,
    row,
    set_tip,
    show_words,
    text_line,
)
from slmdesk.ui.kit.widgets.dialogs import Dialog
from slmdesk.ui.kit.widgets.notices import UNDO_MS, Notice
from slmdesk.ui.kit.widgets.rows import Choice

KEYRING, ASK, FILE = "keyring", "ask", "file"
PLACES: dict[str, str] = {
    KEYRING: _("in the system's keyring"),
    ASK: _("only until slmdesk is closed"),
    FILE: _("in a file"),
}
PLACE_NOTES = {
    KEYRING: _("Kept by your system, as passwords are. It may ask for the keyring's password."),
    ASK: _("Kept in memory alone: after the next start you are asked again."),
    FILE: _("A file that only you can read, but not encrypted: whoever has the disk has the token."),
}
NO_KEYRING = _("The system's keyring cannot be used here: {reason}.")
WAITING = _("Saving the token…")


class TokenForm(QWidget):
    """Form that accepts a token. It never shows a stored one."""

    kept = Signal()
    given = Signal()

    def __init__(self, tokens: TokenController, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("token_form")
        self._tokens = tokens
        self._build_ui()
        self._field.returnPressed.connect(self.given)
        self._field.textChanged.connect(lambda: self.show_problem(""))
        self._place.currentIndexChanged.connect(self._on_place_changed)
        tokens.places.changed.connect(self._show_places)
        self._show_places()
        tokens.places.watch(True)
        tokens.places.again()

    def _build_ui(self) -> None:
        self._field = text_line("token_field", self, _("Paste your access token"), label=_("Access token"))
        self._field.setEchoMode(QLineEdit.EchoMode.Password)
        self._place = named(Choice(list(PLACES.items()), self), "token_place", label=_("Where the token is kept"))
        self._note = plain_label("", self, name="token_note", kind="muted")
        self._missing = plain_label("", self, name="token_missing", kind="muted", is_hidden=True)
        self._problem = plain_label("", self, name="token_problem", kind="danger", is_hidden=True)
        title = plain_label(_("Save token"), self, name="token_place_title", wraps=False)
        place = row(title, self._place, 1, gap=theme.SPACE_8)
        column(self._field, self._problem, place, self._note, self._missing, into=self, gap=theme.SPACE_8)
        self.setFocusProxy(self._field)

    @property
    def is_empty(self) -> bool:
        return not self._field.text().strip()

    def submit(self) -> None:
        self._note.setText(WAITING)
        self._set_enabled(False)
        self._tokens.keep(self._field.text(), str(self._place.currentData()), self._on_kept, self._on_refused)

    def show_problem(self, sentence: str) -> None:
        show_words(self._problem, breakable(sentence))

    def _show_places(self) -> None:
        if (places := self._tokens.places.value) is None:
            return
        at = self._place.findData(KEYRING)
        if places.has_keyring and at < 0:
            self._place.insertItem(0, PLACES[KEYRING], KEYRING)
            self._place.setCurrentIndex(0)
        elif not places.has_keyring and at >= 0:
            self._place.removeItem(at)
        show_words(self._missing, "" if places.has_keyring else NO_KEYRING.format(reason=places.no_keyring))
        self._on_place_changed()

    def _on_place_changed(self) -> None:
        self._note.setText(PLACE_NOTES.get(str(self._place.currentData()), ""))

    def _on_kept(self, _state: TokenChanged) -> None:
        self._set_enabled(True)
        self._field.setText("")
        self.kept.emit()

    def _on_refused(self, problem: Problem) -> None:
        self._set_enabled(True)
        self.show_problem(problem.sentence)
        self._field.setFocus()

    def _set_enabled(self, is_enabled: bool) -> None:
        self._field.setEnabled(is_enabled)
        self._place.setEnabled(is_enabled)
        if is_enabled:
            self._on_place_changed()


PLACE_WORDS = {
    "": _("No access token is kept."),
    "environment": _("The token of the environment (HF_TOKEN) is used. It is not slmdesk's to change."),
    "keyring": _("A token is kept in the system's keyring."),
    "ask": _("A token is kept until slmdesk is closed."),
    "file": _("A token is kept in a file that only you can read."),
}


class TokenController(QObject):
    """Controller of the token. It lives on the window's thread and stores no token itself."""

    def __init__(self, bridge: Bridge, parent: QObject | None = None) -> None:
        super().__init__(parent, objectName="token_controller")
        self._bridge = bridge
        services = bridge.services
        self.state = Live(bridge, self, lambda: services.tokens.state(), TokenChanged("", ""))
        self.places: Live[TokenPlaces | None] = Live(
            bridge, self, lambda: services.tokens.places(), None, is_watched=False
        )
        """Where a token can be stored on this PC. They are looked for within seconds."""
        bridge.on(TokenChanged, self.state.tell)
        bridge.settings_changed.connect(self.state.again)

    def keep(
        self, token: str, place: str, kept: Callable[[TokenChanged], object], refused: Callable[[Problem], object]
    ) -> None:
        """Store a token at a place of services.tokens.PLACES. `kept` or `refused` is called afterwards."""
        self._bridge.follow(self._bridge.services.tokens.keep(token, place), kept, refused)

    def forget(self) -> None:
        words = _("The access token was deleted.")
        said = Notice(words, life_ms=UNDO_MS, key="token")
        forgetting = self._bridge.services.tokens.forget()
        self._bridge.follow(forgetting, lambda _state: self._bridge.notice_raised.emit(said))


def words_of(state: TokenChanged) -> str:
    return PLACE_WORDS.get(state.place, "")


GATED_CODES = frozenset({"hub.gated", "hub.token_refused", "hub.not_admitted", "token.keyring"})
WIDTH = 620
INTRO = _("This model is gated: its publisher wants you to agree to terms first.")
FIRST = _("1.  Open its page in the browser, sign in, and accept the terms.")
SECOND = _(
    "2.  On the Hub, under Settings, Access Tokens, make a token that may read. Paste it here. It is sent to the Hub "
    "for gated models alone, and written into no log."
)


class GatedPanel(QFrame):
    """Panel with the steps that give access to one gated repository.

    Its controller stores the token. `try_again_requested` is emitted once the token is stored, or at once if none was
    pasted.
    """

    page_requested = Signal()
    try_again_requested = Signal()

    def __init__(self, tokens: TokenController, repo: str, parent: QWidget) -> None:
        super().__init__(parent)
        named(self, "gated_panel", label=_("A gated model"))
        self._tokens, self._repo = tokens, repo
        self._build_ui()
        self._form.given.connect(self._on_again)
        self._form.kept.connect(self.try_again_requested)
        tokens.state.changed.connect(self._show_state)
        self._show_state()

    def _build_ui(self) -> None:
        self._problem = plain_label("", self, name="gated_problem", kind="danger", is_hidden=True)
        label = _("Open the page of {repo} in the browser").format(repo=self._repo)
        page = button(_("Model page…"), "gated_page_button", self, label=label, on=self.page_requested)
        set_tip(page, self._repo)
        self._form = TokenForm(self._tokens, self)
        self._state = plain_label("", self, name="gated_token_state", kind="muted")
        self._again = button(_("Try again"), "gated_try_again_button", self, kind="primary", on=self._on_again)
        intro = plain_label(INTRO, self, name="gated_intro", kind="strong")
        first, second = (
            (plain_label(FIRST, self, name="gated_first"), 1),
            plain_label(SECOND, self, name="gated_second"),
        )
        opening = row(first, (page, Qt.AlignmentFlag.AlignTop), gap=theme.SPACE_12)
        self._foot = row((self._state, 1), (self._again, Qt.AlignmentFlag.AlignBottom), gap=theme.SPACE_12)
        parts = (intro, self._problem, opening, second, self._form, self._foot)
        self._column = column(*parts, into=self, gap=theme.SPACE_12, margins=(0, theme.SPACE_8))

    def take_foot(self) -> QBoxLayout:
        """Return the row with the button, for a sheet that keeps it in sight below what scrolls."""
        self._column.removeItem(self._foot)
        return self._foot

    def show_problem(self, problem: Problem | None) -> None:
        has_more = problem is not None and problem.code != "hub.gated"  # the panel says that the model is gated
        show_words(self._problem, breakable(problem.sentence) if problem is not None and has_more else "")

    def _show_state(self) -> None:
        self._state.setText(words_of(self._tokens.state.value))

    def _on_again(self) -> None:
        if self._form.is_empty:
            self.try_again_requested.emit()
        else:
            self._form.submit()


class GatedDialog(Dialog):
    def __init__(self, tokens: TokenController, repo: str, parent: QWidget, *, problem: Problem | None = None) -> None:
        super().__init__(parent, "gated_dialog", _("A gated model"))
        self.panel = GatedPanel(tokens, repo, self)
        self.panel.show_problem(problem)
        head = plain_label(breakable(repo), self, name="gated_repo", kind="heading")
        column(head, self.panel, 1, self.panel.take_foot(), into=self, gap=theme.SPACE_8, margins=theme.SPACE_16)
        self.panel.try_again_requested.connect(self.accept)
        self.fit(WIDTH)
