"""Turns the lines of a page into blocks and text: which line continues in the next, and what each block is."""

from __future__ import annotations

import re
import statistics
from collections import Counter
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass
from itertools import pairwise

from slmdesk.base.documents import BlockKind
from slmdesk.base.record import Record
from slmdesk.formats.base import PageText
from slmdesk.formats.pdf_lines import Line
from slmdesk.formats.pdf_words import Word

HEADING_RATIO = 1.14
SMALL_RATIO = 0.9
MAX_HEADING_CHARACTERS = 200
_LEVELS = ((1.7, 1), (1.3, 2))
"""Of headings, by the ratio of their size to the text's; below: 3."""
_BULLET = re.compile(r"[•‣⁃◦▪▫■□●○◆◇➢➤►✓∗]$|[-–—*]$")
_COUNTED = re.compile(r"\(?(?:\d{1,3}|[A-Za-z]|[ivxlc]{1,5})[.)]$")
_NUMBERED = re.compile(r"(?:[A-Z]|\d{1,3})((?:\.\d{1,3})*)\.?$")
_CAPTION = re.compile(
    r"(?:Figure|Fig\.|Table|Tab\.|Abbildung|Abb\.|Tabelle|Tableau|Figura|Tabla|Tabella|Рис\.|Таблица|図|表|图)\s*\d",
    re.IGNORECASE,
)
_CJK = re.compile(r"[\u3000-\u30ff\u3400-\u9fff\uf900-\ufaff\uff00-\uff60]")
"""Han, Kana and their punctuation: no blank between lines."""
_NOTE_MARK = re.compile(r"(?:\d{1,3}|[*†‡§¶])")
_PAGE_NUMBER = re.compile(r"\d{1,4}$|[ivxlc]{1,6}$")
_LEADER = re.compile(r"\.{4,}$|\.$|…$")
_LEADER_WORDS = 4
_NEAR_LINES = 20


class PageMeasures(Record):
    size: float
    pitch: float
    height: float


@dataclass(slots=True)
class LaidOutPage:
    text: PageText
    places: list[tuple[int, Word]]
    """Character of the text, word; a hyphenated word appears twice."""


def measures_of(lines: Sequence[Line], height: float) -> PageMeasures:
    sizes: Counter[float] = Counter()
    for line in lines:
        sizes[round(line.look.size * 2) / 2] += line.characters
    size = sizes.most_common(1)[0][0] if sizes else 10.0
    pitches = [
        below.y1 - above.y1
        for above, below in pairwise(lines)
        if abs(above.look.size - below.look.size) < 0.6 and 0 < below.y1 - above.y1 < 2.5 * max(above.look.size, 1)
    ]
    return PageMeasures(size, statistics.median(pitches) if pitches else 1.3 * size, height)


def lay_out(
    lines: Sequence[Line], usual: PageMeasures, headers: frozenset[int], footers: frozenset[int], hidden: frozenset[int]
) -> LaidOutPage:
    """The blocks of a page in their order.

    Lines with an index in `headers` or `footers` are kept apart; blocks of nothing but `hidden` ones are marked so.
    """
    laid = LaidOutPage(PageText(), [])
    compounds = {word.text.casefold() for line in lines for word in line.words if "-" in word.text}
    for group in _groups(lines, usual, headers | footers):
        first = group[0]
        if first in headers or first in footers:
            kind, level = (BlockKind.HEADER if first in headers else BlockKind.FOOTER), 0
        else:
            kind, level = _kind([lines[at] for at in group], usual)
        place = "hidden" if hidden.issuperset(group) else ""
        _Writer(compounds).write(laid, [lines[at] for at in group], kind, level, place)
    return laid


def _groups(lines: Sequence[Line], usual: PageMeasures, apart: Set[int]) -> Iterator[list[int]]:
    held: list[int] = []
    block: list[Line] = []
    for at, line in enumerate(lines):
        if held:
            after = lines[at + 1] if at + 1 < len(lines) else None
            marked = (held[-1] in apart) != (at in apart)
            if marked or _begins(block, line, after, usual):
                yield held
                held, block = [], []
        held.append(at)
        block.append(line)
    if held:
        yield held


def _begins(block: Sequence[Line], line: Line, after: Line | None, usual: PageMeasures) -> bool:
    last = block[-1]
    if _is_entry(last):
        return True
    if line.cells or last.cells or line.column != last.column:
        return True
    if line.look.is_sideways != last.look.is_sideways:
        return True
    size = max(line.look.size, 1.0)
    if abs(line.look.size - last.look.size) > 0.12 * max(size, last.look.size):
        return True
    if line.is_mono != last.is_mono and line.characters > 3 and last.characters > 3:
        return True
    pitch = line.y1 - last.y1
    if pitch < -0.3 * size or pitch > max(1.3 * usual.pitch * size / max(usual.size, 1.0), 1.2 * size):
        return True
    if line.is_mono and last.is_mono:
        return False
    if line.is_bold != last.is_bold and (last.is_bold or line.is_bold) and len(block) <= 2 and last.is_bold:
        return True
    if _is_item(line):
        return True
    return _begins_by_indent(block, line, after, size)


def _begins_by_indent(block: Sequence[Line], line: Line, after: Line | None, size: float) -> bool:
    last = block[-1]
    inward = line.x0 - last.x0
    if inward > 0.8 * size and inward < 6 * size and len(block) > 1:
        return after is None or after.x0 < line.x0 - 0.5 * size
    hangs = len(block) > 1 and last.x0 > block[0].x0 + 0.5 * size
    if inward < -0.8 * size and (hangs or _is_item(block[0])):
        return True
    right = max(one.x1 for one in block[-_NEAR_LINES:])
    ends = last.words[-1].text[-1:] in ".:!?。؟"
    return len(block) > 1 and ends and last.x1 < right - 0.15 * (right - last.x0) and inward > 0.8 * size


def _is_entry(line: Line) -> bool:
    """A line of a table of contents: it ends with dots and a page number."""
    if len(line.words) < 3 or not _PAGE_NUMBER.match(line.words[-1].text):
        return False
    return any(_leader(line.words, at) for at in range(1, len(line.words) - 1))


def _is_item(line: Line) -> bool:
    if len(line.words) < 2 or line.cells:
        return False
    mark = line.words[0].text
    if _BULLET.match(mark):
        return True
    return _COUNTED.match(mark) is not None


def _kind(block: Sequence[Line], usual: PageMeasures) -> tuple[BlockKind, int]:
    first = block[0]
    if first.cells:
        return BlockKind.TABLE_ROW, 0
    start = " ".join(word.text for word in first.words[:3])
    if _CAPTION.match(start) and sum(line.characters for line in block) < 600:
        return BlockKind.CAPTION, 0
    if all(line.is_mono for line in block):
        return BlockKind.CODE, 0
    level = _heading_level(block, usual)
    if level:
        return BlockKind.HEADING, level
    is_low = first.y0 > 0.55 * usual.height
    if is_low and first.look.size < SMALL_RATIO * usual.size and _NOTE_MARK.match(start):
        return BlockKind.FOOTNOTE, 0
    return (BlockKind.LIST_ITEM if _is_item(first) else BlockKind.PARAGRAPH), 0


def _heading_level(block: Sequence[Line], usual: PageMeasures) -> int:
    """1 to 3; 0: it is none."""
    first, last = block[0], block[-1]
    letters = [word for line in block for word in line.words if any(one.isalpha() for one in word.text)]
    if not letters or len(block) > 3 or sum(line.characters for line in block) > MAX_HEADING_CHARACTERS:
        return 0
    numbered = _NUMBERED.match(first.words[0].text) if len(first.words) > 1 else None
    ratio = first.look.size / usual.size if usual.size else 1.0
    if ratio >= HEADING_RATIO:
        by_size = next((level for least, level in _LEVELS if ratio >= least), 3)
        return _depth(numbered) if numbered else by_size
    ends = last.words[-1].text[-1:]
    if numbered and numbered[1] and len(block) == 1 and first.characters < 90 and ends not in ".,;:":
        return _depth(numbered)  # 2.1 Like this, in whatever letters
    if not all(line.is_bold for line in block) or ends in ".,;" or len(block) > 2 or ratio < 0.95:
        return 0
    if _BULLET.match(first.words[0].text):
        return 0
    return _depth(numbered) if numbered else 3


def _depth(numbered: re.Match[str]) -> int:
    """The level a heading's number says: 2.1 is of the second."""
    return min(6, 1 + numbered[1].count("."))


class _Writer:
    def __init__(self, compounds: Set[str]) -> None:
        self._compounds = compounds
        self._pieces: list[str] = []
        self._length = 0
        self._places: list[tuple[int, Word]] = []

    def write(self, laid: LaidOutPage, lines: Sequence[Line], kind: BlockKind, level: int, place: str) -> None:
        if kind is BlockKind.TABLE_ROW:
            for number, cell in enumerate(lines[0].cells):
                if number:
                    self._put("\t")
                self._write_words(cell)
        else:
            for number, line in enumerate(lines):
                if number:
                    self._join(lines[number - 1], line, kind)
                if kind is BlockKind.CODE:
                    self._put(" " * _indent(line, lines))
                self._write_words(line.words)
        if lines[-1].words[-1].hyphen:
            self._put("-")
        count = len(laid.text.blocks)
        laid.text.add(kind, "".join(self._pieces), level=level, place=place)
        if len(laid.text.blocks) > count:
            start = laid.text.blocks[-1].start
            laid.places += [(start + place, word) for place, word in self._places]

    def _write_words(self, words: Sequence[Word]) -> None:
        at = 0
        while at < len(words):
            word = words[at]
            skip = _leader(words, at)
            if at:
                self._put(" ")
            if skip:
                self._put("…")
                at += skip
                continue
            self._places.append((self._length, word))
            self._put(word.text)
            if word.hyphen and at + 1 < len(words):
                self._put("-")
            at += 1

    def _join(self, above: Line, below: Line, kind: BlockKind) -> None:
        last, following = above.words[-1], below.words[0]
        if kind is BlockKind.CODE:
            self._put(("-" if last.hyphen else "") + "\n")
        elif last.hyphen:
            self._put("" if self._is_one_word(last.text, following.text) else "-")
        elif last.text[-1] in "-‐" and last.text[-2:-1].isalnum() and following.text[0].isalnum():
            return
        elif not (_CJK.match(last.text[-1]) and _CJK.match(following.text[0])):
            self._put(" ")

    def _is_one_word(self, begin: str, end: str) -> bool:
        """Whether the hyphen between them is only there because the line ended."""
        if not begin[-1:].isalpha() or not end[:1].isalpha():
            return False
        if end[0].isupper() and not (len(begin) > 1 and begin.isupper() and end.isupper()):
            return False
        return f"{begin}-{end}".casefold().strip(".,;:()") not in self._compounds

    def _put(self, text: str) -> None:
        self._pieces.append(text)
        self._length += len(text)


def _indent(line: Line, block: Sequence[Line]) -> int:
    longest = max(line.words, key=lambda word: len(word.text))
    letter = (longest.x1 - longest.x0) / len(longest.text)
    return min(40, round((line.x0 - min(one.x0 for one in block)) / letter)) if letter > 0 else 0


def _leader(words: Sequence[Word], at: int) -> int:
    """How many words from here on are the dots that lead to a page number; 0: they are none."""
    if words[at].text[0] not in ".…":
        return 0
    count = 0
    while at + count < len(words) and _LEADER.match(words[at + count].text):
        count += 1
    return count if count >= _LEADER_WORDS or (count and len(words[at].text) >= _LEADER_WORDS) else 0
