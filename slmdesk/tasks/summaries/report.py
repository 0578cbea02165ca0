"""The report of a summary: its sentences in their groups, what is due, the passages left out, and what was read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from itertools import groupby
from typing import Any

from slmdesk.base.texts import _, cut
from slmdesk.base.types import page_sign
from slmdesk.documents.types import PageKinds, kind_in
from slmdesk.exports import phrases
from slmdesk.tasks.report import Due, NotRead, Report, Section, Statement
from slmdesk.tasks.summaries.deadlines import Words, by_day, shown_day
from slmdesk.tasks.summaries.order import by_days, marked
from slmdesk.tasks.summaries.plan import TOO_MUCH_TO_DO
from slmdesk.tasks.summaries.types import (
    ALSO,
    PROSE,
    Deadline,
    DocumentSummary,
    Sentence,
    Summary,
    group_words,
    note_words,
    place_words,
    whole_coverage_words,
    writer_words,
)

MOST_TITLE = 60
"""Most letters of what has to be done in the title of an event."""


def report_of(title: str, summary: Summary, deadlines: Sequence[Deadline] = (), words: Words | None = None) -> Report:
    """Return a summary as a report. `words` gives the text of pages, so that its statements have their passages."""
    summary = by_days(summary, deadlines)
    documents, is_one = summary.documents, len(summary.documents) < 2
    statement = partial(statement_of, deadlines, words)
    sections = list[Section]()
    for document in () if is_one else documents:
        sections += _sections(summary, document.sentences, document, document.name, statement)
    only = documents[0] if documents and is_one else None
    sections += _sections(summary, summary.sentences, only, "" if is_one else _(phrases.TOGETHER), statement)
    kinds = {document.document: document.page_kind for document in documents}
    names = ", ".join(document.name for document in documents)
    is_named = not names or names in title  # our own titles name it already
    read = summary.coverage
    missed = read.blocks_total - read.blocks_read
    read_words = whole_coverage_words(summary), phrases.missed_words(missed, read.blocks_total) if missed else ""
    left_out = phrases.left_out_words(summary.left_out) if summary.left_out else ""
    return Report(
        "summary",
        title,
        tuple(sections),
        subtitle="" if is_named else _(phrases.SUMMARY_OF).format(names=names),
        notes=tuple(filter(None, (note_words(summary.note), left_out))), due=tuple(due_of(deadlines, kinds)),
        coverage=read, page_kind=summary.page_kind, coverage_words=" ".join(filter(None, read_words)),
        not_read=tuple(NotRead(other.name, other.reason) for other in summary.not_read),
        documents=tuple((document.document, document.name) for document in documents), language=summary.language,
        model=summary.model if summary.method == "model" else "", writer=writer_words(summary),
        is_draft=summary.is_draft, seconds=summary.seconds,
    )  # fmt: skip


def _sections(
    summary: Summary,
    sentences: Sequence[Sentence],
    document: DocumentSummary | None,
    title: str,
    statement: Callable[[Sentence, str, PageKinds], Statement],
) -> Iterator[Section]:
    """Yield the groups of a document, or (None) of all together. What has no group comes first, below the title.

    The id of a passage that is left out is that of its document and its number, after a space.
    """
    id, page_kind, coverage = "", summary.page_kind, None
    kinds, omitted = summary.page_kinds, tuple[Sentence, ...]()
    if document is not None:
        id, page_kind, coverage = document.document, document.page_kind, document.coverage
        kinds, omitted = page_kind, document.omitted

    def section(name: str, title: str, some: Iterable[Sentence], **more: Any) -> Section:
        statements = (statement(sentence, f"{id} {name}{number}", kinds) for number, sentence in enumerate(some))
        return Section(tuple(statements), title, id=f"{id} {name}", document=id, page_kind=page_kind, **more)

    groups = [(name, list(some)) for name, some in groupby(sentences, key=lambda sentence: sentence.group)]
    lead = groups.pop(0)[1] if groups and not groups[0][0] else []
    if lead or title:
        is_prose = bool(groups) or summary.kind in PROSE
        yield section("lead ", title, lead, level=1, coverage=coverage if title else None, is_prose=is_prose)
    for number, (name, some) in enumerate(groups):
        yield section(f"group {number} ", group_words(name), some)
    if omitted:
        is_folded = TOO_MUCH_TO_DO not in summary.note  # which promises them
        yield section("", _(ALSO), omitted, is_folded=is_folded)


def statement_of(
    deadlines: Sequence[Deadline], words: Words | None, sentence: Sentence, id: str, kinds: PageKinds
) -> Statement:
    return Statement(
        _flat(marked(sentence, deadlines).text), sentence.blocks, place_words(sentence, kinds).strip("[]"),
        _quotes(sentence, words), sentence.flags, id, is_quotation=sentence.quotation, is_supported=sentence.supported,
    )  # fmt: skip


def _quotes(sentence: Sentence, words: Words | None) -> tuple[str, ...]:
    """Return the passages of a sentence. One that it quotes whole is "", and none is given of a page that is gone."""
    if words is None:
        return ()
    quotes = [_flat(words(span.document, span.page)[span.start : span.end]) for span in sentence.blocks]
    own = _flat(sentence.text).strip("“”") if sentence.quotation else ""
    return tuple("" if quote == own else quote for quote in quotes) if all(quotes) else ()


def _flat(text: str) -> str:
    return " ".join(text.split())


def due_of(deadlines: Sequence[Deadline], kinds: PageKinds = "page") -> Iterator[Due]:
    """Yield what is due, in the order of the days. `kinds`: what pages are called, by the ids of the documents."""
    is_one = len({deadline.document for deadline in deadlines}) < 2
    for deadline in by_day(deadlines):
        what = deadline.what or cut(_flat(deadline.text), MOST_TITLE)
        is_named = not deadline.who or what.startswith(deadline.who)
        place = [deadline.name]
        if deadline.blocks:
            place.append(f"{page_sign(kind_in(kinds, deadline.document))} {deadline.blocks[0].page}")
        details = (
            deadline.text,
            _(phrases.AMOUNT).format(amount=deadline.amount) if deadline.amount else "",
            deadline.words,
            _(phrases.SENDER).format(name=deadline.who) if deadline.who else "",
            _(phrases.IN_DOCUMENT).format(name=", ".join(place)),
        )
        yield Due(
            deadline.day, what if is_named else _(phrases.DUE).format(who=deadline.who, what=what),
            "\n".join(filter(None, details)),
            f"{deadline.document} {deadline.text}" + (f" {deadline.part}" if deadline.part else ""),
            deadline.is_confirmed, shown_day(deadline, is_one=is_one),
        )  # fmt: skip
