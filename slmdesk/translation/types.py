"""Types and events of translations, and words for their states and flags."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from enum import StrEnum
from pathlib import Path

from slmdesk.base.protocol import lenient_from
from slmdesk.base.record import Record, changed, to_json
from slmdesk.base.records import Item, JobRecord
from slmdesk.base.translation import LANGUAGES, LiveSegment, SegmentFlag, SegmentRecord, SegmentState
from slmdesk.base.types import Json
from slmdesk.jobs.service import request_in
from slmdesk.runtime.events import Event
from slmdesk.runtime.messages import Problem

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


def source_of(segments: Iterable[LiveSegment | SegmentRecord]) -> str:
    return "".join(segment.lead + segment.source + segment.trail for segment in segments)


def translation_of(segments: Iterable[LiveSegment | SegmentRecord]) -> str:
    """The translation as a text; what has none stands there as in the source."""
    return "".join(segment.lead + (segment.target or segment.source) + segment.trail for segment in segments)


def language_of_most(segments: Iterable[LiveSegment | SegmentRecord]) -> str:
    """The code that most segments have; empty: none has any."""
    counts = Counter(segment.language for segment in segments if segment.language)
    return max(counts, key=lambda code: counts[code], default="")


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


# ---- events of translations


class TranslationGrew(Event):
    item: str
    job: str
    done: int
    total: int


class SegmentChanged(Event):
    item: str
    segment: SegmentRecord


class PairUsed(Event):
    model: str
    source: str
    target: str


class LiveTranslated(Event):
    segments: tuple[LiveSegment, ...]
    is_done: bool
    problem: Problem | None = None


class GlossariesChanged(Event): ...


class MemoryChanged(Event): ...


# ---- labels for the flags of a translation and for parts that are not translated


STATE_WORDS = {
    SegmentState.OPEN: "waits",
    SegmentState.TRANSLATED: "translated",
    SegmentState.LEFT: "left as it is",
    SegmentState.FAILED: "not translated",
    SegmentState.EDITED: "edited",
    SegmentState.APPROVED: "approved",
}

REASON_WORDS = {
    "nothing": "nothing to translate",
    "kept": "not to be translated",
    "already": "in the language already",
    "no_answer": "the model gave no answer",
    "lines": "it has {text} lines, the source {detail}",
    "line_length": "a line of it has {text} characters; up to {detail} are read well",
    "reading_speed": "it has {text} characters a second to read; up to {detail} can be read",
    "tags": "the marks of the formatting were lost",
    "redaction": "it could not be redacted so that it can be put back, so the model was not asked",
}
KIND_WORDS = {
    "tags": "formatting marks",
    "formatting": "formatting reckoned",
    "empty": "no translation",
    "chatter": "talk of the model",
    "placeholder": "placeholders, addresses",
    "number": "numbers",
    "date": "dates",
    "name": "names",
    "negation": "negations",
    "opposite": "opposites",
    "unsure": "model unsure",
    "glossary": "terms not used",
    "forbidden": "forbidden words",
    "language": "other language",
    "untranslated": "as in the source",
    "length": "length",
    "failed": "not translated",
    "redaction": "redaction",
    "unwritten": "not in the file",
}


def kind_words(kind: str) -> str:
    return KIND_WORDS.get(kind, kind.replace("_", " "))


_WORDS = {
    "empty": "there is no translation",
    "failed": "it could not be translated. {detail}",
    "unwritten": "it stands in the file untranslated: the translation has no place there",
    "untranslated": "it stands there as in the source",
    "language": "it does not look like the language that was asked for",
    "chatter": "the model talks about the text instead of translating it",
    "formatting": "formatting position is a guess – please check",
    "opposite": "“{text}” may be the opposite of “{detail}” in the source",
    "unsure": "the model was unsure: {text}",
    "length": "it is much {detail}er than the source",
    "lines": "it has {text} lines, the source {detail}",
    "line_length": "a line of it has {text} characters; up to {detail} are read well",
    "reading_speed": "it has {text} characters a second to read; up to {detail} can be read",
    "tags": "the mark <{text}> of the formatting is {detail}",
}
_INSTEAD = "differs: “{text}” – original “{detail}”"
_BOTH = {
    "number": ("the number {text} is missing", "the number {text} is not in the source", f"number {_INSTEAD}"),
    "date": ("the date {text} is missing", "the date {text} is not in the source", f"date {_INSTEAD}"),
    "name": ("the name {text} is missing", "the name {text} is not in the source", f"name {_INSTEAD}"),
    "placeholder": ("{text} is missing", "{text} is not in the source", "{text}: {detail}"),
    "redaction": (
        "“{text}” was redacted and did not come back",
        "“{text}” resembles what stood for something redacted",
        "“{text}” was put back without the ending the model had given it (“{detail}”)",
    ),
    "negation": (
        "“{text}” of the source is missing, so the translation may say the opposite",
        "“{text}” is not in the source, so the translation may say the opposite",
        "{text}",
    ),
}


_LEFT = {
    "equation": ("an equation", "equations"),
    "embedded": ("an embedded file", "embedded files"),
    "field": ("a field the program fills in", "fields the program fills in"),
    "deleted": ("words that a tracked change deletes", "deletions that are tracked"),
    "chart_labels": ("the labels of a chart, which are the cells of its table", "charts with labels of their tables"),
    "compared": ("a text that a formula compares with", "texts that formulas compare with"),
    "formula": ("what a formula gives", "texts that formulas give"),
    "pivot": ("a pivot table, whose words come from its cells", "pivot tables, whose words come from their cells"),
    "markup": ("a text in a drawing or a form of the page", "texts in drawings or forms of the page"),
    "column_name": ("the name of a column that formulas use", "names of columns that formulas use"),
    "sheet_name": ("the name of a sheet that a formula uses", "names of sheets that formulas use"),
    "code": ("code", "pieces of code"),
    "lost": ("segments that could not be rescued", "stretches of segments that could not be rescued"),
    "page": ("a page whose text cannot be had as it is", "pages whose text cannot be had as it is"),
    "layout": ("what a Word file made of a PDF does not have", "things a Word file made of a PDF does not have"),
    "hidden": ("words that are not to be seen", "texts that are not to be seen"),
    "macros": ("macros, which are kept as they are", "parts with macros, kept as they are"),
    "choices": ("the choices of a list", "lists of choices"),
    "column": ("a column that was not chosen", "columns that were not chosen"),
    "comment": ("a remark that is not shown", "remarks that are not shown"),
    "done": ("what is translated already", "texts that are translated already"),
    "not_wanted": ("a text marked as not to be translated", "texts marked as not to be translated"),
    "damaged": ("a part that cannot be read", "parts that cannot be read"),
    "signature": ("a signature, which holds for the original alone", "signatures, which hold for the original alone"),
    "definition": ("a text that belongs to a style or a template", "texts that belong to styles or templates"),
}


def left_words(kind: str) -> str:
    return _LEFT[kind][0] if kind in _LEFT else kind.replace("_", " ")


def counted_left(kinds: Iterable[str]) -> str:
    found = []
    for kind, count in Counter(kinds).items():
        one, many = _LEFT.get(kind, (kind.replace("_", " "),) * 2)
        found.append(f"{count} {many}" if count > 1 else one)
    return ", ".join(found)


def flag_words(flag: SegmentFlag) -> str:
    if flag.kind in _BOTH:
        missing, added, other = _BOTH[flag.kind]
        form = missing if flag.detail == "missing" else added if flag.detail == "added" else other
        if flag.kind == "redaction" and flag.detail == "format":
            form = "a part of “{text}” was formatted, now all of it is"
    elif flag.kind == "glossary":
        form = "the glossary has “{detail}” for “{text}”"
    elif flag.kind == "forbidden":
        form = "the glossary forbids “{text}”" + (", and has “{detail}”" if flag.detail else "")
    else:
        form = _WORDS.get(flag.kind, f"{flag.kind} {{text}}")
    return form.format(text=flag.text, detail=flag.detail).strip()


KIND = "translation"
