"""How the day of a deadline was reckoned, and the form that asks when the document was received."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import cast

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QLineEdit, QWidget

from slmdesk.base.texts import _
from slmdesk.summaries.types import Deadline
from slmdesk.text.checks.numbers import find_dates
from slmdesk.window.base import theme
from slmdesk.window.base.text import day_in_figures
from slmdesk.window.widgets.build import button, column, plain_label, row
from slmdesk.window.widgets.form import Field, Form, Listed, TextLine
from slmdesk.window.widgets.parts import Popover
from slmdesk.window.widgets.rows import DUE_WIDTH


class DeadlineLine(QFrame):
    """How a day was reckoned, and the button with which a person says from which day."""

    def __init__(self, deadline: Deadline, parent: QWidget, form: ReceiptForm) -> None:
        super().__init__(parent)
        self.deadline = deadline
        words = plain_label(deadline.words, self, name="summary_reckoning", kind="small")
        tip, ask = _("Say when it was received, and whose law holds"), lambda: form.ask(self)
        self.ask = button(_("Received…"), "receipt_button", self, kind="quiet", label=tip, tip=tip, on=ask)
        self.ask.setHidden(bool(deadline.day) and not deadline.received)  # a day that the document names
        margins = (theme.scaled(DUE_WIDTH) + theme.SPACE_12, 0, 0, theme.SPACE_4)
        column(words, row(self.ask, 1), into=self, gap=theme.SPACE_4, margins=margins)


def _read_day(words: str) -> str:
    """Return a day that a person wrote, as ISO 8601. Raises ValueError with a sentence for people."""
    days = [reading for dates in find_dates(words) for reading in dates.readings if all(reading)]
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

    def ask(self, line: DeadlineLine) -> None:
        self._document = line.deadline.document
        self._fields.show_values({"day": line.deadline.received, "place": line.deadline.place}, is_other=True)
        self.toggle(line.ask)

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
