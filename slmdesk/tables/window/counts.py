"""The counts of a table of labels: a chart, and its figures, each of which opens its texts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QHeaderView,
    QMenu,
    QScrollArea,
    QTableWidget,
    QTableWidgetItem,
    QWidget,
)

from slmdesk.base.documents import Form
from slmdesk.base.texts import _, grouped
from slmdesk.tables.counts import (
    Counts,
    bucket_words,
    chart_of,
    countable,
    counted,
    error_of,
    labels_of,
    rows_in,
)
from slmdesk.tables.types import Table
from slmdesk.window.base import theme
from slmdesk.window.base.theme import scaled
from slmdesk.window.widgets.build import button, column, named, plain_label, row, show_column
from slmdesk.window.widgets.chart import ChartView
from slmdesk.window.widgets.notices import ask_where
from slmdesk.window.widgets.rows import Choice

PICTURES = (Form("svg", _("Picture (SVG)")), Form("png", _("Picture (PNG)")))
ROW = 32


class CountsView(QFrame):
    rows_chosen = Signal(object, str)
    """Emitted with the ids of the rows that a figure counts, and what they have in common."""
    check_requested = Signal(int)

    def __init__(self, parent: QWidget, write: Callable[[bytes, Path], None]) -> None:
        super().__init__(parent)
        named(self, "table_counts")
        self._write = write
        self._table: Table | None = None
        self._counts: Counts | None = None
        self._label = named(Choice([], self), "counts_label", label=_("What is counted"))
        self._by = named(Choice([], self), "counts_by", label=_("By what is counted"))
        check = button(_("Check a sample"), "check_sample_button", self, kind="quiet")
        check.clicked.connect(lambda: self.check_requested.emit(self._label.currentData()))
        save = button(_("Save chart"), "save_chart_button", self, kind="quiet", icon="chevron-down")
        save.setLayoutDirection(Qt.LayoutDirection.RightToLeft)  # the arrow behind the words
        menu = named(QMenu(save), "save_chart_menu")
        for form in PICTURES:
            action = named(menu.addAction(form.name), f"save_chart_{form.id}")
            action.triggered.connect(partial(self._on_save, form.id))
        save.clicked.connect(lambda: menu.popup(save.mapToGlobal(save.rect().bottomLeft())))
        self._trust = plain_label("", self, name="counts_trust", kind="small")
        content = named(QWidget(self), "counts_inner")
        self.chart = ChartView(content, "counts_chart")
        self.figures = named(QTableWidget(content), "counts_figures", label=_("Figures; Enter shows their texts"))
        self.figures.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.figures.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.figures.setTabKeyNavigation(False)
        self.figures.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.figures.verticalHeader().hide()
        self.figures.setShowGrid(False)
        self.figures.cellClicked.connect(self._on_cell)
        self.figures.cellActivated.connect(self._on_cell)
        column(self.chart, self.figures, 1, into=content, gap=theme.SPACE_8)
        area = named(QScrollArea(self), "counts_area")
        show_column(area, content)
        head = row(self._label, self._by, 1, check, save, gap=theme.SPACE_8)
        column(head, self._trust, (area, 1), into=self, gap=theme.SPACE_8)
        self._label.value_chosen.connect(lambda _at: self._count())
        self._by.value_chosen.connect(lambda _at: self._count())

    def show_table(self, table: Table) -> None:
        self._table = table
        labels, chosen = labels_of(table), self._label.currentData()
        _fill(self._label, [(at, _(table.columns[at].name)) for at in labels], chosen)
        self._count()

    def _count(self) -> None:
        table, label = self._table, self._label.currentData()
        if table is None or label is None:
            return
        others = [(at, _(table.columns[at].name)) for at in countable(table) if at != label]
        _fill(self._by, [(-1, _("Alone")), *others], self._by.currentData())
        by = self._by.currentData()
        self._counts = counted(table, label, None if by in (None, -1) else by)
        chart = chart_of(table, self._counts)
        self.chart.show_chart(chart)
        self._fill_figures(chart.rows)
        error = error_of(table, label)
        self._trust.setText(f"{error.words}." if error else _("No sample was checked by hand."))

    def _fill_figures(self, rows: tuple[tuple[str, ...], ...]) -> None:
        figures, (head, *lines) = self.figures, rows
        figures.clear()
        figures.setColumnCount(len(head))
        figures.setRowCount(len(lines))
        figures.setHorizontalHeaderLabels(list(head))
        for down, line in enumerate(lines):
            for across, words in enumerate(line):
                item = QTableWidgetItem(words)
                if across:
                    item.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
                figures.setItem(down, across, item)
        figures.verticalHeader().setDefaultSectionSize(scaled(ROW))
        figures.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        figures.setFixedHeight(scaled(ROW) * (len(lines) + 1) + scaled(ROW) // 2)

    def _on_cell(self, down: int, across: int) -> None:
        """Open the texts of a figure; those of a line by its name."""
        table, counts = self._table, self._counts
        if table is None or counts is None:
            return
        is_alone = counts.by is None  # each line is a label
        label = _within(counts.labels, down if is_alone else across - 1)
        value = None if is_alone else _within(counts.values, down)
        rows = rows_in(table, counts, value, label)
        names = [] if label is None else [_(counts.labels[label])]
        if counts.by is not None and value is not None:
            names.append(bucket_words(table.columns[counts.by], counts.values[value]))
        words = ", ".join(names) or _("All")
        self.rows_chosen.emit(frozenset(entry.document for entry in rows), f"{words}: {grouped(len(rows))}")

    def _on_save(self, form: str, _checked: bool = False) -> None:
        if self.chart.chart is not None:
            data = self.chart.png() if form == "png" else self.chart.svg()
            ask_where(self, self.chart.chart.title, form, partial(self._write, data), PICTURES)


def _within(names: Sequence[str], at: int) -> int | None:
    """Return a place if a name has it: the last line and column are sums."""
    return at if 0 <= at < len(names) else None


def _fill(choice: Choice, values: list[tuple[int, str]], chosen: object) -> None:
    choice.clear()
    for value, words in values:
        choice.addItem(words, value)
    choice.setCurrentIndex(max(0, choice.findData(chosen)))
