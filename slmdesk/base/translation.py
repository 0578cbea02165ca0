"""The languages slmdesk translates between, and the parts of a translation: segments, remembered pairs, terms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import TypeAlias

from slmdesk.base.errors import KnownError
from slmdesk.base.record import Record
from slmdesk.base.types import Json


class Language(Record):
    code: str
    name: str
    own_name: str
    is_right_to_left: bool = False
    has_formal: bool = False
    """It speaks to a friend in another way than to a stranger."""


_TABLE = """
ar Arabic العربية rtl
bg Bulgarian Български formal
bn Bengali বাংলা formal
ca Catalan Català formal
cs Czech Čeština formal
da Danish Dansk
de German Deutsch formal
el Greek Ελληνικά formal
en English English
es Spanish Español formal
et Estonian Eesti formal
fa Persian فارسی rtl,formal
fi Finnish Suomi
fr French Français formal
he Hebrew עברית rtl
hi Hindi हिन्दी formal
hr Croatian Hrvatski formal
hu Hungarian Magyar formal
id Indonesian Indonesia formal
it Italian Italiano formal
ja Japanese 日本語 formal
ko Korean 한국어 formal
lt Lithuanian Lietuvių formal
lv Latvian Latviešu formal
nl Dutch Nederlands formal
no Norwegian Norsk
pl Polish Polski formal
pt Portuguese Português formal
ro Romanian Română formal
ru Russian Русский formal
sk Slovak Slovenčina formal
sl Slovenian Slovenščina formal
sr Serbian Српски formal
sv Swedish Svenska
th Thai ไทย formal
tr Turkish Türkçe formal
uk Ukrainian Українська formal
ur Urdu اردو rtl,formal
vi Vietnamese Tiếng_Việt formal
zh Chinese 中文
"""


def _read() -> dict[str, Language]:
    found = {}
    for line in _TABLE.split("\n"):
        if not line:
            continue
        code, name, own, *marks = line.split(" ")
        known = marks[0].split(",") if marks else []
        found[code] = Language(code, name, own.replace("_", " "), "rtl" in known, "formal" in known)
    return found


LANGUAGES = _read()
NO_BLANKS = frozenset(("ja", "th", "zh"))


def language_of(requested: str) -> Language:
    """The language with this code ("de", "pt-BR") or name ("German", "deutsch").

    Raises KnownError `language.unknown`, which lists the known ones.
    """
    word = requested.strip().casefold().replace("_", "-")
    code = word.partition("-")[0]
    if code in LANGUAGES:
        return LANGUAGES[code]
    for language in LANGUAGES.values():
        if word in (language.name.casefold(), language.own_name.casefold()):
            return language
    known = ", ".join(LANGUAGES)  # names would be longer than what is shown of an argument
    raise KnownError("language.unknown", wanted=requested[:40], known=known)


# ---- the parts of a translation as the app keeps them


class SegmentState(StrEnum):
    OPEN = "open"
    TRANSLATED = "translated"
    LEFT = "left"
    FAILED = "failed"
    """It could not be translated: the source is in its place, and it is listed."""
    EDITED = "edited"
    """By a person; nothing overwrites it unasked."""
    APPROVED = "approved"


SETTLED = frozenset({SegmentState.EDITED, SegmentState.APPROVED})


_WEIGHTS = {"empty": 50, "untranslated": 20, "language": 20, "tags": 8, "chatter": 8, "placeholder": 6, "number": 6,
            "redaction": 6, "negation": 6, "opposite": 5, "date": 5, "length": 4, "forbidden": 4, "glossary": 3,
            "name": 1, "unsure": 1}  # fmt: skip


class Origin(StrEnum):
    MODEL = "model"
    PERSON = "person"
    MEMORY = "memory"
    """A pair that was kept, word for word."""
    IMPORT = "import"
    """A file of pairs (TMX)."""


Doubt: TypeAlias = tuple[int, int, float]
"""A word of a translation of which its model was unsure: where it begins and ends, in characters of the target, and the
lowest probability of its tokens, 0..1.  They are in order, do not overlap, and hold neither blanks nor tags.
"""


class SegmentFlag(Record):
    """Something to review: `kind` has a few fixed values, `text` the words concerned, `detail` for people."""

    kind: str
    text: str = ""
    detail: str = ""


GUESSED = SegmentFlag("formatting")
"""Where the tags stand was reckoned, not said."""


def lasting(flags: Sequence[SegmentFlag]) -> tuple[SegmentFlag, ...]:
    """Those that came with the answer or the written file: no check of source and translation tells them anew."""
    return tuple(flag for flag in flags if flag == GUESSED or flag.kind in ("unsure", "redaction", "unwritten"))


def weight_of(flags: Sequence[SegmentFlag]) -> int:
    """How bad a translation with these flags is; of two, the lighter is kept."""
    return sum(_WEIGHTS.get(flag.kind, 2) for flag in flags)


def is_better(target: str, flags: Sequence[SegmentFlag], than: Sequence[SegmentFlag]) -> bool:
    return bool(target) and weight_of(flags) < weight_of(than)


class SegmentRecord(Record):
    item: str
    number: int
    """From 0, in the order of the document."""
    unit: int
    """Which unit of the document it is part of (documents.rewriting); of a text: which paragraph."""
    place: str
    kind: str
    source: str
    """With numbered tags."""
    lead: str
    """What stands between the segment before and this segment, in the source."""
    trail: str
    paired: tuple[int, ...]
    lone: tuple[int, ...]
    language: str
    """Of the source, where it was detected by segment; else empty."""
    target: str
    state: SegmentState
    origin: Origin | None
    flags: tuple[SegmentFlag, ...]
    reason: str
    """Why it was left or failed: a code."""
    revision: int
    doubts: tuple[Doubt, ...] = ()
    """Of what a model wrote, where it was unsure; none for a person's words or where tags were placed by reckoning."""


class LiveSegment(Record):
    source: str
    lead: str
    trail: str
    language: str
    target: str
    state: SegmentState
    origin: Origin | None = None
    flags: tuple[SegmentFlag, ...] = ()
    paragraph: int = 0
    doubts: tuple[Doubt, ...] = ()
    sure: float = 0.0
    """How certain the detected language of its paragraph is, 0..1; 0: it was chosen, or taken from the one before."""


class NewSegment(Record):
    unit: int
    source: str
    place: str = ""
    kind: str = "paragraph"
    lead: str = ""
    trail: str = ""
    paired: tuple[int, ...] = ()
    lone: tuple[int, ...] = ()
    language: str = ""
    state: SegmentState = SegmentState.OPEN
    reason: str = ""
    target: str = ""
    origin: Origin | None = None
    flags: tuple[SegmentFlag, ...] = ()
    doubts: tuple[Doubt, ...] = ()


class MemoryPair(Record):
    n: int
    source_language: str
    target_language: str
    source: str
    target: str
    domain: str
    origin: Origin
    created: float
    used: float
    item: str | None = None
    """With which it goes when that is deleted for good."""


class MemoryFilter(Record):
    """Which pairs to list; an empty field matches any."""

    words: str = ""
    """All in the source."""
    source_language: str = ""
    target_language: str = ""
    domain: str | None = None
    """"": pairs of no domain; None: any."""
    origin: Origin | None = None


class MemoryShare(Record):
    source_language: str
    target_language: str
    domain: str
    pairs: int


class GlossaryRecord(Record):
    n: int
    id: str
    name: str
    source_language: str
    target_language: str
    domain: str
    is_active: bool
    terms: int
    created: float


TERM_COLUMNS = ("source", "target", "forbidden", "note", "keep", "case", "forms")


class Forms(StrEnum):
    STEM = "stem"
    """With any ending of its language's inflection, and where words are written together, at either end of a word."""
    PREFIX = "prefix"
    """At the beginning of longer words too, whatever follows."""
    EXACT = "exact"


class Term(Record):
    source: str
    target: str
    """Empty where only `forbidden` is known, and for `keeps`."""
    forbidden: tuple[str, ...] = ()
    keeps: bool = False
    """It is not translated."""
    minds_case: bool = False
    note: str = ""
    forms: Forms = Forms.STEM
    n: int = 0


def flags_json(flags: tuple[SegmentFlag, ...]) -> list[Json]:
    return [[flag.kind, flag.text, flag.detail] for flag in flags]


def doubts_json(doubts: tuple[Doubt, ...]) -> list[Json]:
    return [list(doubt) for doubt in doubts]


def term_json(term: Term) -> Mapping[str, Json]:
    return {
        "forbidden": list(term.forbidden), "keeps": term.keeps, "case": term.minds_case, "forms": term.forms.value,
        "note": term.note,
    }  # fmt: skip
