"""Compares two versions of a document: passages added, removed, changed and moved. Pure; any thread.

Blocks that both versions have anchor the comparison (`alignment.common`). The text between anchors is compared by
sentences, and changed sentences by words. The counterpart of a sentence is the one that shares most words with it (Dice
1945, rarer words count more), as far as the order allows. A passage that is elsewhere unchanged, or nearly so, was
moved. The two versions are first put into a fixed order, so that swapping them gives the same changes reversed.
"""

from __future__ import annotations

import re
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from slmdesk.base.documents import BlockKind, Page
from slmdesk.base.record import changed
from slmdesk.base.text.words import folded, function_words
from slmdesk.tasks.versions.difference.alignment import Hunk, common, heaviest, hunks_of
from slmdesk.tasks.versions.difference.facts import LINK, blanked, facts_of
from slmdesk.tasks.versions.difference.numbering import is_heading
from slmdesk.tasks.versions.difference.parts import Unit, sentences_of, token_key, tokens_of, units_of
from slmdesk.tasks.versions.difference.types import Change, ChangeKind, Difference, Named, Place, Row, Run


def difference(
    old: Sequence[Page], new: Sequence[Page], *, language: str = "", checkpoint: Yield = lambda: None
) -> Difference:
    """Compare two documents by their pages.

    `language` is an ISO 639-1 code, for finding the ends of sentences. `checkpoint` is called often. It may raise to
    stop the comparison, or wait to let others work.
    """
    before, after = units_of(old), units_of(new)
    swapped = order_key(before) > order_key(after)
    work = Matcher(old, new, before, after, language, checkpoint) if not swapped else Matcher(
        new, old, after, before, language, checkpoint
    )  # fmt: skip
    events = [pairing.turned() for pairing in work.run()] if swapped else work.run()
    clauses = clauses_of(before), clauses_of(after)
    links = links_of(old), links_of(new)
    has_links = all(links)  # a format whose links are not read has none to compare
    steps = in_order(moved_together(events))
    return ChangeBuilder(steps, clauses, links if has_links else ({}, {}), language, checkpoint).build()


MOST_CHARACTERS = 100
"""Most characters of a heading that is shown."""
_MARKS = re.compile(r"^#{1,6}\s+|[*_]{2,}")
_BULLET = re.compile(r"^[\u2022\u2023\u25aa\u25cf\u25e6*+\u2013-]\s+")


def clauses_of(units: Sequence[Unit]) -> list[str]:
    """Return the clause of each block: "6. Support, 6.4". Without a heading above the block it is only the number."""
    clauses: list[str] = []
    heading = last = ""
    for unit in units:
        number = _number(unit)
        if is_heading(unit.text, unit.kind, unit.lead):
            heading, number = _shortened(_MARKS.sub("", unit.text)), ""
        last = number or last
        clauses.append(", ".join(filter(None, (heading, number if heading else last))))
    return clauses


def _number(unit: Unit) -> str:
    if unit.kind is BlockKind.HEADING:
        return ""
    return _BULLET.sub("", unit.text[: unit.lead].strip()).rstrip(".")


def _shortened(text: str) -> str:
    return text if len(text) <= MOST_CHARACTERS else text[: MOST_CHARACTERS - 1].rstrip() + "…"


LEAST_ALIKE = 0.4
"""Least share of common words for two sentences to be one changed sentence."""
LEAST_ALIKE_ALONE = 0.2
"""Least share of common words if each sentence is the only one between two unchanged sentences."""
LEAST_MOVED = 20
"""Fewest letters of a passage that is reported as moved. Shorter ones occur in many places."""
LEAST_MOVED_ALIKE, LEAST_MOVED_WORDS = 0.7, 8
LEAST_SAME_BLOCK = 0.6
"""Least share of common words for two blocks to be one changed block that keeps its place in the order."""
MOST_CANDIDATES, BEST_CANDIDATES = 12, 6
"""In large comparisons: most passages that may contain a word for the word to suggest a match, and how many suggested
passages are then compared in full.
"""
SHORT_WORDS = 6
"""Most words of two sentences in one place that are one changed sentence even with no common word: "900" for "950"."""


Yield = Callable[[], None]


@dataclass(slots=True, eq=False)
class Pairing:
    """Passages that belong together. `is_moved` says that they are not in the order of the others."""

    old: list[Unit]
    new: list[Unit]
    is_same: bool = False
    is_moved: bool = False
    change: int = -1

    def turned(self) -> Pairing:
        return Pairing(self.new, self.old, self.is_same, self.is_moved)


def order_key(units: Sequence[Unit]) -> tuple[int, int]:
    """Return a key that puts two versions into a fixed order, whichever is given first."""
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
        """Return pairings that contain every passage of both versions, in no particular order."""
        before, after = self._before, self._after
        pairs = common(
            [unit.key for unit in before], [unit.key for unit in after], lambda at: float(len(before[at].key))
        )
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
        if not mine or not theirs or "".join(unit.key for unit in mine) != "".join(unit.key for unit in theirs):
            return False
        self._events.append(Pairing(mine, theirs, is_same=True))
        return True

    def _moved_away(self, gaps: list[tuple[list[Unit], list[Unit]]]) -> list[tuple[list[Unit], list[Unit]]]:
        mine = Counter(unit.key for some, _ in gaps for unit in some if len(unit.key) >= LEAST_MOVED)
        theirs = {unit.key: unit for _, some in gaps for unit in some if mine.get(unit.key) == 1}
        counts = Counter(unit.key for _, some in gaps for unit in some if unit.key in theirs)
        moved = {key for key in theirs if counts[key] == 1}
        for some, _ in gaps:
            for unit in some:
                if unit.key in moved:
                    self._events.append(Pairing([unit], [theirs[unit.key]], is_moved=True))
        left = [tuple([unit for unit in some if unit.key not in moved] for some in gap) for gap in gaps]
        return [(gone, other) for gone, other in left if gone or other]

    def _by_sentences(self, mine: list[Unit], theirs: list[Unit]) -> Iterator[tuple[list[Unit], list[Unit]]]:
        if not mine or not theirs:
            yield mine, theirs
            return
        before, after = self._cut(mine, 0), self._cut(theirs, 1)
        pairs = common(
            [unit.key for unit in before], [unit.key for unit in after], lambda at: float(len(before[at].key))
        )
        pairs = _unless_moved(before, after, pairs)
        self._events += [Pairing([before[at]], [after[to]], is_same=True) for at, to in pairs]
        for a, b, c, d in _gaps(pairs, len(before), len(after)):
            if not self._is_same(before[a:b], after[c:d]):
                yield before[a:b], after[c:d]

    def _cut(self, units: list[Unit], side: int) -> list[Unit]:
        texts = self._texts[side]
        sentences: list[Unit] = []
        for unit in units:
            raw = texts[unit.place.page][unit.place.start : unit.place.end]
            sentences += sentences_of(unit, raw, self._language)
        return sentences

    def _resolve(self, mine: list[Unit], theirs: list[Unit]) -> None:
        if not mine or not theirs:
            self._events += _alone(mine, theirs)
            return
        bags, others = [_bag(unit.words) for unit in mine], [_bag(unit.words) for unit in theirs]
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
        gone = [event for event in self._events if not event.new and letters_of(event.old) >= LEAST_MOVED]
        come = [event for event in self._events if not event.old and letters_of(event.new) >= LEAST_MOVED]
        gone, come = _by_block(gone, 0), _by_block(come, 1)
        bags = [_bag(_words(pairing.old)) for pairing in gone]
        others = [_bag(_words(pairing.new)) for pairing in come]
        taken: set[int] = set()
        used: set[int] = set()
        moved: list[Pairing] = []
        for at, to, _ in sorted(_alike(bags, others, LEAST_MOVED_ALIKE), key=lambda pair: (-pair[2], pair[0], pair[1])):
            if at not in used and to not in taken and len(bags[at]) >= LEAST_MOVED_WORDS:
                used.add(at)
                taken.add(to)
                moved.append(Pairing(gone[at].old, come[to].new, is_moved=True))
        rest = [pairing for at, pairing in enumerate(gone) if at not in used]
        rest += [pairing for at, pairing in enumerate(come) if at not in taken]
        small = [
            event for event in self._events
            if (event.old and event.new) or letters_of(event.old or event.new) < LEAST_MOVED
        ]  # fmt: skip
        self._events = small + rest + moved

    def _moved_along(self) -> None:
        gone = {place_of(event.old[0]): event for event in self._events if len(event.old) == 1 and not event.new}
        come = {place_of(event.new[0]): event for event in self._events if len(event.new) == 1 and not event.old}
        taken: set[int] = set()
        for pairing in [event for event in self._events if event.is_moved]:
            for is_before in (True, False):
                while True:
                    mine = _beside(gone, pairing.old, is_before=is_before)
                    theirs = _beside(come, pairing.new, is_before=is_before)
                    if not mine or not theirs or mine.old[0].key != theirs.new[0].key or id(mine) in taken:
                        break
                    taken |= {id(mine), id(theirs)}
                    pairing.old = [*mine.old, *pairing.old] if is_before else [*pairing.old, *mine.old]
                    pairing.new = [*theirs.new, *pairing.new] if is_before else [*pairing.new, *theirs.new]
        self._events = [event for event in self._events if id(event) not in taken]


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
    """Return the gaps between pairs, as (begin, end) on the one side and (begin, end) on the other."""
    gaps = []
    at, to = 0, 0
    for place, there in [*pairs, (count, other)]:
        if keep_empty or place > at or there > to:
            gaps.append((at, place, to, there))
        at, to = place + 1, there + 1
    return gaps


@lru_cache(maxsize=20_000)
def _bag(text: str) -> Counter[str]:
    """Count the words of a text. The result is cached, so do not change it."""
    return Counter(token_key(folded(text[start:end])) for start, end in tokens_of(text) if text[start].isalnum())


@lru_cache(maxsize=50_000)
def _weight(word: str) -> float:
    return 0.25 if word in function_words("en") or (len(word) < 3 and not word.isdigit()) else 1.0


def _alike(
    bags: Sequence[Counter[str]], others: Sequence[Counter[str]], least: float = LEAST_ALIKE
) -> list[tuple[int, int, float]]:
    """Return pairs of similar texts with their similarity, `least` to 1. Candidates share words that few texts have."""
    index: dict[str, list[int]] = {}
    for to, bag in enumerate(others):
        for word in bag:
            index.setdefault(word, []).append(to)
    sizes = [_size(bag) for bag in others]
    is_small = len(bags) * len(others) <= 2500
    candidates: list[tuple[int, int, float]] = []
    for at, bag in enumerate(bags):
        size = _size(bag)
        votes: Counter[int] = Counter()
        for word in bag:
            places = index.get(word, ())
            if is_small or len(places) <= MOST_CANDIDATES:
                votes.update(places)
        ranked = sorted(votes.items(), key=lambda vote: (-vote[1], abs(vote[0] - at)))
        for to, _ in ranked if is_small else ranked[:BEST_CANDIDATES]:
            shared = _shared(bag, others[to])
            share = 2 * shared / (size + sizes[to]) if size + sizes[to] else 0.0
            if share >= least:
                candidates.append((at, to, share))
    return candidates


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
    return [Pairing(some, []) for some in ([unit] for unit in mine)] + [Pairing([], [unit]) for unit in theirs]


def _by_block(events: list[Pairing], side: int) -> list[Pairing]:
    blocks: list[Pairing] = []
    for event in sorted(events, key=lambda event: place_of((event.old or event.new)[0])):
        some = event.old or event.new
        last = (blocks[-1].old or blocks[-1].new)[-1] if blocks else None
        if last and last.block == some[0].block and last.at + 1 == some[0].at:
            if side == 0:
                blocks[-1].old.extend(some)
            else:
                blocks[-1].new.extend(some)
        else:
            blocks.append(Pairing(list(event.old), list(event.new)))
    return blocks


def letters_of(units: Sequence[Unit]) -> int:
    return sum(len(unit.key) for unit in units)


def joined(units: Sequence[Unit]) -> str:
    """Return the text of units. Each block is on its own line, unless a page break cut a sentence."""
    return joined_with_numbers(units)[0]


def joined_with_numbers(units: Sequence[Unit]) -> tuple[str, list[tuple[int, int]]]:
    text = ""
    numbers: list[tuple[int, int]] = []
    for at, unit in enumerate(units):
        if at:
            is_cut = unit.text[:1].islower() and text[-1:] not in ".!?:;"
            text += " " if is_cut or unit.block == units[at - 1].block else "\n"
        if unit.lead:
            numbers.append((len(text), len(text) + unit.lead))
        text += unit.text
    return text, numbers


def _words(units: Sequence[Unit]) -> str:
    return " ".join(unit.words for unit in units)


def place_of(unit: Unit) -> tuple[int, int]:
    return unit.block, unit.at


MOST_JOINED = 2400
"""Most letters of adjacent passages that are shown as one removal or addition."""


Links = Mapping[int, Sequence[tuple[int, str]]]
"""By the page: where the words of each link end, and where it leads."""


def links_of(pages: Sequence[Page]) -> Links:
    links: dict[int, list[tuple[int, str]]] = {}
    for page in pages:
        for block in page.blocks:
            if block.kind is BlockKind.LINK:
                links.setdefault(page.number, []).append((block.start, block.place))
    return links


def _links_in(place: Place, links: Links) -> list[str]:
    return [target for at, target in links.get(place.page, ()) if place.start < at <= place.end]


@dataclass(slots=True, eq=False)
class _Step:
    """A pairing at the position where it is shown. A moved text is shown twice, once on each side."""

    event: Pairing
    old: list[Unit]
    new: list[Unit]
    is_part: bool = False


def moved_together(events: Sequence[Pairing]) -> list[Pairing]:
    pairings = [event for event in events if not event.is_moved]
    last: Pairing | None = None
    for pairing in sorted((event for event in events if event.is_moved), key=lambda pairing: place_of(pairing.old[0])):
        if last and _follows(last.old[-1], pairing.old[0]) and _follows(last.new[-1], pairing.new[0]):
            last.old, last.new = last.old + pairing.old, last.new + pairing.new
        else:
            last = Pairing(pairing.old, pairing.new, is_moved=True)
            pairings.append(last)
    return pairings


def in_order(events: Sequence[Pairing]) -> list[_Step]:
    """Return the pairings in the new version's reading order. Removed passages come before those that replaced them."""

    def by_old(some: Iterable[Pairing]) -> list[Pairing]:
        return sorted(some, key=lambda pairing: place_of(pairing.old[0]))

    ordered = by_old(event for event in events if event.old and event.new and not event.is_moved)
    gone = by_old(event for event in events if event.old and (not event.new or event.is_moved))
    come = sorted(
        (event for event in events if event.new and (not event.old or event.is_moved)),
        key=lambda pairing: place_of(pairing.new[0]),
    )
    steps: list[_Step] = []
    at = to = 0
    last: Pairing | None = None
    for pairing in [*ordered, None]:

        def is_before(unit: Unit, of: Sequence[Unit], is_end: bool = pairing is None) -> bool:
            return is_end or place_of(unit) < place_of(of[0])

        for is_part in (True, False):  # parts of the paragraph before come with that paragraph
            while at < len(gone) and is_before(gone[at].old[0], pairing.old if pairing else ()):
                if is_part and not (last and gone[at].old[0].block == last.old[-1].block):
                    break
                steps.append(_Step(gone[at], gone[at].old, [], is_part))
                at += 1
            while to < len(come) and is_before(come[to].new[0], pairing.new if pairing else ()):
                if is_part and not (last and come[to].new[0].block == last.new[-1].block):
                    break
                steps.append(_Step(come[to], [], come[to].new, is_part))
                to += 1
        if pairing is not None:
            steps.append(_Step(pairing, pairing.old, pairing.new))
        last = pairing
    return steps


class ChangeBuilder:
    def __init__(
        self, steps: Sequence[_Step], clauses: tuple[Sequence[str], Sequence[str]], links: tuple[Links, Links],
        language: str, checkpoint: Yield,
    ) -> None:  # fmt: skip
        self._steps, self._clauses, self._links = steps, clauses, links
        self._language, self._checkpoint = language, checkpoint
        self._changes: list[Change] = []

    def build(self) -> Difference:
        steps = self._joined_steps()
        runs: list[tuple[tuple[Run, ...], tuple[Run, ...]]] = []
        for step in steps:
            self._number(step.event)
            runs.append(self._runs(step))
            self._checkpoint()
        return Difference(tuple(self._changes), tuple(self._rows(steps, runs)))

    def _joined_steps(self) -> list[_Step]:
        steps: list[_Step] = []
        for step in self._steps:
            last = steps[-1] if steps else None
            if last and self._belongs(last, step):
                last.old, last.new = last.old + step.old, last.new + step.new
                last.event.old, last.event.new = last.old, last.new
                continue
            steps.append(step)
        return steps

    @staticmethod
    def _belongs(last: _Step, step: _Step) -> bool:
        if last.event.is_moved or step.event.is_moved or last.event.is_same or step.event.is_same:
            return False
        if last.is_part is not step.is_part:
            return False
        is_gone = not last.new and not step.new
        is_come = not last.old and not step.old
        if not is_gone and not is_come:
            return False
        return letters_of(last.old + last.new) + letters_of(step.old + step.new) <= MOST_JOINED

    def _number(self, event: Pairing) -> None:
        links = self._changed_links(event)
        if (event.is_same and not links) or event.change >= 0:
            return
        (old, numbers), (new, new_numbers) = joined_with_numbers(event.old), joined_with_numbers(event.new)
        old_places, new_places = tuple(unit.place for unit in event.old), tuple(unit.place for unit in event.new)
        hunks: list[Hunk] = []
        if event.old and event.new:
            is_other = _key(event.old) != _key(event.new)
            hunks = hunks_of(old, new, numbers, new_numbers) if is_other else []
            if not (hunks or links or event.is_moved):
                event.is_same = True  # only a list number or spaces inside words differ
                return
        if event.is_moved:
            kind = ChangeKind.MOVED
        elif event.old and event.new:
            kind = ChangeKind.CHANGED
        elif event.old:
            kind = ChangeKind.REMOVED
        else:
            kind = ChangeKind.ADDED
        event.change = len(self._changes)
        is_whole = not (event.old and event.new)
        self._changes.append(
            Change(
                kind,
                _marked(old, [hunk.old for hunk in hunks], event.change, is_whole),
                _marked(new, [hunk.new for hunk in hunks], event.change, is_whole),
                old_places,
                new_places,
                (
                    *facts_of(blanked(old, numbers, "\n"), blanked(new, new_numbers, "\n"), hunks, self._language),
                    *links,
                ),
                *(_clause(some, clauses) for some, clauses in zip((event.old, event.new), self._clauses, strict=True)),
            )
        )

    def _changed_links(self, event: Pairing) -> tuple[Named, ...]:
        """Return the links of a passage that lead elsewhere in the new version, or stand in one version alone."""
        old, new = (
            [target for unit in units for target in _links_in(unit.place, links)]
            for units, links in zip((event.old, event.new), self._links, strict=True)
        )
        if old == new or not (event.old and event.new):
            return ()
        if len(old) == len(new):
            return tuple(Named(LINK, *pair) for pair in zip(old, new, strict=True) if pair[0] != pair[1])
        gone, come = Counter(old) - Counter(new), Counter(new) - Counter(old)
        return (*(Named(LINK, target, "") for target in gone), *(Named(LINK, "", target) for target in come))

    def _runs(self, step: _Step) -> tuple[tuple[Run, ...], tuple[Run, ...]]:
        if step.event.change < 0:
            return _plain(step.old), _plain(step.new)
        change = self._changes[step.event.change]
        return (change.old_runs if step.old else ()), (change.new_runs if step.new else ())

    def _rows(self, steps: Sequence[_Step], runs: Sequence[tuple[tuple[Run, ...], tuple[Run, ...]]]) -> Iterator[Row]:
        """Yield rows paragraph by paragraph. Consecutive unchanged paragraphs are counted in one row."""
        same = Row()
        for group in _paragraphs(steps):
            old, new = [steps[at].old for at in group], [steps[at].new for at in group]
            old_places = tuple(unit.place for some in old for unit in some)
            new_places = tuple(unit.place for some in new for unit in some)
            if all(steps[at].event.change < 0 for at in group):
                same = Row(
                    same=same.same + max(1, len({unit.block for some in new for unit in some})),
                    old_places=_ends(same.old_places + old_places), new_places=_ends(same.new_places + new_places),
                )  # fmt: skip
                continue
            if same.same:
                yield same
                same = Row()
            yield Row(
                _spaced(runs[at][0] for at in group), _spaced(runs[at][1] for at in group), 0,
                old_places, new_places,
            )  # fmt: skip
        if same.same:
            yield same


def _paragraphs(steps: Sequence[_Step]) -> Iterator[list[int]]:
    group: list[int] = []
    for at, step in enumerate(steps):
        last = steps[at - 1] if at else None
        shares = last is not None and (
            (last.old and step.old and last.old[-1].block == step.old[0].block)
            or (last.new and step.new and last.new[-1].block == step.new[0].block)
        )
        if group and not shares:
            yield group
            group = []
        group.append(at)
    if group:
        yield group


def _clause(units: Sequence[Unit], clauses: Sequence[str]) -> str:
    return clauses[units[0].block] if units else ""


def _key(units: Sequence[Unit]) -> str:
    return "".join(unit.key for unit in units)


def _follows(unit: Unit, other: Unit) -> bool:
    return (unit.block == other.block and unit.at + 1 == other.at) or (unit.block + 1 == other.block and other.at == 0)


def _ends(places: tuple[Place, ...]) -> tuple[Place, ...]:
    return (places[0], places[-1]) if len(places) > 2 else places


def _plain(units: Sequence[Unit]) -> tuple[Run, ...]:
    return (Run(joined(units)),) if units else ()


def _marked(text: str, spans: Sequence[tuple[int, int]], change: int, is_whole: bool) -> tuple[Run, ...]:
    if not text:
        return ()
    if is_whole:
        return (Run(text, True, change),)
    runs: list[Run] = []
    at = 0
    for start, end in spans:
        if start > at:
            runs.append(Run(text[at:start], False, change))
        if end > start:
            runs.append(Run(text[start:end], True, change))
        at = max(at, end)
    if at < len(text):
        runs.append(Run(text[at:], False, change))
    return tuple(runs)


def _spaced(some: Iterator[tuple[Run, ...]] | Sequence[tuple[Run, ...]]) -> tuple[Run, ...]:
    spaced: list[Run] = []
    for runs in some:
        if spaced and runs:
            last = spaced[-1]
            if last.is_marked:
                spaced.append(Run(" ", False, last.change))
            else:
                spaced[-1] = changed(last, text=last.text + " ")
        spaced += runs
    return tuple(spaced)
