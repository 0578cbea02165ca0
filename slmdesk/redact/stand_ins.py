"""A text in which natural words stand for what is private, and the way back: whoever
works on it inflects them, cuts them short, writes them large or between marks. Pure.
"""

from __future__ import annotations

import html
import re
from collections.abc import Container, Iterable, Iterator, Sequence
from enum import StrEnum

from slmdesk.base.record import Record, changed
from slmdesk.base.text.folding import fold
from slmdesk.base.text.sentences import detect
from slmdesk.base.text.words import function_words
from slmdesk.claims.finders.numbers import find_dates
from slmdesk.redact import Certainty, Entry, Find, Kind, Table
from slmdesk.redact.finding import WORD, WordList, find_private, name_words, squeezed
from slmdesk.redact.rules import is_no_name, is_role
from slmdesk.redact.table import is_first_name, table_for

INLINE = "abbr b big code del em font i ins mark s small span strong sub sup tt u"
"""HTML tags that may stand inside a word. Others end it."""
_MARKUP = re.compile(
    rf"(?P<none></?(?:{INLINE.replace(' ', '|')})(?:\s[^<>]{{0,200}})?>"
    r"|\*{1,3}|~~|`{1,3}|(?<![^\W_])_{1,3}|_{1,3}(?![^\W_])"
    "|[\u00ad\u200b-\u200f\u2060\ufeff]|(?<=[^\\W\\d_])-\r?\n\\s*(?=[^\\W\\d_A-ZÄÖÜ]))"
    r"|(?P<blank></?[a-zA-Z][a-zA-Z\d]{0,20}(?:\s[^<>]{0,200})?/?>)"
    r"|(?P<sign>&(?:\#\d{1,6}|\#x[\da-fA-F]{1,6}|[a-zA-Z]{2,30});|\\[!-/:-@\[-`{-~])"
)
_ENDING = r"(?P<end>['’]s?|sche[nrms]?|ens|en|es|s|n)?"
"""What a name takes on in German, English, French and Spanish."""
_HISSING = "sßxz"
_NUMBER_NEAR = re.compile(r"\d[^\n]{0,8}$")
_NUMBER_NEXT = re.compile(r"[^\n]{0,8}\d")
_WORD_BEFORE = re.compile(r"(?<![\w-])([^\W\d_][\w’'-]*)[ \u00a0]$")
_WORD_BEHIND = re.compile(r"[ \u00a0]((?=[^\W\d_])[^\Wa-zäöüß]\w+)")
_INITIALS = r"(?<![\w.])(?:[A-Z]\.[ \u00a0]?)+"
_INITIAL_BEFORE = re.compile(r"(?<![\w.])([A-Z])\.?[ \u00a0]?$")
_INITIAL_BEHIND = re.compile(r",[ \u00a0]?([A-Z])\.")
_BY_DIGITS = (Kind.PHONE, Kind.IBAN, Kind.CARD, Kind.NUMBER, Kind.REFERENCE)
_WORDS = (Kind.PERSON, Kind.FIRM, Kind.ADDRESS, Kind.OTHER)
LEAST_LOOSE = 6
"""Fewest letters and digits of a number that is known however it is grouped."""
LEAST_WORD = 4
BESIDE = 40
"""Letters around a stand-in, in which the words beside it stand."""
LEAST_OUT, LEAST_FIGURES = 3, 4
"""Fewest letters of what is replaced, and fewest digits: shorter numbers stand for too much else."""
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
    others: tuple[int, ...] = ()
    """How many stand-ins of each of the other tables stand there."""


# ---- out


def stand_ins_for(text: str, words: Iterable[tuple[Kind, str]], draw: str, taken: Iterable[str]) -> Table:
    """Return what stands for these words of a text.

    Raises KnownError `redaction.ambiguous`, `redaction.no_substitute`.
    """
    finds = [Find(kind, 0, 0, each, Certainty.SURE, "list") for kind, each in words if _is_long(each)]
    finds += [
        changed(find, text=name)
        for find in finds
        if find.kind is Kind.PERSON
        for name in sorted(set(re.findall(rf"{_INITIALS}{re.escape(find.text)}(?!\w)", text)))
    ]
    return table_for(text, finds, draw=draw, taken=taken)


def _is_long(words: str) -> bool:
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
    pairs = [pair for entry in table for pair in entry.pairs]
    for start, stop, number in WordList(original for original, _ in pairs).places_in(text):
        original, stand_in = pairs[number]
        there = text[start:stop]
        if original.islower() or not (there.islower() and there.isalpha()):  # "klein" is not "Klein"
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


def words_of(text: str) -> str:
    """Return the text without marks of HTML and Markdown, as it is looked through."""
    return _Plain(text).text


class _Plain:
    """A text without its marks, and where its signs stand in that with them."""

    def __init__(self, source: str) -> None:
        self.source = source
        pieces, self._begins, self._ends = list[str](), list[int](), list[int]()
        end = 0
        for match in _MARKUP.finditer(source):
            self._add(pieces, source[end : match.start()], end)
            end = match.end()
            if match["sign"]:
                sign = html.unescape(match[0]).removeprefix("\\")
                self._add(pieces, sign[:1] or "\\", match.start(), end)
            elif match["blank"]:
                self._add(pieces, "\n", match.start(), end)
        self._add(pieces, source[end:], end)
        self.text = "".join(pieces)

    def _add(self, pieces: list[str], piece: str, start: int, end: int = 0) -> None:
        pieces.append(piece)
        places = range(start, start + len(piece))
        self._begins += places
        self._ends += [end or at + 1 for at in places]

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
                if mark.startswith("</") or line.count(mark or "\n") % 2:
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
    entry: int
    stand_in: str
    is_unclear: bool = False


class _Returning:
    def __init__(
        self,
        text: str,
        table: Table,
        others: Sequence[Table],
        known: Iterable[str],
        seen: Sequence[Find],
    ) -> None:
        self._table, self._others = table, others
        self._known = {fold(words) for words in known}
        self._plain = _Plain(text)
        self._text = self._plain.text
        language = detect(self._text)[0] or ""
        self._days = [day for day in find_dates(self._text, language) if day.readings]
        self._language = language
        self._finds = find_private(self._text, language=language, others=seen)
        self._left = list[tuple[str, Why]]()

    def done(self) -> PutBack:
        found = [*self._places(self._table)]
        strange = [[*self._places(other)] for other in self._others]
        taken = {at for place in found for at in range(place.start, place.end)}
        kept = [place for place in found if self._is_ours(place, taken, strange)]
        changes = list[tuple[int, int, str]]()
        back = list[Back]()
        for place in self._whole(kept, found):
            changes += (*(self._initial_of(place) or ()), (place.start, place.end, place.words))
            there = self._text[place.start : place.end]
            back.append(Back(there, place.words, there != place.stand_in))
        met = {place.entry for place in found}
        return PutBack(
            self._plain.replaced(sorted(changes)),
            tuple(back),
            tuple((entry.substitute, entry.original) for number, entry in enumerate(self._table) if number not in met),
            tuple(self._new([*found, *(each for some in strange for each in some)])),
            tuple(dict.fromkeys(self._left)),
            tuple(map(len, strange)),
        )

    def _places(self, table: Table) -> Iterator[_Place]:
        """Yield where the stand-ins of a table stand, the longest first chosen."""
        hits = list[_Place]()
        for number, entry in enumerate(table):
            for original, stand_in in _targets(entry):
                hits += self._hits(number, entry.kind, original, stand_in)
        hits.sort(key=lambda hit: (hit.start - hit.end, hit.start, self._text[hit.start : hit.end] != hit.stand_in))
        taken = dict[int, _Place]()
        for hit in hits:
            over = {taken[at] for at in range(hit.start, hit.end) if at in taken}
            for other in over:
                is_same = (other.start, other.end) == (hit.start, hit.end)
                if is_same and other.words.casefold() != hit.words.casefold():
                    unclear = changed(other, is_unclear=True)
                    taken.update(dict.fromkeys(range(hit.start, hit.end), unclear))
            if not over:
                taken.update(dict.fromkeys(range(hit.start, hit.end), hit))
        yield from dict.fromkeys(taken[at] for at in sorted(taken))

    def _hits(self, number: int, kind: Kind, original: str, stand_in: str) -> Iterator[_Place]:
        for match in _shape(kind, stand_in).finditer(self._text):
            there = match[0]
            ending = _ending(original, match.groupdict().get("end") or "")
            words = _as_large(there, stand_in, original + ending)
            place = _Place(*match.span(), words, number, stand_in)
            near = self._text[: match.start()][-9:], self._text[match.end() :][:9]
            is_small = there.islower() and not stand_in.islower() and there.isalpha()
            is_part = kind is Kind.ADDRESS and not re.search(r"\d", stand_in)
            if is_part and (_NUMBER_NEAR.search(near[0]) or _NUMBER_NEXT.match(near[1])):
                is_small = True
            yield changed(place, is_unclear=is_small)
        if kind is Kind.BIRTH:
            wanted = _days(stand_in, self._language)
            for day in self._days:
                if wanted & set(day.readings):
                    yield _Place(day.start, day.end, original, number, stand_in)

    def _is_ours(self, place: _Place, taken: Container[int], strange: Sequence[Sequence[_Place]]) -> bool:
        shared = [other for some in strange for other in some if other.start < place.end and place.start < other.end]
        if any(other.words != place.words for other in shared):
            self._leave(place, Why.SHARED)
        elif place.is_unclear:
            self._leave(place, Why.UNCLEAR)
        elif self._has_stranger(place, taken) or self._initial_of(place) is None:
            self._leave(place, Why.STRANGER)
        else:
            return True
        return False

    def _leave(self, place: _Place, why: Why) -> None:
        self._left.append((self._text[place.start : place.end], why))

    def _has_stranger(self, place: _Place, taken: Container[int]) -> bool:
        """Whether somebody's name goes on with words that are nobody's of ours."""
        if self._table[place.entry].kind is not Kind.PERSON:
            return False
        around = (find for find in self._finds if find.start <= place.start < find.end)
        for find in around:
            rest = enumerate(find.text, find.start)
            others = name_words("".join(" " if at in taken else sign for at, sign in rest))
            if not self._knows(others):
                return True
        before = _WORD_BEFORE.search(self._text, max(0, place.start - 30), place.start)
        if before and before.start(1) not in taken and _may_be_first(before[1]):
            return not self._knows(before.groups())
        behind = _WORD_BEHIND.match(self._text, place.end)
        if behind is None or behind.start(1) in taken:
            return False
        return is_first_name(place.stand_in) and not self._knows(behind.groups())

    def _knows(self, words: Iterable[str]) -> bool:
        return all(fold(word) in self._known or is_no_name(word) for word in words)

    def _whole(self, kept: Container[_Place], found: Sequence[_Place]) -> Iterator[_Place]:
        """Yield the places of whole names: half a name of ours beside what was left would be somebody else's."""
        runs = list[list[_Place]]()
        for place in found:
            if runs and self._text[runs[-1][-1].end : place.start] == " ":
                runs[-1].append(place)
            else:
                runs.append([place])
        for run in runs:
            if all(place in kept for place in run):
                yield from run
                continue
            for place in run:
                if place in kept:
                    self._leave(place, Why.STRANGER)

    def _initial_of(self, place: _Place) -> list[tuple[int, int, str]] | None:
        """Return what becomes of the initial of a name. None: whose it is, is unclear."""
        entry = self._table[place.entry]
        if entry.kind is not Kind.PERSON or " " in place.stand_in:
            return []
        before = _INITIAL_BEFORE.search(self._text, max(0, place.start - 4), place.start)
        initial = before or _INITIAL_BEHIND.match(self._text, place.end)
        if initial is None:
            return []
        there = initial[1]
        meant = {
            original[0]
            for each in self._table
            for original, stand_in in each.pairs
            if stand_in[0] == there and stand_in.endswith(f" {place.stand_in}")
        }
        if len(meant) == 1:
            return [(*initial.span(1), meant.pop())]
        return None if before and before[0].strip().endswith(".") else []

    def _new(self, found: Sequence[_Place]) -> Iterator[str]:
        """Yield names and numbers that stand for nobody and that nobody gave."""
        given = self._known | {
            fold(original)
            for entry in self._table
            for pair in entry.pairs
            for original in (pair[0], *name_words(pair[0]))
        }
        taken = {at for place in found for at in range(place.start, place.end)}
        for find in self._finds:
            is_sure = find.certainty is not Certainty.UNSURE
            is_free = taken.isdisjoint(range(find.start, find.end))
            if is_sure and is_free and fold(find.text) not in given:
                given.add(fold(find.text))
                yield find.text


def _targets(entry: Entry) -> Iterator[tuple[str, str]]:
    """Yield the originals of an entry and their stand-ins, and those of their parts."""
    for original, stand_in in entry.pairs:
        words, others = original.split(), stand_in.split()
        is_like = len(words) == len(others)
        if entry.kind is not Kind.PERSON or not is_like or re.search(r"\b\w\b", original):
            yield original, stand_in
        parts = list[tuple[str, str]]()
        if entry.kind is Kind.ADDRESS:
            parts += zip(
                re.split(r"\s*[,\n]\s*", original),
                re.split(r"\s*[,\n]\s*", stand_in),
                strict=False,
            )
            parts += [(_turned(one), _turned(other)) for one, other in parts]
        if is_like and entry.kind in (Kind.PERSON, Kind.ADDRESS):
            parts += zip(words, others, strict=True)
        for one, other in parts:
            one, other = one.strip(" ,.;"), other.strip(" ,.;")
            is_word = len(squeezed(other)) >= LEAST_WORD and not other.isdigit()
            if is_word and one != other:
                yield one, other


def _turned(words: str) -> str:
    """Return a street and its number in the other order."""
    return " ".join(reversed(words.split(None, 1)[:2])) if words.count(" ") == 1 else words


def _shape(kind: Kind, stand_in: str) -> re.Pattern[str]:
    """Return what matches a stand-in in all its forms."""
    signs = squeezed(stand_in)
    shape, ending = re.escape(stand_in), ""
    if kind in _WORDS:
        shape, ending = r"[\s,]+".join(map(re.escape, re.split(r"[\s,]+", stand_in))), _ENDING
    elif kind in _BY_DIGITS and len(signs) >= LEAST_LOOSE:
        lead = re.escape(stand_in[: stand_in.lower().find(signs[0])])
        shape = rf"(?:{lead})?" + r"[\s./()–-]{0,3}".join(map(re.escape, signs))
    shape = shape.replace("ß", "(?:ß|ss)")
    return re.compile(rf"(?<![^\W_]){shape}{ending}(?![^\W_])", re.IGNORECASE)


def _ending(original: str, ending: str) -> str:
    if ending in ("s", "es") and original[-1].lower() in _HISSING:
        return "’"
    return ending


def _may_be_first(word: str) -> bool:
    """Return whether a word before a surname may be a first name: it has a capital and is known as nothing else."""
    is_known = fold(word) in function_words() or is_role(word)
    return is_first_name(word) or (word[0].isupper() and not is_known)


def _days(words: str, language: str) -> set[object]:
    return {day for each in find_dates(words, language) for day in each.readings}


def _as_large(there: str, was: str, words: str) -> str:
    """Return the words in large letters, if only those are large that stand there now."""
    is_larger = there.isupper() and not was.isupper() and len(there) > 1
    return words.upper() if is_larger and not words.islower() else words
