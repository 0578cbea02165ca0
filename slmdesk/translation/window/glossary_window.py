"""The window of the glossaries (list, terms, import and export), and the window of proposed terms."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QListWidget,
    QListWidgetItem,
    QMenu,
    QTableView,
    QTableWidget,
    QTableWidgetItem,
    QWidget,
)

from slmdesk.base.record import changed
from slmdesk.base.records import Item
from slmdesk.base.texts import _, in_quotes, ngettext, retold
from slmdesk.base.translation import GlossaryRecord, Term
from slmdesk.runtime.events import Pending
from slmdesk.runtime.messages import Problem
from slmdesk.services import Services
from slmdesk.translation.glossaries import (
    KEEP_LIST,
    ForgottenGlossary,
    GlossaryImport,
    ImportRequest,
    Proposals,
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
    ImportQuestion,
    NameForm,
    NewGlossaryForm,
    TableWindow,
    TermModel,
    language_words,
    set_up_table,
)
from slmdesk.window.base import theme
from slmdesk.window.base.bridge import Bridge
from slmdesk.window.base.theme import ThemeKeeper
from slmdesk.window.widgets.build import (
    ElidedLabel,
    breakable,
    button,
    column,
    flow,
    named,
    passing,
    plain_label,
    plain_tip,
    row,
    show_words,
    split,
    text_line,
)
from slmdesk.window.widgets.dialogs import Dialog
from slmdesk.window.widgets.opening import ask_file, ask_new_file
from slmdesk.window.widgets.rows import Choice, TickDelegate

FILES = _("Glossaries (*.csv *.tsv *.txt *.xlsx *.xls *.ods *.tbx *.xml);;All files (*)")
FORM_NAMES = (
    ("csv", _("CSV, for spreadsheets")), ("tsv", _("Tab-separated")), ("xlsx", _("Excel")), ("tbx", _("TBX, for other "
                                                                                                      "programs")),
)  # fmt: skip
NOTHING = _("Create a glossary or import one. Names and products that stay as they are go into “Do not translate”.")
WIDTHS = {LOOK: 20, FORBIDDEN: 16, KEEPS: 13, CASE: 17, FORMS: 17, NOTE: 20}
"""Widths of columns in letters. Other columns have WIDTH."""
WIDTH = 21
PAGE = 500
SEARCH_MS = 150
ASKING = ("glossary.no_columns", "glossary.no_languages", "glossary.more_languages")
"""Problems of a file that can be solved by asking the person."""


class GlossaryWindow(TableWindow):
    proposals_requested = Signal(object)

    def __init__(self, bridge: Bridge, keeper: ThemeKeeper, parent: QWidget, *, languages: tuple[str, str]) -> None:
        super().__init__(bridge, parent, name="glossary", title=_("Glossaries"), height=680, search_ms=SEARCH_MS)
        self._languages = languages
        self._all: Sequence[GlossaryRecord] = []
        self._chosen = self._order = ""
        self._descending = False
        self._terms = 0
        self._model = TermModel(keeper, self)
        self._build_ui()
        self._connect()
        self._show_glossaries()
        self._refresh()

    @property
    def chosen(self) -> GlossaryRecord | None:
        return next((glossary for glossary in self._all if glossary.id == self._chosen), None)

    # ---- building

    def _build_ui(self) -> None:
        label = _("Glossaries; a tick says that one is obeyed")
        self._list = named(QListWidget(self), "glossary_list", kind="list", label=label)
        self._list.setWordWrap(True)
        self._list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._list.setItemDelegate(TickDelegate(self._list))
        self._list.setEditTriggers(QAbstractItemView.EditTrigger.EditKeyPressed)
        self._new = self._button(_("New…"), "new_glossary_button", _("A new, empty glossary (Ctrl+N)"))
        self._import = self._button(
            _("Import…"), "import_glossary_button", _("CSV, TSV, a spreadsheet or TBX (Ctrl+O)")
        )
        self._keep = self._button(
            _("Do not translate"), "keep_list_button", _("Names and products that stay as they are")
        )
        self._title = ElidedLabel(self, name="glossary_title", kind="strong")
        self._count = plain_label("", self, name="glossary_count", kind="muted", wraps=False)
        self._more = self._button(_("More"), "glossary_more_button", _("Rename, duplicate, export, delete"))
        self._menu = named(QMenu(self._more), "glossary_menu")
        self._more.setMenu(self._menu)
        self._search = self._search_line("term_search", _("Search terms and translations"), most=200)
        self._source = text_line("new_term_line", self, _("A term"))
        self._target = text_line("new_translation_line", self, _("The translation"))
        self._add = self._button(_("Add"), "add_term_button", _("Add the term (Enter)"))
        self._table = self._term_table()
        self._nothing = plain_label(NOTHING, self, name="glossary_nothing", kind="muted")
        self._delete = self._button(_("Delete"), "delete_terms_button", _("Delete the chosen terms (Del)"))
        self._delete.setEnabled(False)
        self._propose = self._button(_("Propose terms…"), "propose_terms_button", _("Look for terms in a document"))
        self._build_end("glossary_close")
        self._lay_out()

    def _lay_out(self) -> None:
        left, right = QWidget(self), QWidget(self)
        ways = flow(self._new, self._import, self._keep, gap=theme.SPACE_8)
        column(ways, (self._list, 1), into=left, gap=theme.SPACE_8, margins=(0, 0, theme.SPACE_12, 0))
        head = row((self._title, 1), self._count, self._more, gap=theme.SPACE_8)
        new = row((self._source, 1), (self._target, 1), self._add, gap=theme.SPACE_8)
        foot = row(self._delete, self._propose, (QWidget(self), 1), self._close, gap=theme.SPACE_8)
        column(
            head, self._search, new, self._trouble, (self._table, 1), (self._nothing, 1), self._said, foot, into=right,
            gap=theme.SPACE_8, margins=(theme.SPACE_12, 0, 0, 0),
        )  # fmt: skip
        both = split("glossary_splitter", self, left, right, sizes=(240, 840))
        margins = (theme.SPACE_16, theme.SPACE_16, theme.SPACE_16, theme.SPACE_12)
        column((both, 1), self._notices, into=self, margins=margins)

    def _term_table(self) -> QTableView:
        widths = {at: WIDTHS.get(at, WIDTH) for at in range(self._model.columnCount())}
        table = self._make_table(self._model, "term_table", _("Terms of the glossary"), widths, self._on_delete)
        table.setItemDelegateForColumn(FORMS, FormsEditor(table))
        header = table.horizontalHeader()
        header.moveSection(LOOK, TARGET + 1)
        header.setStretchLastSection(True)
        header.setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
        header.setSortIndicatorClearable(True)
        table.setSortingEnabled(True)
        return table

    def _connect(self) -> None:
        self._list.currentItemChanged.connect(self._on_chosen)
        self._list.itemChanged.connect(self._on_item_changed)
        self._new.clicked.connect(self._on_new)
        self._import.clicked.connect(self._on_import)
        self._keep.clicked.connect(lambda: self._ask(lambda services: services.glossaries.keep_list(), self._show_new))
        self._menu.aboutToShow.connect(self._fill_menu)
        self._search.textChanged.connect(self._timer.start)
        self._add.clicked.connect(self._on_add)
        self._source.returnPressed.connect(self._on_source_entered)
        self._target.returnPressed.connect(self._on_add)
        self._delete.clicked.connect(self._on_delete)
        self._table.selectionModel().selectionChanged.connect(self._show_delete)
        self._model.modelReset.connect(self._show_delete)
        self._propose.clicked.connect(lambda: self.proposals_requested.emit(self.chosen))
        self._model.edited.connect(self._on_edited)
        self._model.page_requested.connect(self._read_page)
        self._model.sort_requested.connect(self._on_sort)
        self._bridge.on(GlossariesChanged, self._refresh)
        for keys, work in (("Ctrl+N", self._on_new), ("Ctrl+O", self._on_import)):
            QShortcut(QKeySequence(keys), self, work)

    # ---- what is shown

    def _refresh(self) -> None:
        self._ask(lambda services: services.glossaries.all(), self._on_all)

    def _on_all(self, found: list[GlossaryRecord]) -> None:
        self._all = found
        is_gone = self._chosen not in {glossary.id for glossary in found}
        if is_gone:
            self._choose(found[0].id if found else "")
        self._show_glossaries()
        record = self.chosen
        if is_gone:
            self.read()
        elif record is not None and record.terms != self._terms:  # another window changed the number of terms
            self._timer.start()

    def _show_new(self, record: GlossaryRecord) -> None:
        self._all = [*(glossary for glossary in self._all if glossary.id != record.id), record]
        self._choose(record.id)
        self._show_glossaries()
        self.read()
        self._refresh()

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
            for record in self._all:
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
        self._keep.setVisible(not any(map(is_keep_list, self._all)))
        for widget in (self._table, self._search, self._source, self._add, self._delete, self._more, self._count,
                       self._propose):  # fmt: skip
            widget.setVisible(shown is not None)
        self._target.setVisible(shown is not None and not is_keep)
        self._nothing.setVisible(shown is None)
        if shown is None:
            self._model.show_rows([], 0)

    def read(self) -> None:
        self._timer.stop()
        self._turn += 1
        self._read_page(0)

    def _read_page(self, begin: int | None = None) -> None:
        """Read the terms from row `begin` on. None means the row after the last one loaded."""
        if not self._chosen:
            return
        glossary, words, order, descending = self._chosen, self._search.text(), self._order, self._descending
        first = len(self._model.rows) if begin is None else begin

        def request(services: Services) -> TermPage:
            return services.glossaries.page(
                glossary, words=words, order=order, descending=descending, begin=first, limit=PAGE
            )

        self._ask(request, partial(self._on_page, self._turn))

    def _on_page(self, turn: int, page: TermPage) -> None:
        if turn != self._turn or page.glossary.id != self._chosen:
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
        form = NewGlossaryForm(self, *self._languages)
        form.requested.connect(lambda said: self._ask(lambda services: services.glossaries.add(*said), self._show_new))
        form.open()

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
        form = NameForm(self, record.name)
        form.requested.connect(
            lambda name: self._ask(lambda services: services.glossaries.change(record.id, name=name))
        )
        form.open()

    def _on_duplicate(self) -> None:
        glossary = self._chosen
        self._follow(lambda services: services.glossaries.duplicate(glossary), self._show_new)

    def _on_forget(self) -> None:
        glossary, self._chosen = self._chosen, ""
        if glossary:
            self._follow(lambda services: services.glossaries.forget(glossary), self._on_forgotten)

    def _on_forgotten(self, gone: ForgottenGlossary) -> None:
        words = _("The glossary “{name}” with {terms} was deleted.").format(
            name=gone.record.name, terms=ngettext("{n:,} term", "{n:,} terms", len(gone.terms))
        )
        self._offer_undo(
            words, lambda: self._follow(lambda services: services.glossaries.restore(gone), self._show_new)
        )

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
        call = self._bridge.services.glossaries.change_term(term.n, term)
        self._bridge.ask(call, self._on_term, self._on_change_refused)

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

        words = (
            _("“{source}” was deleted.").format(source=gone[0].source)
            if len(gone) == 1
            else _("{count} terms were deleted.").format(count=len(gone))
        )
        self._offer_undo(words, undo)
        self.read()

    # ---- files

    def _on_import(self) -> None:
        ask_file(self, _("Import a glossary"), self._on_file, name="glossary_file_dialog", filters=FILES)

    def _on_import_into(self) -> None:
        if record := self.chosen:
            title, chosen = _("Import into {name}").format(name=record.name), partial(self._on_file, into=record.id)
            ask_file(self, title, chosen, name="glossary_into_dialog", filters=FILES)

    def _on_file(self, path: Path, into: str = "") -> None:
        self._read_file(ImportRequest(path, into=into))

    def _read_file(self, request: ImportRequest) -> None:
        self._say(_("Reading {name}…").format(name=request.path.name))
        self._follow(
            lambda services: services.glossaries.import_file(request),
            self._on_imported,
            partial(self._on_import_refused, request),
            self._on_rows,
        )

    def _on_imported(self, done: GlossaryImport) -> None:
        self._show_new(done.glossary)
        self._say(imported_words(done))

    def _on_import_refused(self, request: ImportRequest, problem: Problem) -> None:
        if problem.code not in ASKING:
            self._on_failed(problem)
            return
        self._say("")
        question = partial(self._on_asked, problem, request)
        sample = self._bridge.services.glossaries.sample(request.path)
        self._bridge.follow(sample, question, lambda _problem: question([]))

    def _on_asked(self, problem: Problem, request: ImportRequest, rows: Sequence[Sequence[str]]) -> None:
        question = ImportQuestion(self, problem, request, rows)
        question.requested.connect(self._read_file)
        question.open()

    def _on_export(self, form: str, _checked: bool = False) -> None:
        record = self.chosen
        if record is None:
            return

        def export(path: Path) -> None:
            self._follow(lambda services: services.glossaries.export_file(record.id, form, path), self._on_written)

        proposed = Path.home() / f"{_file_name(record.name)}.{form}"
        ask_new_file(self, _("Export the glossary"), export, name="glossary_export_dialog", proposed=proposed)


def _entry_words(record: GlossaryRecord) -> str:
    pair = (
        _("all languages")
        if is_keep_list(record)
        else f"{language_words(record.source_language)} → {language_words(record.target_language)}"
    )
    domain = f", {record.domain}" if record.domain else ""
    return f"{retold(record.name, KEEP_LIST)}\n{pair}{domain} · {ngettext('{n:,} term', '{n:,} terms', record.terms)}"


def _file_name(name: str) -> str:
    return "".join(sign if sign.isalnum() or sign in " -_." else "_" for sign in name).strip()[:80] or "glossary"


def imported_words(done: GlossaryImport) -> str:
    said = [
        _("{terms} came into “{name}”.").format(
            terms=ngettext("{n:,} term", "{n:,} terms", done.kept), name=done.glossary.name
        )
    ]
    if done.was_there:
        said.append(_("A glossary of this name was there already; it has both now."))
    if done.duplicates:
        said.append(
            _("{rows} said what was there already.").format(rows=ngettext("{n:,} row", "{n:,} rows", done.duplicates))
        )
    if done.skipped:
        said.append(
            _("{rows} could not be used, the first is {first_skipped}.").format(
                rows=ngettext("{n:,} row", "{n:,} rows", done.skipped), first_skipped=done.first_skipped
            )
        )
    if done.contradictions:
        names = ", ".join(in_quotes(contradiction) for contradiction in done.contradictions[:5])
        more = _(" and {count} more").format(count=len(done.contradictions) - 5) if len(done.contradictions) > 5 else ""
        said.append(_("With more than one translation now, and marked: {names}{more}.").format(names=names, more=more))
    return " ".join(said)


# ---- terms proposed from a document or a translation


WORDS, TRANSLATION, TIMES, EXAMPLE = range(4)
HEAD = (_("Term"), _("Translation"), _("Times"), _("Where it stands"))
MOST_EARLIER = 30


class ProposalWindow(Dialog):
    added = Signal(int)

    def __init__(self, bridge: Bridge, parent: QWidget, glossary: GlossaryRecord) -> None:
        super().__init__(parent)
        passing(self, "proposal_window", _("Terms for {name}").format(name=glossary.name))
        self.resize(820, 600)
        self._bridge, self._glossary = bridge, glossary
        self._keeps = is_keep_list(glossary)
        self._build_ui()
        self._connect()
        self._bridge.ask(
            self._bridge.services.history.items("translation", limit=MOST_EARLIER),
            self._on_earlier,
        )

    def _build_ui(self) -> None:
        what = _("names") if self._keeps else _("terms")
        self._said = plain_label(
            _("Choose a document, or a translation that is here: its {what} are proposed.").format(what=what), self,
            name="proposal_said", kind="muted",
        )  # fmt: skip
        self._file = button(_("Choose a document…"), "proposal_file_button", self, on=self._on_choose)
        self._earlier = named(
            Choice([("", _("A translation that is here"))], self), "proposal_earlier_choice",
            label=_("A translation that is here"),
        )  # fmt: skip
        self._earlier.setMinimumContentsLength(18)
        self._earlier.setSizeAdjustPolicy(Choice.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self._table = named(
            QTableWidget(0, len(HEAD), self), "proposal_table", label=_("Proposed terms; ticked ones are added")
        )
        self._table.setHorizontalHeaderLabels(HEAD)
        set_up_table(self._table, {WORDS: 26, TRANSLATION: 26, TIMES: 9})
        self._table.setColumnHidden(TRANSLATION, self._keeps)
        self._table.horizontalHeader().setSectionResizeMode(EXAMPLE, QHeaderView.ResizeMode.Stretch)
        self._trouble = plain_label("", self, name="proposal_trouble", kind="danger", is_hidden=True)
        self._add = button(_("Add those ticked"), "add_proposals_button", self, kind="primary", on=self._on_add)
        self._add.setEnabled(False)
        self._close = button(_("Close"), "proposal_close", self, on=self.reject)
        for other_button in (self._file, self._add, self._close):
            other_button.setAutoDefault(False)
        self._lay_out()

    def _lay_out(self) -> None:
        top = row(self._file, 1, (self._earlier, 2), gap=theme.SPACE_8)
        foot = row(1, self._add, self._close, gap=theme.SPACE_8)
        margins = (theme.SPACE_16, theme.SPACE_16, theme.SPACE_16, theme.SPACE_12)
        column(top, self._said, self._trouble, (self._table, 1), foot, into=self, gap=theme.SPACE_12, margins=margins)

    def _connect(self) -> None:
        self._earlier.value_chosen.connect(self._on_translation)
        self._table.itemChanged.connect(lambda _item: self._add.setEnabled(bool(self._ticked())))

    # ---- user actions

    def _on_choose(self) -> None:
        ask_file(self, _("Look for terms in a document"), self._on_document, name="proposal_file_dialog")

    def _on_document(self, path: Path) -> None:
        source, target = self._glossary.source_language, self._glossary.target_language

        self._ask(lambda services: services.proposals.of_document(path, source=source, target=target), path.name)

    def _on_translation(self, item: object) -> None:
        if item:
            self._ask(lambda services: services.proposals.of_translation(str(item)), self._earlier.currentText())

    def _ask(self, request: Callable[[Services], Pending[Proposals]], name: str) -> None:
        self._said.setText(breakable(_("Looking through {name}…").format(name=name)))
        self._on_refused("")
        self._bridge.follow(request, self._on_found, self._on_failed)

    def _on_add(self) -> None:
        terms = []
        for at in range(self._table.rowCount()):
            item = self._table.item(at, WORDS)
            target = self._table.item(at, TRANSLATION)
            if item is None or target is None or item.checkState() != Qt.CheckState.Checked:
                continue
            keeps = self._keeps or not target.text().strip()
            terms.append(Term(item.text(), "" if keeps else target.text(), keeps=keeps))
        if not self._keeps and any(term.keeps for term in terms):
            names = ", ".join(in_quotes(term.source) for term in terms if term.keeps)
            self._on_refused(_("Write a translation for {names}, or take the tick away.").format(names=names))
            return
        self._bridge.ask(
            self._bridge.services.glossaries.add_terms(self._glossary.id, terms), self._on_added, self._on_problem
        )

    # ---- events

    def _on_earlier(self, items: Sequence[Item]) -> None:
        for item in items:
            self._earlier.addItem(item.shown_title[:60], item.id)
        self._earlier.setVisible(bool(items))

    def _on_failed(self, problem: Problem) -> None:
        self._said.setText("")
        self._on_problem(problem)

    def _on_found(self, result: Proposals) -> None:
        candidates = [candidate for candidate in result.candidates if candidate.is_name or not self._keeps]
        words = _("{proposals} from {name}.").format(
            proposals=ngettext("{n:,} proposal", "{n:,} proposals", len(candidates)), name=result.name
        )
        words += _(" {known} more are in a glossary already.").format(known=result.known) if result.known else ""
        words += _(" Only its beginning was gone through: it is very long.") if result.is_cut else ""
        self._said.setText(breakable(words))
        self._table.setRowCount(0)
        self._table.setRowCount(len(candidates))
        for line, candidate in enumerate(candidates):
            cells = (candidate.words, candidate.translation, str(candidate.times), candidate.example)
            for at, text in enumerate(cells):
                item = QTableWidgetItem(text)
                item.setToolTip(plain_tip(text))
                if at in (TIMES, EXAMPLE):
                    item.setFlags(item.flags() & ~Qt.ItemFlag.ItemIsEditable)
                if at == WORDS:
                    item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
                    item.setCheckState(Qt.CheckState.Unchecked)
                self._table.setItem(line, at, item)

    def _on_added(self, count: int) -> None:
        self._said.setText(
            _("{terms} came into {name}.").format(
                terms=ngettext("{n:,} term", "{n:,} terms", count), name=self._glossary.name
            )
        )
        self._on_refused("")
        for line in reversed(self._ticked()):
            self._table.removeRow(line)
        self._add.setEnabled(False)
        self.added.emit(count)

    def _on_problem(self, problem: Problem) -> None:
        self._on_refused(problem.sentence)

    def _on_refused(self, words: str) -> None:
        show_words(self._trouble, breakable(words))

    def _ticked(self) -> list[int]:
        items = ((at, self._table.item(at, WORDS)) for at in range(self._table.rowCount()))
        return [at for at, item in items if item is not None and item.checkState() == Qt.CheckState.Checked]
