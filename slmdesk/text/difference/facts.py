"""Names what changed between two wordings of a passage: numbers, dates, names, negations, duties, conditions.  Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import zip_longest

from slmdesk.base.record import Record
from slmdesk.text.checks import dates, names, numbers
from slmdesk.text.checks.check import check
from slmdesk.text.checks.negation import Line, take_apart
from slmdesk.text.checks.words import tongue
from slmdesk.text.difference.duties import (
    allows,
    commands,
    conditions_in,
    duty_in,
    goes_on,
    is_duty,
    is_party,
    term_defined,
)
from slmdesk.text.difference.parts import lead_of
from slmdesk.text.difference.types import Named
from slmdesk.text.difference.words import Hunk, Span, is_inside

DUTY_ADDED, DUTY_REMOVED, CONDITION, DEFINITION = "duty added", "duty removed", "condition", "definition"
MOST_NAMED_CHARACTERS = 4000
"""Of a passage whose names, negations, duties and conditions are looked for."""
_CURRENCY = re.compile(r"(?:[A-Z]{3}|US\$|[€$£¥])[ \u00a0\u202f]?$")
_PERIODS = frozenset(("time", "month"))
_SHORT = 4
"""Words up to which a party that is only in one version is what changed, and not a wording with it."""
_APART = 12
"""Letters of a verb between "ne" and "pas"."""
_INSERTED = 3
"""So many words that others take the place of are no wording of their own."""


class _Told(Record):
    named: list[Named]
    old: list[Span]
    new: list[Span]


def facts_of(old: str, new: str, hunks: Sequence[Hunk], language: str = "") -> tuple[Named, ...]:
    """The facts that changed, each once; of a passage that was added or removed its duty.

    `language`: a code of ISO 639-1; found out by the words where it is not known.
    """
    language = tongue(f"{old} {new}", language)
    if len(old) > MOST_NAMED_CHARACTERS or len(new) > MOST_NAMED_CHARACTERS:
        return tuple(dict.fromkeys(_numbers(old, new, hunks, language, _Told([], [], []))))
    if not old or not new:
        duty = duty_in(old or new, language)
        return (Named(DUTY_ADDED, "", duty) if new else Named(DUTY_REMOVED, duty, ""),) if duty else ()
    told = _told(old, new, hunks, language)
    term = term_defined(new, language)
    found = [*told.named, *_numbers(old, new, hunks, language, told)]
    found += _names(old, new, hunks, language, told)
    found += _negations(old, new, hunks, language, told)
    if term and term_defined(old, language):
        found.append(Named(DEFINITION, term, term))
    return tuple(dict.fromkeys(found))


def _told(old: str, new: str, hunks: Sequence[Hunk], language: str) -> _Told:
    told = _Told([], [], [])
    for hunk in hunks:
        before, after = old[slice(*hunk.old)], new[slice(*hunk.new)]
        gone = _conditions(old, hunk.old, [one.old for one in hunks], language)
        come = _conditions(new, hunk.new, [one.new for one in hunks], language)
        told.named.extend(Named(CONDITION, old[slice(*one)], "") for one in gone)
        told.named.extend(Named(CONDITION, "", new[slice(*one)]) for one in come)
        told.old.extend(gone)
        told.new.extend(come)
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
    """The conditions that begin in a span that changed, and are new for the most part: not another word for "if"."""
    found = [one for one in conditions_in(text, language) if span[0] <= one[0] < span[1]] if text[slice(*span)] else []
    return [one for one in found if 2 * sum(_common(one, other) for other in spans) >= one[1] - one[0]]


def _common(one: Span, other: Span) -> int:
    return max(0, min(one[1], other[1]) - max(one[0], other[0]))


def _lays(words: str, others: str, sentence: str, language: str) -> bool:
    if is_duty(others, language):
        return False
    if allows(others, language):
        return commands(words, language)
    count = len(words.split())
    if count - len(others.split()) < _INSERTED or len(others.split()) > _INSERTED:
        return False
    return commands(words, language) or (count > _SHORT and _tells(words, sentence, language))


def _tells(words: str, sentence: str, language: str) -> bool:
    return is_duty(words, language) or goes_on(words, sentence, language)


def _numbers(old: str, new: str, hunks: Sequence[Hunk], language: str, told: _Told) -> list[Named]:
    found: list[Named] = []
    taken: tuple[set[Span], set[Span]] = (set(), set())
    values = _values(old, language), _values(new, language)
    for hunk in hunks:
        mine = [one for one in _touched(values[0], hunk.old, taken[0]) if not is_inside(one.span, told.old)]
        theirs = [one for one in _touched(values[1], hunk.new, taken[1]) if not is_inside(one.span, told.new)]
        found += _paired(mine, theirs, old, new)
    return found


class _Value(Record):
    kind: str
    span: Span
    values: frozenset[object]
    soft: bool = False


def _values(text: str, language: str) -> list[_Value]:
    whens = dates.find_dates(text, language)
    lead = len(lead_of(text)) + 1
    found = [
        _Value("date", (one.start, one.end), frozenset({*one.readings, *one.minutes, one.weekday} - {None}))
        for one in whens
    ]
    rest = _blanked(text, [one.span for one in found])
    codes = numbers.find_identifiers(rest)
    found += [_Value("number", span, frozenset({text[slice(*span)].casefold()})) for span in codes if span[1] > lead]
    for one in numbers.find_numbers(_blanked(rest, codes), language):
        if one.end <= lead:
            continue
        is_year = one.unit is None and any(1600 <= value < 2100 for value in one.values) and one.end - one.start == 4
        values = frozenset((value, one.unit[0] if one.unit else "") for value in _scaled(one))
        currency = _CURRENCY.search(text, max(0, one.start - 5), one.start) if one.kind == "amount" else None
        start = currency.start() if currency else one.start
        kind = "period" if one.unit and one.unit[0] in _PERIODS else one.kind
        found.append(_Value("date" if is_year else kind, (start, one.end), values, one.soft))
    return sorted(found, key=lambda one: one.span)


def _scaled(one: numbers.Number) -> list[float]:
    return [round(value * (one.unit[1] if one.unit else 1.0), 9) for value in one.values]


def _touched(values: Sequence[_Value], span: Span, taken: set[Span]) -> list[_Value]:
    found = [one for one in values if one.span[0] < span[1] and one.span[1] > span[0] and one.span not in taken]
    taken.update(one.span for one in found)
    return found


def _paired(mine: list[_Value], theirs: list[_Value], old: str, new: str) -> list[Named]:
    both = [(one, other) for one in mine for other in theirs if one.values & other.values]
    for one, other in both:
        if one in mine and other in theirs:
            mine, theirs = [it for it in mine if it is not one], [it for it in theirs if it is not other]
    found: list[tuple[int, Named]] = []

    def reported(kind: str, one: _Value | None, other: _Value | None) -> None:
        said = old[slice(*one.span)].rstrip(" .,;") if one else ""
        says = new[slice(*other.span)].rstrip(" .,;") if other else ""
        at = one.span[0] if one else other.span[0] if other else 0
        if (one is None or one.soft) and (other is None or other.soft):
            return  # "one" and "first" are mostly no numbers
        if said != says:
            found.append((at, Named(kind, said, says)))

    left = list(theirs)
    rest: list[_Value] = []
    for one in mine:
        match = next((other for other in left if other.kind == one.kind), None)
        if match:
            left.remove(match)
            reported(one.kind, one, match)
        else:
            rest.append(one)
    for one in rest:
        match = left.pop(0) if left else None
        reported(one.kind if one.kind != "number" or match is None else match.kind, one, match)
    for other in left:
        reported(other.kind, None, other)
    return [one for _, one in sorted(found, key=lambda pair: pair[0])]


def _names(old: str, new: str, hunks: Sequence[Hunk], language: str, told: _Told) -> list[Named]:
    tokens, others = names.tokens(old), names.tokens(new)
    gone = names.foreign_names(old, tokens, others, frozenset(one.word for one in others), language)
    come = names.foreign_names(new, others, tokens, frozenset(one.word for one in tokens), language)
    found: list[Named] = []
    for hunk in hunks:
        mine = [old[slice(*span)] for span in gone if _meets(span, hunk.old) and not is_inside(span, told.old)]
        theirs = [new[slice(*span)] for span in come if _meets(span, hunk.new) and not is_inside(span, told.new)]
        said, says = old[slice(*hunk.old)], new[slice(*hunk.new)]
        if _is_name(said, mine) and _is_name(says, theirs):
            found.append(Named("name", said, says))
            continue
        size = max(len(said.split()), len(says.split()))
        for one, other in zip_longest(mine, theirs, fillvalue=""):
            if size > _SHORT and not (one and other) and is_party(one or other, language):
                continue  # "the client" in other words
            found.append(Named("name", one, other))
    return found


def _is_name(words: str, found: Sequence[str]) -> bool:
    return 2 * sum(map(len, found)) >= len(words) > 0 and not any(one.isdigit() for one in words)


def _negations(old: str, new: str, hunks: Sequence[Hunk], language: str, told: _Told) -> list[Named]:
    found: list[Named] = []
    before, after = take_apart(old, language), take_apart(new, language)
    for hunk in _joined(hunks, language):
        mine = _denials(before, after, hunk.old, told.old)
        theirs = _denials(after, before, hunk.new, told.new)
        if mine != theirs:
            found.append(Named("negation", _widened(old, hunk.old), _widened(new, hunk.new)))
    if found:
        return found
    flags = [one for one in check(new, old, language) if one.kind == "negation" and one.detail]
    return [
        Named("negation", one.detail, one.text)
        for one in flags
        if any(_meets((one.start, one.end), hunk.new) for hunk in hunks)
        and not is_inside((one.start, one.end), told.new)
    ]


def _joined(hunks: Sequence[Hunk], language: str) -> list[Hunk]:
    """The changes, of which two are one in French: "ne … pas"."""
    found: list[Hunk] = []
    for one in hunks:
        if found and language == "fr" and one.old[0] - found[-1].old[1] <= _APART >= one.new[0] - found[-1].new[1]:
            last = found.pop()
            one = Hunk((last.old[0], one.old[1]), (last.new[0], one.new[1]))
        found.append(one)
    return found


def _denials(line: Line, other: Line, span: Span, told: Sequence[Span]) -> int:
    """How many words of a span deny what the other wording says as well: one that went with all its words denies
    nothing that is left.
    """
    count = 0
    for at, denied in line.denials:
        place = line.words[at].start, line.words[at].end
        is_left = not denied or 2 * len(denied & other.stems) >= len(denied)
        count += _meets(place, span) and is_left and not is_inside(place, told)
    return count


def _widened(text: str, span: Span, most: int = 60) -> str:
    """The words of a span, with the word before it where they are few: "shall not" says more than "not"."""
    start, end = span
    if end - start < 12:
        start = text.rfind(" ", 0, max(0, start - 1)) + 1
    words = text[start:end].strip()
    return words if len(words) <= most else words[: most - 1] + "…"


def _meets(span: Span, other: Span) -> bool:
    return span[0] < other[1] and span[1] > other[0]


def _blanked(text: str, spans: Sequence[Span]) -> str:
    for start, end in spans:
        text = text[:start] + "\x00" * (end - start) + text[end:]
    return text
