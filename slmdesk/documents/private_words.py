"""Groups what is private in the texts of a document into words, each with its places."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate

from slmdesk.base.errors import KnownError
from slmdesk.base.record import Record, changed
from slmdesk.base.text.folding import fold
from slmdesk.base.text.sentences import detect
from slmdesk.base.text.terms import ENDINGS, fits, spans_of
from slmdesk.documents.finds import MOST_PLACES, FoundWord, Texts, occurrences, place_of
from slmdesk.redact import RANK, Certainty, Find, Finder, Kind, Listed
from slmdesk.redact.finding import INSIDE, WordList, all_by, find_private, name_words

MOST_CHARACTERS = 8_000_000
_NO_PERSON = frozenset(
    ("user", "admin", "administrator", "author", "windows user", "microsoft office user", "unknown", "(anonymous)",
     "openpyxl", "python-docx", "apache poi", "libreoffice", "office", "word", "excel", "powerpoint")
)  # fmt: skip
"""Names that programs write as the author, and that are no person."""


def whole_text(texts: Texts) -> str:
    """Return the whole text of a document. Raises KnownError `document.too_large`."""
    text = "\n\n".join(part for __, part in texts)
    if len(text) > MOST_CHARACTERS:
        raise KnownError("document.too_large", path="", bytes=len(text), limit=MOST_CHARACTERS)
    return text


def private_words(
    shown: Texts,
    others: Texts,
    people: Iterable[str],
    listed: Sequence[Listed],
    seen: Sequence[Sequence[Find]] = (),
) -> tuple[FoundWord, ...]:
    """Return the private words in the text that a document shows, and in hidden text of its file. They are sorted by
    kind, those that one finder alone has before the others, then the most frequent first. Occurrences in shown text are
    counted, or in hidden text if there are none. Words of the list that appear nowhere have the count 0. `seen` is what
    other finders take for private in each of the texts.
    """
    looked = _seen(shown, others)
    finds = _found(looked.text, listed, looked.language, list(looked.finds(seen)))
    own = list(_own_words(looked, listed, finds))
    rows = _joined(list(_found_words(looked, finds)), own)
    known = {row.words.casefold() for row in (*rows, *own)} | _NO_PERSON
    for name in people:
        if name.casefold() not in known:
            count = len(occurrences(looked.text[: looked.shown_end], name))
            rows.append(FoundWord(Kind.PERSON, name, count, Certainty.LIKELY, is_author=True, by=(Finder.RULE,)))
    order = list(Kind)
    return tuple(sorted(rows, key=lambda word: (order.index(word.kind), len(word.by) > 1, -word.count, word.words)))


def _found_words(seen: _Seen, finds: Iterable[Find]) -> Iterator[FoundWord]:
    """Yield the words of the finds, each once for its kind."""
    grouped: dict[tuple[Kind, str], list[Find]] = {}
    for find in finds:
        words = " ".join(find.text.split())
        if any(map(str.isalnum, words)):
            grouped.setdefault((find.kind, words), []).append(find)
    for (kind, words), some in grouped.items():
        certainty = max((find.certainty for find in some), key=RANK.__getitem__)
        row = seen.row(kind, words, [(find.start, find.end) for find in some], certainty)
        yield changed(row, by=all_by(*some))


def _joined(rows: Sequence[FoundWord], own: Iterable[FoundWord]) -> list[FoundWord]:
    """Return the words that were found with those of the person's list, where these are surer or not among them."""
    listed: dict[str, FoundWord] = {}
    for row in own:
        if row.is_chosen:
            listed[row.words.casefold()] = row
        listed.setdefault(row.words.casefold(), row)
    surer = {words for words, row in listed.items() if row.is_chosen}
    kept = [row for row in rows if row.is_chosen or row.words.casefold() not in surer]
    known = {row.words.casefold() for row in kept}
    return [*kept, *(row for words, row in listed.items() if words not in known)]


def _found(text: str, listed: Sequence[Listed], language: str, seen: Sequence[Find]) -> tuple[Find, ...]:
    """Return the finds of the rules and of the others. A listed word is also found with another ending, but not in
    compounds or as the beginning of a longer word: a copy with such replacements could not be restored.
    """
    finds = find_private(text, language=language, listed=listed, others=seen)
    names = [entry.words for entry in listed]
    words = {find.text for find in finds if find.reason == "list" and find.text.isalpha()}
    odd = [word for word in words if not any(_is_form(word, name, language) for name in names)]
    if not odd:
        return finds
    kept = [entry for entry in listed if not any(spans_of(word, entry.words, language) for word in odd)]
    return find_private(text, language=language, listed=kept, others=seen)


def _is_form(word: str, name: str, language: str) -> bool:
    word, name = fold(word), fold(name)
    return fits(word, name, language) if language in ENDINGS else word in (name, f"{name}s", f"{name}es", f"{name}ens")


class _Seen(Record):
    text: str
    language: str
    texts: Texts
    begins: Sequence[int]
    """Of each text, and of what would come after them."""
    shown_end: int
    """Where the hidden texts begin."""

    def finds(self, seen: Sequence[Sequence[Find]]) -> Iterator[Find]:
        """Yield what others found in each of the texts, at its place in the whole text."""
        for begin, some in zip(self.begins, seen, strict=False):
            for find in some:
                start, end = begin + find.start, begin + find.end
                if self.text[start:end] == find.text:
                    yield changed(find, start=start, end=end)

    def row(self, kind: Kind, words: str, spans: Sequence[tuple[int, int]], certainty: Certainty) -> FoundWord:
        places = tuple(place_of(self.text, *span, self.texts, self.begins) for span in spans[:MOST_PLACES])
        count = sum(start < self.shown_end for start, __ in spans) or len(spans)
        return FoundWord(
            kind, words, count, certainty, places, is_chosen=certainty is not Certainty.UNSURE, by=(Finder.LIST,)
        )


def _seen(shown: Texts, others: Texts) -> _Seen:
    texts = [(place, part.replace("\u00ad", "")) for place, part in (*shown, *others)]  # without optional hyphens
    text = whole_text(texts)
    begins = [0, *accumulate(len(part) + 2 for __, part in texts)]
    return _Seen(text, detect(text)[0] or "", texts, begins, shown_end=begins[len(shown)])


def _own_words(seen: _Seen, listed: Sequence[Listed], finds: Sequence[Find]) -> Iterator[FoundWord]:
    """Yield the words of the user's list, and parts of the names on it, as they are searched when a copy is written.

    Longer words that contain them count as uncertain. So do names in small letters only, which may be other words.
    """
    kinds = {entry.words: entry.kind for entry in listed}
    for entry in listed:
        if entry.kind is Kind.PERSON:
            kinds |= {part: entry.kind for part in name_words(entry.words) if part not in kinds}
    spans: dict[int, list[tuple[int, int, bool]]] = {}
    searched = WordList(kinds)
    for (__, piece), begin in zip(seen.texts, seen.begins, strict=False):
        for start, end, number, is_whole in searched.seen(piece):
            spans.setdefault(number, []).append((begin + start, begin + end, is_whole))
    taken = [find for find in finds if find.certainty is not Certainty.UNSURE]
    starts = [find.start for find in taken]
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
        if not sure[words] or len(words) < INSIDE:  # otherwise it is replaced inside longer words too
            for longer, some in unsure.items():
                yield seen.row(kind, longer, some, Certainty.UNSURE)


def _longer(text: str, start: int, end: int) -> tuple[int, int]:
    while start and text[start - 1].isalpha():
        start -= 1
    while end < len(text) and text[end].isalpha():
        end += 1
    return start, end
