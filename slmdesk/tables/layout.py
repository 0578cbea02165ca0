"""A page as lines to be read for what stands in front of a value: sentences, labels, rows of tables.  Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from slmdesk.base.documents import Block, BlockKind, Page
from slmdesk.base.record import Record, changed
from slmdesk.text.words.folding import fold

Span = tuple[int, int]

LONG_LINE = 55
"""Characters of a line that may go on in the next; shorter ones end where they end."""
FARTHEST_HEADING = 30
"""Lines above a line in which its heading is looked for."""
_CLAUSE = re.compile(
    r"(?:§\s?\d+|(?i:art(?:icle|ikel|[íi]culo|icolo|\.)?|clause|section)\s?\d+|\d{1,2}\.?)\W+[A-ZÀ-ÖØ-Þ][^.:;]*$"
)
"""A line that heads a clause where a text has no marks for it: "§ 4 Vergütung"."""
_MARKS = re.compile(
    r"\*\*|__|`|(?<!\w)[*_](?=\w)|(?<=[\w.,!?)])[*_](?!\w)|^\s*(?:#{1,6}|>|[-*+\u2022\u2013])(?=\s)", re.M
)
"""Markdown's own signs: they stand in the text of such pages."""
_BLANK = "\u200a"
"""In place of a mark: white space, and no gap between columns."""
_INDENTED = re.compile(r"\n *")
"""A line's break with the indentation of the next: no gap between columns."""
_CELL_OF_ROW = re.compile(r"[^\t\n]+")
_CELL_OF_LINE = re.compile(r"(?:(?!\t| {3,}).)+")
_LABEL_LINE = re.compile(r"\s*[^\W\d_][^:.;]{0,40}:(?:\s|$)")
_JOINS = frozenset(("and", "und", "et", "y", "e", "ed", "sowie"))
"""On a line by themselves they part what stands above and below."""
_ENDS = re.compile(r"[.!?;\u00b7][\"\u201d\u00bb)]?\s+(?=[\"\u201e\u00ab(¿¡]?[A-ZÀ-ÖØ-Þ\d])")
_NO_END = re.compile(
    r"(?:(?<!\d)\d{1,2}|\b(?:Nr|No|St|Str|Dr|Mr|Mrs|Ms|M|Mme|Art|Abs|Ziff|Co|ca|bzw|inkl|zzgl|exkl|incl|excl|MwSt|USt|Ust|"
    r"Tel|n|núm|num|art|rif|Sig|Spett|p|a|[A-Z]|Ltd|Inc|vgl|gem|lit|ff?))\.$"
)


class Line(Record):
    """A stretch of a page whose words belong together; `text` has spaces where lines were broken."""

    page: int
    start: int
    text: str
    cells: tuple[Span, ...]
    """Of the text: the cells of a row, or what stands apart by wide gaps; the whole line where there are none."""
    block: int
    kind: BlockKind
    level: int
    head: tuple[str, ...] = ()
    """The names above the cells, where this is the only row below them."""

    @property
    def words(self) -> str:
        return " ".join(self.text.split())

    def cell_of(self, at: int) -> int:
        return next((number for number, (start, end) in enumerate(self.cells) if start <= at < end), 0)

    def sentence(self, at: int) -> Span:
        start, end = self.cells[self.cell_of(at)] if self.cells else (0, len(self.text))
        for match in _ENDS.finditer(self.text, start, end):
            if _NO_END.search(self.text, max(start, match.start() - 8), match.start() + 1):
                continue
            if match.end() <= at:
                start = match.end()
            elif match.start() >= at:
                return start, match.start() + 1
        return start, end


def without_marks(page: Page) -> Page:
    """Return a page with its words where they stood, white space for Markdown's signs and tabs between cells."""
    text = _MARKS.sub(lambda found: _BLANK * len(found.group()), page.text)
    for one in page.blocks:
        if one.kind is BlockKind.TABLE_ROW and "|" in text[one.start : one.end]:
            text = text[: one.start] + text[one.start : one.end].replace("|", "\t") + text[one.end :]
    return page if text == page.text else changed(page, text=text)


def lines_of(page: Page) -> list[Line]:
    blocks: Sequence[Block] = page.blocks or (Block(BlockKind.PARAGRAPH, 0, len(page.text)),)
    found: list[Line] = []
    for number, block in enumerate(blocks):
        found += _lines_of_block(page, number, block)
    return _with_heads(found)


def _lines_of_block(page: Page, number: int, block: Block) -> Iterator[Line]:
    begin: int | None = None
    for start, end in _raw_lines(page.text, block):
        begin = start if begin is None else begin
        following = page.text[end + 1 : block.end].split("\n", 1)[0]
        if block.kind is not BlockKind.TABLE_ROW and _goes_on(page.text[start:end], following):
            continue
        raw = page.text[begin:end]
        if raw.strip(" \t-:\n\u200a"):
            text = _INDENTED.sub(lambda found: " " + _BLANK * (len(found.group()) - 1), raw)
            yield Line(
                page.number,
                begin,
                text,
                tuple(_cells(text, block.kind)),
                number,
                block.kind,
                block.level,
            )
        begin = None


def _raw_lines(text: str, block: Block) -> Iterator[Span]:
    at = block.start
    for one in text[block.start : block.end].split("\n"):
        yield at, at + len(one)
        at += len(one) + 1


def _goes_on(line: str, following: str) -> bool:
    """Whether a line was broken only because it was full."""
    if (
        following.startswith(_BLANK)
        or following.strip() in _JOINS
        or not following.strip()
        or len(line.strip()) < LONG_LINE
        or line.rstrip().endswith((".", ":"))
    ):
        return False
    if _LABEL_LINE.match(line) and not following.lstrip()[:1].islower():
        return False
    return not any(re.search(r"\S {3,}\S|\t", one) for one in (line, following)) and not _LABEL_LINE.match(following)


def _cells(raw: str, kind: BlockKind) -> Iterator[Span]:
    pattern = _CELL_OF_ROW if kind is BlockKind.TABLE_ROW else _CELL_OF_LINE
    for match in pattern.finditer(raw):
        words = match.group()
        if words.strip():
            start = match.start() + len(words) - len(words.lstrip())
            yield start, start + len(words.strip())


def _with_heads(lines: Sequence[Line]) -> list[Line]:
    """Where a table has one row below a row of names, the names belong to its cells."""
    found = list(lines)
    for at in range(1, len(found)):
        line, above = found[at], found[at - 1]
        rows = [one.kind is BlockKind.TABLE_ROW or len(one.cells) > 1 for one in (above, line)]
        if not all(rows) or len(line.cells) != len(above.cells) or len(line.cells) < 2:
            continue
        if any(sign.isdigit() for sign in above.text) or not any(sign.isdigit() for sign in line.text):
            continue
        below = found[at + 1] if at + 1 < len(found) else None
        if below is not None and len(below.cells) == len(line.cells) and below.block - line.block <= 1:
            continue
        before = found[at - 2] if at > 1 else None
        if before is not None and len(before.cells) == len(above.cells) and above.block - before.block <= 1:
            continue
        names = tuple(" ".join(above.text[start:end].split()) for start, end in above.cells)
        found[at] = Line(line.page, line.start, line.text, line.cells, line.block, line.kind, line.level, names)
    return found


def heading_above(lines: Sequence[Line], line: Line) -> str:
    """Return the heading of a line's clause in small letters without accents; "" where there is none."""
    at = lines.index(line)
    for one in reversed(lines[max(0, at - FARTHEST_HEADING) : at]):
        if one.kind is BlockKind.HEADING or (len(one.words) <= LONG_LINE and _CLAUSE.match(one.words)):
            return fold(one.words)
    return ""
