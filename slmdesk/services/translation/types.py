"""What is asked for of a translation, and what is shown of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from slmdesk.core.languages import LANGUAGES
from slmdesk.core.records import Item, JobRecord
from slmdesk.core.translation import SegmentState
from slmdesk.core.types import Json

NO_GLOSSARY = "none"
"""In place of an id: no glossary holds."""


@dataclass(frozen=True, slots=True)
class TranslationRequest:
    """What shall be translated, and how."""

    target: str
    """Code of the language, or its name."""
    path: str = ""
    """A document; else `text`."""
    text: str = ""
    source: str = ""
    """Code; empty: found out, paragraph by paragraph."""
    domain: str = "everyday"
    formality: str = ""
    glossaries: tuple[str, ...] = ()
    """Ids, or NO_GLOSSARY; none: all active ones of this pair of languages."""
    sheet_names: bool = False
    properties: bool = False
    columns: tuple[int | str, ...] = ()
    """Of a table as text, by number from 0 or by name; none: those that hold sentences."""
    password: str = ""
    model: str | None = None
    """None: the default for translations, else the last used."""


class Again(StrEnum):
    """What of a translation is asked for anew."""

    FAILED = "failed"
    FLAGGED = "flagged"
    """Whatever deserves a look, what failed included."""


@dataclass(frozen=True, slots=True)
class LeftPart:
    """A part of a document that stays as it is, for a reason."""

    kind: str
    place: str
    text: str


@dataclass(frozen=True, slots=True)
class TranslationView:
    """A translation opened."""

    item: Item
    request: TranslationRequest
    counts: Mapping[SegmentState, int]
    flagged: int
    left: tuple[LeftPart, ...]
    job: JobRecord | None
    is_done: bool
    """Every segment has its end."""


@dataclass(frozen=True, slots=True)
class WrittenFile:
    """A translated document."""

    path: Path
    bytes: int
    refused: tuple[int, ...]
    """Units that stand there untranslated, although they had a translation."""


def memory_domain(request: TranslationRequest) -> str:
    """What the memory keeps a pair under: nothing where the text is of every day."""
    return "" if request.domain == "everyday" else request.domain


def request_from(untrusted: Json) -> TranslationRequest:
    """Of what was kept; what is not known there is as it usually is."""
    shape = untrusted if isinstance(untrusted, Mapping) else {}

    def text(name: str) -> str:
        value = shape.get(name)
        return value if isinstance(value, str) else ""

    model, glossaries, listed = shape.get("model"), shape.get("glossaries"), shape.get("columns")
    columns = listed if isinstance(listed, list | tuple) else ()
    target = text("target")
    return TranslationRequest(
        target=target if target in LANGUAGES else "en",
        path=text("path"),
        text=text("text"),
        source=text("source"),
        domain=text("domain") or "everyday",
        formality=text("formality"),
        glossaries=tuple(map(str, glossaries)) if isinstance(glossaries, list | tuple) else (),
        sheet_names=shape.get("sheet_names") is True,
        properties=shape.get("properties") is True,
        columns=tuple(one for one in columns if isinstance(one, int | str)),
        model=model if isinstance(model, str) else None,
    )
