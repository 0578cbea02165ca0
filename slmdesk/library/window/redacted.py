"""The dialog for redacting a document: what was found, what to remove, how, and the result."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt, QUrl, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QLineEdit,
    QProgressBar,
    QTableWidget,
    QTableWidgetItem,
    QWidget,
)

from slmdesk.base.documents import Page
from slmdesk.base.files import free_name
from slmdesk.base.protocol import Progress
from slmdesk.base.texts import _, grouped, in_quotes
from slmdesk.base.types import told_place
from slmdesk.library.redacted import (
    FoundWord,
    GivenOut,
    RedactionPreview,
    RedactionRequest,
    label_of,
    removed_lines,
    unsure_lines,
)
from slmdesk.library.search import FoundPlaces
from slmdesk.library.window.controller import LOCKED, PagesController
from slmdesk.library.window.page_view import PageView
from slmdesk.runtime.messages import Problem
from slmdesk.text.redaction import Certainty, Kind
from slmdesk.text.redaction.finding import INSIDE
from slmdesk.window.base import theme
from slmdesk.window.base.bridge import Bridge, Call
from slmdesk.window.base.theme import ThemeKeeper, scaled
from slmdesk.window.widgets.build import (
    CheckBox,
    breakable,
    button,
    column,
    flow,
    named,
    plain_label,
    plain_tip,
    row,
    show_words,
    split,
    text_line,
)
from slmdesk.window.widgets.dialogs import Dialog, ask_password
from slmdesk.window.widgets.opening import ask_new_file, open_outside
from slmdesk.window.widgets.rows import Choice, TickDelegate, empty_layout

BARS, NATURAL = "bars", "natural"
RESOLUTIONS = [(dpi, _("{name} pixels an inch").format(name=dpi)) for dpi in (100, 150, 200, 300)]
BESIDE = 1040
"""Narrowest dialog with the pages beside the table."""
LEAST_PART = 4
"""Fewest letters of a part of a person's name that is searched in the name of a file."""
KEY_SUFFIX = ".key"
KEY_WORDS = _("Passphrase of the key")
TICKED = _("What is ticked is removed from all of the copy. The file itself stays as it is.")
ADD = _("Words that you add below are removed from all of the copy. The file itself stays as it is.")
READ_IT = _("Some private words may not be found: read the copy before you give it away.")


class RedactionWindow(Dialog):
    """Dialog that searches the document on opening. One button writes the copy, and cancels the work while it runs."""

    def __init__(self, bridge: Bridge, keeper: ThemeKeeper, parent: QWidget, path: Path, document: str = "") -> None:
        """`document`: its id, for its pages to be shown beside what was found."""
        super().__init__(parent, "redaction_window", _("Give out redacted"))
        self.resize(scaled(1160), 680)
        self._bridge, self._path = bridge, path
        self._pages = PagesController(bridge, self)
        self._pages.leave(document)
        self._has_pages = bool(document)
        self._preview: RedactionPreview | None = None
        self._following: Call | None = None
        self._password = ""
        self._target: Path | None = None
        self._boxes: dict[Kind, CheckBox] = {}
        self._build_ui(keeper)
        self._connect()
        self._show_options()
        self._look()

    def _build_ui(self, keeper: ThemeKeeper) -> None:
        self._said = plain_label("", self, name="redaction_said")
        self._progress = named(QProgressBar(self), "redaction_progress", label=_("Progress"))
        self._progress.setTextVisible(False)
        self._progress.setFixedHeight(4)
        self._kinds = named(QWidget(self), "redaction_kinds", label=_("Kinds of what was found"))
        self._kinds_flow = flow(gap=theme.SPACE_12, into=self._kinds)
        self._table = FindsTable(self)
        self._view = PageView(keeper, self)
        label = _("Another word that is to be removed everywhere in the file")
        self._word = text_line("redaction_word", self, _("Remove this too, everywhere"), label=label)
        self._add = button(_("Add"), "redaction_add", self, on=self._on_add)
        self._way = named(
            Choice([(BARS, _("Black bars")), (NATURAL, _("Natural words instead"))], self), "redaction_way",
            label=_("What stands in the place of the words"),
        )  # fmt: skip
        self._resolution = named(
            Choice([*RESOLUTIONS], self), "redaction_resolution", label=_("How finely pages are drawn")
        )
        self._resolution.show_value(150)
        self._layer = named(CheckBox(_("Text that can be searched for"), self), "redaction_layer")
        self._keeps_key = named(CheckBox(_("Keep a key that leads back"), self), "redaction_key")
        self._passphrase = text_line("redaction_passphrase", self, KEY_WORDS)
        letters = self._passphrase.fontMetrics().horizontalAdvance(KEY_WORDS)
        self._passphrase.setMinimumWidth(letters + theme.SPACE_32)
        self._passphrase.setEchoMode(QLineEdit.EchoMode.Password)
        self._others = plain_label("", self, name="redaction_others", kind="muted", is_hidden=True)
        self._trouble = plain_label("", self, name="redaction_trouble", kind="danger", is_hidden=True)
        self._copy = button(_("Open copy"), "redaction_open", self, kind="quiet", on=self._on_copy)
        self._folder = button(_("Open folder"), "redaction_folder", self, kind="quiet", on=self._on_folder)
        self._write = button(_("Write the copy…"), "redaction_write", self, kind="primary", on=self._on_write)
        self._close = button(_("Close"), "redaction_close", self, on=self.reject)
        for each in (self._add, self._copy, self._folder, self._write, self._close):
            each.setAutoDefault(False)
        self._copy.hide()
        self._folder.hide()
        self._lay_out()

    def _lay_out(self) -> None:
        word = row((self._word, 1), self._add, gap=theme.SPACE_8)
        how = named(QWidget(self), "redaction_how")
        flow(self._way, self._resolution, self._layer, self._keeps_key, self._passphrase, gap=theme.SPACE_12, into=how)
        foot = row(self._copy, self._folder, 1, self._write, self._close, gap=theme.SPACE_8)
        margins = (theme.SPACE_16, theme.SPACE_16, theme.SPACE_16, theme.SPACE_12)
        sides = split("redaction_sides", self, self._table, self._view, sizes=(scaled(660), scaled(460)), grows=0)
        column(
            self._said, self._progress, self._kinds, (sides, 1), word, how, self._others, self._trouble, foot,
            into=self, gap=theme.SPACE_12, margins=margins,
        )  # fmt: skip

    def _connect(self) -> None:
        self._word.returnPressed.connect(self._on_add)
        self._way.value_chosen.connect(lambda _value: self._show_options())
        self._keeps_key.toggled.connect(lambda _on: self._show_options())
        self._passphrase.textChanged.connect(self._allow)
        self._table.chosen_changed.connect(self._on_chosen_changed)
        self._table.itemSelectionChanged.connect(self._on_selected)
        self._table.itemClicked.connect(lambda _item: self._on_selected())
        self._pages.listed.connect(self._on_listed)
        self._pages.found.connect(self._on_places)
        self._view.follow(self._pages)

    def _on_add(self) -> None:
        if self._preview is None or self._following is not None:
            return
        from slmdesk.library.redacted import added_word  # its libraries are large

        words = " ".join(self._word.text().split())
        if len(words) < 2:
            show_words(self._trouble, _("Write a word of two letters at least."))
            return
        found = added_word(self._preview.text, words)
        self._table.add(found)
        self._show_kinds()
        self._word.clear()
        seen = (
            ""
            if found.count
            else _("“{words}” does not stand in the text; it is looked for in all of the file.").format(words=words)
        )
        show_words(self._trouble, breakable(seen))

    def _on_selected(self) -> None:
        """Light where the words of the selected row stand, as they are removed: short ones as whole words."""
        words = next((word.words for word in self._table.selected), "")
        self._pages.find(words, whole=sum(map(str.isalnum, words)) < INSIDE)

    def _on_listed(self, pages: Sequence[Page], reset: bool) -> None:
        self._view.show_pages(pages, reset=reset)
        self._on_selected()

    def _on_places(self, found: FoundPlaces) -> None:
        self._pages.set_marks(found.by_page)
        self._view.mark(found.by_page)
        if found.places:
            first = found.places[0]
            self._view.point_at(first.page, (first.start, first.end))

    def _on_write(self) -> None:
        if self._following is not None:
            self._following.cancel()
            self._show_work("", None)
            self._said.setText(_("Stopped. Nothing was written."))
            return
        told = self._told_by(self._path)  # the copy's file name must not contain a removed name
        stem = _("redacted copy") if told else _("{stem}.redacted").format(stem=self._path.stem)
        ask_new_file(
            self, _("Write the redacted copy"), self._give_out, name="redaction_dialog",
            proposed=free_name(self._path.with_name(stem + self._path.suffix)), filters=f"*{self._path.suffix}",
        )  # fmt: skip

    def _give_out(self, target: Path) -> None:
        preview = self._preview
        if preview is None:
            return
        natural = self._is_natural
        key = target.with_name(target.name + KEY_SUFFIX) if natural and self._keeps_key.isChecked() else None
        request = RedactionRequest(
            tuple((word.kind, word.words) for word in (*self._table.chosen, *preview.unseen)), target,
            substitutes=natural, key=key, passphrase=self._passphrase.text(),
            resolution=int(self._resolution.currentData()), text_layer=self._layer.isChecked(), password=self._password,
        )  # fmt: skip
        following = self._bridge.follow(
            self._bridge.services.redacted_copies.give_out(preview, request), self._on_given_out, self._on_refused,
            self._on_progress,
        )  # fmt: skip
        self._show_work(_("Writing and checking {name}…").format(name=target.name), following)

    def _on_copy(self) -> None:
        if self._target is not None:
            open_outside(QUrl.fromLocalFile(str(self._target)))

    def _on_folder(self) -> None:
        if self._target is not None:
            open_outside(QUrl.fromLocalFile(str(self._target.parent)))

    def _look(self) -> None:
        password = self._password
        following = self._bridge.follow(
            self._bridge.services.redacted_copies.preview(self._path, password=password), self._on_looked,
            self._on_unread, self._on_progress,
        )  # fmt: skip
        self._show_work(_("Looking through {name}…").format(name=self._path.name), following)

    def _unlock(self, password: str) -> None:
        self._password = password
        self._look()

    def _on_progress(self, report: object) -> None:
        if isinstance(report, Progress) and report.unit == "page":
            self._progress.setRange(0, report.total)
            self._progress.setValue(report.done)

    def _on_looked(self, preview: RedactionPreview) -> None:
        self._show_work("", None)
        self._preview = preview
        if self._has_pages:
            self._pages.ask(reset=True)
        self._table.show_found(preview.found)
        self._table.selectRow(0)
        self._show_kinds()
        count = len(preview.found)
        name = self._path.name
        words = (
            _("{count:,} found in {name}. {ticked}").format(count=count, name=name, ticked=TICKED)
            if count
            else _("Nothing private was found in {name}. {add}").format(name=name, add=ADD)
        )
        self._said.setText(breakable(words))
        lines = [_("Taken out: {line}").format(line=line) for line in removed_lines(preview.removed)]
        lines += [_("Look at it yourself: {line}").format(line=line) for line in unsure_lines(preview.unsure)]
        show_words(self._others, breakable("\n".join(lines)))
        self._show_options()
        if self.focusWidget() in (None, self._view, self._close):  # if nothing else could have the focus
            (self._table if count else self._word).setFocus()

    def _on_unread(self, problem: Problem) -> None:
        self._show_work("", None)
        if problem.code in LOCKED and self._path.suffix.lower() == ".pdf":
            ask_password(self, self._path.name, self._unlock, is_wrong=problem.code != "document.locked")
            return
        self._said.setText("")
        self._on_problem(problem)

    def _on_given_out(self, made: GivenOut) -> None:
        self._show_work("", None)
        self._target = made.target
        counts = [f"{grouped(count)} {label_of(kind, count)}" for kind, count in made.replaced if count]
        said = ", ".join(counts) or _("nothing")
        key = _(" The key is {name}.").format(name=made.key.name) if made.key else ""
        self._said.setText(
            breakable(
                _("{name} is written. Replaced: {said}.{key} {read_it}").format(
                    name=made.target.name, said=said, key=key, read_it=READ_IT
                )
            )
        )
        lines = [_("Taken out: {line}").format(line=line) for line in removed_lines(made.removed)]
        if told := self._told_by(made.target):
            lines.append(_("Look at it yourself: The name of the file still tells {told}.").format(told=told))
        lines += [_("Look at it yourself: {line}").format(line=line) for line in unsure_lines(made.unsure)]
        show_words(self._others, breakable("\n".join(lines)))
        self._passphrase.clear()
        self._copy.show()
        self._folder.show()

    def _on_refused(self, problem: Problem) -> None:
        self._show_work("", None)
        self._said.setText(_("Nothing was written."))
        self._on_problem(problem)

    def _on_problem(self, problem: Problem) -> None:
        show_words(self._trouble, breakable(problem.sentence))

    def _on_chosen_changed(self) -> None:
        self._show_kinds_states()
        self._allow()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._view.setVisible(self._has_pages and self.width() >= scaled(BESIDE))

    def done(self, result: int) -> None:
        """Close the dialog, and cancel the work that is going on. Then nothing is written."""
        if self._following is not None:
            self._following.cancel()
            self._following = None
        super().done(result)

    def _told_by(self, path: Path) -> str:
        """Return the removed words, and parts of people's names, that the name of a file contains. Empty if none."""
        name, told = path.stem.casefold(), list[str]()
        for word in self._table.chosen:
            parts = word.words.split() if word.kind is Kind.PERSON else []
            told += [word.words, *(part for part in parts if len(part) >= LEAST_PART)]
        return ", ".join(in_quotes(original) for original in dict.fromkeys(told) if original.casefold() in name)

    @property
    def _is_pdf(self) -> bool:
        return self._path.suffix.lower() == ".pdf"

    @property
    def _is_natural(self) -> bool:
        return not self._is_pdf and self._way.currentData() == NATURAL

    def _show_work(self, words: str, following: Call | None) -> None:
        self._following = following
        show_words(self._trouble, "")
        if words:
            self._said.setText(breakable(words))
        self._progress.setVisible(following is not None)
        self._progress.setRange(0, 0)
        for widget in (self._table, self._kinds, self._word, self._add, self._way, self._resolution, self._layer):
            widget.setEnabled(following is None)
        for part in (self._keeps_key, self._passphrase):
            part.setEnabled(following is None)
        self._write.setText(_("Stop") if following is not None and self._preview is not None else _("Write the copy…"))
        self._allow()

    def _allow(self) -> None:
        lacks_passphrase = self._is_natural and self._keeps_key.isChecked() and not self._passphrase.text()
        is_ready = self._preview is not None and bool(self._table.chosen) and not lacks_passphrase
        self._write.setEnabled(is_ready or (self._following is not None and self._preview is not None))

    def _show_options(self) -> None:
        for field in (self._resolution, self._layer):
            field.setVisible(self._is_pdf)
        self._way.setVisible(not self._is_pdf)
        self._keeps_key.setVisible(self._is_natural)
        self._passphrase.setVisible(self._is_natural and self._keeps_key.isChecked())
        self._allow()

    def _show_kinds(self) -> None:
        empty_layout(self._kinds_flow)
        self._boxes = {}
        counts = {kind: sum(word.kind is kind for word in self._table.found) for kind in Kind}
        for kind, count in counts.items():
            if count:
                name = label_of(kind, count)
                box = named(
                    CheckBox(f"{name[0].upper()}{name[1:]} ({grouped(count)})", self._kinds), f"redaction_kind_{kind}"
                )
                box.clicked.connect(partial(self._on_kind, kind))
                self._kinds_flow.addWidget(box)
                self._boxes[kind] = box
        self._kinds.setVisible(any(counts.values()))
        self._show_kinds_states()

    def _on_kind(self, kind: Kind) -> None:
        self._table.choose_kind(kind, self._boxes[kind].isChecked())

    def _show_kinds_states(self) -> None:
        chosen = {id(word) for word in self._table.chosen}
        for kind, box in self._boxes.items():
            box.setChecked(all(id(word) in chosen for word in self._table.found if word.kind is kind))


WORDS, KIND, TIMES, PLACE = range(4)
HEAD = (_("Words"), _("What they are"), _("Times"), _("Where they stand"))
_WIDTHS = ((KIND, 22), (TIMES, 8))
"""Column widths in letters. The columns of words and places share the rest."""
MOST_BEFORE = 16
"""Most letters shown before the words, so that the words are visible in a narrow column."""


class FindsTable(QTableWidget):
    chosen_changed = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(0, len(HEAD), parent)
        named(self, "redaction_table", label=_("What was found; ticked lines are removed"))
        self._found: list[FoundWord] = []
        self.setItemDelegate(TickDelegate(self))
        self.setHorizontalHeaderLabels(HEAD)
        self.verticalHeader().hide()
        self.setShowGrid(False)
        self.setTabKeyNavigation(False)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        header = self.horizontalHeader()
        header.setHighlightSections(False)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        for at in (WORDS, PLACE):
            header.setSectionResizeMode(at, QHeaderView.ResizeMode.Stretch)
        for at, letters in _WIDTHS:
            self.setColumnWidth(at, letters * self.fontMetrics().averageCharWidth())
        self.itemChanged.connect(lambda _item: self.chosen_changed.emit())

    def show_found(self, found: Sequence[FoundWord]) -> None:
        self._found = []
        self.setRowCount(0)
        for word in found:
            self._append(word)
        self.chosen_changed.emit()

    def add(self, found: FoundWord) -> bool:
        """Add a row at the top. If there is a row with these words, tick that row instead and return False."""
        same = next(
            (at for at, word in enumerate(self._found) if word.words.casefold() == found.words.casefold()), None
        )
        if same is None:
            self._append(found, at=0)
        else:
            self._item(same).setCheckState(Qt.CheckState.Checked)
        self.selectRow(same or 0)
        self.chosen_changed.emit()
        return same is None

    @property
    def selected(self) -> list[FoundWord]:
        return [self._found[index.row()] for index in self.selectionModel().selectedRows()]

    def choose_kind(self, kind: Kind, is_chosen: bool) -> None:
        state = Qt.CheckState.Checked if is_chosen else Qt.CheckState.Unchecked
        self.blockSignals(True)
        for at, word in enumerate(self._found):
            if word.kind is kind:
                self._item(at).setCheckState(state)
        self.blockSignals(False)
        self.viewport().update()
        self.chosen_changed.emit()

    @property
    def found(self) -> Sequence[FoundWord]:
        return self._found

    @property
    def chosen(self) -> list[FoundWord]:
        return [word for at, word in enumerate(self._found) if self._item(at).checkState() == Qt.CheckState.Checked]

    def _item(self, at: int) -> QTableWidgetItem:
        item = self.item(at, WORDS)
        assert item is not None
        return item

    def _append(self, word: FoundWord, at: int | None = None) -> None:
        at = len(self._found) if at is None else at
        self._found.insert(at, word)
        self.blockSignals(True)
        self.insertRow(at)
        for number, text in enumerate(_cells(word)):
            item = QTableWidgetItem(text)
            item.setToolTip(plain_tip(_tip(word) if number == PLACE else text))
            if number == WORDS:
                item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
                item.setCheckState(Qt.CheckState.Checked if word.is_chosen else Qt.CheckState.Unchecked)
            self.setItem(at, number, item)
        self.blockSignals(False)


def _cells(word: FoundWord) -> tuple[str, str, str, str]:
    label = label_of(word.kind, 1)
    if word.certainty is Certainty.UNSURE:
        label += _(", perhaps")
    place = word.places[0] if word.places else None
    around = f"…{place.before[-MOST_BEFORE:].lstrip()}{place.words}{place.after.rstrip()}…" if place else ""
    if word.is_author:
        around = around or _("Author or editor of the file")
    return word.words, label, grouped(word.count), around


def _tip(word: FoundWord) -> str:
    lines = [f"{told_place(place.place)}: …{place.before}{place.words}{place.after}…" for place in word.places]
    return "\n".join(lines) or _cells(word)[PLACE]
