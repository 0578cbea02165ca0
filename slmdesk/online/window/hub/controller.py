"""Suggested models, and the search on the Hub.  No widgets here."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from PySide6.QtCore import QObject, Signal, SignalInstance

from slmdesk.base.record import changed
from slmdesk.base.settings import Settings
from slmdesk.models.events import PaceChanged
from slmdesk.online.catalogue import LANGUAGES, SKILLS, OfferedRepo, Offers
from slmdesk.online.search import Filters
from slmdesk.runtime.events import Problem
from slmdesk.runtime.pending import Pending
from slmdesk.window.base.bridge import Bridge, Call
from slmdesk.window.base.delay import Delay
from slmdesk.window.base.window_state import WindowState, WindowStateFile

if TYPE_CHECKING:
    from slmdesk.online.search import Search
    from slmdesk.services import Services

T = TypeVar("T")

DEBOUNCE_MS = 300
PAGE = 10
_FILTERS = ("task", "language", "license", "author", "fits", "sort")
"""Fields of Filters; each is kept in the state of the window as search_…"""


class HubController(QObject):
    suggested = Signal(object)
    filters_shown = Signal(object)
    search_began = Signal()
    found = Signal(object)
    search_failed = Signal(object)
    search_cleared = Signal()
    repo_found = Signal(str, object)
    repo_failed = Signal(str, object)
    judged = Signal(str, object)
    card_read = Signal(str, object)
    page_known = Signal(str)
    offline_changed = Signal(bool)

    def __init__(
        self, bridge: Bridge, settings: Settings, state: WindowStateFile, parent: QObject | None = None
    ) -> None:
        super().__init__(parent, objectName="find_controller")
        self._state = state
        self._bridge = bridge
        self.is_offline = settings.offline
        self._words, self._limit, self._turn = "", PAGE, 0
        self.filters = filters_in(state.current)
        self._search: Search | None = None
        self._with_too_large = False
        self._asking: Call | None = None
        self._visits: dict[str, _Visit] = {}
        self._timer = Delay(self, DEBOUNCE_MS, self.search_now)
        bridge.when_open(self._on_opened)
        bridge.on(PaceChanged, self._on_opened)
        bridge.settings_changed.connect(self._on_settings_changed)

    def search(self, words: str) -> None:
        """Search after a pause in typing; earlier requests are cancelled."""
        self._give_up()
        self._words = words.strip()
        self._restart()
        if self._words or self.filters.narrows:
            self._timer.start()
        else:
            self.search_cleared.emit()

    def search_now(self) -> None:
        self._give_up()
        if self.is_offline or not (self._words or self.filters.narrows):
            return
        self.search_began.emit()
        self._asking = self._bridge.follow(
            partial(self._ask, self._words, self._limit),
            partial(self._on_found, self._turn),
            partial(self._on_failed, self._turn),
        )

    def search_again(self) -> None:
        """Search again from the first page, without reusing earlier results."""
        self._restart()
        self.search_now()

    def choose(self, filters: Filters) -> None:
        """Search with these filters, and save them."""
        if filters == self.filters:
            return
        self.filters = filters
        self._bridge.ask(lambda _services: self._state.change(**values_of(filters)))
        if self._words or filters.narrows:
            self.search_again()
        else:
            self._give_up()
            self._restart()
            self.search_cleared.emit()

    def more(self) -> None:
        self._limit += PAGE
        self.search_now()

    def show_too_large(self) -> None:
        self._with_too_large = True
        self.search_now()

    def open_repo(self, repo: str) -> None:
        visit = self._visit(repo)
        visit.follow(lambda services: services.offers.repo(repo), partial(self._on_repo, visit), self.repo_failed)

    def close_repo(self, repo: str) -> None:
        if (visit := self._visits.pop(repo, None)) is not None:
            visit.cancel()

    def ask_page(self, repo: str) -> None:
        self._bridge.ask(self._bridge.services.offers.page_of(repo), self.page_known.emit)

    # ---- private

    def _restart(self) -> None:
        self._limit, self._search, self._with_too_large = PAGE, None, False

    def _ask(self, words: str, limit: int, services: Services) -> Pending[Any]:
        """Runs on the service thread."""
        link = services.offers.link_in(words)
        if link is not None:
            return services.offers.repo(link.repo, file=link.file, quantization=link.quantization)
        return services.offers.search(
            words, limit=limit, filters=self.filters, with_too_large=self._with_too_large, before=self._search
        )

    def _give_up(self) -> None:
        self._timer.stop()
        self._turn += 1
        if self._asking is not None:
            self._asking.cancel()
            self._asking = None

    def _on_found(self, turn: int, found: Offers | OfferedRepo) -> None:
        if turn != self._turn:
            return
        self._asking = None
        if isinstance(found, OfferedRepo):
            self.found.emit(Offers((found,)))
            self._on_repo(self._visit(found.repo), found)
        else:
            self._search = found.search
            self.found.emit(found)

    def _on_failed(self, turn: int, problem: Problem) -> None:
        if turn == self._turn:
            self._asking = None
            self.search_failed.emit(problem)

    def _visit(self, repo: str) -> _Visit:
        """Begin requests for a repository; earlier ones are cancelled."""
        self.close_repo(repo)
        return self._visits.setdefault(repo, _Visit(repo, self._bridge))

    def _on_repo(self, visit: _Visit, found: OfferedRepo) -> None:
        self.repo_found.emit(visit.repo, found)
        source = found.source
        first = found.recommended or next((one for one in found.files if one.size_bytes), None)
        if source is None:
            return
        if first is not None:
            judged = partial(self.judged.emit, visit.repo)
            visit.follow(lambda services: services.repo_pages.judge(source, first.name), judged, self.judged)
        card_read = partial(self.card_read.emit, visit.repo)
        visit.follow(lambda services: services.repo_pages.card(source), card_read, self.card_read)

    def _on_opened(self) -> None:
        self._bridge.ask(lambda _services: self.filters, self.filters_shown.emit)
        self._bridge.ask(self._bridge.services.offers.suggestions(), self.suggested.emit)

    def _on_settings_changed(self, settings: Settings) -> None:
        if settings.offline == self.is_offline:
            return
        self.is_offline = settings.offline
        if self.is_offline:
            self._give_up()
        self.offline_changed.emit(self.is_offline)
        if not self.is_offline:
            self.search_now()


class _Visit:
    def __init__(self, repo: str, bridge: Bridge) -> None:
        self.repo = repo
        self._bridge = bridge
        self._is_over = False
        self._following: list[Call] = []

    def follow(
        self, request: Callable[[Services], Pending[T]], answered: Callable[[T], object], failed: SignalInstance
    ) -> None:
        """Ask for something; until the visit is over, `answered` gets it, or `failed` is emitted with the Problem."""

        def on_answer(answer: T) -> None:
            if not self._is_over:
                answered(answer)

        def on_problem(problem: Problem) -> None:
            if not self._is_over:
                failed.emit(self.repo, problem)

        self._following.append(self._bridge.follow(request, on_answer, on_problem))

    def cancel(self) -> None:
        """Cancel the requests; nothing more is reported."""
        self._is_over = True
        for one in self._following:
            one.cancel()


def filters_in(state: WindowState) -> Filters:
    """The filters of the last search; an invalid value counts as any."""
    chosen = Filters(**{name: getattr(state, f"search_{name}") for name in _FILTERS})
    return changed(
        chosen,
        task=chosen.task if chosen.task in SKILLS else "",
        language=chosen.language if chosen.language in LANGUAGES else "",
        sort=chosen.sort if chosen.sort in ("downloads", "updated", "likes") else "downloads",
    )


def values_of(filters: Filters) -> dict[str, str | bool]:
    return {f"search_{name}": getattr(filters, name) for name in _FILTERS}
