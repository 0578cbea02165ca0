"""The steps for a gated model: open its page, agree, paste a token, try again."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QWidget

from slmdesk.online.events import TokenChanged
from slmdesk.runtime.events import Problem
from slmdesk.window.base import theme
from slmdesk.window.widgets.access_token import TokenController, words_of
from slmdesk.window.widgets.build import button, column, row
from slmdesk.window.widgets.dialog import Dialog
from slmdesk.window.widgets.named import named, passing
from slmdesk.window.widgets.text import breakable, plain_label, plain_tip
from slmdesk.window.widgets.token_form import TokenForm

GATED_CODES = frozenset({"hub.gated", "hub.token_refused", "hub.not_admitted", "token.keyring"})
WIDTH = 620
INTRO = "This model is gated: its publisher wants you to agree to terms first."
FIRST = "1.  Open its page in the browser, sign in, and accept the terms."
SECOND = (
    "2.  On the Hub, under Settings, Access Tokens, make a token that may read. Paste it here. It is sent to the Hub "
    "for gated models alone, and written into no log."
)


class GatedPanel(QFrame):
    """Belongs to one repository.

    The token goes through its own controller; `try_again_requested` follows once it is stored, or at once when none was
    pasted.
    """

    page_requested = Signal(str)
    try_again_requested = Signal(str)

    def __init__(self, tokens: TokenController, repo: str, parent: QWidget, *, try_again: str = "Try again") -> None:
        super().__init__(parent)
        named(self, "gated_panel", label="A gated model")
        self._tokens, self._repo = tokens, repo
        self._build_ui(try_again)
        self._connect()
        self._show_state(tokens.state)

    def _build_ui(self, try_again: str) -> None:
        self._problem = plain_label("", self, name="gated_problem", kind="danger", is_hidden=True)
        label, tip = f"Open the page of {self._repo} in the browser", plain_tip(self._repo)
        self._page = button("Open its page…", "gated_page_button", self, label=label, tip=tip)
        self._form = TokenForm(self._tokens, self)
        self._state = plain_label("", self, name="gated_token_state", kind="muted")
        self._again = button(try_again, "gated_try_again_button", self, kind="primary", on=self._on_again)
        intro = plain_label(INTRO, self, name="gated_intro", kind="strong")
        first, second = (
            (plain_label(FIRST, self, name="gated_first"), 1),
            plain_label(SECOND, self, name="gated_second"),
        )
        opening = row(first, (self._page, Qt.AlignmentFlag.AlignTop), gap=theme.SPACE_12)
        last = row((self._state, 1), (self._again, Qt.AlignmentFlag.AlignBottom), gap=theme.SPACE_12)
        parts = (intro, self._problem, opening, second, self._form, last)
        column(*parts, into=self, gap=theme.SPACE_12, margins=(0, theme.SPACE_8))

    def _connect(self) -> None:
        self._page.clicked.connect(lambda: self.page_requested.emit(self._repo))
        self._form.given.connect(self._on_again)
        self._form.kept.connect(lambda: self.try_again_requested.emit(self._repo))
        self._tokens.state_shown.connect(self._show_state)

    def show_problem(self, problem: Problem | None) -> None:
        has_more = problem is not None and problem.code != "hub.gated"  # that it is gated is said anyway
        self._problem.setText(breakable(problem.sentence) if problem is not None and has_more else "")
        self._problem.setVisible(has_more)

    def _show_state(self, state: TokenChanged) -> None:
        self._state.setText(words_of(state))

    def _on_again(self) -> None:
        if self._form.is_empty:
            self.try_again_requested.emit(self._repo)
        else:
            self._form.submit()


class GatedDialog(Dialog):
    page_requested = Signal(str)
    try_again_requested = Signal(str)

    def __init__(self, tokens: TokenController, repo: str, parent: QWidget, *, problem: Problem | None = None) -> None:
        super().__init__(parent)
        passing(self, "gated_dialog", "A gated model")
        self._panel = GatedPanel(tokens, repo, self)
        self._panel.show_problem(problem)
        close = button("Close", "gated_close_button", self, on=self.reject)
        close.setAutoDefault(False)
        head = plain_label(breakable(repo), self, name="gated_repo", kind="heading")
        column(head, self._panel, 1, row(1, close), into=self, gap=theme.SPACE_8, margins=theme.SPACE_16)
        self._panel.page_requested.connect(self.page_requested)
        self._panel.try_again_requested.connect(self._on_again)
        self.fit(WIDTH)

    def _on_again(self, repo: str) -> None:
        self.try_again_requested.emit(repo)
        self.accept()
