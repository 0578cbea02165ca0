"""The pane to compare a document with another version, which shows both side by side with a list of all changes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import QLocale, Qt, Signal
from PySide6.QtGui import QActionGroup, QResizeEvent
from PySide6.QtWidgets import QButtonGroup, QComboBox, QFileDialog, QFrame, QMenu, QScrollArea, QToolButton, QWidget

from slmdesk.base.documents import FORMATS, FORMS, Form
from slmdesk.base.records import DocumentRecord, DocumentStatus, Item
from slmdesk.base.texts import _, ngettext
from slmdesk.jobs.types import JobChanged
from slmdesk.runtime.messages import Problem
from slmdesk.text.difference.types import Change
from slmdesk.versions.service import KIND, VersionRequest, VersionView
from slmdesk.versions.types import Comparison, VersionsCompared, VersionsFailed, headline, unread_words, version_stem
from slmdesk.versions.window.changes import FILTERS, ORDERS, ChangeList, CompareRows
from slmdesk.window.base import theme
from slmdesk.window.base.bridge import Bridge
from slmdesk.window.base.shortcuts import bind
from slmdesk.window.base.theme import ThemeKeeper
from slmdesk.window.panes import EarlierBox, Entry, ItemsController
from slmdesk.window.widgets.bars import thin_bar
from slmdesk.window.widgets.build import (
    ElidedLabel,
    button,
    column,
    flow,
    named,
    passing,
    plain_label,
    row,
    show_column,
    show_words,
    split,
    tool_button,
)
from slmdesk.window.widgets.notices import ExportMenu
from slmdesk.window.widgets.opening import FileDrop, admit, document_folder, note_document_folder
from slmdesk.window.widgets.rows import Choice

FILE = "file"
MOST_REPORTED = 8
"""Most sentences of a model that are shown above the changes. An export has all of them."""
BESIDE_LETTERS = 100
"""Least width in letters at which the list is beside both columns. In a narrower pane it is above them."""
OLD, NEW = _("old"), _("new")
LIST_LINES, ROWS_LINES = 4, 8
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
        self.comparison: Comparison | None = None
        self._shown: Comparison | None = None
        """The comparison in the list. It stays while another comparison is made."""
        self._records: Sequence[DocumentRecord] = ()
        self._record: DocumentRecord | None = None
        self._other: DocumentRecord | None = None
        self._is_new = True
        """Whether the shown document is the newer version."""
        self._coming = ""
        """Id of the item to open once its document is shown."""
        self._job = ""
        self.current = -1
        self._is_wide = False
        FileDrop(self, self._on_dropped)
        self._build_ui()
        self._connect()
        self._show_nothing()

    def _build_ui(self) -> None:
        inner = named(QFrame(self), "versions_inner")
        self._form = self._build_form(inner)
        self.earlier = EarlierBox(inner, name="versions_earlier")
        self._busy = self._build_busy(inner)
        self._failed = plain_label("", inner, name="versions_failed", kind="warn")
        self._hint = plain_label(
            _("Choose another version of this document, or drop it here: a Word file and a PDF can be compared."),
            inner, name="versions_hint", kind="muted",
        )  # fmt: skip
        self._result = self._build_result(inner)
        column(
            self._form, self.earlier, self._busy, self._failed, self._hint, (self._result, 1), 0,
            into=inner, gap=theme.SPACE_8, margins=(theme.SPACE_12, theme.SPACE_4, theme.SPACE_12, theme.SPACE_8),
        )  # fmt: skip
        scroll = named(QScrollArea(self), "versions_scroll", label=_("Changes"))  # a low window cannot show all of it
        show_column(scroll, inner)
        column(scroll, into=self)

    def _build_form(self, parent: QWidget) -> QFrame:
        form = named(QFrame(parent), "versions_form")
        self._other_choice = named(Choice([], form), "versions_other", label=_("The other version"))
        self._other_choice.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self._other_choice.setMinimumContentsLength(8)
        tip = _("Layout differences are ignored")
        self._compare = button(_("Compare"), "versions_button", form, kind="primary", tip=tip, on=self._on_compare)
        self._pair = ElidedLabel(form, name="versions_pair", kind="small")
        tip = _("The other one is the newer version")
        self._swap = tool_button(
            "versions_swap", form, icon="arrow-left-right", colour="ink2", label=_("Swap"), tip=tip, on=self._on_swap
        )
        column(row((self._pair, 1), (self._other_choice, 1), self._swap, self._compare), into=form)
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
        self._summary = plain_label("", result, name="versions_summary", kind="strong")
        self._reported = plain_label("", result, name="versions_told")
        self._note = plain_label("", result, name="versions_note", kind="small")
        self._coverage = plain_label("", result, name="versions_coverage", kind="small")
        self.list = ChangeList(result)
        self.rows = CompareRows(self._keeper, result)
        upright = Qt.Orientation.Vertical
        self._split = split("versions_splitter", result, self.list, self.rows, sizes=(160, 420), way=upright)
        bar = self._build_bar(result)
        parts = (self._summary, self._reported, self._note, bar, (self._split, 1), self._coverage)
        column(*parts, into=result, gap=theme.SPACE_8)
        return result

    def _build_bar(self, parent: QWidget) -> QFrame:
        bar = named(QFrame(parent), "versions_bar")
        kinds, self._chips = QWidget(bar), QButtonGroup(bar)
        for at, kind in enumerate(FILTERS):
            chip = button(kind[1], f"versions_{kind[0]}", kinds, kind="chip")
            chip.setCheckable(True)
            self._chips.addButton(chip, at)
        flow(*self._chips.buttons(), gap=theme.SPACE_4, into=kinds)
        make = partial(tool_button, parent=bar, colour="ink2")
        self._before = make(
            "versions_previous", icon="chevron-left", label=_("The change before"), tip=_("The change before"),
            shortcut="versions.previous", on=self.go_back,
        )  # fmt: skip
        self._count = plain_label("", bar, name="versions_count", kind="small", wraps=False)
        self._after = make(
            "versions_next", icon="chevron-right", label=_("The next change"), tip=_("The next change"),
            shortcut="versions.next", on=self.go_on,
        )  # fmt: skip
        self._more = make("versions_more", icon="ellipsis", label=_("More"), tip=_("Order, layout, export"))
        self._more.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self._more.setMenu(self._build_menu(bar))
        steps = row(self._before, self._count, self._after, self._more, gap=theme.SPACE_4)
        row((kinds, 1), column(steps, 1), into=bar, gap=theme.SPACE_4)
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
        self._open = named(menu.addAction(_("Show on the page"), self._on_open), "versions_open")
        wide = menu.addAction(_("Side by side"), lambda: self._set_wide(not self._is_wide))
        self._wide = named(wide, "versions_wide")
        export = ExportMenu(menu, _("Export"), EXPORTS)
        export.form_chosen.connect(self.export_requested)
        menu.addMenu(export)
        return menu

    def _show_kinds(self, changes: Sequence[Change]) -> None:
        """Show how many changes there are of each kind, and offer no kind without any."""
        for chip, (__, words, passes) in zip(self._chips.buttons(), FILTERS, strict=True):
            count = sum(map(passes, changes))
            chip.setText(f"{words} {QLocale().toString(count)}")
            chip.setVisible(bool(count))

    def _connect(self) -> None:
        self._other_choice.value_chosen.connect(self._on_other_chosen)
        self._chips.idClicked.connect(lambda at: self._list_by(self.list.lines.choose, FILTERS[at][0]))
        self.list.change_chosen.connect(self.show_change)
        self.list.activated.connect(lambda _index: self._on_open())
        self.rows.change_chosen.connect(self.show_change)
        self.rows.change_opened.connect(self.change_opened)
        self.rows.unfold_requested.connect(self._on_unfold)
        self.items.current_gone.connect(self._on_gone)
        self.items.restored.connect(self.choose)
        self.earlier.follow(self.items, self.choose, entry=_entry)
        self.items.listed.connect(self._on_earlier_listed)
        self._bridge.on(VersionsCompared, self._on_compared)
        self._bridge.on(VersionsFailed, self._on_failed)
        self._bridge.on(JobChanged, self._on_job_changed)
        bind(self, "versions.next", self.go_on, within=True)
        bind(self, "versions.previous", self.go_back, within=True)

    # ---- what is shown

    @property
    def item(self) -> str:
        return self.items.current

    @property
    def title(self) -> str:
        found = self._shown
        return _("{name} and {name2}").format(name=found.old.name, name2=found.new.name) if found else "comparison"

    def show_records(self, records: Sequence[DocumentRecord]) -> None:
        ids = [record.id for record in records if record.status is DocumentStatus.READ]

        def answered(found: set[str]) -> None:
            self._records = [record for record in records if record.id in found]
            self._show_choices()

        self._bridge.ask(self._bridge.services.versions.comparable(ids), answered)

    def show_document(self, record: DocumentRecord | None) -> None:
        if (record.id if record else "") == (self._record.id if self._record else ""):
            return
        if record and self.comparison and record.id in (self.comparison.old.document, self.comparison.new.document):
            self._record = record  # the other side of the same comparison
            self._other = self._found(_other_of(self.comparison, record.id))
            self._show_choices()
            return
        self._record, self._other, self.comparison = record, None, None
        self.items.set_current("")
        self._show_nothing()
        self._show_choices()
        if record:
            self.items.show_document(record.id, self._open_newest)

    def choose(self, item: str) -> None:
        self._bridge.follow(self._bridge.services.versions.open(item), self._on_opened)

    def open_item(self, document: str, item: str) -> None:
        if self._record and self._record.id == document:
            self.choose(item)
        else:
            self._coming = item

    def _open_newest(self, items: Sequence[Item]) -> None:
        coming, self._coming = self._coming, ""
        if items:
            self.choose(coming if coming in [item.id for item in items] else items[0].id)

    def _show_choices(self) -> None:
        """Show what the document can be compared with, and the chosen pair."""
        self._propose()
        here, chosen = self._record.id if self._record else "", self._other.id if self._other else ""
        self._other_choice.clear()
        self._other_choice.addItem(_("Compare with…"), "")
        for record in self._records:
            if record.id != here:
                self._other_choice.addItem(record.name, record.id)
        self._other_choice.addItem(_("A file…"), FILE)
        self._other_choice.setCurrentIndex(max(0, self._other_choice.findData(chosen)) if chosen else 0)
        self._compare.setEnabled(bool(chosen))
        names = [self._other.name, self._record.name] if self._record and self._other else ["", ""]
        self._show_pair(*(names if self._is_new else reversed(names)))

    def _propose(self) -> None:
        """Choose as the other version the document whose name differs by the version alone, until a person chooses."""
        here = self._record
        if here is None or self._other is not None:
            return
        stem = version_stem(here.name)
        self._other = next((one for one in self._records if one.id != here.id and version_stem(one.name) == stem), None)
        if self._other is not None:
            self._is_new = here.mtime_ns >= self._other.mtime_ns

    def _show_pair(self, old: str, new: str) -> None:
        self._pair.set_full_text(_("Old: {old}  →  New: {new}").format(old=old, new=new) if old else "")
        self._pair.setVisible(bool(old))
        self._swap.setVisible(bool(old))

    def _on_earlier_listed(self) -> None:
        if self._is_wide:
            self.earlier.setVisible(False)

    def _show_only(self, part: QWidget) -> None:
        for widget in (self._busy, self._failed, self._result, self._hint):
            widget.setVisible(widget is part)

    def _show_nothing(self) -> None:
        self._shown = None
        self._set_wide(False)
        self._show_only(self._hint)

    def _show_busy(self, words: str) -> None:
        self._set_wide(False)
        self._busy_words.setText(words)
        self._show_only(self._busy)

    def _show_comparison(self, found: Comparison) -> None:
        is_other = self._shown is None or self._shown.changes != found.changes
        self.comparison = self._shown = found
        if self._record is not None:
            self._is_new = found.new.document == self._record.id
            self._other = self._found(_other_of(found, self._record.id)) or self._other
        self._show_choices()
        self._show_pair(found.old.name, found.new.name)
        self._summary.setText(headline(found))
        marks = ("", "⚠ ")
        reported = [f"{marks[not sentence.supported]}{sentence.text}" for sentence in found.sentences[:MOST_REPORTED]]
        more = len(found.sentences) - MOST_REPORTED
        show_words(
            self._reported,
            "\n".join(reported) + (_("\nand {more} more in the export").format(more=more) if more > 0 else ""),
        )
        doubts = any(not sentence.supported for sentence in found.sentences[:MOST_REPORTED])
        by = _("Written by {model}.").format(model=found.model) if reported else ""
        warning = _(" ⚠ not confirmed by the text.") if doubts else ""
        show_words(self._note, (by + warning + " " + found.note).strip())
        show_words(self._coverage, " ".join(filter(None, (unread_words(found.old, OLD), unread_words(found.new, NEW)))))
        has_changes = bool(found.changes)
        self._split.setVisible(has_changes)
        self._show_kinds(found.changes)
        for widget in (self._before, self._after, self._count):
            widget.setVisible(has_changes)
        for action in (*self._orders.actions(), self._open, self._wide):
            action.setVisible(has_changes)
        if is_other:
            self.current = -1
            self._chips.button(0).setChecked(True)
            self.list.lines.choose("all")
            self.list.lines.show_changes(found)
            self.rows.show_rows(found.rows, found.changes)
        self._show_only(self._result)
        self._set_wide(has_changes if is_other else self._is_wide)
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

    def show_beside_pages(self) -> None:
        self._set_wide(False)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._turn()

    # ---- events

    def _on_other_chosen(self, value: object) -> None:
        if value == FILE:
            self._ask_file()
        elif isinstance(value, str) and value:
            self._choose_other(value)

    def _list_by(self, choose: Callable[[str], None], value: str) -> None:
        choose(value)
        self.list.show_change(self.current)
        self._show_count()

    def _on_open(self) -> None:
        if self.current < 0 and self.list.lines.shown:
            self.show_change(self.list.lines.shown[0])
        if self.current >= 0:
            self._set_wide(False)
            self.change_opened.emit(self.current)

    def _on_dropped(self, paths: Sequence[Path]) -> None:
        self._show_busy(_("Reading {name}…").format(name=paths[0].name))
        self._bridge.follow(self._bridge.services.documents.open(paths[0]), self._on_read, self._on_refused)

    def _ask_file(self) -> None:
        suffixes = " ".join(f"*{suffix}" for file_format in FORMATS for suffix in file_format.suffixes)
        words = _("Documents ({suffixes});;All files (*)").format(suffixes=suffixes)
        dialog = passing(QFileDialog(self, _("The other version"), document_folder(), words), "versions_dialog")
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.fileSelected.connect(self._on_file_selected)
        dialog.rejected.connect(lambda: self._other_choice.setCurrentIndex(0))
        dialog.open()

    def _on_file_selected(self, file: str) -> None:
        note_document_folder(Path(file))
        admit(self, [Path(file)], self._on_dropped, is_chosen=True)

    def _choose_other(self, document: str) -> None:
        """Compare with this document. The file that was modified later counts as the newer version."""
        found = self._found(document)
        if found is not None and self._record is not None:
            self._other, self._is_new = found, self._record.mtime_ns >= found.mtime_ns
            self._show_choices()

    def _on_swap(self) -> None:
        self._is_new = not self._is_new
        self._show_choices()

    def _on_compare(self) -> None:
        if self._record is None or self._other is None:
            return
        pair = (self._other.id, self._record.id) if self._is_new else (self._record.id, self._other.id)
        self.comparison = None
        self._show_busy(_("Comparing…"))
        self._bridge.ask(self._bridge.services.versions.begin(VersionRequest(*pair)), self._on_begun, self._on_refused)

    def _on_stop(self) -> None:
        if self._job:
            self._bridge.services.jobs.cancel(self._job)
        elif self.item:
            self._bridge.services.versions.cancel(self.item)

    def _on_unfold(self, number: int) -> None:
        """Show the unchanged paragraphs that a folded row stands for."""
        found = self.comparison
        if found is None or not 0 <= number < len(found.rows):
            return
        row, texts = found.rows[number], dict[int, Sequence[str]]()

        def received(side: int, result: Sequence[str]) -> None:
            texts[side] = result
            if len(texts) == 2 and self.comparison is found:
                self.rows.unfold(number, texts[0], texts[1])

        def missing(side: int, _problem: Problem) -> None:
            received(side, ())

        for side, (version, places) in enumerate(((found.old, row.old_places), (found.new, row.new_places))):
            first, last = (places[0].page, places[0].start), (places[-1].page, places[-1].end)
            paragraphs = self._bridge.services.versions.paragraphs(version.document, first, last)
            self._bridge.follow(paragraphs, partial(received, side), partial(missing, side))

    def _on_read(self, result: DocumentRecord) -> None:
        if self._found(result.id) is None:
            self._records = [result, *self._records]
        self._show_nothing()
        self._choose_other(result.id)

    def _on_begun(self, item: Item) -> None:
        self.items.set_current(item.id)
        self.items.refresh()

    def _on_refused(self, problem: Problem) -> None:
        self._failed.setText(problem.sentence)
        self._show_only(self._failed)
        if problem.report:
            self._bridge.problem_met.emit(problem)

    def _on_opened(self, view: VersionView) -> None:
        if self._record is None or self._record.id not in [document.id for document in view.documents]:
            return
        self.items.set_current(view.item.id)
        if view.comparison is not None:
            self._show_comparison(view.comparison)
            self._job = view.job.id if view.job and not view.job.status.is_end else ""
            self._busy_words.setText(_("Summarizing the changes…"))
            self._busy.setVisible(bool(self._job))
        elif view.is_busy:
            self._show_busy(_("Comparing…"))
        else:
            self._show_nothing()

    def _on_compared(self, event: VersionsCompared) -> None:
        if event.item == self.item:
            self.choose(event.item)  # now with the job that describes the changes

    def _on_failed(self, event: VersionsFailed) -> None:
        if event.item == self.item:
            self._on_refused(event.problem)

    def _on_job_changed(self, event: JobChanged) -> None:
        if event.kind == KIND and self._job and event.id == self._job and event.status.value not in ("open", "running"):
            self._job = ""
            self._busy.setVisible(False)

    def _on_gone(self) -> None:
        self.comparison = None
        self._show_nothing()

    # ---- private

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
        at = shown.index(self.current) + 1 if self.current in shown else 0
        self._count.setText(
            _("{at:,} of {count:,}").format(at=at, count=len(shown))
            if at
            else ngettext("{n:,} change", "{n:,} changes", len(shown))
        )
        for step in (self._before, self._after, self._open):
            step.setEnabled(bool(shown))

    def _set_wide(self, is_wide: bool) -> None:
        """Show both versions side by side in the whole work area if `is_wide`, else only the list beside the pages."""
        self._is_wide = is_wide
        self.rows.setVisible(is_wide)
        self.earlier.setVisible(not is_wide and self.earlier.has_entries)
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
        letters = self.width() / max(1, self.fontMetrics().averageCharWidth())
        way = Qt.Orientation.Horizontal if self._is_wide and letters > BESIDE_LETTERS else Qt.Orientation.Vertical
        if way != self._split.orientation():
            self._split.setOrientation(way)
            self._split.setSizes([280, 640] if way is Qt.Orientation.Horizontal else [140, 420])


def _entry(item: Item) -> Entry:
    return Entry(item.id, item.title.removeprefix("Compare: "), item.updated, item.title)


def _other_of(comparison: Comparison, document: str) -> str:
    return comparison.old.document if comparison.new.document == document else comparison.new.document
