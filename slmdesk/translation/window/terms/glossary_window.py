"""The window of the glossaries: the list, the terms, import and export.  Widgets only."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QAbstractItemView,
    QListWidget,
    QListWidgetItem,
    QMenu,
    QTableView,
    QWidget,
)

from slmdesk.base.translation import GlossaryRecord
from slmdesk.runtime.events import Problem
from slmdesk.translation.terms.glossaries import ImportRequest, TermPage, is_keep_list
from slmdesk.translation.window.terms.glossary_controller import GlossaryController, count_of
from slmdesk.translation.window.terms.glossary_forms import ImportQuestion, NameForm, NewGlossaryForm, language_words
from slmdesk.translation.window.terms.glossary_model import (
    CASE,
    FORBIDDEN,
    FORMS,
    KEEPS,
    LOOK,
    NOTE,
    TARGET,
    FormsEditor,
    TermModel,
)
from slmdesk.translation.window.terms.table_window import TableWindow
from slmdesk.window.base import theme
from slmdesk.window.base.theme_keeper import ThemeKeeper
from slmdesk.window.widgets.build import column, flow, row, split, text_line
from slmdesk.window.widgets.file_dialogs import ask_file, ask_new_file
from slmdesk.window.widgets.named import named
from slmdesk.window.widgets.text import ElidedLabel, plain_label
from slmdesk.window.widgets.tick_delegate import TickDelegate

FILES = "Glossaries (*.csv *.tsv *.txt *.xlsx *.xls *.ods *.tbx *.xml);;All files (*)"
FORM_NAMES = (
    ("csv", "CSV, for spreadsheets"), ("tsv", "Tab-separated"), ("xlsx", "Excel"), ("tbx", "TBX, for other programs"),
)  # fmt: skip
NOTHING = (
    "There is no glossary yet. A glossary says how words are to be translated: make one, or read one from a file. "
    "Names and products that stay as they are go into “Do not translate”."
)
WIDTHS = {LOOK: 20, FORBIDDEN: 16, KEEPS: 13, CASE: 14, FORMS: 17, NOTE: 20}
"""Of the columns, in letters; WIDTH of the others."""
WIDTH = 21


class GlossaryWindow(TableWindow):
    """Not modal: a text can be translated beside it."""

    proposals_requested = Signal(object)

    def __init__(
        self,
        controller: GlossaryController,
        keeper: ThemeKeeper,
        parent: QWidget,
        *,
        languages: tuple[str, str] = ("en", "de"),
    ) -> None:
        super().__init__(controller, parent, name="glossary", title="Glossaries", height=680)
        self._controller, self._languages = controller, languages
        self._model = TermModel(keeper, self)
        self._build_ui()
        self._connect()
        self._on_listed([], "")
        controller.refresh()

    # ---- building

    def _build_ui(self) -> None:
        label = "Glossaries; a tick says that one is obeyed"
        self._list = named(QListWidget(self), "glossary_list", kind="list", label=label)
        self._list.setWordWrap(True)
        self._list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._list.setItemDelegate(TickDelegate(self._list))
        self._list.setEditTriggers(QAbstractItemView.EditTrigger.EditKeyPressed)
        self._new = self._button("New…", "new_glossary_button", "A new, empty glossary (Ctrl+N)")
        self._import = self._button("Import…", "import_glossary_button", "CSV, TSV, a spreadsheet or TBX (Ctrl+O)")
        self._keep = self._button("Do not translate", "keep_list_button", "Names and products that stay as they are")
        self._title = ElidedLabel(self, name="glossary_title", kind="strong")
        self._count = plain_label("", self, name="glossary_count", kind="muted", wraps=False)
        self._more = self._button("More", "glossary_more_button", "Rename, duplicate, export, forget")
        self._menu = named(QMenu(self._more), "glossary_menu")
        self._more.setMenu(self._menu)
        self._search = self._search_line("term_search", "Search terms and translations", most=200)
        self._source = text_line("new_term_line", self, "A term")
        self._target = text_line("new_translation_line", self, "Its translation")
        self._add = self._button("Add", "add_term_button", "Add the term (Enter)")
        self._table = self._term_table()
        self._nothing = plain_label(NOTHING, self, name="glossary_nothing", kind="muted")
        self._delete = self._button("Delete", "delete_terms_button", "Delete the chosen terms (Del)")
        self._propose = self._button("Propose terms…", "propose_terms_button", "Look for terms in a document")
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
        table = self._make_table(self._model, name="term_table", words="Terms of the glossary", widths=widths)
        table.setItemDelegateForColumn(FORMS, FormsEditor(table))
        header = table.horizontalHeader()
        header.moveSection(LOOK, TARGET + 1)
        header.setStretchLastSection(True)
        header.setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
        header.setSortIndicatorClearable(True)
        table.setSortingEnabled(True)
        return table

    def _connect(self) -> None:
        controller, model = self._controller, self._model
        self._list.currentItemChanged.connect(self._on_chosen)
        self._list.itemChanged.connect(self._on_item_changed)
        self._new.clicked.connect(self._on_new)
        self._import.clicked.connect(self._on_import)
        self._keep.clicked.connect(controller.show_keep_list)
        self._menu.aboutToShow.connect(self._fill_menu)
        self._search.textChanged.connect(controller.search)
        self._add.clicked.connect(self._on_add)
        self._source.returnPressed.connect(self._on_source_entered)
        self._target.returnPressed.connect(self._on_add)
        self._delete.clicked.connect(self._on_delete)
        self._propose.clicked.connect(lambda: self.proposals_requested.emit(self._controller.chosen))
        model.edited.connect(controller.change_term)
        model.page_requested.connect(controller.more)
        model.sort_requested.connect(controller.sort)
        controller.listed.connect(self._on_listed)
        controller.page_received.connect(self._on_page)
        controller.term_changed.connect(model.change)
        controller.asked.connect(self._on_asked)
        for keys, work in (("Ctrl+N", self._on_new), ("Ctrl+O", self._on_import)):
            QShortcut(QKeySequence(keys), self, work)
        QShortcut(QKeySequence.StandardKey.Delete, self._table, self._on_delete, context=_WITHIN)

    # ---- user actions

    def _on_chosen(self, item: QListWidgetItem | None, _before: object) -> None:
        if item is not None:
            with QSignalBlocker(self._search):
                self._search.clear()
            self._source.clear()
            self._target.clear()
            self._said.clear()
            self._table.horizontalHeader().setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
            self._controller.choose(str(item.data(Qt.ItemDataRole.UserRole)))

    def _on_item_changed(self, item: QListWidgetItem) -> None:
        is_active = item.checkState() == Qt.CheckState.Checked
        self._controller.activate(str(item.data(Qt.ItemDataRole.UserRole)), is_active)

    def _on_new(self) -> None:
        form = NewGlossaryForm(self, *self._languages)
        form.requested.connect(self._controller.add)
        form.open()

    def _on_import(self) -> None:
        ask_file(self, "Import a glossary", self._on_file, name="glossary_file_dialog", filters=FILES)

    def _on_file(self, path: Path) -> None:
        self._controller.import_file(ImportRequest(path))

    def _on_asked(self, problem: Problem, request: ImportRequest, rows: Sequence[Sequence[str]]) -> None:
        question = ImportQuestion(self, problem, request, rows)
        question.requested.connect(self._controller.import_file)
        question.open()

    def _fill_menu(self) -> None:
        self._menu.clear()
        rename = named(self._menu.addAction("Rename"), "rename_glossary")
        rename.triggered.connect(self._on_rename)
        named(self._menu.addAction("Duplicate"), "duplicate_glossary").triggered.connect(self._controller.duplicate)
        into = named(self._menu.addAction("Import into this one…"), "import_into_glossary")
        into.triggered.connect(self._on_import_into)
        exports = self._menu.addMenu("Export")
        for form, words in FORM_NAMES:
            action = named(exports.addAction(f"{words}…"), f"export_glossary_{form}")
            action.triggered.connect(partial(self._on_export, form))
        self._menu.addSeparator()
        named(self._menu.addAction("Forget"), "forget_glossary").triggered.connect(self._controller.forget)

    def _on_rename(self) -> None:
        record, item = self._controller.chosen, self._list.currentItem()
        if record is None or item is None:
            return
        form = NameForm(self, record.name)
        form.requested.connect(partial(self._controller.rename, record.id))
        form.open()

    def _on_import_into(self) -> None:
        record = self._controller.chosen
        if record is None:
            return
        title, chosen = f"Import into {record.name}", partial(self._on_file_into, record.id)
        ask_file(self, title, chosen, name="glossary_into_dialog", filters=FILES)

    def _on_file_into(self, glossary: str, path: Path) -> None:
        self._controller.import_file(ImportRequest(path, into=glossary))

    def _on_export(self, form: str, _checked: bool = False) -> None:
        record = self._controller.chosen
        if record is None:
            return
        ask_new_file(
            self,
            "Export the glossary",
            partial(self._controller.export, form),
            name="glossary_export_dialog",
            proposed=Path.home() / f"{_file_name(record.name)}.{form}",
        )

    def _on_source_entered(self) -> None:
        if self._target.isVisible() and not self._target.text().strip():
            self._target.setFocus(Qt.FocusReason.TabFocusReason)
        else:
            self._on_add()

    def _on_add(self) -> None:
        source, target = self._source.text().strip(), self._target.text().strip()
        if source:
            self._controller.add_term(source, target)
        else:
            self._on_refused("Write the term first.")
        self._source.setFocus(Qt.FocusReason.OtherFocusReason)

    def _on_delete(self) -> None:
        rows = sorted(index.row() for index in self._table.selectionModel().selectedRows())
        self._controller.forget_terms([term.n for term in self._model.terms(rows)])

    # ---- events

    def _on_listed(self, found: Sequence[GlossaryRecord], chosen: str) -> None:
        with QSignalBlocker(self._list):
            self._list.clear()
            for record in found:
                item = QListWidgetItem(_entry_words(record), self._list)
                item.setData(Qt.ItemDataRole.UserRole, record.id)
                item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
                item.setCheckState(Qt.CheckState.Checked if record.is_active else Qt.CheckState.Unchecked)
                if record.id == chosen:
                    self._list.setCurrentItem(item)
        shown = next((one for one in found if one.id == chosen), None)
        is_keep = shown is not None and is_keep_list(shown)
        self._title.set_full_text(shown.name if shown else "")
        self._table.setColumnHidden(TARGET, is_keep)
        self._table.setColumnHidden(KEEPS, is_keep)
        self._keep.setVisible(not any(map(is_keep_list, found)))
        for widget in (self._table, self._search, self._source, self._add, self._delete, self._more, self._count):
            widget.setVisible(shown is not None)
        self._target.setVisible(shown is not None and not is_keep)
        self._propose.setVisible(shown is not None)
        self._nothing.setVisible(shown is None)
        if shown is None:
            self._model.clear()

    def _on_page(self, page: TermPage) -> None:
        self._model.show_page(page)
        counts = page.counts
        words = count_of(counts.terms, "term")
        if counts.found != counts.terms:
            words = f"{counts.found:,} of {words}"
        if counts.contradicting:
            words += f", {count_of(len(counts.contradicting), 'contradiction')}"
        self._count.setText(words)
        self._table.setColumnHidden(LOOK, not counts.contradicting)

    def _on_said(self, words: str) -> None:
        super()._on_said(words)
        if words.endswith("was added."):
            self._source.clear()
            self._target.clear()


def _entry_words(record: GlossaryRecord) -> str:
    pair = (
        "all languages"
        if is_keep_list(record)
        else f"{language_words(record.source_language)} → {language_words(record.target_language)}"
    )
    domain = f", {record.domain}" if record.domain else ""
    return f"{record.name}\n{pair}{domain} · {count_of(record.terms, 'term')}"


def _file_name(name: str) -> str:
    return "".join(one if one.isalnum() or one in " -_." else "_" for one in name).strip()[:80] or "glossary"


_WITHIN = Qt.ShortcutContext.WidgetWithChildrenShortcut
