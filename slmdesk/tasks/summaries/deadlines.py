"""By when what a summary says has to be done: a day that the paper names, or one reckoned from its receipt.

Pure functions.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import date, timedelta
from functools import cache, cached_property
from typing import Any

from slmdesk.base.documents import Page
from slmdesk.base.record import changed
from slmdesk.base.records import DocumentRecord
from slmdesk.base.text.sentences import LANGUAGES, detect
from slmdesk.base.texts import MONTHS, N_, _, date_words, ngettext
from slmdesk.claims.deadlines.days import NamedDay, Role, tells_a_state
from slmdesk.claims.deadlines.finding import (
    NO_DAY,
    SEVERAL,
    Due,
    Event,
    Term,
    Unit,
    ends_with_receipt,
    find_due,
    is_greeting,
    is_of_others,
    is_own,
    is_title,
    lays_duty,
)
from slmdesk.claims.deadlines.places import HEAD_CHARACTERS, office_of, place_of
from slmdesk.claims.deadlines.reckoning import SUNDAY, Known, Reason, Reckoning, reckon
from slmdesk.claims.deadlines.wording import amount_of, sender_of, what_of
from slmdesk.claims.finders.numbers import find_dates, find_numbers
from slmdesk.documents.types import receipt_of
from slmdesk.exports import phrases
from slmdesk.tasks.summaries.order import LAST, is_over
from slmdesk.tasks.summaries.types import EARLIER, KEY_POINTS, TO_DO, Deadline, DocumentSummary, Sentence, Summary

FAULT = N_("something went wrong in slmdesk")
"""Why no day was reckoned, where a sentence brought out a bug."""
MAILS = ("eml", "msg")
"""What is served is no mail: a term in it is its own only where it says so."""
TITLE_LINES = 12
"""Of so many lines at the top of a page one may be the title of another paper."""
MOST_UNDER_WAY = timedelta(days=30)
"""Most time from the date of a paper to the day of its receipt that it notes."""
Words = Callable[[str, int], str]
"""Returns the text of a page of a document."""
_LOG = logging.getLogger(__name__)


def page_words(of_document: Callable[..., Sequence[Page]]) -> Words:
    """Return the function that gives the text of a page, once read. `of_document`: of the store."""

    @cache
    def words(document: str, number: int) -> str:
        pages = of_document(document, begin=number, limit=1)
        return pages[0].text if pages and pages[0].number == number else ""

    return words


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
            made = DocumentDeadlines(document, record, words, summary.language)
            told = [*made.deadlines((*document.sentences, *own))]
            deadlines += [*told, *made.left_out({deadline.day for deadline in told})]
    return deadlines


class DocumentDeadlines:
    def __init__(self, document: DocumentSummary, record: DocumentRecord, words: Words, language: str) -> None:
        self._document, self._record, self._words, self._language = document, record, words, language
        self._is_mail = record.format in MAILS

    def deadlines(self, sentences: Sequence[Sentence]) -> Iterator[Deadline]:
        said = set[str]()
        for sentence in sentences:
            if sentence.text not in said and sentence.group != EARLIER:
                said.add(sentence.text)
                yield from self._said_deadlines(sentence)

    def left_out(self, told: Collection[str]) -> Iterator[Deadline]:
        """Yield what is due by days to come that are not `told`, in sentences for which the summary has no room.

        Of these only what says that somebody must act, and appointments: a day with a time of day.  Past ones are left
        out, since most of them tell what happened at a time.
        """
        for sentence in self._document.omitted:
            for deadline in self._said_deadlines(sentence):
                if deadline.day and (deadline.day in told or is_over(deadline)):
                    continue
                words = "\n".join(filter(None, (deadline.words, _("not in the summary"))))
                yield changed(deadline, words=words)

    def _said_deadlines(self, sentence: Sentence) -> Iterator[Deadline]:
        """Yield the deadlines of a sentence. A fault that it brings out is said beside it, and costs no other."""
        try:
            found = list(self._deadlines(sentence))
        except Exception:  # noqa: BLE001  a bug that a sentence brings out costs its day, not the summary, and is said
            _LOG.exception("A deadline of %s was not reckoned", self._record.id)
            found = [self._deadline(sentence, Due(), reason=Reason(doubt=FAULT))]
        yield from (changed(deadline, part=part) for part, deadline in enumerate(found))

    def _deadlines(self, sentence: Sentence) -> Iterator[Deadline]:
        is_left_out = sentence in self._document.omitted
        has_groups = any(other.group for other in self._document.sentences)
        is_to_do = sentence.group == TO_DO or not (has_groups or is_left_out)
        due = self._due(sentence)
        days = [day for day in due.days if self._is_due(day, sentence, is_to_do=is_to_do)]
        days = list({day.last: day for day in reversed(days)}.values())[::-1]  # one that is named twice is one
        terms = [term for term in due.terms if not _is_told_itself(term, due.days, sentence.text)]
        if terms:
            yield from self._reckoned(sentence, due, terms, is_to_do=is_to_do)
        for day in days:
            if last := day.last:
                reason = None
                if day.role is Role.BEFORE:
                    reason = Reason(before=last + timedelta(days=1))
                yield self._deadline(sentence, due, day=last.isoformat(), reason=reason, is_confirmed=True)

    def _reckoned(self, sentence: Sentence, due: Due, terms: Sequence[Term], *, is_to_do: bool) -> Iterator[Deadline]:
        known = self._known(is_notice=any(term.event is Event.NOTICE for term in terms))
        made = [reckoned for term in terms if (reckoned := reckon(term, known))]
        first = min(made, key=lambda deadline: deadline.day, default=None)
        if first is None and not is_to_do:
            return
        received = known.received or known.noted or known.dated
        doubt = next((term.doubt for term in terms if term.doubt), "")
        yield self._deadline(
            sentence, due, day=first.day.isoformat() if first else "",
            reason=Reason(tuple(made), known.place, doubt),
            is_confirmed=first is not None and first.is_confirmed,
            received=received.isoformat() if received else "", place=known.place,
        )  # fmt: skip

    def _deadline(
        self, sentence: Sentence, due: Due, *, day: str = "", reason: Reason | None, **known: Any
    ) -> Deadline:
        document, text = self._document, sentence.text
        return Deadline(
            document.document, document.name, text, sentence.blocks, day, reason_words(reason), reason,
            what=what_of(text, due),
            who=sender_of(self._page[:HEAD_CHARACTERS], is_mail=self._is_mail),
            amount=amount_of(text, self._language), **known,
        )  # fmt: skip

    def _due(self, sentence: Sentence) -> Due:
        """Return what a sentence says of time, the terms in the words of the paper where a model wrote it."""
        is_quoted = sentence.quotation or not self._document.own_words
        dated = self._document.dated
        language = self._own_language if is_quoted else self._language
        due = find_due(sentence.text, language, dated)
        terms = due.terms
        if not is_quoted:
            numbers = {number.values[0] for number in find_numbers(sentence.text, self._language) if number.values}
            passages = (self._words(span.document, span.page)[span.start : span.end] for span in sentence.blocks)
            found = [term for text in passages for term in find_due(text, self._own_language, dated).terms]
            terms = tuple(term for term in found if term.count in numbers)
        head = self._page[:HEAD_CHARACTERS]
        own = list[Term]()
        for term in terms:
            if is_own(term, head, sentence.text, is_mail=self._is_mail):
                own.append(term)
            elif term.event is Event.DATE and not is_of_others(head):  # of an invoice, which this paper may be or not
                own.append(changed(term, doubt=NO_DAY))
        page = max(sentence.pages, default=1)
        if any(term.event is not Event.NAMED for term in own) and self.has_another_paper(page):
            own = [term if term.event is Event.NAMED else changed(term, doubt=SEVERAL) for term in own]
        return Due(tuple(own), due.days)

    def has_another_paper(self, last: int) -> bool:
        """Return whether another paper begins between the first page of a file and its page `last`."""
        is_greeted = self._document.page_kind == "page" or is_greeting(self._page[:HEAD_CHARACTERS])  # else sections
        for number in range(2, last + 1):
            head = self._words(self._document.document, number)[:HEAD_CHARACTERS]
            if is_greeted and is_greeting(head):
                return True
            is_greeted = is_greeted or is_greeting(head)
            days = [mention.readings[0] for mention in find_dates(head, self._own_language) if mention.readings]
            first = next((day for day in days if all(day)), None)
            is_other = first is not None and first != self._document.dated
            if is_other and any(is_title(line) for line in head.splitlines()[:TITLE_LINES]):
                return True
        return False

    def _is_due(self, day: NamedDay, sentence: Sentence, *, is_to_do: bool) -> bool:
        """Return whether something is due by a day; outside of what is to be done, only where the words say so."""
        if sentence in self._document.omitted and not (day.has_time or lays_duty(sentence.text, self._own_language)):
            return False
        is_state = tells_a_state(sentence.text, self._language)
        is_limit, dated = day.role in (Role.BY, Role.BEFORE), self._document.dated
        if day.role is Role.RANGE and not lays_duty(sentence.text, self._own_language):
            return False  # how long something lasts: "closed from 7 to 11 May"
        is_elsewhere = not day.has_time and (sentence.group == KEY_POINTS or not (is_to_do or is_limit))
        if day.last is None or is_elsewhere or (is_state and (sentence.group != TO_DO or day.role is Role.RANGE)):
            return False
        return day.last > date(*dated) if len(dated) == len(day.day) else is_limit or sentence.group == TO_DO

    @cached_property
    def _own_language(self) -> str:
        return detect(self._page[:HEAD_CHARACTERS], LANGUAGES)[0] or self._language

    @property
    def _page(self) -> str:
        return self._words(self._document.document, 1)

    def _known(self, *, is_notice: bool) -> Known:
        language = self._own_language
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
            if len(mention.readings) != 1:  # a weekday or a time of day has none
                continue
            with suppress(ValueError, TypeError):
                day = date(*mention.readings[0])  # type: ignore[arg-type]
                if dated <= day <= dated + MOST_UNDER_WAY and ends_with_receipt(head[: mention.start]):
                    return day
        return None


def _is_told_itself(term: Term, days: Sequence[NamedDay], text: str) -> bool:
    """Return whether the paper itself tells the day on which a term ends: "in two weeks, by 5 May", "5 May (2 weeks)".

    A term that cannot be reckoned says nothing beside such a day.
    """
    named = [day for day in days if day.role is Role.BY]
    if term.event is Event.NAMED:
        return bool(term.doubt and named)
    return any(
        (day.start >= term.end and ";" not in text[term.end : day.start])
        or re.fullmatch(r"\s*\([^()]{0,20}", text[day.end : term.start]) is not None
        for day in named
    )


def reason_words(reason: Reason | None) -> str:
    """Return how a day was reckoned, or why not, in the language that is spoken. Empty: the paper names it."""
    if reason is None:
        return ""
    if reason.before is not None:
        return _before_words(reason.before)
    if reason.reckoned:
        return "\n".join(reckoning_words(reckoned, reason.place) for reckoned in reason.reckoned)
    if reason.doubt:
        return _("Deadline not reckoned: {why}.").format(why=_(reason.doubt))
    if not reason.place:
        return _("Whose law holds is not certain: choose the place.")
    return _("Not reckoned: the day from which it counts, or the rule, is not known.")


def _before_words(day: date) -> str:
    last = day - timedelta(days=1)
    return _("before {day}, so {last} is the last").format(day=_day_in_year(day, last.year), last=date_words(last))


def reckoning_words(reckoned: Reckoning, place: str) -> str:
    """Tell a reckoning in one line: from which day, how long, to which day, by which rules."""
    term, end, day = reckoned.term, reckoned.end, reckoned.day
    begin = _day_in_year(reckoned.begin, end.year)
    as_known = "{day}" if reckoned.is_confirmed else _("{day} (confirm)")  # a template
    if reckoned.posted is not None:
        posted = as_known.format(day=_day_in_year(reckoned.posted, end.year))
        days = ngettext("{n} day", "{n} days", reckoned.supposed_after)
        from_ = _("posted {posted} + {days} = {begin}").format(posted=posted, days=days, begin=begin)
    elif term.event is Event.DATE:
        from_ = _("dated {begin}").format(begin=begin)
    elif term.event is Event.NAMED:
        from_ = begin
    else:
        from_ = _("received {begin}").format(begin=as_known.format(day=begin))
    counted = _("{begin} - {span} = {end}") if term.is_before else _("{begin} + {span} = {end}")  # templates
    words = counted.format(begin=from_, span=_span_words(term), end=date_words(end))
    if day != end:  # moved to a working day
        why = reckoned.holiday or (_("Sunday") if end.weekday() == SUNDAY else _("Saturday"))
        words = _("{reckoned} ({why}), so {day}").format(reckoned=words, why=why, day=date_words(day))
    which = _("third day (before 2025)") if reckoned.supposed_after == 3 else _("fourth day (since 2025)")
    rules = [_(rule).format(which=which) for rule in reckoned.rules]
    if "-" not in place:
        rules.append(_("holidays of the whole country only"))
    return f"{words}; {', '.join(rules)}"


def _span_words(term: Term) -> str:
    n = term.count
    return {
        Unit.DAY: ngettext("{n} day", "{n} days", n), Unit.WEEK: ngettext("{n} week", "{n} weeks", n),
        Unit.MONTH: ngettext("{n} month", "{n} months", n), Unit.YEAR: ngettext("{n} year", "{n} years", n),
    }.get(term.unit) or ngettext("{n} working day", "{n} working days", n)  # fmt: skip


def _day_in_year(day: date, year: int) -> str:
    """Return a day in words, without its year if that is `year`."""
    if day.year != year:
        return date_words(day)
    return _("{day} {month}").format(day=day.day, month=_(MONTHS[day.month - 1]))


def shown_days(deadlines: Sequence[Deadline]) -> Iterator[str]:
    """Yield a line for each deadline that is reckoned, not reckoned or over: its day, what is to be done, and why.

    Where they are of several documents, each names its own.
    """
    is_one = len({deadline.document for deadline in deadlines}) < 2
    lines = (shown_day(deadline, is_one=is_one) for deadline in by_day(deadlines))
    yield from filter(None, lines)


def by_day(deadlines: Sequence[Deadline]) -> list[Deadline]:
    return sorted(deadlines, key=lambda deadline: deadline.day or LAST)


def shown_day(deadline: Deadline, *, is_one: bool) -> str:
    """Return the line of a deadline, or "" where its sentence tells its day, which is not over."""
    if not deadline.words and not is_over(deadline):
        return ""
    day = date_words(date.fromisoformat(deadline.day)) if deadline.day else _("no day")
    day = _("{day} (over)").format(day=day) if is_over(deadline) else day
    name = "" if is_one else " ".join(deadline.name.split())
    told = "; ".join(filter(None, (name, deadline.words)))
    return f"{day}: {' '.join(deadline.text.split())}" + (f" [{told}]" if told else "")


def shown_days_words(deadlines: Sequence[Deadline]) -> str:
    """Return the lines of `shown_days` below their heading, as Markdown; empty if there are none."""
    lines = [f"- {line}" for line in shown_days(deadlines)]
    return "\n".join([f"**{_(phrases.DEADLINES)}**", "", *lines]) if lines else ""
