"""Types and events of translations, and labels for their states and flags."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TypeAlias, TypeVar

from slmdesk.base.errors import KnownError
from slmdesk.base.protocol import lenient_from
from slmdesk.base.record import Record, changed
from slmdesk.base.records import Item
from slmdesk.base.runtime.events import Event, Pending
from slmdesk.base.runtime.messages import Problem
from slmdesk.base.texts import N_, _, retold
from slmdesk.base.translation import (
    LANGUAGES,
    LiveSegment,
    Origin,
    SegmentFlag,
    SegmentRecord,
    SegmentState,
    weighty,
)
from slmdesk.base.types import Json
from slmdesk.tasks.jobs.service import request_in

REWORD = "reword"
"""Action on a segment: the model finds other words. Value: what a person wishes, as `hint`."""
UnknownWords: TypeAlias = Callable[[Sequence[str], str], Pending[frozenset[str]]]
"""Returns those of the words that are not in the system's dictionary of a language. None if it has none."""
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
    model: str | None = None
    """Model to use. None means the default for translations, or else the model used last."""


class UntranslatedPart(Record):
    kind: str
    place: str
    text: str


class Remembered(Record):
    """What the memory has, or is to have, for a sentence. No target: nothing."""

    languages: tuple[str, str]
    domain: str
    source: str
    target: str
    origin: Origin
    item: str | None
    """With which it is deleted for good."""


class Translation(Record):
    """The segments of a text or a document, and what was left out of it. Of a change: those segments that differ."""

    segments: tuple[SegmentRecord, ...] = ()
    left: tuple[UntranslatedPart, ...] = ()
    language: str = ""
    """Code of the language of the whole. Empty if unknown."""
    is_ended: bool = False
    """Whether the model was asked for all segments once."""
    remembered: tuple[Remembered, ...] = ()
    """Of a change: what the memory has after it."""

    @property
    def counts(self) -> Mapping[SegmentState, int]:
        return Counter(segment.state for segment in self.segments)

    @property
    def look(self) -> int:
        """How many segments a person should look at."""
        return sum(map(is_to_check, self.segments))

    @property
    def is_draft(self) -> bool:
        return not self.is_ended or any(segment.state is SegmentState.OPEN for segment in self.segments)


def is_to_check(segment: SegmentRecord) -> bool:
    """Return whether a person should look at a segment. The store counts the same ones (`Segments.count_look`)."""
    if segment.state is SegmentState.FAILED:
        return True
    return segment.state is not SegmentState.APPROVED and bool(weighty(segment.flags))


def segment_in(translation: Translation | None, number: int) -> SegmentRecord:
    """Return a segment by its number. Raises KnownError `request.invalid`."""
    segments = tuple[SegmentRecord, ...]()
    if translation is not None:
        segments = translation.segments
    found = next((segment for segment in segments if segment.number == number), None)
    if found is None:
        raise KnownError("request.invalid", what="segment")
    return found


UNWRITTEN = SegmentFlag("unwritten")
"""Flag of a segment whose translation could not be put into the file."""


class WrittenFile(Record):
    path: Path
    bytes: int
    refused: tuple[int, ...]
    """Numbers of the units that are untranslated in the file although they had a translation."""


def source_of(segments: Iterable[LiveSegment | SegmentRecord]) -> str:
    return "".join(segment.lead + segment.source + segment.trail for segment in segments)


def translation_of(segments: Iterable[LiveSegment | SegmentRecord]) -> str:
    """Return the translation as one text. Segments without a translation appear as in the source."""
    return laid_out(segments, lambda segment: segment.target or ("" if is_emptied(segment) else segment.source))[0]


AnySegment = TypeVar("AnySegment", LiveSegment, SegmentRecord, LiveSegment | SegmentRecord)


def laid_out(
    segments: Iterable[AnySegment], words_of: Callable[[AnySegment], str]
) -> tuple[str, list[tuple[int, int]]]:
    """Return a translation as one text, and the start and end of each segment in it.

    Before a segment that a person emptied there is no space either.
    """
    text, spans = "", list[tuple[int, int]]()
    for segment in segments:
        text = text[: spans[-1][1] if spans else 0] if is_emptied(segment) else text + segment.lead
        begin = len(text)
        text += words_of(segment)
        spans.append((begin, len(text)))
        text += segment.trail
    return text, spans


def is_emptied(segment: LiveSegment | SegmentRecord) -> bool:
    """Return whether a person took all words out of a translation, and left it."""
    return segment.state is SegmentState.EDITED and not segment.target and segment.origin is not None


def language_of_most(segments: Iterable[LiveSegment | SegmentRecord]) -> str:
    """Return the language code of most segments. Empty if no segment has a language."""
    counts = Counter(segment.language for segment in segments if segment.language)
    return max(counts, key=lambda code: counts[code], default="")


def memory_domain(request: TranslationRequest) -> str:
    return "" if request.domain == "everyday" else request.domain


def formality_of(request: TranslationRequest) -> str:
    return request.formality or ("formal" if request.path else "")  # left alone, a model mixes du and Sie


def request_from(untrusted: Json) -> TranslationRequest:
    """Read a stored request. Unknown values become the defaults."""
    request = lenient_from(TranslationRequest, untrusted, target="en")
    target = request.target if request.target in LANGUAGES else "en"
    return changed(request, target=target, domain=request.domain or "everyday")


def request_of(item: Item) -> TranslationRequest:
    return request_from(request_in(item))


class LiveTranslated(Event):
    segments: tuple[LiveSegment, ...]
    is_done: bool
    problem: Problem | None = None


class GlossariesChanged(Event): ...


STATE_WORDS = {
    SegmentState.OPEN: N_("waiting"),
    SegmentState.TRANSLATED: N_("translated"),
    SegmentState.LEFT: N_("left as it is"),
    SegmentState.FAILED: N_("not translated"),
    SegmentState.EDITED: N_("edited"),
    SegmentState.APPROVED: N_("approved"),
}

REASON_WORDS = {
    "nothing": N_("nothing to translate"),
    "kept": N_("not to be translated"),
    "already": N_("in the language already"),
    "no_answer": N_("the model gave no answer"),
    "tags": N_("the marks of the formatting were lost"),
    "redaction": N_("it could not be redacted so that it can be put back, so the model was not asked"),  # as below
}


def state_words(state: SegmentState) -> str:
    return _(STATE_WORDS[state])


def reason_words(reason: str) -> str:
    """Return why a segment is as it is, or "" where there is no reason."""
    return retold(REASON_WORDS.get(reason, reason))


_WORDS = {
    "empty": N_("No translation"),
    "failed": N_("Could not be translated. {detail}"),
    "unwritten": N_("Untranslated in the file: no place for the translation"),
    "untranslated": N_("Same as the source"),
    "language": N_("Check language: not the one asked for"),
    "chatter": N_("The model talks about the text instead of translating"),
    "formatting": N_("Check formatting: the position is a guess"),
    "opposite": N_("Check opposite: “{detail}” → “{text}”"),
    "unsure": N_("Check words: {text}"),
    "sense": N_("Compare the sense, the model was unsure: {text}"),
    "duty": N_("Check who must and who may: “{detail}” → “{text}”"),
    "address": N_("The reader is addressed otherwise than in the rest: “{text}”"),
    "repeated": N_("Said twice: “{text}”"),
    "word": N_("In no dictionary: “{text}”"),
    "lines": N_("it has {text} lines, the source {detail}"),
    "line_length": N_("a line of it has {text} characters; up to {detail} are read well"),
    "reading_speed": N_("it has {text} characters a second to read; up to {detail} can be read"),
    "tags": N_("The formatting mark <{text}> is {detail}"),
}
_TAG_FAULTS = (N_("missing"), N_("repeated"), N_("unclosed"), N_("crossed"), N_("unknown"))
_BOTH = {
    "number": (N_("Number missing: “{text}”"), N_("Check number: “{text}”"), N_("Check number: “{detail}” → “{text}”")),
    "date": (N_("Date missing: “{text}”"), N_("Check date: “{text}”"), N_("Check date: “{detail}” → “{text}”")),
    "name": (N_("Name missing: “{text}”"), N_("Check name: “{text}”"), N_("Check name: “{detail}” → “{text}”")),
    "placeholder": (N_("{text} is missing"), N_("{text} is not in the source"), N_("{text}: {detail}")),
    "redaction": (
        N_("“{text}” was redacted and did not come back"),
        N_("“{text}” resembles what stood for something redacted"),
        N_("“{text}” was put back without the ending the model had given it (“{detail}”)"),
    ),
    "negation": (N_("Negation may be missing (“{text}”)"), N_("Negation may be added (“{text}”)"), "{text}"),
    "condition": (N_("Condition may be missing (“{text}”)"), N_("Condition may be added (“{text}”)"), "{text}"),
    "exception": (N_("Exception may be missing (“{text}”)"), N_("Exception may be added (“{text}”)"), "{text}"),
    "only": (N_("“Only” may be missing (“{text}”)"), N_("“Only” may be added (“{text}”)"), "{text}"),
}


_LEFT = {
    "equation": (N_("an equation"), N_("equations")),
    "embedded": (N_("an embedded file"), N_("embedded files")),
    "field": (N_("a field the program fills in"), N_("fields the program fills in")),
    "deleted": (N_("words that a tracked change deletes"), N_("deletions that are tracked")),
    "chart_labels": (
        N_("the labels of a chart, which are the cells of its table"),
        N_("charts with labels of their tables"),
    ),
    "compared": (N_("a text that a formula compares with"), N_("texts that formulas compare with")),
    "formula": (N_("what a formula gives"), N_("texts that formulas give")),
    "pivot": (
        N_("a pivot table, whose words come from its cells"),
        N_("pivot tables, whose words come from their cells"),
    ),
    "markup": (N_("a text in a drawing or a form of the page"), N_("texts in drawings or forms of the page")),
    "column_name": (N_("the name of a column that formulas use"), N_("names of columns that formulas use")),
    "sheet_name": (N_("the name of a sheet that a formula uses"), N_("names of sheets that formulas use")),
    "code": (N_("code"), N_("pieces of code")),
    "lost": (N_("segments that could not be rescued"), N_("stretches of segments that could not be rescued")),
    "page": (N_("a page whose text cannot be had as it is"), N_("pages whose text cannot be had as it is")),
    "layout": (
        N_("what a Word file made of a PDF does not have"),
        N_("things a Word file made of a PDF does not have"),
    ),
    "hidden": (N_("words that are not to be seen"), N_("texts that are not to be seen")),
    "macros": (N_("macros, which are kept as they are"), N_("parts with macros, kept as they are")),
    "choices": (N_("the choices of a list"), N_("lists of choices")),
    "column": (N_("a column that was not chosen"), N_("columns that were not chosen")),
    "comment": (N_("a remark that is not shown"), N_("remarks that are not shown")),
    "not_wanted": (N_("a text marked as not to be translated"), N_("texts marked as not to be translated")),
    "damaged": (N_("a part that cannot be read"), N_("parts that cannot be read")),
    "signature": (
        N_("a signature, which holds for the original alone"),
        N_("signatures, which hold for the original alone"),
    ),
    "definition": (N_("a text that belongs to a style or a template"), N_("texts that belong to styles or templates")),
}


def left_words(kind: str) -> str:
    return _(_LEFT[kind][0]) if kind in _LEFT else kind.replace("_", " ")


def counted_left(kinds: Iterable[str]) -> str:
    parts = []
    for kind, count in Counter(kinds).items():
        single, many = _LEFT.get(kind, (kind.replace("_", " "),) * 2)
        parts.append(f"{count} {_(many)}" if count > 1 else _(single))
    return ", ".join(parts)


def flag_words(flag: SegmentFlag) -> str:
    if flag.kind in _BOTH:
        missing, added, other = _BOTH[flag.kind]
        if flag.detail == "missing":
            form = missing
        elif flag.detail == "added":
            form = added
        else:
            form = other
        form = _(form)
    elif flag.kind == "glossary":
        form = _("Glossary: {text} → {detail}")
    elif flag.kind == "forbidden":
        form = _("Glossary forbids “{text}”") + (_(", use “{detail}”") if flag.detail else "")
    elif flag.kind == "length":
        form = _("Much longer than the source") if flag.detail == "long" else _("Much shorter than the source")
    else:
        form = _(_WORDS[flag.kind]) if flag.kind in _WORDS else f"{flag.kind} {{text}}"
    detail = _(flag.detail) if flag.detail in _TAG_FAULTS else flag.detail
    return form.format(text=flag.text, detail=detail).strip()


KIND = "translation"
