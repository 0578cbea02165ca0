"""The table model of a glossary's terms: read by pages, edited in place."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt, Signal
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QComboBox, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from slmdesk.base.record import changed
from slmdesk.base.translation import Forms, Term
from slmdesk.text.words.folding import fold
from slmdesk.translation.terms.glossaries import TermPage
from slmdesk.window.base.theme_keeper import ThemeKeeper
from slmdesk.window.widgets.named import named
from slmdesk.window.widgets.text import plain_tip

SOURCE, TARGET, FORBIDDEN, KEEPS, CASE, FORMS, NOTE, LOOK = range(8)
COLUMNS = ("Term", "Translation", "Never say", "Keep as is", "Case matters", "Found as", "Note", "Needs review")
TIPS = (
    "The word or words in the language of the text",
    "How it is to be said",
    "Words that must not stand for it, parted by semicolons",
    "It is not translated",
    "Capital and small letters matter",
    "In which forms the term is found in a text",
    "For you: it is not given to the model",
    "What contradicts",
)
FORM_WORDS = {
    Forms.STEM: "any ending",
    Forms.PREFIX: "beginning of words",
    Forms.EXACT: "exactly so",
}
TWO = "two translations"
Index = QModelIndex | QPersistentModelIndex


class TermModel(QAbstractTableModel):
    edited = Signal(object)
    page_requested = Signal(int)
    sort_requested = Signal(str, bool)

    def __init__(self, keeper: ThemeKeeper, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("term_model")
        self._keeper = keeper
        self._rows: list[Term] = []
        self._found = 0
        self._contradicting: frozenset[str] = frozenset()
        self._is_waiting = False

    def show_page(self, page: TermPage) -> None:
        """The first page replaces what is there, later ones are appended."""
        self._contradicting, self._found = page.counts.contradicting, page.counts.found
        self._is_waiting = False
        if page.begin == 0 and list(page.terms) == self._rows:  # what is selected, or being edited, stays so
            if self._rows:
                self.dataChanged.emit(self.index(0, 0), self.index(len(self._rows) - 1, len(COLUMNS) - 1))
        elif page.begin == 0:
            self.beginResetModel()
            self._rows = list(page.terms)
            self.endResetModel()
        elif page.begin == len(self._rows) and page.terms:
            self.beginInsertRows(QModelIndex(), page.begin, page.begin + len(page.terms) - 1)
            self._rows += page.terms
            self.endInsertRows()

    def clear(self) -> None:
        self.beginResetModel()
        self._rows, self._found = [], 0
        self.endResetModel()

    def change(self, term: Term) -> None:
        for row, one in enumerate(self._rows):
            if one.n == term.n:
                self._rows[row] = term
                self.dataChanged.emit(self.index(row, 0), self.index(row, len(COLUMNS) - 1))

    def terms(self, rows: Sequence[int]) -> list[Term]:
        return [self._rows[row] for row in rows if row < len(self._rows)]

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008  Qt's own default
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008  Qt's own default
        return 0 if parent.isValid() else len(COLUMNS)

    def canFetchMore(self, parent: Index) -> bool:
        return not parent.isValid() and len(self._rows) < self._found

    def fetchMore(self, parent: Index) -> None:
        if self.canFetchMore(parent) and not self._is_waiting:
            self._is_waiting = True
            self.page_requested.emit(len(self._rows))

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """The store sorts: only some of the terms are loaded."""
        name = {SOURCE: "source", TARGET: "target"}.get(column, "")
        self.sort_requested.emit(name, order == Qt.SortOrder.DescendingOrder)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation is not Qt.Orientation.Horizontal:
            return str(section + 1) if role == Qt.ItemDataRole.DisplayRole else None
        if role == Qt.ItemDataRole.DisplayRole:
            return COLUMNS[section]
        return TIPS[section] if role == Qt.ItemDataRole.ToolTipRole else None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        term, column = self._rows[index.row()], index.column()
        if role == Qt.ItemDataRole.CheckStateRole and column in (KEEPS, CASE):
            is_on = term.keeps if column == KEEPS else term.minds_case
            return Qt.CheckState.Checked if is_on else Qt.CheckState.Unchecked
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.EditRole):
            return self._words(term, column)
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return self._spoken(term, column)
        if role == Qt.ItemDataRole.ToolTipRole:
            return plain_tip(self._words(term, column))
        if role == Qt.ItemDataRole.ForegroundRole:
            return self._colour(term, column)
        return None

    def setData(self, index: Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        """Request a change; it is shown once it is saved."""
        term, column = self._rows[index.row()], index.column()
        if role == Qt.ItemDataRole.CheckStateRole:
            is_on = Qt.CheckState(value) == Qt.CheckState.Checked
            requested = changed(term, keeps=is_on) if column == KEEPS else changed(term, minds_case=is_on)
        elif role == Qt.ItemDataRole.EditRole:
            requested = self._with_words(term, column, str(value))
        else:
            return False
        if requested != term:
            self.edited.emit(requested)
        return False

    def flags(self, index: Index) -> Qt.ItemFlag:
        """KEEPS and CASE can be ticked, LOOK is read-only, all other cells can be edited."""
        flags = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
        if index.column() in (KEEPS, CASE):
            return flags | Qt.ItemFlag.ItemIsUserCheckable
        return flags if index.column() == LOOK else flags | Qt.ItemFlag.ItemIsEditable

    def _words(self, term: Term, column: int) -> str:
        match column:
            case 0:
                return term.source
            case 1:
                return term.target
            case 2:
                return "; ".join(term.forbidden)
            case 5:
                return FORM_WORDS[term.forms]
            case 6:
                return term.note
            case 7:
                return TWO if fold(term.source) in self._contradicting else ""
            case _:
                return ""

    def _spoken(self, term: Term, column: int) -> str:
        if column in (KEEPS, CASE):
            is_on = term.keeps if column == KEEPS else term.minds_case
            return f"{COLUMNS[column]}: {'yes' if is_on else 'no'}"
        return self._words(term, column)

    @staticmethod
    def _with_words(term: Term, column: int, words: str) -> Term:
        match column:
            case 0:
                return changed(term, source=words)
            case 1:
                return changed(term, target=words)
            case 2:
                return changed(term, forbidden=tuple(one.strip() for one in words.split(";") if one.strip()))
            case 5:
                forms = next((form for form, said in FORM_WORDS.items() if words in (said, form.value)), term.forms)
                return changed(term, forms=forms)
            case _:
                return changed(term, note=words)

    def _colour(self, term: Term, column: int) -> QColor | None:
        if column == LOOK:
            return self._keeper.theme.colour("warn")
        is_set = column != FORMS or term.forms is not Forms.STEM
        return None if is_set and column != NOTE else self._keeper.theme.colour("muted")


class FormsEditor(QStyledItemDelegate):
    def createEditor(self, parent: QWidget, option: QStyleOptionViewItem, index: Index) -> QWidget:
        editor = QComboBox(parent)
        named(editor, "term_forms_editor", label="In which forms the term is found")
        editor.addItems(list(FORM_WORDS.values()))
        return editor

    def setEditorData(self, editor: QWidget, index: Index) -> None:
        assert isinstance(editor, QComboBox)
        editor.setCurrentText(str(index.data(Qt.ItemDataRole.EditRole)))

    def setModelData(self, editor: QWidget, model: Any, index: Index) -> None:
        assert isinstance(editor, QComboBox)
        model.setData(index, editor.currentText())
