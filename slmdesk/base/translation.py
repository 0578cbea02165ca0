"""The languages that slmdesk translates, and a translation's parts: segments, translation memory pairs, terms."""

from __future__ import annotations

import locale
import os
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from enum import StrEnum
from typing import TypeAlias

from slmdesk.base.errors import KnownError
from slmdesk.base.record import Record
from slmdesk.base.texts import N_, _
from slmdesk.base.types import Json


class Language(Record):
    code: str
    name: str
    own_name: str
    is_right_to_left: bool = False
    has_formal: bool = False
    """Whether the language addresses a friend in another way than a stranger."""

    @property
    def shown(self) -> str:
        """The name in the window's language. Prompts have the English `name`."""
        return _(self.name)


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

_NAMES = (
    N_("Arabic"), N_("Bulgarian"), N_("Bengali"), N_("Catalan"), N_("Czech"), N_("Danish"), N_("German"), N_("Greek"),
    N_("English"), N_("Spanish"), N_("Estonian"), N_("Persian"), N_("Finnish"), N_("French"), N_("Hebrew"),
    N_("Hindi"), N_("Croatian"), N_("Hungarian"), N_("Indonesian"), N_("Italian"), N_("Japanese"), N_("Korean"),
    N_("Lithuanian"), N_("Latvian"), N_("Dutch"), N_("Norwegian"), N_("Polish"), N_("Portuguese"), N_("Romanian"),
    N_("Russian"), N_("Slovak"), N_("Slovenian"), N_("Serbian"), N_("Swedish"), N_("Thai"), N_("Turkish"),
    N_("Ukrainian"), N_("Urdu"), N_("Vietnamese"), N_("Chinese"),
)  # fmt: skip
"""The names of the table, for the catalogues."""


def _read() -> dict[str, Language]:
    languages = {}
    for line in _TABLE.split("\n"):
        if not line:
            continue
        code, name, own, *marks = line.split(" ")
        known = marks[0].split(",") if marks else []
        languages[code] = Language(code, name, own.replace("_", " "), "rtl" in known, "formal" in known)
    return languages


LANGUAGES = _read()
NO_BLANKS = frozenset(("ja", "th", "zh"))
DETECTED = tuple(sorted(set(LANGUAGES) - {"sr"}))
"""Languages that are detected. Serbian is not, because it is mistaken for Croatian or Bulgarian."""


def language_of(requested: str) -> Language:
    """Return the language with this code ("de", "pt-BR") or name ("German", "deutsch").

    Raises KnownError `language.unknown`, which lists the known languages.
    """
    word = requested.strip().casefold().replace("_", "-")
    code = word.partition("-")[0]
    if code in LANGUAGES:
        return LANGUAGES[code]
    for language in LANGUAGES.values():
        if word in (language.name.casefold(), language.own_name.casefold()):
            return language
    known = ", ".join(LANGUAGES)  # names would be too long for an error message
    raise KnownError("language.unknown", wanted=requested[:40], known=known)


_ACCOUNT = re.compile(r"([a-z]{2,3})(?:[_-]([A-Za-z]{2}))?(?=$|[_.@-])")


def usual_language(environment: Mapping[str, str] = os.environ) -> tuple[str, str]:
    """Return the language and region of this user account ("en", "GB"). They are empty if they are not set."""
    said = next((environment[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if environment.get(name)), "")
    said = said or locale.getlocale()[0] or ""
    if match := _ACCOUNT.match(said):
        return match.group(1), (match.group(2) or "").upper()
    with suppress(KnownError):  # Windows gives names: "German_Germany"
        return language_of(said.partition("_")[0]).code, ""
    return "", ""


class SegmentState(StrEnum):
    OPEN = "open"
    TRANSLATED = "translated"
    LEFT = "left"
    FAILED = "failed"
    """Could not be translated. The source text is used instead, and the segment is listed."""
    EDITED = "edited"
    """Edited by a person. Only a person's request overwrites it."""
    APPROVED = "approved"


SETTLED = frozenset({SegmentState.EDITED, SegmentState.APPROVED})


_WEIGHTS = {"empty": 50, "untranslated": 20, "language": 20, "tags": 8, "chatter": 8, "placeholder": 6, "number": 6,
            "redaction": 6, "negation": 6, "condition": 6, "exception": 6, "opposite": 5, "date": 5,
            "length": 4, "forbidden": 4, "glossary": 3,
            "name": 1, "unsure": 1}  # fmt: skip


class Origin(StrEnum):
    MODEL = "model"
    PERSON = "person"
    MEMORY = "memory"
    """Taken word for word from the translation memory."""
    IMPORT = "import"
    """Taken from an imported file of pairs (TMX)."""


Doubt: TypeAlias = tuple[int, int, float]
"""A word of a translation that the model was unsure about: its begin and end in characters of the target, and the
lowest probability of its tokens, 0..1. Doubts are in order, do not overlap, and contain neither blanks nor tags.
"""


class SegmentFlag(Record):
    """What a person should review. `kind` is one of few fixed values, `text` the words, `detail` a text for people."""

    kind: str
    text: str = ""
    detail: str = ""


GUESSED = SegmentFlag("formatting")
"""The model did not place the tags in the text, so their positions were computed."""


LIGHT_FLAGS = ("unsure", "formatting")
"""Kinds of flags that do not ask for a review: small models earn them by the dozen. Earlier versions set "unsure"."""


def weighty(flags: Sequence[SegmentFlag]) -> tuple[SegmentFlag, ...]:
    """Return the flags for which a segment counts as to check."""
    return tuple(flag for flag in flags if flag.kind not in LIGHT_FLAGS)


def lasting(flags: Sequence[SegmentFlag]) -> tuple[SegmentFlag, ...]:
    """Return the flags of the answer or written file. A later check of source and translation cannot find them."""
    return tuple(
        flag for flag in flags if flag == GUESSED or flag.kind in ("unsure", "sense", "word", "redaction", "unwritten")
    )


def weight_of(flags: Sequence[SegmentFlag]) -> int:
    """Return a number for how bad a translation with these flags is. Of two, the one with the smaller is kept."""
    return sum(_WEIGHTS.get(flag.kind, 2) for flag in flags)


def is_better(target: str, flags: Sequence[SegmentFlag], than: Sequence[SegmentFlag]) -> bool:
    return bool(target) and weight_of(flags) < weight_of(than)


class SegmentRecord(Record):
    item: str
    number: int
    """Number of the segment, from 0, in the order of the document."""
    unit: int
    """Number of the segment's unit in the document (documents.rewriting). For a typed text: the paragraph's number."""
    place: str
    kind: str
    source: str
    """Source text with numbered tags."""
    lead: str
    """Source text between the previous segment and this one."""
    trail: str
    paired: tuple[int, ...]
    lone: tuple[int, ...]
    language: str
    """Language of the source, if it was detected for each segment. Otherwise empty."""
    target: str
    state: SegmentState
    origin: Origin | None
    flags: tuple[SegmentFlag, ...]
    reason: str
    """Code that says why the segment was not translated or failed."""
    revision: int
    doubts: tuple[Doubt, ...] = ()
    """Words that the model was unsure about. Empty for a person's text, or if the positions of tags were computed."""


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
    """Id of the item with which the pair is deleted for good. None if it belongs to no item."""


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
    """The term matches with any inflected ending; in languages with compounds also at either end of a word."""
    PREFIX = "prefix"
    """The term also matches at the beginning of longer words, whatever follows."""
    EXACT = "exact"


class Term(Record):
    source: str
    target: str
    """Translation of the term. Empty if only `forbidden` is known, or if the term `keeps`."""
    forbidden: tuple[str, ...] = ()
    keeps: bool = False
    """Whether the term is not translated."""
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
