"""What every redactor is given: the document, the words to replace, list or seek."""

from __future__ import annotations

import html
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias
from urllib.parse import quote, unquote

from slmdesk.base.record import Record
from slmdesk.formats.reading import Reading
from slmdesk.text.redaction import BAR
from slmdesk.text.redaction.finding import WordList

MOST_DEPTH = 4
"""Documents in documents."""
MOST_SAID = 1_000


class Said(Record):
    """Something that was taken out, or that nobody but a person can look into."""

    kind: str
    """"macros", "picture", "embedded" …"""
    place: str = ""


@dataclass(slots=True, eq=False)
class Redacting:
    reading: Reading
    words: Words
    removes: bool = True
    """Take out what cannot be looked into; False when words are only put back."""
    pixels_per_inch: int = 150
    """Of the pages of a PDF, which are drawn anew."""
    text_layer: bool = False
    """Give a PDF's pages the words that are left as text that can be searched for and copied."""
    draws: bool = True
    """False: nothing is written, the document is only looked through."""
    progress: Callable[[int, int], None] = lambda _done, _total: None
    around: str = ""
    """The document it is in, for what is said."""
    depth: int = 0
    people: dict[str, None] = field(default_factory=dict)
    removed: dict[Said, None] = field(default_factory=dict)
    unsure: dict[Said, None] = field(default_factory=dict)

    def remove(self, kind: str, place: str = "") -> None:
        if len(self.removed) < MOST_SAID:
            self.removed[Said(kind, self.place(place))] = None

    def doubt(self, kind: str, place: str = "") -> None:
        """Something stays that was not looked into."""
        if len(self.unsure) < MOST_SAID:
            self.unsure[Said(kind, self.place(place))] = None

    def person(self, name: str) -> None:
        name = " ".join(name.split())
        if 1 < len(name) <= 200 and any(letter.isalpha() for letter in name) and len(self.people) < MOST_SAID:
            self.people[name] = None

    def place(self, place: str) -> str:
        return f"{self.around}: {place}" if self.around and place else self.around or place

    def inside(self, name: str, data: bytes) -> Redacting:
        """A document in this document: what is found in it is said here."""
        reading = Reading(name, data=data, stop=self.reading.stop, worked=self.reading.worked)
        return Redacting(
            reading, self.words, self.removes, self.pixels_per_inch, self.text_layer, self.draws,
            around=self.place(name), depth=self.depth + 1, people=self.people, removed=self.removed,
            unsure=self.unsure,
        )  # fmt: skip


Redactor: TypeAlias = Callable[[Redacting], bytes]
"""Returns the file as it can be given out.  Raises KnownError document.…"""

# ---- replaces listed words in text, also where they are written with escapes


_PERCENT = re.compile(r"(?:%[0-9A-Fa-f]{2})+")
_ENTITY = re.compile(r"&(?:#\d{1,7}|#x[0-9A-Fa-f]{1,6}|[A-Za-z]{2,31});")
_ESCAPE = re.compile(r"\\u[0-9A-Fa-f]{4}")
_CELL_ESCAPE = re.compile(r"_x[0-9A-Fa-f]{4}_")
_SAFE = "/:?#[]@!$&'()*+,;=-._~"


class Span(Record):
    """A listed word in a text: characters from, up to; which word, and what stands there instead."""

    begin: int
    end: int
    number: int
    substitute: str


class Words(Protocol):
    def spans(
        self, text: str, place: str, *, bare: bool = False, again: bool = False, edges: Sequence[int] = ()
    ) -> Sequence[Span]:
        """What of a text is to be replaced; the caller does so.  `again`: the text was asked about before.  `edges`: of
        paragraphs and cells that were; only numbers that go over an edge are meant.
        """


def put(words: Words, text: str, place: str, *, bare: bool = False) -> str:
    for span in reversed(words.spans(text, place, bare=bare)):
        text = text[: span.begin] + span.substitute + text[span.end :]
    return text


def put_in_value(words: Words, text: str, place: str) -> str:
    r"""The same for a value in a file: also where it is written with %C3%BC, &uuml; or \u00fc."""
    text = put_encoded(words, text, place)
    return put(words, text, place, bare=True)


def put_encoded(words: Words, text: str, place: str) -> str:
    """A text in which words that are written as in addresses or in markup are replaced; others stay."""
    if "%" in text:
        text = _through(words, text, place, _PERCENT, unquote, lambda plain: quote(plain, safe=_SAFE))
    if "&" in text:
        text = _through(words, text, place, _ENTITY, html.unescape, html.escape)
    if "_x" in text:  # as Excel writes what XML cannot hold
        text = _through(words, text, place, _CELL_ESCAPE, _unescaped, lambda one: one)
    if "\\u" in text:
        text = _through(words, text, place, _ESCAPE, _unescaped, lambda plain: plain)
    return text


def _unescaped(escape: str) -> str:
    return chr(int(escape[2:6], 16))


def _through(
    words: Words, text: str, place: str, pattern: re.Pattern[str], decode: Callable[[str], str],
    encode: Callable[[str], str],
) -> str:  # fmt: skip
    """Replace words that are written with escapes; only these are decoded, and all else stays letter for letter."""
    pieces: list[str] = []
    begins: list[int] = []
    ends: list[int] = []
    at = 0
    for found in pattern.finditer(text):
        plain = decode(found[0])
        pieces += text[at : found.start()], plain
        begins += [*range(at, found.start()), *[found.start()] * len(plain)]
        ends += [*range(at + 1, found.start() + 1), *[found.end()] * len(plain)]
        at = found.end()
    if not at:
        return text
    pieces.append(text[at:])
    begins += range(at, len(text))
    ends += range(at + 1, len(text) + 1)
    for span in reversed(words.spans("".join(pieces), place, bare=True)):
        begin, end = begins[span.begin], ends[span.end - 1]
        text = text[:begin] + encode(span.substitute) + text[end:]
    return text


@dataclass(slots=True, eq=False)
class Replacing:
    pairs: Sequence[tuple[str, str]]
    counts: Counter[int] = field(default_factory=Counter)
    """By the number of the pair."""
    _list: WordList = field(init=False)

    def __post_init__(self) -> None:
        self._list = WordList(original for original, _ in self.pairs)

    def spans(
        self, text: str, place: str, *, bare: bool = False, again: bool = False, edges: Sequence[int] = ()
    ) -> Sequence[Span]:
        found = []
        for begin, end, number in self._list.found(text, bare=bare, edges=edges):
            self.counts[number] += not again
            original, substitute = self.pairs[number]
            is_shouted = text[begin:end].isupper() and not original.isupper() and substitute != BAR
            found.append(Span(begin, end, number, substitute.upper() if is_shouted else substitute))
        return found


@dataclass(slots=True, eq=False)
class Listing:
    """Replaces nothing, and keeps what it is shown: each text once, with the first place."""

    texts: dict[str, str] = field(default_factory=dict)

    def spans(
        self, text: str, place: str, *, bare: bool = False, again: bool = False, edges: Sequence[int] = ()
    ) -> Sequence[Span]:
        words = text.strip()
        if not again and not edges and len(words) > 1 and any(letter.isalnum() for letter in words):
            self.texts.setdefault(words, place)
        return ()


@dataclass(slots=True, eq=False)
class Seeking:
    originals: Sequence[str]
    found: dict[int, str] = field(default_factory=dict)
    _list: WordList = field(init=False)

    def __post_init__(self) -> None:
        self._list = WordList(self.originals)

    def spans(
        self, text: str, place: str, *, bare: bool = False, again: bool = False, edges: Sequence[int] = ()
    ) -> Sequence[Span]:
        for _, _, number in self._list.found(text, bare=bare, edges=edges):
            self.found.setdefault(number, place)
        return ()
