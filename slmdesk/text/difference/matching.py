"""Finds which passages of two versions belong together: unchanged, changed, moved, removed or added (see `compare`)."""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from slmdesk.base.documents import Page
from slmdesk.text.checks.words import folded, function_words
from slmdesk.text.difference.alignment import common, heaviest
from slmdesk.text.difference.parts import Unit, sentences_of, token_key, tokens_of

LEAST_ALIKE = 0.4
"""Of their words two sentences share at least, to be one sentence changed."""
LEAST_ALIKE_ALONE = 0.2
"""The same where each is all there is between two unchanged ones."""
LEAST_MOVED = 20
"""Letters of what is said to have moved: shorter things stand in many places."""
LEAST_MOVED_ALIKE, LEAST_MOVED_WORDS = 0.7, 8
LEAST_SAME_BLOCK = 0.6
"""Of their words two blocks share at least, to be a block changed and to hold its place against others."""
MOST_CANDIDATES, BEST_CANDIDATES = 12, 6
"""Passages a word may stand in, to speak for one of them, where there are many; and how many are looked at closely."""
SHORT_WORDS = 6
"""In the same place, so short sentences are one changed even without a word in common: "900" for "950"."""


Yield = Callable[[], None]


@dataclass(slots=True, eq=False)
class Pairing:
    """Passages that belong together; `is_moved`: not in the order of the others."""

    old: list[Unit]
    new: list[Unit]
    is_same: bool = False
    is_moved: bool = False
    change: int = -1

    def turned(self) -> Pairing:
        return Pairing(self.new, self.old, self.is_same, self.is_moved)


def order_key(units: Sequence[Unit]) -> tuple[int, int]:
    """Return what puts two versions into a fixed order, whichever is given first."""
    total = 0
    for unit in units:
        total = zlib.crc32(unit.key.encode("utf-8", "surrogatepass"), total)
    return len(units), total


class Matcher:
    def __init__(
        self,
        old: Sequence[Page],
        new: Sequence[Page],
        before: list[Unit],
        after: list[Unit],
        language: str,
        checkpoint: Yield,
    ) -> None:
        self._texts = ({page.number: page.text for page in old}, {page.number: page.text for page in new})
        self._before, self._after, self._language, self._checkpoint = before, after, language, checkpoint
        self._events: list[Pairing] = []

    def run(self) -> list[Pairing]:
        """Return every passage of both versions in some event; in no order."""
        before, after = self._before, self._after
        pairs = common([one.key for one in before], [one.key for one in after], lambda at: float(len(before[at].key)))
        self._checkpoint()
        pairs = _unless_moved(before, after, pairs)
        self._events += [Pairing([before[at]], [after[to]], is_same=True) for at, to in pairs]
        gaps = [(before[a:b], after[c:d]) for a, b, c, d in _gaps(pairs, len(before), len(after))]
        gaps = self._moved_away([gap for gap in gaps if not self._is_same(*gap)])
        fine: list[tuple[list[Unit], list[Unit]]] = []
        for mine, theirs in gaps:
            fine += self._by_sentences(mine, theirs)
            self._checkpoint()
        for mine, theirs in self._moved_away(fine):
            self._resolve(mine, theirs)
            self._checkpoint()
        self._moved_alike()
        self._moved_along()
        return self._events

    def _is_same(self, mine: list[Unit], theirs: list[Unit]) -> bool:
        if not mine or not theirs or "".join(one.key for one in mine) != "".join(one.key for one in theirs):
            return False
        self._events.append(Pairing(mine, theirs, is_same=True))
        return True

    def _moved_away(self, gaps: list[tuple[list[Unit], list[Unit]]]) -> list[tuple[list[Unit], list[Unit]]]:
        mine = Counter(one.key for some, _ in gaps for one in some if len(one.key) >= LEAST_MOVED)
        theirs = {one.key: one for _, some in gaps for one in some if mine.get(one.key) == 1}
        counts = Counter(one.key for _, some in gaps for one in some if one.key in theirs)
        moved = {key for key in theirs if counts[key] == 1}
        for some, _ in gaps:
            for one in some:
                if one.key in moved:
                    self._events.append(Pairing([one], [theirs[one.key]], is_moved=True))
        left = [tuple([one for one in some if one.key not in moved] for some in gap) for gap in gaps]
        return [(one, other) for one, other in left if one or other]

    def _by_sentences(self, mine: list[Unit], theirs: list[Unit]) -> Iterator[tuple[list[Unit], list[Unit]]]:
        if not mine or not theirs:
            yield mine, theirs
            return
        before, after = self._cut(mine, 0), self._cut(theirs, 1)
        pairs = common([one.key for one in before], [one.key for one in after], lambda at: float(len(before[at].key)))
        pairs = _unless_moved(before, after, pairs)
        self._events += [Pairing([before[at]], [after[to]], is_same=True) for at, to in pairs]
        for a, b, c, d in _gaps(pairs, len(before), len(after)):
            if not self._is_same(before[a:b], after[c:d]):
                yield before[a:b], after[c:d]

    def _cut(self, units: list[Unit], side: int) -> list[Unit]:
        texts = self._texts[side]
        return [
            one
            for unit in units
            for one in sentences_of(unit, texts[unit.place.page][unit.place.start : unit.place.end], self._language)
        ]

    def _resolve(self, mine: list[Unit], theirs: list[Unit]) -> None:
        if not mine or not theirs:
            self._events += _alone(mine, theirs)
            return
        bags, others = [_bag(one.words) for one in mine], [_bag(one.words) for one in theirs]
        pairs = heaviest((at, to, share * (1 + len(bags[at]))) for at, to, share in _alike(bags, others))
        groups = [Pairing([mine[at]], [theirs[to]]) for at, to in pairs]
        for number, (a, b, c, d) in enumerate(_gaps(pairs, len(mine), len(theirs), keep_empty=True)):
            around = (groups[number - 1] if number else None, groups[number] if number < len(groups) else None)
            rest = [_without_parts(mine[a:b], *around, 0), _without_parts(theirs[c:d], *around, 1)]
            self._events += _alone(*rest)
        for group in groups:
            group.old.sort(key=place_of)
            group.new.sort(key=place_of)
            self._events.append(group)

    def _moved_alike(self) -> None:
        gone = [one for one in self._events if not one.new and letters_of(one.old) >= LEAST_MOVED]
        come = [one for one in self._events if not one.old and letters_of(one.new) >= LEAST_MOVED]
        gone, come = _by_block(gone, 0), _by_block(come, 1)
        bags = [_bag(_words(one.old)) for one in gone]
        others = [_bag(_words(one.new)) for one in come]
        taken: set[int] = set()
        used: set[int] = set()
        found: list[Pairing] = []
        for at, to, _ in sorted(_alike(bags, others, LEAST_MOVED_ALIKE), key=lambda one: (-one[2], one[0], one[1])):
            if at not in used and to not in taken and len(bags[at]) >= LEAST_MOVED_WORDS:
                used.add(at)
                taken.add(to)
                found.append(Pairing(gone[at].old, come[to].new, is_moved=True))
        rest = [one for at, one in enumerate(gone) if at not in used]
        rest += [one for at, one in enumerate(come) if at not in taken]
        small = [
            one for one in self._events
            if (one.old and one.new) or letters_of(one.old or one.new) < LEAST_MOVED
        ]  # fmt: skip
        self._events = small + rest + found

    def _moved_along(self) -> None:
        gone = {place_of(one.old[0]): one for one in self._events if len(one.old) == 1 and not one.new}
        come = {place_of(one.new[0]): one for one in self._events if len(one.new) == 1 and not one.old}
        taken: set[int] = set()
        for one in [event for event in self._events if event.is_moved]:
            for is_before in (True, False):
                while True:
                    mine = _beside(gone, one.old, is_before=is_before)
                    theirs = _beside(come, one.new, is_before=is_before)
                    if not mine or not theirs or mine.old[0].key != theirs.new[0].key or id(mine) in taken:
                        break
                    taken |= {id(mine), id(theirs)}
                    one.old = [*mine.old, *one.old] if is_before else [*one.old, *mine.old]
                    one.new = [*theirs.new, *one.new] if is_before else [*one.new, *theirs.new]
        self._events = [one for one in self._events if id(one) not in taken]


def _beside(events: dict[tuple[int, int], Pairing], units: Sequence[Unit], *, is_before: bool) -> Pairing | None:
    if is_before:
        block, at = place_of(units[0])
        return events.get((block, at - 1)) if at else events.get((block - 1, 0))
    block, at = place_of(units[-1])
    return events.get((block, at + 1)) or events.get((block + 1, 0))


def _unless_moved(before: Sequence[Unit], after: Sequence[Unit], pairs: list[tuple[int, int]]) -> list[tuple[int, int]]:
    matched, others = {at for at, _ in pairs}, {to for _, to in pairs}
    mine = [at for at in range(len(before)) if at not in matched]
    theirs = [to for to in range(len(after)) if to not in others]
    if not mine or not theirs or not pairs:
        return pairs
    bags = [_bag(before[at].words) for at in mine]
    alike = _alike(bags, [_bag(after[to].words) for to in theirs], LEAST_SAME_BLOCK)
    weighed = [(at, to, float(len(before[at].key))) for at, to in pairs]
    weighed += [
        (mine[at], theirs[to], share * len(before[mine[at]].key))
        for at, to, share in alike
        if len(bags[at]) >= LEAST_MOVED_WORDS
    ]
    kept = set(heaviest(weighed))
    return [pair for pair in pairs if pair in kept]


def _gaps(
    pairs: Sequence[tuple[int, int]], count: int, other: int, *, keep_empty: bool = False
) -> list[tuple[int, int, int, int]]:
    """What lies between pairs: begin and end on the one side, begin and end on the other."""
    found = []
    at, to = 0, 0
    for place, there in [*pairs, (count, other)]:
        if keep_empty or place > at or there > to:
            found.append((at, place, to, there))
        at, to = place + 1, there + 1
    return found


@lru_cache(maxsize=20_000)
def _bag(text: str) -> Counter[str]:
    """The words of a text, counted.  Do not change it: it is cached."""
    return Counter(token_key(folded(text[start:end])) for start, end in tokens_of(text) if text[start].isalnum())


@lru_cache(maxsize=50_000)
def _weight(word: str) -> float:
    return 0.25 if word in function_words("en") or (len(word) < 3 and not word.isdigit()) else 1.0


def _alike(
    bags: Sequence[Counter[str]], others: Sequence[Counter[str]], least: float = LEAST_ALIKE
) -> list[tuple[int, int, float]]:
    """Pairs of similar texts with their similarity, from `least` to 1; found by words that few texts have."""
    index: dict[str, list[int]] = {}
    for to, bag in enumerate(others):
        for word in bag:
            index.setdefault(word, []).append(to)
    sizes = [_size(bag) for bag in others]
    is_small = len(bags) * len(others) <= 2500
    found: list[tuple[int, int, float]] = []
    for at, bag in enumerate(bags):
        size = _size(bag)
        votes: Counter[int] = Counter()
        for word in bag:
            places = index.get(word, ())
            if is_small or len(places) <= MOST_CANDIDATES:
                votes.update(places)
        ranked = sorted(votes.items(), key=lambda one: (-one[1], abs(one[0] - at)))
        for to, _ in ranked if is_small else ranked[:BEST_CANDIDATES]:
            shared = _shared(bag, others[to])
            share = 2 * shared / (size + sizes[to]) if size + sizes[to] else 0.0
            if share >= least:
                found.append((at, to, share))
    return found


def _shared(bag: Counter[str], other: Counter[str]) -> float:
    return sum(min(count, other[word]) * _weight(word) for word, count in bag.items() if word in other)


def _size(bag: Counter[str]) -> float:
    return sum(count * _weight(word) for word, count in bag.items())


def _without_parts(units: list[Unit], before: Pairing | None, after: Pairing | None, side: int) -> list[Unit]:
    begin, end = 0, len(units)
    while before and begin < end and _joins(units[begin], before, side):
        begin += 1
    while after and begin < end and _joins(units[end - 1], after, side):
        end -= 1
    return units[begin:end]


def _joins(unit: Unit, group: Pairing, side: int) -> bool:
    bag = _bag(unit.words)
    whole = _size(bag)
    here, there = (group.old, group.new) if side == 0 else (group.new, group.old)
    left = _bag(_words(there)) - _bag(_words(sorted(here, key=place_of)))
    if not whole or _shared(bag, left) < 0.6 * whole:
        return False
    here.append(unit)
    return True


def _alone(mine: list[Unit], theirs: list[Unit]) -> list[Pairing]:
    if len(mine) == len(theirs) == 1:
        bag, other = _bag(mine[0].words), _bag(theirs[0].words)
        is_short = max(bag.total(), other.total()) <= SHORT_WORDS
        if (is_short and mine[0].kind is theirs[0].kind) or _alike([bag], [other], LEAST_ALIKE_ALONE):
            return [Pairing(mine, theirs)]
    return [Pairing(some, []) for some in ([one] for one in mine)] + [Pairing([], [one]) for one in theirs]


def _by_block(events: list[Pairing], side: int) -> list[Pairing]:
    found: list[Pairing] = []
    for one in sorted(events, key=lambda event: place_of((event.old or event.new)[0])):
        some = one.old or one.new
        last = (found[-1].old or found[-1].new)[-1] if found else None
        if last and last.block == some[0].block and last.at + 1 == some[0].at:
            (found[-1].old if side == 0 else found[-1].new).extend(some)
        else:
            found.append(Pairing(list(one.old), list(one.new)))
    return found


def letters_of(units: Sequence[Unit]) -> int:
    return sum(len(one.key) for one in units)


def joined(units: Sequence[Unit]) -> str:
    """The text of units, each block on its own line, unless a page break cut a sentence."""
    return joined_with_numbers(units)[0]


def joined_with_numbers(units: Sequence[Unit]) -> tuple[str, list[tuple[int, int]]]:
    found = ""
    numbers: list[tuple[int, int]] = []
    for at, one in enumerate(units):
        if at:
            is_cut = one.text[:1].islower() and found[-1:] not in ".!?:;"
            found += " " if is_cut or one.block == units[at - 1].block else "\n"
        if one.lead:
            numbers.append((len(found), len(found) + one.lead))
        found += one.text
    return found, numbers


def _words(units: Sequence[Unit]) -> str:
    return " ".join(one.words for one in units)


def place_of(unit: Unit) -> tuple[int, int]:
    return unit.block, unit.at
