"""The curated list of small models: what each is good at, and the source of that.

It needs no request and has no file sizes: those, and the checksums, come from the Hub.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from importlib.resources import files as package_files
from typing import TypeVar

from slmdesk.core.errors import KnownError
from slmdesk.core.gguf.quantization import quantization_named
from slmdesk.core.labels import clean_label
from slmdesk.core.record import Record

MANY_LANGUAGES = "mul"
"""ISO 639's code for more languages than can be listed."""
_REPO = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*")
_FILES = re.compile(r"[\w.*?-]+\.gguf", re.IGNORECASE)
_LANGUAGE = re.compile(r"[a-z]{2}|mul")
_MOST_PARAMETERS, _LONGEST_CONTEXT, _LONGEST_TEXT = 10**13, 1 << 24, 400
_Word = TypeVar("_Word", bound=str)


class Skill(StrEnum):
    CHAT = "chat"
    SUMMARIES = "summaries"
    TRANSLATION = "translation"
    CODE = "code"
    EMBEDDING = "embedding"


class Commercial(StrEnum):
    YES = "yes"
    CONDITIONS = "conditions"
    NO = "no"


class CatalogueEntry(Record):
    """A repository with GGUF files, as described in catalogue.toml, which says what each field means."""

    repo: str
    """owner/name on the Hub."""
    title: str
    family: str
    parameters: int
    licence: str
    commercial: Commercial
    good_at: tuple[Skill, ...]
    languages: tuple[str, ...]
    quantization: str
    """A name of core.quantization."""
    files: str
    """A pattern for names of files."""
    weakness: str
    good_for: str
    source: str
    active: int = 0
    """Parameters at work for one word; 0: all of them."""
    distilled: bool = False
    context_tokens: int | None = None
    """None: not known before the file's header is read."""
    chat_format: str = ""
    """A built-in format of the engine for files without a chat template; "": they contain one."""

    @property
    def is_mixture(self) -> bool:
        return bool(self.active)

    @property
    def active_parameters(self) -> int:
        return self.active or self.parameters

    @property
    def size_text(self) -> str:
        """For people: "3.2 billion", "33 million", "46.7 billion, 12.9 billion at work"."""
        text = count_text(self.parameters)
        return f"{text}, {count_text(self.active)} at work" if self.is_mixture else text

    def speaks(self, language: str) -> bool:
        """Whether it was made for this language (ISO 639-1); assumed of a model with many languages."""
        return language in self.languages or MANY_LANGUAGES in self.languages


def count_text(parameters: int) -> str:
    if parameters >= 995_000_000:
        return f"{parameters / 1e9:.1f} billion"
    return f"{parameters / 1e6:.0f} million"


def load_catalogue() -> tuple[CatalogueEntry, ...]:
    return parse_catalogue((package_files("slmdesk.hub") / "catalogue.toml").read_text(encoding="utf-8"))


def parse_catalogue(untrusted: str) -> tuple[CatalogueEntry, ...]:
    """The entries of a list in TOML, all of them checked.

    Raises KnownError `request.invalid`, which names the entry and what is wrong with it.
    """
    try:
        content = tomllib.loads(untrusted)
    except tomllib.TOMLDecodeError as err:
        raise _invalid("no TOML: " + str(err)) from err
    tables = content.get("model", [])
    if content.keys() - {"model"} or not isinstance(tables, list):
        raise _invalid("something else than [[model]] in it")
    entries = tuple(_entry(table) for table in tables)
    repos = [(entry.repo.lower(), entry.files.lower()) for entry in entries]
    if len(set(repos)) != len(repos):
        raise _invalid("an entry stands twice")
    return entries


def find_entry(entries: Sequence[CatalogueEntry], repo: str) -> CatalogueEntry | None:
    """The entry of a repository, or None; the Hub ignores case."""
    return next((entry for entry in entries if entry.repo.lower() == repo.lower()), None)


class _Table:
    def __init__(self, untrusted: object) -> None:
        if not isinstance(untrusted, dict):
            raise _invalid("an entry that is no table")
        self._values: Mapping[str, object] = untrusted
        repo = untrusted.get("repo")
        self._where = clean_label(repo, 80) if isinstance(repo, str) else "an entry without a repository"
        if unknown := untrusted.keys() - set(CatalogueEntry.__struct_fields__):
            raise self.wrong(", ".join(sorted(unknown)), "is nothing that is known")

    def wrong(self, name: str, reason: str) -> KnownError:
        return _invalid(clean_label(f"{self._where}: {name} {reason}", 200))

    def text(self, name: str, pattern: re.Pattern[str] | None = None) -> str:
        value = self._values.get(name)
        if not isinstance(value, str) or not value or clean_label(value, _LONGEST_TEXT) != value:
            raise self.wrong(name, "is no line of text")
        if pattern is not None and not pattern.fullmatch(value):
            raise self.wrong(name, f"cannot be {value}")
        return value

    def number(self, name: str, most: int) -> int:
        value = self._values.get(name)
        if not isinstance(value, int) or isinstance(value, bool) or not 0 < value <= most:
            raise self.wrong(name, "is no sensible number")
        return value

    def flag(self, name: str) -> bool:
        value = self._values.get(name, False)
        if not isinstance(value, bool):
            raise self.wrong(name, "is neither true nor false")
        return value

    def word(self, name: str, kind: Callable[[str], _Word]) -> _Word:
        try:
            return kind(self.text(name))
        except ValueError as err:
            raise self.wrong(name, str(err)) from err

    def words(self, name: str, kind: Callable[[str], _Word]) -> tuple[_Word, ...]:
        value = self._values.get(name)
        if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
            raise self.wrong(name, "is no list of words")
        try:
            words = tuple(map(kind, value))
        except ValueError as err:
            raise self.wrong(name, str(err)) from err
        if len(set(words)) != len(words):
            raise self.wrong(name, "says a word twice")
        return words

    def has(self, name: str) -> bool:
        return name in self._values


def _entry(untrusted: object) -> CatalogueEntry:
    table = _Table(untrusted)
    parameters = table.number("parameters", _MOST_PARAMETERS)
    return CatalogueEntry(
        repo=table.text("repo", _REPO),
        title=table.text("title"),
        family=table.text("family"),
        parameters=parameters,
        active=table.number("active", parameters - 1) if table.has("active") else 0,
        licence=table.text("licence"),
        commercial=table.word("commercial", Commercial),
        good_at=table.words("good_at", Skill),
        languages=table.words("languages", _language),
        distilled=table.flag("distilled"),
        quantization=table.word("quantization", _quantization),
        files=table.text("files", _FILES),
        context_tokens=table.number("context_tokens", _LONGEST_CONTEXT) if table.has("context_tokens") else None,
        chat_format=table.text("chat_format") if table.has("chat_format") else "",
        weakness=table.text("weakness"),
        good_for=table.text("good_for"),
        source=table.text("source"),
    )


def _language(untrusted: str) -> str:
    if not _LANGUAGE.fullmatch(untrusted):
        raise ValueError("is no list of ISO 639-1 languages")
    return untrusted


def _quantization(untrusted: str) -> str:
    if quantization_named(untrusted) is None:
        raise ValueError("is none that is known")
    return untrusted


def _invalid(what: str) -> KnownError:
    return KnownError("request.invalid", what=f"the list of models: {what}")
