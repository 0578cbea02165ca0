"""A text in which natural words stand for what is private, and the way back: whoever
works on it inflects them, cuts them short, writes them large or between marks. Pure.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from itertools import groupby, pairwise
from typing import TypeAlias

from slmdesk.base.record import Record, changed
from slmdesk.base.text.folding import fold
from slmdesk.base.text.sentences import detect
from slmdesk.base.text.words import function_words
from slmdesk.claims.finders.numbers import find_dates
from slmdesk.redact import Certainty, Entry, Find, Kind, Table, pairs_of
from slmdesk.redact.finding import WORD, WordList, find_private, name_words, squeezed
from slmdesk.redact.first_names import is_first_name
from slmdesk.redact.rules import is_no_name, is_role
from slmdesk.redact.table import table_for

INLINE = "abbr b big code del em font i ins mark s small span strong sub sup tt u"
"""HTML tags that may stand inside a word. Others end it."""
_MARKUP = re.compile(
    rf"(?P<none></?(?:{INLINE.replace(' ', '|')})(?:\s[^<>]{{0,200}})?>"
    r"|\*{1,3}|~~|`{1,3}|(?<![^\W_])_{1,3}|_{1,3}(?![^\W_])"
    "|[\u00ad\u200b-\u200f\u2060\ufeff]|(?<=[^\\W\\d_])-\r?\n\\s*(?=[^\\W\\d_A-ZÄÖÜ]))"
    r"|(?P<blank></?[a-zA-Z][a-zA-Z\d]{0,20}(?:\s[^<>]{0,200})?/?>)"
    r"|(?P<sign>&(?:\#\d{1,6}|\#x[\da-fA-F]{1,6}|[a-zA-Z]{2,30});|\\[!-/:-@\[-`{-~])"
)
_SEEN_OF: Mapping[str, Callable[[str], str]] = {
    "none": lambda _mark: "",
    "blank": lambda _tag: "\n",
    "sign": lambda written: html.unescape(written).removeprefix("\\")[:1],
}
"""What is seen of each group of marks."""
_ENDING = r"(?:['’]s?|sche[nrms]?|ens|en|es|s|n)?"
"""What a name takes on in German, English, French and Spanish."""
_HISSING = "sßxz"
_TWO_WORDS = re.compile(r"^(\S+) (\S+)$")
_NUMBER_BESIDE = re.compile(r"\d[^\n,]*\0|\0[^\n,]*\d")
_WORD_BEFORE = re.compile(r"(?<![\w-])([^\W\d_][\w’'-]*)[ \u00a0]$")
_WORD_BEHIND = re.compile(r"[ \u00a0]((?=[^\W\d_])[^\Wa-zäöüß]\w+)")
_INITIALS = r"(?<![\w.])(?:[A-Z]\.[ \u00a0]?)+"
_INITIAL_BEFORE = re.compile(r"(?<![\w.])[A-Z]\.[ \u00a0]?$")
_INITIAL = re.compile(r"(?<!\w)([A-Z])\\\.")
"""Matches the initial of a name in the pattern that is made of it."""
_BY_DIGITS = (Kind.PHONE, Kind.IBAN, Kind.CARD, Kind.NUMBER, Kind.REFERENCE)
_WORDS = (Kind.PERSON, Kind.FIRM, Kind.ADDRESS, Kind.OTHER)
LEAST_LOOSE = 6
"""Fewest letters and digits of a number that is known however it is grouped."""
LEAST_WORD = 4
BESIDE = 40
"""Letters around a stand-in, in which the words beside it stand."""
LEAST_OUT, LEAST_FIGURES = 3, 4
"""Fewest letters of what is replaced, and fewest digits: shorter numbers stand for too much else."""
_STREET = re.compile(r"stra(?:ß|ss)e|str(?:\\\.|$|(?=\[))", re.IGNORECASE)
_STREET_WRITTEN = r"(?:straße|str(?:\\.|(?![^\\W_])))"
"""Matches the end of a street, written out or not."""
_YEAR = re.compile(r"(?:19|20)\d\d")
"""Matches what may be a part of a number in one place, and is a year in all others."""


class Why(StrEnum):
    """Why a stand-in was left in a text."""

    SHARED = "shared"
    """Another text has the same one for somebody else."""
    STRANGER = "stranger"
    """It stands beside a name that nobody gave: it may be another person."""
    UNCLEAR = "unclear"
    """It may stand for several, or be a word."""


class Back(Record):
    stand_in: str
    """As it stood in the text."""
    original: str
    is_changed: bool
    """Whether it came back otherwise than it went out."""


class PutBack(Record):
    text: str
    back: tuple[Back, ...] = ()
    """Each place, in order."""
    missing: tuple[tuple[str, str], ...] = ()
    """Stand-ins and originals of what did not come back at all."""
    new: tuple[str, ...] = ()
    """Names and numbers that were in no text of ours."""
    left: tuple[tuple[str, Why], ...] = ()


# ---- out


def stand_ins_for(text: str, words: Iterable[tuple[Kind, str]], draw: str, taken: Iterable[str]) -> Table:
    """Return what stands for these words of a text.

    Raises KnownError `redaction.ambiguous`, `redaction.no_substitute`.
    """
    finds = [Find(kind, 0, 0, each, Certainty.SURE, "list") for kind, each in words if is_long(each)]
    finds += [
        changed(find, text=name)
        for find in finds
        if find.kind is Kind.PERSON
        for name in sorted(set(re.findall(rf"{_INITIALS}{re.escape(find.text)}(?!\w)", text)))
    ]
    table = table_for(text, finds, draw=draw, taken=taken)
    used = {original for _start, _end, original, _stand_in in places_of(text, table)}
    return tuple(entry for entry in table if not used.isdisjoint(dict(entry.pairs)))


def is_long(words: str) -> bool:
    """Return whether words stand for themselves alone, so that they can be replaced wherever they are."""
    signs = squeezed(words)
    least = LEAST_FIGURES if signs.isdigit() else LEAST_OUT
    return len(signs) >= least and not _YEAR.fullmatch(signs)


def with_stand_ins(text: str, table: Table) -> tuple[str, int, tuple[str, ...]]:
    """Return the text with the stand-ins, in how many places they stand, and the words beside them."""
    pieces, end, beside = list[str](), 0, set[str]()
    for start, stop, _original, stand_in in places_of(text, table):
        pieces += (text[end:start], stand_in)
        end = stop
        beside.update(WORD.findall(text[max(0, start - BESIDE) : start])[-2:])
        beside.update(WORD.findall(text[end : end + BESIDE])[:2])
    return "".join((*pieces, text[end:])), len(pieces) // 2, tuple(sorted(beside))


def places_of(text: str, table: Table) -> Iterator[tuple[int, int, str, str]]:
    """Yield where originals stand, with what stands for them there."""
    pairs = pairs_of(table)
    for start, stop, number in WordList(original for original, _ in pairs).places_in(text):
        original, stand_in = pairs[number]
        there = text[start:stop]
        if not _is_small(there, original):
            yield start, stop, original, _as_large(there, original, stand_in)


# ---- back


def put_back(
    text: str,
    table: Table,
    *,
    others: Sequence[Table] = (),
    known: Iterable[str] = (),
    seen: Sequence[Find] = (),
) -> PutBack:
    """Put originals back for the stand-ins of a table, and say what came of each.

    What may be somebody else is left. `others`: tables of other texts, of which nothing
    is put back. `known` names were sent as they are. `seen` is what other finders take
    for private in what `words_of` returns.
    """
    return _Returning(text, table, others, known, seen).done()


def counts_in(text: str, tables: Iterable[Table]) -> list[int]:
    """Return how many stand-ins of each table stand in a text."""
    answer = _Answer(text)
    return [len(answer.places(table)) for table in tables]


def words_of(text: str) -> str:
    """Return the text without marks of HTML and Markdown, as it is looked through."""
    return _Plain(text).text


class _Plain:
    """A text without its marks, and where its signs stand in that with them."""

    def __init__(self, source: str) -> None:
        self.source = source
        pieces, self._begins, self._ends = list[str](), list[int](), list[int]()
        at = 0
        for match in _MARKUP.finditer(source):
            start, end = match.span()
            sign = _SEEN_OF[str(match.lastgroup)](match[0])
            pieces += (source[at:start], sign)
            self._begins += (*range(at, start), *[start] * len(sign))
            self._ends += (*range(at + 1, start + 1), *[end] * len(sign))
            at = end
        pieces.append(source[at:])
        self._begins += range(at, len(source))
        self._ends += range(at + 1, len(source) + 1)
        self.text = "".join(pieces)

    def replaced(self, changes: Iterable[tuple[int, int, str]]) -> str:
        """Return the source with other words. Marks inside of what goes stay: those
        that end something behind the new words, the others before.
        """
        pieces, end = list[str](), 0
        for first, last, words in changes:
            start, stop = self._begins[first], self._ends[last - 1]
            line = self.source[self.source.rfind("\n", 0, start) + 1 : start]
            before, behind = "", ""
            for match in _MARKUP.finditer(self.source, start, stop):
                mark = match["none"] or ""
                if mark.startswith("</") or line.count(mark) % 2:
                    behind += mark
                else:
                    before += mark
            pieces += (self.source[end:start], before, words, behind)
            end = stop
        return "".join((*pieces, self.source[end:]))


class _Place(Record):
    start: int
    end: int
    words: str
    """What comes there."""
    entry: Entry
    stand_in: str
    is_unclear: bool = False


class _Answer:
    """A text that comes back, and where stand-ins stand in it."""

    def __init__(self, text: str) -> None:
        self.plain = _Plain(text)
        self.text = self.plain.text
        self.language = detect(self.text)[0] or ""
        self._days = find_dates(self.text, self.language)

    def places(self, table: Table) -> list[_Place]:
        """Return where the stand-ins of a table stand. Of two that overlap it is the longer one."""
        hits = [hit for entry in table for pair in _targets(entry) for hit in self._hits(entry, *pair)]
        hits.sort(key=lambda hit: (hit.start - hit.end, hit.start, self.text[hit.start : hit.end] != hit.stand_in))
        taken = dict[int, _Place]()
        for (start, end), same in groupby(hits, key=_span):
            first, *others = same
            if taken.keys().isdisjoint(range(start, end)):
                has_two = any(other.words.casefold() != first.words.casefold() for other in others)
                place = changed(first, is_unclear=first.is_unclear or has_two)
                taken.update(dict.fromkeys(range(start, end), place))
        return sorted(dict.fromkeys(taken.values()), key=_span)

    def _hits(self, entry: Entry, original: str, stand_in: str) -> Iterator[_Place]:
        is_street = entry.kind is Kind.ADDRESS and _has_digit(entry.substitute) and not _has_digit(stand_in)
        for match in _shape(entry.kind, stand_in).finditer(self.text):
            there = match[0]
            words = _as_large(there, stand_in, original + _ending(original, match["end"]))
            is_other = is_street and self._has_number_beside(*match.span())
            yield _Place(*match.span(), words, entry, stand_in, is_other or _is_small(there, stand_in))
        if entry.kind is Kind.BIRTH:
            wanted = {reading for day in find_dates(stand_in, self.language) for reading in day.readings}
            for day in self._days:
                if not wanted.isdisjoint(day.readings):
                    yield _Place(day.start, day.end, original, entry, stand_in)

    def _has_number_beside(self, start: int, end: int) -> bool:
        around = f"{self.text[max(0, start - 9) : start]}\0{self.text[end : end + 9]}"
        return _NUMBER_BESIDE.search(around) is not None


class _Returning:
    def __init__(
        self,
        text: str,
        table: Table,
        others: Sequence[Table],
        known: Iterable[str],
        seen: Sequence[Find],
    ) -> None:
        self._table = table
        self._answer = _Answer(text)
        self._text = self._answer.text
        self._finds = find_private(self._text, language=self._answer.language, others=seen)
        self._found = self._answer.places(table)
        self._strange = [place for other in others for place in self._answer.places(other)]
        self._taken = _signs_of(self._found)
        self._known = set(map(fold, known))

    def done(self) -> PutBack:
        why = {place: self._why(place) for place in self._found}
        self._spread(why)
        changes = list[tuple[int, int, str]]()
        back = list[Back]()
        for place in self._found:
            if not why[place]:
                changes.append((place.start, place.end, place.words))
                there = self._words_at(place)
                back.append(Back(there, place.words, there != place.stand_in))
        met = {place.entry for place in self._found}
        return PutBack(
            self._answer.plain.replaced(changes),
            tuple(back),
            tuple((entry.substitute, entry.original) for entry in self._table if entry not in met),
            tuple(dict.fromkeys(self._new())),
            tuple(dict.fromkeys((self._words_at(place), reason) for place, reason in why.items() if reason)),
        )

    def _words_at(self, place: _Place) -> str:
        return self._text[place.start : place.end]

    def _why(self, place: _Place) -> Why | None:
        """Return why a stand-in is left. None: it is ours."""
        shared = (other for other in self._strange if other.start < place.end and place.start < other.end)
        if any(other.words != place.words for other in shared):
            return Why.SHARED
        if place.is_unclear:
            return Why.UNCLEAR
        if place.entry.kind is Kind.PERSON and self._has_stranger(place):
            return Why.STRANGER
        return None

    def _spread(self, why: dict[_Place, Why | None]) -> None:
        """Leave the rest of a name of which a part is left: half a name of ours would be somebody else's."""
        people = [place for place in self._found if place.entry.kind is Kind.PERSON]
        beside = [(one, two) for one, two in pairwise(people) if self._text[one.end : two.start] in (" ", ", ")]
        for one, two in (*beside, *((two, one) for one, two in reversed(beside))):
            if why[one] and not why[two]:
                why[two] = Why.STRANGER

    def _has_stranger(self, place: _Place) -> bool:
        """Whether somebody's name goes on with words that are nobody's of ours."""
        for find in self._finds:
            if find.start <= place.start < find.end:
                rest = "".join(" " if at in self._taken else sign for at, sign in enumerate(find.text, find.start))
                if not self._knows(name_words(rest)):
                    return True
        if _INITIAL_BEFORE.search(self._text, max(0, place.start - 4), place.start):
            return True
        before = _WORD_BEFORE.search(self._text, max(0, place.start - 30), place.start)
        if before and before.start(1) not in self._taken and _may_be_first(before[1]):
            return not self._knows(before.groups())
        behind = _WORD_BEHIND.match(self._text, place.end)
        if behind is None or behind.start(1) in self._taken:
            return False
        return is_first_name(place.stand_in) and not self._knows(behind.groups())

    def _knows(self, words: Iterable[str]) -> bool:
        return all(fold(word) in self._known or is_no_name(word) for word in words)

    def _new(self) -> Iterator[str]:
        """Yield names and numbers that stand for nobody and that nobody gave."""
        given = " ".join((*self._known, *map(fold, dict(pairs_of(self._table)))))
        taken = self._taken | _signs_of(self._strange)
        for find in self._finds:
            is_free = taken.isdisjoint(range(find.start, find.end)) and fold(find.text) not in given
            if is_free and find.certainty is not Certainty.UNSURE:
                yield find.text


def _span(place: _Place) -> tuple[int, int]:
    return place.start, place.end


def _signs_of(places: Iterable[_Place]) -> set[int]:
    return {at for place in places for at in range(place.start, place.end)}


def _targets(entry: Entry) -> Iterator[tuple[str, str]]:
    """Yield the originals of an entry and their stand-ins, and those of their parts."""
    for original, stand_in in entry.pairs:
        parts = [each for parted in _PARTED.get(entry.kind, ()) for each in _zipped(parted, original, stand_in)]
        if entry.kind is not Kind.PERSON or not parts:
            yield original, stand_in
        for one, other in parts:
            one, other = one.strip(" ,;"), other.strip(" ,;")
            is_word = len(squeezed(other)) >= LEAST_WORD and not other.isdigit()
            if is_word and one != other:
                yield one, other


Parted: TypeAlias = Callable[[str], list[str]]


def _zipped(parted: Parted, original: str, stand_in: str) -> Iterator[tuple[str, str]]:
    one, other = parted(original), parted(stand_in)
    return zip(one, other, strict=True) if len(one) == len(other) else iter(())


def _lines(words: str) -> list[str]:
    return re.split(r"\s*[,\n]\s*", words)


def _turned(words: str) -> list[str]:
    """Return each street and its number in the other order."""
    return [_TWO_WORDS.sub(r"\2 \1", line) for line in _lines(words)]


def _initialled(name: str) -> list[str]:
    """Return a name with an initial for what stands before the surname, in both orders."""
    before, _, last = name.rpartition(" ")
    if not before:
        return []
    return [f"{before[0]}. {last}", f"{last}, {before[0]}."]


_PARTED: Mapping[Kind, Sequence[Parted]] = {
    Kind.PERSON: (str.split, _initialled),
    Kind.ADDRESS: (_lines, _turned, str.split),
}
"""By which a part of an original stands for itself."""


def _shape(kind: Kind, stand_in: str) -> re.Pattern[str]:
    """Return what matches a stand-in in all its forms."""
    signs = squeezed(stand_in)
    shape, ending = re.escape(stand_in), ""
    if kind in _WORDS:
        words = r"[\s,]+".join(map(re.escape, re.split(r"[\s,]+", stand_in)))
        shape, ending = _INITIAL.sub(r"(?-i:\1)\\.", words), _ENDING
    elif kind in _BY_DIGITS and len(signs) >= LEAST_LOOSE:
        lead = re.escape(stand_in[: stand_in.lower().find(signs[0])])
        shape = rf"(?:{lead})?" + r"[\s./()–-]{0,3}".join(map(re.escape, signs))
    if kind is Kind.ADDRESS:
        shape = _STREET.sub(_STREET_WRITTEN, shape)
    shape = shape.replace("ß", "(?:ß|ss)")
    return re.compile(rf"(?<![^\W_]){shape}(?P<end>{ending})(?![^\W_])", re.IGNORECASE)


def _ending(original: str, ending: str) -> str:
    return "’" if ending in ("s", "es") and original[-1].lower() in _HISSING else ending


def _may_be_first(word: str) -> bool:
    """Return whether a word before a surname may be a first name: it has a capital and is known as nothing else."""
    is_known = fold(word) in function_words() or is_role(word)
    return is_first_name(word) or (word[0].isupper() and not is_known)


def _has_digit(words: str) -> bool:
    return re.search(r"\d", words) is not None


def _is_small(there: str, words: str) -> bool:
    """Return whether a word stands there in small letters alone: "klein" is not "Klein"."""
    return there.islower() and there.isalpha() and not words.islower()


def _as_large(there: str, was: str, words: str) -> str:
    """Return the words in large letters, if only those are large that stand there now."""
    is_large = there == there.upper() and there != was
    return words.upper() if is_large and not words.islower() else words
