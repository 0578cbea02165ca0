"""The counts of a report: charts, and their figures, each of which opens its rows; and
a sample to check by hand.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from random import Random

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QHeaderView,
    QMenu,
    QPlainTextEdit,
    QPushButton,
    QScrollArea,
    QTableWidget,
    QTableWidgetItem,
    QWidget,
)

from slmdesk.base.documents import Form
from slmdesk.base.texts import N_, _, grouped
from slmdesk.tasks.report import CHECK, Edit, Report, Section, Value, ValueKind
from slmdesk.ui.kit.base import theme
from slmdesk.ui.kit.base.theme import scaled
from slmdesk.ui.kit.widgets.build import (
    button,
    column,
    flow,
    named,
    plain_label,
    row,
    show_column,
)
from slmdesk.ui.kit.widgets.chart import ChartView
from slmdesk.ui.kit.widgets.dialogs import Dialog
from slmdesk.ui.kit.widgets.notices import ask_where
from slmdesk.ui.kit.widgets.rows import Choice

PICTURES = (Form("svg", _("Picture (SVG)")), Form("png", _("Picture (PNG)")))
NOTHING, OTHERS = N_("(none)"), N_("(others)")
"""What a chart calls rows without a value, and values that it does not count alone."""
MONTH = len("2026-01")
ROW = 32
SAMPLE = 30
"""Most rows that are checked by hand."""


class CountsView(QFrame):
    rows_chosen = Signal(object, str)
    """Emitted with what the rows have that a figure counts, as a function, and with
    words for it.
    """
    check_requested = Signal(int)
    """Emitted with the number of the column whose labels are to be checked."""
    picture_requested = Signal(object, object)

    def __init__(self, parent: QWidget, name: str) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self.report = Report("", "")
        self._which = named(
            Choice([], self), f"{name}_which", label=_("What is counted")
        )
        self._which.value_chosen.connect(lambda _at: self._show())
        check = button(
            _("Check a sample"), f"{name}_check", self, kind="quiet", on=self._on_check
        )
        self._check = check
        save = button(
            _("Save chart"), f"{name}_save", self, kind="quiet", icon="chevron-down"
        )
        save.setLayoutDirection(
            Qt.LayoutDirection.RightToLeft
        )  # the arrow behind the words
        menu = named(QMenu(save), f"{name}_save_menu")
        for form in PICTURES:
            action = named(menu.addAction(form.name), f"{name}_save_{form.id}")
            action.triggered.connect(partial(self._on_save, form.id))
        save.clicked.connect(
            lambda: menu.popup(save.mapToGlobal(save.rect().bottomLeft()))
        )
        self._trust = plain_label("", self, name=f"{name}_trust", kind="small")
        content = named(QFrame(self), f"{name}_inner", kind="plain")
        self.chart = ChartView(content, f"{name}_chart")
        self.figures = named(
            QTableWidget(content),
            f"{name}_figures",
            label=_("Figures; Enter shows their texts"),
        )
        self.figures.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.figures.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.figures.setTabKeyNavigation(False)
        self.figures.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.figures.verticalHeader().hide()
        self.figures.setShowGrid(False)
        self.figures.cellClicked.connect(self._on_cell)
        self.figures.cellActivated.connect(self._on_cell)
        column(self.chart, self.figures, 1, into=content, gap=theme.SPACE_8)
        area = named(QScrollArea(self), f"{name}_area", kind="plain")
        show_column(area, content)
        head = row(self._which, 1, check, save, gap=theme.SPACE_8)
        column(head, self._trust, (area, 1), into=self, gap=theme.SPACE_8)

    def show_report(self, report: Report) -> None:
        chosen = self._which.currentData()
        self.report = report
        self._which.clear()
        for at, chart in enumerate(report.charts):
            self._which.addItem(chart.title, at)
        self._which.setCurrentIndex(max(0, self._which.findData(chosen)))
        self._show()

    def _show(self) -> None:
        """Show a chart and its figures."""
        chart = self.report.charts[self._which.currentData()]
        labels = self._columns[0]
        is_label = labels >= 0 and self.report.columns[labels].kind is ValueKind.LABEL
        self._check.setVisible(is_label)
        self._trust.setVisible(is_label)
        self._trust.setText(self.report.columns[labels].note)
        self.chart.show_chart(chart)
        figures, (head, *lines) = self.figures, chart.rows
        figures.clear()
        figures.setColumnCount(len(head))
        figures.setRowCount(len(lines))
        figures.setHorizontalHeaderLabels(list(head))
        for down, line in enumerate(lines):
            for across, words in enumerate(line):
                item = QTableWidgetItem(words)
                if across:
                    item.setTextAlignment(
                        Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
                    )
                figures.setItem(down, across, item)
        figures.verticalHeader().setDefaultSectionSize(scaled(ROW))
        figures.horizontalHeader().setSectionResizeMode(
            QHeaderView.ResizeMode.ResizeToContents
        )
        figures.setFixedHeight(scaled(ROW) * (len(lines) + 1) + scaled(ROW) // 2)

    def _on_cell(self, down: int, across: int) -> None:
        """Open the rows of a figure. The last line and the last column are sums, which
        open more of them.
        """
        chart = self.report.charts[self._which.currentData()]
        label, by = self._columns
        series = tuple(known.name for known in chart.series)
        wanted = []
        if by >= 0 and 0 < across <= len(series):
            wanted.append(Figure(label, series[across - 1], series))
        if down < len(chart.categories):
            counted = by
            if by < 0:  # each line is a label
                counted = label
            wanted.append(Figure(counted, chart.categories[down], chart.categories))
        count = sum(_counts(wanted, section) for section in self.report.sections)
        words = ", ".join(figure.name for figure in wanted) or _("All")
        self.rows_chosen.emit(partial(_counts, wanted), f"{words}: {grouped(count)}")

    @property
    def _columns(self) -> tuple[int, int]:
        """The columns of the chart on show: whose values are counted, and by whose; -1:
        by none.
        """
        return self.report.counted[self._which.currentData()]

    def _on_check(self) -> None:
        self.check_requested.emit(self._columns[0])

    def _on_save(self, form: str, _checked: bool = False) -> None:
        if self.chart.chart is None:
            return
        make = {"png": self.chart.png, "svg": self.chart.svg}
        data = make[form]()

        def write(target: Path) -> None:
            self.picture_requested.emit(data, target)

        ask_where(self, self.chart.chart.title, form, write, PICTURES)


@dataclass(frozen=True, slots=True)
class Figure:
    """What the rows have in common that a figure counts."""

    column: int
    name: str
    names: tuple[str, ...]
    """All names beside which it stands. Values that have none are counted together."""


def _counts(wanted: Sequence[Figure], section: Section) -> bool:
    """Return whether figures count a row."""
    return all(_name_in(section, figure) == figure.name for figure in wanted)


def _name_in(section: Section, figure: Figure) -> str:
    """Return what a row is counted as beside a figure: of a day its month."""
    statement = section.statements[figure.column]
    name = (statement.value or Value()).date[:MONTH] or statement.text or _(NOTHING)
    if name in figure.names:
        return name
    return _(OTHERS)


class SampleDialog(Dialog):
    """Labels of some rows, one after the other: Enter agrees, a digit gives another
    one, Backspace goes back.
    """

    edit_requested = Signal(object)

    def __init__(self, parent: QWidget, report: Report, at: int) -> None:
        """`at`: number of the column whose labels are checked."""
        super().__init__(parent, "check_dialog", _("Check a sample"))
        self._column, self._report = at, report
        labelled = [
            section for section in report.sections if section.statements[at].text
        ]
        drawn = Random(
            f"{report.title} {at}"
        )  # always the same, whichever of them were checked
        self.sample = drawn.sample(labelled, min(SAMPLE, len(labelled)))
        left = (
            place
            for place, section in enumerate(self.sample)
            if not section.statements[at].is_approved
        )
        self._now = next(left, len(self.sample))
        choices = next((section.statements[at].choices for section in self.sample), ())
        self._progress = plain_label("", self, name="check_progress", kind="small")
        self._text = named(QPlainTextEdit(self), "check_text", label=_("The text"))
        self._text.setReadOnly(True)
        self._text.setTabChangesFocus(True)
        self._found = plain_label("", self, name="check_found", kind="strong")
        self._agree = button(
            _("Agree"), "check_agree", self, kind="primary", on=lambda: self._note("")
        )
        self._back = button(
            _("Back"), "check_back", self, kind="quiet", on=self._on_back
        )
        self._others: list[QPushButton] = []
        for number, choice in enumerate(choices, 1):
            note = partial(self._note, choice)
            self._others.append(
                button(f"{number} {choice}", f"check_{number}", self, on=note)
            )
            QShortcut(QKeySequence(str(number)), self, note)
        QShortcut(QKeySequence(Qt.Key.Key_Backspace), self, self._on_back)
        keys = plain_label(
            _("Enter agrees, a digit gives another label, Backspace goes back."),
            self,
            name="check_keys",
            kind="small",
        )
        others = flow(*self._others, gap=theme.SPACE_8)
        foot = row(keys, 1, self._back, self._agree, gap=theme.SPACE_8)
        parts = (self._progress, (self._text, 1), self._found, others, foot)
        column(*parts, into=self, gap=theme.SPACE_12, margins=theme.SPACE_16)
        self._agree.setDefault(True)
        self.resize(scaled(640), scaled(420))
        self._show()

    def show_report(self, report: Report) -> None:
        """Show what became of the report: what was checked is stored by then."""
        known = {section.id: section for section in report.sections}
        self._report = report
        self.sample = [known.get(section.id, section) for section in self.sample]
        self._show()

    def _show(self) -> None:
        is_there, count = self._now < len(self.sample), len(self.sample)
        self._progress.setText(
            _("{done} of {count}").format(done=self._now + 1, count=count)
        )
        if not is_there:
            columns = self._report.columns
            is_known = self._column < len(columns)
            self._progress.setText(columns[self._column].note if is_known else "")
        self._text.clear()
        self._found.setText(_("Done"))
        for part in (self._agree, *self._others):
            part.setEnabled(is_there)
        self._back.setEnabled(self._now > 0)
        if is_there:
            section = self.sample[self._now]
            self._text.setPlainText(_read(self._report, section, self._column))
            self._found.setText(self._found_words(section))
            self._agree.setFocus(Qt.FocusReason.OtherFocusReason)

    def _note(self, label: str, _checked: bool = False) -> None:
        """Agree with the label, or give another one."""
        if self._now >= len(self.sample):
            return
        statement = self.sample[self._now].statements[self._column]
        self._now += 1
        self._show()
        self.edit_requested.emit(
            Edit(statement.id, action=CHECK, value=label or statement.text)
        )

    def _found_words(self, section: Section) -> str:
        """Return the label of a row, and how sure it is."""
        statement = section.statements[self._column]
        return " · ".join(
            words for words in (statement.text, *statement.notes) if words
        )

    def _on_back(self) -> None:
        self._now = max(0, self._now - 1)
        self._show()


def _read(report: Report, section: Section, at: int) -> str:
    """Return the text that a label is about: of a text that came with the document
    whole, else what carries it.
    """
    pairs = zip(report.columns, section.statements, strict=True)
    given = max(
        (statement.text for known, statement in pairs if known.is_given),
        key=len,
        default="",
    )
    if section.id != section.document and given:
        return given
    return "\n\n".join(
        part for part in (section.title, *section.statements[at].quotes) if part
    )
