"""Parts of the window of the glossaries: its dialogs, and the table model of terms."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt, Signal
from PySide6.QtGui import QColor
from PySide6.QtWidgets import (
    QAbstractItemView,
    QCheckBox,
    QComboBox,
    QFormLayout,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableWidget,
    QTableWidgetItem,
    QWidget,
)

from slmdesk.base.record import changed
from slmdesk.base.texts import _
from slmdesk.base.translation import LANGUAGES, Forms, Term
from slmdesk.runtime.messages import Problem
from slmdesk.text.folding import fold
from slmdesk.translation.glossaries import ImportRequest, TermPage
from slmdesk.translation.window.languages import DOMAINS, languages
from slmdesk.window.base import theme
from slmdesk.window.base.theme import ThemeKeeper
from slmdesk.window.widgets.build import (
    breakable,
    column,
    named,
    plain_label,
    plain_tip,
    show_words,
    text_line,
)
from slmdesk.window.widgets.dialogs import AcceptButtons, Dialog
from slmdesk.window.widgets.rows import Choice

Index = QModelIndex | QPersistentModelIndex


COLUMN_WORDS = {
    "source": _("The term"),
    "target": _("The translation"),
    "forbidden": _("Words never to be said"),
    "note": _("A note"),
}
MOST_LETTERS = 30


def language_words(code: str) -> str:
    """Return the name of a language, or "any language" for an empty code."""
    return LANGUAGES[code].shown if code in LANGUAGES else code or _("any language")


class _Form(Dialog):
    requested = Signal(object)
    """Emitted with what `answer` returns, once `check` finds nothing wrong."""

    def __init__(self, parent: QWidget, *, name: str, title: str, accept: str) -> None:
        super().__init__(parent, name, title)
        self.form = QFormLayout()
        self.form.setSpacing(theme.SPACE_8)
        self.trouble = plain_label("", self, name=f"{name}_trouble", kind="danger", is_hidden=True)
        self.body = column(self.form, self.trouble, into=self, gap=theme.SPACE_12, margins=theme.SPACE_16)
        self.body.addWidget(AcceptButtons(self, accept, f"{name}_accept", self._on_accept))
        self._pair: tuple[Choice, Choice] | None = None

    def _on_accept(self) -> None:
        wrong = self.check()
        show_words(self.trouble, breakable(wrong))
        if not wrong:
            self.requested.emit(self.answer())
            self.accept()

    def check(self) -> str:
        source, target = self.languages
        return _("Choose two different languages.") if source and source == target else ""

    def answer(self) -> object:
        raise NotImplementedError

    def choice(self, values: list[tuple[object, str]], name: str, words: str) -> Choice:
        choice = named(Choice(values, self), name, label=words)
        self.form.addRow(words, choice)
        return choice

    def ask_languages(
        self, name: str, offered: list[tuple[object, str]], words: tuple[str, str] = (_("From"), _("To"))
    ) -> tuple[Choice, Choice]:
        self._pair = (
            self.choice(list(offered), f"{name}_source_choice", words[0]),
            self.choice(list(offered), f"{name}_target_choice", words[1]),
        )
        return self._pair

    @property
    def languages(self) -> tuple[str, str]:
        if self._pair is None:
            return "", ""
        return str(self._pair[0].currentData()), str(self._pair[1].currentData())


class NewGlossaryForm(_Form):
    def __init__(self, parent: QWidget, source: str, target: str) -> None:
        super().__init__(parent, name="new_glossary_form", title=_("New glossary"), accept=_("Create"))
        label = _("Name of the glossary")
        self._name = text_line("glossary_name_line", self, _("Such as: Leases"), label=label, most=120)
        self.form.addRow(_("Name"), self._name)
        for choice, code in zip(self.ask_languages("glossary", languages()), (source, target), strict=True):
            choice.show_value(code)
        domains = [("", _("Any text")), *list(DOMAINS.items())[1:]]
        self._domain = self.choice(domains, "glossary_domain_choice", _("Used for"))
        self._name.setFocus()

    def answer(self) -> tuple[str, str, str, str]:
        """Return name, source language, target language and domain."""
        return self._name.text().strip(), *self.languages, str(self._domain.currentData())


class ImportQuestion(_Form):
    """Form whose answer is the import request, completed with what the person entered."""

    def __init__(
        self, parent: QWidget, problem: Problem, request: ImportRequest, rows: Sequence[Sequence[str]]
    ) -> None:
        title = _("How is {name} to be read?").format(name=request.path.name)
        super().__init__(parent, name="import_question", title=title, accept=_("Import"))
        self._request = request
        self.body.insertWidget(0, plain_label(breakable(problem.sentence), self, name="import_problem", kind="muted"))
        self._columns: dict[str, Choice] = {}
        if rows and problem.code == "glossary.no_columns":
            self._ask_columns(rows)
        if not request.into:
            offered = [("", _("As the file says")), *languages()]
            source, target = self.ask_languages(
                "import", list(offered), (_("Language of the terms"), _("Language of the translations"))
            )
            source.show_value(request.source)
            target.show_value(request.target)
        self.resize(560, self.sizeHint().height())

    def _ask_columns(self, rows: Sequence[Sequence[str]]) -> None:
        width = max(len(row) for row in rows)
        table = named(QTableWidget(len(rows), width, self), "import_sample", label=_("How the file begins"))
        table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        table.setTabKeyNavigation(False)
        table.verticalHeader().hide()
        table.setHorizontalHeaderLabels([_("Column {at}").format(at=at + 1) for at in range(width)])
        for at, row in enumerate(rows):
            for place, cell in enumerate(row):
                table.setItem(at, place, QTableWidgetItem(cell[:200]))
        table.setFixedHeight((len(rows) + 2) * (self.fontMetrics().lineSpacing() + theme.SPACE_8))
        self.body.insertWidget(1, table)
        heads = [cell[:MOST_LETTERS] for cell in (*rows[0], *[""] * width)][:width]
        names = [(at, _("Column {at}: {what}").format(at=at + 1, what=head)) for at, head in enumerate(heads)]
        for name, words in COLUMN_WORDS.items():
            values: list[tuple[object, str]] = [*names] if name == "source" else [(-1, _("None")), *names]
            self._columns[name] = self.choice(values, f"import_{name}_column", words)
        if width > 1:
            self._columns["target"].show_value(1)
        self._head = named(QCheckBox(_("The first row is a heading"), self), "import_head_box")
        self._head.setChecked(True)
        self.form.addRow("", self._head)

    def _chosen(self) -> dict[str, int]:
        chosen = {name: int(choice.currentData()) for name, choice in self._columns.items()}
        return {name: at for name, at in chosen.items() if at >= 0}

    def check(self) -> str:
        """Return what is wrong, or an empty text.

        There must be a column for the terms, one for what to do with the terms, and two different languages.
        """
        if self._columns:
            chosen = self._chosen()
            if len(chosen) != len(set(chosen.values())):
                return _("Choose each column once.")
            if "target" not in chosen and "forbidden" not in chosen:
                return _("Choose the column of the translations.")
        return super().check()

    def answer(self) -> ImportRequest:
        request = self._request
        if self._columns:
            request = changed(request, columns=self._chosen(), skips_first=self._head.isChecked())
        if not request.into:
            source, target = self.languages
            request = changed(request, source=source, target=target)
        return request


SOURCE, TARGET, FORBIDDEN, KEEPS, CASE, FORMS, NOTE, LOOK = range(8)
TIPS = {
    _("Term"): _("The word or words in the language of the text"),
    _("Translation"): _("The word or words in the language of the translation"),
    _("Forbidden"): _("Words that must not stand for it, parted by semicolons"),
    _("Don't translate"): _("Stays as in the source"),
    _("Case matters"): _("Capital and small letters matter"),
    _("Match"): _("In which forms the term is found in a text"),
    _("Note"): _("For you: it is not given to the model"),
    _("Needs review"): _("What contradicts"),
}
COLUMNS = tuple(TIPS)
FORM_WORDS = {Forms.STEM: _("any ending"), Forms.PREFIX: _("beginning of words"), Forms.EXACT: _("exactly so")}
TWO = _("two translations")


class TermModel(QAbstractTableModel):
    """The terms of a glossary, loaded page by page. Emits `page_requested` when those after the last are needed."""

    page_requested = Signal()
    edited = Signal(object)
    sort_requested = Signal(str, bool)

    def __init__(self, keeper: ThemeKeeper, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("term_model")
        self._keeper = keeper
        self.rows: list[Term] = []
        self._found = 0
        """Number of all terms, including those that are not loaded yet."""
        self._is_waiting = False
        self._contradicting: frozenset[str] = frozenset()

    def clear(self) -> None:
        self._show([], 0, 0)

    def show_page(self, page: TermPage) -> None:
        """Show a page of terms. A page from row 0 on replaces all rows, a later page is appended."""
        before, self._contradicting = self._contradicting, page.counts.contradicting
        self._show(list(page.terms), page.counts.found, page.begin)
        if self.rows and before != self._contradicting:
            self.dataChanged.emit(self.index(0, LOOK), self.index(len(self.rows) - 1, LOOK))

    def _show(self, terms: list[Term], found: int, begin: int) -> None:
        self._is_waiting = False
        if begin == 0 and (terms, found) != (self.rows, self._found):  # else keep selection and editor
            self.beginResetModel()
            self.rows, self._found = terms, found
            self.endResetModel()
        elif begin and begin == len(self.rows) and terms:
            self.beginInsertRows(QModelIndex(), begin, begin + len(terms) - 1)
            self.rows += terms
            self._found = found
            self.endInsertRows()

    def change(self, term: Term) -> None:
        for at, old in enumerate(self.rows):
            if old.n == term.n:
                self.rows[at] = term
                self.dataChanged.emit(self.index(at, 0), self.index(at, len(COLUMNS) - 1))

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008  Qt's own default
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008  Qt's own default
        return 0 if parent.isValid() else len(COLUMNS)

    def canFetchMore(self, parent: Index) -> bool:
        return not parent.isValid() and 0 < len(self.rows) < self._found

    def fetchMore(self, parent: Index) -> None:
        if self.canFetchMore(parent) and not self._is_waiting:
            self._is_waiting = True
            self.page_requested.emit()

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """Let the store sort the terms, because only some of them are loaded here."""
        name = {SOURCE: "source", TARGET: "target"}.get(column, "")
        self.sort_requested.emit(name, order == Qt.SortOrder.DescendingOrder)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if role == Qt.ItemDataRole.ToolTipRole and orientation is Qt.Orientation.Horizontal:
            return TIPS[COLUMNS[section]]
        if role != Qt.ItemDataRole.DisplayRole:
            return None
        return COLUMNS[section] if orientation is Qt.Orientation.Horizontal else str(section + 1)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        term, column = self.rows[index.row()], index.column()
        if role == Qt.ItemDataRole.CheckStateRole and column in (KEEPS, CASE):
            return Qt.CheckState.Checked if _is_ticked(term, column) else Qt.CheckState.Unchecked
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.EditRole):
            return self._words(term, column)
        if role == Qt.ItemDataRole.AccessibleTextRole and column in (KEEPS, CASE):
            return f"{COLUMNS[column]}: {_('yes') if _is_ticked(term, column) else _('no')}"
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return self._words(term, column)
        if role == Qt.ItemDataRole.ToolTipRole:
            return plain_tip(self._words(term, column))
        if role == Qt.ItemDataRole.ForegroundRole:
            return self._colour(term, column)
        return None

    def setData(self, index: Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        """Request a change of a term. It is shown once it is saved."""
        term, column = self.rows[index.row()], index.column()
        if role == Qt.ItemDataRole.CheckStateRole:
            is_on = Qt.CheckState(value) == Qt.CheckState.Checked
            requested = changed(term, keeps=is_on) if column == KEEPS else changed(term, minds_case=is_on)
        elif role == Qt.ItemDataRole.EditRole:
            requested = _with_words(term, column, str(value))
        else:
            return False
        if requested != term:
            self.edited.emit(requested)
        return False

    def flags(self, index: Index) -> Qt.ItemFlag:
        """Return the flags of a cell: KEEPS and CASE can be ticked, LOOK is read-only, all others can be edited."""
        flags = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
        if index.column() in (KEEPS, CASE):
            return flags | Qt.ItemFlag.ItemIsUserCheckable
        return flags if index.column() == LOOK else flags | Qt.ItemFlag.ItemIsEditable

    def _words(self, term: Term, column: int) -> str:
        two = TWO if fold(term.source) in self._contradicting else ""
        forms, forbidden = FORM_WORDS[term.forms], "; ".join(term.forbidden)
        return (term.source, term.target, forbidden, "", "", forms, term.note, two)[column]

    def _colour(self, term: Term, column: int) -> QColor | None:
        if column == LOOK:
            return self._keeper.theme.colour("warn")
        is_set = column != FORMS or term.forms is not Forms.STEM
        return None if is_set and column != NOTE else self._keeper.theme.colour("ink2")


def _is_ticked(term: Term, column: int) -> bool:
    return term.keeps if column == KEEPS else term.minds_case


def _with_words(term: Term, column: int, words: str) -> Term:
    if column == FORBIDDEN:
        return changed(term, forbidden=tuple(part.strip() for part in words.split(";") if part.strip()))
    if column == FORMS:
        forms = next((form for form, said in FORM_WORDS.items() if words in (said, form.value)), term.forms)
        return changed(term, forms=forms)
    if column == SOURCE:
        return changed(term, source=words)
    return changed(term, target=words) if column == TARGET else changed(term, note=words)


class FormsEditor(QStyledItemDelegate):
    def createEditor(self, parent: QWidget, option: QStyleOptionViewItem, index: Index) -> QWidget:
        editor = QComboBox(parent)
        named(editor, "term_forms_editor", label=_("In which forms the term is found"))
        editor.addItems(list(FORM_WORDS.values()))
        return editor

    def setEditorData(self, editor: QWidget, index: Index) -> None:
        assert isinstance(editor, QComboBox)
        editor.setCurrentText(str(index.data(Qt.ItemDataRole.EditRole)))

    def setModelData(self, editor: QWidget, model: Any, index: Index) -> None:
        assert isinstance(editor, QComboBox)
        model.setData(index, editor.currentText())
