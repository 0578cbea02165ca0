"""Finds what is due in a paper by rules alone, however long its summary would be."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from datetime import date, timedelta
from hashlib import sha256
from textwrap import shorten

from slmdesk.base.documents import BlockKind, Page
from slmdesk.base.record import changed
from slmdesk.base.records import DocumentRecord
from slmdesk.base.text.relevance import Matter, matters
from slmdesk.base.text.sentences import sentence_spans
from slmdesk.claims.deadlines.days import Role, every_day, tells_a_state
from slmdesk.claims.deadlines.finding import Event, find_due, find_terms
from slmdesk.tasks.deadlines.types import MOST_LINE, RULES, FoundDay, FoundDays
from slmdesk.tasks.jobs.runner import Yield
from slmdesk.tasks.summaries.deadlines import DocumentDeadlines, page_words
from slmdesk.tasks.summaries.lines import cells_of, is_head, row_words
from slmdesk.tasks.summaries.linking import Piece, Point, SummaryTexts
from slmdesk.tasks.summaries.papers import is_field, own_date
from slmdesk.tasks.summaries.types import KEY_POINTS, TO_DO, Deadline

_LAST_DAYS = (Role.BY, Role.BEFORE)


def finding(
    record: DocumentRecord, pages: Sequence[Page], since: date
) -> Generator[Yield, None, FoundDays]:
    """Find the days of a paper, each once. Yields while it works.

    `since`: the day on which it is read, and the first of the other days that it names.
    No paper is dated later.
    """

    def some(_document: str, begin: int, limit: int) -> Sequence[Page]:
        return pages[begin - 1 : begin - 1 + limit]

    texts = SummaryTexts([record], some)
    yield from texts.read()
    text = texts.texts[0]
    dated = _dated(own_date(texts.pieces, text.pieces, text.language)[0] or (), since)
    points = list[Point]()
    for at, line, quotation in _lines_of(texts.pieces, text.language):
        yield Yield()
        is_row = texts.pieces[at].kind is BlockKind.TABLE_ROW
        if group := _group_of(line, text.language, dated, is_row=is_row):
            points.append(Point(line, (at,), label=group, quotation=quotation))
    document = changed(texts.one(text, points), dated=dated)
    made = DocumentDeadlines(document, record, page_words(some), text.language)
    found = dict[str, FoundDay]()
    for sentence in document.sentences:
        for deadline in made.deadlines([sentence]):
            if _is_listed(deadline, sentence.group, made, text.language):
                _add(found, _found(deadline))
    others = dict[str, FoundDay]()
    for page in pages:
        yield Yield()
        for day in _days_of(page, text.language, dated, since):
            if day.day not in found:
                others.setdefault(day.day, day)
    return FoundDays(RULES, tuple(found.values()), others)


def _dated(own: Sequence[int | None], since: date) -> tuple[int, ...]:
    """Return the date of a paper as far as it is known: year, month, day."""
    known = tuple(part for part in own if part)
    return min(known, (since.year, since.month, since.day))


def _days_of(
    page: Page, language: str, dated: Sequence[int], since: date
) -> Iterator[FoundDay]:
    """Yield each day that a page names, whatever it says of it. One without a year is
    the next one after the date of the paper, or else to come.

    The date of a paper that was written on `since` is left out.
    """
    today = (since.year, since.month, since.day)
    own = dated or today
    first = since
    if dated == today:
        first += timedelta(days=1)
    for block in page.blocks:
        text = page.text[block.start : block.end]
        for at, day in every_day(text, language, own):
            if day >= first:
                spans = sentence_spans(text, language)
                start, end = next(span for span in spans if at < span[1])
                yield FoundDay(
                    day.isoformat(),
                    text[start:end],
                    _around(text[start:end], at - start),
                    page.number,
                    block.start + start,
                    block.start + end,
                    day.isoformat(),
                    is_confirmed=True,
                )


def _around(text: str, at: int) -> str:
    """Return what stands around a place of a sentence, as a line."""
    if len(text) > MOST_LINE:
        text = text[text.rfind(" ", 0, max(0, at - MOST_LINE // 2)) + 1 :]
    return shorten(text, MOST_LINE, placeholder="…")


def _lines_of(pieces: Sequence[Piece], language: str) -> Iterator[tuple[int, str, str]]:
    """Yield the sentences and rows that are no title and no header of a mail: piece,
    words, and the same as they stand there.
    """
    header = list[str]()
    is_mail_head = False
    for at, piece in enumerate(pieces):
        if piece.kind is BlockKind.TABLE_ROW:
            cells = cells_of(piece.text)
            if not header and is_head(cells, ""):
                header = cells
            else:
                yield at, row_words(cells, header), piece.text
            continue
        header = []
        is_mail_head &= is_field("header", piece.text, "")
        is_mail_head |= is_field("sender", piece.text, "")
        if not piece.is_heading and not is_mail_head:
            for start, end in sentence_spans(piece.text, language):
                line = piece.text[start:end]
                yield at, line.rstrip(": "), line


def _group_of(text: str, language: str, dated: Sequence[int], *, is_row: bool) -> str:
    """Return whether something is to be done, or only a time is named; empty where
    neither is. Of the times in rows only those count by which something is to be done.
    """
    due = find_due(text, language, dated)
    if not (due.days or due.terms):
        return ""
    is_last = bool(due.terms) or due.days[0].role in _LAST_DAYS
    is_to_do = is_last or Matter.REQUEST in matters(text, language)
    if is_to_do and not tells_a_state(text, language):
        return TO_DO
    return "" if is_row else KEY_POINTS


def _is_listed(
    deadline: Deadline, group: str, made: DocumentDeadlines, language: str
) -> bool:
    """Return whether a deadline is one of the paper that is read, and not a time that
    it tells of, as a contract does, or as one of several papers in a file.
    """
    if group == KEY_POINTS:
        return not made.has_another_paper(deadline.blocks[0].page)
    terms = find_terms(deadline.text, language)
    is_own = any(term.event is not Event.NAMED for term in terms)
    return is_own or bool(deadline.day)


def _found(deadline: Deadline) -> FoundDay:
    text = " ".join(deadline.text.split())
    span = deadline.blocks[0]
    key = sha256(f"{text} {deadline.part}".encode("utf-8", "replace")).hexdigest()
    return FoundDay(
        key[:16],
        text,
        _around(text[:1].upper() + text[1:], 0),
        span.page,
        span.start,
        span.end,
        deadline.day,
        deadline.reason,
        deadline.who,
        deadline.amount,
        deadline.is_confirmed,
        deadline.received,
        deadline.place,
    )


def _add(found: dict[str, FoundDay], day: FoundDay) -> None:
    """Add a day. One that the paper names twice is one, and says both."""
    name = day.day or day.key
    first = found.setdefault(name, day)
    if first is not day:
        found[name] = changed(first, more=(*first.more, day.text))
