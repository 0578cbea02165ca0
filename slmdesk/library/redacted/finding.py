"""Finds what is private in all that a document says.  Pure; any thread, and some seconds for a long document."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Container, Iterable, Iterator, Sequence

from slmdesk.base.errors import KnownError
from slmdesk.base.record import Record
from slmdesk.library.redacted.types import FoundWord, Place
from slmdesk.text.redaction.finding import find_private, name_words
from slmdesk.text.redaction.table import LEAST_HELD, extended
from slmdesk.text.redaction.types import BAR, RANK, Certainty, Find, Kind, Listed
from slmdesk.text.redaction.word_list import INSIDE, WordIndex, WordList
from slmdesk.text.terms.forms import ENDINGS, fits
from slmdesk.text.terms.matching import spans_of
from slmdesk.text.words.folding import fold
from slmdesk.text.words.language import detect

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
    first.  What is shown is counted, else what is not; words of the list that stand nowhere are counted 0.
    """
    texts = [(place, one.replace("\u00ad", "")) for place, one in (*shown, *others)]  # optional hyphens are no signs
    text, shown_end = whole_text(texts), sum(len(one) + 2 for _, one in texts[: len(shown)])
    begins, at = [], 0
    for _, one in texts:
        begins.append(at)
        at += len(one) + 2
    grouped: dict[tuple[Kind, str], list[Find]] = {}
    language = detect(text)[0] or ""
    finds = _found(text, listed, language)
    for find in finds:
        words = " ".join(find.text.split())
        if any(letter.isalnum() for letter in words):
            grouped.setdefault((find.kind, words), []).append(find)
    found = []
    seen = _Seen(text, language, texts, begins, shown_end)
    for (kind, words), some in grouped.items():
        certainty = max((one.certainty for one in some), key=RANK.__getitem__)
        found.append(seen.row(kind, words, [(one.start, one.end) for one in some], certainty))
    own: dict[str, FoundWord] = {}
    for row in _own_words(seen, listed, finds):
        if row.is_chosen or row.words.casefold() not in own:
            own[row.words.casefold()] = row
    surer = {words for words, row in own.items() if row.is_chosen}
    found = [row for row in found if row.is_chosen or row.words.casefold() not in surer]
    known = {one.words.casefold() for one in found}
    found += [row for words, row in own.items() if words not in known]
    known |= own.keys()
    for name in people:
        if name.casefold() not in known and name.casefold() not in _NO_PERSON:
            count = len(occurrences(text[:shown_end], name))
            found.append(FoundWord(Kind.PERSON, name, count, Certainty.LIKELY, is_author=True))
    order = {kind: number for number, kind in enumerate(Kind)}
    return tuple(sorted(found, key=lambda one: (order[one.kind], -one.count, one.words)))


def _found(text: str, listed: Sequence[Listed], language: str) -> tuple[Find, ...]:
    """What the rules find.  Of a listed word, words with another ending, but no compounds, nor what only begins as it
    does: a copy cannot be led back as an answer of the model can.
    """
    finds = find_private(text, language=language, listed=listed)
    names = [one.words for one in listed]
    words = {one.text for one in finds if one.reason == "list" and one.text.isalpha()}
    odd = [one for one in words if not any(_is_form(one, name, language) for name in names)]
    if not odd:
        return finds
    kept = [one for one in listed if not any(spans_of(word, one.words, language) for word in odd)]
    return find_private(text, language=language, listed=kept)


def _is_form(word: str, name: str, language: str) -> bool:
    word, name = fold(word), fold(name)
    return fits(word, name, language) if language in ENDINGS else word in (name, f"{name}s", f"{name}es", f"{name}ens")


class _Seen(Record):
    text: str
    language: str
    texts: Texts
    begins: Sequence[int]
    shown_end: int

    def row(self, kind: Kind, words: str, spans: Sequence[tuple[int, int]], certainty: Certainty) -> FoundWord:
        places = tuple(_place(self.text, *one, self.texts, self.begins) for one in spans[:MOST_PLACES])
        count = sum(start < self.shown_end for start, _ in spans) or len(spans)
        return FoundWord(kind, words, count, certainty, places, is_chosen=certainty is not Certainty.UNSURE)


def _own_words(seen: _Seen, listed: Sequence[Listed], finds: Sequence[Find]) -> Iterator[FoundWord]:
    """The words of the person's list, and the parts of names on it, as they are looked for when a copy is written.

    Not sure are longer words that they stand in, and names written small throughout, which may be other words.
    """
    kinds = {one.words: one.kind for one in listed}
    for one in listed:
        if one.kind is Kind.PERSON:
            kinds |= {part: one.kind for part in name_words(one.words) if part not in kinds}
    spans: dict[int, list[tuple[int, int, bool]]] = {}
    searched = WordList(kinds)
    for (_, piece), begin in zip(seen.texts, seen.begins, strict=True):
        for start, end, number, is_whole in searched.seen(piece):
            spans.setdefault(number, []).append((begin + start, begin + end, is_whole))
    taken = [one for one in finds if one.certainty is not Certainty.UNSURE]
    starts = [one.start for one in taken]
    for number, (words, kind) in enumerate(kinds.items()):
        sure: dict[str, list[tuple[int, int]]] = {words: []}
        unsure: dict[str, list[tuple[int, int]]] = {}
        may_be_small = kind is not Kind.PERSON or not words.isalpha() or words.islower()
        for start, end, is_whole in spans.get(number, ()):
            at = bisect_right(starts, start) - 1
            is_taken = at >= 0 and end <= taken[at].end and taken[at].kind is kind
            is_sure = may_be_small or not seen.text[start:end].islower()
            if is_taken or (is_whole and is_sure):
                sure[words].append((start, end))
                continue
            start, end = _longer(seen.text, start, end)
            longer = seen.text[start:end]
            rows = sure if is_sure and _is_form(longer, words, seen.language) else unsure
            rows.setdefault(longer, []).append((start, end))
        for one_form, some in sure.items():
            if some or not unsure:
                yield seen.row(kind, one_form, some, Certainty.SURE)
        if not sure[words] or len(words) < INSIDE:  # else it is replaced inside longer words, too
            for longer, some in unsure.items():
                yield seen.row(kind, longer, some, Certainty.UNSURE)


def _longer(text: str, start: int, end: int) -> tuple[int, int]:
    while start and text[start - 1].isalpha():
        start -= 1
    while end < len(text) and text[end].isalpha():
        end += 1
    return start, end


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


def pairs_for(
    text: str, words: Sequence[tuple[Kind, str]], *, substitutes: bool, unseen: Container[str] = ()
) -> tuple[tuple[str, str], ...]:
    """Original and substitute of all that is to be removed, and of its other forms in the text.

    `unseen`: words that do not stand in the text, which get bars.

    Raises KnownError `redaction.conflict`, `redaction.ambiguous`, `redaction.no_substitute`.
    """
    barred = {one: BAR for _, one in words if not substitutes or one in unseen}
    finds = [Find(kind, 0, 0, one, Certainty.SURE, "list") for kind, one in words if one not in barred]
    made = {
        original: substitute
        for entry in extended("\n".join((text, *barred)), finds, others=barred)
        for original, substitute in entry.pairs
    }
    originals = [one for one in (*made, *barred) if len(one) >= LEAST_HELD]
    index = WordIndex(one.casefold() for one in originals)
    for substitute in made.values():
        if held := index.found(substitute.casefold()):
            raise KnownError("redaction.conflict", words=originals[held[0]])
    return tuple((made | barred).items())
