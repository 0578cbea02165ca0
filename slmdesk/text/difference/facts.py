"""Names what changed between two wordings: numbers, dates, names, negations, duties, conditions. Pure functions."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from itertools import zip_longest

from slmdesk.base.record import Record
from slmdesk.base.texts import cut
from slmdesk.text.checks import numbers
from slmdesk.text.checks.names import LEGAL_FORM, foreign_names
from slmdesk.text.checks.names import tokens as tokens_of
from slmdesk.text.checks.negation import Line, take_apart
from slmdesk.text.checks.support import check
from slmdesk.text.checks.words import folded, tongue
from slmdesk.text.difference.alignment import Hunk, Span, is_inside
from slmdesk.text.difference.duties import (
    OWNER,
    STOP,
    allows,
    commands,
    conditions_in,
    duty_in,
    duty_tables,
    duty_words,
    goes_on,
    is_duty,
    is_party,
    term_defined,
)
from slmdesk.text.difference.parts import lead_of
from slmdesk.text.difference.types import Named

DUTY_ADDED, DUTY_REMOVED, CONDITION, DEFINITION = "duty added", "duty removed", "condition", "definition"
LINK = "link"
DUTY_SHIFTED = "duty shifted"
MOST_NAMED_CHARACTERS = 4000
"""Most characters of a passage in which names, negations, duties and conditions are searched."""
_PERIODS = frozenset(("time", "month"))
_SHORT = 4
"""Most words of a change in which a party named in only one version is the change. In a longer one it is wording."""
_APART = 12
"""Most letters between two changes that form one French negation: the verb between "ne" and "pas"."""
_ENDING = 5
"""Most letters of an ending, as in "Mieterinnen". A longer word is another one ("Mieterhöhung")."""
_SIDES = ("gives", "takes", "both")
_INSERTED = 3
"""Fewest additional words of a change that may contain a new duty, and most words that it may replace."""


class _Told(Record):
    named: list[Named]
    old: list[Span]
    new: list[Span]


def facts_of(old: str, new: str, hunks: Sequence[Hunk], language: str = "") -> tuple[Named, ...]:
    """Return the facts that changed, each once. For a passage that was added or removed, return only its duty.

    `language` is an ISO 639-1 code. If it is unknown, the language is detected by the words.
    """
    language = tongue(f"{old} {new}", language)
    if len(old) > MOST_NAMED_CHARACTERS or len(new) > MOST_NAMED_CHARACTERS:
        return tuple(dict.fromkeys(_numbers(old, new, hunks, language, _Told([], [], []))))
    if not old or not new:
        duty = duty_in(old or new, language)
        return (Named(DUTY_ADDED, "", duty) if new else Named(DUTY_REMOVED, duty, ""),) if duty else ()
    told = _told(old, new, hunks, language)
    term = term_defined(new, language)
    facts = [*told.named, *_numbers(old, new, hunks, language, told)]
    facts += _names(old, new, hunks, language, told)
    facts += [*_negations(old, new, hunks, language, told), *_ticks(old, new, hunks)]
    if term and term_defined(old, language):
        facts.append(Named(DEFINITION, term, term))
    return tuple(dict.fromkeys(facts))


def _told(old: str, new: str, hunks: Sequence[Hunk], language: str) -> _Told:
    told = _Told([], [], [])
    for hunk in hunks:
        before, after = old[slice(*hunk.old)], new[slice(*hunk.new)]
        gone = _conditions(old, hunk.old, [hunk.old for hunk in hunks], language)
        come = _conditions(new, hunk.new, [hunk.new for hunk in hunks], language)
        told.named.extend(Named(CONDITION, old[slice(*span)], "") for span in gone)
        told.named.extend(Named(CONDITION, "", new[slice(*span)]) for span in come)
        told.old.extend(gone)
        told.new.extend(come)
        mine, theirs = sides_of(old, hunk.old), sides_of(new, hunk.new)
        if mine and theirs and next(iter(mine)) != next(iter(theirs)):
            (span, *_), (other, *_) = mine.values(), theirs.values()
            told.named.append(Named(DUTY_SHIFTED, old[slice(*span)], new[slice(*other)]))
            told.old.append(span)
            told.new.append(other)
        elif bool(mine) is not bool(theirs) and _joins_sides(before or after, language):
            both = (" + ".join(text[slice(*span)] for span in sides_of(text).values()) for text in (old, new))
            told.named.append(Named(DUTY_SHIFTED, *both))
            told.old.append(hunk.old)
            told.new.append(hunk.new)
        if come or gone:
            continue
        if _lays(after, before, new, language):
            told.named.append(Named(DUTY_ADDED, before if allows(before, language) else "", after))
            told.old.append(hunk.old)
            told.new.append(hunk.new)
        elif _lays(before, after, old, language):
            told.named.append(Named(DUTY_REMOVED, before, after if allows(after, language) else ""))
            told.old.append(hunk.old)
            told.new.append(hunk.new)
    return told


def _conditions(text: str, span: Span, spans: Sequence[Span], language: str) -> list[Span]:
    """Return the conditions that begin in a changed span and are mostly new, so more changed than the word for "if"."""
    places = [at for at in conditions_in(text, language) if span[0] <= at[0] < span[1]] if text[slice(*span)] else []
    return [place for place in places if 2 * sum(_common(place, other) for other in spans) >= place[1] - place[0]]


def _joins_sides(words: str, language: str) -> bool:
    """Return whether words that came or went add a second party to a first: "and the landlord"."""
    some = [folded(word) for word in words.split()]
    return len(some) <= _SHORT and not duty_words("joins", language).isdisjoint((*some[:1], *some[-2:]))


def sides_of(text: str, span: Span | None = None) -> dict[str, Span]:
    """Return where a text first names each side of an agreement, in order: who gives (landlord), who takes (tenant), or
    both of them.
    """
    sides: dict[str, Span] = {}
    for word in OWNER.finditer(text, *(span or ())):
        flat = folded(word.group())
        fits = [
            (len(stem), side) for stem, side in _stems() if flat.startswith(stem) and len(flat) <= len(stem) + _ENDING
        ]
        if fits:
            sides.setdefault(max(fits)[1], word.span())
    return sides


def side_pattern(side: str) -> str:
    """Return a pattern for the names of a side, folded."""
    return rf"(?:{'|'.join(stem for stem, of in _stems() if of == side)})[a-z]{{0,{_ENDING}}}"


@cache
def _stems() -> list[tuple[str, str]]:
    """Return how the names of each side begin, of all languages together: some are told from another by them alone."""
    return [(stem, side) for side in _SIDES for words in duty_tables()[side].values() for stem in words.split("|")]


def _common(span: Span, other: Span) -> int:
    return max(0, min(span[1], other[1]) - max(span[0], other[0]))


def _lays(words: str, others: str, sentence: str, language: str) -> bool:
    if is_duty(others, language):
        return False
    if allows(others, language):
        return commands(words, language)
    count = len(words.split())
    if count - len(others.split()) < _INSERTED or len(others.split()) > _INSERTED:
        return False
    if commands(words, language):
        return True
    return count > _SHORT and (is_duty(words, language) or goes_on(words, sentence, language))


def _numbers(old: str, new: str, hunks: Sequence[Hunk], language: str, told: _Told) -> list[Named]:
    facts: list[Named] = []
    taken: tuple[set[Span], set[Span]] = (set(), set())
    values = _values(old, language), _values(new, language)
    for hunk in hunks:
        mine = [value for value in _touched(values[0], hunk.old, taken[0]) if not is_inside(value.span, told.old)]
        theirs = [value for value in _touched(values[1], hunk.new, taken[1]) if not is_inside(value.span, told.new)]
        mine += _unsigned(values[0], hunk.old, theirs, taken[0])
        theirs += _unsigned(values[1], hunk.new, mine, taken[1])
        facts += _paired(mine, theirs, old, new)
    return facts


class _Value(Record):
    kind: str
    span: Span
    values: frozenset[object]
    soft: bool = False


def _values(text: str, language: str) -> list[_Value]:
    whens = numbers.find_dates(text, language)
    lead = len(lead_of(text)) + 1
    mentions = [
        _Value("date", (when.start, when.end), frozenset({*when.readings, *when.minutes, when.weekday} - {None}))
        for when in whens
    ]
    rest = blanked(text, [value.span for value in mentions])
    codes = numbers.find_identifiers(rest)
    mentions += [_Value("number", span, frozenset({text[slice(*span)].casefold()})) for span in codes if span[1] > lead]
    for number in numbers.find_numbers(blanked(rest, codes), language):
        if number.end <= lead:
            continue
        is_year = (
            number.unit is None
            and any(1600 <= value < 2100 for value in number.values)
            and number.end - number.start == 4
        )
        signs = ("?", "-") if number.sign == "?" else (number.sign,)
        unit = number.unit[0] if number.unit else ""
        values = frozenset((value, unit, sign) for value in _scaled(number) for sign in signs)
        kind = "period" if number.unit and number.unit[0] in _PERIODS else number.kind
        mentions.append(_Value("date" if is_year else kind, number.whole, values, number.soft))
    return sorted(mentions, key=lambda value: value.span)


def _scaled(number: numbers.Number) -> list[float]:
    return [round(value * (number.unit[1] if number.unit else 1.0), 9) for value in number.values]


def _touched(values: Sequence[_Value], span: Span, taken: set[Span]) -> list[_Value]:
    touched = [
        value for value in values if value.span[0] < span[1] and value.span[1] > span[0] and value.span not in taken
    ]
    taken.update(value.span for value in touched)
    return touched


def _unsigned(values: Sequence[_Value], span: Span, others: Sequence[_Value], taken: set[Span]) -> list[_Value]:
    """Return the values beside a change that are the same numbers as `others`, which alone have a changed sign."""
    beside = _touched(values, (span[0] - 2, span[1] + 2), set(taken))
    same = [value for value in beside if any(_figures(value) & _figures(other) for other in others)]
    taken.update(value.span for value in same)
    return same


def _figures(value: _Value) -> set[object]:
    return {key[:2] for key in value.values if isinstance(key, tuple)}


def _paired(mine: list[_Value], theirs: list[_Value], old: str, new: str) -> list[Named]:
    both = [(value, other) for value in mine for other in theirs if value.values & other.values]
    for value, other in both:
        if value in mine and other in theirs:
            mine, theirs = [it for it in mine if it is not value], [it for it in theirs if it is not other]
    pairs: list[tuple[int, Named]] = []

    def reported(kind: str, value: _Value | None, other: _Value | None) -> None:
        said = old[slice(*value.span)].rstrip(" .,;") if value else ""
        says = new[slice(*other.span)].rstrip(" .,;") if other else ""
        at = value.span[0] if value else other.span[0] if other else 0
        if (value is None or value.soft) and (other is None or other.soft):
            return  # "one" and "first" are mostly no numbers
        if said != says:
            pairs.append((at, Named(kind, said, says)))

    left = list(theirs)
    rest: list[_Value] = []
    for value in mine:
        match = next((other for other in left if other.kind == value.kind), None)
        if match:
            left.remove(match)
            reported(value.kind, value, match)
        else:
            rest.append(value)
    for value in rest:
        match = left.pop(0) if left else None
        reported(value.kind if value.kind != "number" or match is None else match.kind, value, match)
    for other in left:
        reported(other.kind, None, other)
    return [named for _, named in sorted(pairs, key=lambda pair: pair[0])]


def _names(old: str, new: str, hunks: Sequence[Hunk], language: str, told: _Told) -> list[Named]:
    tokens, others = tokens_of(old), tokens_of(new)
    gone = foreign_names(old, tokens, others, frozenset(token.word for token in others), language)
    come = foreign_names(new, others, tokens, frozenset(token.word for token in tokens), language)
    names: list[Named] = []
    for hunk in hunks:
        mine = [old[slice(*span)] for span in gone if _meets(span, hunk.old) and not is_inside(span, told.old)]
        theirs = [new[slice(*span)] for span in come if _meets(span, hunk.new) and not is_inside(span, told.new)]
        said, says = old[slice(*hunk.old)], new[slice(*hunk.new)]
        kind = DUTY_SHIFTED if _owes(new, hunk.new, language) else "name"
        if _is_name(said, mine) and _is_name(says, theirs):
            names.append(Named(kind, said, says))
            continue
        size = max(len(said.split()), len(says.split()))
        for name, other in zip_longest(mine, theirs, fillvalue=""):
            if size > _SHORT and not (name and other) and is_party(name or other, language):
                continue  # only another wording for "the client"
            names.append(Named(kind if name and other else "name", name, other))
    return names


def _owes(text: str, span: Span, language: str) -> bool:
    """Return whether a sentence begins with a name and lays a duty upon it, as it would upon a party."""
    head, rest = STOP.split(text[: span[0]])[-1], STOP.split(text[span[1] :])[0]
    bare = LEGAL_FORM.sub("", rest)
    is_noun = language == "de" and bare == rest and " " not in text[slice(*span)]
    party = min(duty_words("party", language))
    return len(head.split()) < 3 and not (is_noun or sides_of(text)) and is_duty(f"{party} {bare.strip()}", language)


def _is_name(words: str, names: Sequence[str]) -> bool:
    return 2 * sum(map(len, names)) >= len(words) > 0 and not any(word.isdigit() for word in words)


def _negations(old: str, new: str, hunks: Sequence[Hunk], language: str, told: _Told) -> list[Named]:
    negations: list[Named] = []
    before, after = take_apart(old, language), take_apart(new, language)
    for hunk in _joined(hunks, language):
        mine = _denials(before, after, hunk.old, told.old)
        theirs = _denials(after, before, hunk.new, told.new)
        if mine != theirs:
            negations.append(Named("negation", _widened(old, hunk.old), _widened(new, hunk.new)))
    if negations:
        return negations
    flags = [flag for flag in check(new, old, language) if flag.kind == "negation" and flag.detail]
    return [
        Named("negation", flag.detail, flag.text)
        for flag in flags
        if any(_meets((flag.start, flag.end), hunk.new) for hunk in hunks)
        and not is_inside((flag.start, flag.end), told.new)
    ]


_BOX = re.compile(r"([☐☑☒✓✔✗✘])[^☐☑☒✓✔✗✘|\n]{0,40}")
_SAME = str.maketrans("☑✔✘", "☒✓✗")


def _ticks(old: str, new: str, hunks: Sequence[Hunk]) -> list[Named]:
    """Return the boxes that were ticked or emptied, with their words. Not those that came or went."""
    ticks: list[Named] = []
    for hunk in hunks:
        mine, theirs = ([*_BOX.finditer(text, *span)] for text, span in ((old, hunk.old), (new, hunk.new)))
        for box, other in zip(mine, theirs, strict=False):
            if box[1].translate(_SAME) != other[1].translate(_SAME):
                said, says = _BOX.match(old, box.start()), _BOX.match(new, other.start())
                ticks.append(Named("negation", *(words[0].strip() for words in (said, says) if words)))
    return ticks


def _joined(hunks: Sequence[Hunk], language: str) -> list[Hunk]:
    """Return the changes. In French, two changes that form one negation ("ne … pas") are joined."""
    joined: list[Hunk] = []
    for hunk in hunks:
        if joined and language == "fr" and hunk.old[0] - joined[-1].old[1] <= _APART >= hunk.new[0] - joined[-1].new[1]:
            last = joined.pop()
            hunk = Hunk((last.old[0], hunk.old[1]), (last.new[0], hunk.new[1]))
        joined.append(hunk)
    return joined


def _denials(line: Line, other: Line, span: Span, told: Sequence[Span]) -> int:
    """Count the negations in a span whose negated words the other wording has too. A negation that was removed together
    with its words does not count.
    """
    count = 0
    for at, denied in line.denials:
        place = line.words[at].start, line.words[at].end
        is_left = not denied or 2 * len(denied & other.stems) >= len(denied)
        count += _meets(place, span) and is_left and not is_inside(place, told)
    return count


def _widened(text: str, span: Span, most: int = 60) -> str:
    """Return the words of a span. If they are few, the word before them is added: "shall not" says more than "not"."""
    start, end = span
    if end - start < 12:
        start = text.rfind(" ", 0, max(0, start - 1)) + 1
    return cut(text[start:end].strip(), most)


def _meets(span: Span, other: Span) -> bool:
    return span[0] < other[1] and span[1] > other[0]


def blanked(text: str, spans: Sequence[Span], sign: str = "\x00") -> str:
    for start, end in spans:
        text = text[:start] + sign * (end - start) + text[end:]
    return text
