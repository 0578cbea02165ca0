"""What each redactor gets: `Redacting`, the document and what was removed, and `Words`, which replaces, lists or finds
words in the texts it is shown.
"""

from __future__ import annotations

import html
import re
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias
from urllib.parse import quote, unquote

from slmdesk.base.documents import PageBox
from slmdesk.base.record import Record
from slmdesk.children.formats.reading import Reading
from slmdesk.redact import BAR
from slmdesk.redact.finding import WordList

MOST_DEPTH = 4
"""Most levels of documents inside documents."""
MOST_SAID = 1_000


class Said(Record):
    """Something that was removed, or that only a person can check."""

    kind: str
    """For example "macros", "picture", "embedded"."""
    place: str = ""


@dataclass(slots=True, eq=False)
class Redacting:
    reading: Reading
    words: Words
    removes: bool = True
    """Whether to remove unsearchable content. False when original words are put back into a redacted document."""
    pixels_per_inch: int = 150
    """Resolution at which the pages of a PDF are drawn."""
    text_layer: bool = False
    """Whether the pages of a PDF get their remaining words as invisible text that can be searched and copied."""
    draws: bool = True
    """Whether a file is made. If False, the document is only searched."""
    boxes: Sequence[PageBox] = ()
    """What a person drew on the pages. It becomes black; in a file that is only searched it must be black."""
    pictures_out: Collection[str] = ()
    """Digests of pictures inside the document that become black; in a file that is only searched there are none."""
    progress: Callable[[int, int], None] = lambda _done, _total: None
    around: str = ""
    """Name of the document around this one, for reports."""
    depth: int = 0
    people: dict[str, None] = field(default_factory=dict)
    removed: dict[Said, None] = field(default_factory=dict)
    unsure: dict[Said, None] = field(default_factory=dict)
    sizes: list[tuple[float, float]] = field(default_factory=list)
    """Width and height of each page that is drawn: points of a PDF, pixels of a picture."""
    pictures: dict[str, tuple[str, bytes]] = field(default_factory=dict)
    """Place and bytes of the pictures inside the document that stay, by their digests."""
    left: list[str] = field(default_factory=list)
    """Places where something is seen that a person chose to be black, in a file that is only searched."""

    def remove(self, kind: str, place: str = "") -> None:
        if len(self.removed) < MOST_SAID:
            self.removed[Said(kind, self.place(place))] = None

    def doubt(self, kind: str, place: str = "") -> None:
        """Report that something stays in the document although it could not be searched."""
        if len(self.unsure) < MOST_SAID:
            self.unsure[Said(kind, self.place(place))] = None

    def person(self, name: str) -> None:
        name = " ".join(name.split())
        if 1 < len(name) <= 200 and any(letter.isalpha() for letter in name) and len(self.people) < MOST_SAID:
            self.people[name] = None

    def place(self, place: str) -> str:
        return f"{self.around}: {place}" if self.around and place else self.around or place

    def inside(self, name: str, data: bytes) -> Redacting:
        """Return the Redacting for an embedded document. What it reports is added to the reports of this one."""
        reading = Reading(name, data=data, stop=self.reading.stop, worked=self.reading.worked)
        return Redacting(
            reading, self.words, self.removes, self.pixels_per_inch, self.text_layer, self.draws,
            pictures_out=self.pictures_out, around=self.place(name), depth=self.depth + 1, people=self.people,
            removed=self.removed, unsure=self.unsure, pictures=self.pictures, left=self.left,
        )  # fmt: skip


Redactor: TypeAlias = Callable[[Redacting], bytes]
"""Function that returns the bytes of the redacted file. Raises KnownError document.…"""


_PERCENT = re.compile(r"(?:%[0-9A-Fa-f]{2})+")
_ENTITY = re.compile(r"&(?:#\d{1,7}|#x[0-9A-Fa-f]{1,6}|[A-Za-z]{2,31});")
_ESCAPE = re.compile(r"\\u[0-9A-Fa-f]{4}")
_CELL_ESCAPE = re.compile(r"_x[0-9A-Fa-f]{4}_")
_SAFE = "/:?#[]@!$&'()*+,;=-._~"


class Span(Record):
    """Characters `begin` to `end` of a text that hold the listed word `number`, and the text that replaces them."""

    begin: int
    end: int
    number: int
    substitute: str


class Words(Protocol):
    def spans(
        self, text: str, place: str, *, bare: bool = False, again: bool = False, edges: Sequence[int] = ()
    ) -> Sequence[Span]:
        """Return what to replace in a text. The caller replaces it. `again` says that the text was given before. With
        `edges` (ends of paragraphs and cells that were given before), only numbers that continue across an edge are
        returned.
        """


def put(words: Words, text: str, place: str, *, bare: bool = False) -> str:
    for span in reversed(words.spans(text, place, bare=bare)):
        text = text[: span.begin] + span.substitute + text[span.end :]
    return text


def put_in_value(words: Words, text: str, place: str) -> str:
    r"""Replace the words of a value in a file, also where they are written with escapes: %C3%BC, &uuml; or \u00fc."""
    text = put_encoded(words, text, place)
    return put(words, text, place, bare=True)


def put_encoded(words: Words, text: str, place: str) -> str:
    """Replace only the words of a text that contain escapes of addresses or markup."""
    if "%" in text:
        text = _through(words, text, place, _PERCENT, unquote, lambda plain: quote(plain, safe=_SAFE))
    if "&" in text:
        text = _through(words, text, place, _ENTITY, html.unescape, html.escape)
    if "_x" in text:  # Excel's escapes for characters that XML does not allow
        text = _through(words, text, place, _CELL_ESCAPE, _unescaped, lambda plain: plain)
    if "\\u" in text:
        text = _through(words, text, place, _ESCAPE, _unescaped, lambda plain: plain)
    return text


def _unescaped(escape: str) -> str:
    return chr(int(escape[2:6], 16))


def _through(
    words: Words, text: str, place: str, pattern: re.Pattern[str], decode: Callable[[str], str],
    encode: Callable[[str], str],
) -> str:  # fmt: skip
    """Replace words written with escapes that match `pattern`. The rest of the text stays letter for letter."""
    pieces: list[str] = []
    begins: list[int] = []
    ends: list[int] = []
    at = 0
    for match in pattern.finditer(text):
        plain = decode(match[0])
        pieces += text[at : match.start()], plain
        begins += [*range(at, match.start()), *[match.start()] * len(plain)]
        ends += [*range(at + 1, match.start() + 1), *[match.end()] * len(plain)]
        at = match.end()
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
    """How often each pair was replaced, by its index in `pairs`."""
    _list: WordList = field(init=False)

    def __post_init__(self) -> None:
        self._list = WordList(original for original, _ in self.pairs)

    def spans(
        self, text: str, place: str, *, bare: bool = False, again: bool = False, edges: Sequence[int] = ()
    ) -> Sequence[Span]:
        spans = []
        for begin, end, number in self._list.places_in(text, bare=bare, edges=edges):
            self.counts[number] += not again
            original, substitute = self.pairs[number]
            is_shouted = text[begin:end].isupper() and not original.isupper() and substitute != BAR
            spans.append(Span(begin, end, number, substitute.upper() if is_shouted else substitute))
        return spans


@dataclass(slots=True, eq=False)
class Listing:
    """Collects the texts of a document, each with the place where it first occurs, and replaces nothing."""

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
        for _, _, number in self._list.places_in(text, bare=bare, edges=edges):
            self.found.setdefault(number, place)
        return ()
