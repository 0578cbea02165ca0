"""Chooses the columns of a table: a predefined set, or names typed one by one.  Widgets only."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QSizePolicy, QWidget

from slmdesk.tables.prompts import column_named, preset, presets
from slmdesk.tables.service import MOST_COLUMNS, MOST_NAME
from slmdesk.tables.types import Column, ColumnKind
from slmdesk.window.base import theme
from slmdesk.window.widgets.build import button, column, row, text_line
from slmdesk.window.widgets.choice import Choice
from slmdesk.window.widgets.flow import FlowLayout
from slmdesk.window.widgets.named import named
from slmdesk.window.widgets.text import plain_tip

KIND_WORDS = {
    ColumnKind.TEXT: "Text",
    ColumnKind.NUMBER: "Number",
    ColumnKind.DATE: "Date",
    ColumnKind.AMOUNT: "Amount of money",
    ColumnKind.PERSON: "Person or company",
    ColumnKind.LIST: "List",
    ColumnKind.CODE: "Number of a paper",
    ColumnKind.IBAN: "Bank account (IBAN)",
    ColumnKind.PERIOD: "Length of time",
}
MOST_LETTERS = 24


class ColumnChooser(QFrame):
    columns_changed = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("column_chooser")
        self._columns: list[Column] = []
        self._build_ui()
        self._preset.value_chosen.connect(self._on_preset)
        self._line.returnPressed.connect(self._on_add)
        self.show_columns(presets()[0].columns)

    def _build_ui(self) -> None:
        values: list[tuple[object, str]] = [(one.id, one.name) for one in presets()]
        self._preset = named(Choice([*values, ("", "Columns of my own")], self), "table_preset")
        self._preset.setAccessibleName("What kind of documents these are")
        self._chips = QFrame(self)
        self._chips.setObjectName("column_chips")
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self._chips.setSizePolicy(policy)
        self._flow = FlowLayout(self._chips, gap=theme.SPACE_4)
        hint, label = "Add a column, such as Rent", "Name of a column to add"
        self._line = text_line("column_line", self, hint, label=label, most=MOST_NAME)
        self._kind = named(Choice(list(KIND_WORDS.items()), self), "column_kind")
        self._kind.setAccessibleName("What stands in the column to add")
        self._kind.setSizeAdjustPolicy(Choice.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self._kind.setMinimumContentsLength(6)
        add = button("Add", "add_column_button", self, on=self._on_add)
        column(self._preset, self._chips, self._line, row((self._kind, 1), add), into=self, gap=theme.SPACE_8)

    @property
    def columns(self) -> tuple[Column, ...]:
        return tuple(self._columns)

    def show_columns(self, columns: Sequence[Column]) -> None:
        self._columns = list(columns)
        known = next((one.id for one in presets() if one.columns == tuple(columns)), "")
        self._preset.show_value(known)
        while self._flow.count():
            item = self._flow.takeAt(0)
            if item is not None and (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        for one in self._columns:
            name = one.name if len(one.name) <= MOST_LETTERS else one.name[: MOST_LETTERS - 1] + "…"
            about = f"{one.name} ({KIND_WORDS[one.kind].lower()}). {one.meaning}".strip()
            chip = button(
                f"{name.replace('&', '&&')}  ×", "column_chip", self._chips, kind="quiet",
                label=f"Take out the column {one.name}", tip=plain_tip(f"{about}\nClick to take it out."),
                on=lambda _checked=False, one=one: self._on_taken_out(one),
            )  # fmt: skip
            self._flow.addWidget(chip)
            chip.show()
        self._chips.setVisible(bool(self._columns))
        self._chips.updateGeometry()
        self.columns_changed.emit()

    # ---- events

    def _on_preset(self, id: object) -> None:
        known = preset(str(id))
        self.show_columns(known.columns if known else ())
        if known is None:
            self._line.setFocus(Qt.FocusReason.OtherFocusReason)

    def _on_add(self) -> None:
        """Add a column; a name that exists changes nothing."""
        column = column_named(self._line.text())
        kind = ColumnKind(self._kind.currentData())
        if kind is not ColumnKind.TEXT:
            column = Column(column.name, kind, "", column.labels)
        names = {one.name.casefold() for one in self._columns}
        is_name = any(one.isalnum() for one in column.name)
        if is_name and column.name.casefold() not in names and len(self._columns) < MOST_COLUMNS:
            self.show_columns([*self._columns, column])
        self._line.clear()
        self._kind.show_value(ColumnKind.TEXT)
        self._line.setFocus(Qt.FocusReason.OtherFocusReason)

    def _on_taken_out(self, column: Column) -> None:
        self.show_columns([one for one in self._columns if one is not column])
        self._line.setFocus(Qt.FocusReason.OtherFocusReason)
