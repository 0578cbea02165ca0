"""Two texts of a report side by side, which scroll together, and the list of what
differs between them.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import partial
from typing import Any

from PySide6.QtCore import QEvent, QLocale, Signal
from PySide6.QtGui import QActionGroup, QResizeEvent
from PySide6.QtWidgets import QFrame, QMenu, QWidget

from slmdesk.base.documents import CALENDAR
from slmdesk.base.record import changed
from slmdesk.base.texts import _, ngettext
from slmdesk.documents.types import Span
from slmdesk.tasks.report import Edit, Report, Section, Statement
from slmdesk.tasks.shape import Documents, Task
from slmdesk.ui.kit.base import theme
from slmdesk.ui.kit.base.shortcuts import bind
from slmdesk.ui.kit.base.theme import scaled
from slmdesk.ui.kit.widgets.build import (
    column,
    cut_to_lines,
    named,
    plain_label,
    row,
    set_tip,
    split,
    tool_button,
)
from slmdesk.ui.kit.widgets.rows import Choice
from slmdesk.ui.tasks.statements import StatementList

TO_CHECK = "to check"
"""Value of the filter by which what is to be checked is shown alone."""
WEIGHT, TEXT = "weight", "text"
"""Orders of a list: the most important first, or as in the text."""
Order = Callable[[Statement], object]
BESIDE, LIST = 760, 272
"""Least width of the pane in which the list stands beside both texts, and the width of
the list.
"""
LEAD_LINES, LOW = 2, 12
"""Lines that are kept for the lead, and the lines of a view that is too low for all of
it.
"""


class ReportView(QFrame):
    """Shows a report by its layout. Base class."""

    statement_chosen = Signal(object)
    statement_pointed_at = Signal(object)
    copy_requested = Signal(object)
    action_requested = Signal(object, str)
    edit_requested = Signal(object)
    """Emitted with the Edit that a person wants."""
    unfold_requested = Signal(object)
    width_requested = Signal(bool)

    def __init__(self, task: Task[Any, Any], parent: QWidget, name: str) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self.task = task
        self.report = Report(task.kind, "")

    def show_report(self, report: Report, *, is_other: bool = True) -> None:
        """Show a report. `is_other`: it is not what the one before has become."""
        raise NotImplementedError

    @property
    def lists(self) -> Sequence[StatementList]:
        """The lists that show its statements, of which the first is that where they are
        lit.
        """
        return ()

    @property
    def statements(self) -> Sequence[Statement]:
        """Those on show."""
        return self.lists[0].rows.statements

    def light(self, statements: Iterable[Statement]) -> None:
        lit = list(statements)
        for shown in self.lists:
            shown.light(lit)

    def leave(self) -> None:
        """Light nothing, and go to the top: another report comes, where a statement may
        have the same id.
        """
        for shown in self.lists:
            shown.light(())
            shown.scrollToTop()

    def light_of(self, spans: Collection[Span]) -> None:
        """Light the statements that stand in one of these places."""
        given = set(spans)
        self.light(
            one for one in self.statements if given & {*one.sources, *one.other_sources}
        )

    def unfold(self, section: Section, statements: Sequence[Statement]) -> None:
        """Show the statements of a folded section, which were read for it."""
        for shown in self.lists:
            shown.rows.unfold(section, statements)

    def put_in_order(self, report: Report) -> None:
        """Show what is ranked in the order of a report from now on, where the layout
        has an order of its own.
        """

    def make_list(self, parent: QWidget, name: str, label: str) -> StatementList:
        """Return a list whose signals are those of the view."""
        made = StatementList(parent, name, label)
        made.rows.action_words = {
            action: _(words) for action, words in self.task.actions.items()
        }
        made.copy_requested.connect(self.copy_requested)
        made.action_requested.connect(self.action_requested)
        made.statement_pointed_at.connect(self.statement_pointed_at)
        made.unfold_requested.connect(self.unfold_requested)
        made.approve_requested.connect(
            lambda statement: self.edit_requested.emit(
                Edit(statement.id, approved=not statement.is_approved)
            )
        )
        made.edited.connect(partial(self._on_edited, made))
        made.ticked.connect(
            lambda id, is_on: self.edit_requested.emit(Edit(id, approved=is_on))
        )
        return made

    def _on_edited(self, shown: StatementList, statement: Statement, text: str) -> None:
        edit = Edit(statement.id, text)
        if shown.is_approving:
            shown.is_approving = False
            edit = changed(edit, approved=True)
        self.edit_requested.emit(edit)


class ListView(ReportView):
    """Statements below each other."""

    def __init__(self, task: Task[Any, Any], parent: QWidget, name: str) -> None:
        super().__init__(task, parent, name)
        self.list = self.make_list(
            self, f"{task.kind}_list", _("Statements; Enter shows the source")
        )
        self.list.statement_chosen.connect(self.statement_chosen)
        if CALENDAR.id in task.forms:
            self.list.calendar_words = _("To the calendar")
        column(self.list, into=self)

    @property
    def lists(self) -> Sequence[StatementList]:
        return (self.list,)

    def show_report(self, report: Report, *, is_other: bool = True) -> None:
        current, row = self.list.current, self.list.currentIndex().row()
        self.report = report
        self.list.setAutoScroll(False)  # Qt goes to what follows a row that goes
        self.list.rows.show_report(report, is_other=is_other)
        self.list.setAutoScroll(True)
        if current is not None and not is_other:
            self.list.stay_at(current, row)


class PagesView(ReportView):
    """Two texts side by side. Beside the pages of a document it is the list of
    differences alone.
    """

    def __init__(self, task: Task[Any, Any], parent: QWidget, name: str) -> None:
        super().__init__(task, parent, name)
        self._is_wide = False
        self._order = TEXT
        self._build_ui()
        for shown in self.lists:
            shown.statement_chosen.connect(self._on_chosen)
            shown.doubleClicked.connect(lambda _index: self.show_on_page())
            shown.approve_requested.connect(self._on_approved)
        self.list.statement_pointed_at.connect(self.pages.point_at)
        for (keys, _words), step in zip(
            task.steps, (self.go_back, self.go_on), strict=True
        ):
            bind(self, keys, step)

    def _build_ui(self) -> None:
        kind = self.task.kind
        self._lead = plain_label("", self, name=f"{kind}_lead", kind="read")
        self.list = self.make_list(self, f"{kind}_changes", _("Changes"))
        self.list.look_like(is_compact=True)
        self._columns = named(QFrame(self), f"{kind}_columns")
        self._heads = named(QFrame(self._columns), f"{kind}_heads", kind="plain")
        heading = row(into=self._heads, gap=0, margins=(0, 0, theme.SCROLL_BAR, 0))
        for words in self.task.sides:
            head = plain_label(
                _(words), self._heads, name=f"{kind}_head", kind="strong"
            )
            head.setIndent(scaled(theme.SPACE_16))
            heading.addWidget(head, 1)
        self.pages = self.make_list(
            self._columns, f"{kind}_pages", _("Both texts side by side")
        )
        self.pages.look_like(is_paired=True)
        column(self._heads, (self.pages, 1), into=self._columns, gap=theme.SPACE_4)
        sizes = (scaled(LIST), 4 * scaled(LIST))
        self._split = split(
            f"{kind}_splitter", self, self.list, self._columns, sizes=sizes
        )
        column(
            self._lead,
            (self._split, 1),
            self._build_bar(),
            into=self,
            gap=theme.SPACE_8,
        )

    def _build_bar(self) -> QFrame:
        bar = named(QFrame(self), f"{self.task.kind}_bar")
        self._kinds = named(
            Choice([], bar), f"{self.task.kind}_filter", label=_("What is shown")
        )
        self._kinds.value_chosen.connect(self.choose_kind)
        make = partial(tool_button, parent=bar, colour="ink2")
        (back, back_words), (on, on_words) = self.task.steps
        words = _(back_words)
        self._before = make(
            f"{self.task.kind}_previous",
            icon="chevron-left",
            label=words,
            tip=words,
            shortcut=back,
            on=self.go_back,
        )
        self._count = plain_label(
            "", bar, name=f"{self.task.kind}_count", kind="small", wraps=False
        )
        words = _(on_words)
        self._after = make(
            f"{self.task.kind}_next",
            icon="chevron-right",
            label=words,
            tip=words,
            shortcut=on,
            on=self.go_on,
        )
        row(
            self._kinds,
            1,
            self._before,
            self._count,
            self._after,
            into=bar,
            gap=theme.SPACE_4,
        )
        self._bar = bar
        return bar

    def fill_menu(self, menu: QMenu) -> None:
        """Add what is chosen seldom: the order of the list, and what
        stands beside it.
        """
        orders = QActionGroup(menu)
        for key, words in (
            (WEIGHT, _("Most important first")),
            (TEXT, _("In the order of the text")),
        ):
            action = named(menu.addAction(words), f"{self.task.kind}_order_{key}")
            action.setCheckable(True)
            action.setChecked(key == self._order)
            action.triggered.connect(partial(self._order_by, key))
            orders.addAction(action)
        if self.task.documents is Documents.NONE:  # there are no pages to show
            return
        menu.addSeparator()
        named(
            menu.addAction(_("Show on the page"), self.show_on_page),
            f"{self.task.kind}_open",
        )
        words = _("Side by side")
        if self._is_wide:
            words = _("Show document")
        named(
            menu.addAction(words, lambda: self.set_wide(not self._is_wide)),
            f"{self.task.kind}_wide",
        )

    @property
    def lists(self) -> Sequence[StatementList]:
        return (self.pages, self.list)

    @property
    def listed(self) -> StatementList:
        """The list that is stepped through: that of the differences, or where all is
        one sort both texts.
        """
        if self.report.kinds:
            return self.list
        return self.pages

    @property
    def current(self) -> Statement | None:
        return next(iter(self.listed.lit), None)

    def show_report(self, report: Report, *, is_other: bool = True) -> None:
        self.report = report
        if is_other:
            self.put_in_order(report)
        self.pages.rows.show_report(report, is_other=is_other)
        self.list.rows.show_report(_differing(report), is_other=is_other)
        has_any = any(
            statement.text or statement.other for statement in report.statements
        )
        for part in (self._split, self._bar):
            part.setVisible(has_any)
        self._show_kinds()
        if is_other:
            self.set_wide(has_any)
        self._show_count()
        self._fit_lead()

    def put_in_order(self, report: Report) -> None:
        """List the most important first, where anything is ranked."""
        self._order = TEXT
        if any(statement.rank for statement in report.statements):
            self._order = WEIGHT
        for shown in self.lists:
            shown.rows.order = None
        self.listed.rows.order = ORDERS[self._order](report)

    def _show_kinds(self) -> None:
        """Offer the sorts that there are, each with its number. Sorts with the same
        words are one.
        """
        counts: dict[str, int] = {}
        for kind, count in self.report.kinds.items():
            words = _(self.task.kinds.get(kind, kind))
            counts[words] = counts.get(words, 0) + count
        chosen = self._kinds.currentData()
        self._kinds.clear()
        self._kinds.addItem(
            f"{_('All')} {QLocale().toString(len(_listed(self.report)))}", ""
        )
        to_check = len(self.report.to_check)
        if to_check:
            self._kinds.addItem(
                _("{doubtful} to check").format(doubtful=to_check), TO_CHECK
            )
        for words in sorted(counts, key=self._place_of):
            self._kinds.addItem(f"{words} {QLocale().toString(counts[words])}", words)
        self._kinds.setCurrentIndex(max(0, self._kinds.findData(chosen)))

    def _place_of(self, words: str) -> int:
        """Return the place of a sort by which the task names them."""
        order = [_(known) for known in self.task.kinds.values()]
        return [*order, words].index(words)

    def choose_kind(self, words: object) -> None:
        """List only the statements of a sort, which is named by its words, or those to
        check. Empty: all.
        """
        self._kinds.show_value(words)
        kinds = [
            kind
            for kind in self.report.kinds
            if words == _(self.task.kinds.get(kind, kind))
        ]
        rows = self.listed.rows
        if words == TO_CHECK:
            rows.choose(lambda statement: statement.is_to_check)
        elif kinds:
            rows.choose(lambda statement: statement.kind in kinds)
        else:
            rows.choose(None)
        self._show_count()

    def _order_by(self, key: str, _checked: bool = False) -> None:
        self._order = key
        self.listed.rows.order_by(ORDERS[key](self.report))
        self._show_count()

    def go_on(self) -> None:
        """Go to the next difference in the list, and from the last to the first."""
        self._step(1)

    def go_back(self) -> None:
        self._step(-1)

    def _step(self, by: int) -> None:
        passes = None
        if not self.report.kinds and self.report.to_check:
            passes = _is_to_check
        found = self.listed.step(by, passes)
        if found is not None:
            self._on_chosen(found)

    def _on_chosen(self, statement: Statement) -> None:
        """Light a difference in both lists, and go to its page if
        that is beside them.
        """
        self.light([statement])
        self._show_count()
        if not self._is_wide:
            self.statement_chosen.emit(statement)

    def _on_approved(self, statement: Statement) -> None:
        if not (statement.is_approved or self.report.kinds):
            self.go_on()

    def show_on_page(self) -> None:
        if self.task.documents is Documents.NONE:
            return
        current = self.current or next(iter(self.listed.rows.statements), None)
        if current is not None:
            self.set_wide(False)
            self._on_chosen(current)

    def set_wide(self, is_wide: bool) -> None:
        """Show both texts in the whole work area, or only the list beside the pages."""
        self._is_wide = is_wide
        self._columns.setVisible(is_wide)
        self.width_requested.emit(is_wide)
        self._turn()

    def _show_count(self) -> None:
        shown = [one for one in self.listed.rows.statements if one.text or one.other]
        count, current = len(shown), self.current
        every = ngettext("{n:,} change", "{n:,} changes", count)
        if not self.report.kinds:
            every = QLocale().toString(count)
        here = _("{at:,} of {count:,}")
        self._count.setText(every)
        if current in shown:
            self._count.setText(here.format(at=shown.index(current) + 1, count=count))
        longest = (here.format(at=count, count=count), every)
        self._count.setMinimumWidth(
            max(map(self._count.fontMetrics().horizontalAdvance, longest))
        )
        for step in (self._before, self._after):
            step.setEnabled(bool(shown))

    def _fit_lead(self) -> None:
        """Cut the words to the lines whose place is kept for them."""
        words, height = self.report.lead, self._lead.fontMetrics().lineSpacing()
        is_low, lines = self.height() < LOW * height, LEAD_LINES
        if is_low:
            lines = 1
        self._heads.setHidden(is_low)
        self._lead.setVisible(bool(words))
        self._lead.setFixedHeight(lines * height + theme.SPACE_8)
        set_tip(self._lead, words)
        self._lead.setText(
            cut_to_lines(words, self._lead.font(), self._lead.width(), lines)
        )

    def _turn(self) -> None:
        is_narrow = self.width() < scaled(BESIDE)
        self.list.setVisible(
            not (self._is_wide and is_narrow) and bool(self.report.kinds)
        )
        self._fit_lead()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._turn()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (
            QEvent.Type.FontChange,
            QEvent.Type.StyleChange,
        ) and hasattr(self, "_split"):
            self._turn()


def _listed(report: Report) -> Sequence[Statement]:
    """Return what is counted: the differences, or where all is one
    sort all statements.
    """
    return [one for one in report.statements if one.kind] or list(report.statements)


def _is_to_check(statement: Statement) -> bool:
    return statement.is_to_check


def _by_rank(report: Report) -> Order:
    """Return the order by rank that the statements have now: none moves because a
    person changes it.
    """
    ranks = {
        statement.id: statement.rank for statement in report.statements if statement.id
    }
    return lambda statement: ranks.get(statement.id, statement.rank)


def _as_it_is(_report: Report) -> Order | None:
    return None


ORDERS: Mapping[str, Callable[[Report], Order | None]] = {
    WEIGHT: _by_rank,
    TEXT: _as_it_is,
}


def _differing(report: Report) -> Report:
    """Return the report with the statements alone that have a sort, so that they are
    counted.
    """
    sections = [
        changed(
            section,
            notes=(),
            statements=tuple(one for one in section.statements if one.kind),
        )
        for section in report.sections
        if not section.is_folded
    ]
    return changed(report, sections=tuple(sections))
