"""Terms proposed from a document or a translation: ticked ones are added to the glossary."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QTableWidget,
    QTableWidgetItem,
    QWidget,
)

from slmdesk.base.records import Item
from slmdesk.base.translation import GlossaryRecord, Term
from slmdesk.runtime.events import Problem
from slmdesk.runtime.pending import Pending
from slmdesk.services import Services
from slmdesk.translation.term_proposals import Proposals
from slmdesk.translation.terms.glossaries import is_keep_list
from slmdesk.translation.window.terms.glossary_controller import count_of
from slmdesk.window.base import theme
from slmdesk.window.base.bridge import Bridge
from slmdesk.window.widgets.build import button, column, row
from slmdesk.window.widgets.choice import Choice
from slmdesk.window.widgets.dialog import Dialog
from slmdesk.window.widgets.file_dialogs import ask_file
from slmdesk.window.widgets.named import named, passing
from slmdesk.window.widgets.text import breakable, plain_label, plain_tip, show_words
from slmdesk.window.widgets.tick_delegate import TickDelegate

WORDS, TRANSLATION, TIMES, EXAMPLE = range(4)
HEAD = ("Term", "Translation", "Times", "Where it stands")
MOST_EARLIER = 30


class ProposalWindow(Dialog):
    added = Signal(int)

    def __init__(self, bridge: Bridge, parent: QWidget, glossary: GlossaryRecord) -> None:
        super().__init__(parent)
        passing(self, "proposal_window", f"Terms for {glossary.name}")
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
        what = "names" if self._keeps else "terms"
        self._said = plain_label(
            f"Choose a document, or a translation that is here: its {what} are proposed.", self,
            name="proposal_said", kind="muted",
        )  # fmt: skip
        self._file = button("Choose a document…", "proposal_file_button", self, on=self._on_choose)
        self._earlier = named(
            Choice([("", "A translation that is here")], self), "proposal_earlier_choice",
            label="A translation that is here",
        )  # fmt: skip
        self._earlier.setMinimumContentsLength(18)
        self._earlier.setSizeAdjustPolicy(Choice.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self._table = named(
            QTableWidget(0, len(HEAD), self), "proposal_table", label="Proposed terms; ticked ones are added"
        )
        self._table.setItemDelegate(TickDelegate(self._table))
        self._table.setHorizontalHeaderLabels(HEAD)
        self._table.verticalHeader().hide()
        self._table.setShowGrid(False)
        self._table.setTabKeyNavigation(False)
        self._table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self._table.setColumnHidden(TRANSLATION, self._keeps)
        header = self._table.horizontalHeader()
        header.setHighlightSections(False)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.setSectionResizeMode(EXAMPLE, QHeaderView.ResizeMode.Stretch)
        letter = self._table.fontMetrics().averageCharWidth()
        for at, width in ((WORDS, 26), (TRANSLATION, 26), (TIMES, 9)):
            self._table.setColumnWidth(at, width * letter)
        self._trouble = plain_label("", self, name="proposal_trouble", kind="danger", is_hidden=True)
        self._add = button("Add those ticked", "add_proposals_button", self, kind="primary", on=self._on_add)
        self._add.setEnabled(False)
        self._close = button("Close", "proposal_close", self, on=self.reject)
        for one in (self._file, self._add, self._close):
            one.setAutoDefault(False)
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
        ask_file(self, "Look for terms in a document", self._on_document, name="proposal_file_dialog")

    def _on_document(self, path: Path) -> None:
        source, target = self._glossary.source_language, self._glossary.target_language

        self._ask(lambda services: services.proposals.of_document(path, source=source, target=target), path.name)

    def _on_translation(self, item: object) -> None:
        if item:
            self._ask(lambda services: services.proposals.of_translation(str(item)), self._earlier.currentText())

    def _ask(self, request: Callable[[Services], Pending[Proposals]], name: str) -> None:
        self._said.setText(breakable(f"Looking through {name}…"))
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
        if not self._keeps and any(one.keeps for one in terms):
            names = ", ".join(f"“{one.source}”" for one in terms if one.keeps)
            self._on_refused(f"Write a translation for {names}, or take the tick away.")
            return
        self._bridge.ask(
            self._bridge.services.glossaries.add_terms(self._glossary.id, terms), self._on_added, self._on_problem
        )

    # ---- events

    def _on_earlier(self, items: Sequence[Item]) -> None:
        for one in items:
            self._earlier.addItem(one.title[:60], one.id)
        self._earlier.setVisible(bool(items))

    def _on_failed(self, problem: Problem) -> None:
        self._said.setText("")
        self._on_problem(problem)

    def _on_found(self, result: Proposals) -> None:
        candidates = [one for one in result.candidates if one.is_name or not self._keeps]
        words = f"{count_of(len(candidates), 'proposal')} from {result.name}."
        words += f" {result.known} more are in a glossary already." if result.known else ""
        words += " Only its beginning was gone through: it is very long." if result.is_cut else ""
        self._said.setText(breakable(words))
        self._table.setRowCount(0)
        self._table.setRowCount(len(candidates))
        for line, one in enumerate(candidates):
            cells = (one.words, one.translation, str(one.times), one.example)
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
        self._said.setText(f"{count_of(count, 'term')} came into {self._glossary.name}.")
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
