"""Asks for a column of a grid: its name and what stands in it, labels of a person's
own, or one that is offered.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QPlainTextEdit, QWidget

from slmdesk.base.texts import _
from slmdesk.tasks.report import ADD_COLUMN, Column, Edit, ValueKind
from slmdesk.tasks.shape import Grid
from slmdesk.ui.kit.base import theme
from slmdesk.ui.kit.widgets.build import (
    button,
    column,
    flow,
    named,
    plain_label,
    row,
    text_line,
)
from slmdesk.ui.kit.widgets.parts import Popover
from slmdesk.ui.kit.widgets.rows import Choice

MOST_NAME, FEWEST_LABELS = 80, 2


class ColumnPopover(Popover):
    added = Signal(object, object)
    """Emitted with the Edit that adds the column, and the Column."""
    labels_requested = Signal(object)
    """Emitted with the function that takes labels found in the documents, a line for
    each.
    """

    def __init__(self, parent: QWidget, grid: Grid, name: str) -> None:
        super().__init__(parent, f"{name}_popover", label=_("Add a column"))
        self._name = name
        hint, label = (
            _("Name of the column, such as Rent"),
            _("Name of a column to add"),
        )
        self._line = text_line(f"{name}_line", self, hint, label=label, most=MOST_NAME)
        kinds = {kind: _(words) for kind, words in grid.kinds}
        own = kinds.pop(ValueKind.LABEL, "")
        self._kind = named(Choice([*kinds.items()], self), f"{name}_kind")
        self._kind.setAccessibleName(_("What stands in the column to add"))
        self._labels = named(
            QPlainTextEdit(self), f"{name}_labels", label=_("Labels, one in each line")
        )
        self._labels.setPlaceholderText(
            _("A label in each line, with a sentence:\nprice: it costs too much")
        )
        self._labels.setTabChangesFocus(True)
        self._labels.setFixedHeight(6 * self.fontMetrics().height())
        add = button(_("Add"), f"{name}_add", self, kind="primary", on=self._on_add)
        self._line.returnPressed.connect(self._on_add)
        self._sorted = plain_label(
            _("Sort texts by:"), self, name=f"{name}_told", kind="small", wraps=False
        )
        self._own = button(own, f"{name}_own", self, kind="chip")
        self._own.setCheckable(True)
        self._own.toggled.connect(self._on_own)
        self._own.setVisible(bool(own))
        self._find = button(
            _("Find themes"), f"{name}_themes", self, kind="quiet", on=self._on_find
        )
        self._has_find = grid.labels is not None
        self._offered = flow(gap=theme.SPACE_8)
        self._offers: tuple[Column, ...] = ()
        self._offered.addWidget(self._own)
        parts = (
            self._line,
            row((self._kind, 1), add),
            self._sorted,
            self._offered,
            self._labels,
            self._find,
        )
        column(*parts, into=self, gap=theme.SPACE_8, margins=theme.SPACE_16)
        self._on_own(False)

    def offer(self, offers: tuple[Column, ...]) -> None:
        """Offer columns that come with the program, each by a button."""
        self._sorted.setVisible(bool(offers))
        if offers == self._offers:
            return
        self._offers = offers
        while (item := self._offered.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None and widget is not self._own:
                widget.deleteLater()
        for known in offers:
            made = button(
                known.name,
                f"{self._name}_offer_{known.id or known.name}",
                self,
                kind="chip",
            )
            made.clicked.connect(partial(self._give, known, ()))
            self._offered.addWidget(made)
        self._offered.addWidget(self._own)

    def let_find(self) -> None:
        """Let labels be looked for again: those asked for came, or were refused."""
        self._find.setEnabled(True)

    def _on_own(self, is_own: bool) -> None:
        self._kind.setEnabled(not is_own)
        self._labels.setVisible(is_own)
        self._find.setVisible(is_own and self._has_find)
        self.adjustSize()

    def _on_find(self) -> None:
        self._find.setEnabled(False)
        self.labels_requested.emit(self._show_labels)

    def _show_labels(self, lines: Sequence[str]) -> None:
        """Propose labels, a line for each: a person renames them, or makes one of
        several.
        """
        self.let_find()
        self._labels.selectAll()  # what stood there comes back with Ctrl+Z
        self._labels.insertPlainText("\n".join(lines))
        if not self._line.text():
            self._line.setText(_("Theme"))

    def _on_add(self) -> None:
        name = self._line.text().strip()
        lines = [
            line.strip()
            for line in self._labels.toPlainText().splitlines()
            if line.strip()
        ]
        is_own = self._own.isChecked()
        if not any(letter.isalnum() for letter in name) or (
            is_own and len(lines) < FEWEST_LABELS
        ):
            return
        if is_own:
            self._give(Column(name, ValueKind.LABEL), lines)
        else:
            self._give(Column(name, self._kind.currentData()), ())

    def _give(
        self, made: Column, labels: Sequence[str], _checked: bool = False
    ) -> None:
        self._line.clear()
        self._labels.clear()
        self._own.setChecked(False)
        self._kind.setCurrentIndex(0)
        self.dismiss()
        value = {
            "id": made.id,
            "name": made.name,
            "kind": str(made.kind),
            "labels": list(labels),
        }
        self.added.emit(Edit("", action=ADD_COLUMN, value=value), made)
