"""What was found in a document that is to be given out redacted, and where it stands."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from pathlib import Path

from slmdesk.base.errors import KnownError
from slmdesk.base.protocol import stored_list
from slmdesk.base.record import Record
from slmdesk.base.texts import _, ngettext
from slmdesk.base.types import Json
from slmdesk.redact import Certainty, Find, Finder, Kind, Listed

MOST_PLACES = 3
AROUND = 40
"""Characters of text that are shown on each side of a find."""
Texts = Sequence[tuple[str, str]]
"""Position and text of each page or part."""


class Place(Record):
    place: str
    before: str
    words: str
    after: str


class FoundWord(Record):
    kind: Kind
    words: str
    count: int
    """How often the words appear in the readable text. 0 if they appear only as an author of the file, or nowhere."""
    certainty: Certainty
    places: tuple[Place, ...] = ()
    is_author: bool = False
    by: tuple[Finder, ...] = ()
    """Empty: a person added them."""
    is_chosen: bool = True
    """Whether they are to be removed. Uncertain finds are not, until a person says so."""

    @property
    def is_there(self) -> bool:
        """Whether the document has them."""
        return self.count > 0 or self.is_author


class Remark(Record):
    kind: str
    """Kind of the remark, such as "macros", "picture" or "embedded"."""
    place: str


class InnerPicture(Record):
    """A picture inside a document, such as a photo or a signature in a letter."""

    place: str
    digest: str
    width: int
    height: int
    small: str
    """A small PNG as base64. Empty if none could be made."""


class Looked(Record):
    """What was looked through, so that what a model says can be added."""

    shown: tuple[tuple[str, str], ...] = ()
    others: tuple[tuple[str, str], ...] = ()
    people: tuple[str, ...] = ()
    listed: tuple[Listed, ...] = ()
    seen: tuple[tuple[Find, ...], ...] = ()


class RedactionPreview(Record):
    path: Path
    sha256: str
    format: str
    found: tuple[FoundWord, ...]
    removed: tuple[Remark, ...]
    unsure: tuple[Remark, ...]
    text: str
    unseen: tuple[FoundWord, ...] = ()
    """Words of the user's list that the text does not contain. The copy is checked for them all the same."""
    pages: tuple[tuple[float, float], ...] = ()
    """Width and height of the pages on which boxes can be drawn: points of a PDF, pixels of a picture."""
    pictures: tuple[InnerPicture, ...] = ()
    looked: Looked = Looked()

    @property
    def chosen(self) -> tuple[tuple[Kind, str], ...]:
        """What is to be removed."""
        return tuple((word.kind, word.words) for word in (*self.found, *self.unseen) if word.is_chosen)


def remarks_from(untrusted: Json) -> tuple[Remark, ...]:
    return tuple(Remark(remark.kind[:40], remark.place[:300]) for remark in stored_list(Remark, untrusted))


def occurrences(text: str, words: str) -> list[tuple[int, int]]:
    """Return the positions of words, ignoring case and the kind and number of blanks."""
    joined = r"\s+".join(map(re.escape, words.split()))
    if not joined:
        return []
    return [match.span() for match in re.finditer(rf"(?<!\w){joined}(?!\w)", text, re.IGNORECASE)]


def added_word(text: str, words: str) -> FoundWord:
    """Return a word that a person adds, with its positions in the text. Raises KnownError `request.invalid`."""
    words = " ".join(words.split())
    if len(words) < 2 or not any(map(str.isalnum, words)):
        raise KnownError("request.invalid", what=_("a word of less than two letters"))
    spans = occurrences(text, words)
    places = tuple(place_of(text, *span, [("", text)], [0]) for span in spans[:MOST_PLACES])
    return FoundWord(Kind.OTHER, words, len(spans), Certainty.SURE, places)


def place_of(text: str, start: int, end: int, texts: Texts, begins: Sequence[int]) -> Place:
    """Return where a stretch of the whole text stands, which begins in one of the `texts`, with what is around it."""
    at = bisect_right(begins, start) - 1
    place, part = texts[at]
    first, last = begins[at], begins[at] + len(part)  # not into the next part
    before, after = text[max(first, start - AROUND) : start], text[end : min(last, end + AROUND)]
    return Place(place, _one_line(before), _one_line(text[start:end]), _one_line(after))


def counted_by_hand(boxes: int, pictures: int) -> list[str]:
    """Return what a person drew and chose, such as "2 boxes"."""
    counted = (
        (boxes, ngettext("1 box", "{n:,} boxes", boxes)),
        (pictures, ngettext("1 picture", "{n:,} pictures", pictures)),
    )
    return [words for count, words in counted if count]


def _one_line(text: str) -> str:
    return re.sub(r"\s+", " ", text)
