"""The report of a summary as the window shows it: what is due by its day, what is left out, what can be done to it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from slmdesk.base.record import changed
from slmdesk.base.texts import _
from slmdesk.claims.deadlines.finding import due_day
from slmdesk.tasks.report import Report, Section, Statement, Value
from slmdesk.tasks.shape import Growth
from slmdesk.tasks.summaries.order import LAST, by_days
from slmdesk.tasks.summaries.plan import TOO_WEAK
from slmdesk.tasks.summaries.report import due_of, report_of
from slmdesk.tasks.summaries.types import (
    ADD,
    KEPT_OWN,
    RECEIVE,
    TO_DO,
    Deadline,
    Summary,
    group_words,
    in_own_words,
    is_written,
    note_words,
)

WRITING = _("The model is writing. Until then: the document's own words.")
OWN_WORDS = _("In the document's own words")
MOST_UNFOLDED = 12
"""Most passages left out that are shown without a click, where what has to be done fills the summary alone."""


def shown_report(
    title: str, summary: Summary, deadlines: Sequence[Deadline] = (), *, in_own: bool = False, trouble: str = ""
) -> Report:
    """Return what a summary says. `in_own`: in the document's own words. `trouble`: why no deadlines are known."""
    shown = by_days(in_own_words(summary) if in_own else summary, deadlines)
    report = report_of(title, shown)
    writer, notes = report.writer, report.notes
    if summary.is_draft:
        writer, notes = note_words(summary.note), ()
    if in_own:
        writer = OWN_WORDS
    days = _Days(shown, deadlines, "" if in_own else summary.language)
    read = summary.coverage
    return changed(
        report,
        sections=tuple(_sections(report, days, can_add=not in_own)),
        due=tuple(due_of(deadlines)),
        notes=(*notes, trouble) if trouble else notes,
        writer=writer,
        is_all_read=read.pages_read == read.pages_total and not (summary.not_read or read.parts),
        is_too_weak=TOO_WEAK.partition("}")[2] in summary.note,
        switches=((KEPT_OWN, in_own),) if is_written(summary.documents) else (),
    )


def _sections(report: Report, days: _Days, *, can_add: bool) -> Iterator[Section]:
    """Yield the sections of all documents together before those of each, and those that are left out at the end."""
    names = dict(report.documents) if len(report.documents) > 1 else {}
    joint = [section for section in report.sections if not section.document]
    said = {statement.text for section in joint for statement in section.statements}
    left_out = [section for section in report.sections if section.id == f"{section.document} "]
    count = sum(len(section.statements) for section in left_out)
    for section in (*joint, *(section for section in report.sections if section.document)):
        if section not in left_out:
            yield changed(section, statements=tuple(days.dated(section, said if section.document else ())))
    for section in left_out:
        passages = section.statements
        if can_add:
            passages = tuple(changed(passage, actions=(ADD,)) for passage in passages)
        is_folded = section.is_folded or count > MOST_UNFOLDED
        title = names.get(section.document, "" if is_folded else section.title)
        yield changed(section, title=title, statements=passages, is_folded=is_folded)


class _Days:
    """The days by which is to be done what the sentences of a summary say."""

    def __init__(self, summary: Summary, deadlines: Sequence[Deadline], language: str) -> None:
        """`language`: of the sentences, if it is known."""
        self._deadlines, self._language = deadlines, language
        self._dated = {document.document: document.dated for document in summary.documents}

    def dated(self, section: Section, said: Collection[str]) -> Iterator[Statement]:
        """Yield the statements of a section with their days. What was `said` of all documents is not said again."""
        is_to_do = section.title.endswith(group_words(TO_DO))
        for statement in section.statements:
            if statement.text not in said or section.title:
                yield self._with_day(statement, is_to_do=is_to_do)

    def _with_day(self, statement: Statement, *, is_to_do: bool) -> Statement:
        """Return a statement with how its deadlines are reckoned, and a way to say when its document was received.

        One that `is_to_do` has the first of its days as its value.
        """
        own = [one for one in self._deadlines if one.blocks == statement.sources and one.text in statement.text]
        own.sort(key=lambda deadline: deadline.day or LAST)
        notes = tuple(deadline.words for deadline in own if deadline.words)
        if is_to_do:
            day = own[0].day if own else self._day_in(statement)
            statement = changed(statement, value=Value(date=day) if day else None)
        for deadline in own:
            if deadline.words and (deadline.received or not deadline.day):  # not a day that the document names
                document = deadline.blocks[0].document
                filled = (("document", document), ("day", deadline.received), ("place", deadline.place))
                statement = changed(statement, actions=(RECEIVE,), filled=filled)
        return changed(statement, notes=notes)

    def _day_in(self, statement: Statement) -> str:
        """Return the first whole date of a duty, or "". The year may be missing."""
        document = statement.sources[0].document if statement.sources else ""
        found = due_day(statement.text, self._language, self._dated.get(document, ()))
        if not found:
            return ""
        year, month, day = found
        return f"{year or '-'}-{month or 1:02}-{day or 1:02}"


def grown_report(report: Report, growth: Growth) -> Report:
    """Return the report of a summary that is being made, with its newest sentences.

    Where they are all, they are what the rules chose, to be used until the model's text takes their place.
    """
    sections = list(() if growth.is_whole else report.sections)
    for made in growth.sections:
        if sections and sections[-1].title == made.title:
            sections[-1] = changed(sections[-1], statements=(*sections[-1].statements, *made.statements))
        else:
            sections.append(made)
    is_own = growth.is_whole or (report.writer == WRITING and report.sections != ())
    writer, lead = "", growth.lead
    if is_own:
        writer, lead = WRITING, ""
    return changed(report, sections=tuple(sections), lead=lead, writer=writer, notes=(), is_draft=True)
