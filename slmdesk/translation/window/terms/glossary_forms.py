"""Dialogs for glossaries: the languages of a new one, and how to read a file.  Widgets only."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QAbstractItemView,
    QCheckBox,
    QDialogButtonBox,
    QFormLayout,
    QLineEdit,
    QTableWidget,
    QTableWidgetItem,
    QWidget,
)

from slmdesk.base.languages import LANGUAGES
from slmdesk.base.record import changed
from slmdesk.runtime.events import Problem
from slmdesk.translation.terms.glossaries import ImportRequest
from slmdesk.window.base import theme
from slmdesk.window.widgets.build import column, text_line
from slmdesk.window.widgets.choice import Choice
from slmdesk.window.widgets.dialog import Dialog
from slmdesk.window.widgets.named import named, passing
from slmdesk.window.widgets.text import breakable, plain_label, show_words

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
    return [(one.code, one.name) for one in sorted(LANGUAGES.values(), key=lambda one: one.name)]


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
