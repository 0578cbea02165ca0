"""The translation memory as its window shows it: searched, read by pages, edited, imported, exported.

No widgets here.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from slmdesk.base.record import Record, changed
from slmdesk.base.translation import MemoryFilter, MemoryPair, MemoryShare, Origin
from slmdesk.runtime.events import Problem
from slmdesk.services import Services
from slmdesk.translation.events import MemoryChanged
from slmdesk.translation.terms.memory import Match, MemoryImport, MemoryPage
from slmdesk.translation.window.terms.table_controller import TableController
from slmdesk.window.base.bridge import Bridge
from slmdesk.window.widgets.notice_bar import UNDO_MS, Notice

PAGE = 300
SEARCH_MS = 200
ASKING = ("glossary.no_languages", "glossary.more_languages")


class TmxRequest(Record):
    path: Path
    source: str = ""
    target: str = ""
    domain: str = ""


class MemoryController(TableController):
    shares_received = Signal(object)
    page_received = Signal(object, bool)
    matches_received = Signal(object)
    pair_changed = Signal(object)
    asked = Signal(object, object)

    def __init__(self, bridge: Bridge, parent: QObject | None = None) -> None:
        super().__init__(bridge, parent, name="memory_controller", search_ms=SEARCH_MS)
        self._requested = MemoryFilter()
        self._is_fuzzy = False
        self.outdated.connect(self.read)
        bridge.on(MemoryChanged, self._on_changed)

    # ---- looking

    def refresh(self) -> None:
        self._ask(lambda services: services.memory.shares(), self.shares_received.emit)
        self.read()

    def search(self, words: str) -> None:
        """Show only pairs with these words, or like this sentence, after a pause in typing."""
        self._requested = changed(self._requested, words=words.strip())
        self._timer.start()

    def set_fuzzy(self, is_fuzzy: bool) -> None:
        """Whether to search for similar sentences instead of words."""
        self._is_fuzzy = is_fuzzy
        self.read()

    def set_languages(self, source: str, target: str) -> None:
        """Show only pairs of these languages; '' is any."""
        self._requested = changed(self._requested, source_language=source, target_language=target)
        self.read()

    def set_domain(self, domain: str | None) -> None:
        """Show only pairs of this domain; None is any."""
        self._requested = changed(self._requested, domain=domain)
        self.read()

    def set_origin(self, origin: Origin | None) -> None:
        """Show only pairs of this origin; None is any."""
        self._requested = changed(self._requested, origin=origin)
        self.read()

    def read(self) -> None:
        self._timer.stop()
        self._turn += 1
        turn, requested = self._turn, self._requested
        if self._is_fuzzy and requested.words:

            def like(services: Services) -> list[Match]:
                return services.memory.matches(
                    requested.source_language, requested.target_language, requested.words, requested.domain or ""
                )

            self._ask(like, partial(self._on_matches, turn))
            return
        self._ask(lambda services: services.memory.page(requested, limit=PAGE), partial(self._on_page, turn, True))

    def more(self, before: int) -> None:
        """Read the page of pairs with numbers below this one."""
        requested = self._requested
        self._ask(
            lambda services: services.memory.page(requested, before=before, limit=PAGE),
            partial(self._on_page, self._turn, False),
        )

    # ---- changing

    def change(self, n: int, source: str, target: str) -> None:
        """Change the text of a pair; if that fails, the old one is shown again."""
        self._bridge.ask(self._bridge.services.memory.change(n, source, target), self._on_pair, self._on_change_refused)

    def forget(self, numbers: Sequence[int]) -> None:
        """Delete pairs; a notice offers to undo it, or to delete them for good at once."""
        requested = list(numbers)
        if requested:
            self._ask(lambda services: services.memory.forget(requested), self._on_gone)

    # ---- files

    def import_file(self, request: TmxRequest) -> None:
        self.said.emit(f"Reading {request.path.name}…")
        self._follow(
            lambda services: services.memory.import_file(
                request.path, source=request.source, target=request.target, domain=request.domain
            ),
            lambda done: self.said.emit(imported_words(done)),
            partial(self._on_import_refused, request),
            self._on_rows,
        )

    def export(self, path: Path) -> None:
        """Write the pairs of the chosen languages, or all, as TMX."""
        requested = self._requested
        self.said.emit(f"Writing {path.name}…")
        self._follow(
            lambda services: services.memory.export_file(
                path, source=requested.source_language, target=requested.target_language
            ),
            self._on_written,
        )

    # ---- events

    def _on_changed(self, _event: object) -> None:
        self._timer.start()
        self._ask(lambda services: services.memory.shares(), self.shares_received.emit)

    def _on_page(self, turn: int, is_first: bool, page: MemoryPage) -> None:
        if turn == self._turn:
            self.page_received.emit(page, is_first)

    def _on_matches(self, turn: int, matches: list[Match]) -> None:
        if turn == self._turn:
            self.matches_received.emit(matches)

    def _on_pair(self, pair: MemoryPair) -> None:
        self.refused.emit("")
        self.pair_changed.emit(pair)

    def _on_gone(self, gone: list[MemoryPair]) -> None:
        if not gone:
            return
        self._is_forgetting = True

        def undo() -> None:
            self._ask(lambda services: services.memory.restore(gone))

        one = "One entry was deleted." if len(gone) == 1 else f"{len(gone)} entries were deleted."
        self.noticed.emit(
            Notice(
                one, action="Undo", on_action=undo, other="Delete for good", on_other=self._purge, life_ms=UNDO_MS,
                key="memory",
            )
        )  # fmt: skip

    def _on_import_refused(self, request: TmxRequest, problem: Problem) -> None:
        if problem.code in ASKING:
            self.said.emit("")
            self.asked.emit(problem, request)
        else:
            self._on_failed(problem)


def imported_words(done: MemoryImport) -> str:
    said = [f"{done.kept:,} pairs were kept."]
    if done.duplicates:
        said.append(f"{done.duplicates:,} were there already.")
    if done.replaced:
        said.append(f"{done.replaced:,} took the place of another translation.")
    if done.skipped:
        said.append(f"{done.skipped:,} could not be used, the first is {done.first_skipped}.")
    if done.contradictions:
        said.append(f"{len(done.contradictions):,} have two translations in the file: the last one counts.")
    return " ".join(said)


def share_words(shares: Sequence[MemoryShare]) -> str:
    total = sum(one.pairs for one in shares)
    if not total:
        return "Empty. Sentences you edit are saved here; you can also import a TMX file."
    pairs = len({(one.source_language, one.target_language) for one in shares})
    entries = "entry" if total == 1 else "entries"
    return f"{total:,} {entries} in {pairs} {'pair' if pairs == 1 else 'pairs'} of languages."
