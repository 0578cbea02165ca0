"""Checks what a model has written about a document, sentence by sentence, against the passages it rests on.

A sentence that fails gives way to the sentences of the document that carry its figures and words. Pure functions.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from itertools import combinations

from slmdesk.base.documents import BlockKind
from slmdesk.base.record import Record
from slmdesk.claims.types import ELSEWHERE, WORDS, Mark
from slmdesk.summaries.instead import instead
from slmdesk.summaries.lines import Line
from slmdesk.summaries.linking import Point, Source
from slmdesk.summaries.papers import has
from slmdesk.summaries.people import misnamed
from slmdesk.summaries.reckoned import is_reckoned, is_total
from slmdesk.summaries.told import (
    BARE,
    Fitting,
    Paper,
    Passage,
    Place,
    Told,
    Value,
    Word,
    are_kin,
    is_better,
    is_same,
    paper_of,
    places_of,
    rival,
    told,
)
from slmdesk.summaries.turned import turned
from slmdesk.text.checks.names import LEGAL_FORM
from slmdesk.text.checks.support import STEM, VALUES, Flag, check
from slmdesk.text.checks.words import WORD, folded, listed
from slmdesk.text.relevance import FoldedText

MOST_PASSAGES = 4
ADDS = 0.12
"""Least share of a sentence's words by which a further passage must add to the ones before it."""
NAMED = 0.1
"""Share that counts in favour of a passage that the model named."""
LEAST_SAID = 2
"""Fewest words of a sentence that says something without a figure."""
LONGEST_SHORT = 3
"""Letters of an abbreviation that a document need not have."""
SWAPPED, LEAST_SWAPPED = 1.1, 0.05
"""How many times, and how much, better the words right beside two values must fit if the two change places."""
_ITS_DATE = re.compile(
    r"\b(?:e-?mail|mail|letter|schreiben|brief|courriel|courrier|lettre|correo|carta|lettera|pism\w+|e-mailu) "
    r"(?:of|dated|vom|du|del|de|de fecha|z|van) $",
    re.IGNORECASE,
)
_OF_NATIONS = ("ish", "utch", "ench", "elsh", "wiss", "ese")
"""Ends of the adjectives of nations that share too little with their names: the Netherlands, Dutch."""
_QUOTED = re.compile(r"(?<!\w)['\"`“‘„«]([^'\"`“”‘’„«»\n]{2,60})['\"`’”“»](?!\w)")


class Said(Record):
    """A sentence that a model wrote."""

    text: str
    places: tuple[int, ...] = ()
    """Indexes of the pieces that the model named for it."""


class Checked(Record):
    points: tuple[Point, ...]
    """The sentences in their order. What replaces one is a point with a quotation."""
    marked: int
    """Number of sentences that a check speaks against."""
    replaced: int
    """Number of these that gave way to sentences of the document."""


def checked(
    said: Sequence[Said],
    source: Source,
    among: Sequence[int],
    earlier: Collection[int] = (),
) -> Checked:
    """Return the sentences with the passages they rest on. One that fails gives way to sentences of the document.

    `earlier`: pieces of earlier messages, which take no place.

    In another language than the document's a sentence that fails stays and is marked: its reader may not understand the
    document's own words.
    """
    if source.is_translated:
        points = [_compared(sentence, source, among) for sentence in said]
        return Checked(tuple(points), sum(not point.is_supported for point in points), 0)
    paper = paper_of(source, among)
    kept, marked, replaced = list[Point](), 0, 0
    for at, sentence in enumerate(said):
        beside = [near.text for near in (*said[max(0, at - 1) : at], *said[at + 1 : at + 2])]
        judged = Judged(sentence, paper, among, beside)
        if not judged.marks:
            kept.append(Point(sentence.text, judged.links))
            continue
        marked += 1
        quoted = judged.instead(earlier)
        replaced += bool(quoted)
        kept += quoted or [Point(sentence.text, judged.links, tuple(judged.marks))]
    return Checked(tuple(_once(kept, source)), marked, replaced)


def _compared(sentence: Said, source: Source, among: Sequence[int]) -> Point:
    """Return a sentence in another language than the document. Only its figures and names can be compared."""
    text, language = sentence.text, source.language
    best, share = source.rarity.best(text, among)
    links = sentence.places or ((best,) if share else ())
    for some in (links, among):
        flags = [flag for flag in check(text, source.text_of(some), language) if not _is_translatable(flag, text)]
        if not flags:
            break
    whole, paper = told(text, language), paper_of(source, among)
    reckoned = [value for value in whole.values if flags and is_reckoned(value, whole, paper)]
    marks = (
        Mark(flag.kind, flag.text, flag.start, flag.end, flag.detail)
        for flag in flags
        if flag.kind not in VALUES
        or not any(deadline.start < flag.end and flag.start < deadline.end for deadline in reckoned)
    )
    return Point(text, tuple(links), tuple(marks))


def _is_translatable(flag: Flag, text: str) -> bool:
    """Return whether a name may be another one in another language, as that of an office: it is no code, no person
    behind a title and no firm.
    """
    before = [folded(word) for word in WORD.findall(text[: flag.start])[-1:]]
    is_own = any(map(str.isdigit, flag.text)) or LEGAL_FORM.match(text, flag.end + 1) or LEGAL_FORM.search(flag.text)
    return flag.kind == "name" and not is_own and not set(before) & listed("names", "titles")


def _once(points: Sequence[Point], source: Source) -> Iterator[Point]:
    """Yield the points without quotations that come again, or say what the written sentences say already."""
    quoted = set[str]()
    written = [told(point.text, source.language) for point in points if not point.quotation and not point.flags]
    words = [word for sentence in written for word in sentence.words]
    for point in points:
        quotation = told(point.quotation, source.language)
        if not point.quotation or (
            point.quotation not in quoted and not _says(quotation, written, words, source, REPEATED)
        ):
            yield point
        quoted.add(point.quotation)


class Judged:
    """A sentence with the passages it rests on and the marks against it."""

    def __init__(self, sentence: Said, paper: Paper, among: Sequence[int], beside: Sequence[str] = ()) -> None:
        self._text, self._paper, self._language = sentence.text, paper, paper.language
        self._told = told(sentence.text, paper.language)
        self._fitting = Fitting(self._told, paper)
        pieces = set(among)
        self._passages = [passage for passage in paper.passages if passage.piece in pieces]
        self._best = self._covering(sentence.places)
        places = {value: places_of(value, self._fitting, paper) for value in self._told.values}
        self._places = {value: ranges for value, ranges in places.items() if ranges}
        resting = [*self._best, *(ranges[0].passage for ranges in self._places.values())]
        self.links = tuple(sorted(dict.fromkeys(passage.piece for passage in resting)))[:MOST_PASSAGES]
        self.marks = [*self._missing(resting), *self._exchanged(), *self._swapped()]
        self.marks += [*turned(self._text, paper, beside), *misnamed(self._told, paper)]

    def _covering(self, named: Sequence[int]) -> list[Passage]:
        """Return the passages that together have most of the sentence's words, best first."""
        best, known, fitting = list[Passage](), set[int](), self._fitting
        rest = [passage for passage in self._passages if fitting.share(passage)]
        while rest and len(best) < MOST_PASSAGES:
            adds = [fitting.share(passage, known) for passage in rest]
            ranks = [add + NAMED * (passage.piece in named) for add, passage in zip(adds, rest, strict=True)]
            at = ranks.index(max(ranks))
            if best and adds[at] < ADDS:
                break
            best.append(rest.pop(at))
            known |= {word for word, much in fitting.common(best[-1]).items() if much == 1}
        return best

    def _missing(self, resting: Sequence[Passage]) -> Iterator[Mark]:
        """Yield marks for values and names that the document does not have, and for a sentence that it does not say."""
        text = self._paper.source.text_of(sorted({passage.piece for passage in resting}))
        for flag in check(self._text, text, self._language):
            spots = [value for value in self._told.values if value.start < flag.end and flag.start < value.end]
            is_name = flag.kind == "name" and not any(value.code for value in spots)
            is_value = flag.kind in VALUES or flag.kind == "name"
            is_missing = is_value and spots and not any(map(self._is_borne_out, spots))
            if (is_name and not self._is_known(flag)) or (is_missing and not is_name):
                yield Mark(flag.kind, flag.text, flag.start, flag.end, flag.detail)
        for match in _QUOTED.finditer(self._text):  # small models mix up such terms
            if match[1] not in FoldedText(text):
                yield Mark("name", match[1], match.start(1), match.end(1))
        if not (self._best or self._places) and len(self._told.words) >= LEAST_SAID:
            yield Mark(WORDS, self._text, 0, len(self._text))

    def _is_borne_out(self, value: Value) -> bool:
        return value in self._places or is_reckoned(value, self._told, self._paper)

    def _is_known(self, flag: Flag) -> bool:
        """Return whether the document has all words of a name, in whatever form, or it may be none: a noun, the first
        word of a sentence, an abbreviation.
        """
        name, language = flag.text, self._language
        short = name.removesuffix("s")
        is_one = len(name.split()) == 1 and name.isalpha() and not name.isupper()
        is_noun = is_one and (language == "de" or not flag.start or (language == "en" and name.endswith(_OF_NATIONS)))
        if is_noun or (len(short) <= LONGEST_SHORT and short.isupper()):
            return True
        return all(map(self._paper.kin, told(name, language).words))

    def _exchanged(self) -> Iterator[Mark]:
        """Yield marks for values in the place of another one."""
        for value, places in self._places.items():
            other, own = rival(value, self._fitting, self._paper), places[0]
            if other is None or not is_better(other, own) or self._is_plain(value, own) or self._is_end(value):
                continue
            there = self._fitting.around(value, other.passage, other.value, is_close=True)
            here = self._close(value, value)
            is_closer = there > SWAPPED * here + LEAST_SWAPPED or (there >= here and other.passage is not own.passage)
            is_counted = value.kind == "span" and is_reckoned(value, self._told, self._paper)
            if is_closer and not (is_counted or is_total(value, self._told)):
                yield self._mark(value, other)

    def _is_end(self, value: Value) -> bool:
        """Return whether a value is an end of a range that the document has: "from 30 March to 4 June"."""
        own = self._places[value][0].passage
        ends = (places for end, places in self._places.items() if end is not value and end.place == value.place)
        return value.kind == "day" and any(there.passage is own for places in ends for there in places)

    def _is_plain(self, value: Value, own: Place) -> bool:
        """Return whether a value has beside it what its row of a table is called, or is the paper's own date."""
        near = [word for word in self._told.words if word.clause == value.clause]
        is_row = self._paper.source.pieces[own.passage.piece].kind is BlockKind.TABLE_ROW
        if has("total", own.passage.text, "", at_start=True):
            return True
        if is_row and own.passage.told.words:
            return all(any(are_kin(word, neighbour) for neighbour in near) for word in own.passage.told.words)
        return value.kind == "day" and own.passage.is_bare and bool(_ITS_DATE.search(self._text, 0, value.start))

    def _swapped(self) -> Iterator[Mark]:
        """Yield marks for two values of the sentence that have changed places."""
        for left, right in combinations(self._places, 2):
            if left.kind != right.kind or not left.kind or is_same(left, right, self._paper.years):
                continue
            if is_total(left, self._told) or is_total(right, self._told):
                continue
            straight = sum(max(self._close(value, value), self._bare(value)) for value in (left, right))
            turned = self._close(left, right) + self._close(right, left)
            if turned > SWAPPED * straight + LEAST_SWAPPED:
                yield self._mark(left, self._places[right][0])

    def _close(self, value: Value, other: Value) -> float:
        """Return how well what stands right beside a value fits what the document says of another one."""
        places = self._places[other][:3]
        return max(self._fitting.around(value, place.passage, place.value, is_close=True) for place in places)

    def _bare(self, value: Value) -> float:
        return BARE * (value.kind == "day" and any(place.passage.is_bare for place in self._places[value]))

    def _mark(self, value: Value, other: Place) -> Mark:
        there = other.passage.text[other.value.start : other.value.end]
        return Mark(ELSEWHERE, self._text[value.start : value.end], value.start, value.end, there)

    def instead(self, earlier: Collection[int]) -> list[Point]:
        """Return the sentences of the document that carry the sentence's words and values, if there are any."""
        among = [passage for passage in self._passages if passage.piece not in earlier]
        some = instead(self._fitting, self.marks, among, self._paper)
        return [Point(passage.text, (passage.piece,), quotation=passage.text) for passage in some]


def unsaid(lines: Sequence[Line], points: Sequence[Point], source: Source) -> list[Line]:
    """Return the lines that must be known and that no point says.

    Points that leave out much of it are a poor summary: then lines of less worth are added too.
    """
    language = source.language
    every = [told(point.text, language) for point in points]
    words = [word for sentence in every for word in sentence.words]
    known = [line for line in lines if _must_be_known(line, source) and not (line.is_first or line.is_earlier)]
    missing = [line for line in known if not _is_said(line, points, every, words, source)]
    is_poor = len(known) - len(missing) < LEAST_KEPT * min(len(known), MOST_ASKED)
    return [line for line in missing if is_poor or line.is_action or line.worth >= MUST]


def _must_be_known(line: Line, source: Source) -> bool:
    is_total = source.pieces[line.piece].kind is BlockKind.TABLE_ROW and has("total", line.text, "", at_start=True)
    is_plea = (
        not line.is_due and not told(line.text, source.language).values and has("plea", line.text, source.language)
    )
    return not (is_total or is_plea) and (line.is_action or line.worth >= LESS)


def _is_said(
    line: Line, points: Sequence[Point], every: Sequence[Told], words: Sequence[Word], source: Source
) -> bool:  # fmt: skip
    return any(line.text in point.text for point in points) or _says(
        told(line.text, source.language), every, words, source
    )


def _says(line: Told, every: Sequence[Told], words: Sequence[Word], source: Source, least: float = 0.0) -> bool:
    """Return whether sentences say a line: its values, in whatever form, but for one that is no date if they say the
    rest of it well, and enough of its words.
    """
    values = [value for value in line.values if value.kind not in ("", "count", "year")]
    there = [value for sentence in every for value in sentence.values]
    rest = [value for value in values if not any(is_same(value, stated) or is_same(stated, value) for stated in there)]
    weights = {word: 0.1 + source.rarity.weight(word.key[:STEM]) for word in line.words}
    got = sum(weight for word, weight in weights.items() if any(are_kin(word, word_said) for word_said in words))
    share: float = got / (sum(weights.values()) or 1.0)
    is_detail = len(rest) == 1 < len(values) and rest[0].kind not in ("day", "clock") and share >= SAID[0]
    return (not rest or is_detail) and share >= max(least, SAID[min(len(values), 2)])


REPEATED = 0.8
"""Least share by which written sentences say a quotation, so that it isn't put in."""
MUST, LESS = 4.0, 1.0
"""Least worth of a line that must be known though it asks for nothing, and of one that a poor summary should say."""
LEAST_KEPT, MOST_ASKED = 0.6, 10
"""Share of the lines that must be known which a good summary says, and the most that are asked of it."""
SAID = (0.5, 0.25, 0.15)
"""Least share of a line's words that the sentences must have to say it, where it has no value, one, or several."""
