"""The counts of a report: charts, and their figures, each of which opens its rows; and a sample to check by hand."""

from __future__ import annotations

from collections.abc import Callable, Sequence
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
from slmdesk.base.texts import _, grouped
from slmdesk.tasks.report import Edit, Report, Section, Statement, Value, ValueKind
from slmdesk.window.base import theme
from slmdesk.window.base.theme import scaled
from slmdesk.window.widgets.build import button, column, flow, named, plain_label, row, show_column
from slmdesk.window.widgets.chart import ChartView
from slmdesk.window.widgets.dialogs import Dialog
from slmdesk.window.widgets.notices import ask_where
from slmdesk.window.widgets.rows import Choice

PICTURES = (Form("svg", _("Picture (SVG)")), Form("png", _("Picture (PNG)")))
ROW = 32
SAMPLE = 50
"""Most rows that are checked by hand."""


class CountsView(QFrame):
    rows_chosen = Signal(object, str)
    """Emitted with what the rows have that a figure counts, as a function, and with words for it."""
    check_requested = Signal(int)
    """Emitted with the number of the column whose labels are to be checked."""
    picture_requested = Signal(object, object)

    def __init__(self, parent: QWidget, name: str) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self.report = Report("", "")
        self._which = named(Choice([], self), f"{name}_which", label=_("What is counted"))
        self._which.value_chosen.connect(lambda _at: self._show())
        check = button(_("Check a sample"), f"{name}_check", self, kind="quiet", on=self._on_check)
        self._check = check
        save = button(_("Save chart"), f"{name}_save", self, kind="quiet", icon="chevron-down")
        save.setLayoutDirection(Qt.LayoutDirection.RightToLeft)  # the arrow behind the words
        menu = named(QMenu(save), f"{name}_save_menu")
        for form in PICTURES:
            action = named(menu.addAction(form.name), f"{name}_save_{form.id}")
            action.triggered.connect(partial(self._on_save, form.id))
        save.clicked.connect(lambda: menu.popup(save.mapToGlobal(save.rect().bottomLeft())))
        content = named(QWidget(self), f"{name}_inner")
        self.chart = ChartView(content, f"{name}_chart")
        self.figures = named(QTableWidget(content), f"{name}_figures", label=_("Figures; Enter shows their texts"))
        self.figures.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.figures.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.figures.setTabKeyNavigation(False)
        self.figures.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.figures.verticalHeader().hide()
        self.figures.setShowGrid(False)
        self.figures.cellClicked.connect(self._on_cell)
        self.figures.cellActivated.connect(self._on_cell)
        column(self.chart, self.figures, 1, into=content, gap=theme.SPACE_8)
        area = named(QScrollArea(self), f"{name}_area")
        show_column(area, content)
        head = row(self._which, 1, check, save, gap=theme.SPACE_8)
        column(head, (area, 1), into=self, gap=theme.SPACE_8)

    def show_report(self, report: Report) -> None:
        chosen = self._which.currentData()
        self.report = report
        self._which.clear()
        for at, chart in enumerate(report.charts):
            self._which.addItem(chart.title, at)
        self._which.setCurrentIndex(max(0, self._which.findData(chosen)))
        self._check.setVisible(bool(_label_columns(report)))
        self._show()

    def _show(self) -> None:
        """Show a chart and its figures."""
        chart = self.report.charts[self._which.currentData()]
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
                    item.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
                figures.setItem(down, across, item)
        figures.verticalHeader().setDefaultSectionSize(scaled(ROW))
        figures.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        figures.setFixedHeight(scaled(ROW) * (len(lines) + 1) + scaled(ROW) // 2)

    def _on_cell(self, down: int, across: int) -> None:
        """Open the rows of a figure: those whose statements say its category and its series."""
        chart = self.report.charts[self._which.currentData()]
        names = [*chart.categories[down : down + 1]]  # the last line is sums
        if len(chart.series) > 1 and 0 < across <= len(chart.series):
            names.append(chart.series[across - 1].name)
        count = sum(has_all(names)(section) for section in self.report.sections)
        words = ", ".join(names) or _("All")
        self.rows_chosen.emit(has_all(names), f"{words}: {grouped(count)}")

    def _on_check(self) -> None:
        self.check_requested.emit(_label_columns(self.report)[0])

    def _on_save(self, form: str, _checked: bool = False) -> None:
        if self.chart.chart is None:
            return
        make = {"png": self.chart.png, "svg": self.chart.svg}
        data = make[form]()

        def write(target: Path) -> None:
            self.picture_requested.emit(data, target)

        ask_where(self, self.chart.chart.title, form, write, PICTURES)


def has_all(names: Sequence[str]) -> Callable[[Section], bool]:
    """Return the function that says whether the statements of a row say all of these words."""
    return lambda section: all(any(_says(statement, name) for statement in section.statements) for name in names)


def _says(statement: Statement, name: str) -> bool:
    """Return whether a statement is counted under a name: its text, or the beginning of its day for a month or year."""
    date = (statement.value or Value()).date
    return statement.text == name or date.startswith(name)


def _label_columns(report: Report) -> list[int]:
    return [at for at, known in enumerate(report.columns) if known.kind is ValueKind.LABEL]


class SampleDialog(Dialog):
    """Labels of some rows, one after the other: Enter agrees, a digit gives another one, Backspace goes back."""

    edit_requested = Signal(object)

    def __init__(self, parent: QWidget, report: Report, at: int) -> None:
        """`at`: number of the column whose labels are checked."""
        super().__init__(parent, "check_dialog", _("Check a sample"))
        self._column = at
        labelled = [section for section in report.sections if section.statements[at].text]
        drawn = Random(f"{report.title} {at}")  # always the same, whichever of them were checked
        self._sample = drawn.sample(labelled, min(SAMPLE, len(labelled)))
        done = (place for place, section in enumerate(self._sample) if not section.statements[at].is_approved)
        self._now = next(done, len(self._sample))
        choices = next((section.statements[at].choices for section in self._sample), ())
        self._progress = plain_label("", self, name="check_progress", kind="small")
        self._text = named(QPlainTextEdit(self), "check_text", label=_("The text"))
        self._text.setReadOnly(True)
        self._text.setTabChangesFocus(True)
        self._found = plain_label("", self, name="check_found", kind="strong")
        self._agree = button(_("Agree"), "check_agree", self, kind="primary", on=lambda: self._note(""))
        self._back = button(_("Back"), "check_back", self, kind="quiet", on=self._on_back)
        self._others: list[QPushButton] = []
        for number, choice in enumerate(choices, 1):
            note = partial(self._note, choice)
            self._others.append(button(f"{number} {choice}", f"check_{number}", self, on=note))
            QShortcut(QKeySequence(str(number)), self, note)
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

    def _show(self) -> None:
        is_there, count = self._now < len(self._sample), len(self._sample)
        self._progress.setText(_("{done} of {count}").format(done=min(self._now + 1, count), count=count))
        self._text.clear()
        self._found.setText(_("Done"))
        for part in (self._agree, *self._others):
            part.setEnabled(is_there)
        self._back.setEnabled(self._now > 0)
        if is_there:
            section = self._sample[self._now]
            self._text.setPlainText(_read(section, self._column))
            self._found.setText(section.statements[self._column].text)
            self._agree.setFocus(Qt.FocusReason.OtherFocusReason)

    def _note(self, label: str, _checked: bool = False) -> None:
        """Agree with the label, or give another one."""
        if self._now >= len(self._sample):
            return
        statement = self._sample[self._now].statements[self._column]
        edit = Edit(statement.id, approved=True)
        if label not in ("", statement.text):
            edit = Edit(statement.id, label)
        self.edit_requested.emit(edit)
        self._now += 1
        self._show()

    def _on_back(self) -> None:
        self._now = max(0, self._now - 1)
        self._show()


def _read(section: Section, at: int) -> str:
    """Return the text that a label is about: the longest other statement of its row, below the row's title."""
    others = [one.text for place, one in enumerate(section.statements) if place != at]
    quote = "".join(section.statements[at].quotes)
    return "\n\n".join(part for part in (section.title, quote or max(others, key=len, default="")) if part)
