"""Puts the passages that belong together in reading order and words them as changes and rows (see `compare`)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from slmdesk.base.record import changed
from slmdesk.text.difference.facts import facts_of
from slmdesk.text.difference.matching import Pairing, Yield, joined, joined_with_numbers, letters_of, place_of
from slmdesk.text.difference.parts import Unit
from slmdesk.text.difference.types import Change, ChangeKind, Difference, Place, Row, Run
from slmdesk.text.difference.words import Hunk, hunks_of

MOST_JOINED = 2400
"""Letters of neighbours that are shown as one removal or addition."""
"""In the same place, so short sentences are one changed even without a word in common: "900" for "950"."""


@dataclass(slots=True, eq=False)
class _Step:
    """An event where it is shown: a moved one is shown twice, once on each side."""

    event: Pairing
    old: list[Unit]
    new: list[Unit]
    is_part: bool = False


def moved_together(events: Sequence[Pairing]) -> list[Pairing]:
    found = [one for one in events if not one.is_moved]
    last: Pairing | None = None
    for one in sorted((one for one in events if one.is_moved), key=lambda one: place_of(one.old[0])):
        if last and _follows(last.old[-1], one.old[0]) and _follows(last.new[-1], one.new[0]):
            last.old, last.new = last.old + one.old, last.new + one.new
        else:
            last = Pairing(one.old, one.new, is_moved=True)
            found.append(last)
    return found


def in_order(events: Sequence[Pairing]) -> list[_Step]:
    """The events in reading order: by the new version, removed ones before what replaced them."""

    def by_old(some: Iterable[Pairing]) -> list[Pairing]:
        return sorted(some, key=lambda one: place_of(one.old[0]))

    ordered = by_old(one for one in events if one.old and one.new and not one.is_moved)
    gone = by_old(one for one in events if one.old and (not one.new or one.is_moved))
    come = sorted(
        (one for one in events if one.new and (not one.old or one.is_moved)), key=lambda one: place_of(one.new[0])
    )
    steps: list[_Step] = []
    at = to = 0
    last: Pairing | None = None
    for one in [*ordered, None]:

        def is_before(unit: Unit, of: Sequence[Unit], is_end: bool = one is None) -> bool:
            return is_end or place_of(unit) < place_of(of[0])

        for is_part in (True, False):  # what belongs to the paragraph before comes with it
            while at < len(gone) and is_before(gone[at].old[0], one.old if one else ()):
                if is_part and not (last and gone[at].old[0].block == last.old[-1].block):
                    break
                steps.append(_Step(gone[at], gone[at].old, [], is_part))
                at += 1
            while to < len(come) and is_before(come[to].new[0], one.new if one else ()):
                if is_part and not (last and come[to].new[0].block == last.new[-1].block):
                    break
                steps.append(_Step(come[to], [], come[to].new, is_part))
                to += 1
        if one is not None:
            steps.append(_Step(one, one.old, one.new))
        last = one
    return steps


class ChangeBuilder:
    def __init__(
        self, steps: Sequence[_Step], clauses: tuple[Sequence[str], Sequence[str]], language: str, checkpoint: Yield
    ) -> None:
        self._steps, self._clauses, self._language, self._checkpoint = steps, clauses, language, checkpoint
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
        found: list[_Step] = []
        for step in self._steps:
            last = found[-1] if found else None
            if last and self._belongs(last, step):
                last.old, last.new = last.old + step.old, last.new + step.new
                last.event.old, last.event.new = last.old, last.new
                continue
            found.append(step)
        return found

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
        if event.is_same or event.change >= 0:
            return
        (old, numbers), (new, new_numbers) = joined_with_numbers(event.old), joined_with_numbers(event.new)
        old_places, new_places = tuple(one.place for one in event.old), tuple(one.place for one in event.new)
        hunks: list[Hunk] = []
        if event.old and event.new:
            is_other = _key(event.old) != _key(event.new)
            hunks = hunks_of(old, new, numbers, new_numbers) if is_other else []
            if not hunks and not event.is_moved:
                event.is_same = True  # a list's number, blanks inside words
                return
        kind = (
            ChangeKind.MOVED if event.is_moved else ChangeKind.CHANGED if event.old and event.new
            else ChangeKind.REMOVED if event.old else ChangeKind.ADDED
        )  # fmt: skip
        event.change = len(self._changes)
        is_whole = not (event.old and event.new)
        self._changes.append(
            Change(
                kind,
                _marked(old, [one.old for one in hunks], event.change, is_whole),
                _marked(new, [one.new for one in hunks], event.change, is_whole),
                old_places,
                new_places,
                facts_of(_without(old, numbers), _without(new, new_numbers), hunks, self._language),
                *(_clause(some, clauses) for some, clauses in zip((event.old, event.new), self._clauses, strict=True)),
            )
        )

    def _runs(self, step: _Step) -> tuple[tuple[Run, ...], tuple[Run, ...]]:
        if step.event.change < 0:
            return _plain(step.old), _plain(step.new)
        change = self._changes[step.event.change]
        return (change.old_runs if step.old else ()), (change.new_runs if step.new else ())

    def _rows(self, steps: Sequence[_Step], runs: Sequence[tuple[tuple[Run, ...], tuple[Run, ...]]]) -> Iterator[Row]:
        """Yield rows paragraph by paragraph; unchanged ones are counted in one row."""
        same = Row()
        for group in _paragraphs(steps):
            old, new = [steps[at].old for at in group], [steps[at].new for at in group]
            old_places = tuple(one.place for some in old for one in some)
            new_places = tuple(one.place for some in new for one in some)
            if all(steps[at].event.change < 0 for at in group):
                same = Row(
                    same=same.same + max(1, len({one.block for some in new for one in some})),
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


def _without(text: str, numbers: Sequence[tuple[int, int]]) -> str:
    for start, end in numbers:
        text = text[:start] + "\n" * (end - start) + text[end:]
    return text


def _clause(units: Sequence[Unit], clauses: Sequence[str]) -> str:
    return clauses[units[0].block] if units else ""


def _key(units: Sequence[Unit]) -> str:
    return "".join(one.key for one in units)


def _follows(one: Unit, other: Unit) -> bool:
    return (one.block == other.block and one.at + 1 == other.at) or (one.block + 1 == other.block and other.at == 0)


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
    found: list[Run] = []
    for runs in some:
        if found and runs:
            last = found[-1]
            if last.is_marked:
                found.append(Run(" ", False, last.change))
            else:
                found[-1] = changed(last, text=last.text + " ")
        found += runs
    return tuple(found)
