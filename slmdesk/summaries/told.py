"""Takes sentences apart into words and values, and tells whether a paper tells the same about a value. Pure functions.

A value is a figure, a date, a time or a code. Words are compared by what stands around a value: the nearer, the more.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence, Set
from functools import cached_property, lru_cache
from itertools import pairwise
from weakref import WeakKeyDictionary

from slmdesk.base.documents import BlockKind
from slmdesk.base.record import Record, changed
from slmdesk.summaries.linking import Piece, Source
from slmdesk.summaries.papers import has, is_field
from slmdesk.text.checks.numbers import DateMention, Number, dates_agree, find_dates, find_identifiers, find_numbers
from slmdesk.text.checks.support import STEM, Rarity, same_number, unsigned
from slmdesk.text.checks.words import folded, function_words, listed, stem, values
from slmdesk.text.sentences import sentence_spans

LEAST_SAME, MOST_OF = 4, 0.66
"""Fewest first letters that two forms of a word share, and their share of the longer form."""
LEAST_LETTERS, MOST_STEM = 3, 8
LEAST_PART, LEAST_FRONT = 5, 4
"""Fewest letters by which a word counts as part of a compound: "Vertrag" in "Mietvertrag", and fewest letters before
it: a "Verkäufer" is no "Käufer".
"""
REACH, REACH_THERE = 10, 16
"""Number of words from a value within which a word counts, in a written sentence and in a passage."""
FAR, FAR_THERE = 0.1, 0.3
"""Least weight of a word of the same sentence."""
OTHER_CLAUSE, BEFORE, CONTEXT = 0.6, 0.5, 0.35
"""Factor for a word of another clause. Weight of a word that only the sentence before a passage has, or what else
belongs to it: the heading, the line that opens the list, the sentence behind it.
"""
LEAST_WEIGHT, NARROW, TOGETHER = 0.1, 2.5, 0.12
MOST_FIELD, MOST_FIGURE = 24, 30
_OF_MAILS = ("header", "sender")
MOST_BARE, BARE = 3, 0.25
"""Most words of a passage that says nothing about its value, and how well it fits any sentence."""
FEW, MANY_TIMES = 12, 20
"""A count up to the first number stands for itself; two that differ by more than the second are not confused."""
BETTER, MUCH_BETTER, MARGIN = 1.35, 2.5, 0.08
"""How many times better another value must fit than the one of the sentence; the second if it stands right before it,
as a sentence then often only hints at what it is about.
"""
LEAST_ROUNDED = 100
"""Least amount that people tell without its cents."""
MOST_NAMES = 3
"""Most names of a person behind a title."""
MOST_BEFORE = 30
"""Most characters from "born" to the date behind it."""
DAY_S = 86_400

_SEPARABLE = frozenset(["ab", "an", "auf", "aus", "bei", "ein", "her", "hin", "um", "vor", "weg", "zu"])
"""German prefixes of a verb that leave its side: who "abschneidet" "schneidet"."""
_PARTICIPLE = re.compile(rf"^((?:{'|'.join(sorted(_SEPARABLE))})?)ge(?=\w{{3,}}(?:e?t(?:e[mnrs]?)?|ene?[mnrs]?)$)")
"""The "ge" of "eingegangen", which the "Eingang" lacks."""
_WORD = re.compile(r"[^\W\d_]+(?:[-'’][^\W\d_]+)*")
_CLAUSE = re.compile(r"[;:()–—]|,\s|(?<!\d)\.\s")
_REFERENCE = re.compile(r"(?:§+|\b(?:abs|art|nr|no|satz|n|sec(?:tion)?|ziff(?:er)?|para(?:graph)?|s)\b\.?°?)\s*$", re.I)
_UMLAUT = re.compile("(?<![aeq])(ae|oe|ue)")
_RANGE = re.compile(r"(\s?(?:[-–—/]|bis|und|to|and|à|et|a|y|e|do|i|tot|en)\s?)\d")
_APART = re.compile(
    r"\b(?:not|nicht|non|no|nie|niet|não|(?:instead|au lieu|en lugar|en vez) (?:of|de)|statt)\s+(?:\w+\s)?$", re.I
)
_ITEM = re.compile(r"\W*\d{1,2}[.)]\s$")
_ROW = re.compile(r"\s;\s")


class Word(Record):
    key: str
    stem: str
    start: int = 0
    end: int = 0
    clause: int = 0


class Value(Record):
    kind: str
    """What it may be confused with: "day", "clock", the dimension of a unit, "count", "year", or "" for nothing."""
    start: int
    end: int
    place: int = 0
    """Number of the sentence's words before it."""
    clause: int = 0
    when: DateMention | None = None
    number: Number | None = None
    code: str = ""


class Told(Record):
    text: str
    words: tuple[Word, ...]
    values: tuple[Value, ...]


class Passage(Record):
    """A sentence of the paper, a list item or a row of a table."""

    piece: int
    start: int
    end: int
    told: Told
    keys: frozenset[str]
    before: frozenset[str]
    """Words of the sentence before it."""
    context: frozenset[str]
    """Words of the heading, of the line that opens the list, and of the sentence behind it."""
    above: str
    """The heading and the line that opens the list."""
    is_bare: bool
    """It is little more than a value: the date of a letter, the header of a mail."""

    @property
    def text(self) -> str:
        return self.told.text


@lru_cache(maxsize=8192)
def told(text: str, language: str) -> Told:
    days = find_dates(text, language)
    blank = text
    for day in days:
        blank = blank[: day.start] + "\0" * (day.end - day.start) + blank[day.end :]
    codes = find_identifiers(blank)
    for start, end in codes:
        blank = blank[:start] + "\0" * (end - start) + blank[end:]
    cuts = [cut.start() for cut in _CLAUSE.finditer(text)]
    small, taken = function_words(language), list[tuple[int, int]]()
    quantities = list[Value]()

    def value(kind: str, start: int, end: int, **what: object) -> None:
        quantities.append(Value(kind, start, end, **what))  # type: ignore[arg-type]

    for day in days:
        kind = "clock" if day.minutes else "day" if day.readings else ""
        value(kind, day.start, day.end, when=day)
        taken.append((day.start, day.end))
    for number in find_numbers(blank, language):
        if number.soft or _ITEM.match(text[: number.end + 2]):
            continue
        value(_kind(text, number), number.start, number.end, number=unsigned(number, text))
        taken.append((min(number.start, number.whole[0]), max(number.end, number.whole[1])))
    for start, end in codes:
        value("", start, end, code="".join(filter(str.isalnum, text[start:end].casefold())))
        taken.append((start, end))
    words = list[Word]()
    for match in _WORD.finditer(text):
        key = key_of(match[0], language)
        if len(key) < LEAST_LETTERS or key in small or any(start <= match.start() < end for start, end in taken):
            continue
        words.append(
            Word(
                key,
                stem(_PARTICIPLE.sub(r"\1", key), MOST_STEM),
                match.start(),
                match.end(),
                sum(cut < match.start() for cut in cuts),
            )
        )
    values = [
        changed(
            value, place=sum(word.start < value.start for word in words), clause=sum(cut < value.start for cut in cuts)
        )
        for value in quantities
    ]
    return Told(text, tuple(words), tuple(values))


def key_of(word: str, language: str) -> str:
    """Return a word folded, and in German without the letters that stand for umlauts: "Kuendigung"."""
    key = folded(word)
    if language in ("fr", "it") and ("'" in key or "’" in key):
        key = re.split("['’]", key)[-1]
    return _UMLAUT.sub(lambda match: match[0][0], key) if language == "de" else key


def _kind(text: str, number: Number) -> str:
    if _REFERENCE.search(text, max(0, number.start - 12), number.start):
        return ""
    if number.unit is not None:
        is_span = number.unit[0] == "month" or number.unit == ("time", DAY_S) or number.unit == ("time", 7 * DAY_S)
        return "span" if is_span else number.unit[0]
    more = _RANGE.match(text, number.end)
    last = find_numbers(text[more.end(1) : more.end(1) + MOST_FIGURE])[:1] if more else []
    if last and not last[0].start and last[0].unit is not None:
        return last[0].unit[0]
    is_year = len(text[number.start : number.end]) == 4 and any(1900 <= value < 2100 for value in number.values)
    return "year" if is_year else "count"


def is_same(value: Value, other: Value, years: Set[int] = frozenset()) -> bool:
    """Return whether a value is another one in whatever form. `years` are those that a day without a year may have."""
    if value.when is not None:
        return other.when is not None and dates_agree(value.when, [other.when], years)
    if value.number is not None and other.when is not None:
        hour = value.number.values[0] if value.number.values else 0.0  # "at 17.30" may be read as a number
        return int(hour) * 60 + round(hour % 1 * 100) in other.when.minutes
    if value.number is not None:
        known = other.number
        return known is not None and (same_number(value.number, known) or _is_rounded(value.number, known))
    return bool(value.code) and value.code == other.code


def _is_rounded(number: Number, known: Number) -> bool:
    """Return whether a number is an amount to the whole euro: 12,927 of 12,926.92."""
    rounded = {round(value) for value in known.values if value >= LEAST_ROUNDED}
    return number.unit is not None and number.unit == known.unit and not rounded.isdisjoint(number.values)


class Paper:
    """The documents to which some pieces belong, taken apart once for all sentences."""

    def __init__(self, source: Source, documents: frozenset[str]) -> None:
        self.source, self.language = source, source.language
        here = [at for at, piece in enumerate(source.pieces) if piece.document in documents]
        self.passages = [passage for at in here for passage in _passages(source, at)]
        self.years = {year for passage in self.passages for value in passage.told.values for year in _years(value)}
        self.clocks = {
            minutes for passage in self.passages for value in passage.told.values if value.when
            for minutes in value.when.minutes
        }  # fmt: skip
        self._stems = {word.key: word.stem for passage in self.passages for word in passage.told.words}
        self._kin = dict[str, frozenset[str]]()
        self.where = defaultdict[str, dict[tuple[int, int], float]](dict)
        """By word the passages that have it, as their piece and start, and how much it counts there."""
        for part in self.passages:
            for keys, much in ((part.context, CONTEXT), (part.before, BEFORE), (part.keys, 1.0)):
                for key in keys:
                    self.where[key][part.piece, part.start] = much

    @cached_property
    def births(self) -> set[int]:
        """Years in which the paper says that somebody was born."""
        return {
            year
            for passage in self.passages
            for value in passage.told.values
            for year in _years(value)
            if has("born", self._before(passage, value), "")
        }

    @cached_property
    def people(self) -> frozenset[str]:
        """Keys of names that stand behind a title or in the header of a mail."""
        titles, particles = listed("names", "titles") | listed("names", "roles"), listed("names", "particles")
        names, others = set[str](), particles | listed("names", "common")
        for piece in {passage.piece for passage in self.passages}:
            text = self.source.pieces[piece].text
            end, dot = text.find(":") + 1 if is_field("sender", text, "") else 0, '"'
            left = MOST_NAMES * bool(end)
            for match in _WORD.finditer(text, end):
                word, gap, end = folded(match[0]), text[end : match.start()], match.end()
                if word in titles:
                    left, dot = MOST_NAMES, ".ª"
                    continue
                if gap.strip(f" {dot}") or not (match[0][0].isupper() or word in particles):
                    left = 0
                elif left and word not in others and len(word) >= LEAST_LETTERS:
                    names.add(key_of(match[0], self.language))
                    left, dot = left - 1, ""
        return frozenset(names)

    def _before(self, passage: Passage, value: Value) -> str:
        start = passage.start + value.start  # "b." may have ended the passage before
        return self.source.pieces[passage.piece].text[max(0, start - MOST_BEFORE) : start]

    def kin(self, word: Word) -> frozenset[str]:
        """Return the words of the paper that are forms of a word, or contain it."""
        if word.key not in self._kin:
            some = (key for key, stem in self._stems.items() if stem == word.stem or is_kin(word.key, key))
            self._kin[word.key] = frozenset(some)
        return self._kin[word.key]


_papers: WeakKeyDictionary[Rarity, dict[tuple[str, frozenset[str], int], Paper]] = WeakKeyDictionary()
"""Papers by what lives as long as their text does."""


def paper_of(source: Source, among: Iterable[int]) -> Paper:
    documents = frozenset(source.pieces[at].document for at in among)
    known = _papers.setdefault(source.rarity, {})
    key = (source.language, documents, len(source.pieces))
    if key not in known:
        known[key] = Paper(source, documents)
    return known[key]


def _years(value: Value) -> Iterator[int]:
    yield from (year for year, _, _ in (value.when.readings if value.when else ()) if year)
    if value.kind == "year" and value.number:
        yield int(value.number.values[0])


def _keys(words: Iterable[Word]) -> frozenset[str]:
    return frozenset(word.key for word in words)


def _passages(source: Source, at: int) -> Iterator[Passage]:
    piece, language = source.pieces[at], source.language
    spans = _spans(piece, language)
    every = [told(piece.text[start:end], language) for start, end in spans]
    if piece.kind is BlockKind.TABLE_ROW and spans and (scale := _scale_of(piece.text[slice(*spans[0])])):
        every = [_scaled(row, scale) for row in every]
    keys = [_keys(row.words) for row in every]
    is_table, above = piece.kind is BlockKind.TABLE_ROW, "\n".join(_above(source, at))
    context = _keys(told(above, language).words) | (keys[0] if is_table and keys else frozenset())
    if len(piece.text) < SHORT and not is_table:  # a cell of a table that a PDF tells as paragraphs
        context |= _keys(word for text in _neighbours(source, at) for word in told(text, language).words)
    beside = [frozenset[str](), *keys, frozenset[str]()] if not is_table else [frozenset[str]()] * (len(keys) + 2)
    for number, (start, end) in enumerate(spans):
        behind = context | beside[number + 2]
        is_bare = _is_bare(every[number])
        yield Passage(at, start, end, every[number], keys[number], beside[number], behind, above, is_bare)


def _is_bare(row: Told) -> bool:
    if ":" in row.text[:MOST_FIELD] and any(has(name, row.text, "", at_start=True) for name in _OF_MAILS):
        return True
    return len(row.words) <= MOST_BARE and not row.text.rstrip().endswith(".")


def _scale_of(header: str) -> float:
    """Return by what the header of a table multiplies its figures: "£ million"."""
    scales = values("multipliers")
    return next((scales[word] for word in map(folded, _WORD.findall(header)) if word in scales), 0)


def _scaled(row: Told, scale: float) -> Told:
    """Return a row of which figures without a unit may also be so many times as large."""
    numbers = []
    for value in row.values:
        number = value.number
        if number is not None and number.unit is None:
            number = changed(number, values=(*number.values, *(figure * scale for figure in number.values)))
        numbers.append(changed(value, number=number))
    return changed(row, values=tuple(numbers))


def _spans(piece: Piece, language: str) -> Sequence[tuple[int, int]]:
    if piece.kind is BlockKind.TABLE_ROW:
        cuts = [0, *(match.end() for match in _ROW.finditer(piece.text)), len(piece.text)]
        return [(start, end) for start, end in pairwise(cuts) if end > start]
    return sentence_spans(piece.text, language)


def _neighbours(source: Source, at: int) -> Iterator[str]:
    document = source.pieces[at].document
    for place in range(max(0, at - CELLS_BEFORE), min(len(source.pieces), at + CELLS_BEHIND + 1)):
        piece = source.pieces[place]
        if place != at and piece.document == document and len(piece.text) < SHORT:
            yield piece.text


MOST_ABOVE = 12
SHORT, CELLS_BEFORE, CELLS_BEHIND = 60, 4, 2
"""Characters up to which a piece may be a cell of a table, and how many cells before and behind belong to its row."""


def _above(source: Source, at: int) -> Iterator[str]:
    """Yield the heading above a piece, and the line that opens the list to which it belongs."""
    heading = source.headings[at] if source.headings else -1
    if heading >= 0:
        yield source.pieces[heading].text
    for before in range(at - 1, max(heading, at - MOST_ABOVE, -1), -1):
        text = source.pieces[before].text.rstrip()
        if text.endswith(":"):
            yield text[-200:]
            return
        if source.pieces[before].kind is not source.pieces[at].kind and len(text) > 200:
            return


@lru_cache(maxsize=200_000)
def is_kin(word: str, other: str) -> bool:
    """Return whether two words share a beginning that is most of them, or one contains the other: "Mietvertrag"."""
    if len(word) > len(other):
        word, other = other, word
    at = other.find(word if len(word) == LEAST_PART else word[:-1]) if len(word) >= LEAST_PART else -1
    if at == 0 or at >= LEAST_FRONT or (at > 0 and (other[:at] in _SEPARABLE or other[at - 1] == "-")):
        return True
    same = next(
        (at for at, letters in enumerate(zip(word, other, strict=False)) if letters[0] != letters[1]), len(word)
    )
    return same >= LEAST_SAME and same >= MOST_OF * len(other)


def are_kin(word: Word, other: Word) -> bool:
    return word.stem == other.stem or is_kin(word.key, other.key)


class Fitting:
    """Measures how well passages fit a written sentence."""

    def __init__(self, said: Told, paper: Paper) -> None:
        self.said = said
        self.kin = [paper.kin(word) for word in said.words]
        self.weights = [max(LEAST_WEIGHT, paper.source.rarity.weight(word.key[:STEM])) for word in said.words]
        self._whole = sum(self.weights)
        self._common = defaultdict[tuple[int, int], dict[int, float]](dict)
        for at, kin in enumerate(self.kin):
            for place, much in (pair for key in kin for pair in paper.where[key].items()):
                self._common[place][at] = max(much, self._common[place].get(at, 0.0))

    def share(self, passage: Passage, known: Iterable[int] = ()) -> float:
        """Return the weighted share of the sentence's words that a passage has, except those already known."""
        common = self.common(passage)
        rest = common.keys() - set(known)
        return sum(self.weights[at] * common[at] for at in rest) / self._whole if self._whole else 0.0

    def common(self, passage: Passage) -> dict[int, float]:
        """Return the indexes of the sentence's words that a passage has: 1, or less for words of its context."""
        return self._common.get((passage.piece, passage.start), {})

    def around(self, value: Value, passage: Passage, there: Value, *, is_close: bool = False) -> float:
        """Return how much of what stands around a value of the sentence stands around a value of the passage.

        `is_close` compares only the few words beside them.
        """
        got = whole = 0.0
        narrow, words = NARROW if is_close else 1, passage.told.words
        for at, word in enumerate(self.said.words):
            near = _near(at, word, value, REACH / narrow, 0 if is_close else FAR) * self.weights[at]
            whole += near
            if not near:
                continue
            places = (place for place, other in enumerate(words) if other.key in self.kin[at])
            least = 0 if is_close else FAR_THERE
            far = (_near(place, words[place], there, REACH_THERE / narrow, least) for place in places)
            got += near * max(self._in(at, passage), max(far, default=0.0))
        return got / whole if whole else 0.0

    def _in(self, at: int, passage: Passage) -> float:
        if not self.kin[at].isdisjoint(passage.before):
            return BEFORE
        return CONTEXT * (not self.kin[at].isdisjoint(passage.context))


def _near(at: int, word: Word, value: Value, reach: float, least: float) -> float:
    far = value.place - at - 1 if at < value.place else at - value.place
    return max(least, 1 - far / reach) * OTHER_CLAUSE ** min(2, abs(word.clause - value.clause))


class Place(Record):
    """Where a value of a sentence stands in the paper, or one of its kind."""

    fit: float
    passage: Passage
    value: Value


def places_of(value: Value, fitting: Fitting, paper: Paper) -> list[Place]:
    """Return where the paper has a value, best first."""
    places = [
        Place(_fit(value, fitting, passage, there) + _beside(value, fitting, passage), passage, there)
        for passage in paper.passages
        for there in passage.told.values
        if is_same(value, there, paper.years)
    ]
    exact = [place for place in places if place.value.kind == value.kind]
    return sorted(exact or places, key=lambda place: -place.fit)


def _beside(value: Value, fitting: Fitting, passage: Passage) -> float:
    """Return what a passage gains by other values of the sentence that it has."""
    near = (other for other in fitting.said.values if abs(other.clause - value.clause) <= 1)
    near = (other for other in near if not _APART.search(fitting.said.text, 0, other.start))  # "4,390 instead of 4,180"
    others = (other for other in near if not is_same(value, other))
    return TOGETHER * any(is_same(other, there) for other in others for there in passage.told.values)


def _fit(value: Value, fitting: Fitting, passage: Passage, there: Value) -> float:
    fit = fitting.around(value, passage, there)
    return max(fit, BARE * (value.kind == "day" and passage.is_bare))


def is_coarse(value: Value) -> bool:
    """Return whether it is a month without a day."""
    return value.when is not None and bool(value.when.readings) and value.when.readings[0][2] is None


def rival(value: Value, fitting: Fitting, paper: Paper) -> Place | None:
    """Return the value of the same kind, not in the sentence, that fits it best."""
    best: Place | None = None
    for passage in filter(fitting.common, paper.passages):
        for there in passage.told.values:
            is_one = _is_like(value, there) and not passage.is_bare
            if not is_one or any(_is_of(there, other, paper.years) for other in fitting.said.values):
                continue
            fit = fitting.around(value, passage, there)
            fit += _beside(value, fitting, passage) if fit else 0
            if best is None or fit > best.fit:
                best = Place(fit, passage, there)
    return best


def _is_of(value: Value, other: Value, years: Set[int]) -> bool:
    """Return whether a value is another one, or a day in the year that the other names: "the end of 1984"."""
    is_in_year = value.when is not None and other.kind == "year" and not set(_years(value)).isdisjoint(_years(other))
    return is_in_year or is_same(other, value, years)


def is_better(other: Place, own: Place) -> bool:
    """Return whether another value fits a sentence so much better that the two were confused."""
    is_right_before = other.passage.piece == own.passage.piece and 0 <= own.passage.start - other.passage.end < 3
    return other.fit > own.fit * (MUCH_BETTER if is_right_before else BETTER) + MARGIN


def _is_like(value: Value, other: Value) -> bool:
    """Return whether two values may be confused: of one kind, equally exact, and of about the same size."""
    if not value.kind or value.kind != other.kind:
        return False
    if value.when is not None and other.when is not None and value.when.readings and other.when.readings:
        return is_coarse(value) is is_coarse(other)
    if value.kind == "count" and value.number is not None and other.number is not None:
        both = [abs(number.values[0]) for number in (value.number, other.number) if number.values]
        return len(both) == 2 and min(both) > FEW and max(both) < MANY_TIMES * min(both)
    return True
