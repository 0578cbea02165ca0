"""Finds what is due in a paper by rules alone, however long its summary would be."""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Iterator, Sequence
from datetime import date
from functools import partial
from hashlib import sha256
from textwrap import shorten

from slmdesk.base.documents import BlockKind, Page
from slmdesk.base.record import changed, sparse
from slmdesk.base.records import DocumentRecord
from slmdesk.base.text.sentences import sentence_spans
from slmdesk.claims.deadlines.days import Role, every_day, tells_a_state
from slmdesk.claims.deadlines.finding import Event, find_due, find_terms
from slmdesk.tasks.deadlines.types import MOST_LINE, RULES, FoundDay, FoundDays
from slmdesk.tasks.jobs.runner import Yield
from slmdesk.tasks.summaries.choosing import choose
from slmdesk.tasks.summaries.deadlines import DocumentDeadlines
from slmdesk.tasks.summaries.lines import Line, Sentences, lines_of
from slmdesk.tasks.summaries.linking import Point, SummaryTexts
from slmdesk.tasks.summaries.papers import own_date
from slmdesk.tasks.summaries.types import KEY_POINTS, TO_DO, Deadline

_CLAUSES = re.compile(rf".{{{MOST_LINE // 2},{MOST_LINE - 2}}}(?=[,;:] |$)")
_BRACKETS = re.compile(r" ?\([^()]*\)")
_PLAIN = (BlockKind.PARAGRAPH, BlockKind.LIST_ITEM)
_MOST_KNOWN = 40


def finding(
    record: DocumentRecord, pages: Sequence[Page], since: date
) -> Generator[Yield, None, FoundDays]:
    """Find the days of a paper, each once. Yields while it works.

    `since`: the first day of the others that it names.
    """

    def some(_document: str, begin: int, limit: int) -> Sequence[Page]:
        return pages[begin - 1 : begin - 1 + limit]

    texts = SummaryTexts([record], some)
    yield from texts.read()
    text = texts.texts[0]
    spans = partial(sentence_spans, language=text.language)
    lines = yield from lines_of(texts.pieces, text.pieces, spans, text.language)
    group_of = partial(_group_of, language=text.language)
    points = [
        *_points(texts, lines, group_of),
        *_short_points(texts, lines, spans, group_of),
    ]
    yield Yield()
    own = own_date(texts.pieces, text.pieces, text.language)[0] or ()
    document = changed(texts.one(text, points), dated=tuple(filter(None, own)))
    said = {page.number: page.text for page in pages}
    made = DocumentDeadlines(
        document, record, lambda _id, page: said.get(page, ""), text.language
    )
    found = dict[str, FoundDay]()
    for sentence in document.sentences:
        for deadline in made.deadlines([sentence]):
            if _is_listed(deadline, sentence.group, made, text.language):
                _add(found, _found(deadline))
    others = dict[str, FoundDay]()
    for page in pages:
        yield Yield()
        for day in _days_of(page, text.language, document.dated, since):
            if day.day not in found:
                others.setdefault(day.day, day)
    return FoundDays(RULES, tuple(found.values()), others)


def _days_of(
    page: Page, language: str, dated: Sequence[int], since: date
) -> Iterator[FoundDay]:
    """Yield each day that a page names, whatever it says of it. One without a year is
    the next one after the date of the paper, or else to come.
    """
    own = dated or (since.year, since.month, since.day)
    for block in page.blocks:
        text = page.text[block.start : block.end]
        for at, day in every_day(text, language, own):
            if day >= since and (day.year, day.month, day.day) != own:
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
    begin = max(0, min(at - MOST_LINE // 2, len(text) - MOST_LINE))
    if begin:
        begin = text.find(" ", begin, at)
    return shorten(text[begin:], MOST_LINE, placeholder="…")


def _points(
    texts: SummaryTexts, lines: Sequence[Line], group_of: Callable[..., str]
) -> Iterator[Point]:
    """Yield what is to be done, each said once, then all else that names a time.

    In that only a day with a time of day counts, which is an appointment. None is said
    with the title above it, whose day is not theirs.
    """
    plain = [
        changed(line, is_first=False, text=line.text.removeprefix(line.head))
        for line in lines
    ]
    chosen = choose(plain, 0)
    for line in (*chosen.actions, *chosen.rest):
        group = group_of(line.text, is_action=line.is_action)
        if group and not line.is_earlier:
            quotation = texts.pieces[line.piece].text[line.start : line.end]
            yield Point(line.text, line.pieces, label=group, quotation=quotation)


def _short_points(
    texts: SummaryTexts,
    lines: Sequence[Line],
    spans: Sentences,
    group_of: Callable[..., str],
) -> Iterator[Point]:
    """Yield what is too short for a summary, or leads to what stands below it, and
    names a time: "Bitte zahlen Sie bis 1. Mai auf:".
    """
    said = "\n".join(line.text for line in lines)
    for at, piece in enumerate(texts.pieces):
        for start, end in spans(piece.text) if piece.kind in _PLAIN else ():
            text = piece.text[start:end]
            bare = text.rstrip(": ")
            if bare[-_MOST_KNOWN:] not in said and (group := group_of(text)):
                yield Point(bare, (at,), label=group, quotation=text)


def _group_of(text: str, language: str, *, is_action: bool = False) -> str:
    """Return whether something is to be done, or a row names the last day of it; empty
    where neither is, and no time is named.
    """
    if is_action:
        return TO_DO
    due = find_due(text, language)
    is_last = any(day.role in (Role.BY, Role.BEFORE) for day in due.days)
    if is_last and not tells_a_state(text, language):
        return TO_DO
    return KEY_POINTS if due.days or due.terms else ""


def _is_listed(
    deadline: Deadline, group: str, made: DocumentDeadlines, language: str
) -> bool:
    """Return whether a deadline is one of the paper that is read, and not a time that
    it tells of, as a contract does, or as one of several papers in a file.
    """
    is_alone = not made.has_another_paper(deadline.blocks[0].page)
    if group == KEY_POINTS:
        return is_alone
    terms = find_terms(deadline.text, language)
    is_own = any(term.event is not Event.NAMED for term in terms)
    return bool(deadline.day) or is_own or (is_alone and made.is_letter)


def _found(deadline: Deadline) -> FoundDay:
    text = " ".join(deadline.text.split())
    span = deadline.blocks[0]
    key = sha256(f"{text} {deadline.part}".encode("utf-8", "replace")).hexdigest()
    return FoundDay(
        key[:16],
        text,
        _what(text),
        span.page,
        span.start,
        span.end,
        deadline.day,
        sparse(deadline.reason) if deadline.reason else None,
        deadline.who,
        deadline.amount,
        deadline.is_confirmed,
        deadline.received,
        deadline.place,
    )


def _what(text: str) -> str:
    """Return a sentence, or its first clauses where it is long, as a line to act on.

    Nothing is taken out of it but what stands in brackets.
    """
    if len(text) <= MOST_LINE:
        return text
    text = _BRACKETS.sub("", text)
    if clauses := _CLAUSES.match(text):
        return f"{clauses[0].rstrip('.')}…"
    return shorten(text, MOST_LINE, placeholder="…")


def _add(found: dict[str, FoundDay], day: FoundDay) -> None:
    """Add a day. One that the paper names twice is one, and says both."""
    name = day.day or day.key
    first = found.setdefault(name, day)
    if first is not day:
        found[name] = changed(first, more=(*first.more, day.text))
