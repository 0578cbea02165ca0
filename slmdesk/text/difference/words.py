"""Compares two wordings of a passage: which words changed, and which numbers, dates, names and negations.  Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from slmdesk.text.checks import dates, names, numbers
from slmdesk.text.checks.check import check
from slmdesk.text.checks.negation import take_apart
from slmdesk.text.checks.words import tongue
from slmdesk.text.difference.alignment import common
from slmdesk.text.difference.parts import lead_of, token_key, tokens_of
from slmdesk.text.difference.types import Named

SHORT_BRIDGE = 4
"""Letters of what is the same between two changes, up to which both are shown as one: "5 of 6" for "7 of 8"."""
MOST_NAMED_CHARACTERS = 4000
"""Of a passage whose names and negations are looked for."""

_CURRENCY = re.compile(r"(?:[A-Z]{3}|US\$|[€$£¥])[ \u00a0\u202f]?$")
"""Before an amount."""

Span = tuple[int, int]
_Range = tuple[int, int, int, int]
"""Tokens of the old text, and tokens of the new."""


@dataclass(frozen=True, slots=True)
class Hunk:
    """Words that replaced others; either side may be empty."""

    old: Span
    new: Span


def hunks_of(old: str, new: str, numbers: Sequence[Span] = (), new_numbers: Sequence[Span] = ()) -> list[Hunk]:
    """Which words of `old` were replaced by which of `new`; layout is no change, nor is a list number that only one
    of two formats has as text, nor are the numbers of paragraphs that stand at `numbers` and `new_numbers`.
    """
    if old > new:  # so that both directions give the same result
        return [Hunk(one.new, one.old) for one in hunks_of(new, old, new_numbers, numbers)]
    mine = [one for one in tokens_of(old) if not _is_in(one, numbers)]
    theirs = [one for one in tokens_of(new) if not _is_in(one, new_numbers)]
    keys = [token_key(old[start:end]) for start, end in mine]
    others = [token_key(new[start:end]) for start, end in theirs]
    pairs = common(keys, others, lambda at: 1.0 if len(keys[at]) > 3 else 0.6 if keys[at].isalnum() else 0.3)
    ranges: list[_Range] = []
    at, to = 0, 0
    for place, other in [*pairs, (len(keys), len(others))]:
        if place > at or other > to:
            ranges.append((at, place, to, other))
        at, to = place + 1, other + 1
    after = [*ranges[1:], None]
    ranges = [_slid(one, following, keys, others) for one, following in zip(ranges, after, strict=False)]
    real = [one for one in ranges if "".join(keys[one[0] : one[1]]) != "".join(others[one[2] : one[3]])]
    if real and real[0][0] == 0 and real[0][2] == 0 and _is_lead(old, new, mine, theirs, real[0]):
        real = real[1:]
    found = _bridged(real, keys)
    return [Hunk(_span(mine, a, b, len(old)), _span(theirs, c, d, len(new))) for a, b, c, d in found]


def named_of(old: str, new: str, hunks: Sequence[Hunk]) -> tuple[Named, ...]:
    """The facts that changed, in order, each once."""
    language = tongue(f"{old} {new}")
    found: list[Named] = []
    taken: tuple[set[Span], set[Span]] = (set(), set())
    values = _values(old, language), _values(new, language)
    for hunk in hunks:
        mine = _touched(values[0], hunk.old, taken[0])
        theirs = _touched(values[1], hunk.new, taken[1])
        found += _paired(mine, theirs, old, new)
    if len(old) <= MOST_NAMED_CHARACTERS and len(new) <= MOST_NAMED_CHARACTERS:
        found += _names(old, new, hunks, language)
        found += _negations(old, new, hunks, language)
    return tuple(dict.fromkeys(found))


# ---- words


def _is_lead(old: str, new: str, mine: Sequence[Span], theirs: Sequence[Span], first: _Range) -> bool:
    """Whether the first difference is a list number that only one side has."""
    _, end, _, last = first
    if end and last:
        return False
    text, tokens, count = (old, mine, end) if end else (new, theirs, last)
    lead = lead_of(text)
    return bool(lead) and tokens[count - 1][1] <= text.index(lead) + len(lead) and len(tokens) > count


def _slid(one: _Range, after: _Range | None, keys: Sequence[str], others: Sequence[str]) -> _Range:
    """Move a pure addition or removal so that it starts with a word if possible: "x. New." becomes "New." after
    "x.".
    """
    a, b, c, d = one
    end, last = (after[0], after[2]) if after else (len(keys), len(others))
    if a == b:
        while d < last and b < end and others[c] == others[d] and not others[c].isalnum():
            a, b, c, d = a + 1, b + 1, c + 1, d + 1
    elif c == d:
        while b < end and d < last and keys[a] == keys[b] and not keys[a].isalnum():
            a, b, c, d = a + 1, b + 1, c + 1, d + 1
    return a, b, c, d


def _bridged(ranges: Sequence[_Range], keys: Sequence[str]) -> list[_Range]:
    """Join changes with next to nothing between them."""
    found: list[_Range] = []
    for one in ranges:
        if found:
            before = found[-1]
            between = sum(map(len, keys[before[1] : one[0]]))
            sizes = [one[1] - one[0] + one[3] - one[2], before[1] - before[0] + before[3] - before[2]]
            if between <= SHORT_BRIDGE and one[0] - before[1] <= 2 and min(sizes) > 1:
                found[-1] = (before[0], one[1], before[2], one[3])
                continue
        found.append(one)
    return found


def _span(tokens: Sequence[Span], begin: int, end: int, length: int) -> Span:
    if begin < end:
        return tokens[begin][0], tokens[end - 1][1]
    here = tokens[begin][0] if begin < len(tokens) else length
    return here, here


# ---- facts


@dataclass(frozen=True, slots=True)
class _Value:
    kind: str
    span: Span
    values: frozenset[object]
    soft: bool = False


def _values(text: str, language: str) -> list[_Value]:
    """The numbers and dates of a text, in order; the number of a list item does not count."""
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
        found.append(_Value("date" if is_year else one.kind, (start, one.end), values, one.soft))
    return sorted(found, key=lambda one: one.span)


def _scaled(one: numbers.Number) -> list[float]:
    return [round(value * (one.unit[1] if one.unit else 1.0), 9) for value in one.values]


def _touched(values: Sequence[_Value], span: Span, taken: set[Span]) -> list[_Value]:
    found = [one for one in values if one.span[0] < span[1] and one.span[1] > span[0] and one.span not in taken]
    taken.update(one.span for one in found)
    return found


def _paired(mine: list[_Value], theirs: list[_Value], old: str, new: str) -> list[Named]:
    """Pair facts of one kind in order, then the rest; equal ones are no change."""
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


def _names(old: str, new: str, hunks: Sequence[Hunk], language: str) -> list[Named]:
    tokens, others = names.tokens(old), names.tokens(new)
    gone = names.foreign_names(old, tokens, others, frozenset(one.word for one in others), language)
    come = names.foreign_names(new, others, tokens, frozenset(one.word for one in tokens), language)
    found: list[Named] = []
    for hunk in hunks:
        mine = [old[slice(*span)] for span in gone if _meets(span, hunk.old)]
        theirs = [new[slice(*span)] for span in come if _meets(span, hunk.new)]
        for at in range(max(len(mine), len(theirs))):
            found.append(Named("name", _at(mine, at), _at(theirs, at)))
    return found


def _negations(old: str, new: str, hunks: Sequence[Hunk], language: str) -> list[Named]:
    """A "not" added or removed by the change, else a word of opposite sense."""
    found: list[Named] = []
    before, after = _denials(old, language), _denials(new, language)
    for hunk in hunks:
        mine = [span for span in before if _meets(span, hunk.old)]
        theirs = [span for span in after if _meets(span, hunk.new)]
        if len(mine) != len(theirs):
            found.append(Named("negation", _widened(old, hunk.old), _widened(new, hunk.new)))
    if found:
        return found
    flags = [one for one in check(new, old, language) if one.kind == "negation" and one.detail]
    return [
        Named("negation", one.detail, one.text)
        for one in flags
        if any(_meets((one.start, one.end), hunk.new) for hunk in hunks)
    ]


def _denials(text: str, language: str) -> list[Span]:
    line = take_apart(text, language)
    return [(line.words[at].start, line.words[at].end) for at, _ in line.denials]


def _widened(text: str, span: Span, most: int = 60) -> str:
    """The words of a span, with the word before it where they are few: "shall not" says more than "not"."""
    start, end = span
    if end - start < 12:
        start = text.rfind(" ", 0, max(0, start - 1)) + 1
    words = text[start:end].strip()
    return words if len(words) <= most else words[: most - 1] + "…"


def _is_in(span: Span, others: Sequence[Span]) -> bool:
    return any(start <= span[0] and span[1] <= end for start, end in others)


def _meets(span: Span, other: Span) -> bool:
    return span[0] < other[1] and span[1] > other[0]


def _at(some: Sequence[str], at: int) -> str:
    return some[at] if at < len(some) else ""


def _blanked(text: str, spans: Sequence[Span]) -> str:
    for start, end in spans:
        text = text[:start] + "\x00" * (end - start) + text[end:]
    return text
