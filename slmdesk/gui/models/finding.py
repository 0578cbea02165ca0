"""Suggested models, and the search on the Hub.  No widgets here."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from slmdesk.gui.bridge import Bridge
from slmdesk.gui.widgets.notice_bar import notice_of
from slmdesk.services.facts import Problem
from slmdesk.services.offers import Found, OfferedRepo
from slmdesk.settings import Settings

if TYPE_CHECKING:
    from slmdesk.services.hub_models import Asking
    from slmdesk.services.services import Services

DEBOUNCE_MS = 300
PAGE = 10
MOST = 100


class FindController(QObject):
    """Lives on the window's thread.

    Emits `suggested` with Suggestions; of the search `search_began`, `found` with OfferedRepos and whether there may be
    more, `search_failed` with a Problem, `search_cleared`; `files_found` with an OfferedRepo, `files_failed` with a
    repository and a Problem; `page_known` with the address of a repository's page; `offline_changed`; `notice_raised`.
    """

    suggested = Signal(object)
    search_began = Signal()
    found = Signal(object, bool)
    search_failed = Signal(object)
    search_cleared = Signal()
    files_found = Signal(object)
    files_failed = Signal(str, object)
    page_known = Signal(str)
    offline_changed = Signal(bool)
    notice_raised = Signal(object)

    def __init__(self, bridge: Bridge, settings: Settings, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("find_controller")
        self._bridge = bridge
        self._is_offline = settings.offline
        self._words, self._limit, self._turn = "", PAGE, 0
        self._sort, self._language = "downloads", ""
        self._asking: Asking | None = None
        self._timer = QTimer(self, singleShot=True, interval=DEBOUNCE_MS)
        self._timer.timeout.connect(self.search_now)
        bridge.opened.connect(self._on_opened)
        bridge.pace_changed.connect(self._on_opened)
        bridge.settings_changed.connect(self._on_settings_changed)

    @property
    def is_offline(self) -> bool:
        """Whether nothing may leave."""
        return self._is_offline

    @Slot(str)
    def search(self, words: str) -> None:
        """Search soon, unless another key comes first; what was asked before is not wanted any more."""
        self._give_up()
        self._words, self._limit = words.strip(), PAGE
        if self._words:
            self._timer.start()
        else:
            self.search_cleared.emit()

    @Slot()
    def search_now(self) -> None:
        """Search for the last words at once."""
        self._give_up()
        if not self._words or self._is_offline:
            return
        self.search_began.emit()
        self._bridge.ask(partial(self._ask, self._turn, self._words, self._limit), partial(self._asked, self._turn))

    @Slot(object)
    def sort_by(self, sort: str) -> None:
        """Downloads, updated or likes."""
        self._sort, self._limit = sort, PAGE
        self.search_now()

    @Slot(object)
    def only_language(self, language: str) -> None:
        """Only models said to know this one; '' for any."""
        self._language, self._limit = language, PAGE
        self.search_now()

    @Slot()
    def more(self) -> None:
        """The same with one page more."""
        self._limit = min(self._limit + PAGE, MOST)
        self.search_now()

    @Slot(str)
    def ask_files(self, repo: str) -> None:
        """Sizes and fits of a repository's files; `files_found` or `files_failed` follows."""

        def ended(found: OfferedRepo | Problem) -> None:  # on the desk thread
            self._bridge.bring(partial(self._on_files, repo, found))

        self._bridge.ask(lambda services: services.offers.repo(repo, ended))

    @Slot(str)
    def ask_page(self, repo: str) -> None:
        """Where a person can read about it; `page_known` follows."""
        self._bridge.ask(lambda services: services.offers.page_of(repo), self.page_known.emit)

    # ---- inside

    def _ask(self, turn: int, words: str, limit: int, services: Services) -> Asking:
        """On the desk thread."""

        def ended(found: Found | OfferedRepo | Problem) -> None:
            self._bridge.bring(partial(self._on_found, turn, limit, found))

        link = services.offers.link_in(words)
        if link is not None:
            return services.offers.repo(link.repo, ended, file=link.file)
        return services.offers.search(words, ended, limit=limit, sort=self._sort, language=self._language)

    def _asked(self, turn: int, asking: Asking) -> None:
        if turn == self._turn:
            self._asking = asking
        else:
            asking.cancel()

    def _give_up(self) -> None:
        self._timer.stop()
        self._turn += 1
        if self._asking is not None:
            self._asking.cancel()
            self._asking = None

    def _on_found(self, turn: int, limit: int, found: Found | OfferedRepo | Problem) -> None:
        if turn != self._turn:
            return
        self._asking = None
        if isinstance(found, Problem):
            self.search_failed.emit(found)
        elif isinstance(found, OfferedRepo):
            self.found.emit((found,), False)
            self.files_found.emit(found)
        else:
            self.found.emit(found, limit <= len(found) < MOST)

    def _on_files(self, repo: str, found: OfferedRepo | Problem) -> None:
        if isinstance(found, Problem):
            self.files_failed.emit(repo, found)
        else:
            self.files_found.emit(found)

    @Slot()
    def _on_opened(self) -> None:
        self._bridge.ask(lambda services: services.offers.suggestions(), self.suggested.emit, self._raise_problem)

    @Slot(object)
    def _on_settings_changed(self, settings: Settings) -> None:
        if settings.offline == self._is_offline:
            return
        self._is_offline = settings.offline
        if self._is_offline:
            self._give_up()
        self.offline_changed.emit(self._is_offline)
        if not self._is_offline:
            self.search_now()

    def _raise_problem(self, problem: Problem) -> None:
        self.notice_raised.emit(notice_of(problem))
