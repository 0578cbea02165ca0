"""Types of translations: the request, the open translation, and what was written."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path

from slmdesk.base.languages import LANGUAGES
from slmdesk.base.record import Record, changed, to_json
from slmdesk.base.records import Item, JobRecord
from slmdesk.base.translation import SegmentState
from slmdesk.base.types import Json
from slmdesk.base.wire import lenient_from
from slmdesk.jobs.resumable import request_in

NO_GLOSSARY = "none"
"""In place of an id: no glossary holds."""


class TranslationRequest(Record):
    target: str
    """Code of the language, or its name."""
    path: str = ""
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
    redact: bool = False


class RetryScope(StrEnum):
    FAILED = "failed"
    FLAGGED = "flagged"


class UntranslatedPart(Record):
    kind: str
    place: str
    text: str


class TranslationView(Record):
    item: Item
    request: TranslationRequest
    counts: Mapping[SegmentState, int]
    look: int
    left: tuple[UntranslatedPart, ...]
    job: JobRecord | None
    is_done: bool


class WrittenFile(Record):
    path: Path
    bytes: int
    refused: tuple[int, ...]
    """Units that stand there untranslated, although they had a translation."""


def memory_domain(request: TranslationRequest) -> str:
    return "" if request.domain == "everyday" else request.domain


def shape_of(request: TranslationRequest) -> dict[str, Json]:
    """Return a request as it is stored: without its password, and as it always was where nothing is redacted."""
    shape = dict(to_json(changed(request, password="")))
    if not request.redact:
        del shape["redact"]
    return shape


def request_from(untrusted: Json) -> TranslationRequest:
    """Read a stored request; unknown values become the defaults."""
    found = lenient_from(TranslationRequest, untrusted, target="en")
    target = found.target if found.target in LANGUAGES else "en"
    return changed(found, target=target, domain=found.domain or "everyday")


def request_of(item: Item) -> TranslationRequest:
    return request_from(request_in(item))
