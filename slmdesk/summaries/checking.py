"""Checks what a model has written about a document, sentence by sentence, against the passages it rests on.

A sentence that fails gives way to the sentences of the document that carry its figures and words. Pure functions.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from itertools import combinations

from slmdesk.base.documents import BlockKind
from slmdesk.base.record import Record
from slmdesk.library.types import ELSEWHERE, LEAST_SHARE, WORDS, Mark
from slmdesk.summaries.instead import instead
from slmdesk.summaries.lines import Line, ends_with_by, has
from slmdesk.summaries.linking import Point, Source, linked
from slmdesk.summaries.told import (
    BARE,
    Fitting,
    Passage,
    Place,
    Told,
    Value,
    Word,
    are_kin,
    is_better,
    is_coarse,
    is_same,
    passages_of,
    places_of,
    rival,
    told,
)
from slmdesk.summaries.turned import foreign, has_noun, is_noun, replaced, turned
from slmdesk.text.checks.negation import denying
from slmdesk.text.checks.support import VALUES, Flag, check
from slmdesk.text.checks.words import folded

MOST_PASSAGES = 4
ADDS = 0.12
"""Least share of a sentence's words by which a further passage must add to the ones before it."""
NAMED = 0.1
"""Share that counts in favour of a passage that the model named."""
SWAPPED, LEAST_SWAPPED, LEAST_NEAR, BESIDE_DAY = 1.1, 0.05, 0.05, 3
LONGEST_SHORT = 3
_PART = re.compile(r";\s+|(?<=[a-zß)]): (?=[A-ZÄÖÜ])")


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
    doubted: Collection[str] = (),
    earlier: Collection[int] = (),
) -> Checked:
    """Return the sentences with the passages they rest on. One that fails gives way to sentences of the document.

    `doubted`: sentences that fail whatever the checks say. `earlier`: pieces of earlier messages, which take no place.

    In another language than the document's a sentence that fails stays and is marked: its reader may not understand the
    document's own words.
    """
    if source.is_translated:
        points = [linked(Point(sentence.text, ()), source, sentence.places or among) for sentence in said]
        return Checked(tuple(points), sum(not point.is_supported for point in points), 0)
    passages = passages_of(source, among)
    years = {year for passage in passages for year in _years(passage)}
    kept, marked, replaced = list[Point](), 0, 0
    for sentence in said:
        judged = _Judged(sentence, source, passages, years)
        if sentence.text in doubted:
            judged.marks.append(Mark("negation", sentence.text, 0, len(sentence.text)))
        if not judged.marks:
            kept.append(Point(sentence.text, judged.links))
            continue
        marked += 1
        quoted = judged.instead(earlier)
        replaced += bool(quoted)
        kept += quoted or [Point(sentence.text, judged.links, tuple(judged.marks))]
    return Checked(tuple(_once(kept, source)), marked, replaced)


def _once(points: Sequence[Point], source: Source) -> Iterator[Point]:
    """Yield the points without quotations that come again, or say what the written sentences say already."""
    quoted = set[str]()
    written = [told(point.text, source.language) for point in points if not point.quotation and not point.flags]
    words = [word for one in written for word in one.words]
    for point in points:
        quotation = told(point.quotation, source.language)
        if not point.quotation or (
            point.quotation not in quoted and not _says(quotation, written, words, source, REPEATED)
        ):
            yield point
        quoted.add(point.quotation)


def _years(passage: Passage) -> Iterator[int]:
    for value in passage.told.values:
        yield from (year for year, _, _ in (value.when.readings if value.when else ()) if year)
        if value.kind == "year" and value.number:
            yield int(value.number.values[0])


class _Judged:
    """A sentence with the passages it rests on and the marks against it."""

    def __init__(self, sentence: Said, source: Source, passages: Sequence[Passage], years: set[int]) -> None:
        self._text, self._source, self._passages, self._years = sentence.text, source, passages, years
        self._told = told(sentence.text, source.language)
        self._fitting = Fitting(self._told, source)
        self._shares = {id(passage): self._fitting.share(passage) for passage in passages}
        self._best = self._covering(sentence.places)
        places = {value: places_of(value, self._fitting, passages, years) for value in self._told.values}
        self._places = {value: found for value, found in places.items() if found}
        resting = [*self._best, *(found[0].passage for found in self._places.values())]
        self.links = tuple(sorted(dict.fromkeys(passage.piece for passage in resting)))[:MOST_PASSAGES]
        self.marks = [*self._missing(resting), *self._exchanged(), *self._swapped()]
        self.marks += turned(self._text, source, passages)
        self.marks += replaced(self._text, source, passages)
        self.marks += foreign(self._told, passages)

    def _covering(self, named: Sequence[int]) -> list[Passage]:
        """Return the passages that together have most of the sentence's words, best first."""
        best, known = list[Passage](), set[int]()
        rest = [passage for passage in self._passages if self._shares[id(passage)] > 0]
        while rest and len(best) < MOST_PASSAGES:
            adds = [self._fitting.share(passage, known) for passage in rest]
            ranks = [add + NAMED * (passage.piece in named) for add, passage in zip(adds, rest, strict=True)]
            at = ranks.index(max(ranks))
            if best and adds[at] < ADDS:
                break
            best.append(rest.pop(at))
            known |= {word for word, much in self._fitting.common(best[-1]).items() if much == 1}
        return best

    def _missing(self, resting: Sequence[Passage]) -> Iterator[Mark]:
        """Yield marks for values and names that the document does not have, and for a sentence that it does not say."""
        source, language = self._source, self._source.language
        for flag in check(self._text, source.text_of(sorted({passage.piece for passage in resting})), language):
            spots = [value for value in self._told.values if value.start < flag.end and flag.start < value.end]
            is_name = flag.kind == "name"
            is_missing = flag.kind in VALUES and spots and not any(value in self._places for value in spots)
            if (is_name and not self._is_known(flag)) or (is_missing and not is_name):
                yield Mark(flag.kind, flag.text, flag.start, flag.end, flag.detail)
        if not self._best or (self._share() < LEAST_SHARE / 2 and not self._places):
            yield Mark(WORDS, self._text, 0, len(self._text))

    def _is_known(self, flag: Flag) -> bool:
        """Return whether the document has all words of a name, in whatever form, or it may be none: a noun, the first
        word of a sentence, an abbreviation.
        """
        name, language = flag.text, self._source.language
        is_one = len(name.split()) == 1 and name.isalpha() and not name.isupper()
        if (is_one and (language == "de" or not flag.start)) or (len(name) <= LONGEST_SHORT and name.isupper()):
            return True
        every = [word for passage in self._passages for word in passage.told.words]
        return all(any(are_kin(word, other) for other in every) for word in told(name, language).words)

    def _share(self) -> float:
        known = {at for passage in self._best for at, much in self._fitting.common(passage).items() if much == 1}
        return sum(self._fitting.weights[at] for at in known) / (sum(self._fitting.weights) or 1)

    def _exchanged(self) -> Iterator[Mark]:
        """Yield marks for values in the place of another one."""
        for value, places in self._places.items():
            if self._is_out_of_place(value, places):
                yield Mark(ELSEWHERE, self._text[value.start : value.end], value.start, value.end)
                continue
            other = rival(value, self._fitting, self._passages, self._years)
            if other is None or not is_better(other, places[0]):
                continue
            there = self._fitting.around(value, other.passage, other.value, is_close=True)
            here = self._close(value, value)
            if there > SWAPPED * here + LEAST_SWAPPED or (there >= here and other.passage is not places[0].passage):
                yield self._mark(value, other)

    def _is_out_of_place(self, value: Value, places: Sequence[Place]) -> bool:
        """Return whether the paper has a deadline only as the date of a letter, or a month only in dates of other
        things.
        """
        is_due = value.kind == "day" and ends_with_by(self._text[: value.start], self._source.language)
        is_month = is_coarse(value) and not any(is_coarse(place.value) or place.passage.is_bare for place in places)
        if is_month or (is_due and all(place.passage.is_bare for place in places)):
            return max(self._fitting.around(value, place.passage, place.value) for place in places) < LEAST_NEAR
        return value.kind == "day" and self._is_of_another(value, [place.passage for place in places])

    def _is_of_another(self, value: Value, there: Sequence[Passage]) -> bool:
        """Return whether the paper tells a day of another thing than the sentence, which it names elsewhere."""
        near = [
            word
            for at, word in enumerate(self._told.words)
            if word.clause == value.clause and -BESIDE_DAY <= at - value.place < BESIDE_DAY
        ]
        known = (word for one in there for word in (*one.told.words, *one.before, *one.context))
        if any(one.is_bare for one in there) or any(are_kin(word, other) for other in known for word in near):
            return False
        language = self._source.language
        nouns = [word for word in near if is_noun(self._text, word, language)]
        return any(has_noun(passage, word, language) for word in nouns for passage in self._passages)

    def _swapped(self) -> Iterator[Mark]:
        """Yield marks for two values of the sentence that have changed places."""
        for one, two in combinations(self._places, 2):
            if one.kind != two.kind or not one.kind or is_same(one, two, self._years):
                continue
            straight = sum(max(self._close(value, value), self._bare(value)) for value in (one, two))
            turned = self._close(one, two) + self._close(two, one)
            if turned > SWAPPED * straight + LEAST_SWAPPED:
                yield self._mark(one, self._places[two][0])

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
        some = instead(self._fitting, self.marks, among, self._source, self._years)
        return [Point(passage.text, (passage.piece,), quotation=passage.text) for passage in some]


def unsaid(lines: Sequence[Line], points: Sequence[Point], source: Source) -> list[Line]:
    """Return the lines that must be known and that no point says.

    Points that leave out much of it are a poor summary: then lines of less worth are added too.
    """
    language = source.language
    every = [told(point.text, language) for point in points]
    words = [word for one in every for word in one.words]
    known = [line for line in lines if _must_be_known(line, source) and not (line.is_first or line.is_earlier)]
    missing = [line for line in known if not _is_said(line, points, every, words, source)]
    is_poor = len(known) - len(missing) < LEAST_SAID * min(len(known), MANY)
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
    there = [value for one in every for value in one.values]
    rest = [
        value for value in values if not any(is_same(value, one, set()) or is_same(one, value, set()) for one in there)
    ]
    share = Fitting(line, source).share_in(words)
    is_detail = len(rest) == 1 < len(values) and rest[0].kind not in ("day", "clock") and share >= SAID[0]
    return (not rest or is_detail) and share >= max(least, SAID[min(len(values), 2)])


REPEATED = 0.8
"""Least share by which written sentences say a quotation, so that it isn't put in."""
MUST, LESS = 4.0, 1.0
"""Least worth of a line that must be known though it asks for nothing, and of one that a poor summary should say."""
LEAST_SAID, MANY = 0.6, 10
"""Share of the lines that must be known which a good summary says, and the most that are asked of it."""
SAID = (0.5, 0.25, 0.15)
"""Least share of a line's words that the sentences must have to say it, where it has no value, one, or several."""


def exchanged(sentence: str, language: str) -> tuple[str, ...]:
    """Return a sentence with its "not" dropped or added, to ask a model which it finds more likely; empty if unsure."""
    no = denying(language)
    for match in _TOKEN.finditer(sentence):
        if folded(match[0]) in no and folded(match[0]) not in _NOT_ALONE:
            return (sentence[: match.start()] + sentence[match.end() :].lstrip(),)
    if (verb := _VERB.get(language)) and (found := re.search(verb[0], sentence)):
        at = found.end() if verb[1] == "behind" else found.start()
        return (sentence[:at] + verb[2] + sentence[at:],)
    return ()


_TOKEN = re.compile(r"[^\W\d_]+")
_NOT_ALONE = frozenset(["ni", "nor", "noch", "ne", "n", "keine", "kein", "keinen", "keiner", "keinem", "keines"])
_VERB = {
    "en": (r"\b(?:must|may|can|will|shall|is|are|has|have|was|were)\b", "behind", " not"),
    "de": (r"\b(?:muss|müssen|darf|dürfen|kann|können|wird|werden|ist|sind|hat|haben)\b", "behind", " nicht"),
    "fr": (r"\b(?:doit|doivent|peut|peuvent|est|sont|sera|seront)\b", "behind", " pas"),
    "es": (r"\b(?:debe|deben|puede|pueden|es|son|está|será|ha)\b", "before", "no "),
    "it": (r"\b(?:deve|devono|può|possono|è|sono|sarà|ha)\b", "before", "non "),
    "pl": (r"\b(?:musi|muszą|może|mogą|jest|są|będzie)\b", "before", "nie "),
    "pt": (r"\b(?:deve|devem|pode|podem|é|são|será)\b", "before", "não "),
    "nl": (r"\b(?:moet|moeten|mag|mogen|kan|kunnen|is|zijn|wordt)\b", "behind", " niet"),
}
"""Verbs of a sentence, on which side of one its "not" stands, and the "not"."""
