"""What can be had: the suggested models and what a search on the Hub found, ready to be shown."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from slmdesk.core.errors import KnownError
from slmdesk.core.labels import clean_label
from slmdesk.core.quantization import (
    quantization_named,
    quantization_of_file,
    recommended,
    sorted_by_quality,
    weight_bytes,
)
from slmdesk.core.speed import Speed
from slmdesk.hub.catalogue import MANY_LANGUAGES, CatalogueEntry, Commercial, Skill, load_catalogue
from slmdesk.hub.links import HubLink, parse_link
from slmdesk.services.facts import Problem
from slmdesk.services.fits import Pc
from slmdesk.services.hub_models import Asking, FoundFile, FoundRepo, HubService, fit_by_size, weights_budget

LANGUAGES = {
    "ar": "Arabic", "bg": "Bulgarian", "cs": "Czech", "da": "Danish", "de": "German", "el": "Greek", "en": "English",
    "es": "Spanish", "et": "Estonian", "fa": "Persian", "fi": "Finnish", "fr": "French", "he": "Hebrew", "hi": "Hindi",
    "hr": "Croatian", "hu": "Hungarian", "id": "Indonesian", "it": "Italian", "ja": "Japanese", "ko": "Korean",
    "lt": "Lithuanian", "lv": "Latvian", "nl": "Dutch", "no": "Norwegian", "pl": "Polish", "pt": "Portuguese",
    "ro": "Romanian", "ru": "Russian", "sk": "Slovak", "sl": "Slovenian", "sv": "Swedish", "th": "Thai",
    "tr": "Turkish", "uk": "Ukrainian", "vi": "Vietnamese", "zh": "Chinese",
}  # fmt: skip
"""By ISO 639-1, for people."""
_COMMERCIAL = {
    Commercial.YES: "may be used at work",
    Commercial.CONDITIONS: "has conditions for use at work",
    Commercial.NO: "not for use at work",
}


_FIT_ORDER = {"fits": 0, "tight": 1, "too_large": 3}
_MANY = 20
"""Languages that one with too many to list counts for."""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A model of the curated list, in words.  Its size is an estimate: only the Hub knows the file's."""

    repo: str
    title: str
    good_for: str
    weakness: str
    languages: str
    licence: str
    """With what it means at work."""
    parameters: str
    quantization: str
    file: str
    """Empty where only the quantization is known."""
    about_bytes: int
    fit: str
    speed: Speed | None = None
    """What to expect on this PC; None while that was not measured."""


@dataclass(frozen=True, slots=True)
class OfferedFile:
    """A file of a repository.  `size_bytes` 0 and `fit` unknown until the repository was asked."""

    repo: str
    name: str
    size_bytes: int
    words: str
    """Its quantization: "Q4_K_M: 4-bit, recommended: small, nearly as good"."""
    fit: str
    is_recommended: bool
    speed: Speed | None = None


@dataclass(frozen=True, slots=True)
class OfferedRepo:
    """A repository, its files best first."""

    repo: str
    licence: str
    downloads: int
    likes: int
    updated: str
    """A date (2026-05-01), or empty."""
    is_gated: bool
    files: tuple[OfferedFile, ...]
    problem: Problem | None = None


Found = tuple[OfferedRepo, ...]


class OfferService:
    """Suggestions and search results for people.  On the desk thread."""

    def __init__(self, hub: HubService) -> None:
        self._hub = hub

    def suggestions(self) -> tuple[Suggestion, ...]:
        """The curated list: what fits first, then what can do most in most languages.  Asks nobody."""
        pc = self._hub.pc()
        entries = sorted((one for one in load_catalogue() if _can_chat(one)), key=_use)
        return tuple(sorted((_suggested(one, pc) for one in entries), key=lambda one: _FIT_ORDER.get(one.fit, 2)))

    def search(
        self,
        words: str,
        ended: Callable[[Found | Problem], None],
        *,
        limit: int,
        sort: str = "downloads",
        language: str = "",
    ) -> Asking:
        """Repositories whose names hold `words`, by one request; their sizes are known after `repo`.

        `sort`: downloads, updated, likes; `language`: one of LANGUAGES, or empty.
        """
        pc = self._hub.pc()

        def told(found: tuple[FoundRepo, ...] | Problem) -> None:
            ended(found if isinstance(found, Problem) else tuple(_offered(one, pc) for one in found))

        return self._hub.search(words, told, limit=limit, sort=sort, language=language, with_files=False)

    def repo(self, repo: str, ended: Callable[[OfferedRepo | Problem], None], *, file: str = "") -> Asking:
        """One repository with its sizes; `file`: only that one, where it is there."""

        def told(found: FoundRepo | Problem) -> None:
            ended(found if isinstance(found, Problem) else _offered(found, self._hub.pc(), file))

        return self._hub.repo(repo, told)

    def link_in(self, words: str) -> HubLink | None:
        """The repository that was typed or pasted; None for words to search."""
        if "/" not in words:
            return None
        try:
            return parse_link(words)
        except KnownError:
            return None

    def page_of(self, repo: str) -> str:
        """The address of a repository's page."""
        return f"{self._hub.policy().endpoint.rstrip('/')}/{repo}"


@dataclass(frozen=True, slots=True)
class _Sized:
    """As core.quantization sorts and recommends."""

    name: str
    size_bytes: int
    found: FoundFile


def _language(code: str) -> str:
    return "many languages" if code == MANY_LANGUAGES else LANGUAGES.get(code, code)


def _can_chat(entry: CatalogueEntry) -> bool:
    return bool(set(entry.good_at) - {Skill.EMBEDDING})


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
        marks.append("taught by a larger model")
    return Suggestion(
        repo=entry.repo,
        title=entry.title,
        good_for=entry.good_for,
        weakness=entry.weakness,
        languages=", ".join(_language(one) for one in entry.languages),
        licence=f"{entry.licence}, {_COMMERCIAL[entry.commercial]}",
        parameters=", ".join(marks),
        quantization=entry.quantization,
        file="" if set("*?[") & set(entry.files) else entry.files,
        about_bytes=size,
        fit=fit_by_size(size, pc.best_bytes),
        speed=pc.pace.of_size(weight_bytes(entry.active_parameters, known) if known else 0, entry.quantization),
    )


def _offered(found: FoundRepo, pc: Pc, file: str = "") -> OfferedRepo:
    sized = [_Sized(one.file.name, one.file.bytes, one) for one in found.files if not one.file.is_helper]
    best = recommended(sized, weights_budget(pc.best_bytes))
    named = [one for one in sized if file.casefold() == one.name.casefold()] if file else []
    repo = found.repo
    return OfferedRepo(
        repo=repo.id,
        licence=repo.license,
        downloads=repo.downloads,
        likes=repo.likes,
        updated=repo.updated[:10],
        is_gated=repo.gated,
        files=_files(repo.id, named or sized, best),
        problem=found.problem,
    )


def _files(repo: str, sized: Sequence[_Sized], best: _Sized | None) -> tuple[OfferedFile, ...]:
    return tuple(
        OfferedFile(
            repo, one.name, one.size_bytes, _words(one, one is best), one.found.fit, one is best, one.found.speed
        )
        for one in sorted_by_quality(sized)
    )


def _words(one: _Sized, is_recommended: bool) -> str:
    known = quantization_of_file(one.name)
    if known is None:
        return clean_label(one.found.file.quantization or one.name, 80)
    name = one.found.file.quantization or known.name
    return f"{name}: {known.label(recommended=is_recommended)}"
