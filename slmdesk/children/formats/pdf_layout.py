"""Arranges the words of a PDF page into lines in reading order and these into blocks, and finds headers and footers."""

from __future__ import annotations

import re
import statistics
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from itertools import pairwise

from slmdesk.base.documents import Block, BlockKind
from slmdesk.base.record import Record
from slmdesk.children.formats.pdf_cells import Table
from slmdesk.children.formats.pdf_file import RIGHT_TO_LEFT, Look, Word
from slmdesk.children.formats.pdf_hyphens import joint
from slmdesk.children.formats.pdf_overlay import FormValue
from slmdesk.children.formats.pdf_strikes import EMPTY, EMPTY_BOX, TICKED
from slmdesk.children.formats.reading import PageText

GAP = 0.9
"""Largest distance between words of one line, in letter heights. It also allows for justified text."""
WIDE_GAP = 1.6
"""Gap in letter heights that separates cells even in a table of only two rows."""
COLUMN_ROWS = 4
COLUMN_CHARACTERS = 16
"""Least median number of characters per line in a column of text. Table cells are shorter."""
COLUMN_FILLED = 0.55
"""Least median share of the column's width that a line of text fills. Table cells fill less."""
TALL = 40.0
"""Height in points from which a field of a form holds several lines, of which the first one counts for its place."""
NEAR_LABEL = 0.8
"""Largest distance of a label above a field, in heights of the field."""
MOST_PAIRS = 5_000_000
"""Most pairs of a value and a word of its page that are compared to find where the value belongs."""
_EMPTY_BOX = re.compile(f"{EMPTY_BOX.pattern}|_+")
_BLANK = re.compile(r"[_.…‗]+")


@dataclass(slots=True, eq=False)
class Line:
    words: list[Word]
    look: Look
    x0: float
    y0: float
    x1: float
    y1: float
    cells: tuple[list[Word], ...] = ()
    column: int = 0
    """Number of the text column the line stands in. It only tells whether two lines are in the same column."""
    is_bold: bool = False
    is_mono: bool = False
    """Whether all of the line is in a monospaced font, as code is."""

    @property
    def characters(self) -> int:
        return sum(len(word.text) for word in self.words)


@dataclass(slots=True)
class _Row:
    parts: list[Line] = field(default_factory=list)
    drawn: list[Line] = field(default_factory=list)
    """The parts in the order in which they are read on the line."""

    def takes(self, part: Line) -> bool:
        if part.look.is_sideways or self.parts[0].look.is_sideways:
            return False
        top = min(part.y0 for part in self.parts)
        bottom = max(part.y1 for part in self.parts)
        shared = min(bottom, part.y1) - max(top, part.y0)
        if shared < 0.5 * min(bottom - top, part.y1 - part.y0):
            return False
        return all(part.x0 >= line.x1 - 1 or part.x1 <= line.x0 + 1 for line in self.parts)


def with_values(words: Sequence[Word], values: Sequence[FormValue]) -> list[Word]:
    """Put the values of a form among the words of its page: each at its label on the line, else below what stands
    above it. What the page itself draws in a field is not doubled. Far too many are put behind the page.
    """
    merged = list(words)
    rest = max(0, len(values) - MOST_PAIRS // (len(merged) + len(values) + 1))
    ordered = sorted(values, key=lambda value: (value.sides[1], value.sides[0]))
    for number, value in enumerate(ordered, start=1):
        x0, _y0, x1, y1 = value.sides
        below = next((two.sides for two in ordered[number:] if two.sides[0] < x1 and two.sides[2] > x0), None)
        if number > len(ordered) - rest:
            text = value.text or (TICKED if value.is_ticked else EMPTY)
            merged.append(Word(text, -1, None, -number, *value.sides, field=value.name))
            continue
        _put_value(merged, value, -number, is_stacked=below is not None and below[1] - y1 < y1 - value.sides[1])
    return merged


def _put_value(merged: list[Word], value: FormValue, line: int, *, is_stacked: bool) -> None:
    x0, y0, x1, y1 = value.sides
    if "\n" in value.text or y1 - y0 > TALL:
        y1 = min(y1, y0 + TALL / 2)
    row = [
        at
        for at, word in enumerate(merged)
        if min(y1, word.y1) - max(y0, word.y0) >= 0.5 * min(y1 - y0, word.y1 - word.y0)
    ]
    drawn = [at for at in row if merged[at].field is None and x0 < (merged[at].x0 + merged[at].x1) / 2 < x1]
    signs = "".join(merged[at].text for at in drawn)
    text = value.text
    if value.is_box:
        if signs and not value.is_ticked and not _EMPTY_BOX.fullmatch(signs):
            return
        others = "".join(merged[at].text.casefold() for at in row if at not in drawn)
        is_new = any(map(str.isalpha, text)) and "".join(text.split()).casefold() not in others
        if is_new:
            text = f"{TICKED} {text}"
        elif value.is_ticked:
            text = TICKED
        else:
            text = EMPTY
    elif "".join(text.split()) in signs:
        return
    for at in reversed(drawn):
        if _BLANK.fullmatch(merged[at].text) or (value.is_box and len(merged[at].text) == 1):
            del merged[at]
            row = [place - 1 if place > at else place for place in row if place != at]
    above = [at for at, word in enumerate(merged) if word.y1 < y0 + 2 and word.x0 < x1 and word.x1 > x0]
    label = max(above, key=lambda at: (merged[at].y1, at), default=-1)
    is_near = label >= 0 and merged[label].field is None and y0 - merged[label].y1 < NEAR_LABEL * (y1 - y0)
    if is_near and not is_stacked and all(merged[at].field is not None for at in row):
        row = []
    before = max((at for at in row if merged[at].x0 < x0), key=lambda at: (merged[at].x1, at), default=-1)
    after = min((at for at in row if merged[at].x0 >= x0), key=lambda at: merged[at].x0, default=-1)
    is_nearer = value.is_box and after >= 0 and merged[after].x0 - x1 < x0 - merged[before].x1
    if before >= 0 and not is_nearer:
        beside, place = before, before + 1
    elif after >= 0:
        beside = place = after
    else:
        beside, place = label, label + 1
        while 0 < place < len(merged):
            last, word = merged[place - 1], merged[place]
            is_beside = min(last.y1, word.y1) - max(last.y0, word.y0) > 0.5 * (word.y1 - word.y0)
            if not is_beside or (is_near and (word.line != last.line or _is_apart(last, word))):
                break
            place += 1
        if label < 0:
            place = next((at for at, word in enumerate(merged) if word.y0 > y1 - 2), len(merged))
    first = merged[beside].first if beside >= 0 else -1
    if row:
        line, text = merged[beside].line, " ".join(text.split())
    merged.insert(place, Word(text, first, None, line, x0, y0, x1, y1, field=value.name))


def lines_of_words(
    words: Sequence[Word], look: Callable[[int], Look], tables: Mapping[Word, Table] | None = None
) -> list[Line]:
    """Arrange the words of a page into lines in reading order. `look` returns the font of the character at an index.
    A table stands where its first word does.
    """
    if not tables:
        return _lines_of(words, look, 0)
    lines: list[Line] = []
    held: list[Word] = []
    done: set[Table] = set()
    for word in words:
        table = tables.get(word)
        if table is None:
            held.append(word)
        elif table not in done:
            done.add(table)
            lines += _lines_of(held, look, len(lines))
            held = []
            lines += [_table_row([[_line(cell, look)] if cell else [] for cell in row]) for row in table.rows]
    return lines + _lines_of(held, look, len(lines))


def _lines_of(words: Sequence[Word], look: Callable[[int], Look], begun: int) -> list[Line]:
    rows: list[_Row] = []
    for part in _parts(words, look):
        if rows and rows[-1].takes(part):
            rows[-1].parts.append(part)
        else:
            rows.append(_Row([part]))
    lines: list[Line] = []
    for band, gutters in _bands(rows):
        lines += _arranged(band, gutters, begun + len(lines))
    return lines


def _parts(words: Sequence[Word], look: Callable[[int], Look]) -> Iterator[Line]:
    held: list[Word] = []
    ahead: list[Word] = []
    last: Word | None = None
    for word in words:
        if last is not None and (word.line != last.line or _is_apart(last, word)):
            if held and not (ahead[0].line == held[-1].line and _turns(held, ahead)):
                yield _line(held, look)
                held = []
            held += ahead
            ahead = []
        ahead.append(word)
        last = word
    if held and not (ahead[0].line == held[-1].line and _turns(held, ahead)):
        yield _line(held, look)
        held = []
    if ahead:
        yield _line(held + ahead, look)


def _turns(words: Sequence[Word], others: Sequence[Word]) -> bool:
    """Return whether words beside each other are only apart since some are read from right to left."""
    if not RIGHT_TO_LEFT.search(words[-1].text + others[0].text):
        return False
    x0, y0, x1, y1 = _around(words)
    left, _top, right, _bottom = _around(others)
    return max(left - x1, x0 - right) < GAP * (y1 - y0)


def _is_apart(word: Word, other: Word) -> bool:
    high, low = word.y1 - word.y0, other.y1 - other.y0
    height = high if high < low else low
    if height < 1.0:
        height = 1.0
    if other.x0 - word.x1 > GAP * height or word.x0 - other.x1 > GAP * height:
        return True
    if word.y0 == other.y0:
        return False
    return min(word.y1, other.y1) - max(word.y0, other.y0) < 0.2 * height


def _line(words: list[Word], look: Callable[[int], Look]) -> Line:
    longest = max(words, key=lambda word: len(word.text))
    looks = [look(longest.first)]
    if len(words) > 1 and (looks[0].is_bold or looks[0].is_mono):
        looks += [look(word.first) for word in (words[0], words[len(words) // 2], words[-1])]
    return Line(
        words,
        looks[0],
        *_around(words),
        is_bold=all(look.is_bold for look in looks) and not any(word.field is not None for word in words),
        is_mono=all(look.is_mono for look in looks),
    )


def without_words(line: Line, words: Sequence[Word]) -> Line:
    """Return a line without these words. The cells that are left make a row only if there are several."""
    cells = [[word for word in cell if word not in words] for cell in line.cells]
    cells = [cell for cell in cells if cell]
    kept = [word for word in line.words if word not in words]
    sides = _around(kept) if kept else (line.x0, line.y0, line.x1, line.y1)
    row = tuple(cells) if len(cells) > 1 else ()
    return Line(kept, line.look, *sides, row, line.column, line.is_bold, line.is_mono)


Gutters = list[tuple[float, float]]
"""Vertical strips without letters, as (left, right) in points, from left to right."""


def _bands(rows: Sequence[_Row]) -> Iterator[tuple[list[_Row], Gutters]]:
    held: list[_Row] = []
    gutters: Gutters = []
    for row in rows:
        row.drawn = list(row.parts)
        row.parts.sort(key=lambda part: part.x0)
        gaps = _gaps(row)
        shared = _shared(gutters, gaps) if held and _is_near(held[-1], row) else []
        if not shared and held:
            yield held, gutters
            held = []
        gutters = shared or [gap for gap in gaps if gap[0] > float("-inf") and gap[1] < float("inf")]
        if held or gutters:
            held.append(row)
        else:
            yield [row], []
    if held:
        yield held, gutters


def _is_near(above: _Row, below: _Row) -> bool:
    bottom = max(part.y1 for part in above.parts)
    top = min(part.y0 for part in below.parts)
    height = max(part.y1 - part.y0 for part in (*above.parts, *below.parts))
    return -0.7 * height < top - bottom < 2.2 * height and not below.parts[0].look.is_sideways


def _gaps(row: _Row) -> Gutters:
    edges = [float("-inf")]
    for part in row.parts:
        edges += [part.x0, part.x1]
    edges.append(float("inf"))
    return [(edges[at], edges[at + 1]) for at in range(0, len(edges), 2) if edges[at + 1] > edges[at]]


def _shared(gutters: Gutters, gaps: Gutters) -> Gutters:
    shared = []
    for left, right in gutters:
        for begin, end in gaps:
            low, high = max(left, begin), min(right, end)
            if high - low > 3:
                shared.append((low, high))
    return shared


def _arranged(band: list[_Row], gutters: Gutters, begun: int) -> list[Line]:
    many = [row for row in band if len(row.parts) > 1]
    if not gutters or not many or all(part.is_mono for row in band for part in row.parts):
        return [_whole(row) for row in band]
    width = statistics.median(part.y1 - part.y0 for row in many for part in row.parts)
    if len(many) < 3 and not any(right - left > WIDE_GAP * width for left, right in gutters):
        return [_whole(row) for row in band]
    grid = [_cells(row, gutters) for row in band]
    if len(many) >= COLUMN_ROWS and _are_columns(grid):
        columns = [[row[at] for row in grid if row[at]] for at in range(len(gutters) + 1)]
        if _runs_left(part.words for row in band for part in row.parts):
            columns.reverse()
        return [
            _joined(parts, column=begun + number + 1) for number, column in enumerate(columns) for parts in column
        ]  # fmt: skip
    if len(many) == 1 and len(many[0].parts) < 3:
        return [_whole(row) for row in band]
    return [_table_row(cells) for cells in grid]


def _cells(row: _Row, gutters: Gutters) -> list[list[Line]]:
    cells: list[list[Line]] = [[] for _ in range(len(gutters) + 1)]
    for part in row.parts:
        middle = (part.x0 + part.x1) / 2
        cells[sum(middle > (left + right) / 2 for left, right in gutters)].append(part)
    return cells


def _are_columns(grid: Sequence[Sequence[Sequence[Line]]]) -> bool:
    for at in range(len(grid[0])):
        cells = [row[at] for row in grid if row[at]]
        if len(cells) < COLUMN_ROWS:
            return False
        left = min(part.x0 for cell in cells for part in cell)
        right = max(part.x1 for cell in cells for part in cell)
        characters = statistics.median(sum(part.characters for part in cell) for cell in cells)
        filled = statistics.median((cell[-1].x1 - cell[0].x0) / max(1.0, right - left) for cell in cells)
        if characters < COLUMN_CHARACTERS or filled < COLUMN_FILLED:
            return False
    return True


def _whole(row: _Row) -> Line:
    if len(row.parts) == 1:
        return row.parts[0]
    return _joined(row.drawn, column=0)


def _joined(parts: Sequence[Line], *, column: int) -> Line:
    return Line(
        [word for part in parts for word in part.words],
        max(parts, key=lambda part: part.characters).look,
        *_around(parts),
        column=column or parts[0].column,
        is_bold=all(part.is_bold for part in parts),
        is_mono=all(part.is_mono for part in parts),
    )


def _around(boxes: Sequence[Line] | Sequence[Word]) -> tuple[float, float, float, float]:
    x0, y0 = min([box.x0 for box in boxes]), min([box.y0 for box in boxes])
    return x0, y0, max([box.x1 for box in boxes]), max([box.y1 for box in boxes])


def _table_row(cells: Sequence[Sequence[Line]]) -> Line:
    parts = [part for cell in cells for part in cell]
    line = _joined(parts, column=0)
    line.cells = tuple([word for part in cell for word in part.words] for cell in cells)
    if _runs_left(part.words for part in parts):
        line.cells = line.cells[::-1]
    line.words = [word for cell in line.cells for word in cell]
    return line


def _runs_left(many: Iterator[list[Word]] | Sequence[list[Word]]) -> bool:
    """Return whether most of these words are in a script written from right to left."""
    left = right = 0
    for words in many:
        for word in words:
            letter = word.text[0]
            if RIGHT_TO_LEFT.match(letter):
                left += 1
            elif letter.isalpha():
                right += 1
    return left > right


HEADING_RATIO = 1.14
SMALL_RATIO = 0.9
MAX_HEADING_CHARACTERS = 200
_LEVELS = ((1.7, 1), (1.3, 2))
"""Levels of headings, by the least ratio of the heading's size to the text size. Smaller headings have level 3."""
_BULLET = re.compile(r"[•‣⁃◦▪▫■□☐☑☒●○◆◇➢➤►✓∗]$|[-–—*]$")
_COUNTED = re.compile(r"\(?(?:\d{1,3}|[A-Za-z]|[ivxlc]{1,5}|[IVXLC]{1,5})[.)]$")
_NUMBERED = re.compile(r"(?:[A-Z]|\d{1,3})((?:\.\d{1,3})*)\.?$")
_CAPTION = re.compile(
    r"(?:Figure|Fig\.|Table|Tab\.|Abbildung|Abb\.|Tabelle|Tableau|Figura|Tabla|Tabella|Рис\.|Таблица|図|表|图)\s*\d",
    re.IGNORECASE,
)
_CJK = re.compile(r"[\u3000-\u30ff\u3400-\u9fff\uf900-\ufaff\uff00-\uff60]")
"""Matches Han, Kana and their punctuation. Lines that end and begin with such characters are joined without a space."""
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
    """Each word with its first character's position in the text. A hyphenated word appears twice, once per half."""
    struck: list[Block] = field(default_factory=list)

    def extend(self, other: LaidOutPage) -> None:
        start = self.text.extend(other.text)
        self.places += [(at + start, word) for at, word in other.places]


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
    """Return the blocks of a page in their order.

    Lines with an index in `headers` or `footers` become blocks of their own. A block whose lines are all in `hidden`
    gets "hidden" as its place, and one that is the value of a form's field the field's name.
    """
    laid = LaidOutPage(PageText(), [])
    compounds = {word.text.casefold() for line in lines for word in line.words if "-" in word.text}
    for group in _groups(lines, usual, headers | footers):
        own_lines = [lines[at] for at in group]
        first = group[0]
        level = 0
        if first in headers:
            kind = BlockKind.HEADER
        elif first in footers:
            kind = BlockKind.FOOTER
        else:
            kind, level = _kind(own_lines, usual)
        place = "hidden" if hidden.issuperset(group) else ""
        fields = {word.field for word in own_lines[0].words}
        if len(fields) == 1:
            place = fields.pop() or place
        _Writer(compounds).write(laid, own_lines, kind, level, place)
    laid.text.blocks = sorted((*laid.text.blocks, *laid.struck), key=lambda block: block.start)
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
    if _is_entry(last) or line.words[0].field is not None or last.words[-1].field is not None:
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
    if _is_item(line) or (len(block) == 1 and (_is_title(last, line, size) or _is_shouted_title(last, line))):
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
    right = max(line.x1 for line in block[-_NEAR_LINES:])
    ends = last.words[-1].text[-1:] in ".:!?。؟"
    return len(block) > 1 and ends and last.x1 < right - 0.15 * (right - last.x0) and inward > 0.8 * size


def _is_entry(line: Line) -> bool:
    """Return whether the line is an entry of a table of contents, which ends with dots and a page number."""
    if len(line.words) < 3 or not _PAGE_NUMBER.match(line.words[-1].text):
        return False
    return any(_leader(line.words, at) for at in range(1, len(line.words) - 1))


def _is_title(line: Line, below: Line, size: float) -> bool:
    """Return whether a numbered line is a title of its own: the text below is longer, and does not go on with it."""
    if not _is_item(line) or line.words[-1].text[-1:] in ".:,;-–" or len(below.words) < 2:
        return False
    is_longer = line.x1 < below.x1 - 0.3 * (below.x1 - below.x0) and below.x0 - line.x0 < 0.5 * size
    return is_longer and below.words[0].text[:1].isupper()


def _is_shouted_title(line: Line, below: Line) -> bool:
    """Return whether a line in capital letters stands above a sentence."""
    shown = "".join(word.text for word in line.words)
    is_title = shown.isupper() and len(shown) > 2 * len(line.words) > 2 and shown[-1] not in ",;-–"
    return is_title and below.words[0].text.istitle() and len(below.words) > 2


def _is_item(line: Line) -> bool:
    if len(line.words) < 2 or line.cells:
        return False
    mark = line.words[0].text
    return bool(_BULLET.match(mark) or _COUNTED.match(mark))


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
    """Return the heading level from 1 to 6, or 0 if the block is not a heading."""
    first, last = block[0], block[-1]
    if first.words[0].field is not None:
        return 0
    if len(block) > 3 or sum(line.characters for line in block) > MAX_HEADING_CHARACTERS:
        return 0
    if not any(any(map(str.isalpha, word.text)) for line in block for word in line.words):
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
    """Return the level that a heading's number shows: 2.1 has level 2."""
    return min(6, 1 + numbered[1].count("."))


class _Writer:
    def __init__(self, compounds: Set[str]) -> None:
        self._compounds = compounds
        self._pieces: list[str] = []
        self._length = 0
        self._places: list[tuple[int, Word]] = []
        self._struck: dict[int, str] = {}

    def write(self, laid: LaidOutPage, lines: Sequence[Line], kind: BlockKind, level: int, place: str) -> None:
        if kind is BlockKind.TABLE_ROW:
            for number, cell in enumerate(lines[0].cells):
                if number:
                    self._put("\t")
                self._write_cell(cell)
            self._pieces = [piece.replace("\n", " ") for piece in self._pieces]
        else:
            for number, line in enumerate(lines):
                if number:
                    self._join(lines[number - 1].words, line.words, kind)
                if kind is BlockKind.CODE:
                    self._put(" " * _indent(line, lines))
                self._write_words(line.words)
            self._end(lines[-1].words)
        count = len(laid.text.blocks)
        laid.text.add(kind, "".join(self._pieces), level=level, place=place)
        if len(laid.text.blocks) > count:
            start = laid.text.blocks[-1].start
            laid.places += [(start + place, word) for place, word in self._places]
        start = laid.text.blocks[-1].start if len(laid.text.blocks) > count else len(laid.text)
        laid.struck += [
            Block(BlockKind.STRUCK, start + at, start + at, place=text) for at, text in self._struck.items()
        ]

    def _write_cell(self, words: Sequence[Word]) -> None:
        begin = 0
        for at in range(1, len(words) + 1):
            if at < len(words) and words[at].y0 + words[at].y1 < 2 * words[at - 1].y1:
                continue
            if begin:
                self._join(words[:begin], words[begin:at], BlockKind.TABLE_ROW)
            self._write_words(words[begin:at])
            begin = at
        self._end(words)

    def _end(self, words: Sequence[Word]) -> None:
        if words and words[-1].hyphen:
            self._put("-")

    def _write_words(self, words: Sequence[Word]) -> None:
        at, is_begun = 0, False
        while at < len(words):
            word = words[at]
            if word.is_struck:
                self._struck[self._length] = f"{self._struck.get(self._length, '')} {word.text}".strip()
                at += 1
                continue
            space = " " if is_begun else ""
            is_begun = True
            if word.text[0] in ".…" and (skip := _leader(words, at)):
                self._put(f"{space}…")
                at += skip
                continue
            self._places.append((self._length + len(space), word))
            self._put(space + word.text)
            if word.hyphen and at + 1 < len(words):
                self._put("-")
            at += 1

    def _join(self, above: Sequence[Word], below: Sequence[Word], kind: BlockKind) -> None:
        last, following = above[-1], below[0]
        if all(word.is_struck for word in below):
            return
        if kind is BlockKind.CODE:
            self._put(("-" if last.hyphen else "") + "\n")
        elif last.hyphen:
            self._put(self._joint(above, below))
        elif last.text[-1] in "-‐" and last.text[-2:-1].isalnum() and following.text[0].isalnum():
            self._put(self._joint(above, below).strip("-"))
        elif not (_CJK.match(last.text[-1]) and _CJK.match(following.text[0])):
            self._put(" ")

    def _joint(self, above: Sequence[Word], below: Sequence[Word]) -> str:
        def is_shouted() -> bool:
            return not any(word.text.islower() for word in (*above, *below))

        begin, end = above[-1].text.rstrip("-‐"), below[0].text
        return joint(begin, end, has_more=len(below) > 1, is_shouted=is_shouted, compounds=self._compounds)

    def _put(self, text: str) -> None:
        self._pieces.append(text)
        self._length += len(text)


def _indent(line: Line, block: Sequence[Line]) -> int:
    longest = max(line.words, key=lambda word: len(word.text))
    letter = (longest.x1 - longest.x0) / len(longest.text)
    return min(40, round((line.x0 - min(line.x0 for line in block)) / letter)) if letter > 0 else 0


def _leader(words: Sequence[Word], at: int) -> int:
    """Return how many words from `at` on are dots that lead to a page number, or 0 if they are not."""
    if words[at].text[0] not in ".…":
        return 0
    count = 0
    while at + count < len(words) and _LEADER.match(words[at + count].text):
        count += 1
    return count if count >= _LEADER_WORDS or (count and len(words[at].text) >= _LEADER_WORDS) else 0


EDGE = 0.14
"""Share of the page's height, at the top and at the bottom, in which headers and footers are searched."""
MOST_LINES = 3
NEAR = 0.015
"""Largest vertical distance at which lines of two pages are in the same position, as a share of the page's height."""
EXACTLY = 0.003
LEAST_ALIKE = 2
REACH = 2
"""How many pages before and after are compared. Two are needed since left and right pages differ."""
_DIGITS = re.compile(r"\d+")
_ROMAN = re.compile(r"\b[ivxlc]+\b")
_FIRST_NUMBER = re.compile(r"\W*(\d{1,5})\b")
_LAST_NUMBER = re.compile(r"\b(\d{1,5})\W*$")
_NUMBER_ALONE = re.compile(
    r"[^\w#]*(?:(?:page|seite|pagina|p[aá]gina|p|s)\b[^\w#]*)?#(?:(?:[^\w#]|of|von|sur|de|di)+#)?[^\w#]*"
)
"""Matches a line with nothing but a page number. All numbers have been replaced with "#"."""
PARTED = 0.8
"""Least gap between a header and the text, in letter sizes."""
ISOLATED = 1.7
"""Least gap, in letter sizes, around a line that changes from page to page, for the line to count as a header."""


class Margin(Record):
    index: int
    is_top: bool
    middle: float
    """Vertical middle of the line, 0..1 of the page's height."""
    size: float
    text: str
    """Text of the line in lower case, with every number replaced with "#"."""
    numbers: frozenset[int]
    """Numbers at the beginning and the end of the line."""
    inner: int
    """Index of the next line towards the middle of the page."""
    gap: float
    """Distance to the line `inner`, in letter sizes."""


def margins_of(lines: Sequence[Line], height: float) -> tuple[Margin, ...]:
    order = sorted((at for at, line in enumerate(lines) if not line.look.is_sideways), key=lambda at: lines[at].y0)
    top = [at for at in order[: 2 * MOST_LINES] if lines[at].y1 < EDGE * height][:MOST_LINES]
    bottom = [at for at in order[-2 * MOST_LINES :] if lines[at].y0 > (1 - EDGE) * height][-MOST_LINES:]
    margins = []
    for at in (*top, *bottom):
        place, is_top = order.index(at), at in top
        beyond = order[place + 1 :] if is_top else order[:place][::-1]
        line = lines[at]
        beside = next((other for other in beyond if min(lines[other].y1, line.y1) <= max(lines[other].y0, line.y0)), at)
        above, below = (lines[at], lines[beside]) if is_top else (lines[beside], lines[at])
        gap = (below.y0 - above.y1) / max(lines[at].look.size, 1.0)
        margins.append(_margin(lines[at], at, height, is_top=is_top, inner=beside, gap=gap))
    return tuple(margins)


def repeated(
    own: Iterable[Margin], neighbours: Iterable[tuple[int, Sequence[Margin]]], size: float, number: int
) -> list[Margin]:
    """Return the headers and footers of a page: lines that a neighbouring page has too, and the page's own number.

    `neighbours` come with their distance in pages, and `number` counts from 1. Lines in larger letters than the text
    (`size`) are headings and never returned: slides repeat their headings, and these must not be lost.
    """
    others = list(neighbours)
    margins = {}
    for margin in own:
        if margin.size >= HEADING_RATIO * size:
            continue
        same = _is_number(margin, number) or any(_is_same(margin, two, far) for far, many in others for two in many)
        alike = sum(any(_is_alike(margin, two) for two in many) for _, many in others)
        if same or alike >= LEAST_ALIKE:
            margins[margin.index] = margin
    parted: set[int] = set()
    for margin in sorted(margins.values(), key=lambda margin: margin.middle if not margin.is_top else -margin.middle):
        if margin.gap > PARTED or margin.inner in parted:  # from the text outwards
            parted.add(margin.index)
    return [margin for margin in margins.values() if margin.index in parted]


def _is_number(margin: Margin, number: int) -> bool:
    """Return whether the line is only the page number, apart from the text. A document of a single page has no
    neighbours to compare with.
    """
    return number in margin.numbers and margin.gap > ISOLATED and _NUMBER_ALONE.fullmatch(margin.text) is not None


def _is_same(margin: Margin, other: Margin, distance: int) -> bool:
    if margin.is_top != other.is_top or abs(margin.middle - other.middle) > NEAR or abs(margin.size - other.size) > 0.6:
        return False
    return margin.text == other.text or any(number + distance in other.numbers for number in margin.numbers)


def _is_alike(margin: Margin, other: Margin) -> bool:
    """Return whether two isolated lines are in the same position with different text, such as chapter titles."""
    is_there = margin.is_top == other.is_top and abs(margin.middle - other.middle) < EXACTLY
    return is_there and min(margin.gap, other.gap) > ISOLATED and abs(margin.size - other.size) < 0.1


def _margin(line: Line, at: int, height: float, *, is_top: bool, inner: int, gap: float) -> Margin:
    text = " ".join(word.text for word in line.words).casefold()
    ends = (_FIRST_NUMBER.match(text), _LAST_NUMBER.search(text))
    numbers = frozenset(int(match[1]) for match in ends if match)
    plain = _ROMAN.sub("#", _DIGITS.sub("#", text))
    middle = (line.y0 + line.y1) / 2 / max(height, 1.0)
    return Margin(at, is_top, middle, line.look.size, plain, numbers, inner, gap)
