"""The report of questions: a section for each, with its answer, and what was read of each document."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from slmdesk.base.documents import PageStatus, PieceKind, Run
from slmdesk.base.protocol import stored_dict
from slmdesk.base.record import to_json
from slmdesk.base.records import DocumentRecord, Item, Message
from slmdesk.base.texts import _, in_quotes
from slmdesk.base.types import Json, Role, page_sign
from slmdesk.chat.service import ChatService
from slmdesk.claims.types import check_words, marks_of
from slmdesk.exports import phrases
from slmdesk.exports.markdown import pieces_of
from slmdesk.exports.papers import CUT, attached_lines, chat_shape, models_of, name_of_speaker
from slmdesk.exports.phrases import moment_words
from slmdesk.library.search import Citation
from slmdesk.library.types import Coverage, SkippedDocument, Span, Unread, info_of, unread_parts
from slmdesk.questions.prompt import CHECK, Answered
from slmdesk.runtime.service import Make
from slmdesk.store import Store
from slmdesk.tasks.export import maker
from slmdesk.tasks.report import NotRead, Report, Section, Statement


def export_question(
    store: Store, chats: ChatService, unread: Callable[[str], Sequence[SkippedDocument]], item: Item, form: str
) -> Make:
    """Return the function that makes an export of questions. Service thread."""
    held = chats.open(item.id)
    answers = stored_dict(Answered, (store.results.get(item.id) or {}).get("answers"))
    read = [_read(store, document) for document in store.documents.of_item(item.id)]
    not_read = _not_read(store, unread, item)
    states: Json = {id: {**to_json(answer), "state": answer.state} for id, answer in answers.items()}
    skipped: list[Json] = [to_json(other) for other in not_read]
    about = {"documents": list(map(_shape, read)), "not_read": skipped, "answers": states}
    chat = chat_shape(held.item, chats.messages(item.id), held.messages)
    return maker(
        form,
        lambda: report_of(held.item.shown_title, held.messages, answers, read, not_read),
        lambda: {**chat, "format": "slmdesk-question", **about},
    )


def _read(store: Store, document: DocumentRecord) -> Section:
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


def _shape(read: Section) -> Json:
    coverage: dict[str, Json] = {}
    if read.coverage:
        reasons: list[Json] = [{"page": page.page, "reason": page.reason} for page in read.coverage.unreadable]
        counts = read.coverage.pages_total, read.coverage.pages_read
        coverage = {"pages_total": counts[0], "pages_read": counts[1], "unreadable": reasons}
        if read.coverage.parts:
            coverage["parts"] = list(read.coverage.parts)
    return {"name": read.title, "page_kind": read.page_kind, "coverage": coverage}


def _not_read(store: Store, unread: Callable[[str], Sequence[SkippedDocument]], item: Item) -> tuple[NotRead, ...]:
    folder = item.settings.get("collection")
    if not isinstance(folder, str) or all(collection.id != folder for collection in store.collections.all()):
        return ()
    return tuple(NotRead(Path(document.path).name, document.sentence) for document in unread(folder))


def report_of(
    title: str,
    messages: Sequence[Message],
    answers: Mapping[str, Answered],
    read: Sequence[Section] = (),
    not_read: tuple[NotRead, ...] = (),
) -> Report:
    """Return questions as a report. `answers` are the checked ones, by their messages; `read` what was read of each
    document.
    """
    names = ", ".join(section.title for section in read)
    sections = list[Section]()
    for message in messages:
        if message.role is Role.USER:
            notes = moment_words(message.created), *attached_lines(message)
            sections.append(Section((), " ".join(message.words.split()), 1, message.id, notes=notes))
        else:
            sections += _answer(message, answers.get(message.id), {section.document: section for section in read})
    return Report(
        "question",
        title,
        (*sections, *read),
        subtitle=_(phrases.QUESTIONS_TO).format(names=names) if names else "",
        not_read=not_read, documents=tuple((section.document, section.title) for section in read),
        model=models_of(messages),
    )  # fmt: skip


def _answer(message: Message, answered: Answered | None, read: Mapping[str, Section]) -> Iterator[Section]:
    """Yield an answer, and the passages it rests on, or else those that come closest. Without a checked answer, what
    was written of it.
    """
    by = ", ".join((name_of_speaker(message), moment_words(message.created)))
    if answered is None or message.original is not None:
        cut = f"({_(CUT[message.status])})" if message.status in CUT else ""
        notes = tuple(filter(None, (by, cut, check_words(marks_of(message)))))
        written = Statement(message.words, id=message.id, notes=notes, runs=tuple(_runs(message.words)))
        yield Section((written,), id=message.id, is_prose=True)
        return
    left_out = _("Left out: {dropped} quotations that stand nowhere in the document.").format(dropped=answered.dropped)
    notes = by, answered.reading_words, answered.documents_words, left_out if answered.dropped else ""
    answer = Statement(
        answered.answer, tuple(map(_span, answered.citations)), marks=answered.marks, id=message.id,
        notes=tuple(filter(None, notes)), runs=tuple(_runs(answered.answer)), is_supported=answered.state != CHECK,
    )  # fmt: skip
    yield Section((answer,), id=message.id, is_prose=True)
    for name, citations in (("", answered.citations), (_("Closest passages:"), answered.nearest)):
        if citations:
            statements = tuple(_quotation(citation, read) for citation in citations)
            yield Section(statements, name, id=f"{message.id} {name}")


def _runs(markdown: str) -> Iterator[Run]:
    """Yield what a model wrote in the style that it chose."""
    for number, piece in enumerate(pieces_of(markdown)):
        if number:
            yield Run("\n")
        if piece.kind is PieceKind.ITEM:
            yield Run(f"{piece.mark} ")
        yield from piece.runs
        yield Run("\n".join(" | ".join(row) for row in piece.rows))


def _quotation(citation: Citation, read: Mapping[str, Section]) -> Statement:
    document, page = read.get(citation.document), page_sign("page")
    if document is not None:
        page = page_sign(document.page_kind)
    name = document.title if document is not None and len(read) > 1 else ""
    place = ", ".join(filter(None, (" ".join(name.split()), f"{page} {citation.page}")))
    quote = in_quotes(" ".join(citation.quote.split()))
    return Statement(quote, (_span(citation),), place, is_quotation=True)


def _span(citation: Citation) -> Span:
    return Span(citation.document, citation.page, citation.start, citation.end)
