"""Selects the points that are kept or merged, and the sentences that represent a text.  Pure functions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

from slmdesk.core.chunking import Piece
from slmdesk.core.documents import BlockKind
from slmdesk.services.summaries.linking import Point
from slmdesk.services.summaries.prompts import LABELS
from slmdesk.text.checks.overlap import stems
from slmdesk.text.passages.centrality import central

GROUP = 10
"""Points that are merged at once: a small model loses some of more."""
LEAST_LEFT = 0.35
"""A level leaves at least such a share: too much at once is not merged, but dropped."""
ALIKE = 0.7
"""Two points with so many words in common say the same."""
LEAST_QUOTED, MOST_QUOTED = 25, 400
"""Characters of a sentence that may stand for a text."""
MOST_SECTIONS = 30
MARKS = "*_#>`•▪◦‣ "
"""Round a sentence these are Markdown or a list's, and no words of it."""

_UNQUOTED = frozenset({BlockKind.HEADING, BlockKind.TABLE_ROW, BlockKind.CODE, BlockKind.COMMENT})


def merged_groups(points: Sequence[Point], requested: int) -> list[tuple[list[Point], int]]:
    """Group neighbouring points for merging, near-equal in size, with the number of points each group becomes."""
    count = -(-len(points) // GROUP)
    share = max(LEAST_LEFT, requested / len(points))
    bounds = [round(len(points) * at / count) for at in range(count + 1)]
    return [(list(points[a:b]), max(1, round((b - a) * share))) for a, b in pairwise(bounds)]


def chosen(group: Sequence[Point], reported: Sequence[Point], count: int) -> list[Point]:
    """Return the points for the next level: supported merged ones, else the points of the group as they were."""
    good = distinct([one for one in reported if one.is_supported])[:count]
    if len(good) < count:
        used = {at for one in good for at in one.links}
        rest = [one for one in group if one.is_supported and not used.issuperset(one.links)]
        good += select(rest, count - len(good))
    return in_order(good or select(group, count))


def select(points: Sequence[Point], count: int, *, focus: str = "") -> list[Point]:
    """Return at most `count` points in text order: supported ones first, spread over the text, then doubtful ones.

    A point marked by two checks is left out.
    """
    unique = distinct(points)
    held = [one for one in unique if one.is_supported]
    if len(held) > count:
        requested = stems(focus)
        near = [one for one in held if requested & stems(one.text)][:count] if requested else []
        rest = [one for one in held if one not in near]
        kept = near + [rest[at] for at in central([one.text for one in rest], count - len(near))]
    else:
        doubtful = [one for one in unique if not one.is_supported and len({flag.kind for flag in one.flags}) == 1]
        kept = held + doubtful[: count - len(held)]
    return in_order(kept)


def distinct(points: Sequence[Point]) -> list[Point]:
    """Drop points that say the same as an earlier one; the supported one of the two stays."""
    kept: list[Point] = []
    for one in points:
        words = stems(one.text)
        same = next((at for at, other in enumerate(kept) if _alike(words, stems(other.text))), None)
        if same is None:
            kept.append(one)
        elif one.is_supported and not kept[same].is_supported:
            kept[same] = one
    return kept


def in_order(points: Sequence[Point]) -> list[Point]:
    """Sort points by their place in the text; by label first in an executive summary."""
    order = {label: at for at, label in enumerate(LABELS)}
    return sorted(points, key=lambda one: (order.get(one.label, 0), one.links[0] if one.links else 0))


def quotations(
    pieces: Sequence[Piece],
    here: range,
    count: int,
    spans: Callable[[str], Sequence[tuple[int, int]]],
    focus: str = "",
) -> list[Point]:
    """Return the most central sentences of the text, each with its own place."""
    found: list[tuple[int, str]] = []
    for at in here:
        if pieces[at].kind in _UNQUOTED:
            continue
        for start, end in spans(pieces[at].text):
            if LEAST_QUOTED <= end - start <= MOST_QUOTED:
                found.append((at, pieces[at].text[start:end].strip(MARKS)))
    whole = [one for one in found if one[1].rstrip("\"'”’»)]").endswith((".", "!", "?", "…", "。", "！", "？"))]
    if len(whole) >= count:
        found = whole  # lines that end without a stop are titles and remains of tables
    if not found:
        found = [(at, pieces[at].text[:MOST_QUOTED]) for at in here]
    requested = stems(focus)
    near = [one for one in found if requested & stems(one[1])] if requested else []
    pool = near if len(near) >= count else found
    return [
        Point(text, (at,), is_quotation=True)
        for at, text in (pool[one] for one in central([text for _, text in pool], count))
    ]


def sections_of(pieces: Sequence[Piece], here: range) -> dict[int, str]:
    """Map each piece to the heading above it; without headings to its pages."""
    headings = [at for at in here if pieces[at].is_heading]
    levels = sorted({pieces[at].level for at in headings})
    top = [at for level in levels[:1] for at in headings if pieces[at].level <= level]
    for level in levels[1:]:
        more = [at for at in headings if pieces[at].level <= level]
        if len(top) >= 3 or len(more) > MOST_SECTIONS:
            break
        top = more
    if len(top) < 2:
        return {at: f"Page {pieces[at].page}" for at in here}
    names: dict[int, str] = {}
    name = ""
    starts = set(top)
    for at in here:
        if at in starts:
            name = pieces[at].text[:120]
        names[at] = name
    return names


def _alike(one: frozenset[str], other: frozenset[str]) -> bool:
    return bool(one and other) and len(one & other) >= ALIKE * min(len(one), len(other)) and (
        len(one & other) >= 0.5 * max(len(one), len(other))
    )  # fmt: skip
