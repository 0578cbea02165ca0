"""Links what a model wrote to the pieces of the text that support it, by rule.  Pure functions.

The pieces with most of a sentence's words, weighted by how rare they are, with its numbers, dates and names.  What no
piece supports is marked.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import cast

from slmdesk.base.record import Record, changed
from slmdesk.library.citations import ELSEWHERE, LEAST_SHARE, UNLINKED, WORDS, Mark
from slmdesk.summaries.chunking import Piece
from slmdesk.text.checks.check import Flag, Kind, check
from slmdesk.text.checks.evidence import VALUES, holds, may_hold
from slmdesk.text.checks.overlap import Rarity, stems
from slmdesk.text.passages.quotes import FoldedText

BETTER = 0.1
"""So much more of a point must another piece hold to be linked beside the first."""
LEAST_RELATED = 0.3
"""Of a point's other words, by weight, that a piece must hold to speak of the same as a value of the point."""
MOST_LOOKED_AT = 400
MOST_LINKS = 4
ALIKE = 0.7
"""Two points with so many words in common say the same."""
_QUOTED = re.compile(r"(?<!\w)['\"`“‘„«]([^'\"`“”‘’„«»\n]{2,60})['\"`”’“»](?!\w)")


class Point(Record):
    text: str
    links: tuple[int, ...]
    flags: tuple[Mark, ...] = ()
    share: float = 1.0
    """Of its words, by weight, that stand in the pieces."""
    label: str = ""
    quotation: str = ""
    """The words of the piece that it says, where it was chosen from there."""

    @property
    def is_supported(self) -> bool:
        return not self.flags

    @property
    def is_kept(self) -> bool:
        """Whether it holds well enough: no check marks it, or one alone that is not about its words."""
        return self.is_supported or (len({flag.kind for flag in self.flags}) == 1 and self.flags[0].kind != WORDS)


class Source(Record):
    pieces: Sequence[Piece]
    rarity: Rarity
    language: str
    is_translated: bool = False
    """Points are in another language than the text: words say nothing, numbers and names still do."""
    headings: Sequence[int] = ()
    """For each piece the number of the heading it stands under; -1: none."""

    def text_of(self, links: Sequence[int]) -> str:
        """Return the linked pieces, each below its heading, because the heading's words count as said there too."""
        lines: dict[int, str] = {}
        for at in links:
            above = self.headings[at] if self.headings else -1
            if above >= 0:
                lines.setdefault(above, self.pieces[above].text)
            lines[at] = self.pieces[at].text
        return "\n".join(lines.values())


def headings_above(pieces: Sequence[Piece]) -> list[int]:
    """Return for each piece the index of the last heading before it in its document; -1: none."""
    found: list[int] = []
    above = -1
    for at, piece in enumerate(pieces):
        if at and pieces[at - 1].document != piece.document:
            above = -1
        if piece.is_heading:
            above = at
        found.append(above)
    return found


def linked(point: Point, source: Source, among: Sequence[int]) -> Point:
    """Return the point with its best links of `among`, and marks for what is not supported.

    In another language than its text a point without any name or figure has no link, and is marked so.
    """
    found = _with_values(_best_linked(point, source, among), source, among)
    if found.links or found.flags:
        return found
    return changed(found, flags=(Mark(UNLINKED, point.text, 0, len(point.text)),))


def _best_linked(point: Point, source: Source, among: Sequence[int]) -> Point:
    """Link the piece with most of the point's words, then pieces that hold the rest, as long as each adds something."""
    best, share = source.rarity.best(point.text, among)
    if source.is_translated:  # names and figures alone are the same in both languages
        return judged(point, source, (best,) if share > 0 else ())
    found = judged(point, source, (best,))
    while len(found.links) < MOST_LINKS:
        beside, _share = source.rarity.best(point.text, among, beside=source.text_of(found.links))
        if beside in found.links:
            break
        more = judged(point, source, tuple(sorted({*found.links, beside})))
        fewer = len(found.flags) - len(more.flags)
        if fewer < 0 or (fewer == 0 and more.share < found.share + BETTER):
            break
        found = more
    return found


def _with_values(point: Point, source: Source, among: Sequence[int]) -> Point:
    """Add links to places of the document with the numbers, dates and names that the linked pieces lack.

    Where such a place shares hardly another word with the point, it is linked too, but the value stays marked.
    """
    for flag in [one for one in point.flags if one.kind in VALUES]:
        at = _place_of(flag, point, source, among)
        if at is None or flag not in point.flags:
            continue
        kept = [one for one in point.links if one != at][: MOST_LINKS - 1]
        choices = [judged(point, source, links) for links in ((at,), tuple(sorted({*kept, at})))]
        found = min(choices, key=lambda one: (len(one.flags), -one.share))
        if len(found.flags) < len(point.flags):
            rest = point.text[: flag.start] + " " + point.text[flag.end :]
            is_near = source.is_translated or source.rarity.share(rest, source.text_of((at,))) >= LEAST_RELATED
            flags = found.flags if is_near else (*found.flags, changed(flag, kind=ELSEWHERE, detail=""))
            point = changed(found, flags=flags)
    return point


def _place_of(flag: Mark, point: Point, source: Source, among: Sequence[int]) -> int | None:
    """Return the piece with a value and most of the point's other words; None where none has the value.

    For a translated document, whose words cannot be compared, only what the model was given counts.
    """
    requested = Flag(cast(Kind, flag.kind), flag.text, flag.start, flag.end)
    is_likely = may_hold(requested)
    documents = {source.pieces[at].document for at in (*point.links, *among)}
    here = among if source.is_translated else range(len(source.pieces))
    likely = [at for at in here if source.pieces[at].document in documents and is_likely(source.pieces[at].text)]
    if not source.is_translated:
        likely.sort(key=lambda at: -source.rarity.share(point.text, source.text_of((at,))))
    texts = ((at, source.pieces[at].text) for at in likely[:MOST_LOOKED_AT])
    return next((at for at, text in texts if holds(requested, point.text, text, source.language)), None)


def judged(point: Point, source: Source, links: Sequence[int]) -> Point:
    text = source.text_of(links)
    found = check(point.text, text, source.language)
    flags = [Mark(one.kind, one.text, one.start, one.end, one.detail) for one in found]
    flags += _terms_elsewhere(point.text, text)
    share = 1.0 if source.is_translated else source.rarity.share(point.text, text)
    if share < LEAST_SHARE:
        flags.append(Mark(WORDS, point.text, 0, len(point.text)))
    return changed(point, links=tuple(links), flags=tuple(flags), share=share)


def _terms_elsewhere(said: str, text: str) -> list[Mark]:
    """Return marks for quoted terms that are not in the text: small models confuse one with another."""
    folded = FoldedText(text)
    terms = [found for found in _QUOTED.finditer(said) if found[1] not in folded]
    return [Mark("name", found[1], found.start(1), found.end(1)) for found in terms]


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


def _alike(one: frozenset[str], other: frozenset[str]) -> bool:
    return bool(one and other) and len(one & other) >= ALIKE * min(len(one), len(other)) and (
        len(one & other) >= 0.5 * max(len(one), len(other))
    )  # fmt: skip
