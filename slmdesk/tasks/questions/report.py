"""The report of questions: a section for each, with its answer, and what was read of each document."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

from slmdesk.base.documents import PageStatus, PieceKind, Run
from slmdesk.base.protocol import picked
from slmdesk.base.record import changed, to_json
from slmdesk.base.records import DocumentRecord, Item, Message, Status
from slmdesk.base.runtime.messages import problem_of
from slmdesk.base.texts import N_, _, in_quotes
from slmdesk.base.types import Json, Role, page_sign
from slmdesk.chat.conversation import active_path, leaf_of
from slmdesk.claims.types import check_words, marks_of
from slmdesk.documents.search import Citation
from slmdesk.documents.types import Coverage, Span, Unread, info_of, unread_parts
from slmdesk.exports import phrases
from slmdesk.exports.markdown import pieces_of
from slmdesk.exports.papers import CUT, attached_lines, chat_shape, models_of, name_of_speaker
from slmdesk.exports.phrases import zoned_moment_words
from slmdesk.history.store import Store
from slmdesk.tasks.questions.prompt import CHECK, Answered
from slmdesk.tasks.questions.types import Conversation, collection_of
from slmdesk.tasks.report import NotRead, Report, Section, Statement

ON_ITS_WAY = N_("The answer is on its way…")
ENDED: Mapping[Status, str] = {
    Status.STREAMING: ON_ITS_WAY,
    Status.CANCELLED: N_("The answer was stopped."),
    Status.INTERRUPTED: N_("The program ended before the answer did."),
    Status.FAILED: N_("There was no answer."),
}
"""What stands in the place of an answer that is not there."""


def read_of(store: Store, document: DocumentRecord) -> Section:
    """Return a folded section that says what was read of a document."""
    pages = store.pages.of_document(document.id, limit=max(1, document.pages), with_text=False)
    unread = tuple(
        Unread(page.number, page.reason or page.status.value, document.id)
        for page in pages
        if page.status is not PageStatus.READ
    )
    coverage = Coverage(len(pages), len(pages) - len(unread), 0, 0, unread, unread_parts(document.info))
    kind = info_of(document).page_kind.value
    return Section((), document.name, 1, document.id, document.id, kind, coverage, is_folded=True)


def not_read(store: Store, item: Item) -> tuple[NotRead, ...]:
    """Return what of the asked folder could not be read. None of a folder that is on the list no more."""
    folder = collection_of(item)
    if folder not in [collection.id for collection in store.collections.all()]:
        return ()
    from slmdesk.documents.folders import skipped_in  # imported late: it brings all that reads folders

    return tuple(NotRead(Path(document.path).name, document.sentence) for document in skipped_in(store, folder))


def shape_of(item: Item, told: Conversation) -> dict[str, Json]:
    """Return questions for programs, as an export has them."""
    states: Json = {id: {**to_json(answer), "state": answer.state} for id, answer in told.answers.items()}
    return {
        **chat_shape(item, told.messages, _path(item, told)),
        "format": "slmdesk-question",
        "documents": [_document_shape(read) for read in told.read],
        "not_read": [to_json(other) for other in told.not_read],
        "answers": states,
    }


def _document_shape(read: Section) -> Json:
    coverage: dict[str, Json] = {}
    if read.coverage:
        reasons: list[Json] = [{"page": page.page, "reason": page.reason} for page in read.coverage.unreadable]
        counts = read.coverage.pages_total, read.coverage.pages_read
        coverage = {"pages_total": counts[0], "pages_read": counts[1], "unreadable": reasons}
        if read.coverage.parts:
            coverage["parts"] = list(read.coverage.parts)
    return {"name": read.title, "page_kind": read.page_kind, "coverage": coverage}


def answer_shape(item: Item, told: Conversation, documents: Sequence[DocumentRecord]) -> dict[str, Json]:
    """Return the newest answer for programs, as the command prints it. Empty where there is none."""
    *_before, message = _path(item, told)
    answered = _answered(told, message)
    if answered is None:
        return {}
    cite = partial(_citation_shape, {document.id: document for document in documents})
    unread: list[Json] = [
        {"file": read.title, "page": page.page, "reason": page.reason}
        for read in told.read
        for page in (read.coverage.unreadable if read.coverage else ())
    ]
    return {
        **picked(answered, "answer", "state", "found", "supported", "dropped", "passages_read", "passages_total"),
        "citations": list(map(cite, answered.citations)),
        "nearest": list(map(cite, answered.nearest)),
        "flags": list(map(to_json, answered.marks)),
        "whole": answered.is_whole,
        "documents_total": answered.documents_total or len(documents),
        "looked_at": [{"file": at.name, "says": at.says} for at in answered.looked_at],
        "quoted_only": answered.is_quoted,
        "item": item.id,
        "message": message.id,
        "model": message.model_name,
        "unread": unread,
    }


def _citation_shape(documents: Mapping[str, DocumentRecord], citation: Citation) -> dict[str, Json]:
    record = documents.get(citation.document)
    shape: dict[str, Json] = {"file": record.name if record else "", "page": citation.page, "quote": citation.quote}
    if record and record.collection:  # in a folder, a name alone is not enough
        shape["path"] = os.fsdecode(record.path)
    return shape


def _path(item: Item, told: Conversation) -> tuple[Message, ...]:
    return active_path(told.messages, leaf_of(item))


# ---- what all reports of questions have


def _report(item: Item, told: Conversation, sections: Sequence[Section]) -> Report:
    names = ", ".join(section.title for section in told.read)
    return Report(
        "question",
        item.shown_title,
        (*sections, *told.read),
        subtitle=_(phrases.QUESTIONS_TO).format(names=names) if names else "",
        not_read=told.not_read,
        documents=tuple((section.document, section.title) for section in told.read),
        model=models_of(_path(item, told)),
    )


def _answered(told: Conversation, message: Message) -> Answered | None:
    """Return the checked answer of a message. None if there is none, or a person has changed the words since."""
    return told.answers.get(message.id) if message.original is None else None


def _notes(answered: Answered) -> Iterator[str]:
    if answered.reading_words:
        yield answered.reading_words
    if answered.documents_words:
        yield answered.documents_words
    if answered.dropped:
        words = _("Left out: {dropped} quotations that stand nowhere in the document.")
        yield words.format(dropped=answered.dropped)


PlaceOf = Callable[[Citation], str]
"""Says where a quotation stands, in words: "p. 3", "lease.pdf, p. 3"."""


def _places(item: Item, told: Conversation) -> PlaceOf:
    """Return what names the places in these documents, and among several, or in a folder, the documents too."""
    read = {section.document: section for section in told.read}
    has_names = len(read) > 1 or collection_of(item) is not None

    def place(citation: Citation) -> str:
        document = read.get(citation.document)
        if document is None:
            return f"{page_sign('page')} {citation.page}"
        page = f"{page_sign(document.page_kind)} {citation.page}"
        return f"{_flat(document.title)}, {page}" if has_names else page

    return place


def _quotations(message: Message, answered: Answered, place: PlaceOf) -> Iterator[Section]:
    """Yield the passages that an answer rests on, and those that come closest."""
    for name, citations in (("", answered.citations), (_("Closest passages:"), answered.nearest)):
        if citations:
            statements = tuple(_quotation(citation, place(citation)) for citation in citations)
            yield Section(statements, name, id=f"{message.id} {name}")


def _quotation(citation: Citation, place: str) -> Statement:
    return Statement(in_quotes(_flat(citation.quote)), (_span(citation),), place, is_quotation=True)


def _span(citation: Citation) -> Span:
    return Span(citation.document, citation.page, citation.start, citation.end)


def _flat(words: str) -> str:
    return " ".join(words.split())


def _runs(markdown: str) -> Iterator[Run]:
    """Yield what a model wrote in the style that it chose."""
    for number, piece in enumerate(pieces_of(markdown)):
        if number:
            yield Run("\n")
        if piece.kind is PieceKind.ITEM:
            yield Run(f"{piece.mark} ")
        yield from piece.runs
        yield Run("\n".join(" | ".join(row) for row in piece.rows))


# ---- of a file


def exported_report(item: Item, told: Conversation) -> Report:
    """Return questions for a file: with the moments, who answered, and all that was written."""
    place, sections = _places(item, told), list[Section]()
    for message in _path(item, told):
        if message.role is Role.USER:
            notes = zoned_moment_words(message.created), *attached_lines(message)
            sections.append(Section((), _flat(message.words), 1, message.id, notes=notes))
        else:
            sections += _exported_answer(message, _answered(told, message), place)
    return _report(item, told, sections)


def _exported_answer(message: Message, answered: Answered | None, place: PlaceOf) -> Iterator[Section]:
    """Yield an answer and its passages. Without a checked answer, what was written of it."""
    by = ", ".join((name_of_speaker(message), zoned_moment_words(message.created)))
    if answered is None:
        cut = f"({_(CUT[message.status])})" if message.status in CUT else ""
        notes = tuple(filter(None, (by, cut, check_words(marks_of(message)))))
        written = Statement(message.words, id=message.id, notes=notes, runs=tuple(_runs(message.words)))
        yield Section((written,), id=message.id, is_prose=True)
        return
    answer = _answer(message, answered)
    yield Section((changed(answer, notes=(by, *answer.notes)),), id=message.id, is_prose=True)
    yield from _quotations(message, answered, place)


def _answer(message: Message, answered: Answered) -> Statement:
    return Statement(
        answered.answer, tuple(map(_span, answered.citations)), marks=answered.marks, id=message.id,
        notes=tuple(_notes(answered)), runs=tuple(_runs(answered.answer)), is_supported=answered.state != CHECK,
    )  # fmt: skip


# ---- of the window


def shown_report(item: Item, told: Conversation) -> Report:
    """Return questions for the window: an answer that is not borne out stands below the passages, so that nobody takes
    it for what the text says.
    """
    place, sections = _places(item, told), list[Section]()
    for message in _path(item, told):
        if message.role is Role.USER:
            sections.append(Section((), _flat(message.words), 1, message.id))
        else:
            sections += map(_cited, _shown_answer(message, _answered(told, message), place))
    return _report(item, told, sections)


def _cited(section: Section) -> Section:
    return changed(section, is_cited=True)


def _shown_answer(message: Message, answered: Answered | None, place: PlaceOf) -> Iterator[Section]:
    if answered is None:
        yield Section((_unchecked(message),), id=message.id, is_prose=True)
        return
    answer = changed(_answer(message, answered), doubt=answered.missing)
    own = Section((answer,), id=message.id, is_prose=True)
    quotations = list(_quotations(message, answered, place))
    if not answered.missing:
        yield from (own, *quotations)
        return
    quoted = in_quotes(_flat(answered.answer))
    for section in quotations:
        yield changed(section, statements=tuple(_doubted(answer, quoted, one) for one in section.statements))
    if quoted not in [statement.text for section in quotations for statement in section.statements]:
        yield own


def _doubted(answer: Statement, quoted: str, quotation: Statement) -> Statement:
    """Return a quotation with the doubts about the answer, if it is all that the answer says."""
    if quotation.text != quoted:
        return quotation
    return changed(quotation, marks=answer.marks, doubt=answer.doubt, is_supported=False)


def _unchecked(message: Message) -> Statement:
    """Return what stands in the place of an answer: words that no check has seen are no answer."""
    if message.status is Status.COMPLETE:
        return Statement(message.words, id=message.id, runs=tuple(_runs(message.words)))
    why = _(ENDED[message.status])
    if message.error_code:
        why = problem_of(message.error_code, message.error_args).sentence
    return Statement("", id=message.id, missing=why, is_open=message.status is Status.STREAMING)
