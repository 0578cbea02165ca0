"""Types and events of translations, and labels for their states and flags."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from enum import StrEnum
from pathlib import Path

from slmdesk.base.protocol import lenient_from
from slmdesk.base.record import Record, changed, to_json
from slmdesk.base.records import Item, JobRecord
from slmdesk.base.texts import _
from slmdesk.base.translation import LANGUAGES, LiveSegment, SegmentFlag, SegmentRecord, SegmentState
from slmdesk.base.types import Json
from slmdesk.jobs.service import request_in
from slmdesk.runtime.events import Event
from slmdesk.runtime.messages import Problem

NO_GLOSSARY = "none"
"""Used instead of a glossary id: use no glossary."""


class TranslationRequest(Record):
    target: str
    """Code or name of the target language."""
    path: str = ""
    text: str = ""
    source: str = ""
    """Code of the source language. Empty means that it is detected, paragraph by paragraph."""
    domain: str = "everyday"
    formality: str = ""
    glossaries: tuple[str, ...] = ()
    """Ids of glossaries, or NO_GLOSSARY. Empty means all active glossaries for these languages."""
    sheet_names: bool = False
    properties: bool = False
    columns: tuple[int | str, ...] = ()
    """Columns of a text table to translate, by number from 0 or by name. Empty means the columns with sentences."""
    password: str = ""
    model: str | None = None
    """Model to use. None means the default for translations, or else the model used last."""
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
    """Numbers of the units that are untranslated in the file although they had a translation."""


def source_of(segments: Iterable[LiveSegment | SegmentRecord]) -> str:
    return "".join(segment.lead + segment.source + segment.trail for segment in segments)


def translation_of(segments: Iterable[LiveSegment | SegmentRecord]) -> str:
    """Return the translation as one text. Segments without a translation appear as in the source."""
    return "".join(segment.lead + (segment.target or segment.source) + segment.trail for segment in segments)


def language_of_most(segments: Iterable[LiveSegment | SegmentRecord]) -> str:
    """Return the language code of most segments. Empty if no segment has a language."""
    counts = Counter(segment.language for segment in segments if segment.language)
    return max(counts, key=lambda code: counts[code], default="")


def memory_domain(request: TranslationRequest) -> str:
    return "" if request.domain == "everyday" else request.domain


def shape_of(request: TranslationRequest) -> dict[str, Json]:
    """Return a request as it is stored, without its password.

    `redact` is left out if it is off, so that such a request is stored as it was before this field existed.
    """
    shape = dict(to_json(changed(request, password="")))
    if not request.redact:
        del shape["redact"]
    return shape


def request_from(untrusted: Json) -> TranslationRequest:
    """Read a stored request. Unknown values become the defaults."""
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
    SegmentState.OPEN: _("waiting"),
    SegmentState.TRANSLATED: _("translated"),
    SegmentState.LEFT: _("left as it is"),
    SegmentState.FAILED: _("not translated"),
    SegmentState.EDITED: _("edited"),
    SegmentState.APPROVED: _("approved"),
}

REASON_WORDS = {
    "nothing": _("nothing to translate"),
    "kept": _("not to be translated"),
    "already": _("in the language already"),
    "no_answer": _("the model gave no answer"),
    "lines": _("it has {text} lines, the source {detail}"),
    "line_length": _("a line of it has {text} characters; up to {detail} are read well"),
    "reading_speed": _("it has {text} characters a second to read; up to {detail} can be read"),
    "tags": _("the marks of the formatting were lost"),
    "redaction": _("it could not be redacted so that it can be put back, so the model was not asked"),
}
KIND_WORDS = {
    "tags": _("formatting marks"),
    "formatting": _("formatting reckoned"),
    "empty": _("no translation"),
    "chatter": _("talk of the model"),
    "placeholder": _("placeholders, addresses"),
    "number": _("numbers"),
    "date": _("dates"),
    "name": _("names"),
    "negation": _("negations"),
    "opposite": _("opposites"),
    "unsure": _("model unsure"),
    "glossary": _("terms not used"),
    "forbidden": _("forbidden words"),
    "language": _("other language"),
    "untranslated": _("as in the source"),
    "length": _("length"),
    "failed": _("not translated"),
    "redaction": _("redaction"),
    "unwritten": _("not in the file"),
}


def kind_words(kind: str) -> str:
    return KIND_WORDS.get(kind, kind.replace("_", " "))


_WORDS = {
    "empty": _("No translation"),
    "failed": _("Could not be translated. {detail}"),
    "unwritten": _("Untranslated in the file: no place for the translation"),
    "untranslated": _("Same as the source"),
    "language": _("Check language: not the one asked for"),
    "chatter": _("The model talks about the text instead of translating"),
    "formatting": _("Check formatting: the position is a guess"),
    "opposite": _("Check opposite: “{detail}” → “{text}”"),
    "unsure": _("Check words: {text}"),
    "length": _("Much {detail}er than the source"),
    "lines": _("it has {text} lines, the source {detail}"),
    "line_length": _("a line of it has {text} characters; up to {detail} are read well"),
    "reading_speed": _("it has {text} characters a second to read; up to {detail} can be read"),
    "tags": _("The formatting mark <{text}> is {detail}"),
}
_INSTEAD = _("“{detail}” → “{text}”")
_BOTH = {
    "number": (
        _("Number missing: “{text}”"),
        _("Check number: “{text}”"),
        _("Check number: {instead}").format(instead=_INSTEAD),
    ),
    "date": (
        _("Date missing: “{text}”"),
        _("Check date: “{text}”"),
        _("Check date: {instead}").format(instead=_INSTEAD),
    ),
    "name": (
        _("Name missing: “{text}”"),
        _("Check name: “{text}”"),
        _("Check name: {instead}").format(instead=_INSTEAD),
    ),
    "placeholder": (_("{text} is missing"), _("{text} is not in the source"), _("{text}: {detail}")),
    "redaction": (
        _("“{text}” was redacted and did not come back"),
        _("“{text}” resembles what stood for something redacted"),
        _("“{text}” was put back without the ending the model had given it (“{detail}”)"),
    ),
    "negation": (
        _("Negation may be missing (“{text}”)"),
        _("Negation may be added (“{text}”)"),
        "{text}",
    ),
}


_LEFT = {
    "equation": (_("an equation"), _("equations")),
    "embedded": (_("an embedded file"), _("embedded files")),
    "field": (_("a field the program fills in"), _("fields the program fills in")),
    "deleted": (_("words that a tracked change deletes"), _("deletions that are tracked")),
    "chart_labels": (
        _("the labels of a chart, which are the cells of its table"),
        _("charts with labels of their tables"),
    ),
    "compared": (_("a text that a formula compares with"), _("texts that formulas compare with")),
    "formula": (_("what a formula gives"), _("texts that formulas give")),
    "pivot": (
        _("a pivot table, whose words come from its cells"),
        _("pivot tables, whose words come from their cells"),
    ),
    "markup": (_("a text in a drawing or a form of the page"), _("texts in drawings or forms of the page")),
    "column_name": (_("the name of a column that formulas use"), _("names of columns that formulas use")),
    "sheet_name": (_("the name of a sheet that a formula uses"), _("names of sheets that formulas use")),
    "code": (_("code"), _("pieces of code")),
    "lost": (_("segments that could not be rescued"), _("stretches of segments that could not be rescued")),
    "page": (_("a page whose text cannot be had as it is"), _("pages whose text cannot be had as it is")),
    "layout": (_("what a Word file made of a PDF does not have"), _("things a Word file made of a PDF does not have")),
    "hidden": (_("words that are not to be seen"), _("texts that are not to be seen")),
    "macros": (_("macros, which are kept as they are"), _("parts with macros, kept as they are")),
    "choices": (_("the choices of a list"), _("lists of choices")),
    "column": (_("a column that was not chosen"), _("columns that were not chosen")),
    "comment": (_("a remark that is not shown"), _("remarks that are not shown")),
    "done": (_("what is translated already"), _("texts that are translated already")),
    "not_wanted": (_("a text marked as not to be translated"), _("texts marked as not to be translated")),
    "damaged": (_("a part that cannot be read"), _("parts that cannot be read")),
    "signature": (
        _("a signature, which holds for the original alone"),
        _("signatures, which hold for the original alone"),
    ),
    "definition": (_("a text that belongs to a style or a template"), _("texts that belong to styles or templates")),
}


def left_words(kind: str) -> str:
    return _LEFT[kind][0] if kind in _LEFT else kind.replace("_", " ")


def counted_left(kinds: Iterable[str]) -> str:
    found = []
    for kind, count in Counter(kinds).items():
        single, many = _LEFT.get(kind, (kind.replace("_", " "),) * 2)
        found.append(f"{count} {many}" if count > 1 else single)
    return ", ".join(found)


def flag_words(flag: SegmentFlag) -> str:
    if flag.kind in _BOTH:
        missing, added, other = _BOTH[flag.kind]
        form = missing if flag.detail == "missing" else added if flag.detail == "added" else other
        if flag.kind == "redaction" and flag.detail == "format":
            form = _("a part of “{text}” was formatted, now all of it is")
    elif flag.kind == "glossary":
        form = _("Glossary: {text} → {detail}")
    elif flag.kind == "forbidden":
        form = _("Glossary forbids “{text}”") + (_(", use “{detail}”") if flag.detail else "")
    else:
        form = _WORDS.get(flag.kind, _("{kind} {{text}}").format(kind=flag.kind))
    return form.format(text=flag.text, detail=flag.detail).strip()


KIND = "translation"
