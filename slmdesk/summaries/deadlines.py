"""By when what a summary says has to be done: a day that the paper names, or one reckoned from its receipt.

Pure functions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import date, timedelta
from functools import cache

from slmdesk.base.documents import Page
from slmdesk.base.protocol import stored_from
from slmdesk.base.record import Record
from slmdesk.base.records import DocumentRecord
from slmdesk.base.texts import MONTHS, _, ngettext
from slmdesk.library.types import RECEIPT
from slmdesk.summaries.papers import due_day, ends_with_by
from slmdesk.summaries.types import TO_DO, Deadline, DocumentSummary, Paper, Sentence, Summary
from slmdesk.text.checks.numbers import find_dates, find_numbers
from slmdesk.text.deadlines.finding import Event, Term, Unit, ends_with_receipt, find_terms, is_own
from slmdesk.text.deadlines.places import HEAD_CHARACTERS, office_of, place_of
from slmdesk.text.deadlines.reckoning import SUNDAY, Known, Reckoning, reckon
from slmdesk.text.sentences import LANGUAGES, detect

MAILS = ("eml", "msg")
"""What is served is no mail: a term in it is its own only where it says so."""
OTHERS = (Paper.CONTRACT, Paper.MINUTES)
"""Papers whose deadlines are counted from what happens later."""
MOST_UNDER_WAY = timedelta(days=30)
"""Most time from the date of a paper to the day of its receipt that it notes."""
Words = Callable[[str, int], str]
"""Returns the text of a page of a document."""


class Receipt(Record):
    """What a person said of a document: the day of its receipt (ISO 8601), and the place whose law holds."""

    day: str = ""
    place: str | None = None


def page_words(of_document: Callable[..., Sequence[Page]]) -> Words:
    """Return the function that gives the text of a page, once read. `of_document`: of the store."""

    @cache
    def words(document: str, number: int) -> str:
        pages = of_document(document, begin=number, limit=1)
        return pages[0].text if pages and pages[0].number == number else ""

    return words


def receipt_of(record: DocumentRecord) -> Receipt:
    return stored_from(Receipt, record.info.get(RECEIPT)) or Receipt()


def deadlines_of(
    summary: Summary, records: Mapping[str, DocumentRecord], words: Words, *, is_exported: bool = False
) -> list[Deadline]:
    """Return what has to be done by a day, and what has a deadline from which no day could be reckoned.

    `is_exported`: not what stands in the document's own words behind a text that a model wrote.
    """
    deadlines = list[Deadline]()
    for document in summary.documents:
        if record := records.get(document.document):
            own = () if is_exported else document.own_words
            deadlines += _Document(document, record, words, summary.language).deadlines((*document.sentences, *own))
    return deadlines


class _Document:
    def __init__(self, document: DocumentSummary, record: DocumentRecord, words: Words, language: str) -> None:
        self._document, self._record, self._words, self._language = document, record, words, language

    def deadlines(self, sentences: Sequence[Sentence]) -> Iterator[Deadline]:
        document, said = self._document, set[str]()
        for sentence in sentences:
            is_to_do = sentence.group == TO_DO or not any(other.group for other in document.sentences)
            if is_to_do and sentence.text not in said:
                said.add(sentence.text)
                yield from self._deadline(sentence)

    def _deadline(self, sentence: Sentence) -> Iterator[Deadline]:
        document, text = self._document, sentence.text
        dates = [date for date in find_dates(text, self._language) if date.readings and all(date.readings[0][1:])]
        after = max((term.end for term in find_terms(text)), default=len(text))
        reckoned_there = due_day(text[after:], self._language, document.dated)  # by who wrote: it holds
        is_named = bool(reckoned_there) or any(ends_with_by(text[: date.start], "") for date in dates)
        terms = [] if is_named or document.paper in OTHERS else self._terms(sentence)
        day = reckoned_there or due_day(text, self._language, document.dated)
        if terms:
            known = self._known(is_notice=any(term.event is Event.NOTICE for term in terms))
            made = [reckoned for term in terms if (reckoned := reckon(term, known))]
            first = min(made, key=lambda deadline: deadline.day, default=None)
            lines = [reckoning_words(deadline, known.place) for deadline in made] or [
                _("Not reckoned: the day from which it counts, or the rule, is not known.")
                if known.place
                else _("Whose law holds is not certain: choose the place.")
            ]
            received = known.received or known.noted or known.dated
            yield Deadline(
                document.document, document.name, text, sentence.blocks, first.day.isoformat() if first else "",
                "\n".join(lines), first is not None and first.is_confirmed,
                received.isoformat() if received else "", known.place,
            )  # fmt: skip
        elif day and all(day) and (is_named or sentence.group == TO_DO):
            with suppress(ValueError):
                whole = date(day[0] or 1, day[1] or 1, day[2] or 1)
                yield Deadline(document.document, document.name, text, sentence.blocks, whole.isoformat(), "", True)

    def _terms(self, sentence: Sentence) -> list[Term]:
        """Return the terms of a sentence, in the words of the paper where a model wrote it."""
        if sentence.quotation or not self._document.own_words:
            terms = find_terms(sentence.text)
        else:
            numbers = {number.values[0] for number in find_numbers(sentence.text, self._language) if number.values}
            passages = (self._words(span.document, span.page)[span.start : span.end] for span in sentence.blocks)
            terms = [term for text in passages for term in find_terms(text) if term.count in numbers]
        is_mail = self._record.format in MAILS
        return [term for term in terms if term.is_this or (not is_mail and is_own(term, self._page[:HEAD_CHARACTERS]))]

    @property
    def _page(self) -> str:
        return self._words(self._document.document, 1)

    def _known(self, *, is_notice: bool) -> Known:
        language = detect(self._page[:HEAD_CHARACTERS], LANGUAGES)[0] or self._language
        said, dated, received = receipt_of(self._record), None, None
        with suppress(ValueError, TypeError):
            dated = date(*self._document.dated)
        with suppress(ValueError):
            received = date.fromisoformat(said.day) if said.day else None
        place = place_of(self._page, language) if said.place is None else said.place
        noted = self._noted(dated, language) if dated else None
        return Known(place, office_of(self._page, language, is_notice=is_notice), dated, received, noted)

    def _noted(self, dated: date, language: str) -> date | None:
        head = self._page[:HEAD_CHARACTERS]
        for mention in find_dates(head, language):
            with suppress(ValueError, TypeError):
                day = date(*mention.readings[0])  # type: ignore[arg-type]
                is_near = len(mention.readings) == 1 and dated <= day <= dated + MOST_UNDER_WAY
                if is_near and ends_with_receipt(head[: mention.start]):
                    return day
        return None


def reckoning_words(reckoned: Reckoning, place: str) -> str:
    """Tell a reckoning in one line: from which day, how long, to which day, by which rules."""
    term, end, day = reckoned.term, reckoned.end, reckoned.day
    begin = _day_words(reckoned.begin, end.year)
    as_known = "{day}" if reckoned.is_confirmed else _("{day} (confirm)")  # a template
    if reckoned.posted is not None:
        posted = as_known.format(day=_day_words(reckoned.posted, end.year))
        days = ngettext("{n} day", "{n} days", reckoned.supposed_after)
        from_ = _("posted {posted} + {days} = {begin}").format(posted=posted, days=days, begin=begin)
    elif term.event is Event.DATE:
        from_ = _("dated {begin}").format(begin=begin)
    else:
        from_ = _("received {begin}").format(begin=as_known.format(day=begin))
    words = _("{begin} + {span} = {end}").format(begin=from_, span=_span_words(term), end=_day_words(end))
    if day != end:  # moved to a working day
        why = reckoned.holiday or (_("Sunday") if end.weekday() == SUNDAY else _("Saturday"))
        words = _("{reckoned} ({why}), so {day}").format(reckoned=words, why=why, day=_day_words(day))
    which = _("third day (before 2025)") if reckoned.supposed_after == 3 else _("fourth day (since 2025)")
    rules = [_(rule).format(which=which) for rule in reckoned.rules]
    rules += [_("holidays of the whole country only")] if "-" not in place else []
    return f"{words}; {', '.join(rules)}"


def _span_words(term: Term) -> str:
    n = term.count
    return {
        Unit.DAY: ngettext("{n} day", "{n} days", n), Unit.WEEK: ngettext("{n} week", "{n} weeks", n),
        Unit.MONTH: ngettext("{n} month", "{n} months", n), Unit.YEAR: ngettext("{n} year", "{n} years", n),
    }.get(term.unit) or ngettext("{n} working day", "{n} working days", n)  # fmt: skip


def _day_words(day: date, year: int = 0) -> str:
    """Return a day in words, without its year if that is `year`."""
    words = _("{day} {month}").format(day=day.day, month=_(MONTHS[day.month - 1]))
    return words if day.year == year else f"{words} {day.year}"


def shown_days(deadlines: Sequence[Deadline]) -> Iterator[str]:
    """Yield a line for each deadline: its day, what has to be done, and how it was reckoned."""
    for deadline in sorted(deadlines, key=lambda deadline: deadline.day or "9999"):
        day = _day_words(date.fromisoformat(deadline.day)) if deadline.day else _("no day")
        yield f"{day}: {' '.join(deadline.text.split())}" + (f" [{deadline.words}]" if deadline.words else "")
