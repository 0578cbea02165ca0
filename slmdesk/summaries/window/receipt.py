"""How the day of a deadline was reckoned, and the form that asks when the document was received."""

from __future__ import annotations

import datetime
import os
from collections.abc import Sequence
from typing import cast

from PySide6.QtCore import QLocale, Qt, Signal
from PySide6.QtWidgets import QFrame, QLineEdit, QToolButton, QWidget

from slmdesk.base.language import LANGUAGES, VARIABLE
from slmdesk.base.texts import _
from slmdesk.runtime.prompt_texts import texts
from slmdesk.summaries.types import Deadline
from slmdesk.text.checks.numbers import find_dates
from slmdesk.window.base import theme
from slmdesk.window.base.text import day_in_figures
from slmdesk.window.widgets.build import button, column, named, plain_label, row
from slmdesk.window.widgets.form import Field, Form, Listed, TextLine
from slmdesk.window.widgets.parts import Popover
from slmdesk.window.widgets.rows import DUE_WIDTH


def readers_language() -> str:
    """Return the language of the window; if it is English because it does not know the system's, that, or else ""."""
    language, system = os.environ.get(VARIABLE, "en"), QLocale.system().name().partition("_")[0]
    if language != "en" or system in (*LANGUAGES, "C"):
        return language
    return system if system in texts()["language"] else ""


class ReceiptButton(QToolButton):
    deadline: Deadline


class DeadlineLine(QFrame):
    """How a day was reckoned, and the button with which a person says from which day."""

    def __init__(self, deadline: Deadline, parent: QWidget, form: ReceiptForm) -> None:
        super().__init__(parent)
        named(self, "summary_deadline")
        words = plain_label(deadline.words, self, name="summary_reckoning", kind="small")
        label = _("Say when it was received, and whose law holds")
        ask = named(ReceiptButton(self), "receipt_button", label=label, tip=label, kind="small")
        ask.setText(_("Received…"))
        ask.deadline = deadline
        ask.clicked.connect(lambda: form.ask(ask))
        margins = (theme.scaled(DUE_WIDTH) + theme.SPACE_12, 0, 0, theme.SPACE_4)
        row((words, 1), (ask, Qt.AlignmentFlag.AlignTop), into=self, gap=theme.SPACE_8, margins=margins)


def _read_day(words: str) -> str:
    """Return a day that a person wrote, as ISO 8601. Raises ValueError with a sentence for people."""
    days = [reading for found in find_dates(words, readers_language()) for reading in found.readings if all(reading)]
    if words.strip() and len(days) != 1:
        raise ValueError(_("Write the day with its year, such as 3.11.2026."))
    return datetime.date(*(part or 1 for part in days[0])).isoformat() if days else ""


def _places(_env: object) -> Sequence[tuple[str, str]]:
    from slmdesk.text.deadlines.places import PLACES

    return [(code, _(name)) for code, name in PLACES.items()]


class ReceiptForm(Popover):
    """Asks when a document was received, and whose law and holidays hold for it."""

    confirmed = Signal(str, str, str)
    """Emitted with the document, the day (ISO 8601) and the place."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent, "receipt_form", label=_("Received"))
        self._document = ""
        self._fields = Form(self, RECEIPT_FIELDS, prefix="receipt")
        confirm = button(_("Confirm"), "confirm_receipt_button", self, kind="primary", on=self._confirm)
        cast(QLineEdit, self._fields.part("day").widget).returnPressed.connect(confirm.click)
        column(*self._fields.parts, row(1, confirm), into=self, gap=theme.SPACE_12, margins=theme.SPACE_16)

    def ask(self, anchor: ReceiptButton) -> None:
        deadline = anchor.deadline
        self._document = deadline.document
        self._fields.show_values({"day": deadline.received, "place": deadline.place}, is_other=True)
        self.toggle(anchor)

    def _confirm(self) -> None:
        if self._fields.keep():
            values = self._fields.values
            self.dismiss()
            self.confirmed.emit(self._document, values["day"], values["place"])


RECEIPT_FIELDS = (
    Field(
        name="day", title=_("Day of receipt"), control=TextLine, read=_read_day, hint=_("Day, month and year"),
        write=lambda day: day_in_figures(datetime.date.fromisoformat(day)) if day else "",
    ),
    Field(name="place", title=_("Whose law and holidays"), control=Listed, values=_places),
)  # fmt: skip
