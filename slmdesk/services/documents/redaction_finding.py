"""Finds what is private in all that a document says.  Pure; any thread, and some seconds for a long document."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence

from slmdesk.core.errors import KnownError
from slmdesk.services.documents.redaction_types import FoundWord, Place
from slmdesk.text.redaction.finding import find_private
from slmdesk.text.redaction.table import extended
from slmdesk.text.redaction.types import BAR, RANK, Certainty, Find, Kind, Listed

MOST_PLACES = 3
AROUND = 40
"""Characters that are shown on both sides."""
MOST_CHARACTERS = 8_000_000
_NO_PERSON = frozenset(
    ("user", "admin", "administrator", "author", "windows user", "microsoft office user", "unknown", "openpyxl",
     "python-docx", "apache poi", "libreoffice", "office", "word", "excel", "powerpoint")
)  # fmt: skip
"""What programs write where the author belongs."""
Texts = Sequence[tuple[str, str]]
"""Place and text of each page or part."""


def whole_text(texts: Texts) -> str:
    """All that a document says.  Raises KnownError `document.too_large`."""
    text = "\n\n".join(one for _, one in texts)
    if len(text) > MOST_CHARACTERS:
        raise KnownError("document.too_large", path="", bytes=len(text), limit=MOST_CHARACTERS)
    return text


def private_words(
    shown: Texts, others: Texts, people: Iterable[str], listed: Sequence[Listed]
) -> tuple[FoundWord, ...]:
    """What is private in what a document shows, and in what else is in its file; kind by kind, the most frequent
    first.  What is shown is counted, else what is not.
    """
    texts = [*shown, *others]
    text, shown_end = whole_text(texts), sum(len(one) + 2 for _, one in shown)
    begins, at = [], 0
    for _, one in texts:
        begins.append(at)
        at += len(one) + 2
    grouped: dict[tuple[Kind, str], list[Find]] = {}
    for find in find_private(text, listed=listed):
        words = " ".join(find.text.split())
        if any(letter.isalnum() for letter in words):
            grouped.setdefault((find.kind, words), []).append(find)
    found = []
    for (kind, words), finds in grouped.items():
        certainty = max((one.certainty for one in finds), key=RANK.__getitem__)
        places = tuple(_place(text, one.start, one.end, texts, begins) for one in finds[:MOST_PLACES])
        is_chosen = certainty is not Certainty.UNSURE
        count = sum(one.start < shown_end for one in finds) or len(finds)
        found.append(FoundWord(kind, words, count, certainty, places, is_chosen=is_chosen))
    known = {one.words.casefold() for one in found}
    for name in people:
        if name.casefold() not in known and name.casefold() not in _NO_PERSON:
            count = len(occurrences(text[:shown_end], name))
            found.append(FoundWord(Kind.PERSON, name, count, Certainty.LIKELY, is_author=True))
    order = {kind: number for number, kind in enumerate(Kind)}
    return tuple(sorted(found, key=lambda one: (order[one.kind], -one.count, one.words)))


def occurrences(text: str, words: str) -> list[tuple[int, int]]:
    """Where words stand, in whatever case and over whatever blanks."""
    parts = [re.escape(one) for one in words.split()]
    if not parts:
        return []
    joined = r"\s+".join(parts)
    return [one.span() for one in re.finditer(rf"(?<!\w){joined}(?!\w)", text, re.IGNORECASE)]


def added_word(text: str, words: str) -> FoundWord:
    """A word that a person adds, with the places where it stands.  Raises KnownError `request.invalid`."""
    words = " ".join(words.split())
    if len(words) < 2 or not any(letter.isalnum() for letter in words):
        raise KnownError("request.invalid", what="a word of less than two letters")
    spans = occurrences(text, words)
    places = tuple(_place(text, start, end, (), ()) for start, end in spans[:MOST_PLACES])
    return FoundWord(Kind.OTHER, words, len(spans), Certainty.SURE, places)


def _place(text: str, start: int, end: int, texts: Texts, begins: Sequence[int]) -> Place:
    at = bisect_right(begins, start) - 1
    place = texts[at][0] if texts else ""
    before, after = text[max(0, start - AROUND) : start], text[end : end + AROUND]
    return Place(place, _one_line(before), _one_line(text[start:end]), _one_line(after))


def _one_line(text: str) -> str:
    return re.sub(r"\s+", " ", text)


def pairs_for(text: str, words: Sequence[tuple[Kind, str]], *, substitutes: bool) -> tuple[tuple[str, str], ...]:
    """Original and substitute of all that is to be removed, and of its other forms in the text.

    Raises KnownError `redaction.conflict`, `redaction.ambiguous`, `redaction.no_substitute`.
    """
    if not substitutes:
        return tuple((one, BAR) for one in dict.fromkeys(one for _, one in words))
    finds = [Find(kind, 0, 0, one, Certainty.SURE, "list") for kind, one in words]
    made: Mapping[str, str] = {
        original: substitute for entry in extended(text, finds) for original, substitute in entry.pairs
    }
    for substitute in made.values():
        held = next((one for one in made if len(one) > 3 and one.casefold() in substitute.casefold()), None)
        if held is not None:
            raise KnownError("redaction.conflict", words=held)
    return tuple(made.items())
