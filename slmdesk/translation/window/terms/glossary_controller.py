"""The glossaries as their window shows them: read by pages, edited, imported, exported.  No widgets here."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from slmdesk.base.record import changed
from slmdesk.base.translation import GlossaryRecord, Term
from slmdesk.runtime.events import Problem
from slmdesk.services import Services
from slmdesk.translation.events import GlossariesChanged
from slmdesk.translation.terms.glossaries import (
    ForgottenGlossary,
    GlossaryImport,
    ImportRequest,
    TermPage,
    is_keep_list,
)
from slmdesk.translation.window.terms.table_controller import TableController
from slmdesk.window.base.bridge import Bridge
from slmdesk.window.widgets.notice_bar import UNDO_MS, Notice

PAGE = 500
SEARCH_MS = 150
ASKING = ("glossary.no_columns", "glossary.no_languages", "glossary.more_languages")
"""Problems of a file that an answer of the person solves."""


class GlossaryController(TableController):
    listed = Signal(object, str)
    page_received = Signal(object)
    term_changed = Signal(object)
    asked = Signal(object, object, object)

    def __init__(self, bridge: Bridge, parent: QObject | None = None) -> None:
        super().__init__(bridge, parent, name="glossary_controller", search_ms=SEARCH_MS)
        self._all: list[GlossaryRecord] = []
        self._chosen = ""
        self._words = self._order = ""
        self._descending = False
        self._terms = 0
        self.outdated.connect(self.read)
        bridge.on(GlossariesChanged, self.refresh)

    @property
    def chosen(self) -> GlossaryRecord | None:
        return next((one for one in self._all if one.id == self._chosen), None)

    # ---- looking

    def refresh(self) -> None:
        self._ask(lambda services: services.glossaries.all(), self._on_all)

    def choose(self, glossary: str) -> None:
        if glossary != self._chosen:
            self._chosen, self._words, self._order = glossary, "", ""
            self.refused.emit("")
            self.listed.emit(self._all, self._chosen)
        self.read()

    def search(self, words: str) -> None:
        self._words = words
        self._timer.start()

    def sort(self, order: str, descending: bool) -> None:
        """Sort in order of entry (''), or by `source` or `target`."""
        self._order, self._descending = order, descending
        self.read()

    def read(self) -> None:
        self._timer.stop()
        self._turn += 1
        self.more(0)

    def more(self, begin: int) -> None:
        """Read the page that begins at this offset."""
        if not self._chosen:
            return
        glossary, words, order, descending = self._chosen, self._words, self._order, self._descending

        def request(services: Services) -> TermPage:
            return services.glossaries.page(
                glossary, words=words, order=order, descending=descending, begin=begin, limit=PAGE
            )

        self._ask(request, partial(self._on_page, self._turn))

    # ---- glossaries

    def add(self, name: str, source: str, target: str, domain: str) -> None:
        self._ask(lambda services: services.glossaries.add(name, source, target, domain), self._show_new)

    def show_keep_list(self) -> None:
        """Show the list of words that are never translated, in any language."""
        self._ask(lambda services: services.glossaries.keep_list(), self._show_new)

    def rename(self, glossary: str, name: str) -> None:
        self._ask_change(glossary, name=name)

    def activate(self, glossary: str, is_active: bool) -> None:
        """Whether translations use the glossary."""
        self._ask_change(glossary, is_active=is_active)

    def duplicate(self) -> None:
        glossary = self._chosen
        self._follow(lambda services: services.glossaries.duplicate(glossary), self._show_new)

    def forget(self) -> None:
        """Delete the shown glossary; a notice offers to undo it."""
        glossary = self._chosen
        if not glossary:
            return
        self._chosen = ""
        self._follow(lambda services: services.glossaries.forget(glossary), self._on_forgotten)

    # ---- terms

    def add_term(self, source: str, target: str) -> None:
        """Add a term; in the list of words never translated, without a translation."""
        record = self.chosen
        if record is None:
            return
        term = Term(source, "", keeps=True) if is_keep_list(record) else Term(source, target)
        self._ask(lambda services: services.glossaries.add_term(record.id, term), self._on_added)

    def change_term(self, term: Term) -> None:
        """Save a changed term; if that fails, the old one is shown again."""
        self._bridge.ask(
            self._bridge.services.glossaries.change_term(term.n, term), self._on_term, self._on_change_refused
        )

    def forget_terms(self, numbers: Sequence[int]) -> None:
        """Delete terms; a notice offers to undo it."""
        glossary, requested = self._chosen, list(numbers)
        if requested:
            self._ask(
                lambda services: services.glossaries.forget_terms(requested), partial(self._on_terms_gone, glossary)
            )

    # ---- files

    def import_file(self, request: ImportRequest) -> None:
        self.said.emit(f"Reading {request.path.name}…")
        self._follow(
            lambda services: services.glossaries.import_file(request),
            self._on_imported,
            partial(self._on_import_refused, request),
            self._on_rows,
        )

    def export(self, form: str, path: Path) -> None:
        glossary = self._chosen
        self._follow(lambda services: services.glossaries.export_file(glossary, form, path), self._on_written)

    # ---- events

    def _on_all(self, found: list[GlossaryRecord]) -> None:
        self._all = found
        is_gone = self._chosen not in {one.id for one in found}
        if is_gone:
            self._chosen = found[0].id if found else ""
            self._words = self._order = ""
        self.listed.emit(found, self._chosen)
        record = self.chosen
        if is_gone:
            self.read()
        elif record is not None and record.terms != self._terms:  # another window of ours added some, or took some away
            self._timer.start()

    def _on_page(self, turn: int, page: TermPage) -> None:
        if turn == self._turn and page.glossary.id == self._chosen:
            self._terms = page.counts.terms
            self.page_received.emit(page)

    def _show_new(self, record: GlossaryRecord) -> None:
        self._all = [*(one for one in self._all if one.id != record.id), record]
        self.choose(record.id)
        self.refresh()

    def _ask_change(self, glossary: str, *, name: str | None = None, is_active: bool | None = None) -> None:
        self._ask(lambda services: services.glossaries.change(glossary, name=name, is_active=is_active))

    def _on_forgotten(self, gone: ForgottenGlossary) -> None:
        self._is_forgetting = True

        def undo() -> None:
            self._follow(lambda services: services.glossaries.restore(gone), self._show_new)

        words = f"The glossary “{gone.record.name}” with {count_of(len(gone.terms), 'term')} was forgotten."
        self.noticed.emit(Notice(words, action="Undo", on_action=undo, life_ms=UNDO_MS))

    def _on_added(self, term: Term) -> None:
        self.refused.emit("")
        self.said.emit(f"“{term.source}” was added.")
        self.read()

    def _on_term(self, term: Term) -> None:
        self.refused.emit("")
        self.term_changed.emit(term)

    def _on_terms_gone(self, glossary: str, gone: list[Term]) -> None:
        self._is_forgetting = True
        terms = [changed(one, n=0) for one in gone]

        def undo() -> None:
            self._ask(lambda services: services.glossaries.add_terms(glossary, terms), lambda _count: self.read())

        one = f"“{gone[0].source}” was deleted." if len(gone) == 1 else f"{len(gone)} terms were deleted."
        self.noticed.emit(Notice(one, action="Undo", on_action=undo, life_ms=UNDO_MS))
        self.read()

    def _on_imported(self, done: GlossaryImport) -> None:
        self._show_new(done.glossary)
        self.said.emit(imported_words(done))

    def _on_import_refused(self, request: ImportRequest, problem: Problem) -> None:
        if problem.code not in ASKING:
            self._on_failed(problem)
            return
        self.said.emit("")
        self._follow(
            lambda services: services.glossaries.sample(request.path),
            lambda rows: self.asked.emit(problem, request, rows),
            lambda _problem: self.asked.emit(problem, request, []),
        )


def count_of(number: int, noun: str) -> str:
    return f"{number:,} {noun}" + ("" if number == 1 else "s")


def imported_words(done: GlossaryImport) -> str:
    said = [f"{count_of(done.kept, 'term')} came into “{done.glossary.name}”."]
    if done.was_there:
        said.append("A glossary of this name was there already; it has both now.")
    if done.duplicates:
        said.append(f"{count_of(done.duplicates, 'row')} said what was there already.")
    if done.skipped:
        said.append(f"{count_of(done.skipped, 'row')} could not be used, the first is {done.first_skipped}.")
    if done.contradictions:
        names = ", ".join(f"“{one}”" for one in done.contradictions[:5])
        more = f" and {len(done.contradictions) - 5} more" if len(done.contradictions) > 5 else ""
        said.append(f"With more than one translation now, and marked: {names}{more}.")
    return " ".join(said)
