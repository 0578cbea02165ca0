"""Searches the Hub for models, filters what the Hub cannot filter itself, and counts what was left out.

The Hub knows publisher, language, licence and task, but not whether a model fits this PC.  So pages are read until
enough repositories pass, at most MOST_LOOKED_AT of them; the number left out is shown.
"""

from __future__ import annotations

import re
import threading
from concurrent.futures import ThreadPoolExecutor

from slmdesk.base.record import Record, changed
from slmdesk.gguf.quantization import quantization_of_file, weight_bytes
from slmdesk.hub.files import RemoteFile, Repo
from slmdesk.hub.search import Hub, Query
from slmdesk.models.fit import fit_by_size
from slmdesk.online.hub import AT_ONCE, FoundFile, FoundRepo, HubService, best_fit
from slmdesk.online.licences import is_permissive
from slmdesk.runtime.pending import Pending

PERMISSIVE_ONES = "permissive"
"""Instead of a licence: any that leaves a company free."""
MOST_LOOKED_AT = 400
PAGE = 20
PAGE_FILTERED = 50
_SIZE_IN_NAME = re.compile(
    r"(?<![A-Za-z0-9.])(?:(\d{1,3})x)?(\d{1,4}(?:\.\d{1,3})?)([bm])(?![A-Za-z0-9])", re.IGNORECASE
)
_MOST_PARAMETERS = 10**13


class Filters(Record):
    """The filters of a search; an empty one accepts all."""

    task: str = ""
    """A key of hub.search.TASKS."""
    language: str = ""
    """ISO 639-1."""
    license: str = ""
    """The Hub's short name of one, or PERMISSIVE_ONES."""
    author: str = ""
    fits: bool = False
    sort: str = "downloads"
    """A key of hub.search.SORTS."""

    @property
    def narrows(self) -> bool:
        """Whether the filters narrow the search, so that it makes sense without words."""
        return bool(self.task or self.language or self.license or self.author)


class SearchPage(Record):
    found: tuple[FoundRepo, ...]
    may_be_more: bool
    too_large: int = 0
    other_licence: int = 0


class Search:
    """One search with its results; it continues where it stopped.  Any thread except the service thread."""

    def __init__(self, hub: Hub, words: str, filters: Filters) -> None:
        self._hub, self.filters = hub, filters
        exact = "" if filters.license == PERMISSIVE_ONES else filters.license
        self._query = Query(words, filters.author, filters.language, exact, filters.task, filters.sort)
        self._lock = threading.Lock()
        self._read: dict[str, FoundRepo] = {}
        self._cursor, self._is_begun = "", False

    def read(
        self, requested: int, available: int, *, with_too_large: bool = False, stop: threading.Event
    ) -> SearchPage:
        """Return the first `requested` repositories that pass, judged against `available` bytes.

        Raises KnownError network.*, hub.*, and Stopped.
        """
        filters = self.filters
        is_filtered = (filters.fits and not with_too_large) or filters.license == PERMISSIVE_ONES
        with self._lock:
            while True:
                page = self._page(requested, with_too_large)
                if len(page.found) >= requested or not self._is_more:
                    return page
                size = PAGE_FILTERED if is_filtered and self._is_begun else max(PAGE, requested)
                self._read_on(size, available, stop)

    @property
    def _is_more(self) -> bool:
        return not self._is_begun or (bool(self._cursor) and len(self._read) < MOST_LOOKED_AT)

    def _read_on(self, size: int, available: int, stop: threading.Event) -> None:
        page = self._hub.search(self._query, size=size, cursor=self._cursor, stop=stop)
        self._is_begun, before = True, len(self._read)
        for one in page.repos:
            self._read.setdefault(one.id, judged_by_name(one, available))
        self._cursor = page.cursor if len(self._read) > before else ""  # a server may turn in a circle

    def _page(self, requested: int, with_too_large: bool) -> SearchPage:
        found: list[FoundRepo] = []
        too_large = other = 0
        for one in self._read.values():
            if self.filters.license == PERMISSIVE_ONES and not is_permissive(one.repo.license):
                other += 1
            elif self.filters.fits and one.fit == "too_large" and not with_too_large:
                too_large += 1
            else:
                found.append(one)
        return SearchPage(tuple(found[:requested]), len(found) > requested or self._is_more, too_large, other)


FEATURE = "hub.search"


class SearchService:
    """Called on the service thread; each search has a thread of its own."""

    def __init__(self, hub: HubService) -> None:
        self._hub = hub

    def begin(self, words: str, filters: Filters | None = None) -> Search:
        """Create a search; nothing is requested before `read`.  Raises KnownError `feature.hidden`."""
        self._hub.require(FEATURE)
        return Search(self._hub.hub, words, filters or Filters())

    def read(
        self, search: Search, *, limit: int = 10, with_too_large: bool = False, with_files: bool = False
    ) -> Pending[SearchPage]:
        """Read the first `limit` repositories.  Cancelled, it does not end.

        `with_files` asks each repository found for the sizes and checksums of its files: one more request for each.
        """
        pc = self._hub.pc()
        available = pc.best_bytes
        only_fitting = search.filters.fits and not with_too_large
        sized: dict[str, FoundRepo] = {}

        def work(stop: threading.Event) -> SearchPage:
            requested = limit
            while True:
                page = search.read(requested, available, with_too_large=with_too_large, stop=stop)
                if not with_files:
                    return page
                new = [one.repo for one in page.found if one.repo.id not in sized]
                with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="hub-files") as pool:
                    answers = pool.map(lambda one: self._hub.with_files(one, pc, stop), new)
                    sized.update(zip((one.id for one in new), answers, strict=True))
                known = [sized[one.repo.id] for one in page.found]
                kept = [one for one in known if not only_fitting or one.fit != "too_large"]
                if len(kept) >= limit or not page.may_be_more:
                    left_out = page.too_large + len(known) - len(kept)
                    return changed(page, found=tuple(kept[:limit]), too_large=left_out)
                requested += limit - len(kept)

        return self._hub.ask("hub-search", work)


def judged_by_name(repo: Repo, available: int) -> FoundRepo:
    """Return a repository without known sizes, judged by its number of weights and its file names."""
    parameters = repo.parameters or parameters_in(repo.id)
    files = tuple(_judged_by_name(one, parameters, available) for one in repo.files)
    return FoundRepo(repo, files, fit=best_fit(files), is_about=True)


def parameters_in(name: str) -> int:
    """Return the number of weights in a model's name ("Qwen2.5-1.5B", "Mixtral-8x7B", "smollm2-135m"); 0 if none."""
    found = _SIZE_IN_NAME.search(name.rpartition("/")[2])
    if not found:
        return 0
    count = float(found[2]) * int(found[1] or 1) * (1e9 if found[3] in "bB" else 1e6)
    return round(count) if count <= _MOST_PARAMETERS else 0


def _judged_by_name(file: RemoteFile, parameters: int, available: int) -> FoundFile:
    known = quantization_of_file(file.name)
    about = 0 if known is None or file.beside else weight_bytes(parameters, known)
    return FoundFile(file, fit_by_size(about, available), about_bytes=about)
