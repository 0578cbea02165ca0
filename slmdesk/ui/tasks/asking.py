"""The line below a report in which a person asks again and again, for tasks that have
one.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from PySide6.QtWidgets import QFrame, QWidget

from slmdesk.base.texts import _
from slmdesk.tasks.shape import Field
from slmdesk.ui.kit.base import theme
from slmdesk.ui.kit.widgets.build import (
    button,
    column,
    dictate_button,
    flow,
    named,
    plain_label,
    row,
    settle,
    text_line,
)
from slmdesk.ui.kit.widgets.rows import empty_layout
from slmdesk.ui.tasks.controller import ResultController


class AskingBar(QFrame):
    """The line, what may be asked in it, and the buttons beside it."""

    def __init__(
        self, controller: ResultController, field: Field, parent: QWidget
    ) -> None:
        super().__init__(parent)
        self._controller = controller
        kind = f"{controller.prefix}{controller.task.kind}"
        named(self, f"{kind}_asking", kind="plain")
        hint = controller.hint or _(field.hint)
        self.line = text_line(f"{kind}_line", self, hint, label=hint)
        self.line.returnPressed.connect(self._on_ask)
        self._dictate = dictate_button(controller.bridge, self.line, self, f"{kind}_")
        self.button = button(
            _(controller.task.verb),
            f"{kind}_ask",
            self,
            kind="primary",
            on=self._on_ask,
        )
        label, tip = _("New conversation"), _("The next question does not follow these")
        self._anew = button(
            label, f"{kind}_anew", self, label=label, tip=tip, on=controller.restart
        )
        self._about = plain_label(
            _(field.title), self, name=f"{kind}_about", kind="muted"
        )
        self._offers = named(QFrame(self), f"{kind}_offers", kind="plain")
        self._chips = flow(gap=theme.SPACE_8, into=self._offers)
        self._offers.hide()
        self._offered = controller.offered
        self._is_empty = True
        self._asked = ""
        """What was typed last."""
        column(
            row(self._anew, 1),
            self._offers,
            self._about,
            row((self.line, 1), self._dictate, self.button),
            into=self,
            gap=theme.SPACE_8,
        )
        controller.suggested_changed.connect(self._on_suggested)
        controller.emptied.connect(self.line.clear)
        controller.stopped.connect(self._on_refused)
        self._show_suggested()

    def settle(self, *, is_empty: bool, is_allowed: bool) -> None:
        """Show what is useful now. `is_empty`: nothing was asked yet."""
        is_other, self._is_empty = is_empty != self._is_empty, is_empty
        self._anew.setVisible(not is_empty and is_allowed)
        self._about.setVisible(is_empty)
        if is_other:
            self._show_suggested()

    def _on_suggested(self, offered: Sequence[str]) -> None:
        self._offered = offered
        self._show_suggested()

    def _show_suggested(self) -> None:
        empty_layout(self._chips)
        offered = self._offered if self._is_empty else ()
        self._offers.setVisible(bool(offered))
        for at, words in enumerate(offered):
            asks = partial(self._controller.ask, words)
            self._chips.addWidget(
                button(words, f"suggested_{at}", self._offers, kind="chip", on=asks)
            )

    def _on_ask(self) -> None:
        settle(self._dictate)
        words = self.line.text().strip()
        if words and self.button.isEnabled():
            self._asked = words
            self.line.clear()
            self._controller.ask(words)

    def _on_refused(self, _why: str) -> None:
        if not self.line.text():
            self.line.setText(self._asked)
