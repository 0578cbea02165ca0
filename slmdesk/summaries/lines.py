"""Splits a document (here called a paper) into the lines that a summary may contain, rates the worth of each line, and
finds the first line, which says what the paper is.

The rules use the layout of a paper, its dates compared with its own date, and the words in `paper_words.toml`. Pure
functions.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Generator, Iterator, Sequence
from functools import cache
from itertools import pairwise, takewhile

from slmdesk.base.documents import BlockKind
from slmdesk.base.record import Record, changed
from slmdesk.jobs.runner import Yield
from slmdesk.summaries.linking import Piece
from slmdesk.summaries.papers import (
    FIRST_PIECES,
    MARKS,
    ORDERS,
    TITLES,
    Thread,
    has,
    is_field,
    item_spans,
    pattern,
    replaces,
    section_numbers,
)
from slmdesk.summaries.types import Paper
from slmdesk.text.checks.numbers import DateMention, Day, find_dates
from slmdesk.text.checks.support import stems
from slmdesk.text.deadlines.days import due_ends, ends_with_by
from slmdesk.text.deadlines.finding import due_day, find_terms
from slmdesk.text.relevance import ACTION_LEAD, Matter, announces, matters, sums_up
from slmdesk.text.sentences import begins_with_pronoun, refers_back

LEAST_WORDS, LEAST_CLAUSE, MANY_WORDS = 4, 5, 60
"""Fewest words of a usable sentence, fewest of each part of a sentence that is split at its semicolons, and from how
many words on a sentence is rather a page whose lines are not told apart.
"""
LONG_TEXT, MOST_CLOSING, MOST_LEAD = 300, 250, 12
MOST_TITLE, MANY_HEADINGS, MOST_SALUTATION, MOST_HEADLINE = 200, 3, 80, 60
PIECES_AT_ONCE = 200
MOST_SIGNATURE, SIGNATURE_CHARACTERS = 8, 500
"""Most pieces that are searched for the end of a signature, and fewest characters that are none."""

_PER_WORD = 0.02
_WORTH = {
    Matter.DECISION: 4.0, Matter.MONEY: 2.5, Matter.SHARE: 2.0, Matter.CHANGE: 1.0, Matter.QUANTITY: 1.6,
    Matter.DUTY: 0.5, Matter.CONDITION: 0.5, Matter.PERIOD: 0.4,
}  # fmt: skip
_AMOUNTS = {Matter.MONEY, Matter.SHARE, Matter.QUANTITY}
_SAID = {"vote": 4.0, "rules": 2.4, "within": 2.0, "urges": 1.5, "forbids": 1.0, "remedy": 0.3}
"""What a sentence is worth for each of its words, for what is found in it, and for words of these lists."""
_TO_COME, _PAST, _WITH_YEAR = 2.0, 0.3, 1.5
"""Worth added to a sentence for a date after the paper's own date, taken for dates before it, and added for a year."""
_ANNOUNCED, _SUMMED, _ROW, _TOTAL = 1.5, 2.2, 2.5, 1.5
_TOPIC, _TOPIC_OF = 0.2, 2
"""Worth added to the first sentence of a paragraph, and how many sentences the paragraph must have for this."""
_LEAST = 0.1
"""Least worth of a usable sentence."""
_LIST_WORDS = 8
"""A list's item of fewer words says nothing without what introduces the list."""
_REASON = 0.4
"""Factor for the worth of a reason, and of what was said in the discussion before a decision."""
_ANSWER = 0.5
"""Worth added to each line of a mail above those that it quotes: "We do not take it." says much there."""
_LATER, _PURPOSE = 0.9, 2.0
"""Factor for the worth of each further sentence that might say what a letter is about, and worth of its purpose."""
_EARLIER, _TOLD, _BARE = 0.8, 0.6, 10
"""Factor for the worth of a line from an earlier mail; the share of its heading's words that a vote or a line of fewer
words than the third number, without a figure, must contain. Otherwise the heading is put in front of that line.
"""

_CJK = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]")
_FIGURE = re.compile(r"\d+(?:[.,'’ \u00a0\u202f]\d+)*")
_ENDS = re.compile(r"[.!?…。！？][\"'”’»)\]*_]*$")
_CLAUSE = re.compile(r";\s+")
_JOINT = re.compile(
    r",?\s+(?:and|as well as|und|sowie|et|ainsi que|y|e|i|oraz|en)\s+(?![^()]*\))|,\s+(?![^()]*\))", re.IGNORECASE
)
_TO_DO = re.compile(r"\bzu \w+n\b|\b\w+zu\w+n\b")
"""A German infinitive. Without one in each of two duties, one of them has no verb."""
_ASKS = re.compile(r"[^,\d]{3,60}, ")
"""What stands before both German duties of a sentence: "Wir fordern Sie auf, "."""
_BULLET = re.compile(r"(?:^|\s)[-*•▪◦‣]\s+")
_BULLET_AFTER = re.compile(r"(?:^|(?<=[,;.:!?)]) )[-–*•▪◦‣]\s+")
MOST_DIGITS = 10
"""An amount has fewer digits than this; a number of a file has more."""
_LISTED = re.compile(r"(?:[-–*•▪◦‣]|\(?(?:\d{1,2}|[a-z]|[ivx]{1,4})[.)])\s+\S")
_AMOUNT = re.compile(r"[^\w/]*(?:[A-Z]{3} )?\d[\d.,'’ \u00a0\u202f]*[^\w/]*(?:[^\W\d_]{1,8}\b\W*){0,2}")
_FIELD = re.compile(r"[^:.]{3,60}:\s+\S")
_ROWS = re.compile(r"(?<=\|) ; (?=\|)|(?<=\S) ; (?=[^|;]+ \| )")
_ROW_NUMBER = re.compile(r"[A-Z]{0,2}\W?\d*\W?")
_RULE = re.compile(r"[\s|:-]*")
_EMPHASIS = re.compile(r"\*\*|__|`")
_NUMBER = re.compile(
    r"^(?:§\s*)?\(?(?:\d+(?:\.\d{1,2})*[.)]?|[IVX]+[.)]|[a-h]\)|TOP \d+|Art\w* \d+|"
    r"(?:Prim|Segund|Tercer|Cuart|Quint|Sext|Séptim|Octav)\w+[.:])\s*[-–—:.]?\s+(?=\S)"
)
_LAW = re.compile(r"§+\s*\d+\w*\s+(?:[a-z]|Abs|Satz|S\.|Nr|[^\W\d_]*[^\W\d_a-zäöü]{2}|[A-Z][a-z]+[A-Z])")
"""A section of a law, not of this paper: "§ 8 Abs. 1", "§ 535 BGB"."""
_BOLD, _UP_TO_COMMA = re.compile(r"\*\*(.+?)\*\*"), re.compile(r"([^,(]{4,90})")
_PAGE = re.compile(r"^(?:Seite|Page|Página|Pagina|Strona|Pag\.) \d+(?: (?:von|of|sur|de|di|van|z) \d+)?\s+")
_DEFINES = re.compile(
    r"[\"“„«][^\"“”„«»]{1,60}[\"“”»]\s+(?:(?:shall )?means?|bezeichnet|bedeutet|désigne|signific\w+|oznacza|betekent)\b"
)
_ALIAS = re.compile(r"[\"“„«]\s?([^\"“”„«»]{2,30}?)\s?[\"“”»]\W*[^\"“”„«»]{0,20}$")

Sentences = Callable[[str], Sequence[tuple[int, int]]]


class Line(Record):
    """A possible line of a summary: a sentence, a clause of a sentence, a list item, or a row of a table."""

    piece: int
    start: int
    """Index of the first character in the piece's text."""
    end: int
    text: str
    worth: float
    section: int = 0
    head: str = ""
    """What was put in front of the passage in `text`: the title of the paper or the heading of the section."""
    is_first: bool = False
    """True for the line that says what the paper is."""
    is_action: bool = False
    is_due: bool = False
    """True when it has to be done by a day or within a term."""
    needs_last: bool = False
    """True when the line cannot be understood without the line before it."""
    is_earlier: bool = False
    """True when the newest mail quotes it from an earlier one."""
    leads: bool = False
    """True when it introduces a list: in the paper it ends with a colon."""
    rests_on: tuple[int, int] = (-1, -1)
    """Piece and start of the line without which it says nothing: that before its paragraph, or above its list."""
    more: tuple[int, ...] = ()
    """Further pieces whose words it contains."""

    @property
    def place(self) -> tuple[int, int]:
        return self.piece, self.start

    @property
    def pieces(self) -> tuple[int, ...]:
        return self.piece, *self.more


def count_words(text: str) -> int:
    """Count the words of a text. Two Chinese or Japanese characters count as one word; punctuation does not count."""
    words = _CJK.sub(" ", text).split()
    return sum(any(map(str.isalnum, word)) for word in words) + math.ceil(len(_CJK.findall(text)) / 2)


def figures(text: str) -> frozenset[str]:
    """Return the numbers in a text as digits only, without decimal or thousands separators."""
    return frozenset(re.sub(r"\D", "", figure) for figure in _FIGURE.findall(text))


def lines_of(
    pieces: Sequence[Piece], here: range, spans: Sentences, language: str, paper: Paper
) -> Generator[Yield, None, list[Line]]:
    """Return the lines that a summary of these pieces may contain. The first line says what the paper is, if known."""
    sections, (own, date), thread = section_numbers(pieces, here), own_date(pieces, here, language), Thread()
    letterhead, titled = _letterhead(pieces, here, language), _title(pieces, here, language)[0]
    is_short_head = letterhead < 0 or len(pieces[letterhead].text) < MOST_SALUTATION
    lines, heading, header, is_closed, lead = list[Line](), "", list[str](), False, -1
    headings = Counter(pieces[at].text.casefold() for at in here if pieces[at].is_heading)
    for at in here:
        if at % PIECES_AT_ONCE == 0:
            yield Yield()
        piece = pieces[at]
        if at > here.start and (piece.kind is BlockKind.QUOTE) != (pieces[at - 1].kind is BlockKind.QUOTE):
            is_closed = False  # a reply stands below the quoted mail's signature
        place = _Place(sections[at - here.start], heading, own, paper, language)
        header = header if piece.kind is BlockKind.TABLE_ROW else []
        is_listed = piece.kind is BlockKind.LIST_ITEM or _LISTED.match(piece.text) is not None
        lead = lead if is_listed else -1
        leads_list = piece.text.endswith(":") and at + 1 < here.stop and _LISTED.match(pieces[at + 1].text)
        if piece.is_heading and not (is_listed and lead >= 0) and not leads_list:
            if headings[piece.text.casefold()] > 1 and at != titled:
                continue  # stands on every page
            heading, is_closed = "" if at == titled else piece.text, False
        elif _is_headline(pieces, at, here):
            continue
        elif thread.is_header(piece, at, language):
            is_closed = False
        elif (
            (is_closed and not find_terms(piece.text, language))
            or _is_signed(pieces, at, here)
            or _is_short("closing", piece, language, MOST_CLOSING)
        ):
            is_closed = True
        elif at < letterhead + is_short_head or piece.kind in (BlockKind.CODE, BlockKind.COMMENT):
            continue
        elif piece.kind is BlockKind.TABLE_ROW:
            header, rows = _rows(piece, header)
            is_head = not header and not lines  # file numbers and names above the text
            rows = [row for row in rows if not is_head or Matter.MONEY in matters(" ".join(row[2]))]
            lines += [_row(at, row, header, place) for row in rows if len(list(filter(None, row[2]))) > 1]
        else:
            told = [line for line in lines if line.section == place.section]
            before = [line for line in told if pieces[line.piece].kind is not BlockKind.TABLE_ROW]
            above = lines[lead] if lead >= 0 else None
            some = list(_sentences(at, piece, spans, place, before, above))
            if some and (not lines or lines[-1].section != place.section) and has("object", heading, language):
                some[0] = changed(some[0], worth=some[0].worth + _ANNOUNCED)
            lead = len(lines) + len(some) - 1 if some and some[-1].leads else lead
            lines += some
    led = {line.rests_on for line in lines}
    lines = [line for line in lines if not line.leads or line.place in led or count_words(line.text) >= MOST_LEAD]
    if any(line.is_action and pieces[line.piece].kind is BlockKind.TABLE_ROW for line in lines):
        lines = [changed(line, is_action=_is_task(line, pieces)) for line in lines]
    thread.settle(pieces, here, lines, paper)
    lines = _current(lines, thread, language)
    date = "" if letterhead < 0 or (thread.has_several and not thread.quoted) else date
    first = first_line(pieces, here, _newest(lines, thread), paper, language, date)
    if first is None:
        return lines
    return [first, *_without(lines, first)]


def _without(lines: Sequence[Line], first: Line) -> Iterator[Line]:
    """Yield all lines except the passage that the first contains."""
    was_first = False
    for line in lines:
        is_first = (line.piece, line.start) == (first.piece, first.start)
        if not is_first:
            on = first.place if line.needs_last and was_first else line.rests_on
            yield changed(line, needs_last=line.needs_last and not was_first, rests_on=on)
        was_first = is_first


def _is_task(line: Line, pieces: Sequence[Piece]) -> bool:
    """Return whether a line is a task, in a paper that lists its tasks in a table."""
    is_listed = pieces[line.piece].kind is BlockKind.TABLE_ROW or ACTION_LEAD.search(line.text) is not None
    return line.is_action and is_listed


def _is_short(name: str, piece: Piece, language: str, most: int) -> bool:
    is_short = len(piece.text) < most and not piece.is_heading
    return is_short and has(name, piece.text.strip(MARKS), language, at_start=True)


def _is_headline(pieces: Sequence[Piece], at: int, here: range) -> bool:
    """Return whether a paragraph is a heading by its look: short, in capitals or numbered, with text below it."""
    text, kind = pieces[at].text, BlockKind.PARAGRAPH
    if pieces[at].kind is not kind or len(text) > MOST_HEADLINE or text.endswith((".", ",", ";", "!", "?")):
        return False
    is_above = at + 1 < here.stop and pieces[at + 1].kind is kind and len(pieces[at + 1].text) > len(text)
    return is_above and not _LISTED.match(pieces[at + 1].text) and (text.isupper() or _NUMBER.match(text) is not None)


def _is_signed(pieces: Sequence[Piece], at: int, here: range) -> bool:
    """Return whether a piece is the "-- " above a mail's signature, and not a rule between parts of its text."""
    if pieces[at].text != "--":
        return False
    kind, below = pieces[at].kind, pieces[at + 1 : min(here.stop, at + 1 + MOST_SIGNATURE)]
    return sum(len(piece.text) for piece in takewhile(lambda piece: piece.kind is kind, below)) < SIGNATURE_CHARACTERS


class _Place(Record):
    section: int
    heading: str
    own: Day | None
    """Date of the paper itself."""
    paper: Paper
    language: str


def _sentences(
    at: int, piece: Piece, spans: Sentences, place: _Place, before: Sequence[Line], above: Line | None
) -> Iterator[Line]:
    """Yield the usable sentences of a piece, split at their semicolons. `before` are the lines of the section so far,
    and `above` is the line that introduces the list of which it is an item.
    """
    is_listed = piece.kind is BlockKind.LIST_ITEM
    bullets = [match.start() for match in (_BULLET if is_listed else _BULLET_AFTER).finditer(piece.text)]
    has_bullets = len(bullets) > 1 and (is_listed or bullets[0] == 0)
    items = list(pairwise([*bullets, len(piece.text)])) if has_bullets else item_spans(piece)
    is_listed = is_listed or len(items) > 1 or above is not None
    is_diagnosis = has("diagnosis", place.heading, place.language)
    last: Line | None = None
    for begin, stop in items:
        begin = _after_salutation(piece.text, begin, stop, place.language)
        sentences = [(begin + start, begin + end) for start, end in spans(piece.text[begin:stop])]
        if above is None and last is not None and last.leads:
            above, last = last, None
        for start, end in sentences:
            whole = piece.text[start:end]
            is_whole = is_diagnosis or _ENDS.search(whole.strip(MARKS)) or is_listed or whole.endswith(":")
            is_whole = is_whole or _FIELD.match(whole) is not None
            cuts = [start, *(match.end() for match in _CLAUSE.finditer(piece.text, start, end)), end]
            if any(count_words(piece.text[left:right]) < LEAST_CLAUSE for left, right in pairwise(cuts)):
                cuts = [start, end]
            duties = _duties(piece.text, start, end, place) if len(cuts) == 2 else []
            for left, right in (duties or pairwise(cuts)) if is_whole else ():
                text = _bare(piece.text[left:right])
                is_part = is_listed and above is not None
                line = _line(at, left, left + len(piece.text[left:right].rstrip()), text, place, is_part)
                if line is None:
                    last = None
                    break  # drop the later clauses too
                asks = _ASKS.match(whole) if duties and left > start and place.language == "de" else None
                if asks:
                    line = changed(line, text=asks[0] + text, head=asks[0])
                is_part = above is None and text[:1].islower() and _LISTED.match(piece.text) is not None
                is_back = left == start and (is_part or _is_back(text, place.paper, place.language))
                colon = re.search(r":\s+(?=[^\W\d_a-zß-ÿ])", line.text) if is_back and last is None else None
                if colon and count_words(text[colon.end() :]) >= LEAST_WORDS:  # "We do it like this: The move is on …"
                    line, is_back = (
                        changed(line, start=line.end - len(line.text) + colon.end(), text=line.text[colon.end() :]),
                        False,
                    )
                rests_on = (-1, -1)
                if above is not None and left == sentences[0][0]:
                    is_part = len(sentences) == 1 and (above.is_action or text[:1].islower() or not _ENDS.search(text))
                    line, rests_on = _under(line, above, is_part)
                elif is_back and last is None and not _names(text, place.language):
                    is_sum = has("sum", text, place.language, at_start=True)
                    near = [other for other in before if other.piece >= at - 2]
                    meant = [other for other in before if Matter.MONEY in matters(other.text)] if is_sum else near
                    rests_on = meant[-1].place if meant else rests_on
                    line = line if meant else _headed(line, place.heading)
                is_topic = left == sentences[0][0] and len(sentences) >= _TOPIC_OF
                needs_last = last is not None and ((left > start and not duties) or is_back)
                worth = max(_LEAST, line.worth + _TOPIC * is_topic)
                if is_back and not needs_last and rests_on[0] < 0 and not line.head:
                    worth = 0.0  # says nothing, and what it refers to is nowhere
                last = changed(line, worth=worth, needs_last=needs_last, rests_on=rests_on)
                yield last


def _duties(text: str, start: int, end: int, place: _Place) -> list[tuple[int, int]]:
    """Return start and end of two duties of one sentence, each with its day: "to pay by 1 May and to leave by 1 June".
    Empty where the sentence has no such two, or it is unsure where the second begins.
    """
    dates = [date for date in find_dates(text[start:end], place.language) if date.readings]
    due = [date for date in dates if _is_deadline(text[start:end], date, dates, place.language)]
    if len(due) != 2 or not all(_is_after(date, place.own) for date in due):
        return []
    joints = list(_JOINT.finditer(text, start + due[0].end, start + due[1].start))
    duties = [(start, joints[0].start()), (joints[0].end(), end)] if len(joints) == 1 else []
    is_whole = place.language != "de" or all(_TO_DO.search(text, *duty) for duty in duties)
    return duties if is_whole and all(count_words(text[begin:stop]) >= LEAST_CLAUSE for begin, stop in duties) else []


def _is_back(text: str, paper: Paper, language: str) -> bool:
    """Return whether a sentence says nothing without the one before it. "Ihr Antrag" is "your claim" in a letter."""
    if language == "de" and paper is Paper.LETTER and re.match(r"Ihre? [A-ZÄÖÜ]", text):
        return False
    is_back = refers_back(text, language) or has("back", text, language, at_start=True)
    return is_back and not has("alone", text, language, at_start=True)


def _names(text: str, language: str) -> bool:
    """Return whether a sentence at the beginning of a paragraph names again what it refers to: "This claim is"."""
    return has("this", text, language, at_start=True) and not begins_with_pronoun(text, language)


def _under(line: Line, above: Line, is_part: bool) -> tuple[Line, tuple[int, int]]:
    """Return an item of a list, and the place of the line that introduces it if the item says nothing without it."""
    line = changed(line, text=line.text.removeprefix(line.head), head="")
    if not is_part and count_words(line.text) >= _LIST_WORDS:
        return changed(line, worth=line.worth + above.worth / 2), (-1, -1)
    worth = max(line.worth, above.worth)
    return changed(line, worth=worth, is_action=line.is_action or above.is_action), above.place


def _after_salutation(text: str, start: int, stop: int, language: str) -> int:
    """Return where a text begins behind the salutation in it: "5 March. Dear Mr Cole, thank you"."""
    match = None if start else _greeting(language).search(text, 0, stop)
    return match.end() if match and match.end() < stop else start


@cache
def _greeting(language: str) -> re.Pattern[str]:
    return re.compile(rf"{pattern('salutation', language).pattern}[^,:!.;\d]{{0,60}}[,:!]\s+", re.IGNORECASE)


def _bare(text: str) -> str:
    """Return a passage without its leading number, list marker and emphasis marks."""
    text = _PAGE.sub("", text.strip().lstrip(MARKS + "-–"))
    number = _NUMBER.match(text)
    is_figure = number is not None and (
        number[0].strip().isdigit() or _LAW.match(text) is not None or any(not date.start for date in find_dates(text))
    )
    return _EMPHASIS.sub("", text if is_figure or number is None else text[number.end() :]).strip(MARKS + ";")


def joined(lines: Sequence[Line], pieces: Sequence[Piece]) -> list[Line]:
    """Return the lines in text order. A line that cannot be understood alone is joined to the line before it."""
    whole = list[Line]()
    for line in lines:
        last = whole[-1] if whole else None
        if last and line.needs_last and last.piece == line.piece and line.start - last.end <= 1 and not last.more:
            text = _bare(pieces[line.piece].text[last.start : line.end])
            whole[-1] = changed(last, end=line.end, text=last.head + text[:1].upper() + text[1:], leads=line.leads)
        elif (
            last
            and (line.rests_on in (last.place, last.rests_on) or line.rests_on[0] in last.more)
            and line.rests_on[0] >= 0
        ):
            sign = ": " if last.leads else " " if _ENDS.search(last.text) else "; "
            more = last.more if line.piece in last.pieces else (*last.more, line.piece)
            whole[-1] = changed(last, text=last.text + sign + line.text, more=more, leads=False, rests_on=line.rests_on)
        else:
            whole.append(line)
    return whole


def _headed(line: Line, heading: str) -> Line:
    """Return a line with its heading in front: "Floodlights: The motion was lost"."""
    bare = _NUMBER.sub("", heading).rstrip(": ")
    says_something = len(re.findall(r"[^\W\d_]+", bare)) > 1 or not re.search(r"\d", bare)  # unlike "Message 3"
    head = f"{bare}: " if bare and says_something and not line.head else line.head
    return changed(line, text=head + line.text.removeprefix(line.head), head=head)


def _line(at: int, start: int, end: int, text: str, place: _Place, is_listed: bool) -> Line | None:
    language, heading, leads = place.language, place.heading, text.endswith(":")
    text = text.rstrip(": ")
    kinds = matters(text, language)
    dates = [date for date in find_dates(text, language) if date.readings and date.readings[0][1]]
    to_come = [date for date in dates if _is_after(date, place.own)]
    is_asked = Matter.REQUEST in kinds or has("asks", text, language)
    is_asked = is_asked and not has("note", text, language)
    is_due = any(_is_deadline(text, mention, dates, language) for mention in to_come)
    is_due = is_due or (place.paper in (Paper.LETTER, Paper.ARTICLE) and bool(find_terms(text, language)))
    ends = due_ends(text, language, place.own) if place.paper is Paper.LETTER and not is_due else []
    is_due = is_due or any(not has("if", text[: day.begin].rpartition(",")[2], language) for day in ends)
    is_value = Matter.MONEY in kinds or _is_term(text, language)
    if _FIELD.match(text) and not (_ENDS.search(text) or is_listed or leads or is_value):
        return None
    plain = text
    for date in reversed(find_dates(text, language)):
        plain = plain[: date.start] + plain[date.end :]
    is_short = count_words(text) < LEAST_WORDS and not (is_listed or is_value or has("diagnosis", heading, language))
    is_unsaid = has("unsaid", text, language) and not (is_asked or is_due or leads)
    is_unsaid = is_unsaid or has("courtesy", text, language)
    if (
        is_short
        or is_unsaid
        or _ALIAS.search(text)
        or len(re.findall(r"[^\W\d_]{3,}", plain)) < 1 + (not is_listed and not is_value)
    ):
        return None
    if not leads and has("paper", text, language, at_start=True):
        return None
    if has("phone", text, language) and not kinds & {Matter.MONEY, Matter.PERIOD}:
        return None
    is_report = place.paper is Paper.REPORT
    is_vote = not is_report and has("vote", text, language)
    is_reason = (
        has("reasons", heading, language)
        or _DEFINES.match(text) is not None
        or (not is_vote and not is_report and has("talk", text, language))
    )
    is_summed, is_gist = sums_up(heading), has("gist", heading, language)
    is_announced = is_summed or is_gist or announces(heading) or has("outcome", heading, language)
    worth = _PER_WORD * count_words(text) + sum(_WORTH.get(kind, 0.0) for kind in kinds)
    worth += sum(
        value for name, value in _SAID.items() if has(name, text, language) and not (is_report and name == "vote")
    )
    worth += (
        _TO_COME * bool(to_come)
        - _PAST * (bool(dates) and not to_come)
        + _WITH_YEAR * any(date.readings[0][0] for date in to_come)
    )
    if count_words(text) > MANY_WORDS or has("annexes", heading, language):
        worth *= _REASON
    worth = (
        worth * _REASON
        if is_reason
        else worth + _ANNOUNCED * is_announced + _SUMMED * is_summed * max(1.0, count_words(text) / 10)
    )
    line = Line(
        at, start, end, text[:1].upper() + text[1:], worth, place.section,
        is_action=is_asked or is_due or ACTION_LEAD.search(text) is not None,
        is_due=is_due or (is_asked and (bool(to_come) or has("within", text, language))),
        leads=leads,
    )  # fmt: skip
    words = {word for word in stems(_NUMBER.sub("", heading)) if len(word) > 3}
    is_bare = is_vote or (not figures(text) and count_words(text) < _BARE)
    is_untold = is_bare and not is_announced and not is_reason and len(words & stems(text)) < _TOLD * len(words)
    return _headed(line, heading) if is_untold and not leads else line


def _is_term(text: str, language: str) -> bool:
    days = [date for date in find_dates(text, language) if date.readings and date.readings[0][2]]
    is_by = any(ends_with_by(text[: day.start], language) for day in days)
    return is_by or (bool(days) and has("within", text, language))


def first_line(
    pieces: Sequence[Piece], here: range, lines: Sequence[Line], paper: Paper, language: str, date: str
) -> Line | None:
    """Return the line that says what the paper is, or None.

    For minutes this is the title. For contracts the parties are added, for other papers the sentence with the outcome.
    """
    at, title = _title(pieces, here, language)
    title = f"{title}, {date}" if title and date and date not in title else title
    lead = f"{title}: " if title else ""
    if paper is Paper.CONTRACT and len(parties := list(_parties(pieces, here))) > 1:
        at, text = parties[0][0], " – ".join(name for _, name in parties[:3])
        return Line(at, 0, len(pieces[at].text), lead + text, 0.0, -1, lead, is_first=True)
    if paper is Paper.MINUTES and title:
        return Line(at, 0, len(pieces[at].text), title, 0.0, -1, is_first=True)
    best = _outcome(pieces, here, lines, paper, language)
    if best is None:
        return Line(at, 0, len(pieces[at].text), title, 0.0, -1, is_first=True) if title else None
    lead = lead or best.head
    text = lead + best.text.removeprefix(best.head)
    return changed(best, text=text, head=lead, is_first=True, is_action=False, needs_last=False)


def _outcome(pieces: Sequence[Piece], here: range, lines: Sequence[Line], paper: Paper, language: str) -> Line | None:
    """Return the sentence that says what was decided or found, chosen by its heading, verb, or else its figures."""
    above, heading, titled = dict[int, str](), "", _title(pieces, here, language)[0]
    for at in here:
        if pieces[at].is_heading:
            heading = "" if at == titled else pieces[at].text
        above[at] = heading
    secondary = pattern("secondary", language)
    lines = [line for line in lines if not (secondary.search(above[line.piece]) or secondary.match(line.text))] or lines
    every = [line for line in lines if pieces[line.piece].kind is not BlockKind.TABLE_ROW and not line.needs_last]
    every = [line for line in every if line.rests_on[0] < 0 and not _is_back(line.text, paper, language)] or every
    every = [line for line in every if line.worth and not line.is_action] or every
    summed = [line for line in every if sums_up(above[line.piece]) or has("gist", above[line.piece], language)]
    told = [line for line in every if has("outcome", above[line.piece], language)]
    told = [line for line in told if not has("reasons", above[line.piece], language)]
    every = [line for line in every if not line.leads or not has("vote", line.text, language)] or every
    ruled = [line for line in told if has("rules", line.text, language)]
    main = [line for line in lines if has("diagnosis", above[line.piece], language)]
    if main and (paper is Paper.REPORT or not ruled) and not any(sums_up(above[line.piece]) for line in every):
        return main[0]
    is_long = len(set(above.values())) > MANY_HEADINGS and titled >= 0
    if is_long and paper is Paper.CONTRACT:
        return None
    some = summed if paper is Paper.REPORT else ruled[:1] or told or summed
    if not some:  # the first sentences of a letter say what it is about
        worth = [
            line.worth * _LATER**at + _PURPOSE * has("purpose", line.text, language)
            for at, line in enumerate(every[:3])
        ]
        return every[worth.index(max(worth))] if every else None
    return next(iter([line for line in some[:6] if figures(line.text)] or some), None)


def _title(pieces: Sequence[Piece], here: range, language: str) -> tuple[int, str]:
    """Return the index of the title's piece, and the title: the heading right above the salutation, or else the first
    heading or a subject line. Returns (-1, "") if there is none.
    """
    letterhead = _letterhead(pieces, here, language)
    above = [at for at in here[:FIRST_PIECES] if letterhead < 0 or at <= letterhead]
    subject = rf"(?:{pattern('subject').pattern}\W*:\W*)+"
    headings = [at for at in above if pieces[at].is_heading and not _NUMBER.match(pieces[at].text)]
    words = rf"\b(?:{'|'.join((*TITLES.values(), ORDERS))})\b"
    capitals = [at for at in above if pieces[at].text.isupper() and len(pieces[at].text) < MOST_HEADLINE]
    kinds = [at for at in (*headings, *capitals) if re.search(words, pieces[at].text, re.IGNORECASE)]
    for at in above if not kinds else ():
        text = _greeting(language).split(pieces[at].text, maxsplit=1)[0].strip()
        if match := re.search(rf"{subject}(\S.{{4,140}})$", text, re.IGNORECASE):
            title = match[1].strip(MARKS).rstrip(".:")
            return at, title[:1].upper() + title[1:]
    last = [letterhead - 1] if letterhead > here.start and not _is_part(pieces[letterhead - 1].text, language) else []
    last = [at for at in last if not _FIELD.match(pieces[at].text)]
    named = [at for at in last if at in headings] or kinds[:1] or headings[:1]
    for at in [*named, *(at for at in last if not find_dates(pieces[at].text, language))]:
        if len(pieces[at].text) < MOST_TITLE:
            title = re.sub(rf"^{subject}", "", pieces[at].text.strip(MARKS), flags=re.IGNORECASE).rstrip(".:")
            return at, title[:1].upper() + title[1:]
    return -1, ""


def _is_part(heading: str, language: str) -> bool:
    return sums_up(heading) or any(has(name, heading, language) for name in ("gist", "reasons"))


def _letterhead(pieces: Sequence[Piece], here: range, language: str) -> int:
    """Return the index of the piece with the salutation, above which everything is letterhead; -1 if there is none.

    "Madame Claire Vasseur, 4 impasse du Puits" is no salutation but an address.
    """
    has_begun, lead = False, -1
    for at in here[:FIRST_PIECES]:
        text = pieces[at].text.strip(MARKS)
        is_sender = is_field("sender", text, "")
        if pieces[at].kind is BlockKind.QUOTE or (is_sender and has_begun):
            break  # an earlier mail, with a salutation of its own
        if not pieces[at].is_heading and len(text) > LONG_TEXT and _greeting(language).search(text):
            return at  # a page whose lines are not told apart
        if not pieces[at].is_heading and has("salutation", text, language, at_start=True):
            name, sign, _ = re.split(r"([,:!]|$)", text, maxsplit=1)[:3]
            if len(name) < MOST_SALUTATION and not re.search(r"\d", name):
                if sign:
                    return at
                lead = lead if lead >= 0 else at
        has_begun |= is_sender or _ENDS.search(pieces[at].text) is not None
    return lead


def _parties(pieces: Sequence[Piece], here: range) -> Iterator[tuple[int, str]]:
    """Yield the parties of a contract with their names in the contract: "Fernhill Ltd (the Contractor)"."""
    for at in here[1:FIRST_PIECES]:
        text = pieces[at].text
        between = re.compile(rf"\W*{pattern('between').pattern}\W*", re.IGNORECASE)
        name = _BOLD.search(text) or _UP_TO_COMMA.search(between.sub("", text, count=1))
        if name and (alias := _ALIAS.search(text)):
            yield at, f"{name[1].strip()} ({alias[1].strip(' ,.')})"


def _rows(piece: Piece, header: list[str]) -> tuple[list[str], list[tuple[int, int, list[str]]]]:
    """Return the column headers of a table, and its rows. `header` holds the column headers of earlier pieces."""
    cuts = [0, *(match.start() + 3 for match in _ROWS.finditer(piece.text)), len(piece.text)]
    rows = list[tuple[int, int, list[str]]]()
    for start, end in pairwise(cuts):
        text = piece.text[start:end].removesuffix(" ; ")
        if _RULE.fullmatch(text):
            header, rows = (rows[-1][2], []) if rows else (header, [])
        else:
            cells = [cell.strip(MARKS + ":") for cell in text.strip(" |").split("|")]
            is_unnamed = text.startswith("| |") or (text.startswith("| ") and not text.endswith("|"))
            rows.append((start, start + len(text), ["", *cells] if is_unnamed else cells))
    if not header and rows and not any(map(_is_amount, rows[0][2][1:])):
        return (rows[0][2], rows[1:]) if len(rows[0][2]) > 2 or not rows[0][2][0] else ([], rows)
    return header, rows


def _is_amount(cell: str) -> bool:
    return _AMOUNT.fullmatch(cell) is not None and sum(map(str.isdigit, cell)) < MOST_DIGITS


def _row(at: int, row: tuple[int, int, list[str]], header: Sequence[str], place: _Place) -> Line:
    """Return a table row as a line that can stand alone: the row's name, and its values with their column headers."""
    start, end, cells = row
    if len(cells) > 1 and sum(has("tasks", cell, place.language) for cell in header) > 1:
        text = " – ".join(cell for cell in cells[_ROW_NUMBER.fullmatch(cells[0]) is not None :] if cell)
        return Line(
            at,
            start,
            end,
            text,
            _ROW + _TO_COME + _PER_WORD * count_words(text),
            place.section,
            is_action=True,
            is_due=any(date.readings for date in find_dates(text, place.language)),
        )
    if len(cells) > 2 and _ROW_NUMBER.fullmatch(cells[0]):
        header, cells = header[1:], cells[1:]
    heads = [*header, *[""] * len(cells)]
    values = "; ".join(f"{head} {cell}".strip() for head, cell in zip(heads[1:], cells[1:], strict=False) if cell)
    text = f"{cells[0]}: {values}" if values and cells[0] else values or cells[0]
    is_amount = any(
        (_is_amount(cell) and (any(header) or not cell.isdigit())) or matters(cell) & _AMOUNTS for cell in cells[1:]
    )
    worth = (
        _PER_WORD * count_words(text)
        + _ROW * is_amount
        + _TOTAL * has("total", cells[0], place.language, at_start=True)
    )
    return Line(at, start, end, text, worth, place.section)


def _current(lines: Sequence[Line], thread: Thread, language: str) -> list[Line]:
    """Return a mail thread's lines. The newest mail's are worth more; those that a later mail replaces, nothing."""
    if not (thread.has_several and lines):
        return list(lines)
    dated, kept, is_old = [(line, thread.date_of(line.piece)) for line in lines], list[Line](), False
    newest, told = max(date for _, date in dated), [(line.text, date) for line, date in dated if line.text[-1] != "?"]
    for line, date in dated:
        needs_last, is_earlier = line.needs_last and not is_old, date < newest and thread.is_whole
        is_old = any(later > date and replaces(other, line.text, language) for other, later in told)
        is_answered = date < newest and line.text.endswith("?") and not figures(line.text)
        is_action = line.is_action and not is_old and not is_answered
        worth = 0.0 if is_old else line.worth * (_EARLIER if date < newest else 1.0)
        if is_action and line.piece in thread.quoted:
            is_action, worth = False, worth + _TO_COME
        elif date == newest:
            worth += _ANSWER * (thread.is_whole and worth > 0)
        kept.append(changed(line, worth=worth, is_action=is_action, needs_last=needs_last, is_earlier=is_earlier))
    return kept


def _newest(lines: Sequence[Line], thread: Thread) -> list[Line]:
    newest = max((thread.date_of(line.piece) for line in lines), default=())
    return [line for line in lines if not thread.has_several or thread.date_of(line.piece) == newest]


def own_date(pieces: Sequence[Piece], here: range, language: str) -> tuple[Day | None, str]:
    """Return the date of the paper, and the words of the date: the first complete date in a title, a letterhead or a
    short line such as a signature.
    """
    letterhead = _letterhead(pieces, here, language)
    for at in here:
        text, kind = pieces[at].text, pieces[at].kind
        is_line = kind is not BlockKind.TABLE_ROW and len(text) < 300 and not _ENDS.search(text.strip(MARKS))
        if at == letterhead and (salutation := _greeting(language).search(text)):
            text = text[: salutation.start()]  # a page whose lines are not told apart
        if pieces[at].is_heading or (is_line and text[-1:] != ":") or at <= letterhead:
            for date in find_dates(text, language):
                if date.readings and all(date.readings[0]) and not has("born", text[: date.start], ""):
                    return date.readings[0], text[date.start : date.end]
    return None, ""


def by_day(lines: Sequence[Line], pieces: Sequence[Piece], here: range, language: str) -> list[Line]:
    """Return what has to be done by its dates, and what has none behind it. A date without a year is the next one after
    the paper's own date; where that has none, all stays in the order of the text.
    """
    own = own_date(pieces, here, language)[0]
    days = {line: day for line in lines if (day := due_day(line.text, language, own))}
    if not all(year for year, *_ in days.values()):
        return list(lines)
    return sorted(lines, key=lambda line: tuple(part or 0 for part in days.get(line, (9999, 12, 31))))


def _is_after(mention: DateMention, own: Day | None) -> bool:
    """Return whether a date lies after the paper's own date. A date without a year must lie within eight months."""
    year, month, day = mention.readings[0]
    if own is None:
        return True
    months = ((year or 0) - (own[0] or 0)) * 12 + (month or 0) - (own[1] or 0)
    if year is None:
        months = ((month or 0) - (own[1] or 0)) % 12
    is_later = months > 0 or (months == 0 and (day or 31) > (own[2] or 0))
    return is_later and (year is not None or months <= 8)


def _is_deadline(text: str, mention: DateMention, dates: Sequence[DateMention], language: str) -> bool:
    """Return whether something must be done by this date. Not for the end of a state or period, nor in a condition."""
    before = text[: mention.start]
    by = ends_with_by(before, language)
    if not mention.readings[0][2] or not by:
        return False
    is_period = any(0 < mention.start - date.end < 20 for date in dates) or re.search(
        r"\d\.?\s*$", before[: by.start()]
    )
    clause = before.rpartition(",")[2]
    return not is_period and not has("if", clause, language) and not has("state", text[: mention.end + 30], language)
