"""Compares two wordings of a passage: which words changed (see `facts` for what they say).  Pure."""

from __future__ import annotations

from collections.abc import Sequence

from slmdesk.base.record import Record
from slmdesk.text.difference.alignment import common
from slmdesk.text.difference.parts import lead_of, token_key, tokens_of

SHORT_BRIDGE = 4
"""Letters of what is the same between two changes, up to which both are shown as one: "5 of 6" for "7 of 8"."""

Span = tuple[int, int]
_Range = tuple[int, int, int, int]


class Hunk(Record):
    """Words that replaced others; either side may be empty."""

    old: Span
    new: Span


def is_inside(span: Span, others: Sequence[Span]) -> bool:
    return any(start <= span[0] and span[1] <= end for start, end in others)


def hunks_of(old: str, new: str, numbers: Sequence[Span] = (), new_numbers: Sequence[Span] = ()) -> list[Hunk]:
    """Which words of `old` were replaced by which of `new`; layout is no change, nor is a list number that only one
    of two formats has as text, nor are the numbers of paragraphs that stand at `numbers` and `new_numbers`.
    """
    if old > new:  # so that both directions give the same result
        return [Hunk(one.new, one.old) for one in hunks_of(new, old, new_numbers, numbers)]
    mine = [one for one in tokens_of(old) if not is_inside(one, numbers)]
    theirs = [one for one in tokens_of(new) if not is_inside(one, new_numbers)]
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


def _is_lead(old: str, new: str, mine: Sequence[Span], theirs: Sequence[Span], first: _Range) -> bool:
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
