"""The dialog of the glossaries: one of them as a table of terms and translations; files in and out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, QSignalBlocker, Qt, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QMenu, QPushButton, QTableView, QWidget

from slmdesk.base.protocol import Progress
from slmdesk.base.record import changed
from slmdesk.base.runtime.messages import Problem
from slmdesk.base.text.folding import fold
from slmdesk.base.texts import _, in_quotes, ngettext, retold
from slmdesk.base.translation import LANGUAGES, GlossaryRecord, Term
from slmdesk.services import Services
from slmdesk.tasks.translation.glossaries import (
    KEEP_LIST,
    MOST_SHOWN,
    ForgottenGlossary,
    GlossaryImport,
    ImportRequest,
    TermPage,
    is_keep_list,
)
from slmdesk.tasks.translation.types import GlossariesChanged
from slmdesk.ui.kit.base import theme
from slmdesk.ui.kit.base.bridge import Bridge, Delay
from slmdesk.ui.kit.base.live import Live
from slmdesk.ui.kit.base.theme import ThemeKeeper
from slmdesk.ui.kit.widgets.build import (
    CLEAR,
    CheckBox,
    breakable,
    button,
    column,
    named,
    plain_label,
    plain_tip,
    row,
    show_words,
    text_line,
)
from slmdesk.ui.kit.widgets.dialogs import AcceptButtons, Dialog, LineQuestion
from slmdesk.ui.kit.widgets.files import ask_file, ask_new_file
from slmdesk.ui.kit.widgets.form import Field, Form, Listed, TextLine
from slmdesk.ui.kit.widgets.notices import REMOVAL_MS, Notice, NoticeArea, file_name
from slmdesk.ui.kit.widgets.rows import Choice, TickDelegate, list_in_table
from slmdesk.ui.translation.languages import DOMAINS, languages

SOURCE, TARGET = range(2)
COLUMNS = (_("Term"), _("Translation"))
MOST_NAME = 120
NAME, USED_FOR = (
    Field(
        name="name", title=_("Name"), control=TextLine, hint=_("Such as: Leases"),
        read=lambda words: words.strip()[:MOST_NAME],
    ),
    Field(
        name="domain", title=_("Used for"), control=Listed, values=(("", _("Any text")), *[*DOMAINS.items()][1:])
    ),
)  # fmt: skip
Index = QModelIndex | QPersistentModelIndex


class TermModel(QAbstractTableModel):
    """The terms of a glossary. A change is requested by `edited`, and shown once it is saved."""

    edited = Signal(object)

    def __init__(self, keeper: ThemeKeeper, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("term_model")
        self._keeper = keeper
        self.rows: list[Term] = []
        self._contradicting: frozenset[str] = frozenset()

    def show_terms(self, terms: Sequence[Term], contradicting: frozenset[str] = frozenset()) -> None:
        self.beginResetModel()
        self.rows, self._contradicting = list(terms), contradicting
        self.endResetModel()

    def change(self, term: Term) -> None:
        for at, old in enumerate(self.rows):
            if old.n == term.n:
                self.rows[at] = term
                self.dataChanged.emit(self.index(at, SOURCE), self.index(at, TARGET))

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008  Qt's own default
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008  Qt's own default
        return 0 if parent.isValid() else len(COLUMNS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if role != Qt.ItemDataRole.DisplayRole:
            return None
        if orientation is Qt.Orientation.Horizontal:
            return COLUMNS[section]
        return str(section + 1)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        term = self.rows[index.row()]
        words = words_of(term)[index.column()]
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.EditRole):
            return words
        if role == Qt.ItemDataRole.ToolTipRole:
            return plain_tip(words)
        if role == Qt.ItemDataRole.ForegroundRole and fold(term.source) in self._contradicting:
            return self._keeper.theme.colour("warn")
        return None

    def setData(self, index: Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        term, words = self.rows[index.row()], str(value)
        if role != Qt.ItemDataRole.EditRole or words == self.data(index):
            return False
        if index.column() == SOURCE:
            self.edited.emit(changed(term, source=words))
        else:
            self.edited.emit(changed(term, target=words, keeps=words.strip() == term.source))
        return False

    def flags(self, index: Index) -> Qt.ItemFlag:
        return Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsEditable


def words_of(term: Term) -> tuple[str, str]:
    """Return a term and its translation. One that is not translated is its own."""
    if term.keeps:
        return term.source, term.source
    return term.source, term.target


class NewGlossarySheet(Dialog):
    """Asks what a new glossary is called, and for which languages and texts it is."""

    requested = Signal(object)

    def __init__(self, parent: QWidget, source: str, target: str) -> None:
        super().__init__(parent, "new_glossary_form", _("New glossary"))
        fields = (
            NAME,
            USED_FOR,
            Field(name="source", title=_("From"), control=Listed, values=languages()),
            Field(name="target", title=_("To"), control=Listed, values=languages()),
        )
        self._form = Form(self, fields, prefix="glossary")
        self._form.show_values({"name": "", "source": source, "target": target, "domain": ""})
        self._trouble = plain_label("", self, name="new_glossary_trouble", kind="danger", is_hidden=True)
        buttons = AcceptButtons(self, _("Create"), "new_glossary_form_accept", self._on_accept)
        column(*self._form.parts, self._trouble, buttons, into=self, gap=theme.SPACE_12, margins=theme.SPACE_16)
        self.fit(theme.scaled(400))
        self._form.part("name").widget.setFocus()

    def _on_accept(self) -> None:
        self._form.keep()
        values = self._form.values
        if values["source"] == values["target"]:
            show_words(self._trouble, _("Choose two different languages."))
        else:
            self.requested.emit(values)
            self.accept()


FILES = _("Glossaries (*.csv *.tsv *.txt *.xlsx *.xls *.ods);;All files (*)")
NOTHING = _("Create a glossary or import one. Names and products that stay as they are go into “Do not translate”.")
SEARCH_MS = 150
R = TypeVar("R")


class GlossaryWindow(Dialog):
    def __init__(self, bridge: Bridge, keeper: ThemeKeeper, parent: QWidget, *, languages: tuple[str, str]) -> None:
        super().__init__(parent, "glossary_window", _("Glossaries"))
        self.resize(760, 600)
        self._bridge, self._glossaries, self._languages = bridge, bridge.services.glossaries, languages
        self._is_forgetting = False
        """Whether something was deleted, of which no trace is to stay in the files."""
        self._all: Live[Sequence[GlossaryRecord]] = Live(
            bridge, self, lambda: self._glossaries.all(), (), on=(GlossariesChanged,), refused=self._on_failed
        )
        self._chosen = ""
        self._terms = 0
        self._model = TermModel(keeper, self)
        self._timer = Delay(self, SEARCH_MS, self.read, "glossary_timer")
        self._build_ui()
        self._lay_out()
        self._connect()
        self._show_glossaries()

    def _build_ui(self) -> None:
        self._choice = named(Choice([], self), "glossary_choice", label=_("Glossary"))
        self._used = named(CheckBox(_("Use it"), self), "glossary_used", tip=_("Translations keep to its terms"))
        tip = _("A new, empty glossary (Ctrl+N)")
        self._new = self._button(_("New…"), "new_glossary_button", tip, self._on_new)
        tip = _("A table with terms and translations, such as CSV (Ctrl+O)")
        self._import = self._button(_("Import…"), "import_glossary_button", tip, self._on_import)
        self._more = self._button(_("More"), "glossary_more_button", _("Rename, export, delete"))
        self._more.setMenu(self._menu())
        self._search = text_line("term_search", self, _("Search terms and translations"), most=200, clears=CLEAR)
        self._source = text_line("new_term_line", self, _("A term"))
        self._target = text_line("new_translation_line", self, _("The translation"))
        self._add = self._button(_("Add"), "add_term_button", _("Add the term (Enter)"), self._on_add)
        self._table = self._term_table()
        self._nothing = plain_label(NOTHING, self, name="glossary_nothing", kind="muted")
        self._count = plain_label("", self, name="glossary_count", kind="muted")
        tip = _("Delete the chosen terms (Del)")
        self._delete = self._button(_("Delete"), "delete_terms_button", tip, self._on_delete)
        self._delete.setEnabled(False)
        self._trouble = plain_label("", self, name="glossary_trouble", kind="danger", is_hidden=True)
        self._said = plain_label("", self, name="glossary_said", kind="muted")
        self._notices = NoticeArea(self)

    def _menu(self) -> QMenu:
        menu = named(QMenu(self), "glossary_menu")
        for name, words, work in (
            ("keep_list", _("Do not translate"), self._on_keep),
            ("rename_glossary", _("Rename"), self._on_rename),
            ("export_glossary", _("Export as CSV…"), self._on_export),
            ("forget_glossary", _("Delete"), self._on_forget),
        ):
            named(menu.addAction(words), name).triggered.connect(work)
        return menu

    def _button(self, text: str, name: str, tip: str, on: Callable[[], object] | None = None) -> QPushButton:
        made = button(text, name, self, tip=tip, on=on)
        made.setAutoDefault(False)
        return made

    def _term_table(self) -> QTableView:
        table = named(QTableView(self), "term_table", label=_("Terms of the glossary"))
        table.setModel(self._model)
        table.setItemDelegate(TickDelegate(table))
        list_in_table(table)
        table.setEditTriggers(
            QAbstractItemView.EditTrigger.DoubleClicked | QAbstractItemView.EditTrigger.EditKeyPressed
        )
        table.verticalHeader().setDefaultSectionSize(table.fontMetrics().height() + theme.SPACE_12)
        table.horizontalHeader().setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        table.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        return table

    def _lay_out(self) -> None:
        head = row((self._choice, 1), self._used, self._new, self._import, self._more, gap=theme.SPACE_8)
        new = row((self._source, 1), (self._target, 1), self._add, gap=theme.SPACE_8)
        foot = row((self._count, 1), self._delete, gap=theme.SPACE_8)
        column(
            head, self._search, new, self._trouble, (self._table, 1), (self._nothing, 1), self._said, foot,
            self._notices, into=self, gap=theme.SPACE_8, margins=theme.SPACE_16,
        )  # fmt: skip

    def _connect(self) -> None:
        self._all.changed.connect(self._on_all)
        self._choice.activated.connect(self._on_chosen)
        self._used.clicked.connect(self._on_used)
        self._search.textChanged.connect(self._timer.start)
        self._source.returnPressed.connect(self._on_source_entered)
        self._target.returnPressed.connect(self._on_add)
        self._table.selectionModel().selectionChanged.connect(self._show_delete)
        self._model.modelReset.connect(self._show_delete)
        self._model.edited.connect(self._on_edited)
        self.finished.connect(self._on_finished)
        for keys, work in (("Ctrl+N", self._on_new), ("Ctrl+O", self._on_import), ("Ctrl+F", self._search.setFocus)):
            QShortcut(QKeySequence(keys), self, work)
        delete = QShortcut(QKeySequence.StandardKey.Delete, self._table, self._on_delete)
        delete.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)

    # ---- what is shown

    @property
    def chosen(self) -> GlossaryRecord | None:
        return next((glossary for glossary in self._all.value if glossary.id == self._chosen), None)

    def _on_all(self) -> None:
        record = self.chosen
        if record is None:
            self._chosen = self._all.value[0].id if self._all.value else ""
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

    def _on_chosen(self, at: int) -> None:
        self._choose(str(self._choice.itemData(at)))
        self._said.clear()
        self._show_glossaries()
        self.read()

    def _choose(self, glossary: str) -> None:
        if glossary != self._chosen:
            self._chosen = glossary
            self._refuse("")
            with QSignalBlocker(self._search):
                self._search.clear()

    def _show_glossaries(self) -> None:
        self._choice.clear()
        for record in self._all.value:
            self._choice.addItem(entry_words(record), record.id)
        shown = self.chosen
        self._choice.setCurrentIndex(self._choice.findData(self._chosen))
        self._used.setChecked(shown is not None and shown.is_active)
        is_keep = shown is not None and is_keep_list(shown)
        self._table.setColumnHidden(TARGET, is_keep)
        for widget in (
            self._choice, self._used, self._table, self._search, self._source, self._add, self._delete, self._count,
        ):  # fmt: skip
            widget.setVisible(shown is not None)
        self._target.setVisible(shown is not None and not is_keep)
        self._nothing.setVisible(shown is None)
        for action in self._more.menu().actions()[1:]:
            action.setEnabled(shown is not None)
        if shown is None:
            self._model.show_terms(())

    def read(self) -> None:
        self._timer.stop()
        if self._chosen:
            asked = (self._chosen, self._search.text())
            self._ask(lambda at: at.glossaries.page(asked[0], words=asked[1]), partial(self._on_page, asked))

    def _on_page(self, asked: tuple[str, str], page: TermPage) -> None:
        if asked != (self._chosen, self._search.text()):
            return
        counts = page.counts
        self._terms = counts.terms
        if list(page.terms) != self._model.rows:  # else selection and editor stay
            self._model.show_terms(page.terms, counts.contradicting)
        words = ngettext("{n:,} term", "{n:,} terms", counts.terms)
        if counts.found != counts.terms:
            words = _("{found:,} of {words}").format(found=counts.found, words=words)
        if counts.contradicting:
            words += f", {ngettext('{n:,} contradiction', '{n:,} contradictions', len(counts.contradicting))}"
        if counts.found > len(page.terms):
            words += _(", the first {count:,} shown").format(count=MOST_SHOWN)
        self._count.setText(words)

    # ---- glossaries

    def _on_new(self) -> None:
        sheet = NewGlossarySheet(self, *self._languages)
        sheet.open()
        sheet.requested.connect(lambda said: self._ask(lambda at: at.glossaries.add(**said), self._show_new))

    def _on_keep(self) -> None:
        self._ask(lambda services: services.glossaries.keep_list(), self._show_new)

    def _on_used(self, is_on: bool) -> None:
        glossary = self._chosen
        self._ask(lambda services: services.glossaries.change(glossary, is_active=is_on))

    def _on_rename(self) -> None:
        record = self.chosen
        if record is None:
            return

        def rename(name: str) -> None:
            self._ask(lambda services: services.glossaries.change(record.id, name=name))

        title, words = _("Rename the glossary"), _("Name of the glossary")
        LineQuestion(self, "rename_glossary_form", title, words, rename, text=record.name).open()

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
        source = self._source.text().strip()
        target = self._target.text().strip()
        record = self.chosen
        if not source:
            self._refuse(_("Write the term first."))
        elif record is not None:
            term = Term(source, target)
            if is_keep_list(record):
                term = Term(source, "", keeps=True)
            self._ask(lambda services: services.glossaries.add_term(record.id, term), self._on_added)
        self._source.setFocus(Qt.FocusReason.OtherFocusReason)

    def _on_added(self, term: Term) -> None:
        self._refuse("")
        self._said.setText(breakable(_("“{source}” was added.").format(source=term.source)))
        self._source.clear()
        self._target.clear()
        self.read()

    def _on_edited(self, term: Term) -> None:
        self._ask(lambda services: services.glossaries.change_term(term.n, term), self._on_term)

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

        words = ngettext("{n:,} term was deleted.", "{n:,} terms were deleted.", len(gone))
        self._offer_undo(words, undo)
        self.read()

    # ---- files

    def _on_import(self) -> None:
        """Import a file into the glossary that is shown, or, where there is none, into a new one."""
        record, title = self.chosen, _("Import a glossary")
        request = ImportRequest(Path(), into=self._chosen)
        if record is not None:
            title = _("Import into {name}").format(name=record.name)
            if is_keep_list(record):
                request = changed(request, columns={"source": 0})
        ask_file(
            self, title, lambda path: self._read_file(changed(request, path=path)), name="glossary_file_dialog",
            filters=FILES,
        )  # fmt: skip

    def _read_file(self, request: ImportRequest) -> None:
        self._refuse("")
        self._said.setText(_("Reading {name}…").format(name=breakable(request.path.name)))
        self._bridge.follow(
            self._glossaries.import_file(request), self._on_imported, self._on_failed, self._on_progress
        )

    def _on_imported(self, done: GlossaryImport) -> None:
        self._show_new(done.glossary)
        self._said.setText(breakable(imported_words(done)))

    def _on_progress(self, now: Progress) -> None:
        words = _("Reading: {done:,} rows…")
        if now.total:
            words = _("Storing {done:,} of {total:,} rows…")
        self._said.setText(words.format(done=now.done, total=now.total))

    def _on_export(self) -> None:
        record = self.chosen
        if record is None:
            return

        def export(path: Path) -> None:
            self._bridge.follow(self._glossaries.export_file(record.id, path), self._on_exported, self._on_failed)

        proposed = Path.home() / f"{file_name(record.name)}.csv"
        ask_new_file(self, _("Export the glossary"), export, name="glossary_export_dialog", proposed=proposed)

    def _on_exported(self, path: Path) -> None:
        self._said.setText(breakable(_("Written to {path}.").format(path=path)))

    # ---- requests and what is said of them

    def _ask(self, request: Callable[[Services], R], answered: Callable[[R], None] | None = None) -> None:
        """Send a request as Bridge.ask does. A refusal is shown here."""
        self._bridge.ask(request, answered, self._on_failed)

    def _on_failed(self, problem: Problem) -> None:
        self._said.clear()
        self._refuse(problem.sentence)

    def _on_finished(self) -> None:
        """Remove every trace of deleted terms from the files."""
        if self._is_forgetting:
            self._is_forgetting = False
            self._glossaries.purge()

    def _offer_undo(self, words: str, undo: Callable[[], None]) -> None:
        self._is_forgetting = True
        self._notices.show_notice(Notice(words, action=_("Undo"), on_action=undo, life_ms=REMOVAL_MS))

    def _refuse(self, words: str) -> None:
        show_words(self._trouble, breakable(words))


def entry_words(record: GlossaryRecord) -> str:
    """Return the name of a glossary, its languages and what it is about."""
    pair = _("all languages")
    if not is_keep_list(record):
        pair = f"{language_words(record.source_language)} → {language_words(record.target_language)}"
    parts = (retold(record.name, KEEP_LIST), pair, DOMAINS.get(record.domain, ""))
    return " · ".join(filter(None, parts))


def language_words(code: str) -> str:
    """Return the name of a language, or "any language" for an empty code."""
    if code in LANGUAGES:
        return LANGUAGES[code].shown
    return code or _("any language")


def imported_words(done: GlossaryImport) -> str:
    rows = partial(ngettext, "{n:,} row", "{n:,} rows")
    terms = ngettext("{n:,} term", "{n:,} terms", done.kept)
    said = [_("{terms} came into “{name}”.").format(terms=terms, name=done.glossary.name)]
    if done.was_there:
        said.append(_("A glossary of this name was there already; it has both now."))
    if done.duplicates:
        said.append(_("{rows} said what was there already.").format(rows=rows(done.duplicates)))
    if done.skipped:
        words = _("{rows} could not be used, the first is {first_skipped}.")
        said.append(words.format(rows=rows(done.skipped), first_skipped=done.first_skipped))
    if done.contradictions:
        names = ", ".join(in_quotes(contradiction) for contradiction in done.contradictions[:5])
        said.append(_("With more than one translation now, and marked: {names}.").format(names=names))
    return " ".join(said)
