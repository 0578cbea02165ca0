"""Models that can be downloaded: the suggested ones, results of a Hub search, and the page of a repository."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence

from slmdesk.base.errors import KnownError
from slmdesk.base.record import Record, changed
from slmdesk.base.untrusted import clean_label
from slmdesk.gguf.header import GgufHeader
from slmdesk.gguf.memory import Speed, active_bytes, is_too_slow
from slmdesk.gguf.quantization import (
    quantization_named,
    quantization_of_file,
    recommended,
    sorted_by_quality,
    weight_bytes,
)
from slmdesk.hub.search import (
    MANY_LANGUAGES,
    CatalogueEntry,
    Commercial,
    HubLink,
    RemoteFile,
    Repo,
    Skill,
    count_text,
    load_catalogue,
    parse_link,
)
from slmdesk.models.importer import require_usable
from slmdesk.models.service import COMFORTABLE, Fit, Pc, fit_by_size, fit_header, weights_budget
from slmdesk.online.hub import (
    Filters,
    FoundFile,
    FoundRepo,
    HubService,
    Search,
    SearchPage,
    SearchService,
    licence_words,
)
from slmdesk.runtime.events import Pending
from slmdesk.runtime.messages import Problem
from slmdesk.text.cards import ReadableCard, readable_card

LANGUAGES = {
    "ar": "Arabic", "bg": "Bulgarian", "cs": "Czech", "da": "Danish", "de": "German", "el": "Greek", "en": "English",
    "es": "Spanish", "et": "Estonian", "fa": "Persian", "fi": "Finnish", "fr": "French", "he": "Hebrew", "hi": "Hindi",
    "hr": "Croatian", "hu": "Hungarian", "id": "Indonesian", "it": "Italian", "ja": "Japanese", "ko": "Korean",
    "lt": "Lithuanian", "lv": "Latvian", "nl": "Dutch", "no": "Norwegian", "pl": "Polish", "pt": "Portuguese",
    "ro": "Romanian", "ru": "Russian", "sk": "Slovak", "sl": "Slovenian", "sv": "Swedish", "th": "Thai",
    "tr": "Turkish", "uk": "Ukrainian", "vi": "Vietnamese", "zh": "Chinese",
}  # fmt: skip
SKILLS = {
    "chat": "Chat",
    "summaries": "Summaries",
    "translation": "Translation",
    "code": "Code",
    "embedding": "Embedding",
}
"""What a model may be wanted for, for people; the keys of hub.search.TASKS and of the curated list."""
_COMMERCIAL = {
    Commercial.YES: "may be used at work",
    Commercial.CONDITIONS: "has conditions for use at work",
    Commercial.NO: "not for use at work",
}


_FIT_ORDER = {"fits": 0, "tight": 1, "too_large": 3}
_MOST_NAMED = 12
_MANY = 20
"""Languages that one with too many to list counts for."""


class Suggestion(Record):
    """Its size is an estimate: only the Hub knows the size of the file."""

    repo: str
    title: str
    skills: tuple[str, ...]
    good_for: str
    weakness: str
    languages: str
    codes: tuple[str, ...]
    """Of the languages it was made for (ISO 639-1); MANY_LANGUAGES where they are too many to list."""
    licence: str
    parameters: str
    quantization: str
    file: str
    """Empty where only the quantization is known."""
    about_bytes: int
    fit: str
    speed: Speed | None = None

    def is_for(self, job: str, language: str) -> bool:
        speaks = not language or language in self.codes or MANY_LANGUAGES in self.codes
        return speaks and (not job or job in self.skills)


class OfferedFile(Record):
    """Until the repository was asked, `size_bytes` is 0 and `fit` an estimate."""

    repo: str
    name: str
    size_bytes: int
    quantization: str
    fit: str
    is_recommended: bool
    speed: Speed | None = None
    parts: int = 1
    """Files it was split into, which are fetched together."""
    sha256: str = ""
    """As its publisher gave it; empty where that is not known, or of several parts."""

    @property
    def has_known_form(self) -> bool:
        return quantization_of_file(self.name) is not None

    @property
    def words(self) -> str:
        """Its quantization: "Q4_K_M: 4-bit, recommended: small, nearly as good"."""
        known = quantization_of_file(self.name)
        if known is None:
            return clean_label(self.quantization or self.name, 80)
        return f"{self.quantization or known.name}: {known.label(recommended=self.is_recommended)}"

    def not_recommended(self) -> OfferedFile:
        """The same file after its header said that it does not chat."""
        return changed(self, is_recommended=False)


class OfferedRepo(Record):
    repo: str
    licence: str
    downloads: int
    likes: int
    updated: str
    """A date (2026-05-01), or empty."""
    is_gated: bool
    files: tuple[OfferedFile, ...]
    others: tuple[str, ...] = ()
    """Files that are no models by themselves: each name with what it is."""
    problem: Problem | None = None
    fit: str = "unknown"
    is_about: bool = False
    """The verdicts are by estimates of the sizes."""
    is_unclear: bool = False
    """None is recommended, though some would fit: they do not chat, or are models of several names."""
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
    """Left out, since nothing in them fits this PC."""
    other_licence: int = 0
    """Left out because of their licence."""


class CatalogueService:
    """On the service thread."""

    def __init__(self, hub: HubService, searching: SearchService) -> None:
        self._hub, self._searching = hub, searching

    def suggestions(self) -> tuple[Suggestion, ...]:
        """The curated list, by what is of most use here first; without those only compared with.  Asks nobody."""
        pc = self._hub.pc()
        entries = sorted((entry for entry in load_catalogue() if entry.good_at), key=_use)
        return tuple(sorted((_suggested(entry, pc) for entry in entries), key=_worth))

    def search(
        self,
        words: str,
        *,
        limit: int,
        filters: Filters | None = None,
        with_too_large: bool = False,
        before: Search | None = None,
    ) -> Pending[Offers]:
        """Repositories whose names hold `words`; sizes are estimates until `repo`.  `before`: the same search, of which
        more is wanted.  Cancelled, it does not end.
        """
        search, pc = before or self._searching.begin(words, filters), self._hub.pc()

        def offers(page: SearchPage) -> Offers:
            repos = tuple(_offered(repo, pc) for repo in page.found)
            return Offers(repos, search, page.may_be_more, page.too_large, page.other_licence)

        return self._searching.read(search, limit=limit, with_too_large=with_too_large).map(offers)

    def repo(self, repo: str, *, file: str = "", quantization: str = "") -> Pending[OfferedRepo]:
        """One repository with sizes, of `file` or `quantization` alone where there are any.  Cancelled, it does not
        end.
        """
        return self._hub.repo(repo).map(lambda found: _offered(found, self._hub.pc(), file, quantization))

    def link_in(self, words: str) -> HubLink | None:
        if "/" not in words:
            return None
        try:
            return parse_link(words)
        except KnownError:
            return None

    def page_of(self, repo: str) -> str:
        return f"{self._hub.policy().endpoint.rstrip('/')}/{repo}"


class _Sized(Record):
    name: str
    size_bytes: int
    found: FoundFile


def _language(code: str) -> str:
    return "many languages" if code == MANY_LANGUAGES else LANGUAGES.get(code, code)


def _languages(codes: Sequence[str]) -> str:
    return f"{len(codes)} languages" if len(codes) > _MOST_NAMED else ", ".join(map(_language, codes))


def _worth(suggestion: Suggestion) -> tuple[int, bool]:
    """Sorts by whether it can be used here: what fits, but is too slow to wait for, comes behind what may be tight."""
    order = _FIT_ORDER.get(suggestion.fit, 2)
    return (max(order, 2), True) if is_too_slow(suggestion.speed) else (order, False)


def _use(entry: CatalogueEntry) -> tuple[bool, int, int, int]:
    """Sorts by what a clerk gets: a free licence, skills, languages, then the smaller file."""
    languages = _MANY if MANY_LANGUAGES in entry.languages else len(entry.languages)
    return entry.commercial is not Commercial.YES, -len(entry.good_at), -languages, entry.parameters


def _suggested(entry: CatalogueEntry, pc: Pc) -> Suggestion:
    known = quantization_named(entry.quantization)
    size = weight_bytes(entry.parameters, known) if known else 0
    marks = [f"{entry.size_text} parameters"]
    if entry.is_mixture:
        marks.append("a mixture of experts")
    if entry.distilled:
        marks.append("distilled")
    return Suggestion(
        repo=entry.repo,
        title=entry.title,
        skills=tuple(skill.value for skill in Skill if skill in entry.good_at),
        good_for=entry.good_for,
        weakness=entry.weakness,
        languages=_languages(entry.languages),
        codes=entry.languages,
        licence=f"{entry.licence}, {_COMMERCIAL[entry.commercial]}",
        parameters=", ".join(marks),
        quantization=entry.quantization,
        file="" if set("*?[") & set(entry.files) else entry.files,
        about_bytes=size,
        fit=fit_by_size(size, pc.best_bytes),
        speed=pc.pace.of_size(weight_bytes(entry.active_parameters, known) if known else 0, entry.quantization),
    )


def _offered(found: FoundRepo, pc: Pc, file: str = "", quantization: str = "") -> OfferedRepo:
    models = [file for file in found.files if not file.file.beside]
    sized = [_Sized(model.file.name, model.file.bytes or model.about_bytes, model) for model in models]
    budget = weights_budget(pc.best_bytes)
    best = recommended(sized, budget) if found.repo.chats else None
    named = [one for one in sized if file.casefold() == one.name.casefold()] if file else []
    if quantization:
        named = [one for one in sized if one.found.file.quantization.casefold() == quantization.casefold()]
    repo = found.repo
    return OfferedRepo(
        repo=repo.id,
        licence=licence_words(repo.license),
        downloads=repo.downloads,
        likes=repo.likes,
        updated=repo.updated[:10],
        is_gated=repo.gated,
        files=_files(repo.id, named or sized, best),
        others=tuple(f"{file.file.name}: {file.file.beside}" for file in found.files if file.file.beside),
        problem=found.problem,
        fit=found.fit,
        is_about=found.is_about,
        is_unclear=best is None and any(recommended([one], budget) for one in sized),
        parameters=f"{count_text(repo.parameters)} parameters" if repo.parameters else "",
        source=repo,
    )


def _files(repo: str, sized: Sequence[_Sized], best: _Sized | None) -> tuple[OfferedFile, ...]:
    def offered(one: _Sized) -> OfferedFile:
        file, found = one.found.file, one.found
        return OfferedFile(
            repo, one.name, file.bytes, file.quantization, found.fit, one is best, found.speed, len(file.parts),
            file.sha256,
        )  # fmt: skip

    return tuple(map(offered, sorted_by_quality(sized)))


# ---- the page of a repository


class RepoJudged(Record):
    """What one file's header says about all files: they differ only in the size of their weights."""

    fits: Mapping[str, Fit]
    """By the name of the file; without those whose size the Hub does not say."""
    kind: str
    """model, encoder, adapter, or split."""
    has_chat_template: bool
    most_tokens: int


class RepoPageService:
    """Called on the service thread; each request has a thread of its own and can be cancelled."""

    def __init__(self, hub: HubService) -> None:
        self._hub = hub

    def judge(self, repo: Repo, name: str) -> Pending[RepoJudged]:
        context, pc = self._hub.context_tokens, self._hub.pc()

        def work(stop: threading.Event) -> RepoJudged:
            chosen = repo.choose(name)
            header = self._hub.hub.header(chosen, token=self._hub.hub.token() if repo.gated else "", stop=stop)
            if header.kind != "split":  # of one in parts, the first says what it needs beside its weights
                require_usable(header)
            models = [file for file in repo.files if not file.beside and file.bytes]
            fits = {model.name: _fit(model, header, context, pc) for model in models}
            return RepoJudged(fits, header.kind, header.has_chat_template, max(0, header.context_length))

        return self._hub.ask("hub-judge", work)

    def card(self, repo: Repo) -> Pending[ReadableCard]:
        """What the publisher wrote, as Markdown without HTML and front matter; empty where there is no card."""

        def work(stop: threading.Event) -> ReadableCard:
            if not repo.has_card:
                return ReadableCard("", is_cut=False)
            try:
                card = self._hub.hub.card(repo, token=self._hub.hub.token() if repo.gated else "", stop=stop)
            except KnownError as err:
                if err.code == "hub.missing":
                    return ReadableCard("", is_cut=False)
                raise
            return readable_card(card.text, is_cut=card.is_cut)

        return self._hub.ask("hub-card", work)


def _fit(file: RemoteFile, header: GgufHeader, context_tokens: int, pc: Pc) -> Fit:
    fit = fit_header(header, context_tokens, pc)
    is_whole = header.weight_bytes and header.kind != "split"
    share = active_bytes(header) / header.weight_bytes if is_whole else 1.0
    speed = pc.pace.of_size(round(file.bytes * share), file.quantization, sha256=file.sha256)
    memory = changed(fit.memory, weights=file.bytes)
    if memory.total > fit.available_bytes and fit.device:  # the card that holds the one does not hold the other
        fit = fit_header(header, context_tokens, changed(pc, devices=()))
        memory = changed(fit.memory, weights=file.bytes)
    free = fit.available_bytes
    verdict = "fits" if memory.total <= COMFORTABLE * free else "tight"
    return changed(fit, memory=memory, speed=speed, verdict="too_large" if memory.total > free else verdict)
