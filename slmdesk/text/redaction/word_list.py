"""Finds listed words in text, however they are written there.

Case, kinds of blanks and dashes, unseen characters, composed and decomposed letters make no difference; in long words
and numbers neither do blanks, hyphens and dots, so that one IBAN is found in groups of four and in one piece.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from enum import IntEnum

from slmdesk.base.record import Record

INSIDE = 6
"""Letters and digits: words at least as long are found inside longer ones too ("Müllers", "Müllerhof")."""
INSIDE_VALUES = 4
"""The same in names and values for machines, where words are run together ("AnnaSchmidt.docx")."""
COMPACT = 8
"""Words at least as long are found also where blanks, hyphens and dots stand in them, or do not."""
LEAST_BESIDE_FIGURES = 3
"""Letters of a word that is one of its own also with a figure beside it ("2026Ashworth"); "B" of "B2" is not."""
_BEGIN = 4
APART = "\u200b"
"""Stands in a text where its format changes: nobody sees it, words go over it, and one may begin or end there."""
_HYPHENS = "\u00ad\ufffe"
"""They are not seen either, but stand inside words alone."""
_UNSEEN = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f"
    "\ufeff\uffa0\ufff9-\ufffb\ufffe\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
_MARKS = (
    "\u0300-\u034e\u0350-\u036f\u0483-\u0487\u0591-\u05bd\u064b-\u065f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff"
    "\ufe20-\ufe2f"
)
_CLUSTER = re.compile(rf"(?<=\w)[-\u00ad\u2010]\r?\n[ \t]*(?=[^\W\d_A-Z])|\s+|[{_UNSEEN}]+|.[{_MARKS}]*", re.DOTALL)
"""A letter with its accents, a stretch of blanks, or what is not seen: also the hyphen of a broken word."""
_UNUSUAL = re.compile(r"\s\s|[^\S ]")
_NO_WORD = re.compile(r"[\W_\u115f\u1160]+")
_FIGURE = re.compile(r"\d")
_HEXADECIMAL = re.compile(r"[a-f]+")
_SAME = str.maketrans(dict.fromkeys("‐‑‒–—−﹣－", "-") | dict.fromkeys("’‘ʼ´`", "'") | dict.fromkeys("“”„«»", '"'))


class Joint(IntEnum):
    NONE = 0
    LETTERS = 1
    FIGURES = 2


class _Needle(Record):
    number: int
    folded: str
    compact: str


class _Folded(Record):
    text: str
    begins: Sequence[int]
    ends: Sequence[int]
    apart: frozenset[int] = frozenset()
    """Characters before which something stood that is not seen."""


class WordIndex:
    def __init__(self, words: Iterable[str]) -> None:
        self._by_begin: dict[str, list[tuple[int, str]]] = {}
        for number, word in enumerate(words):
            self._by_begin.setdefault(word[:_BEGIN], []).append((number, word))
        self._sizes = {len(one) for one in self._by_begin}

    def found(self, text: str) -> list[int]:
        begins = {text[at : at + size] for size in self._sizes for at in range(len(text) - size + 1)}
        return sorted(
            number for begin in self._by_begin.keys() & begins for number, word in self._by_begin[begin] if word in text
        )


_Hit = tuple[int, int, int, Joint]
"""From, up to, number of the word, and what it is joined to."""


class WordList:
    def __init__(self, originals: Iterable[str]) -> None:
        self.originals = tuple(originals)
        self._needles = [
            _Needle(number, _fold(one).text.strip(), _squeezed(one)) for number, one in enumerate(self.originals)
        ]
        self._needles = [one for one in self._needles if one.folded]
        self._index = WordIndex(one.compact for one in self._needles)

    def found(self, text: str, *, bare: bool = False, edges: Sequence[int] = ()) -> list[tuple[int, int, int]]:
        """(from, up to, number of the word) of each, in order, none within another: of two that begin together the
        longer.  `bare`: the text is a name or value for machines (see INSIDE_VALUES).  `edges`: only numbers, or words
        with figures, that go over one of these places.
        """
        least = INSIDE_VALUES if bare else INSIDE
        all_found = []
        for needle, (begin, end, number, joint) in self._hits(text, bare=bare):
            if edges and (bisect_left(edges, begin) == bisect_left(edges, end) or not _FIGURE.search(needle.compact)):
                continue
            is_number = bare and _HEXADECIMAL.fullmatch(needle.compact)  # "Ada" of 00ADA12F
            if joint is Joint.NONE or (joint is Joint.LETTERS and len(needle.compact) >= least and not is_number):
                all_found.append((begin, end, number))
        return _apart(all_found)

    def seen(self, text: str) -> list[tuple[int, int, int, bool]]:
        """(from, up to, number, whether it is a word of its own) of each place where `found` could find one.

        In longer words only those of INSIDE_VALUES letters and more are looked for.
        """
        return sorted(
            {
                (begin, end, number, joint is Joint.NONE)
                for needle, (begin, end, number, joint) in self._hits(text, bare=False)
                if joint is Joint.NONE or (joint is Joint.LETTERS and len(needle.compact) >= INSIDE_VALUES)
            }
        )

    def _hits(self, text: str, *, bare: bool) -> Iterator[tuple[_Needle, _Hit]]:
        likely = [self._needles[at] for at in self._index.found(_squeezed(text))]
        if not likely:
            return
        folded = _fold(text)
        compact: _Folded | None = None
        for one in likely:
            minds_figures = len(one.compact) < LEAST_BESIDE_FIGURES or (
                bare and _HEXADECIMAL.fullmatch(one.compact) is not None
            )
            for hit in _plain(one, folded, minds_figures=minds_figures):
                yield one, hit
            if len(one.compact) >= COMPACT:
                compact = compact or _compacted(folded)
                for hit in _spread(one, folded, compact):
                    yield one, hit
            elif len(one.compact) >= INSIDE_VALUES:
                for hit in _spaced(one, folded):
                    yield one, hit


def _plain(needle: _Needle, folded: _Folded, *, minds_figures: bool) -> Iterator[_Hit]:
    at = folded.text.find(needle.folded)
    while at >= 0:
        end = at + len(needle.folded)
        yield _hit(needle, folded, at, end, minds_figures=minds_figures)
        at = folded.text.find(needle.folded, at + 1)


def _spread(needle: _Needle, folded: _Folded, compact: _Folded) -> Iterator[_Hit]:
    at = compact.text.find(needle.compact)
    while at >= 0:
        first, last = compact.begins[at], compact.ends[at + len(needle.compact) - 1]
        hit = _hit(needle, folded, first, last)
        if hit[3] is Joint.NONE or last - first == len(needle.compact):
            yield hit
        at = compact.text.find(needle.compact, at + 1)


def _spaced(needle: _Needle, folded: _Folded) -> Iterator[_Hit]:
    letters, text = " ".join(needle.compact), folded.text
    at = text.find(letters)
    while at >= 0:
        end = at + len(letters)
        if not (_goes_on(folded, at - 1, -1) or _goes_on(folded, end, 1)):
            hit = _hit(needle, folded, at, end)
            if hit[3] is Joint.NONE:
                yield hit
        at = text.find(letters, at + 1)


def _goes_on(folded: _Folded, blank: int, step: int) -> bool:
    text = folded.text
    if not 0 <= blank < len(text) or text[blank] != " " or folded.ends[blank] - folded.begins[blank] > 1:
        return False
    one, other = (text[at : at + 1] if at >= 0 else "" for at in (blank + step, blank + 2 * step))
    return one.isalnum() and not other.isalnum()


def _hit(needle: _Needle, folded: _Folded, at: int, end: int, *, minds_figures: bool = False) -> _Hit:
    joints = [
        _joint(folded.text[beside], folded.text[edge], minds_figures=minds_figures)
        for place, beside, edge in ((at, at - 1, at), (end, end, end - 1))
        if 0 < place < len(folded.text) and place not in folded.apart
    ]
    return folded.begins[at], folded.ends[end - 1], needle.number, max(joints, default=Joint.NONE)


def _joint(neighbour: str, edge: str, *, minds_figures: bool) -> Joint:
    if neighbour.isdigit() and edge.isdigit():
        return Joint.FIGURES
    if not edge.isalpha() or not neighbour.isalnum() or (neighbour.isdigit() and not minds_figures):
        return Joint.NONE
    return Joint.LETTERS


def _apart(found: list[tuple[int, int, int]]) -> list[tuple[int, int, int]]:
    kept: list[tuple[int, int, int]] = []
    for one in sorted(found, key=lambda each: (each[0], -each[1])):
        if not kept or one[0] >= kept[-1][1]:
            kept.append(one)
    return kept


def _squeezed(text: str) -> str:
    return _NO_WORD.sub("", unicodedata.normalize("NFKC", text).casefold())


def _fold(text: str) -> _Folded:
    if text.isascii() and not _UNUSUAL.search(text):
        return _Folded(text.lower().translate(_SAME), range(len(text)), range(1, len(text) + 1))
    pieces: list[str] = []
    begins: list[int] = []
    ends: list[int] = []
    apart: set[int] = set()
    for one in _CLUSTER.finditer(text):
        raw = one[0]
        if raw[0].isspace():
            piece = " "
        elif raw.isascii() and len(raw) == 1:
            piece = raw.lower()
        elif re.match(rf"[{_UNSEEN}]|[-\u2010]\r?\n", raw):
            if raw[-1] not in "\t\n " and raw.strip(_HYPHENS):
                apart.add(len(begins))
            continue
        else:
            piece = unicodedata.normalize("NFKC", raw).casefold()
            if unicodedata.decomposition(raw[0]).startswith("<su"):  # raised or lowered, as the sign of a note is
                apart |= {len(begins), len(begins) + len(piece)}
        piece = piece.translate(_SAME)
        pieces.append(piece)
        begins += [one.start()] * len(piece)
        ends += [one.end()] * len(piece)
    return _Folded("".join(pieces), begins, ends, frozenset(apart))


def _compacted(folded: _Folded) -> _Folded:
    kept = [at for at, letter in enumerate(folded.text) if letter.isalnum()]
    return _Folded("".join(folded.text[at] for at in kept), kept, [at + 1 for at in kept])
