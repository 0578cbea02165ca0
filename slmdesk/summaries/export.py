"""Exports a summary with its evidence: the supporting passages and the coverage."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from itertools import takewhile

from slmdesk.base.documents import CALENDAR, Paper, Piece, PieceKind, Run, heading, item, paragraph, small, table
from slmdesk.base.errors import KnownError
from slmdesk.base.protocol import stored_from
from slmdesk.base.record import changed, to_json
from slmdesk.base.records import Item
from slmdesk.base.texts import _, cut, retold
from slmdesk.base.types import page_sign, parts_words
from slmdesk.claims.types import FLAG_WORDS
from slmdesk.exports import phrases
from slmdesk.exports.calendar import event, task, to_calendar
from slmdesk.exports.papers import coverage_pieces, not_read_pieces
from slmdesk.exports.writers import Book, Cell, page_cell
from slmdesk.library.types import Coverage, PageKinds, Span, kind_in, unread_reason
from slmdesk.runtime.service import Make, json_bytes
from slmdesk.store import Store
from slmdesk.summaries.deadlines import Words, deadlines_of, page_words, shown_days
from slmdesk.summaries.order import by_days, marked
from slmdesk.summaries.plan import TOO_MUCH_TO_DO
from slmdesk.summaries.types import (
    ALSO,
    KEPT_OWN,
    PROSE,
    Deadline,
    DocumentSummary,
    Sentence,
    Summary,
    group_words,
    in_own_words,
    more_words,
    note_words,
    place_words,
)

FORMAT = "slmdesk-summary"
MOST_TITLE = 60
"""Most letters of what has to be done in the title of an event."""
Placed = tuple[Sentence, str]
"""A sentence, and the word for the pages of its document (such as "slide")."""


def export_summary(store: Store, item: Item, form: str) -> Make | None:
    summary = stored_from(Summary, store.results.get(item.id))
    if summary is None:
        return None
    if form == "json":
        return lambda: json_bytes(
            {"format": FORMAT, "version": 1, "id": item.id, "title": item.title, **to_json(summary)}
        )
    chosen = in_own_words(summary) if item.settings.get(KEPT_OWN) else summary
    words = page_words(store.pages.of_document)
    records = {document.id: document for document in store.documents.of_item(item.id)}
    deadlines = deadlines_of(chosen, records, words, is_exported=True)
    shown = by_days(chosen, deadlines)
    if form == "xlsx":
        return lambda: Book(summary_sheets(shown), model=model_of(shown))
    if form == CALENDAR.id:
        kinds = {document.document: document.page_kind for document in chosen.documents}
        return lambda: calendar_of(deadlines, kinds)
    passages = _passages_of(shown, words)
    return lambda: summary_paper(item.shown_title, shown, passages, deadlines)


def calendar_of(deadlines: Sequence[Deadline], kinds: PageKinds = "page", today: date | None = None) -> bytes:
    """Return a calendar with what is due by a day, and as tasks what has a deadline without one. `kinds`: what the
    pages of the documents are called.

    Raises KnownError `request.invalid` where nothing is due by a day.
    """
    if not any(deadline.day for deadline in deadlines):
        raise KnownError("request.invalid", what=_("nothing in it is due by a day"))
    return to_calendar(_entry_of(deadline, kinds, today or date.today()) for deadline in deadlines)


def _entry_of(deadline: Deadline, kinds: PageKinds, today: date) -> Sequence[str]:
    what = deadline.what or cut(" ".join(deadline.text.split()), MOST_TITLE)
    is_named = not deadline.who or what.startswith(deadline.who)
    title = what if is_named else _(phrases.DUE).format(who=deadline.who, what=what)
    pages = [f"{page_sign(kind_in(kinds, deadline.document))} {span.page}" for span in deadline.blocks[:1]]
    details = [
        deadline.text,
        _(phrases.AMOUNT).format(amount=deadline.amount) if deadline.amount else "",
        deadline.words,
        _(phrases.SENDER).format(name=deadline.who) if deadline.who else "",
        _(phrases.IN_DOCUMENT).format(name=", ".join([deadline.name, *pages])),
    ]
    told = "\n".join(filter(None, details))
    key = f"{deadline.document} {deadline.text}" + (f" {deadline.part}" if deadline.part else "")
    if not deadline.day:
        return task(title, told, key)
    day = date.fromisoformat(deadline.day)
    return event(day, title, told, key, is_sure=deadline.is_confirmed, has_reminder=day >= today)


def _passages_of(summary: Summary, words: Words) -> Mapping[Span, str]:
    every = (summary.sentences, *(document.sentences for document in summary.documents))
    spans = {span for sentences in every for sentence in sentences for span in sentence.blocks}
    return {span: words(span.document, span.page)[span.start : span.end] for span in spans}


def summary_paper(
    title: str, summary: Summary, passages: Mapping[Span, str], deadlines: Sequence[Deadline] = ()
) -> Paper:
    """Return a summary as a document, with a reference after each sentence and an appendix of passages and coverage."""
    documents = summary.documents
    is_one = len(documents) < 2
    kinds = {document.name: document.page_kind for document in documents}
    sentences = [(sentence, kinds.get(sentence.file, summary.page_kind)) for sentence in summary.sentences]
    every, pieces = list(sentences), list[Piece]()
    for document in () if is_one else documents:
        own = [(sentence, document.page_kind) for sentence in document.sentences]
        every += own
        pieces += [heading(document.name), *_sentences(summary, own, deadlines)]
        pieces.append(small(_coverage(document.coverage, document.page_kind)[0].text))
    pieces += [*([] if is_one else [heading(_(phrases.TOGETHER))]), *_sentences(summary, sentences, deadlines)]
    if lines := list(shown_days(deadlines)):
        pieces += [heading(_(phrases.DEADLINES), 3), *map(item, lines)]
    pieces += [small(words) for words in [note_words(summary.note)] if words]
    if summary.left_out:
        pieces.append(small(phrases.left_out_words(summary.left_out)))
    if TOO_MUCH_TO_DO in summary.note:  # which promises them
        pieces += _omitted(documents)
    elif more := more_words(documents):
        pieces.append(small(more))
    names = {} if is_one else {document.document: document.name for document in documents}
    pieces += [*_marks(every), *_proofs(every, names, passages)]
    pieces += [heading(_(phrases.READ)), *_coverage(summary.coverage, summary.page_kind)]
    pieces += not_read_pieces([(document.name, document.reason) for document in summary.not_read])
    about = ", ".join(document.name for document in documents)
    is_named = not about or about in title  # our own titles name it already
    subtitle = "" if is_named else _(phrases.SUMMARY_OF).format(names=about)
    return Paper(title, tuple(pieces), subtitle, summary.language, model_of(summary))


def _omitted(documents: Sequence[DocumentSummary]) -> Iterator[Piece]:
    yield heading(_(ALSO), 3)
    for document in documents:
        for sentence in document.omitted:
            yield item(*_runs_of(sentence, document.page_kind))


def model_of(summary: Summary) -> str:
    return summary.model if summary.method == "model" else ""


def _sentences(summary: Summary, said: Sequence[Placed], deadlines: Sequence[Deadline]) -> Iterator[Piece]:
    sentences = [(marked(sentence, deadlines), page_kind) for sentence, page_kind in said]
    prose = list(takewhile(lambda placed: not placed[0].group, sentences)) if summary.kind in PROSE else []
    if prose:
        yield paragraph(*(run for sentence in prose for run in (*_runs_of(*sentence), Run(" "))))
    group, has_groups = "", any(sentence.group for sentence, _ in sentences)
    for sentence, page_kind in sentences[len(prose) :]:
        if sentence.group and sentence.group != group:
            group = sentence.group
            yield heading(group_words(group), 3)
        runs = _runs_of(sentence, page_kind)
        yield item(*runs) if group or not has_groups else paragraph(*runs)


def _runs_of(sentence: Sentence, page_kind: str) -> list[Run]:
    runs = [Run(_words(sentence)), _reference(sentence, page_kind)]
    return runs if sentence.supported else [*runs, Run(_(phrases.CHECK_THIS), italic=True)]


def _marks(sentences: Sequence[Placed]) -> list[Piece]:
    rows = tuple(
        (_short(sentence.text), words, place_words(sentence, page_kind).strip(" []"))
        for sentence, page_kind in sentences
        for words in _mark_words(sentence)
    )
    return [heading(_(phrases.TO_CHECK)), table(phrases.told(phrases.MARK_HEAD), rows)] if rows else []


def _mark_words(sentence: Sentence) -> Iterator[str]:
    for mark in sentence.flags:
        words = f"{_(FLAG_WORDS.get(mark.kind, mark.kind))}: {mark.text}".strip(": ")
        yield _(phrases.THERE).format(words=words, detail=mark.detail) if mark.detail else words


def _proofs(sentences: Sequence[Placed], names: Mapping[str, str], passages: Mapping[Span, str]) -> list[Piece]:
    """Return the passages that support each sentence. A quoted whole sentence is skipped, as it was already shown."""
    pieces: list[Piece] = []
    has_whole = False
    for sentence, page_kind in sentences:
        proofs = [(span, " ".join(passages[span].split())) for span in sentence.blocks if passages[span]]
        if sentence.quotation:
            others = [proof for proof in proofs if proof[1] != _words(sentence).strip("“”")]
            has_whole, proofs = has_whole or len(others) < len(proofs), others
        elif proofs:
            pieces.append(small(_short(_words(sentence))))
        for span, words in proofs:
            place = changed(sentence, pages=(span.page,), file=names.get(span.document, ""))
            pieces.append(Piece(PieceKind.QUOTE, (Run(_short(words, 600)), _reference(place, page_kind))))
    if has_whole:
        pieces.insert(0, small(_(phrases.WHOLE_PASSAGE)))
    return [heading(_(phrases.PASSAGES)), *pieces] if pieces else []


def _coverage(coverage: Coverage, page_kind: str) -> list[Piece]:
    unread, rest = [(page.page, unread_reason(page.reason)) for page in coverage.unreadable], ""
    if missed := coverage.blocks_total - coverage.blocks_read:
        rest = phrases.missed_words(missed, coverage.blocks_total)
    parts = [paragraph(parts_words(coverage.parts))] if coverage.parts else []
    return [*coverage_pieces(coverage.pages_read, coverage.pages_total, unread, page_kind, rest), *parts]


def summary_sheets(summary: Summary) -> Mapping[str, Sequence[Sequence[Cell]]]:
    rows: list[Sequence[Cell]] = [phrases.told(phrases.SUMMARY_HEAD)]
    for sentence in summary.sentences:
        pages = page_cell(", ".join(map(str, sentence.pages)))
        supported = _(phrases.YES if sentence.supported else phrases.NO)
        quoted = _(phrases.YES) if sentence.quotation else ""
        rows.append((sentence.text, sentence.file, pages, supported, quoted, "; ".join(_mark_words(sentence))))
    coverage = summary.coverage
    counts = coverage.pages_total, coverage.pages_read, coverage.blocks_total, coverage.blocks_read
    read: list[Sequence[Cell]] = [("", ""), *zip(phrases.told(phrases.COUNTED), counts, strict=True)]
    not_read = [(str(page.page), unread_reason(page.reason)) for page in coverage.unreadable]
    not_read += [(" ".join(document.name.split()), retold(document.reason)) for document in summary.not_read]
    read += [(_(phrases.NOT_READ_NAMED).format(name=name), reason) for name, reason in not_read]
    return {_(phrases.SUMMARY_SHEET): rows, _(phrases.COVERAGE_SHEET): read}


def _words(sentence: Sentence) -> str:
    return " ".join(sentence.text.split())


def _reference(sentence: Sentence, page_kind: str) -> Run:
    place = place_words(sentence, page_kind)
    return Run(f" {place}" if place else "", cite=True)


def _short(text: str, most: int = 160) -> str:
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"
