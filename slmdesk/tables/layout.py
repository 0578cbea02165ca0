"""Splits a page into lines, tells what words around a value say about it, and finds values with fixed wording. Pure."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from enum import IntEnum
from functools import cache
from importlib import resources
from typing import Any

from slmdesk.base.documents import MARKS, Block, BlockKind, Page
from slmdesk.base.record import Record, changed
from slmdesk.text.checks.names import LEGAL_FORM
from slmdesk.text.checks.numbers import find_codes, find_periods
from slmdesk.text.folding import fold
from slmdesk.text.relevance import FoldedText

Span = tuple[int, int]

LONG_LINE = 55
"""Fewest characters of a line that may continue in the next line. Shorter lines are complete."""
FARTHEST_HEADING = 30
"""Most lines above a line in which its heading is searched."""
_CLAUSE = re.compile(
    r"(?:§\s?\d+|(?i:art(?:icle|ikel|[íi]culo|icolo|\.)?|clause|section)\s?\d+|\d{1,2}\.?)\W+[A-ZÀ-ÖØ-Þ][^.:;]*$"
)
"""Heading of a clause in a text without marks for headings: "§ 4 Vergütung"."""
_MARKS = re.compile(
    r"\*\*|__|`|(?<!\w)[*_](?=\w)|(?<=[\w.,!?)])[*_](?!\w)|^\s*(?:#{1,6}|>|[-*+\u2022\u2013])(?=\s)", re.M
)
"""Markdown's own characters, which the text of such pages contains."""
_BLANK = "\u200a"
"""Replaces a mark: it is white space, but no gap between columns."""
_INDENTED = re.compile(r"\n *")
"""A line break with the indentation of the next line, which is no gap between columns."""
_CELL_OF_ROW = re.compile(r"[^\t\n]+")
_CELL_OF_LINE = re.compile(r"(?:(?!\t| {3,}).)+")
_LABEL_LINE = re.compile(r"\s*[^\W\d_][^:.;]{0,40}:(?:\s|$)")
_JOINS = frozenset(("and", "und", "et", "y", "e", "ed", "sowie"))
"""Words that, alone on a line, separate what is above from what is below."""
_ENDS = re.compile(r"[.!?;\u00b7][\"\u201d\u00bb)]?\s+(?=[\"\u201e\u00ab(¿¡]?[A-ZÀ-ÖØ-Þ\d])")
_NO_END = re.compile(
    r"(?:(?<!\d)\d{1,2}|\b(?:Nr|No|St|Str|Dr|Mr|Mrs|Ms|M|Mme|Art|Abs|Ziff|Co|ca|bzw|inkl|zzgl|exkl|incl|excl|MwSt|USt|Ust|"
    r"Tel|n|núm|num|art|rif|Sig|Spett|p|a|[A-Z]|Ltd|Inc|vgl|gem|lit|ff?))\.$"
)


class Place(Record):
    page: int
    start: int
    end: int

    def part(self, start: int, end: int) -> Place:
        return Place(self.page, self.start + start, self.start + end)


class Line(Record):
    """Part of a page whose words belong together. `text` has spaces in place of line breaks."""

    page: int
    start: int
    text: str
    cells: tuple[Span, ...]
    """Spans in `text`: the cells of a table row, or parts separated by wide gaps, else the whole line."""
    block: int
    kind: BlockKind
    level: int
    head: tuple[str, ...] = ()
    """The column names above the cells, if this is the only row below them."""

    @property
    def words(self) -> str:
        return " ".join(self.text.split())

    def cell_of(self, at: int) -> int:
        return next((number for number, (start, end) in enumerate(self.cells) if start <= at < end), 0)

    def place(self, start: int, end: int) -> Place:
        return Place(self.page, self.start + start, self.start + end)

    def cell(self, at: int = 0) -> Span:
        """Return the span of the cell that has a position; without one, of the first."""
        return self.cells[self.cell_of(at)] if self.cells else (0, len(self.text))

    def sentence(self, at: int) -> Span:
        start, end = self.cell(at)
        for match in _ENDS.finditer(self.text, start, end):
            if _NO_END.search(self.text, max(start, match.start() - 8), match.start() + 1):
                continue
            if match.end() <= at:
                start = match.end()
            elif match.start() >= at:
                return start, match.start() + 1
        return start, end


def without_marks(page: Page) -> Page:
    """Return a page with unchanged positions, with white space for Markdown's marks and tabs between cells."""
    text = _MARKS.sub(lambda match: _BLANK * len(match.group()), page.text)
    for block in page.blocks:
        if block.kind is BlockKind.TABLE_ROW and "|" in text[block.start : block.end]:
            text = text[: block.start] + text[block.start : block.end].replace("|", "\t") + text[block.end :]
    return page if text == page.text else changed(page, text=text)


def is_quote(block: Block) -> bool:
    return block.kind is BlockKind.QUOTE


def quoted_part(page: Page, *, is_quoted: bool = True) -> Page:
    """Return a page, positions unchanged, with what it quotes from earlier messages alone, or all but that. The headers
    of these messages are in neither.
    """
    pieces, at, blocks = list[str](), 0, list[Block]()
    for block in page.blocks:
        if is_quote(block) == is_quoted and not (is_quoted and block.place == "header"):
            blocks.append(block)
            continue
        pieces += page.text[at : block.start], "\n" * (block.end - max(at, block.start))
        at = max(at, block.end)
    return changed(page, text="".join((*pieces, page.text[at:])), blocks=tuple(blocks))


def newest_text(page: Page) -> str:
    """Return a page's text for the model without what it quotes from earlier messages."""
    if not any(map(is_quote, page.blocks)):
        return page.text
    return "\n".join(page.text[block.start : block.end] for block in page.blocks if not is_quote(block))


def lines_of(page: Page) -> list[Line]:
    marked = [block for block in page.blocks if block.kind not in MARKS]
    blocks = marked or [Block(BlockKind.PARAGRAPH, 0, len(page.text))]
    lines: list[Line] = []
    for number, block in enumerate(blocks):
        lines += _lines_of_block(page, number, block)
    return _with_heads(lines)


def _lines_of_block(page: Page, number: int, block: Block) -> Iterator[Line]:
    begin: int | None = None
    end = block.start - 1
    for part in page.text[block.start : block.end].split("\n"):
        start, end = end + 1, end + 1 + len(part)
        begin = start if begin is None else begin
        following = page.text[end + 1 : block.end].split("\n", 1)[0]
        if block.kind is not BlockKind.TABLE_ROW and _goes_on(part, following):
            continue
        raw = page.text[begin:end]
        if raw.strip(" \t-:\n\u200a"):
            text = _INDENTED.sub(lambda match: " " + _BLANK * (len(match.group()) - 1), raw)
            yield Line(page.number, begin, text, tuple(_cells(text, block.kind)), number, block.kind, block.level)
        begin = None


def _goes_on(line: str, following: str) -> bool:
    """Return whether a line was broken only because it was full."""
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
    return not any(re.search(r"\S {3,}\S|\t", row) for row in (line, following)) and not _LABEL_LINE.match(following)


def _cells(raw: str, kind: BlockKind) -> Iterator[Span]:
    pattern = _CELL_OF_ROW if kind is BlockKind.TABLE_ROW else _CELL_OF_LINE
    for match in pattern.finditer(raw):
        words = match.group()
        if words.strip():
            start = match.start() + len(words) - len(words.lstrip())
            yield start, start + len(words.strip())


def _with_heads(lines: Sequence[Line]) -> list[Line]:
    """Return the lines with the column names of each table that has a single row below its names."""
    headed = list(lines)
    for at in range(1, len(headed)):
        line, above = headed[at], headed[at - 1]
        rows = [each.kind is BlockKind.TABLE_ROW or len(each.cells) > 1 for each in (above, line)]
        if not all(rows) or len(line.cells) != len(above.cells) or len(line.cells) < 2:
            continue
        if any(sign.isdigit() for sign in above.text) or not any(sign.isdigit() for sign in line.text):
            continue
        below = headed[at + 1] if at + 1 < len(headed) else None
        if below is not None and len(below.cells) == len(line.cells) and below.block - line.block <= 1:
            continue
        before = headed[at - 2] if at > 1 else None
        if before is not None and len(before.cells) == len(above.cells) and above.block - before.block <= 1:
            continue
        names = tuple(" ".join(above.text[start:end].split()) for start, end in above.cells)
        headed[at] = Line(line.page, line.start, line.text, line.cells, line.block, line.kind, line.level, names)
    return headed


def heading_above(lines: Sequence[Line], line: Line) -> str:
    """Return the heading of a line's clause in small letters without accents, or "" if there is none."""
    at = lines.index(line)
    for before in reversed(lines[max(0, at - FARTHEST_HEADING) : at]):
        if before.kind is BlockKind.HEADING or (len(before.words) <= LONG_LINE and _CLAUSE.match(before.words)):
            return fold(before.words)
    return ""


MOST_QUOTE = 400


class PageTexts:
    def __init__(self, pages: Sequence[Page], language: str = "") -> None:
        self.language, self.pages = language, pages
        self.texts: Mapping[int, str] = {page.number: page.text for page in pages if page.text}
        self._folded: dict[int, FoldedText] = {}
        self._quotes = {page.number: quotes for page in pages if (quotes := [*filter(is_quote, page.blocks)])}

    def is_quoted(self, page: int, start: int) -> bool:
        return any(block.start <= start < block.end for block in self._quotes.get(page, ()))

    def find(self, words: str, among: Sequence[Place] = ()) -> Iterator[Place]:
        """Yield the places of words, those that an earlier message says after all others."""
        places = self._find(words, among)
        yield from sorted(places, key=lambda it: self.is_quoted(it.page, it.start)) if self._quotes else places

    def _find(self, words: str, among: Sequence[Place]) -> Iterator[Place]:
        if among:
            for place in among:
                inside = FoldedText(self.texts[place.page][place.start : place.end])
                for start, end in inside.find_all(words):
                    yield place.part(start, end)
            return
        for number, text in self.texts.items():
            if number not in self._folded:
                self._folded[number] = FoldedText(text)
            for start, end in self._folded[number].find_all(words):
                yield Place(number, start, end)

    def whole(self) -> list[Place]:
        return [Place(number, 0, len(text)) for number, text in self.texts.items()]

    def words(self, place: Place) -> str:
        return " ".join(self.texts[place.page][place.start : place.end].split())

    def around(self, place: Place) -> Place:
        """Return the line or lines around a place. Of a long line, return the part nearest to the place."""
        text = self.texts[place.page]
        start = max(text.rfind("\n", 0, place.start) + 1, place.start - MOST_QUOTE // 2)
        end = text.find("\n", place.end)
        return Place(place.page, start, min(len(text) if end < 0 else end, place.end + MOST_QUOTE // 2))

    def within(self, place: Place, start: int, end: int) -> Place:
        """Return a part of a place. `start` and `end` are positions in the place's words, as `words` returns them."""
        raw = self.texts[place.page][place.start : place.end]
        span = FoldedText(raw).find(" ".join(raw.split())[start:end])
        return place.part(*span) if span else place


# Pure functions. The words come from cues.toml. Of all that match, the nearest to the value counts, of equals the
# longest.

OTHER = "other"
"""Role of a value that belongs in no column, such as the day of an order or the amount of a deposit."""
FARTHEST = 45
"""Most characters between words and the value they announce."""
WEAK = "(?= ?$)"
"""Pattern for a word that says little by itself, so that it must stand directly before the value."""
_REACH = re.compile(r"\\b\.\{0,(\d+)\}$")
_START = re.compile(r"^[\s\W]*(?:\d{1,2}[.)]|[a-z]\)|\u00a7 ?\d+)?[\s\W]*")


class Strength(IntEnum):
    NONE = 0
    NEAR = 1
    ADJACENT = 2
    """Only function words such as "of" are between the words and the value."""
    LABEL = 3
    """The words are the value's label: nothing precedes them."""


class Said(Record):
    role: str = ""
    strength: Strength = Strength.NONE


class _Cue(Record):
    role: str
    pattern: re.Pattern[str]
    reach: int = 0
    """Most characters between the words and the value, for the words to count as adjacent."""
    is_weak: bool = False


class Cues(Record):
    before: tuple[_Cue, ...]
    after: tuple[_Cue, ...]

    def read(self, before: str, after: str) -> Said:
        ahead = self._before(fold(before))
        if ahead.strength >= Strength.ADJACENT:
            return ahead
        behind = self._after(fold(after))
        if behind.role and behind.role != OTHER and ahead.role in ("", behind.role):
            return Said(behind.role, Strength.ADJACENT if ahead.role else Strength.NEAR)
        return behind if behind.role == OTHER else ahead

    def _before(self, words: str) -> Said:
        filler = phrase("filler").search(words)
        last = filler.start() if filler else len(words)
        first = _START.match(words)
        begin = first.end() if first else 0
        best: tuple[int, int, int, Said] | None = None
        for cue in self.before:
            for match in cue.pattern.finditer(words):
                gap = last - match.end()
                if gap > max(FARTHEST, cue.reach):
                    continue
                strength = Strength.NEAR if gap > cue.reach or cue.is_weak else Strength.ADJACENT
                if not cue.is_weak and gap <= 0 and match.start() <= begin:
                    strength = Strength.LABEL
                key = (min(match.end(), last), match.end() - match.start(), int(strength))
                if best is None or key > best[:3]:
                    best = (*key, Said(cue.role, strength))
        return best[3] if best else Said()

    def _after(self, words: str) -> Said:
        bare = words.lstrip(" \t\n,(-\u2013")
        for cue in self.after:
            if cue.pattern.match(bare):
                return Said(cue.role, Strength.NEAR)
        return Said()


@cache
def cues_of(paper: str, kind: str) -> Cues | None:
    roles = _read("cues.toml").get(paper, {}).get(kind)
    if roles is None:
        return None
    before = [_before_cue(role, word) for role, words in roles.items() for word in words.get("before", ())]
    after = [_Cue(role, re.compile(word)) for role, words in roles.items() for word in words.get("after", ())]
    return Cues(tuple(before), tuple(sorted(after, key=lambda cue: cue.role == OTHER)))


def _before_cue(role: str, words: str) -> _Cue:
    reach = _REACH.search(words)
    bare = words[: reach.start()] if reach else words
    head = r"^[\s\W]*(?:\d{1,2}[.)]\s*)?" if bare.startswith("^") else ""
    pattern = re.compile(rf"{head}(?<![a-z0-9])(?:{bare.removeprefix('^')})(?![a-z0-9])")
    return _Cue(role, pattern, int(reach[1]) if reach else 0, words.endswith(WEAK))


@cache
def _read(file: str) -> Mapping[str, Any]:
    return tomllib.loads(resources.files("slmdesk.tables").joinpath(file).read_text("utf-8"))


@cache
def phrase(name: str) -> re.Pattern[str]:
    """Return an expression of phrases.toml, compiled when it is first needed."""
    return re.compile(_spelled(name))


def _spelled(name: str) -> str:
    pieces: Sequence[str] = _read("phrases.toml")[name]
    return "".join(_spelled(piece[1:]) if piece.startswith("=") else piece for piece in pieces)


Found = tuple[Place, Strength]

HEAD_LINES = 12
_ONLY_NUMBER = re.compile(r"^(?:no|nr|n|num(?:ber|mer)?|numéro|número|numero)\.?\s?[°º]?\s*:?\s*$", re.IGNORECASE)
_TITLE_ONLY = re.compile(r"^(?:invoice|rechnung|facture|factura|fattura|parcella)\W*$", re.IGNORECASE)
_NUMBERED = re.compile(r"^\W*\w+ (?:n[.°ºo]?\s?[°ºo]?|nr\.?|no\.?|number|num\.?)\s*\S*\d\S*\W*$")
"""A line that gives only the number of a document: "Contrat n° 2025-073"."""
NEAR = 28
"""Most characters between a period and the words that call it a period of notice."""
_RENEWED = re.compile(r"(?:verlanger|renew|extend|prorrog|renouvel|reconduct|prolong|rinnov|proroga|tacit)")


def numbers_of_invoice(lines: Sequence[Line], language: str) -> Iterator[Found]:
    for at, line in enumerate(lines):
        for start, end in find_codes(line.text, language):
            cell = line.cell(start)
            before = line.text[cell[0] : start]
            above = lines[at - 1].words if at else ""
            behind = line.text[end : end + 14]
            if re.match(r"\s*(?:%|€|£|\$|EUR|pounds|days|Tage|jours|días|giorni)", behind):
                continue
            number = line.cell_of(start)
            if not before.strip() and number and line.cells:
                before = line.text[slice(*line.cells[number - 1])]
            if not before.strip() and line.head and number < len(line.head):
                before = line.head[number]
            match = phrase("invoice").search(before)
            is_below = at < HEAD_LINES and _ONLY_NUMBER.match(before.strip()) and _TITLE_ONLY.match(above)
            if (
                (match and not re.search(r"[^\W\d_]{2,}", before[: match.start()]))
                or is_below
                or (not before.strip() and re.fullmatch(phrase("invoice").pattern, above, re.IGNORECASE))
            ):
                yield line.place(start, end), Strength.LABEL
            elif match and re.search(r"(?:n|o|r|°|º|\.|#|er|ero|éro|id)\W*$", before) and at < HEAD_LINES:
                yield line.place(start, end), Strength.ADJACENT


def subjects_of(lines: Sequence[Line]) -> Iterator[Found]:
    head = lines[: HEAD_LINES // 2]
    for at, line in enumerate(head):
        words = fold(line.words)
        is_first = not at and line.kind is BlockKind.HEADING and not LEGAL_FORM.search(line.text)
        is_title = line.kind is BlockKind.HEADING or (len(line.words) <= 90 and not line.words.endswith((".", ":")))
        if (
            is_title
            and (is_first or phrase("contract").search(words))
            and ":" not in line.words
            and not re.match(r"(?:zwischen|between|entre)", words)
            and not _NUMBERED.search(words)
        ):
            start = len(line.text) - len(line.text.lstrip())
            yield line.place(start, len(line.text.rstrip())), Strength.ADJACENT
            return


def notices_of(lines: Sequence[Line]) -> Iterator[Found]:
    for line in lines:
        for start, end in find_periods(line.text):
            sentence = line.sentence(start)
            before, after = fold(line.text[sentence[0] : start]), fold(line.text[end : sentence[1]])
            whole = f"{before} {fold(line.text[start:end])} {after}"
            if not phrase("notice").search(whole):
                continue
            is_near = phrase("notice").search(f"{before[-NEAR:]} {fold(line.text[start:end])} {after[:NEAR]}")
            is_named = phrase("named_notice").search(before)
            is_ending = is_named or phrase("ending").search(f"{whole} {heading_above(lines, line)}")
            is_other = phrase("at_once").search(phrase("afterwards").sub("", whole)) or _RENEWED.search(before[-45:])
            is_probation = phrase("in_it").match(whole) and phrase("probation").search(fold(line.text[: sentence[0]]))
            if is_other or is_probation or not is_ending:
                yield line.place(start, end), Strength.NONE
                continue
            yield line.place(start, end), Strength.ADJACENT if is_near else Strength.NEAR


def laws_of(lines: Sequence[Line]) -> Iterator[Found]:
    """Yield the law that applies, or the court if no law is named."""
    for pattern, strength in ((phrase("law"), Strength.LABEL), (phrase("court"), Strength.ADJACENT)):
        for line in lines:
            for match in pattern.finditer(line.text):
                name = match.lastgroup
                if name:
                    yield line.place(*match.span(name)), strength
