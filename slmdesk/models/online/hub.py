"""The Hub for this PC: reading and searching repositories, judging whether models fit, suggestions, and licences."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from enum import StrEnum
from types import MappingProxyType
from typing import TypeVar

from slmdesk.base import translation
from slmdesk.base.error_sentences import KINDS
from slmdesk.base.errors import KnownError, Stopped
from slmdesk.base.record import Record, changed
from slmdesk.base.runtime.events import Pending
from slmdesk.base.runtime.messages import Problem, bytes_for_people, problem_for
from slmdesk.base.runtime.service import Runtime, Service, on_file_thread
from slmdesk.base.texts import _
from slmdesk.base.untrusted import clean_label
from slmdesk.models.gguf.header import GgufHeader
from slmdesk.models.gguf.memory import Speed, active_bytes, is_quick, is_too_slow
from slmdesk.models.gguf.quantization import (
    WORST_RECOMMENDED,
    parameters_in,
    quantization_of_file,
    recommended,
    sorted_by_quality,
    weight_bytes,
)
from slmdesk.models.hub.search import (
    MANY_LANGUAGES,
    CatalogueEntry,
    Commercial,
    Group,
    Hub,
    HubLink,
    Query,
    RemoteFile,
    Repo,
    Skill,
    count_text,
    load_catalogue,
    parse_link,
)
from slmdesk.models.importer import require_no_projector
from slmdesk.models.online.cards import ReadableCard, readable_card
from slmdesk.models.online.network import NetworkService, TokenService
from slmdesk.models.running import USUAL_BANDWIDTH, SpeedService
from slmdesk.models.service import COMFORTABLE, MOST_BYTES, Fit, Pc, fit_by_size, fit_header, weights_budget

T = TypeVar("T")

AT_ONCE = 4


class FoundFile(Record):
    """A model file on the Hub. `fit` says whether it fits this PC: fits, tight, too_large or unknown."""

    file: RemoteFile
    fit: str
    speed: Speed | None = None
    """Expected speed, from size and quantization. A mixture of experts is faster than this estimate."""
    about_bytes: int = 0

    @property
    def name(self) -> str:
        return self.file.name

    @property
    def size_bytes(self) -> int:
        """Size of all parts, estimated where the Hub has not told it."""
        return self.file.bytes or self.about_bytes


class FoundRepo(Record):
    repo: Repo
    files: tuple[FoundFile, ...]
    problem: Problem | None = None
    fit: str = "unknown"
    is_about: bool = False


def _judged(repo: Repo, pc: Pc) -> FoundRepo:
    free = pc.best_bytes

    def judged(file: RemoteFile) -> FoundFile:
        speed = pc.pace.of_size(file.bytes, file.quantization, sha256=file.sha256)
        return FoundFile(file, fit_by_size(file.bytes and file.bytes + file.eyes_bytes, free), speed)

    files = tuple(judged(file) for file in repo.files)
    return FoundRepo(repo, files, fit=best_fit(files))


def best_fit(files: Sequence[FoundFile]) -> str:
    """Return the best verdict on a repository's models, or "unknown". Poor quality counts only if there is no other."""
    models = [file for file in files if not file.file.beside]
    ranks = {model.file.name: quantization_of_file(model.file.name) for model in models}
    good = [model for model in models if (rank := ranks[model.file.name]) and rank.rank <= WORST_RECOMMENDED] or models
    verdicts = {file.fit for file in good}
    return next((fit for fit in ("fits", "tight", "unknown", "too_large") if fit in verdicts), "unknown")


# Searches the Hub for models, filters what the Hub cannot filter itself, and counts what was left out. The Hub knows
# publisher, language, licence and task, but not whether a model fits this PC. So pages are read until enough
# repositories pass, at most MOST_LOOKED_AT of them; the number left out is shown.


PERMISSIVE_ONES = "permissive"
"""Value of `Filters.license` for every licence that permits any use, also in a company."""
MOST_LOOKED_AT = 400
PAGE = 20
PAGE_FILTERED = 50


class Filters(Record):
    task: str = ""
    """A key of hub.search.TASKS, or empty for any task."""
    language: str = ""
    """Language code of ISO 639-1, or empty for any language."""
    license: str = ""
    """The Hub's short name of a license, PERMISSIVE_ONES, or empty for any license."""
    author: str = ""
    fits: bool = False
    sort: str = "downloads"
    """A key of hub.search.SORTS."""

    @property
    def narrows(self) -> bool:
        return bool(self.task or self.language or self.license or self.author)


class SearchPage(Record):
    found: tuple[FoundRepo, ...]
    may_be_more: bool
    too_large: int = 0
    other_licence: int = 0


class Search:
    """A search with the results so far. Reading more continues where it stopped. Any thread but the service thread."""

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
        """Return the first `requested` repositories that pass the filters. Models are judged against `available` bytes
        of memory.

        Raises network.*, hub.*, and Stopped.
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
        for repo in page.repos:
            self._read.setdefault(repo.id, judged_by_name(repo, available))
        self._cursor = page.cursor if len(self._read) > before else ""  # a faulty server may repeat its pages

    def _page(self, requested: int, with_too_large: bool) -> SearchPage:
        repos: list[FoundRepo] = []
        too_large = other = 0
        for repo in self._read.values():
            if self.filters.license == PERMISSIVE_ONES and not is_permissive(repo.repo.license):
                other += 1
            elif self.filters.fits and repo.fit == "too_large" and not with_too_large:
                too_large += 1
            else:
                repos.append(repo)
        return SearchPage(tuple(repos[:requested]), len(repos) > requested or self._is_more, too_large, other)


def judged_by_name(repo: Repo, available: int) -> FoundRepo:
    parameters = repo.parameters or parameters_in(repo.id)
    files = tuple(_judged_by_name(file, parameters, available) for file in repo.files)
    return FoundRepo(repo, files, fit=best_fit(files), is_about=True)


def _judged_by_name(file: RemoteFile, parameters: int, available: int) -> FoundFile:
    known = quantization_of_file(file.name)
    about = 0 if known is None or file.beside else weight_bytes(parameters, known)
    return FoundFile(file, fit_by_size(about, available), about_bytes=about)


# Licences of models and what each allows, in a few words. For people who must know whether they may use a model at
# work. The short names are the Hub's tags ("license:apache-2.0"), which file headers repeat. The descriptions summarise
# the main points of each text. They are no legal advice, and an unknown licence is called unknown.


class LicencePermission(StrEnum):
    ANYTHING = "anything"
    CONDITIONS = "conditions"
    NOT_AT_WORK = "not_at_work"
    UNKNOWN = "unknown"


class Licence(Record):
    name: str
    allows: LicencePermission

    @property
    def words(self) -> str:
        return _WORDS[self.allows]

    @property
    def label(self) -> str:
        return f"{self.name}, {self.words}" if self.name else self.words


_WORDS = {
    LicencePermission.ANYTHING: _("free for any use, also at work"),
    LicencePermission.CONDITIONS: _("has conditions for use at work"),
    LicencePermission.NOT_AT_WORK: _("not for use at work"),
    LicencePermission.UNKNOWN: _("read it before using the model at work"),
}
NOT_STATED = _("not stated: ask the publisher before using it at work")

LICENCES: Mapping[str, Licence] = MappingProxyType(
    {
        key: Licence(name, allows)
        for allows, names in {
            LicencePermission.ANYTHING: {
                "apache-2.0": "Apache 2.0", "mit": "MIT", "cc0-1.0": "CC0 1.0", "unlicense": "Unlicense", "isc": "ISC",
                "zlib": "zlib", "bsd": "BSD", "bsd-2-clause": "BSD 2-Clause", "wtfpl": "WTFPL",
                "bsd-3-clause": "BSD 3-Clause", "bsl-1.0": "Boost 1.0", "ms-pl": "Microsoft Public",
                "cc-by-4.0": "CC BY 4.0", "cc-by-3.0": "CC BY 3.0", "cc-by-2.0": "CC BY 2.0",
                "cdla-permissive-2.0": "CDLA Permissive 2.0", "artistic-2.0": "Artistic 2.0",
            },
            LicencePermission.CONDITIONS: {
                "mpl-2.0": "MPL 2.0", "cc-by-sa-4.0": "CC BY-SA 4.0", "cc-by-sa-3.0": "CC BY-SA 3.0",
                "cc-by-nd-4.0": "CC BY-ND 4.0", "gpl": "GPL", "gpl-2.0": "GPL 2", "gpl-3.0": "GPL 3", "lgpl": "LGPL",
                "lgpl-3.0": "LGPL 3", "agpl-3.0": "AGPL 3", "llama2": "Llama 2 Community",
                "llama3": "Llama 3 Community", "llama3.1": "Llama 3.1 Community", "llama3.2": "Llama 3.2 Community",
                "llama3.3": "Llama 3.3 Community", "llama4": "Llama 4 Community", "gemma": "Gemma terms",
                "openrail": "OpenRAIL", "openrail++": "OpenRAIL++", "creativeml-openrail-m": "CreativeML OpenRAIL-M",
                "bigscience-openrail-m": "BigScience OpenRAIL-M", "bigscience-bloom-rail-1.0": "BigScience RAIL 1.0",
                "bigcode-openrail-m": "BigCode OpenRAIL-M",
            },
            LicencePermission.NOT_AT_WORK: {
                "apple-amlr": "Apple AMLR", "deepfloyd-if-license": "DeepFloyd",
                "fair-noncommercial-research-license": "FAIR NC", "cc-by-nc-4.0": "CC BY-NC 4.0",
                "cc-by-nc-2.0": "CC BY-NC 2.0", "cc-by-nc-3.0": "CC BY-NC 3.0", "cc-by-nc-sa-4.0": "CC BY-NC-SA 4.0",
                "cc-by-nc-sa-3.0": "CC BY-NC-SA 3.0", "cc-by-nc-sa-2.0": "CC BY-NC-SA 2.0",
                "cc-by-nc-nd-4.0": "CC BY-NC-ND 4.0", "cc-by-nc-nd-3.0": "CC BY-NC-ND 3.0",
                "intel-research": "Intel Research",
            },
            LicencePermission.UNKNOWN: {
                "other": _("a licence of its own"), "unknown": _("an unknown licence"),
            },
        }.items()
        for key, name in names.items()
    }
)  # fmt: skip
"""Licences by the Hub's short name."""

PERMISSIVE = frozenset(key for key, licence in LICENCES.items() if licence.allows is LicencePermission.ANYTHING)


def licence_named(untrusted: str) -> Licence | None:
    key = untrusted.strip().lower()
    if not key:
        return None
    return LICENCES.get(key) or Licence(clean_label(untrusted, 60), LicencePermission.UNKNOWN)


def licence_words(untrusted: str) -> str:
    licence = licence_named(untrusted)
    return licence.label if licence else NOT_STATED


def is_permissive(untrusted: str) -> bool:
    return untrusted.strip().lower() in PERMISSIVE


_NOT_OFFERED = ("bn", "ca", "sr", "ur")
LANGUAGES = {code: known.shown for code, known in translation.LANGUAGES.items() if code not in _NOT_OFFERED}
SKILLS = {
    "chat": _("Chat"),
    "summaries": _("Summaries"),
    "translation": _("Translation"),
    "code": _("Code"),
    "embedding": _("Embedding"),
    "speech": _("Speech"),
    "pictures": _("Pictures"),
}
"""What people may want a model for, with the word to show. Keys are those of hub.search.TASKS and the curated list."""
_COMMERCIAL = {
    Commercial.YES: _("may be used at work"),
    Commercial.CONDITIONS: _("has conditions for use at work"),
    Commercial.NO: _("not for use at work"),
}


_FIT_ORDER = {"fits": 0, "tight": 1, "too_large": 3}
_MOST_NAMED = 12


class Suggestion(Record):
    """A model of the curated list. Its size is known to a tenth, since only the Hub knows the bytes of the file."""

    entry: CatalogueEntry
    fit: str
    speed: Speed | None = None

    @property
    def languages(self) -> str:
        codes = self.entry.languages
        if len(codes) > _MOST_NAMED:
            return _("{count} languages").format(count=len(codes))
        return ", ".join(_("many languages") if code == MANY_LANGUAGES else LANGUAGES.get(code, code) for code in codes)

    @property
    def licence(self) -> str:
        return f"{self.entry.licence}, {_COMMERCIAL[self.entry.commercial]}"

    @property
    def parameters(self) -> str:
        return self.entry.size_text

    @property
    def notes(self) -> tuple[str, ...]:
        """What it needs for a short and a long text, and how it thinks."""
        return tuple(_notes(self.entry))

    @property
    def measures(self) -> tuple[str, ...]:
        """What others measured of it, each with who and when, and at what job where it has several."""
        has_one = len(self.entry.skills) == 1
        return tuple(
            f"{'' if has_one else SKILLS[measure.job] + ': '}{_(measure.words)} ({measure.source}, {measure.date})"
            for measure in self.entry.measured
        )

    def is_for(self, job: str, language: str) -> bool:
        """`job` is a skill, Group.COMPARISON, or empty for any. Code models and models of earlier years are only shown
        if they are asked for.
        """
        entry = self.entry
        if language and not entry.speaks(language):
            return False
        if job in (Group.CODE, Group.COMPARISON):
            return entry.group == job
        others = (Skill.EMBEDDING,), (Skill.SPEECH,), (Skill.PICTURES,)
        is_wanted = job in entry.skills if job else entry.skills not in others
        return entry.group is Group.SUGGESTED and is_wanted


class OfferedFile(Record):
    """A file that can be downloaded. Before the repository was read, `size_bytes` is 0 and `fit` is an estimate."""

    repo: str
    name: str
    size_bytes: int
    quantization: str
    fit: str
    is_recommended: bool
    speed: Speed | None = None
    parts: int = 1
    """Number of files that the model was split into. They are downloaded together."""
    sha256: str = ""
    """Checksum from the publisher. Empty if it is unknown or if there are several parts."""
    eyes_bytes: int = 0
    """Size of the file that is fetched too so that the model sees pictures."""

    @property
    def has_known_form(self) -> bool:
        return quantization_of_file(self.name) is not None

    @property
    def words(self) -> str:
        """The quantization in words, such as "Q4_K_M: 4-bit, recommended: small, nearly as good"."""
        known = quantization_of_file(self.name)
        if known is None:
            return clean_label(self.quantization or self.name, 80)
        return f"{self.quantization or known.name}: {known.label(recommended=self.is_recommended)}"

    def not_recommended(self) -> OfferedFile:
        """Return the same file without the recommendation. Used when its header says that it cannot chat."""
        return changed(self, is_recommended=False)


class OfferedRepo(Record):
    repo: str
    licence: str
    downloads: int
    likes: int
    updated: str
    """Date of the last change, such as 2026-05-01, or empty."""
    is_gated: bool
    files: tuple[OfferedFile, ...]
    others: tuple[str, ...] = ()
    """Files that are not models by themselves: each name, followed by what the file is."""
    problem: Problem | None = None
    fit: str = "unknown"
    is_about: bool = False
    """True if the verdicts come from estimated sizes."""
    is_unclear: bool = False
    """True if no file is recommended although some would fit: they cannot chat, or belong to several models."""
    parameters: str = ""
    source: Repo | None = None

    @property
    def recommended(self) -> OfferedFile | None:
        return next((file for file in self.files if file.is_recommended), None)


class Offers(Record):
    repos: tuple[OfferedRepo, ...]
    search: Search | None = None
    may_be_more: bool = False
    too_large: int = 0
    """Number of repositories left out because none of their models fits this PC."""
    other_licence: int = 0
    """Number of repositories left out because of their licence."""


FEATURE = "hub.search"


class RepoJudged(Record):
    """Verdicts on all files of a repository, from one file's header. They differ only in the size of their weights."""

    fits: Mapping[str, Fit]
    """Verdict by file name. Files whose size the Hub does not give are missing."""
    kind: str
    """"model", "encoder", "adapter" or "split"."""
    has_chat_template: bool
    most_tokens: int


class HubService(Service):
    """Reads, searches and judges the repositories of the Hub. Service thread; each request has a thread of its own."""

    def __init__(
        self, runtime: Runtime, network: NetworkService, measuring: SpeedService, tokens: TokenService
    ) -> None:
        super().__init__(runtime)
        self._network, self.pc = network, measuring.pc
        self._stops: set[threading.Event] = set()
        self.hub = Hub(runtime.paths, network.policy, network)
        self.hub.token = tokens.token

    def require(self, feature: str) -> None:
        """Check that the organisation has not switched off a feature. Raises KnownError `feature.hidden`."""
        self._settings.policy.require(feature)

    @property
    def context_tokens(self) -> int:
        return self._settings.current.context_tokens

    def repo(self, repo: str) -> Pending[FoundRepo]:
        pc = self.pc()

        return self.ask("hub-repo", lambda stop: _judged(self.hub.repo(repo, stop=stop), pc))

    def with_files(self, repo: Repo, pc: Pc, stop: threading.Event) -> FoundRepo:
        """Return the repository with the sizes and checksums of its files, or with the problem that prevents this. Any
        thread but the app's. Raises network.*, hub.*, and Stopped.
        """
        try:
            return _judged(self.hub.repo(repo.id, stop=stop), pc)
        except KnownError as err:
            if err.code not in ("hub.gated", "hub.unauthorized", "hub.forbidden", "hub.missing"):
                raise
            return FoundRepo(repo, tuple(FoundFile(file, "unknown") for file in repo.files), problem_for(err))

    def begin_search(self, words: str, filters: Filters | None = None) -> Search:
        """Create a search. No request is sent before `read_search`. Raises KnownError `feature.hidden`."""
        self.require(FEATURE)
        return Search(self.hub, words, filters or Filters())

    def read_search(
        self, search: Search, *, limit: int = 10, with_too_large: bool = False, with_files: bool = False
    ) -> Pending[SearchPage]:
        """Read the first `limit` results. With `with_files`, one more request for each result gets the sizes of its
        files.

        If cancelled, the Pending never ends.
        """
        pc = self.pc()
        available = pc.best_bytes
        only_fitting = search.filters.fits and not with_too_large
        sized: dict[str, FoundRepo] = {}

        def work(stop: threading.Event) -> SearchPage:
            requested = limit
            while True:
                page = search.read(requested, available, with_too_large=with_too_large, stop=stop)
                if not with_files:
                    return page
                new = [repo.repo for repo in page.found if repo.repo.id not in sized]
                with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="hub-files") as pool:
                    answers = pool.map(lambda repo: self.with_files(repo, pc, stop), new)
                    sized.update(zip((repo.id for repo in new), answers, strict=True))
                known = [sized[repo.repo.id] for repo in page.found]
                kept = [repo for repo in known if not only_fitting or repo.fit != "too_large"]
                if len(kept) >= limit or not page.may_be_more:
                    left_out = page.too_large + len(known) - len(kept)
                    return changed(page, found=tuple(kept[:limit]), too_large=left_out)
                requested += limit - len(kept)

        return self.ask("hub-search", work)

    def suggestions(self) -> tuple[Suggestion, ...]:
        """Return the models of the curated list, the most useful on this PC first: one that was not measured yet counts
        as an ordinary one. Sends no request.
        """
        pc = self.pc()
        judged = pc if pc.pace.bandwidth > 0 else changed(pc, pace=changed(pc.pace, bandwidth=USUAL_BANDWIDTH))
        entries = sorted(load_catalogue(), key=lambda entry: -max(entry.merit.values(), default=0))
        entries.sort(key=lambda entry: _worth(_suggested(entry, judged)))
        return tuple(_suggested(entry, pc) for entry in entries)

    def search(
        self,
        words: str,
        *,
        limit: int,
        filters: Filters | None = None,
        with_too_large: bool = False,
        before: Search | None = None,
    ) -> Pending[Offers]:
        """Return repositories whose names contain `words`. Their sizes are estimates; `offered` gets the real ones.

        `before` is an earlier search for the same words that is continued. If cancelled, the Pending never ends.
        """
        search, pc = before or self.begin_search(words, filters), self.pc()

        def offers(page: SearchPage) -> Offers:
            repos = tuple(_offered(repo, pc) for repo in page.found)
            return Offers(repos, search, page.may_be_more, page.too_large, page.other_licence)

        return self.read_search(search, limit=limit, with_too_large=with_too_large).map(offers)

    def offered(self, repo: str, *, file: str = "", quantization: str = "") -> Pending[OfferedRepo]:
        """Return a repository with the sizes of its files: only `file`, or only those of `quantization`, if there are
        any.

        If cancelled, the Pending never ends.
        """
        return self.repo(repo).map(lambda judged: _offered(judged, self.pc(), file, quantization))

    def link_in(self, words: str) -> HubLink | None:
        if "/" not in words:
            return None
        try:
            return parse_link(words)
        except KnownError:
            return None

    def page_of(self, repo: str) -> str:
        return f"{self._network.policy().endpoint.rstrip('/')}/{repo}"

    def judge(self, repo: Repo, name: str) -> Pending[RepoJudged]:
        context, pc = self.context_tokens, self.pc()

        def work(stop: threading.Event) -> RepoJudged:
            chosen = repo.choose(name)
            header = self.hub.header(chosen, token=self.hub.token() if repo.gated else "", stop=stop)
            if header.kind != "split":  # the first part's header says what is needed besides the weights
                require_no_projector(header)
            models = [file for file in repo.files if not file.beside and file.bytes]
            fits = {model.name: _fit(model, header, context, pc) for model in models}
            return RepoJudged(fits, header.kind, header.has_chat_template, max(0, header.context_length))

        return self.ask("hub-judge", work)

    def card(self, repo: Repo) -> Pending[ReadableCard]:
        """Return the model card as Markdown without HTML and front matter, or an empty card if there is none."""

        def work(stop: threading.Event) -> ReadableCard:
            if not repo.has_card:
                return ReadableCard("", is_cut=False)
            try:
                card = self.hub.card(repo, token=self.hub.token() if repo.gated else "", stop=stop)
            except KnownError as err:
                if err.code == "hub.missing":
                    return ReadableCard("", is_cut=False)
                raise
            return readable_card(card.text, is_cut=card.is_cut)

        return self.ask("hub-card", work)

    def ask(self, name: str, work: Callable[[threading.Event], T]) -> Pending[T]:
        """Run `work` on a thread called `name`. If cancelled, the Pending never ends."""
        stop = threading.Event()
        self._stops.add(stop)

        def on_end(result: T | Problem) -> None:
            self._stops.discard(stop)
            if not stop.is_set():
                answer.end(result)

        def run() -> T:
            try:
                return work(stop)
            except Stopped as err:
                stop.set()
                raise KnownError("request.invalid", what=_("it was stopped")) from err

        answer: Pending[T] = Pending(stop.set)
        on_file_thread(self._service_thread, run, on_end, name=name)
        return answer

    def close(self) -> None:
        for stop in self._stops:
            stop.set()


def _worth(suggestion: Suggestion) -> tuple[int, bool, bool, bool]:
    """Sort key: how useful a model is on this PC. A model that fits but is far too slow comes after a tight one, and a
    large one after those that leave room.
    """
    order, is_slow = _FIT_ORDER.get(suggestion.fit, 2), is_too_slow(suggestion.speed)
    is_large = suggestion.entry.bytes > MOST_BYTES
    return max(order, 2) if is_slow else order, is_slow, not is_quick(suggestion.speed), is_large


def _suggested(entry: CatalogueEntry, pc: Pc) -> Suggestion:
    speed = pc.pace.of_size(entry.active_bytes, entry.quantization)
    return Suggestion(entry, fit_by_size(entry.bytes, pc.best_bytes), speed)


def _notes(entry: CatalogueEntry) -> Iterator[str]:
    if any(entry.cache_mib):
        short, long = (bytes_for_people(entry.memory(tokens)) for tokens in (4096, 16_384))
        yield _("Needs {short} of memory with 4,096 tokens, {long} with 16,384").format(short=short, long=long)
    if entry.thinking:
        always = entry.thinking == "always"
        yield _("Thinks before it answers") if always else _("Can think before it answers")


def _offered(judged: FoundRepo, pc: Pc, file: str = "", quantization: str = "") -> OfferedRepo:
    models = [file for file in judged.files if not file.file.beside]
    budget = weights_budget(pc.best_bytes) - judged.repo.eyes_bytes
    best = recommended(models, budget) if judged.repo.chats else None
    named = [offer for offer in models if file.casefold() == offer.name.casefold()] if file else []
    if quantization:
        named = [offer for offer in models if offer.file.quantization.casefold() == quantization.casefold()]
    repo = judged.repo
    return OfferedRepo(
        repo.id, licence_words(repo.license), repo.downloads, repo.likes, repo.updated[:10], repo.gated,
        files=_files(repo.id, named or models, best),
        others=tuple(f"{file.file.name}: {_(KINDS[file.file.beside])}" for file in judged.files if file.file.beside),
        problem=judged.problem, fit=judged.fit, is_about=judged.is_about,
        is_unclear=best is None and any(recommended([model], budget) for model in models),
        parameters=_("{count} parameters").format(count=count_text(repo.parameters)) if repo.parameters else "",
        source=repo,
    )  # fmt: skip


def _files(repo: str, models: Sequence[FoundFile], best: FoundFile | None) -> tuple[OfferedFile, ...]:
    def offered(judged: FoundFile) -> OfferedFile:
        file = judged.file
        return OfferedFile(
            repo, file.name, file.bytes, file.quantization, judged.fit, judged is best, judged.speed, len(file.parts),
            file.sha256, file.eyes_bytes,
        )  # fmt: skip

    return tuple(map(offered, sorted_by_quality(models)))


def _fit(file: RemoteFile, header: GgufHeader, context_tokens: int, pc: Pc) -> Fit:
    fit = fit_header(header, context_tokens, pc)
    is_whole = header.weight_bytes and header.kind != "split"
    share = active_bytes(header) / header.weight_bytes if is_whole else 1.0
    speed = pc.pace.of_size(round(file.bytes * share), file.quantization, sha256=file.sha256)
    weights = file.bytes + file.eyes_bytes
    memory = changed(fit.memory, weights=weights)
    if (
        memory.total > fit.available_bytes and fit.device
    ):  # the graphics card that holds the one file does not hold this one
        fit = fit_header(header, context_tokens, changed(pc, devices=()))
        memory = changed(fit.memory, weights=weights)
    free = fit.available_bytes
    verdict = "fits" if memory.total <= COMFORTABLE * free else "tight"
    return changed(fit, memory=memory, speed=speed, verdict="too_large" if memory.total > free else verdict)
