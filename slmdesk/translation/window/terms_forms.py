"""Parts of the window of the glossaries: its dialogs, and the table model of terms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt, Signal
from PySide6.QtGui import QColor
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QHeaderView,
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
from slmdesk.window.widgets.build import breakable, column, named, plain_label, plain_tip, row, show_words
from slmdesk.window.widgets.dialogs import AcceptButtons, Dialog
from slmdesk.window.widgets.form import Field, Form, Listed, TextLine

Index = QModelIndex | QPersistentModelIndex
MOST_LETTERS, MOST_NAME, WIDTH = 30, 120, 560
NAME, USED_FOR = (
    Field(
        name="name", title=_("Name"), control=TextLine, hint=_("Such as: Leases"),
        read=lambda words: words.strip()[:MOST_NAME],
    ),
    Field(
        name="domain", title=_("Used for"), control=Listed, values=(("", _("Any text")), *[*DOMAINS.items()][1:])
    ),
)  # fmt: skip
COLUMN_WORDS = {
    "source": _("The term"),
    "target": _("The translation"),
    "forbidden": _("Words never to be said"),
    "note": _("A note"),
}
FIRST_ROW = Field(
    name="skips_first", title=_("The first row"), control=Listed,
    values=((True, _("Is a heading")), (False, _("Is a term"))),
)  # fmt: skip


def language_words(code: str) -> str:
    """Return the name of a language, or "any language" for an empty code."""
    return LANGUAGES[code].shown if code in LANGUAGES else code or _("any language")


class _FormSheet(Dialog):
    """Sheet with fields. When accepted it emits `requested` with their values, or says what is wrong and stays open."""

    requested = Signal(object)

    def __init__(
        self, parent: QWidget, name: str, title: str, accept: str, form: tuple[Sequence[Field], Mapping[str, Any]],
        *above: QWidget, prefix: str,
    ) -> None:  # fmt: skip
        """`form`: the fields and their first values. `above`: what stands above them."""
        super().__init__(parent, name, title)
        self.form = Form(self, form[0], prefix=prefix)
        self.form.show_values(form[1])
        self._trouble = plain_label("", self, name=f"{name}_trouble", kind="danger", is_hidden=True)
        buttons = AcceptButtons(self, accept, f"{name}_accept", self._on_accept)
        parts = [(part, 1) for part in self.form.parts]
        pairs = [row(*parts[at : at + 2], gap=theme.SPACE_16) for at in range(0, len(parts), 2)]
        column(*above, *pairs, self._trouble, buttons, into=self, gap=theme.SPACE_12, margins=theme.SPACE_16)
        self.fit(theme.scaled(WIDTH))

    def _on_accept(self) -> None:
        self.form.keep()
        wrong = wrong_in(self.form.values)
        show_words(self._trouble, wrong)
        if not wrong:
            self.requested.emit(self.form.values)
            self.accept()


def wrong_in(values: Mapping[str, Any]) -> str:
    """Return what is wrong with what was chosen, or an empty text."""
    columns = columns_in(values)
    if len(columns) != len(set(columns.values())):
        return _("Choose each column once.")
    if columns and not columns.keys() & {"target", "forbidden"}:
        return _("Choose the column of the translations.")
    source, target = values.get("source"), values.get("target")
    return _("Choose two different languages.") if source and source == target else ""


def columns_in(values: Mapping[str, Any]) -> dict[str, int]:
    chosen = {name: values.get(f"{name}_column", -1) for name in COLUMN_WORDS}
    return {name: at for name, at in chosen.items() if at >= 0}


class NewGlossarySheet(_FormSheet):
    """Asks what a new glossary is called, and for which languages and texts it is."""

    def __init__(self, parent: QWidget, source: str, target: str) -> None:
        listed = languages()
        pair = (
            Field(name="source", title=_("From"), control=Listed, values=listed),
            Field(name="target", title=_("To"), control=Listed, values=listed),
        )
        values = {"name": "", "source": source, "target": target, "domain": ""}
        form = ((NAME, USED_FOR, *pair), values)
        super().__init__(parent, "new_glossary_form", _("New glossary"), _("Create"), form, prefix="glossary")
        self.form.part("name").widget.setFocus()


class ImportSheet(_FormSheet):
    """Asks what a file does not say of itself."""

    def __init__(
        self, parent: QWidget, problem: Problem, request: ImportRequest, rows: Sequence[Sequence[str]]
    ) -> None:
        """`rows` are the first ones of the file."""
        title = _("How is {name} to be read?").format(name=request.path.name)
        above: list[QWidget] = [plain_label(breakable(problem.sentence), parent, name="import_problem", kind="muted")]
        fields: list[Field] = []
        values: dict[str, Any] = {"source": request.source, "target": request.target, "skips_first": True}
        if rows and problem.code == "glossary.no_columns":
            above.append(_sample(rows, parent))
            width = max(map(len, rows))
            heads = [*(cell[:MOST_LETTERS] for cell in rows[0]), *[""] * width][:width]
            offered = tuple(
                (at, _("Column {at}: {what}").format(at=at + 1, what=what)) for at, what in enumerate(heads)
            )
            for name, words in COLUMN_WORDS.items():
                listed = offered if name == "source" else ((-1, _("None")), *offered)
                fields.append(Field(name=f"{name}_column", title=words, control=Listed, values=listed))
                values[f"{name}_column"] = {"source": 0, "target": 1 if width > 1 else -1}.get(name, -1)
        if not request.into:
            known = (("", _("As the file says")), *languages())
            fields.append(Field(name="source", title=_("Language of the terms"), control=Listed, values=known))
            fields.append(Field(name="target", title=_("Language of the translations"), control=Listed, values=known))
        if len(above) > 1:
            fields.append(FIRST_ROW)
        super().__init__(parent, "import_question", title, _("Import"), (fields, values), *above, prefix="import")


def answered(request: ImportRequest, values: Mapping[str, Any]) -> ImportRequest:
    """Return the request with what a person said of the file."""
    if columns := columns_in(values):
        request = changed(request, columns=columns, skips_first=values["skips_first"])
    return request if request.into else changed(request, source=values["source"], target=values["target"])


def _sample(rows: Sequence[Sequence[str]], parent: QWidget) -> QTableWidget:
    width = max(map(len, rows))
    table = named(QTableWidget(len(rows), width, parent), "import_sample", label=_("How the file begins"))
    table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
    table.setTabKeyNavigation(False)
    table.verticalHeader().hide()
    table.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
    table.horizontalHeader().setMaximumSectionSize(theme.scaled(WIDTH // 2))
    table.setHorizontalHeaderLabels([_("Column {at}").format(at=at + 1) for at in range(width)])
    for at, cells in enumerate(rows):
        for place, cell in enumerate(cells):
            table.setItem(at, place, QTableWidgetItem(cell[:200]))
    table.setFixedHeight((len(rows) + 2) * (table.fontMetrics().lineSpacing() + theme.SPACE_8))
    return table


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

    def _show(self, terms: list[Term], count: int, begin: int) -> None:
        self._is_waiting = False
        if begin == 0 and (terms, count) != (self.rows, self._found):  # else keep selection and editor
            self.beginResetModel()
            self.rows, self._found = terms, count
            self.endResetModel()
        elif begin and begin == len(self.rows) and terms:
            self.beginInsertRows(QModelIndex(), begin, begin + len(terms) - 1)
            self.rows += terms
            self._found = count
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
