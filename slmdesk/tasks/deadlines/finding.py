"""Finds what is due in a paper by rules alone, however long its summary would be."""

from __future__ import annotations

import re
from collections.abc import Generator, Iterable, Mapping, Sequence
from datetime import date, timedelta
from functools import partial
from hashlib import sha256
from textwrap import shorten

from slmdesk.base.documents import BlockKind, Page
from slmdesk.base.language import LANGUAGES, in_language
from slmdesk.base.record import changed
from slmdesk.base.records import DocumentRecord
from slmdesk.base.text.sentences import sentence_spans
from slmdesk.claims.deadlines.days import Role, tells_a_state
from slmdesk.claims.deadlines.finding import Event, find_due, find_terms, lays_duty
from slmdesk.tasks.deadlines.types import MOST_LINE, RULES, FoundDay, FoundDays
from slmdesk.tasks.jobs.runner import Yield
from slmdesk.tasks.summaries.choosing import choose
from slmdesk.tasks.summaries.deadlines import DocumentDeadlines
from slmdesk.tasks.summaries.lines import Line, Sentences, lines_of
from slmdesk.tasks.summaries.linking import Point, SingleText, SummaryTexts
from slmdesk.tasks.summaries.papers import own_date
from slmdesk.tasks.summaries.types import KEY_POINTS, TO_DO, Deadline

_LASTS = re.compile(
    r"(?:lauf(?:zeit|end)|mietzeit|dauer|zeitraum|periode|phase|garantie|lock-?up|"
    r"sperrfrist|gültig|gueltig|befristet|unkündbar|unkuendbar|geleistet\w*|erbracht\w*|"
    r"^(?:gesamt|summe|total|honorar|fees|saldo|balance)|\bterm|period|valid|guarantee|warranty|performed|"
    r"durée|garantie|période|valable|vigen\w+|garantía|per[ií]odo|válid[oa])\w{0,2}\b"
    r"[^.;|]{0,25}$",
    re.IGNORECASE,
)
"""Before a day that only ends what lasts, or until which work was done."""
_AHEAD = re.compile(r"(?:\d{1,3}: |[^.]{0,60}\[ ?\] ?)+")
"""The number of a row, or a box to tick and the title above it, in front of it."""
_CLAUSES = re.compile(rf".{{40,{MOST_LINE - 2}}}(?=[,;:] |$)")
_BRACKETS = re.compile(r" ?\([^()]*\)")
_LABEL = re.compile(
    r"(?:termin|frist|fristablauf|deadline|hearing|long[- ]stop[- ]date|audience|"
    r"échéance|vencimiento)\W{1,3}(?:\w+tag, (?:de[nr] )?)?$",
    re.IGNORECASE,
)
"""Right before a day it tells that somebody has to act or appear on it."""
_PLAIN = (BlockKind.PARAGRAPH, BlockKind.LIST_ITEM)
_MOST_KNOWN = 40
_HALF_A_YEAR = timedelta(days=183)
_IS_DONE = re.compile(
    r"(?:^|[;:|] )\W*(?:(?!nicht|not|pas|no\b)[\w/-]+:? )?"
    r"(?:erledigt|bezahlt|beglichen|abgeschlossen|done|paid|completed|fait|payée?|réglée?|hecho|pagad[oa])"
    r"(?: (?:am|on|le|el) [^;|]*)?[^\w;|]*(?:$|[;|])",
    re.IGNORECASE,
)
"""The cell of a row, with the name of its column or without, that says so."""


def finding(
    record: DocumentRecord, pages: Sequence[Page]
) -> Generator[Yield, None, FoundDays]:
    """Find the days of a paper, each once. Yields while it works."""

    def some(_document: str, begin: int, limit: int) -> Sequence[Page]:
        return pages[begin - 1 : begin - 1 + limit]

    texts = SummaryTexts([record], some)
    yield from texts.read()
    text = texts.texts[0]
    spans = partial(sentence_spans, language=text.language)
    lines = yield from lines_of(texts.pieces, text.pieces, spans, text.language)
    deadlines = list[Deadline]()
    words = dict[str, list[str]]()
    points = list(_points(texts, lines, text.language))
    points += _short_points(texts, lines, spans, text.language)
    said = {page.number: page.text for page in pages}
    for language in LANGUAGES:
        look = partial(_deadlines, texts, text, points, said)
        deadlines = in_language(language, look)
        words[language] = [deadline.words for deadline in deadlines]
        yield Yield()
    found = dict[str, FoundDay]()
    for at, deadline in enumerate(deadlines):
        told = {language: lines[at] for language, lines in words.items()}
        _add(found, _found(deadline, told))
    return FoundDays(RULES, tuple(found.values()))


def _points(
    texts: SummaryTexts, lines: Sequence[Line], language: str
) -> Iterable[Point]:
    """Yield what may be due: what is to be done, each said once, then all else.

    In that only a day with a time of day counts, which is an appointment. None is said
    with the title above it, whose day is not theirs.
    """
    plain = [
        changed(line, is_first=False, text=line.text.removeprefix(line.head))
        for line in lines
    ]
    chosen = choose(plain, 0)
    for line in (*chosen.actions, *chosen.rest):
        if not line.is_earlier:
            group = KEY_POINTS
            if _is_due(line.text, language, is_action=line.is_action):
                group = TO_DO
            quotation = texts.pieces[line.piece].text[line.start : line.end]
            yield Point(line.text, line.pieces, label=group, quotation=quotation)


def _short_points(
    texts: SummaryTexts, lines: Sequence[Line], spans: Sentences, language: str
) -> Iterable[Point]:
    """Yield what is too short for a summary, or leads to what stands below it, and
    names its last day: "Fristablauf: 20.03.2026", "Bitte zahlen Sie bis 1. Mai auf:".
    """
    said = "\n".join(line.text for line in lines)
    for at, piece in enumerate(texts.pieces):
        for start, end in spans(piece.text) if piece.kind in _PLAIN else ():
            text = piece.text[start:end]
            is_said = text.rstrip(": ")[-_MOST_KNOWN:] in said
            if not is_said and _is_due(text, language):
                yield Point(text.rstrip(": "), (at,), label=TO_DO, quotation=text)


def _is_due(text: str, language: str, *, is_action: bool = False) -> bool:
    """Return whether something is to be done, or a row names the last day of something:
    "Frist 20.02.2026". Not if that is done, or the day ends only what lasts until it.
    """
    is_duty, named = lays_duty(text, language), find_due(text, language).days
    days = [day for day in named if is_duty or not _LASTS.search(text[: day.begin])]
    if (named and not days) or _IS_DONE.search(text):
        return False
    if is_action or tells_a_state(text, language):
        return is_action
    return any(
        day.role in (Role.BY, Role.BEFORE) or _LABEL.search(text[: day.start])
        for day in days
    )


def _deadlines(
    texts: SummaryTexts,
    text: SingleText,
    points: Sequence[Point],
    said: Mapping[int, str],
) -> list[Deadline]:
    own = own_date(texts.pieces, text.pieces, text.language)[0] or ()
    document = changed(texts.one(text, points), dated=tuple(part or 0 for part in own))
    made = DocumentDeadlines(
        document, text.record, lambda _id, page: said.get(page, ""), text.language
    )
    found = list[Deadline]()
    for sentence in document.sentences:
        for deadline in made.deadlines([sentence]):
            is_listed = _is_listed(deadline, sentence.group, made, text.language)
            if is_listed and not _is_past(deadline, document.dated):
                found.append(deadline)
    return found


def _is_past(deadline: Deadline, own: Sequence[int]) -> bool:
    """Return whether a day without a year, taken for the next such day after the paper,
    is rather the last before it, as it lies nearer: it tells of the past.
    """
    if deadline.words or not (deadline.day and own):
        return False
    day = date.fromisoformat(deadline.day)
    is_named = f"{day:%y}" in deadline.text
    return not is_named and day - date(*own) > _HALF_A_YEAR


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


def _found(deadline: Deadline, words: dict[str, str]) -> FoundDay:
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
        words,
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
    text = _AHEAD.sub("", text)
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
