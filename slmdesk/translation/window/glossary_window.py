"""The window of the glossaries: list, terms, import and export."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QAbstractItemView,
    QListWidget,
    QListWidgetItem,
    QMenu,
    QPushButton,
    QTableView,
    QWidget,
)

from slmdesk.base.protocol import Progress
from slmdesk.base.record import changed
from slmdesk.base.texts import _, in_quotes, ngettext, retold
from slmdesk.base.translation import GlossaryRecord, Term
from slmdesk.runtime.messages import Problem
from slmdesk.services import Services
from slmdesk.translation.glossaries import (
    KEEP_LIST,
    ForgottenGlossary,
    GlossaryImport,
    ImportRequest,
    TermPage,
    is_keep_list,
)
from slmdesk.translation.types import GlossariesChanged
from slmdesk.translation.window.terms_forms import (
    CASE,
    FORBIDDEN,
    FORMS,
    KEEPS,
    LOOK,
    NOTE,
    TARGET,
    FormsEditor,
    ImportSheet,
    NewGlossarySheet,
    TermModel,
    answered,
    language_words,
)
from slmdesk.window.base import theme
from slmdesk.window.base.bridge import Bridge, Delay
from slmdesk.window.base.live import Live
from slmdesk.window.base.theme import ThemeKeeper
from slmdesk.window.widgets.build import (
    CLEAR,
    ElidedLabel,
    breakable,
    button,
    column,
    flow,
    named,
    plain_label,
    row,
    show_words,
    split,
    text_line,
)
from slmdesk.window.widgets.dialogs import Dialog, LineQuestion
from slmdesk.window.widgets.files import ask_file, ask_new_file
from slmdesk.window.widgets.notices import REMOVAL_MS, Notice, NoticeArea, file_name
from slmdesk.window.widgets.rows import TickDelegate, list_in_table

FILES = _("Glossaries (*.csv *.tsv *.txt *.xlsx *.xls *.ods *.tbx *.xml);;All files (*)")
FORM_NAMES = (
    ("csv", _("CSV, for spreadsheets")),
    ("tsv", _("Tab-separated")),
    ("xlsx", _("Excel")),
    ("tbx", _("TBX, for other programs")),
)
NOTHING = _("Create a glossary or import one. Names and products that stay as they are go into “Do not translate”.")
WIDTHS = {LOOK: 20, FORBIDDEN: 16, KEEPS: 13, CASE: 17, FORMS: 17, NOTE: 20}
"""Widths of columns in letters. Other columns have WIDTH."""
WIDTH = 21
PAGE = 500
SEARCH_MS = 150
R = TypeVar("R")
ASKING = ("glossary.no_columns", "glossary.no_languages", "glossary.more_languages")
"""Problems of a file that can be solved by asking the person."""


class GlossaryWindow(Dialog):
    def __init__(self, bridge: Bridge, keeper: ThemeKeeper, parent: QWidget, *, languages: tuple[str, str]) -> None:
        super().__init__(parent, "glossary_window", _("Glossaries"))
        self.resize(1080, 680)
        self._bridge, self._glossaries, self._languages = bridge, bridge.services.glossaries, languages
        self._is_forgetting = False
        self._all: Live[Sequence[GlossaryRecord]] = Live(
            bridge, self, lambda: self._glossaries.all(), (), on=(GlossariesChanged,), refused=self._on_failed
        )
        self._chosen = self._order = ""
        self._descending = False
        self._terms = 0
        self._model = TermModel(keeper, self)
        self._timer = Delay(self, SEARCH_MS, self.read, "glossary_timer")
        self._build_ui()
        self._list.currentItemChanged.connect(self._on_chosen)
        self._list.itemChanged.connect(self._on_item_changed)
        self._menu.aboutToShow.connect(self._fill_menu)
        self._search.textChanged.connect(self._timer.start)
        self._source.returnPressed.connect(self._on_source_entered)
        self._target.returnPressed.connect(self._on_add)
        self._table.selectionModel().selectionChanged.connect(self._show_delete)
        self._model.modelReset.connect(self._show_delete)
        self._model.edited.connect(self._on_edited)
        self._model.page_requested.connect(self._read_page)
        self._model.sort_requested.connect(self._on_sort)
        self._all.changed.connect(self._on_all)
        self.finished.connect(self._on_finished)
        for keys, work in (
            ("Ctrl+N", self._on_new), ("Ctrl+O", self._on_import), ("Ctrl+F", self._search.setFocus),
        ):  # fmt: skip
            QShortcut(QKeySequence(keys), self, work)
        self._show_glossaries()

    @property
    def chosen(self) -> GlossaryRecord | None:
        return next((glossary for glossary in self._all.value if glossary.id == self._chosen), None)

    def _build_ui(self) -> None:
        label = _("Glossaries; a tick says that one is obeyed")
        self._list = named(QListWidget(self), "glossary_list", kind="list", label=label)
        self._list.setWordWrap(True)
        self._list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._list.setItemDelegate(TickDelegate(self._list))
        self._list.setEditTriggers(QAbstractItemView.EditTrigger.EditKeyPressed)
        tip = _("A new, empty glossary (Ctrl+N)")
        self._new = self._button(_("New…"), "new_glossary_button", tip, self._on_new)
        tip = _("CSV, TSV, a spreadsheet or TBX (Ctrl+O)")
        self._import = self._button(_("Import…"), "import_glossary_button", tip, self._on_import)
        tip = _("Names and products that stay as they are")
        self._keep = self._button(_("Do not translate"), "keep_list_button", tip, self._on_keep)
        self._title = ElidedLabel(self, name="glossary_title", kind="strong")
        self._count = plain_label("", self, name="glossary_count", kind="muted", wraps=False)
        self._more = self._button(_("More"), "glossary_more_button", _("Rename, duplicate, export, delete"))
        self._menu = named(QMenu(self._more), "glossary_menu")
        self._more.setMenu(self._menu)
        self._search = text_line("term_search", self, _("Search terms and translations"), most=200, clears=CLEAR)
        self._source = text_line("new_term_line", self, _("A term"))
        self._target = text_line("new_translation_line", self, _("The translation"))
        self._add = self._button(_("Add"), "add_term_button", _("Add the term (Enter)"), self._on_add)
        self._table = self._term_table()
        self._nothing = plain_label(NOTHING, self, name="glossary_nothing", kind="muted")
        tip = _("Delete the chosen terms (Del)")
        self._delete = self._button(_("Delete"), "delete_terms_button", tip, self._on_delete)
        self._delete.setEnabled(False)
        self._trouble = plain_label("", self, name="glossary_trouble", kind="danger", is_hidden=True)
        self._said = plain_label("", self, name="glossary_said", kind="muted")
        self._notices = NoticeArea(self)
        left, right = QWidget(self), QWidget(self)
        ways = flow(self._new, self._import, self._keep, gap=theme.SPACE_8)
        column(ways, (self._list, 1), into=left, gap=theme.SPACE_8, margins=(0, 0, theme.SPACE_12, 0))
        head = row((self._title, 1), self._count, self._more, gap=theme.SPACE_8)
        new = row((self._source, 1), (self._target, 1), self._add, gap=theme.SPACE_8)
        parts = (self._trouble, (self._table, 1), (self._nothing, 1), self._said, row(self._delete, 1))
        column(head, self._search, new, *parts, into=right, gap=theme.SPACE_8, margins=(theme.SPACE_12, 0, 0, 0))
        both = split("glossary_splitter", self, left, right, sizes=(240, 840))
        margins = (theme.SPACE_16, theme.SPACE_16, theme.SPACE_16, theme.SPACE_12)
        column((both, 1), self._notices, into=self, margins=margins)

    def _button(self, text: str, name: str, tip: str, on: Callable[[], object] | None = None) -> QPushButton:
        made = button(text, name, self, tip=tip, on=on)
        made.setAutoDefault(False)
        return made

    def _term_table(self) -> QTableView:
        table = named(QTableView(self), "term_table", label=_("Terms of the glossary"))
        table.setModel(self._model)
        table.setItemDelegate(TickDelegate(table))
        table.setItemDelegateForColumn(FORMS, FormsEditor(table))
        list_in_table(table)
        table.setEditTriggers(
            QAbstractItemView.EditTrigger.DoubleClicked | QAbstractItemView.EditTrigger.EditKeyPressed
        )
        table.verticalHeader().setDefaultSectionSize(table.fontMetrics().height() + theme.SPACE_12)
        header = table.horizontalHeader()
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        letter = table.fontMetrics().averageCharWidth()
        for at in range(self._model.columnCount()):
            table.setColumnWidth(at, WIDTHS.get(at, WIDTH) * letter)
        header.moveSection(LOOK, TARGET + 1)
        header.setStretchLastSection(True)
        header.setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
        header.setSortIndicatorClearable(True)
        table.setSortingEnabled(True)
        within = Qt.ShortcutContext.WidgetWithChildrenShortcut
        QShortcut(QKeySequence.StandardKey.Delete, table, self._on_delete).setContext(within)
        return table

    # ---- what is shown

    def _on_all(self) -> None:
        glossaries, record = self._all.value, self.chosen
        if record is None:
            self._choose(glossaries[0].id if glossaries else "")
        self._show_glossaries()
        if record is None:
            self.read()
        elif record.terms != self._terms:  # another window changed the number of terms
            self._timer.start()

    def _show_new(self, record: GlossaryRecord) -> None:
        self._choose(record.id)
        self._all.put((*(glossary for glossary in self._all.value if glossary.id != record.id), record))
        self._all.again()
        self._show_glossaries()
        self.read()

    def _on_chosen(self, item: QListWidgetItem | None, _before: object) -> None:
        if item is not None:
            self._source.clear()
            self._target.clear()
            self._said.clear()
            self._choose(str(item.data(Qt.ItemDataRole.UserRole)))
            self._show_glossaries()
            self.read()

    def _choose(self, glossary: str) -> None:
        if glossary != self._chosen:
            self._chosen, self._order = glossary, ""
            self._refuse("")
            with QSignalBlocker(self._search), QSignalBlocker(self._table.horizontalHeader()):
                self._search.clear()
                self._table.horizontalHeader().setSortIndicator(-1, Qt.SortOrder.AscendingOrder)

    def _show_glossaries(self) -> None:
        with QSignalBlocker(self._list):
            self._list.clear()
            for record in self._all.value:
                item = QListWidgetItem(_entry_words(record), self._list)
                item.setData(Qt.ItemDataRole.UserRole, record.id)
                item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
                item.setCheckState(Qt.CheckState.Checked if record.is_active else Qt.CheckState.Unchecked)
                if record.id == self._chosen:
                    self._list.setCurrentItem(item)
        shown = self.chosen
        is_keep = shown is not None and is_keep_list(shown)
        self._title.set_full_text(retold(shown.name, KEEP_LIST) if shown else "")
        self._table.setColumnHidden(TARGET, is_keep)
        self._table.setColumnHidden(KEEPS, is_keep)
        self._keep.setVisible(not any(map(is_keep_list, self._all.value)))
        for widget in (self._table, self._search, self._source, self._add, self._delete, self._more, self._count):
            widget.setVisible(shown is not None)
        self._target.setVisible(shown is not None and not is_keep)
        self._nothing.setVisible(shown is None)
        if shown is None:
            self._model.clear()

    def read(self) -> None:
        self._timer.stop()
        self._read_page(0)

    @property
    def _asked(self) -> dict[str, Any]:
        """Return which terms are shown."""
        order = {"order": self._order, "descending": self._descending}
        return {"glossary": self._chosen, "words": self._search.text(), **order}

    def _read_page(self, begin: int | None = None) -> None:
        """Read the terms from row `begin` on. None means the row after the last one loaded."""
        if not self._chosen:
            return
        asked, first = self._asked, len(self._model.rows) if begin is None else begin
        self._ask(lambda at: at.glossaries.page(**asked, begin=first, limit=PAGE), partial(self._on_page, asked))

    def _on_page(self, asked: object, page: TermPage) -> None:
        if asked != self._asked:
            return
        counts = page.counts
        self._terms = counts.terms
        self._model.show_page(page)
        words = ngettext("{n:,} term", "{n:,} terms", counts.terms)
        if counts.found != counts.terms:
            words = _("{found:,} of {words}").format(found=counts.found, words=words)
        if counts.contradicting:
            words += f", {ngettext('{n:,} contradiction', '{n:,} contradictions', len(counts.contradicting))}"
        self._count.setText(words)
        self._table.setColumnHidden(LOOK, not counts.contradicting)

    def _on_sort(self, order: str, descending: bool) -> None:
        """Sort the terms by `source` or `target`, or in the order in which they were added ('')."""
        self._order, self._descending = order, descending
        self.read()

    # ---- glossaries

    def _on_new(self) -> None:
        sheet = NewGlossarySheet(self, *self._languages)
        sheet.open()
        sheet.requested.connect(lambda said: self._ask(lambda at: at.glossaries.add(**said), self._show_new))

    def _on_keep(self) -> None:
        self._ask(lambda services: services.glossaries.keep_list(), self._show_new)

    def _on_item_changed(self, item: QListWidgetItem) -> None:
        is_active, glossary = item.checkState() == Qt.CheckState.Checked, str(item.data(Qt.ItemDataRole.UserRole))
        self._ask(lambda services: services.glossaries.change(glossary, is_active=is_active))

    def _fill_menu(self) -> None:
        self._menu.clear()
        for name, words, work in (
            ("rename_glossary", _("Rename"), self._on_rename),
            ("duplicate_glossary", _("Duplicate"), self._on_duplicate),
            ("import_into_glossary", _("Import into this one…"), self._on_import_into),
        ):
            named(self._menu.addAction(words), name).triggered.connect(work)
        exports = self._menu.addMenu(_("Export"))
        for form, words in FORM_NAMES:
            action = named(exports.addAction(f"{words}…"), f"export_glossary_{form}")
            action.triggered.connect(partial(self._on_export, form))
        self._menu.addSeparator()
        named(self._menu.addAction(_("Delete")), "forget_glossary").triggered.connect(self._on_forget)

    def _on_rename(self) -> None:
        record = self.chosen
        if record is None:
            return

        def rename(name: str) -> None:
            self._ask(lambda services: services.glossaries.change(record.id, name=name))

        title, words = _("Rename the glossary"), _("Name of the glossary")
        LineQuestion(self, "rename_glossary_form", title, words, rename, text=record.name).open()

    def _on_duplicate(self) -> None:
        self._bridge.follow(self._glossaries.duplicate(self._chosen), self._show_new, self._on_failed)

    def _on_forget(self) -> None:
        glossary, self._chosen = self._chosen, ""
        if glossary:
            self._bridge.follow(self._glossaries.forget(glossary), self._on_forgotten, self._on_failed)

    def _on_forgotten(self, gone: ForgottenGlossary) -> None:
        words = _("The glossary “{name}” with {terms} was deleted.").format(
            name=gone.record.name, terms=ngettext("{n:,} term", "{n:,} terms", len(gone.terms))
        )

        def restore() -> None:
            self._bridge.follow(self._glossaries.restore(gone), self._show_new, self._on_failed)

        self._offer_undo(words, restore)

    # ---- terms

    def _on_source_entered(self) -> None:
        if self._target.isVisible() and not self._target.text().strip():
            self._target.setFocus(Qt.FocusReason.TabFocusReason)
        else:
            self._on_add()

    def _on_add(self) -> None:
        """Add a term. In the list of words that are never translated, it has no translation."""
        source, target, record = self._source.text().strip(), self._target.text().strip(), self.chosen
        if not source:
            self._refuse(_("Write the term first."))
        elif record is not None:
            term = Term(source, "", keeps=True) if is_keep_list(record) else Term(source, target)
            self._ask(lambda services: services.glossaries.add_term(record.id, term), self._on_added)
        self._source.setFocus(Qt.FocusReason.OtherFocusReason)

    def _on_added(self, term: Term) -> None:
        self._refuse("")
        self._say(_("“{source}” was added.").format(source=term.source))
        self._source.clear()
        self._target.clear()
        self.read()

    def _on_edited(self, term: Term) -> None:
        """Save a changed term. If that fails, show the old term again."""

        def refused(problem: Problem) -> None:
            self._refuse(problem.sentence)
            self.read()

        self._bridge.ask(self._glossaries.change_term(term.n, term), self._on_term, refused)

    def _on_term(self, term: Term) -> None:
        self._refuse("")
        self._model.change(term)

    def _show_delete(self) -> None:
        self._delete.setEnabled(self._table.selectionModel().hasSelection())

    def _on_delete(self) -> None:
        rows = sorted(index.row() for index in self._table.selectionModel().selectedRows())
        glossary, numbers = self._chosen, [self._model.rows[at].n for at in rows]
        if numbers:
            self._ask(lambda services: services.glossaries.forget_terms(numbers), partial(self._on_gone, glossary))

    def _on_gone(self, glossary: str, gone: list[Term]) -> None:
        terms = [changed(term, n=0) for term in gone]

        def undo() -> None:
            self._ask(lambda services: services.glossaries.add_terms(glossary, terms), lambda _count: self.read())

        words = _("“{source}” was deleted.") if len(gone) == 1 else _("{count} terms were deleted.")
        self._offer_undo(words.format(source=gone[0].source if gone else "", count=len(gone)), undo)
        self.read()

    # ---- files

    def _on_import(self) -> None:
        self._ask_file(_("Import a glossary"), "glossary_file_dialog", "")

    def _on_import_into(self) -> None:
        if record := self.chosen:
            self._ask_file(_("Import into {name}").format(name=record.name), "glossary_into_dialog", record.id)

    def _ask_file(self, title: str, name: str, into: str) -> None:
        ask_file(self, title, lambda path: self._read_file(ImportRequest(path, into=into)), name=name, filters=FILES)

    def _read_file(self, request: ImportRequest) -> None:
        self._say(_("Reading {name}…").format(name=request.path.name))
        refused = partial(self._on_import_refused, request)
        self._bridge.follow(self._glossaries.import_file(request), self._on_imported, refused, self._on_rows)

    def _on_imported(self, done: GlossaryImport) -> None:
        self._show_new(done.glossary)
        self._say(imported_words(done))

    def _on_import_refused(self, request: ImportRequest, problem: Problem) -> None:
        if problem.code not in ASKING:
            self._on_failed(problem)
            return
        self._say("")
        question = partial(self._on_asked, problem, request)
        self._bridge.follow(self._glossaries.sample(request.path), question, lambda _problem: question([]))

    def _on_asked(self, problem: Problem, request: ImportRequest, rows: Sequence[Sequence[str]]) -> None:
        sheet = ImportSheet(self, problem, request, rows)
        sheet.open()
        sheet.requested.connect(lambda said: self._read_file(answered(request, said)))

    def _on_export(self, form: str, _checked: bool = False) -> None:
        record = self.chosen
        if record is None:
            return

        def export(path: Path) -> None:
            self._bridge.follow(
                self._glossaries.export_file(record.id, form, path),
                lambda written: self._say(_("Written to {path}.").format(path=written)),
                self._on_failed,
            )

        proposed = Path.home() / f"{file_name(record.name)}.{form}"
        ask_new_file(self, _("Export the glossary"), export, name="glossary_export_dialog", proposed=proposed)

    # ---- requests and what is said of them

    def _ask(self, request: Callable[[Services], R], answered: Callable[[R], None] | None = None) -> None:
        """Send a request as Bridge.ask does. A refusal is shown in the window."""
        self._bridge.ask(request, answered, lambda problem: self._refuse(problem.sentence))

    def _on_finished(self) -> None:
        """Remove every trace of deleted terms from the files."""
        if self._is_forgetting:
            self._is_forgetting = False
            self._glossaries.purge()

    def _on_rows(self, now: Progress) -> None:
        words = _("Storing {done:,} of {total:,} rows…") if now.total else _("Reading: {done:,} rows…")
        self._say(words.format(done=now.done, total=now.total))

    def _on_failed(self, problem: Problem) -> None:
        self._say("")
        self._refuse(problem.sentence)

    def _offer_undo(self, words: str, undo: Callable[[], None]) -> None:
        self._is_forgetting = True
        self._notices.show_notice(Notice(words, action=_("Undo"), on_action=undo, life_ms=REMOVAL_MS))

    def _refuse(self, words: str) -> None:
        show_words(self._trouble, breakable(words))

    def _say(self, words: str) -> None:
        self._said.setText(breakable(words))


def _entry_words(record: GlossaryRecord) -> str:
    pair = f"{language_words(record.source_language)} → {language_words(record.target_language)}"
    pair = _("all languages") if is_keep_list(record) else pair
    domain = f", {record.domain}" if record.domain else ""
    return f"{retold(record.name, KEEP_LIST)}\n{pair}{domain} · {ngettext('{n:,} term', '{n:,} terms', record.terms)}"


def imported_words(done: GlossaryImport) -> str:
    terms, rows = partial(ngettext, "{n:,} term", "{n:,} terms"), partial(ngettext, "{n:,} row", "{n:,} rows")
    said = [_("{terms} came into “{name}”.").format(terms=terms(done.kept), name=done.glossary.name)]
    if done.was_there:
        said.append(_("A glossary of this name was there already; it has both now."))
    if done.duplicates:
        said.append(_("{rows} said what was there already.").format(rows=rows(done.duplicates)))
    if done.skipped:
        words = _("{rows} could not be used, the first is {first_skipped}.")
        said.append(words.format(rows=rows(done.skipped), first_skipped=done.first_skipped))
    if done.contradictions:
        names = ", ".join(in_quotes(contradiction) for contradiction in done.contradictions[:5])
        more = _(" and {count} more").format(count=len(done.contradictions) - 5) if len(done.contradictions) > 5 else ""
        said.append(_("With more than one translation now, and marked: {names}{more}.").format(names=names, more=more))
    return " ".join(said)
