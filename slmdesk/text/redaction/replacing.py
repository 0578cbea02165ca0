"""Puts substitutes in a text in place of what was found, and the originals back into an answer.  Pure.

Back in one pass, the longest first.  What is a substitute but for case, blanks and an ending is put back; what only
resembles one is marked and never guessed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from rapidfuzz.distance import Levenshtein

from slmdesk.core.errors import KnownError
from slmdesk.text.checks.dates import find_dates
from slmdesk.text.redaction.finding import WORD, is_form_of
from slmdesk.text.redaction.table import check, extended
from slmdesk.text.redaction.types import Find, Kind, Table
from slmdesk.text.words.folding import fold

_KEPT_ENDING = re.compile(r"['’]s?$|s$")
_BLANK = r"[ \u00a0\u202f\n]{1,3}"
_BETWEEN_DIGITS = r"[ \u00a0\u202f()/.-]{0,3}"
LEAST_DIGITS = 5
"""Figures in a row that are enough of a substitute to be told from other numbers."""
_DIGITS = re.compile(r"\d(?:[ \u00a0\u202f()/.-]{0,2}\d){4,40}")
_BY_SIGNS = frozenset({Kind.IBAN, Kind.CARD, Kind.NUMBER, Kind.PHONE})
"""Kinds whose groups may be written in another way."""


@dataclass(frozen=True, slots=True)
class Redacted:
    """A text with substitutes, the table that leads back, and where each substitute stands in it, in order."""

    text: str
    table: Table
    spans: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Restored:
    """An answer with the originals put back.  Places are characters of `text`, in order."""

    text: str
    put_back: tuple[tuple[int, int], ...]
    marked: tuple[tuple[int, int], ...]
    """What resembles a substitute and was left as the model wrote it."""


def redacted(text: str, finds: Sequence[Find], table: Table = ()) -> Redacted:
    """Put substitutes in the place of finds (in order, without overlaps).

    Proved before it is returned: putting the originals back gives the text, letter for letter.  Raises KnownError
    "redaction.ambiguous", "redaction.no_substitute", "redaction.not_reversible", ValueError for finds of another text.
    """
    return redacted_all([text], [finds], table)[0]


def redacted_all(texts: Sequence[str], finds: Sequence[Sequence[Find]], table: Table = ()) -> list[Redacted]:
    """As `redacted`, of several texts with one table: a substitute stands in none of them."""
    made = extended("\n".join(texts), [one for each in finds for one in each], table)
    by_original = {original: substitute for entry in made for original, substitute in entry.pairs}
    return [_replaced(text, each, made, by_original) for text, each in zip(texts, finds, strict=True)]


def _replaced(text: str, finds: Sequence[Find], made: Table, by_original: Mapping[str, str]) -> Redacted:
    parts, spans, end, length = list[str](), [], 0, 0
    for find in finds:
        if find.start < end or text[find.start : find.end] != find.text:
            raise ValueError("these are no finds of this text")
        substitute = by_original[find.text]
        parts += text[end : find.start], substitute
        length += find.start - end
        spans.append((length, length + len(substitute)))
        length += len(substitute)
        end = find.end
    whole = "".join((*parts, text[end:]))
    if restored(whole, made).text != text:
        raise KnownError("redaction.not_reversible")
    return Redacted(whole, made, tuple(spans))


def with_substitutes(text: str, table: Table) -> str:
    """Put in what the table has for its originals, written exactly so and as whole words; nothing else is looked for.

    For what is no text to read, such as a grammar.
    """
    pairs = {original: substitute for entry in table for original, substitute in entry.pairs}
    if not pairs:
        return text
    longest = sorted(pairs, key=len, reverse=True)
    pattern = re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, longest))})(?!\w)")
    return pattern.sub(lambda found: pairs[found[0]], text)


def restored(text: str, table: Table) -> Restored:
    """Put the originals back.  Raises KnownError "redaction.ambiguous"."""
    check(table)
    back = _Back(table)
    parts, put_back, gaps, end, length = list[str](), [], [], 0, 0
    for start, stop, original in back.found(text):
        parts += text[end:start], original
        gaps.append((end, start, length))
        length += start - end
        put_back.append((length, length + len(original)))
        length += len(original)
        end = stop
    gaps.append((end, len(text), length))
    marked = [
        (start - first + moved, stop - first + moved)
        for first, last, moved in gaps
        for start, stop in back.resembling(text, first, last)
    ]
    return Restored("".join((*parts, text[end:])), tuple(put_back), tuple(sorted(marked)))


def restored_so_far(text: str, table: Table) -> str:
    """The beginning of an answer that still grows, without what may be the beginning of a substitute at its end."""
    return Restorer(table).add(text)


class Restorer:
    """Puts the originals back into an answer while it is written: what may become a substitute is held back."""

    def __init__(self, table: Table) -> None:
        """Raises KnownError "redaction.ambiguous"."""
        check(table)
        self._table = table
        self._squeezed = [_squeezed(substitute) for entry in table for _, substitute in entry.pairs]
        self._longest = max((len(sub) for entry in table for _, sub in entry.pairs), default=0) + 16
        self._waiting = ""

    def add(self, piece: str) -> str:
        """What can be shown now, after what was returned before."""
        self._waiting += piece
        cut = self._safe()
        ready, self._waiting = self._waiting[:cut], self._waiting[cut:]
        return restored(ready, self._table).text if ready else ""

    def end(self) -> str:
        """What was held back."""
        ready, self._waiting = self._waiting, ""
        return restored(ready, self._table).text

    def _safe(self) -> int:
        """Up to where no substitute can begin that reaches beyond the end."""
        cut = len(self._waiting)
        for start in _word_starts(self._waiting, max(0, len(self._waiting) - self._longest)):
            plain = _squeezed(self._waiting[start:])
            if start == _last_start(self._waiting) or any(one.startswith(plain) for one in self._squeezed):
                cut = min(cut, start)
        return cut


def _word_starts(text: str, first: int) -> Iterator[int]:
    """Where a word begins, the first of them not before `first`."""
    return (one.start() for one in re.compile(r"(?<!\w)\w|[^\w\s](?=\w)|[^\w\s]\Z").finditer(text, first))


def _last_start(text: str) -> int:
    last = re.search(r"\S+$", text)
    return last.start() if last else len(text)


class _Back:
    """What leads from substitutes to originals."""

    def __init__(self, table: Table) -> None:
        pairs = [(entry.kind, original, substitute) for entry in table for original, substitute in entry.pairs]
        self._exact = {substitute: original for _, original, substitute in pairs}
        self._alike: dict[str, str] = {}
        for _, original, substitute in pairs:
            self._alike.setdefault(_squeezed(substitute), original)
        shapes = sorted(
            {(substitute, kind in _BY_SIGNS) for kind, _, substitute in pairs}, key=lambda one: (-len(one[0]), one)
        )
        joined = "|".join(_shape(substitute, by_signs=by_signs) for substitute, by_signs in shapes)
        self._pattern = re.compile(rf"(?<!\w)(?:{joined})(?!\w)", re.IGNORECASE) if shapes else None
        own = {fold(one) for _, original, _ in pairs for one in WORD.findall(original)}
        self._words = {
            fold(one): substitute
            for _, _, substitute in pairs
            for one in WORD.findall(substitute)
            if len(one) > 3 and fold(one) not in own and "@" not in substitute
        }
        self._names = {
            fold(sub): (sub, orig) for kind, orig, sub in pairs if kind is Kind.PERSON and WORD.fullmatch(sub)
        }
        self._digits = [re.sub(r"\D", "", sub) for kind, _, sub in pairs if kind in _BY_SIGNS]
        self._emails = [sub.partition("@")[0].partition(".")[2] for kind, _, sub in pairs if kind is Kind.EMAIL]
        self._days = {
            reading
            for kind, _, sub in pairs
            if kind is Kind.BIRTH
            for one in find_dates(sub)
            for reading in one.readings
        }

    def found(self, text: str) -> Iterator[tuple[int, int, str]]:
        """Where substitutes stand, in order, with what is put in their place."""
        hits = [
            (*one.span(), original)
            for one in (self._pattern.finditer(text) if self._pattern else ())
            if (original := self._original(one[0])) is not None
        ]
        taken = [(start, end) for start, end, _ in hits]
        for word in WORD.finditer(text):
            if not any(start < word.end() and word.start() < end for start, end in taken):
                original = self._with_ending(word[0])
                if original is not None:
                    hits.append((*word.span(), original))
        return iter(sorted(hits))

    def _original(self, words: str) -> str | None:
        """None for letters that the pattern takes for one another and folding does not: a dotless ı is no i."""
        if words in self._exact:
            return self._exact[words]
        original = self._alike.get(_squeezed(words))
        if original is None:
            return None
        return original.upper() if words.isupper() and any(one.isalpha() for one in words) else original

    def _with_ending(self, word: str) -> str | None:
        """A name with an ending that the model gave it: a possessive stays, others go with the word they were for."""
        kept = _KEPT_ENDING.search(word)
        if kept and (known := self._names.get(fold(word[: kept.start()]))):
            return known[1] + kept[0]
        if not word[0].isupper():
            return None
        for plain, (_, original) in self._names.items():
            if len(plain) > 4 and fold(word).startswith(plain[:-1]) and is_form_of(fold(word), plain):
                return original
        return None

    def resembling(self, text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
        """What may be a substitute that was changed, between two places."""
        last = start
        for one in _DIGITS.finditer(text, start, end):
            plain = re.sub(r"\D", "", one[0])
            if any(_share_digits(plain, digits) for digits in self._digits):
                last = one.end()
                yield one.span()
        for day in find_dates(text[start:end]) if self._days else ():
            if self._days & set(day.readings) and start + day.start >= last:
                yield start + day.start, start + day.end
        for word in WORD.finditer(text, start, end):
            if self._is_like(fold(word[0]), large=word[0][0].isupper()):
                yield word.span()

    def _is_like(self, word: str, *, large: bool) -> bool:
        if word in self._words or any(len(one) > 3 and one in word for one in self._emails):
            return True
        if len(word) < 4 or not large:
            return False
        most = 1 if len(word) < 6 else 2
        return any(
            abs(len(word) - len(one)) <= most and Levenshtein.distance(word, one, score_cutoff=most) <= most
            for one in self._words
        )


def _squeezed(words: str) -> str:
    return re.sub(r"[\W_]", "", words.casefold())


def _shape(substitute: str, *, by_signs: bool) -> str:
    if by_signs:
        signs = [one for one in substitute if one.isalnum()]
        begins = re.escape(substitute[: next(at for at, one in enumerate(substitute) if one.isalnum())])
        ends = "" if substitute[-1].isalnum() else re.escape(substitute[-1])
        return (f"(?:{begins})?" if begins else "") + _BETWEEN_DIGITS.join(map(re.escape, signs)) + ends
    return _BLANK.join(re.escape(one) for one in re.split(r"\s", substitute))


def _share_digits(one: str, other: str) -> bool:
    """Whether five figures in a row stand in both."""
    return any(one[at : at + LEAST_DIGITS] in other for at in range(len(one) - LEAST_DIGITS + 1))
