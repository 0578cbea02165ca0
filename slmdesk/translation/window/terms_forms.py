"""What the windows of glossaries and memory share: table, controller, dialogs; and the model of a glossary's terms."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from PySide6.QtCore import (
    QAbstractItemModel,
    QAbstractTableModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    Qt,
    Signal,
)
from PySide6.QtGui import QColor, QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QAbstractItemView,
    QCheckBox,
    QComboBox,
    QDialogButtonBox,
    QFormLayout,
    QHeaderView,
    QLineEdit,
    QPushButton,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QTableWidget,
    QTableWidgetItem,
    QWidget,
)

from slmdesk.base.protocol import Progress
from slmdesk.base.record import changed
from slmdesk.base.translation import LANGUAGES, Forms, Term
from slmdesk.runtime.events import Pending
from slmdesk.runtime.messages import Problem
from slmdesk.services import Services
from slmdesk.text.folding import fold
from slmdesk.translation.glossaries import ImportRequest, TermPage
from slmdesk.window.base import theme
from slmdesk.window.base.bridge import Bridge, Delay
from slmdesk.window.base.theme import ThemeKeeper
from slmdesk.window.widgets.build import (
    CLEAR,
    breakable,
    button,
    column,
    named,
    passing,
    plain_label,
    plain_tip,
    show_words,
    text_line,
)
from slmdesk.window.widgets.dialogs import Dialog
from slmdesk.window.widgets.notices import NoticeArea
from slmdesk.window.widgets.rows import Choice, TickDelegate

WIDEST = 1080


class TableWindow(Dialog):
    """Not modal.  Takes ownership of the controller."""

    def __init__(self, controller: TableController, parent: QWidget, *, name: str, title: str, height: int) -> None:
        """`name` begins the object names of its parts, such as `memory_window`."""
        super().__init__(parent)
        passing(self, f"{name}_window", title)
        self.resize(WIDEST, height)
        controller.setParent(self)
        self._trouble = plain_label("", self, name=f"{name}_trouble", kind="danger", is_hidden=True)
        self._said = plain_label("", self, name=f"{name}_said", kind="muted")
        self.finished.connect(controller.close)
        controller.refused.connect(self._on_refused)
        controller.said.connect(self._on_said)
        self._noticed = controller.noticed

    def _build_end(self, name: str) -> None:
        """Build the bottom of the window.  Call it last: Tab follows the order in which widgets are created."""
        self._close = self._button("Close", name, "")
        self._close.clicked.connect(self.reject)
        self._notices = NoticeArea(self)
        self._noticed.connect(self._notices.show_notice)

    def _button(self, text: str, name: str, tip: str) -> QPushButton:
        made = button(text, name, self, tip=tip)
        made.setAutoDefault(False)
        return made

    def _search_line(self, name: str, words: str, *, most: int) -> QLineEdit:
        line = text_line(name, self, words, most=most, clears=CLEAR)
        QShortcut(QKeySequence("Ctrl+F"), self, line.setFocus)
        return line

    def _make_table(self, model: QAbstractItemModel, *, name: str, words: str, widths: Mapping[int, int]) -> QTableView:
        table = named(QTableView(self), name, label=words)
        table.setModel(model)
        table.setItemDelegate(TickDelegate(table))
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        table.setEditTriggers(
            QAbstractItemView.EditTrigger.DoubleClicked | QAbstractItemView.EditTrigger.EditKeyPressed
        )
        table.setShowGrid(False)
        table.setWordWrap(False)
        table.setTabKeyNavigation(False)
        table.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        rows, header = table.verticalHeader(), table.horizontalHeader()
        rows.hide()
        rows.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        rows.setDefaultSectionSize(table.fontMetrics().height() + theme.SPACE_12)
        header.setHighlightSections(False)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        letter = table.fontMetrics().averageCharWidth()
        for at, width in widths.items():
            table.setColumnWidth(at, width * letter)
        return table

    def _on_refused(self, words: str) -> None:
        show_words(self._trouble, breakable(words))

    def _on_said(self, words: str) -> None:
        self._said.setText(breakable(words))


# ---- base of the controllers of glossaries and memory


R = TypeVar("R")


class TableController(QObject):
    """Emits `outdated` when the table is to be read again (the subclass connects that), `refused` with a sentence ('':
    no problem any more), `said` with a sentence on what was done, `noticed` with a Notice that offers undo.
    """

    outdated = Signal()
    refused = Signal(str)
    said = Signal(str)
    noticed = Signal(object)

    def __init__(self, bridge: Bridge, parent: QObject | None, *, name: str, search_ms: int) -> None:
        """`search_ms`: the pause after the last key before the table is read again."""
        super().__init__(parent, objectName=name)
        self._bridge = bridge
        self._turn = 0
        """Counts the reads from the first page: pages of earlier reads are ignored."""
        self._is_forgetting = False
        self._timer = Delay(self, search_ms, self.outdated, f"{name}_timer")

    def close(self) -> None:
        """The window closes: purge what was deleted from the files."""
        if self._is_forgetting:
            self._purge()

    def _purge(self) -> None:
        self._is_forgetting = False
        self._bridge.services.memory.purge()

    def _ask(self, request: Callable[[Services], R], answered: Callable[[R], None] | None = None) -> None:
        """As Bridge.ask; a refusal is shown in the window."""
        self._bridge.ask(request, answered, self._on_refused)

    def _follow(
        self,
        request: Callable[[Services], Pending[R]],
        answered: Callable[[R], None],
        refused: Callable[[Problem], None] | None = None,
        progressed: Callable[[Progress], None] | None = None,
    ) -> None:
        self._bridge.follow(request, answered, refused or self._on_failed, progressed)

    def _on_rows(self, now: Progress) -> None:
        self.said.emit(f"Storing {now.done:,} of {now.total:,} rows…" if now.total else f"Reading: {now.done:,} rows…")

    def _on_change_refused(self, problem: Problem) -> None:
        """A change of a cell was refused: show the old text again."""
        self._on_refused(problem)
        self.outdated.emit()

    def _on_written(self, path: Path) -> None:
        self.said.emit(f"Written to {path}.")

    def _on_failed(self, problem: Problem) -> None:
        self.said.emit("")
        self._on_refused(problem)

    def _on_refused(self, problem: Problem) -> None:
        self.refused.emit(problem.sentence)


# ---- dialogs for glossaries


DOMAINS = [
    ("", "Any text"), ("legal", "Law"), ("medical", "Medicine"), ("technical", "Technology"), ("finance", "Money"),
]  # fmt: skip
COLUMN_WORDS = {
    "source": "The term",
    "target": "Its translation",
    "forbidden": "Words never to be said",
    "note": "A note",
}
MOST_LETTERS = 30


def languages() -> list[tuple[object, str]]:
    return [
        (language.code, language.name) for language in sorted(LANGUAGES.values(), key=lambda language: language.name)
    ]


def language_words(code: str) -> str:
    """The name of a language; "any language" for an empty code."""
    return LANGUAGES[code].name if code in LANGUAGES else code or "any language"


class _Form(Dialog):
    def __init__(self, parent: QWidget, *, name: str, title: str, accept: str) -> None:
        super().__init__(parent)
        passing(self, name, title)
        self.form = QFormLayout()
        self.form.setSpacing(theme.SPACE_8)
        self.trouble = plain_label("", self, name=f"{name}_trouble", kind="danger", is_hidden=True)
        self.body = column(self.form, self.trouble, into=self, gap=theme.SPACE_12, margins=theme.SPACE_16)
        self._box = named(QDialogButtonBox(self), f"{name}_buttons")
        self.accept_button = named(
            self._box.addButton(accept, QDialogButtonBox.ButtonRole.AcceptRole), f"{name}_accept"
        )
        self.accept_button.setProperty("kind", "primary")
        named(self._box.addButton(QDialogButtonBox.StandardButton.Cancel), f"{name}_cancel")
        self.body.addWidget(self._box)
        self._box.rejected.connect(self.reject)
        self._box.accepted.connect(self._on_accept)

    def _on_accept(self) -> None:
        wrong = self.check()
        show_words(self.trouble, breakable(wrong))
        if not wrong:
            self.notify()
            self.accept()

    def check(self) -> str:
        return ""

    def notify(self) -> None: ...

    def choice(self, values: list[tuple[object, str]], name: str, words: str) -> Choice:
        choice = named(Choice(values, self), name, label=words)
        self.form.addRow(words, choice)
        return choice


class NewGlossaryForm(_Form):
    requested = Signal(str, str, str, str)

    def __init__(self, parent: QWidget, source: str = "en", target: str = "de") -> None:
        super().__init__(parent, name="new_glossary_form", title="A new glossary", accept="Make it")
        label = "Name of the glossary"
        self._name = text_line("glossary_name_line", self, "Such as: Leases", label=label, most=120)
        self.form.addRow("Name", self._name)
        self._source = self.choice(languages(), "glossary_source_choice", "From")
        self._target = self.choice(languages(), "glossary_target_choice", "To")
        self._domain = self.choice(list(DOMAINS), "glossary_domain_choice", "Used for")
        self._source.show_value(source)
        self._target.show_value(target)

    def check(self) -> str:
        is_same = self._source.currentData() == self._target.currentData()
        return "Choose two different languages." if is_same else ""

    def notify(self) -> None:
        self.requested.emit(
            self._name.text().strip(), str(self._source.currentData()), str(self._target.currentData()),
            str(self._domain.currentData()),
        )  # fmt: skip


class LanguagesForm(_Form):
    requested = Signal(str, str)

    def __init__(self, parent: QWidget, problem: Problem, name: str) -> None:
        super().__init__(parent, name="languages_form", title=f"How is {name} to be read?", accept="Read it")
        self.body.insertWidget(0, plain_label(breakable(problem.sentence), self, name="import_problem", kind="muted"))
        said = [code for code in str(problem.args.get("languages", "")).replace(",", " ").split() if code in LANGUAGES]
        offered: list[tuple[object, str]] = [(code, language_words(code)) for code in said] or languages()
        self._source = self.choice(list(offered), "languages_source_choice", "From")
        self._target = self.choice(list(offered), "languages_target_choice", "To")
        self._target.setCurrentIndex(1)

    def check(self) -> str:
        is_same = self._source.currentData() == self._target.currentData()
        return "Choose two different languages." if is_same else ""

    def notify(self) -> None:
        self.requested.emit(str(self._source.currentData()), str(self._target.currentData()))


class NameForm(_Form):
    requested = Signal(str)

    def __init__(self, parent: QWidget, name: str) -> None:
        super().__init__(parent, name="rename_glossary_form", title="Rename the glossary", accept="Rename")
        self._name = named(QLineEdit(name, self), "rename_glossary_line", label="Name of the glossary")
        self._name.setMaxLength(120)
        self._name.selectAll()
        self.form.addRow("Name", self._name)

    def check(self) -> str:
        return "" if self._name.text().strip() else "Write a name."

    def notify(self) -> None:
        self.requested.emit(self._name.text().strip())


class ImportQuestion(_Form):
    requested = Signal(object)

    def __init__(
        self, parent: QWidget, problem: Problem, request: ImportRequest, rows: Sequence[Sequence[str]]
    ) -> None:
        super().__init__(
            parent, name="import_question", title=f"How is {request.path.name} to be read?", accept="Read it"
        )
        self._request, self._rows = request, rows
        self.body.insertWidget(0, plain_label(breakable(problem.sentence), self, name="import_problem", kind="muted"))
        self._columns: dict[str, Choice] = {}
        if rows and problem.code == "glossary.no_columns":
            self._ask_columns(rows)
        self._source = self._target = None
        if not request.into:
            reported = [("", "As the file says"), *languages()]
            self._source = self.choice(list(reported), "import_source_choice", "Language of the terms")
            self._target = self.choice(list(reported), "import_target_choice", "Language of the translations")
            self._source.show_value(request.source)
            self._target.show_value(request.target)
        self.resize(560, self.sizeHint().height())

    def _ask_columns(self, rows: Sequence[Sequence[str]]) -> None:
        width = max(len(row) for row in rows)
        table = named(QTableWidget(len(rows), width, self), "import_sample", label="How the file begins")
        table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        table.setTabKeyNavigation(False)
        table.verticalHeader().hide()
        table.setHorizontalHeaderLabels([f"Column {at + 1}" for at in range(width)])
        for at, row in enumerate(rows):
            for place, cell in enumerate(row):
                table.setItem(at, place, QTableWidgetItem(cell[:200]))
        table.setFixedHeight((len(rows) + 2) * (self.fontMetrics().lineSpacing() + theme.SPACE_8))
        self.body.insertWidget(1, table)
        names = [
            (at, f"Column {at + 1}: {(rows[0][at] if at < len(rows[0]) else '')[:MOST_LETTERS]}") for at in range(width)
        ]
        for index, (name, words) in enumerate(COLUMN_WORDS.items()):
            values: list[tuple[object, str]] = [*names] if index == 0 else [(-1, "None"), *names]
            self._columns[name] = self.choice(values, f"import_{name}_column", words)
        if width > 1:
            self._columns["target"].show_value(1)
        self._head = named(QCheckBox("The first row is a heading", self), "import_head_box")
        self._head.setChecked(True)
        self.form.addRow("", self._head)

    def check(self) -> str:
        """There must be a column for the terms and one for what to do with them, and two different languages."""
        if self._columns:
            chosen = [choice.currentData() for choice in self._columns.values() if choice.currentData() != -1]
            if len(chosen) != len(set(chosen)):
                return "Choose each column once."
            if all(self._columns[name].currentData() == -1 for name in ("target", "forbidden")):
                return "Choose the column of the translations."
        if self._source is not None and self._target is not None:
            first, second = self._source.currentData(), self._target.currentData()
            if first and first == second:
                return "Choose two different languages."
        return ""

    def notify(self) -> None:
        request = self._request
        if self._columns:
            chosen = {name: int(choice.currentData()) for name, choice in self._columns.items()}
            request = changed(
                request,
                columns={name: at for name, at in chosen.items() if at >= 0},
                skips_first=self._head.isChecked(),
            )
        if self._source is not None and self._target is not None:
            request = changed(request, source=str(self._source.currentData()), target=str(self._target.currentData()))
        self.requested.emit(request)


# ---- the table model of a glossary's terms


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
        for row, other_row in enumerate(self._rows):
            if other_row.n == term.n:
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
