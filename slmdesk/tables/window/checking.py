"""The sheet in which a person checks the labels of a sample, text by text."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QPlainTextEdit, QPushButton, QWidget

from slmdesk.base.texts import _
from slmdesk.tables.counts import error_of, sample_of
from slmdesk.tables.types import Column, Table, TableRow, certainty_words, text_of
from slmdesk.window.base import theme
from slmdesk.window.base.theme import scaled
from slmdesk.window.widgets.build import button, column, flow, named, plain_label, row
from slmdesk.window.widgets.dialogs import Dialog

Check = Callable[[str, int, str, Callable[[Table], None]], None]
"""Function that notes a label (row, column, label) and then calls its last argument with the table."""


class CheckDialog(Dialog):
    """Enter agrees with the label, a digit gives another one, Backspace goes back."""

    def __init__(self, parent: QWidget, table: Table, label: Column, item: str, check: Check) -> None:
        super().__init__(parent, "check_dialog", _("Check a sample"))
        at = table.columns.index(label)
        self._table, self._column, self._check = table, at, check
        self._sample = [entry.document for entry in sample_of(table, at, item)]
        done = {known.document for known in table.checks if known.column == at}
        self._now = next(
            (place for place, document in enumerate(self._sample) if document not in done), len(self._sample)
        )
        self._progress = plain_label("", self, name="check_progress", kind="small")
        self._text = named(QPlainTextEdit(self), "check_text", label=_("The text"))
        self._text.setReadOnly(True)
        self._text.setTabChangesFocus(True)
        self._found = plain_label("", self, name="check_found", kind="strong")
        self._agree = button(_("Agree"), "check_agree", self, kind="primary", on=lambda: self._note(""))
        self._back = button(_("Back"), "check_back", self, kind="quiet", on=self._on_back)
        self._others: list[QPushButton] = []
        for number, choice in enumerate(label.choices, 1):
            words = f"{number} {_(choice.name)}"
            self._others.append(button(words, f"check_{number}", self, on=partial(self._note, choice.name)))
            QShortcut(QKeySequence(str(number)), self, partial(self._note, choice.name))
        QShortcut(QKeySequence(Qt.Key.Key_Backspace), self, self._on_back)
        keys = plain_label(
            _("Enter agrees, a digit gives another label, Backspace goes back."), self, name="check_keys", kind="small"
        )
        others = flow(*self._others, gap=theme.SPACE_8)
        foot = row(keys, 1, self._back, self._agree, gap=theme.SPACE_8)
        parts = (self._progress, (self._text, 1), self._found, others, foot)
        column(*parts, into=self, gap=theme.SPACE_12, margins=theme.SPACE_16)
        self._agree.setDefault(True)
        self.resize(scaled(640), scaled(420))
        self._show()

    def _row(self) -> TableRow | None:
        here = self._sample[self._now] if self._now < len(self._sample) else ""
        return next((entry for entry in self._table.rows if entry.document == here), None)

    def _show(self) -> None:
        entry = self._row()
        words = _("{done} of {count}").format(done=min(self._now + 1, len(self._sample)), count=len(self._sample))
        error = error_of(self._table, self._column)
        self._progress.setText(words if entry else f"{error.words}." if error else "")
        self._text.setPlainText(_shown(self._table, entry, self._column) if entry else "")
        cell = entry.cells[self._column] if entry else None
        self._found.setText(" · ".join(filter(None, (_(cell.value), certainty_words(cell)))) if cell else _("Done"))
        for part in (self._agree, *self._others):
            part.setEnabled(entry is not None)
        self._back.setEnabled(self._now > 0)
        if entry is not None:
            self._agree.setFocus(Qt.FocusReason.OtherFocusReason)

    def _note(self, label: str) -> None:
        entry = self._row()
        if entry is not None and self._agree.isEnabled():
            self._agree.setEnabled(False)  # until it is stored
            self._check(entry.document, self._column, label or entry.cells[self._column].value, self._on_noted)

    def _on_noted(self, table: Table) -> None:
        self._table = table
        self._now += 1
        self._show()

    def _on_back(self) -> None:
        self._now = max(0, self._now - 1)
        self._show()


def _shown(table: Table, entry: TableRow, at: int) -> str:
    name = entry.name if entry.source == entry.document else ""
    return "\n\n".join(filter(None, (name, text_of(table, entry, at))))
