"""The lines that a summary by rules may contain, and their worth: figures and words of duty. Pure functions."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Generator, Iterator, Sequence

from slmdesk.base.documents import BlockKind
from slmdesk.base.record import Record, changed
from slmdesk.base.text.relevance import ACTION_LEAD, Matter, announces, matters
from slmdesk.base.text.sentences import refers_back
from slmdesk.claims.deadlines.days import Role, tells_a_state
from slmdesk.claims.deadlines.finding import find_due
from slmdesk.claims.finders.numbers import Day, find_dates
from slmdesk.tasks.jobs.runner import Yield
from slmdesk.tasks.summaries.linking import TITLE_CHARACTERS, Piece
from slmdesk.tasks.summaries.papers import (
    MARKS,
    Part,
    Thread,
    greeting,
    has,
    item_spans,
    own_date,
    parts_of,
    title_of,
    without_number,
)

LEAST_WORDS, LEAST_ITEM = 4, 2
"""Fewest words of a usable sentence, and of an item of a list."""
PIECES_AT_ONCE = 200
MOST_ITEMS = 100
"""So many lines before an item are searched for the words above its list."""
_WORTH = {
    Matter.MONEY: 2.0,
    Matter.SHARE: 2.0,
    Matter.QUANTITY: 1.5,
    Matter.PERIOD: 1.0,
    Matter.DUTY: 1.0,
    Matter.REQUEST: 1.0,
}
_WORDS = {"decides": 2.0, "within": 1.0, "forbids": 1.0}
_TO_COME, _ANNOUNCED, _PER_WORD = 2.0, 1.5, 0.02
"""What a sentence is worth for what is found in it, for words of these lists, and for a day to come."""
_FIRST = 2
"""The sentence that says what a paper is about is one of so many, where none says what is decided."""

_CJK = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]")
_FIGURE = re.compile(r"\d+(?:[.,'’ \u00a0\u202f]\d+)*")
_ENDS = re.compile(r"[.!?…。！？][\"'”’»)\]*_]*$")
_LISTED = re.compile(r"(?:[-–*•▪◦‣]|\(?(?:\d{1,2}|[a-z]|[ivx]{1,4})[.)])\s+\S")
_AMOUNT = re.compile(r"[^\w/]*(?:[A-Z]{3} )?\d[\d.,'’ \u00a0\u202f]*[^\w/]*(?:[^\W\d_]{1,8}\b\W*){0,2}")
_YOUR = re.compile(r"Ihre? [A-ZÄÖÜ]")
"""The reader's own: "Ihr Antrag" says something alone. That it may be hers or theirs is the rarer case."""
_FIELD = re.compile(r"[^:.]{3,60}:\s+\S")
_RULE = re.compile(r"[\s|:-]+")
_EMPHASIS = re.compile(r"\*\*|__|`")

Sentences = Callable[[str], Sequence[tuple[int, int]]]


class Line(Record):
    """A possible line of a summary: a sentence, a list item, or a row of a table."""

    piece: int
    start: int
    """Index of the first character in the piece's text."""
    end: int
    text: str
    worth: float
    section: str = ""
    """The heading above it."""
    head: str = ""
    """What was put in front of the passage in `text`: the title of the paper or the heading of the section."""
    is_first: bool = False
    """True for the line that says what the paper is."""
    is_action: bool = False
    is_due: bool = False
    """True when it has to be done by a day or within a term."""
    is_earlier: bool = False
    """True when the newest mail quotes it from an earlier one."""
    leads: bool = False
    """True when it introduces a list: in the paper it ends with a colon."""
    rests_on: tuple[int, int] = (-1, -1)
    """Piece and start of the line without which it says nothing: that before it, or above its list."""
    more: tuple[int, ...] = ()
    """Further pieces whose words it contains."""

    @property
    def place(self) -> tuple[int, int]:
        return self.piece, self.start

    @property
    def pieces(self) -> tuple[int, ...]:
        return tuple(dict.fromkeys((self.piece, *self.more)))


def count_words(text: str) -> int:
    """Count the words of a text. Two Chinese or Japanese characters count as one word; punctuation does not count."""
    words = _CJK.sub(" ", text).split()
    return sum(any(map(str.isalnum, word)) for word in words) + math.ceil(len(_CJK.findall(text)) / 2)


def figures(text: str) -> frozenset[str]:
    """Return the numbers in a text as digits only, without decimal or thousands separators."""
    return frozenset(re.sub(r"\D", "", figure) for figure in _FIGURE.findall(text))


def lines_of(
    pieces: Sequence[Piece], here: range, spans: Sentences, language: str
) -> Generator[Yield, None, list[Line]]:
    """Return the lines that a summary of these pieces may contain. The first line says what the paper is, if known."""
    (own, date), thread = own_date(pieces, here, language), Thread()
    lines, header, among = list[Line](), list[str](), list[int]()
    for part in parts_of(pieces, here, language, thread):
        if len(among) % PIECES_AT_ONCE == 0:
            yield Yield()
        among.append(part.at)
        piece = pieces[part.at]
        if piece.kind is BlockKind.TABLE_ROW:
            cells = cells_of(piece.text)
            below = pieces[part.at + 1].text if part.at + 1 < here.stop else ""
            if not header and is_head(cells, below):
                header = cells
            elif len(list(filter(None, cells))) > 1 and not _RULE.fullmatch(piece.text):
                lines.append(_row(cells, header, part, len(piece.text)))
        else:
            header = []
            is_rest = part.at > here.start and _rest(pieces, part.at - 1, here, spans) != ""
            place = _Place(part, own, language, _rest(pieces, part.at, here, spans), is_rest)
            lines += _sentences(piece, place, spans, lines)
    led = {line.rests_on for line in lines}
    lines = [line for line in lines if not line.leads or line.place in led]
    earlier = thread.earlier(pieces, among)
    lines = [changed(line, is_earlier=line.piece in earlier) for line in lines]
    first = first_line(pieces, here, lines, language, date)
    if first is None:
        return lines
    return [first, *(line for line in lines if line.place != first.place)]


def _rest(pieces: Sequence[Piece], at: int, here: range, spans: Sentences) -> str:
    """Return the rest of the last sentence of a piece that stands on the next page; empty if it ends on its own."""
    if at + 1 >= here.stop or pieces[at + 1].page == pieces[at].page or pieces[at + 1].kind is not pieces[at].kind:
        return ""
    text, after = pieces[at].text, pieces[at + 1].text
    goes_on = after[:1].islower() or len(text) > TITLE_CHARACTERS
    if not goes_on or text.endswith(":") or _ENDS.search(text):
        return ""
    start, end = next(iter(spans(after)), (0, 0))
    return after[start:end]


class _Place(Record):
    """Where a sentence stands."""

    part: Part
    own: Day | None
    """Date of the document itself."""
    language: str
    rest: str
    """Rest of the last sentence, on the next page."""
    is_rest: bool
    """Whether the first sentence is the rest of one on the page before."""


def _sentences(piece: Piece, place: _Place, spans: Sentences, before: Sequence[Line]) -> Iterator[Line]:
    """Yield the usable sentences of a piece. `before` are the lines so far."""
    language = place.language
    last = before[-1] if before and before[-1].section == place.part.heading else None
    above = (last.place, last.rests_on) if last else ()
    lead = next((line for line in before[: -MOST_ITEMS - 1 : -1] if line.leads and line.place in above), None)
    is_item = piece.kind is BlockKind.LIST_ITEM or _LISTED.match(piece.text) is not None
    for begin, stop in item_spans(piece):
        is_listed = is_item or begin > 0
        if salutation := greeting(language).search(piece.text, begin, stop):
            begin = salutation.end()
        for start, end in spans(piece.text[begin:stop]):
            left, right = begin + start, begin + end
            if not left and place.is_rest:
                continue
            is_cut = place.rest and not piece.text[right:].strip()
            text = f"{piece.text[left:right]} {place.rest}" if is_cut else piece.text[left:right]
            line = _line(text, (left, right), place, is_listed=is_listed)
            if line is None:
                last = None
                continue
            if is_cut:
                line = changed(line, more=(place.part.at + 1,))
            if is_listed and lead is not None and not start:
                line = changed(line, is_action=line.is_action or lead.is_action, rests_on=lead.place)
            elif _refers_back(line.text, language):
                if last is None:
                    continue  # what it refers to is nowhere
                line = changed(line, rests_on=last.place)
            if line.leads:
                lead = line
            last = line
            yield line


def _refers_back(text: str, language: str) -> bool:
    if language == "de" and _YOUR.match(text):
        return False
    return refers_back(text, language) or has("back", text, language, at_start=True)


def _line(text: str, span: tuple[int, int], place: _Place, *, is_listed: bool) -> Line | None:
    """Return a sentence as a line; None for what says nothing by itself. `span`: where it stands in its piece."""
    language = place.language
    text = _bare(text)
    leads = text.endswith(":")
    kinds = matters(text, language)
    is_whole = is_listed or leads or _ENDS.search(text) is not None
    is_value = _FIELD.match(text) is not None and Matter.MONEY in kinds
    text = text.rstrip(": ")
    words = count_words(text)
    if not (is_whole or is_value) or words < (LEAST_ITEM if is_listed else LEAST_WORDS):
        return None
    dates = [date for date in find_dates(text, language) if date.readings and date.readings[0][1]]
    is_to_come = any(_is_later(date.readings[0], place.own) for date in dates)
    is_due = _is_due(text, place.own, language)
    is_asked = Matter.REQUEST in kinds or ACTION_LEAD.search(text) is not None or has("asks", text, language)
    worth = _PER_WORD * words + sum(_WORTH.get(kind, 0.0) for kind in kinds)
    worth += sum(value for name, value in _WORDS.items() if has(name, text, language))
    if is_to_come:
        worth += _TO_COME
    if announces(place.part.heading):
        worth += _ANNOUNCED
    head = "" if leads or _ENDS.search(text) else place.part.lead
    return Line(
        place.part.at,
        span[0],
        span[1],
        head + text[:1].upper() + text[1:],
        worth,
        place.part.heading,
        head,
        is_action=is_asked or is_due,
        is_due=is_due,
        leads=leads,
    )


def _bare(text: str) -> str:
    """Return a passage without its leading number, list marker and emphasis marks."""
    text = text.strip().lstrip(MARKS + "-–")
    if not any(not date.start for date in find_dates(text)):
        text = without_number(text)
    return _EMPHASIS.sub("", text).strip(MARKS + ";")


def _is_later(date: Day, own: Day | None) -> bool:
    """Return whether a date lies after the paper's own date. One without a year is the next such day."""
    if own is None:
        return True
    now = tuple(part or 0 for part in own)
    year, month, day = date
    then = (year or now[0], month or 0, day or 31)
    return then > now or (year is None and then[1] != now[1])


def _is_due(text: str, own: Day | None, language: str) -> bool:
    """Return whether something must be done within a term, or by a day that lies after the paper's own."""
    if tells_a_state(text, language):
        return False
    due = find_due(text, language, own)
    return bool(due.terms) or any(day.role in (Role.BY, Role.BEFORE) and _is_later(day.day, own) for day in due.days)


def first_line(pieces: Sequence[Piece], here: range, lines: Sequence[Line], language: str, date: str) -> Line | None:
    """Return the line that says what the paper is: its title, and the first sentence that says what is decided."""
    at, title = title_of(pieces, here, language)
    if title and date and date not in title:
        head = f"{title}, {date}: "
    elif title:
        head = f"{title}: "
    else:
        head = ""
    told = [
        line
        for line in lines
        if line.rests_on[0] < 0
        and not (line.leads or line.is_action or line.is_earlier or pieces[line.piece].kind is BlockKind.TABLE_ROW)
    ]
    starts = [line for line in told if line.start == 0] or told  # what stands behind others leans on them
    begun = [line for line in told if line.piece == lines[0].piece]
    best = next((line for line in (*starts, *begun) if has("decides", line.text, language)), None)
    if best is None:
        best = max(starts[:_FIRST], key=lambda line: line.worth, default=None)
    if best is None:
        return Line(at, 0, len(pieces[at].text), title, 0.0, is_first=True) if title else None
    return changed(best, text=head + best.text.removeprefix(best.head), head=head, is_first=True)


def joined(lines: Sequence[Line]) -> list[Line]:
    """Return the lines in text order. A line that cannot be understood alone is joined to the line it rests on."""
    whole = list[Line]()
    for line in lines:
        last = whole[-1] if whole else None
        if last and line.rests_on[0] >= 0 and line.rests_on in (last.place, last.rests_on):
            if last.leads:
                sign = ": "
            elif _ENDS.search(last.text):
                sign = " "
            else:
                sign = "; "
            whole[-1] = changed(
                last,
                end=line.end if line.piece == last.piece else last.end,
                text=last.text + sign + line.text.removeprefix(line.head),
                more=(*last.more, line.piece),
                leads=False,
                rests_on=line.rests_on,
            )
        elif last and line.head == last.head:
            whole.append(changed(line, text=line.text.removeprefix(line.head)))
        else:
            whole.append(line)
    return whole


def cells_of(text: str) -> list[str]:
    """Return the cells of a row, also of one in Markdown, which has a bar at both ends."""
    if text.startswith("|") and text.endswith("|"):
        text = text[1:-1]
    return [cell.strip(MARKS + ":") for cell in text.split("|")]


def is_head(cells: Sequence[str], below: str) -> bool:
    """Return whether the first row of a table names its columns. `below`: the text of what follows."""
    looks_so = (len(cells) > 2 or not cells[0]) and not any(map(_AMOUNT.fullmatch, cells[1:]))
    return looks_so or _RULE.fullmatch(below) is not None


def row_words(cells: Sequence[str], header: Sequence[str]) -> str:
    """Return a table row as a line that can stand alone: the row's name, and its values with their column headers."""
    if len(header) != len(cells):
        header = [""] * len(cells)  # that of another table
    columns = zip(header[1:], cells[1:], strict=True)
    values = "; ".join(f"{head} {cell}".strip() for head, cell in columns if cell)
    return ": ".join(filter(None, (cells[0], values)))


def _row(cells: Sequence[str], header: Sequence[str], part: Part, size: int) -> Line:
    is_amount = any((any(header) and _AMOUNT.fullmatch(cell)) or Matter.MONEY in matters(cell) for cell in cells[1:])
    text = part.lead + row_words(cells, header)
    worth = _WORTH[Matter.MONEY] if is_amount else 0.0
    return Line(part.at, 0, size, text, worth, part.heading, part.lead)
