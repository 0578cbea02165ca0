"""The pane to compare a document with another version, which shows both side by side with a list of all changes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QEvent, QLocale, Qt, Signal
from PySide6.QtGui import QActionGroup, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QBoxLayout, QComboBox, QFrame, QMenu, QScrollArea, QWidget

from slmdesk.base.documents import FORMATS, FORMS, Form
from slmdesk.base.records import DocumentRecord, DocumentStatus, Item, JobStatus, title_words
from slmdesk.base.texts import _, ngettext, retold
from slmdesk.jobs.types import JobChanged
from slmdesk.runtime.events import Pending
from slmdesk.runtime.messages import Problem, problem_of
from slmdesk.tasks.compare import TASK
from slmdesk.tasks.service import ReportMade
from slmdesk.tasks.shape import TaskView
from slmdesk.versions.difference.types import Change
from slmdesk.versions.types import Comparison, VersionRequest, headline, unread_words, version_stem
from slmdesk.versions.window.changes import FILTERS, ORDERS, TEXT_LEFT, ChangeList, CompareRows, passes
from slmdesk.window.base import theme
from slmdesk.window.base.bridge import Bridge
from slmdesk.window.base.live import Live
from slmdesk.window.base.shortcuts import bind
from slmdesk.window.base.theme import ThemeKeeper, scaled
from slmdesk.window.panes import EarlierBox, Entry, ItemsController
from slmdesk.window.widgets.bars import thin_bar
from slmdesk.window.widgets.build import (
    NameLabel,
    button,
    column,
    cut_to_lines,
    keep_place,
    named,
    plain_label,
    row,
    set_kind,
    set_tip,
    show_column,
    show_words,
    split,
    tool_button,
)
from slmdesk.window.widgets.files import LAST_FOLDER, FileDrop, ask_file
from slmdesk.window.widgets.notices import give_export_menu
from slmdesk.window.widgets.parts import Popover
from slmdesk.window.widgets.rows import Choice

if TYPE_CHECKING:
    from slmdesk.services import Services

KIND = TASK.kind
View = TaskView[VersionRequest, Comparison]
FILE = "file"
ARROW = 64
"""Pixels of a drop-down list beside its words."""
BESIDE, LIST = 760, 272
"""Least width of the pane in which the list is beside both columns and kinds are chips, and the width of the list."""
LEAD_LINES, LIST_LINES, ROWS_LINES = 2, 4, 8
OLD, NEW = _("old"), _("new")
EXPORTS = (*FORMS, Form("xlsx", _("Spreadsheet")))


class ComparePane(QFrame):
    change_opened = Signal(int)
    export_requested = Signal(str)
    width_requested = Signal(bool)

    def __init__(self, bridge: Bridge, keeper: ThemeKeeper, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("versions_pane")
        self._bridge, self._keeper = bridge, keeper
        self.items = ItemsController(bridge, KIND, self)
        self._view: Live[View | None] = Live(
            bridge, self, lambda: bridge.services.tasks.open(self.item) if self.item else None, None,
            on_some={ReportMade: lambda event: event.item == self.item},  # then with the job on the changes
            refused=self._on_refused,
        )  # fmt: skip
        self._records: Sequence[DocumentRecord] = ()
        self._record: DocumentRecord | None = None
        self._other: DocumentRecord | None = None
        self._is_new = True
        """Whether the shown document is the newer version."""
        self._is_new_pair = False
        """Whether the shown document has no comparison, and none was begun."""
        self._asked: tuple[str, str] | None = None
        """The two whose comparison has been asked for and has not begun."""
        self._coming = ""
        """Id of the item to open once its document is shown."""
        self.current = -1
        self._words = ""
        """What is said of the changes, of which the first lines are shown."""
        self._is_wide = False
        FileDrop(self, self._on_dropped)
        self._build_ui()
        self._connect()
        self._show_nothing()

    def _build_ui(self) -> None:
        inner = named(QFrame(self), "versions_inner")
        self._result = self._build_result(inner)
        self._form = self._build_form(inner)
        self._busy = self._build_busy(inner)
        self._failed = plain_label("", inner, name="versions_failed", kind="warn")
        self._hint = plain_label(
            _("Choose another version of this document, or drop it here: a Word file and a PDF can be compared."),
            inner, name="versions_hint", kind="muted",
        )  # fmt: skip
        column(
            self._form, self._busy, self._failed, self._hint, (self._result, 1), 0,
            into=inner, gap=theme.SPACE_8, margins=(theme.SPACE_24, theme.SPACE_4, theme.SPACE_24, theme.SPACE_8),
        )  # fmt: skip
        scroll = named(QScrollArea(self), "versions_scroll", label=_("Changes"))  # a low window cannot show all of it
        show_column(scroll, inner)
        column(scroll, into=self)

    def _build_form(self, parent: QWidget) -> QFrame:
        form = named(QFrame(parent), "versions_form")
        self._other_choice = named(Choice([], form), "versions_other", label=_("The other version"))
        self._other_choice.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self._other_choice.setMinimumContentsLength(8)
        self._other_choice.cut = Qt.TextElideMode.ElideMiddle
        set_kind(self._other_choice, "head")
        self._arrow = plain_label("→", form, name="versions_arrow", wraps=False)
        self._here = NameLabel(form, name="versions_here", kind="heading")
        self._here.setMinimumWidth(80)
        self._pair = named(QWidget(form), "versions_pair")
        self._names = row((self._other_choice, 1), self._arrow, (self._here, 1), into=self._pair, gap=theme.SPACE_8)
        tip = _("Layout differences are ignored")
        self._compare = button(_("Compare"), "versions_button", form, kind="primary", tip=tip, on=self._on_compare)
        keep_place(self._compare)
        label = _("Export this comparison")
        self.export = tool_button("versions_export", form, icon="download", label=label, tip=label)
        give_export_menu(self.export, self.export_requested.emit, forms=EXPORTS)
        label, tip = _("More about the comparison"), _("Order, layout")
        self._more = tool_button("versions_more", form, icon="ellipsis", colour="ink2", label=label, tip=tip)
        self._more.setMenu(self._build_menu(form))
        row((self._pair, 1000), 1, self._compare, self.export, self._more, into=form, gap=theme.SPACE_8)
        return form

    def _build_busy(self, parent: QWidget) -> QFrame:
        busy = named(QFrame(parent), "versions_busy")
        self._busy_words = plain_label("", busy, name="versions_busy_words", kind="muted")
        stop = button(_("Stop"), "versions_stop", busy, label=_("Stop comparing"), on=self._on_stop)
        bar = thin_bar("versions_progress", busy, _("Comparing"), most=0)
        column(row((self._busy_words, 1), stop), bar, into=busy)
        return busy

    def _build_result(self, parent: QWidget) -> QFrame:
        result = named(QFrame(parent), "versions_result")
        self._lead = named(QFrame(result), "versions_lead")
        self._summary = plain_label("", self._lead, name="versions_summary", kind="read")
        self._told = button(_("Stop"), "versions_told_button", self._lead, kind="text", on=self._on_stop)
        top = Qt.AlignmentFlag.AlignTop
        row((self._summary, 1), (self._told, top), into=self._lead, gap=theme.SPACE_12)
        self._note = plain_label("", result, name="versions_note", kind="small")
        self._coverage = plain_label("", result, name="versions_coverage", kind="small")
        self.list = ChangeList(result)
        self._columns = named(QFrame(result), "versions_columns")
        heading = row(gap=0, margins=(0, 0, theme.SCROLL_BAR, 0))
        for words in (_("Old"), _("New")):
            head = plain_label(words, self._columns, name="versions_head", kind="strong")
            head.setIndent(TEXT_LEFT)
            heading.addWidget(head, 1)
        self.rows = CompareRows(self._keeper, self._columns)
        column(heading, (self.rows, 1), into=self._columns, gap=theme.SPACE_4)
        sizes = (scaled(LIST), 4 * scaled(LIST))
        self._split = split("versions_splitter", result, self.list, self._columns, sizes=sizes)
        parts = (self._lead, (self._split, 1), self._note, self._coverage, self._build_bar(result))
        column(*parts, into=result, gap=theme.SPACE_8)
        self._others = Popover(self, "versions_earlier_popover", label=_("Earlier comparisons"), width=400)
        self.earlier = EarlierBox(self._others, name="versions_earlier")
        column(self.earlier, into=self._others, margins=theme.SPACE_16)
        return result

    def _build_bar(self, parent: QWidget) -> QFrame:
        bar = named(QFrame(parent), "versions_bar")
        self._kind = named(Choice([], bar), "versions_kind", label=_("Which changes are shown"))
        make = partial(tool_button, parent=bar, colour="ink2")
        self._before = make(
            "versions_previous", icon="chevron-left", label=_("The change before"), tip=_("The change before"),
            shortcut="versions.previous", on=self.go_back,
        )  # fmt: skip
        self._count = plain_label("", bar, name="versions_count", kind="small", wraps=False)
        self._count.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._after = make(
            "versions_next", icon="chevron-right", label=_("The next change"), tip=_("The next change"),
            shortcut="versions.next", on=self.go_on,
        )  # fmt: skip
        row(self._kind, 1, self._before, self._count, self._after, into=bar, gap=theme.SPACE_4)
        return bar

    def _build_menu(self, parent: QWidget) -> QMenu:
        menu = named(QMenu(parent), "versions_menu")
        self._orders = QActionGroup(menu)
        for key, words in ORDERS:
            order = named(menu.addAction(words), f"versions_order_{key}")
            order.setCheckable(True)
            order.setChecked(key == "weight")
            order.triggered.connect(partial(self._list_by, self.list.lines.order_by, key))
            self._orders.addAction(order)
        menu.addSeparator()
        self._swap = named(menu.addAction(_("Swap old and new"), self._on_swap), "versions_swap")
        self._open = named(menu.addAction(_("Show on the page"), self._on_open), "versions_open")
        wide = menu.addAction(_("Side by side"), lambda: self.set_wide(not self._is_wide))
        self._wide = named(wide, "versions_wide")
        again = named(menu.addAction(_("Compare again"), self._on_compare), "versions_again")
        earlier = named(menu.addAction(_("Earlier comparisons"), self._on_earlier), "versions_earlier_action")

        def settle() -> None:
            for action in (*self._orders.actions(), self._open, self._wide):
                action.setEnabled(self._has_changes)
            again.setEnabled(self.comparison is not None)
            earlier.setEnabled(self.earlier.has_entries)

        menu.aboutToShow.connect(settle)
        return menu

    @property
    def comparison(self) -> Comparison | None:
        return self._view.value.result if self._view.value is not None else None

    @property
    def _has_changes(self) -> bool:
        return self.comparison is not None and bool(self.comparison.changes)

    @property
    def _job(self) -> str:
        """Id of the job in which a model writes about the changes, until it ends."""
        job = self._view.value.job if self._view.value is not None else None
        return job.id if job is not None and not job.status.is_end else ""

    def _show_kinds(self, changes: Sequence[Change]) -> None:
        """Show how many changes there are of each kind, and offer no kind without any."""
        self._kind.clear()
        for key, words, kinds in FILTERS:
            if count := sum(passes(change, kinds) for change in changes):
                self._kind.addItem(f"{words} {QLocale().toString(count)}", key)

    def _settle_told(self) -> None:
        comparison, note = self.comparison, ""
        if comparison is not None:
            by = _("The sentence below a change is by {model}.").format(model=comparison.model)
            note = by if any(sentence.supported for sentence in comparison.sentences) else retold(comparison.note)
        self._note.setText(_("Summarizing the changes…") if self._job else note)
        self._told.setVisible(bool(self._job))
        self._fit_lead()

    def _fit_lead(self) -> None:
        """Cut the words to the lines whose place is kept for them."""
        font, width = self._summary.font(), self._summary.width()
        self._lead.setFixedHeight(LEAD_LINES * self._summary.fontMetrics().lineSpacing() + theme.SPACE_8)
        self._summary.setText(cut_to_lines(self._words, font, width, LEAD_LINES))

    def _connect(self) -> None:
        self._other_choice.value_chosen.connect(self._on_other_chosen)
        self._kind.value_chosen.connect(self._on_kind)
        self.list.change_chosen.connect(self.show_change)
        self.list.change_pointed_at.connect(self.rows.point_at)
        self.list.activated.connect(lambda _index: self._on_open())
        self.rows.change_chosen.connect(self.show_change)
        self.rows.change_opened.connect(self.change_opened)
        self.rows.unfold_requested.connect(self._on_unfold)
        self.items.current_gone.connect(partial(self._view.put, None))
        self.items.restored.connect(self.choose)
        self.earlier.follow(self.items, self.choose, entry=_entry)
        self.earlier.chosen.connect(self._others.dismiss)
        self._view.changed.connect(self._show_view)
        self._bridge.on(JobChanged, self._on_job_changed)
        bind(self, "versions.next", self.go_on)
        bind(self, "versions.previous", self.go_back)

    # ---- what is shown

    @property
    def item(self) -> str:
        return self.items.current

    @property
    def title(self) -> str:
        if (comparison := self.comparison) is None:
            return _("Compare")
        return _("{name} and {name2}").format(name=comparison.old.name, name2=comparison.new.name)

    def show_records(self, records: Sequence[DocumentRecord]) -> None:
        ids = [record.id for record in records if record.status is DocumentStatus.READ]

        def answered(comparable: set[str]) -> None:
            self._records = [record for record in records if record.id in comparable]
            self._show_choices()
            self._begin_known()

        self._bridge.ask(self._bridge.services.documents.with_text(ids), answered)

    def show_document(self, record: DocumentRecord | None) -> None:
        if (record.id if record else "") == (self._record.id if self._record else ""):
            return
        if record and self.comparison and record.id in (self.comparison.old.document, self.comparison.new.document):
            self._record = record  # the other side of the same comparison
            self._other = self._found(_other_of(self.comparison, record.id))
            self._show_choices()
            return
        self._record, self._other, self._is_new_pair, self._asked = record, None, False, None
        self.items.set_current("")
        self._view.put(None)
        self._show_nothing()
        self._show_choices()
        if record:
            self.items.show_document(record.id, self._open_newest)

    def compare_with(self, other: DocumentRecord) -> None:
        """Compare the shown document with this one, unless they are. One without words is named instead."""
        if self._record is None or (self._other and self._other.id == other.id and self._hint.isHidden()):
            return
        both = {self._record.id: self._record.name, other.id: other.name}
        compares = partial(self._on_comparable, other, both)
        self._bridge.ask(self._bridge.services.documents.with_text(list(both)), compares, self._on_refused)

    def _on_comparable(self, other: DocumentRecord, both: Mapping[str, str], comparable: set[str]) -> None:
        empty = next((name for id, name in both.items() if id not in comparable), "")
        if self._record is None or self._record.id not in both:  # another one is shown meanwhile
            return
        if empty:
            self._failed.setText(
                _("{name} has no words that were read; there is nothing to compare.").format(name=empty)
            )
            self._show_only(self._failed)
        else:
            self._on_read(other)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._begin_known()

    def _begin_known(self) -> None:
        """Compare without a click where both versions are known and were not compared before."""
        if self.isVisible() and self._is_new_pair:
            self._on_compare()

    def choose(self, item: str) -> None:
        self.items.set_current(item)
        self._view.again()

    def open_item(self, document: str, item: str) -> None:
        if self._record and self._record.id == document:
            self.choose(item)
        else:
            self._coming = item

    def _open_newest(self, items: Sequence[Item]) -> None:
        coming, self._coming = self._coming, ""
        self._is_new_pair = not (items or self.item or self._asked)
        self._begin_known()
        if items and not self.item:
            self.choose(coming if coming in [item.id for item in items] else items[0].id)

    def _show_choices(self) -> None:
        """Show what the document can be compared with, and the chosen pair."""
        self._propose()
        here, comparison = self._record.id if self._record else "", self.comparison
        others = [(record.id, record.name) for record in self._records if record.id != here]
        chosen = self._other.id if self._other else _other_of(comparison, here) if comparison else ""
        if chosen not in dict(others):  # it is in the list no more, or not yet
            if self._other:
                others.append((chosen, self._other.name))
            elif comparison:
                others.append((chosen, (comparison.old if chosen == comparison.old.document else comparison.new).name))
        self._other_choice.clear()
        self._other_choice.addItem(_("Compare with…"), "")
        for id, name in others:
            self._other_choice.addItem(name, id)
        self._other_choice.addItem(_("A file…"), FILE)
        self._other_choice.setCurrentIndex(max(0, self._other_choice.findData(chosen)) if chosen else 0)
        self._here.set_full_text(self._record.name if self._record else "")
        self._names.setDirection(
            QBoxLayout.Direction.LeftToRight if self._is_new else QBoxLayout.Direction.RightToLeft
        )  # fmt: skip
        for part in (self._here, self._arrow):
            part.setVisible(bool(chosen))
        self._swap.setVisible(bool(chosen))
        self._fit_names()
        pair = (chosen, here) if self._is_new else (here, chosen)
        is_shown = comparison is not None and pair == (comparison.old.document, comparison.new.document)
        self._compare.setEnabled(bool(self._other))
        self._compare.setVisible(not is_shown)

    def _fit_names(self) -> None:
        """Let both names be as wide as they are, and share the place where there is not enough."""
        words = self._other_choice.fontMetrics().horizontalAdvance(self._other_choice.currentText())
        widths = words + scaled(ARROW), max(self._here.sizeHint().width(), self._here.minimumWidth())
        self._other_choice.setMaximumWidth(widths[0])
        self._pair.setMaximumWidth(sum(widths) + self._arrow.sizeHint().width() + 2 * theme.SPACE_8)

    def _propose(self) -> None:
        """Choose as the other version the document whose name differs by the version alone, until a person chooses."""
        here = self._record
        if here is None or self._other is not None:
            return
        stem = version_stem(here.name)
        self._other = next(
            (record for record in self._records if record.id != here.id and version_stem(record.name) == stem), None
        )
        if self._other is not None:
            self._is_new = here.mtime_ns >= self._other.mtime_ns

    def _show_only(self, part: QWidget) -> None:
        for widget in (self._busy, self._failed, self._result, self._hint):
            widget.setVisible(widget is part)
        self._compare.setEnabled(self._other is not None and part is not self._busy)
        self.export.setEnabled(part is self._result)

    def _show_nothing(self) -> None:
        self.set_wide(False)
        self._show_only(self._hint)

    def _show_busy(self, words: str) -> None:
        self.set_wide(False)
        self._busy_words.setText(words)
        self._show_only(self._busy)

    def _show_comparison(self, comparison: Comparison) -> None:
        is_other = self._result.isHidden() or self.rows.changes != comparison.changes
        if self._record is not None:
            self._is_new = comparison.new.document == self._record.id
            self._other = self._found(_other_of(comparison, self._record.id)) or self._other
        self._show_choices()
        self._words = headline(comparison)
        set_tip(self._summary, self._words)
        self._settle_told()
        show_words(
            self._coverage,
            " ".join(filter(None, (unread_words(comparison.old, OLD), unread_words(comparison.new, NEW)))),
        )
        has_changes = self._has_changes
        self._split.setVisible(has_changes)
        self._show_kinds(comparison.changes)
        for widget in (self._kind, self._before, self._after, self._count):
            widget.setVisible(has_changes)
        self.list.lines.show_changes(comparison)
        if is_other:
            self.current = -1
            self.rows.show_rows(comparison.rows, comparison.changes)
        if has_changes:
            self._on_kind("all" if is_other else self.list.lines.filter)
        self._show_only(self._result)
        self.set_wide(has_changes if is_other else self._is_wide)
        self._show_count()

    def show_change(self, change: int) -> None:
        """Highlight a change in the list and side by side. If the document's pages are shown, go to its page."""
        self.current = change
        self.list.show_change(change)
        self.rows.show_change(change)
        self._show_count()
        if not self._is_wide:
            self.change_opened.emit(change)

    def go_on(self) -> None:
        """Go to the next change in the list, and from the last to the first."""
        self._step(1)

    def go_back(self) -> None:
        self._step(-1)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._turn()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange) and hasattr(self, "_split"):
            self._turn()

    def _on_other_chosen(self, value: object) -> None:
        if value == FILE:
            self._ask_file()
        elif isinstance(value, str) and value:
            self._choose_other(value)

    def _on_kind(self, key: object) -> None:
        self._kind.show_value(key)
        self._list_by(self.list.lines.choose, str(key))

    def _on_earlier(self) -> None:
        self.earlier.unfold()
        self._others.toggle(self._more)

    def _list_by(self, choose: Callable[[str], None], value: str) -> None:
        choose(value)
        self.list.show_change(self.current)
        self._show_count()

    def _on_open(self) -> None:
        if self.current < 0 and self.list.lines.shown:
            self.show_change(self.list.lines.shown[0])
        if self.current >= 0:
            self.set_wide(False)
            self.change_opened.emit(self.current)

    def _on_dropped(self, paths: Sequence[Path]) -> None:
        self._show_busy(_("Reading {name}…").format(name=paths[0].name))
        self._bridge.follow(self._bridge.services.documents.open(paths[0]), self._on_read, self._on_refused)

    def _ask_file(self) -> None:
        suffixes = " ".join(f"*{suffix}" for file_format in FORMATS for suffix in file_format.suffixes)
        words = _("Documents ({suffixes});;All files (*)").format(suffixes=suffixes)
        title, name = _("The other version"), "versions_dialog"
        dialog = ask_file(
            self, title, lambda path: self._on_dropped([path]), name=name, filters=words, last=LAST_FOLDER
        )
        dialog.rejected.connect(self._show_choices)

    def _choose_other(self, document: str) -> None:
        """Compare with this document. The file that was modified later counts as the newer version."""
        record = self._found(document)
        if record is not None and self._record is not None:
            self._other, self._is_new = record, self._record.mtime_ns >= record.mtime_ns
            self._show_choices()
            self._on_compare()

    def _on_swap(self) -> None:
        self._is_new = not self._is_new
        self._show_choices()
        self._on_compare()

    def _on_compare(self) -> None:
        if self._record is None or self._other is None:
            return
        pair = (self._other.id, self._record.id) if self._is_new else (self._record.id, self._other.id)
        if pair == self._asked:
            return
        self._is_new_pair, self._asked = False, pair
        self._view.put(None)
        self._show_busy(_("Comparing…"))
        self._bridge.ask(
            self._bridge.services.tasks.begin(KIND, VersionRequest(*pair)), self._on_begun, self._on_refused
        )

    def _on_stop(self) -> None:
        if self._job:
            self._bridge.services.jobs.cancel(self._job)

    def _on_unfold(self, number: int) -> None:
        """Show the unchanged paragraphs that a folded row stands for."""
        comparison = self.comparison
        if comparison is None or not 0 <= number < len(comparison.rows):
            return
        row, texts = comparison.rows[number], dict[int, Sequence[str]]()

        def received(side: int, result: Sequence[str]) -> None:
            texts[side] = result
            if len(texts) == 2 and self.comparison is comparison:
                self.rows.unfold(number, texts[0], texts[1])

        def missing(side: int, _problem: Problem) -> None:
            received(side, ())

        for side, (version, places) in enumerate(((comparison.old, row.old_places), (comparison.new, row.new_places))):
            first, last = (places[0].page, places[0].start), (places[-1].page, places[-1].end)
            document = version.document
            self._bridge.follow(
                partial(_paragraphs, document, first, last), partial(received, side), partial(missing, side)
            )

    def _on_read(self, result: DocumentRecord) -> None:
        if self._found(result.id) is None:
            self._records = [result, *self._records]
        self._show_nothing()
        self._choose_other(result.id)

    def _on_begun(self, item: Item) -> None:
        self._asked = None
        self.choose(item.id)
        self.items.refresh()

    def _on_refused(self, problem: Problem) -> None:
        self._asked = None
        self._failed.setText(problem.sentence)
        self._show_only(self._failed)
        if problem.report:
            self._bridge.problem_met.emit(problem)

    def _show_view(self) -> None:
        view = self._view.value
        if view is not None and view.result is not None:
            self._show_comparison(view.result)
        elif self._job:
            self._show_busy(_("Comparing…"))
        else:
            self._show_nothing()

    def _on_job_changed(self, event: JobChanged) -> None:
        if event.kind != KIND or event.id != self._job:
            return
        if event.status.is_end:
            self._view.again()
            if event.status is not JobStatus.DONE and self.comparison is None:
                self._on_refused(event.problem or problem_of("versions.stopped", {}))
        elif event.total:
            words = _("Summarizing the changes: {done} of {total}")
            self._note.setText(words.format(done=event.done, total=event.total))

    def _found(self, document: str) -> DocumentRecord | None:
        return next((record for record in self._records if record.id == document), None)

    def _step(self, by: int) -> None:
        shown = self.list.lines.shown
        if not shown:
            return
        at = shown.index(self.current) + by if self.current in shown else 0 if by > 0 else -1
        self.show_change(shown[at % len(shown)])

    def _show_count(self) -> None:
        shown = self.list.lines.shown
        at, count = shown.index(self.current) + 1 if self.current in shown else 0, len(shown)
        here = _("{at:,} of {count:,}")
        every = ngettext("{n:,} change", "{n:,} changes", count)
        self._count.setText(here.format(at=at, count=count) if at else every)
        longest = (here.format(at=count, count=count), every)
        self._count.setMinimumWidth(max(map(self._count.fontMetrics().horizontalAdvance, longest)))
        for step in (self._before, self._after, self._open):
            step.setEnabled(bool(shown))

    def set_wide(self, is_wide: bool) -> None:
        """Show both versions side by side in the whole work area if `is_wide`, else only the list beside the pages."""
        self._is_wide = is_wide
        self._columns.setVisible(is_wide)
        self._wide.setText(_("Show document") if is_wide else _("Side by side"))
        self.width_requested.emit(is_wide)
        self._turn()
        if self.current >= 0:
            self.list.show_change(self.current)
            self.rows.show_change(self.current)

    def _turn(self) -> None:
        line = self.fontMetrics().lineSpacing()
        self.list.setMinimumHeight(LIST_LINES * line)
        self.rows.setMinimumHeight(ROWS_LINES * line)
        self._note.setMinimumHeight(self._note.fontMetrics().lineSpacing())
        is_narrow = self.width() < scaled(BESIDE)
        self.list.setVisible(not (self._is_wide and is_narrow))
        self._fit_names()
        self._fit_lead()


def _entry(item: Item) -> Entry:
    return Entry(item.id, title_words(item.title.removeprefix("Compare: ")), item.updated, item.shown_title)


def _paragraphs(document: str, first: tuple[int, int], last: tuple[int, int], services: Services) -> Pending[Any]:
    return TASK.paragraphs(services.task_context, document, first, last)


def _other_of(comparison: Comparison, document: str) -> str:
    return comparison.old.document if comparison.new.document == document else comparison.new.document
