"""The curated list of small models: what each is good at, and the source of that.

It needs no request and has no file sizes: those, and the checksums, come from the Hub.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from enum import StrEnum
from importlib.resources import files as package_files
from typing import Annotated, TypeAlias

import msgspec
from msgspec import Meta

from slmdesk.base.errors import KnownError
from slmdesk.base.labels import clean_label
from slmdesk.base.record import Record
from slmdesk.base.wire import stored_from
from slmdesk.gguf.quantization import quantization_named

MANY_LANGUAGES = "mul"
"""ISO 639's code for more languages than can be listed."""
_LONGEST_TEXT = 400
_Line: TypeAlias = Annotated[str, Meta(min_length=1)]
_Parameters: TypeAlias = Annotated[int, Meta(gt=0, le=10**13)]


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


class CatalogueEntry(Record, forbid_unknown_fields=True):
    """A repository with GGUF files, as described in catalogue.toml, which says what each field means."""

    repo: Annotated[str, Meta(pattern=r"\A[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*\Z")]
    """owner/name on the Hub."""
    title: _Line
    family: _Line
    parameters: _Parameters
    licence: _Line
    commercial: Commercial
    good_at: tuple[Skill, ...]
    languages: tuple[Annotated[str, Meta(pattern=r"\A([a-z]{2}|mul)\Z")], ...]
    quantization: _Line
    """A name of core.quantization."""
    files: Annotated[str, Meta(pattern=r"(?i)\A[\w.*?-]+\.gguf\Z")]
    """A pattern for names of files."""
    weakness: _Line
    good_for: _Line
    source: _Line
    active: _Parameters = 0
    """Parameters at work for one word; 0: all of them."""
    distilled: bool = False
    context_tokens: Annotated[int, Meta(gt=0, le=1 << 24)] | None = None
    """None: not known before the file's header is read."""
    chat_format: _Line = ""
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
    tables = stored_from(list[dict[str, object]], content.get("model", []))
    if content.keys() - {"model"} or tables is None:
        raise _invalid("something else than [[model]] in it")
    entries = tuple(_entry(table) for table in tables)
    repos = [(entry.repo.lower(), entry.files.lower()) for entry in entries]
    if len(set(repos)) != len(repos):
        raise _invalid("an entry stands twice")
    return entries


def find_entry(entries: Sequence[CatalogueEntry], repo: str) -> CatalogueEntry | None:
    """The entry of a repository, or None; the Hub ignores case."""
    return next((entry for entry in entries if entry.repo.lower() == repo.lower()), None)


def _entry(untrusted: Mapping[str, object]) -> CatalogueEntry:
    repo = stored_from(str, untrusted.get("repo"))
    where = "an entry without a repository" if repo is None else clean_label(repo, 80)
    try:
        entry = msgspec.convert(untrusted, CatalogueEntry)
    except (msgspec.ValidationError, RecursionError) as err:
        raise _invalid(clean_label(f"{where}: {err}", 200)) from err
    texts = {name: value for name in entry.__struct_fields__ if isinstance(value := getattr(entry, name), str)}
    wrong = {
        **{f"{name} is no line of text": clean_label(text, _LONGEST_TEXT) != text for name, text in texts.items()},
        "quantization is none that is known": quantization_named(entry.quantization) is None,
        "active is no sensible number": entry.active >= entry.parameters,
        "good_at says a word twice": len(set(entry.good_at)) != len(entry.good_at),
        "languages says a word twice": len(set(entry.languages)) != len(entry.languages),
    }
    for reason, is_wrong in wrong.items():
        if is_wrong:
            raise _invalid(f"{where}: {reason}")
    return entry


def _invalid(what: str) -> KnownError:
    return KnownError("request.invalid", what=f"the list of models: {what}")
