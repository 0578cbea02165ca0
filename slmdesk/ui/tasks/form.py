"""The form of a task: the controls of its fields, and the request
that they describe.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from PySide6.QtCore import QLocale, QRect, Signal
from PySide6.QtWidgets import QLineEdit, QWidget

from slmdesk.base.language import LANGUAGES, VARIABLE
from slmdesk.base.texts import _
from slmdesk.base.write_in import WRITE_IN
from slmdesk.claims.finders.numbers import find_dates
from slmdesk.tasks.report import Edit, Statement
from slmdesk.tasks.shape import Field, FieldKind, Task
from slmdesk.ui.kit.base import theme
from slmdesk.ui.kit.base.text import day_in_figures
from slmdesk.ui.kit.widgets import form
from slmdesk.ui.kit.widgets.build import button, column, row
from slmdesk.ui.kit.widgets.form import Control, Form, Listed, TextLine, TextLines
from slmdesk.ui.kit.widgets.parts import Popover
from slmdesk.ui.kit.widgets.settings import Switched

CONTROLS: Mapping[FieldKind, Callable[[form.Field, QWidget], Control]] = {
    FieldKind.CHOICE: Listed,
    FieldKind.LINE: TextLine,
    FieldKind.FLAG: Switched,
    FieldKind.LIST: TextLines,
    FieldKind.DAY: TextLine,
}


def read_day(words: str) -> str:
    """Return a day that a person wrote, as ISO 8601. Raises ValueError with a sentence
    for people.
    """
    days = [
        reading
        for dates in find_dates(words)
        for reading in dates.readings
        if all(reading)
    ]
    if words.strip() and len(days) != 1:
        raise ValueError(_("Write the day with its year, such as 3.11.2026."))
    if not days:
        return ""
    try:
        return date(*(part or 1 for part in days[0])).isoformat()
    except ValueError:  # 31 February, which Python would say in English
        raise ValueError(_("There is no such day.")) from None


def _write_day(day: str) -> str:
    if not day:
        return ""
    return day_in_figures(date.fromisoformat(day))


def _read_lines(words: str) -> list[str]:
    return [line for line in words.splitlines() if line]


READS: Mapping[FieldKind, tuple[Callable[[Any], Any], Callable[[Any], Any]]] = {
    FieldKind.DAY: (read_day, _write_day),
    FieldKind.LIST: (_read_lines, "\n".join),
}
"""How the value of a field is made of what was typed, and back, where it is not the
same.
"""


def _control_of(field: Field) -> form.Field:
    read, write = READS.get(field.kind, (_same, _same))
    return form.Field(
        name=field.name,
        title=_(field.title),
        control=CONTROLS[field.kind],
        values=tuple((value, _(words)) for value, words in field.values if words),
        takes_others=field.takes_number,
        hint=field.hint and _(field.hint),
        usual=field.usual,
        read=read,
        write=write,
    )


def _same(value: Any) -> Any:
    return value


def readers_language() -> str:
    """Return the language of the window; if it is English because it does not know the
    system's, that, or else "".
    """
    language, system = (
        os.environ.get(VARIABLE, "en"),
        QLocale.system().name().partition("_")[0],
    )
    if language != "en" or system in (*LANGUAGES, "C"):
        return language
    return system if system in WRITE_IN else ""


class TaskForm(Form):
    """The controls of a task's fields that have a title. It has the values that a
    task's request is read from.
    """

    def __init__(self, task: Task[Any, Any], parent: QWidget) -> None:
        self.task = task
        self._fields = [
            field for field in task.fields if field.title and field.kind in CONTROLS
        ]
        super().__init__(
            parent, [_control_of(field) for field in self._fields], prefix=task.kind
        )
        self._quick = [field.name for field in self._fields if field.is_quick]
        self.last = {name: self.usual[name] for name in self._quick}
        """What was chosen last of what makes another report at once: the next one
        begins with it.
        """
        self.changed.connect(self._on_changed)
        self.show_values(self.usual)

    def _on_changed(self, changes: Mapping[str, Any]) -> None:
        self.last.update(
            {name: value for name, value in changes.items() if name in self._quick}
        )

    def use(self, name: str, value: object) -> None:
        """Choose a value that was chosen in an earlier run. One that cannot be chosen
        is ignored.
        """
        if name in self._quick and any(
            value == known for known, __ in self._field(name).values
        ):
            self.last[name] = value
            self.show_request(None)

    def _field(self, name: str) -> Field:
        return next(field for field in self._fields if field.name == name)

    def show_request(self, request: Any) -> None:
        """Show what the report on show was asked for, as far as another one is made at
        once. None: there is none.
        """
        shown = self.last
        if request is not None:
            shown = {name: getattr(request, name) for name in self._quick}
        self.show_values({**self.values, **shown})

    def words_of(self, request: Any) -> str:
        """Return the choices of a request in words: "Bullet points, short"."""
        chosen = []
        for field in reversed(self._fields):
            words = dict(field.values).get(str(getattr(request, field.name)), "")
            if words:
                chosen.append(_(words))
        return ", ".join(chosen)

    @property
    def usual(self) -> dict[str, Any]:
        return {field.name: field.usual for field in self._fields}

    @property
    def is_usual(self) -> bool:
        """Whether nothing is asked for beside what can be chosen at once."""
        return all(
            value == self.usual[name]
            for name, value in self.values.items()
            if name not in self._quick
        )

    def is_quick(self, changes: Mapping[str, object]) -> bool:
        """Whether another report is to be made at once after these changes."""
        return changes.keys() <= set(self._quick)

    @property
    def request(self) -> Any:
        """The request that the form describes, without documents."""
        self.keep()
        return self.task.read({**self.values, "reader": readers_language()})


class ActionForm(Popover):
    """Asks what is to be known before an action is taken with a statement."""

    confirmed = Signal(object)
    """Emitted with the Edit."""

    def __init__(self, parent: QWidget, task: Task[Any, Any], action: str) -> None:
        super().__init__(parent, f"{action}_form", label=_(task.actions[action]))
        self._action, self._statement = action, Statement("")
        fields = task.action_fields[action]
        self._usual = {field.name: field.usual for field in fields}
        self.fields = Form(
            self, [_control_of(field) for field in fields], prefix=action
        )
        self.fields.show_values(self._usual)
        confirm = button(
            _("Confirm"), f"confirm_{action}", self, kind="primary", on=self._confirm
        )
        for part in self.fields.parts:
            if isinstance(part.widget, QLineEdit):
                part.widget.returnPressed.connect(confirm.click)
        column(
            *self.fields.parts,
            row(1, confirm),
            into=self,
            gap=theme.SPACE_12,
            margins=theme.SPACE_16,
        )

    def ask(self, statement: Statement, anchor: QWidget, part: QRect) -> None:
        """Ask beside a statement, which is a part of a widget. What was typed stays
        where a press beside the form closed it.
        """
        known = self._statement
        if (statement.id, statement.filled) != (known.id, known.filled):
            self.fields.show_values(
                {**self._usual, **dict(statement.filled)}, is_other=True
            )
        self._statement = statement
        self.toggle(anchor, part)

    def forget(self) -> None:
        """Ask anew, whatever was typed."""
        self._statement = Statement("")

    def _confirm(self) -> None:
        if self.fields.keep():
            self.dismiss()
            value = {**dict(self._statement.filled), **self.fields.values}
            edit = Edit(self._statement.id, action=self._action, value=value)
            self.forget()
            self.confirmed.emit(edit)
