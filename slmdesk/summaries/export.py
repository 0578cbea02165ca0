"""Exports a summary with its evidence: the supporting passages and the coverage."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from functools import partial
from itertools import takewhile

from slmdesk.base.documents import CALENDAR, Paper, Piece, PieceKind, Run, heading, item, paragraph, small, table
from slmdesk.base.errors import KnownError
from slmdesk.base.protocol import stored_from
from slmdesk.base.record import changed, to_json
from slmdesk.base.records import Item
from slmdesk.base.texts import _, in_english
from slmdesk.exports.calendar import event, to_calendar
from slmdesk.exports.papers import coverage_pieces, not_read_pieces
from slmdesk.exports.writers import Cell, to_xlsx
from slmdesk.library.types import Coverage, Span
from slmdesk.runtime.service import Make, json_bytes
from slmdesk.store import Store
from slmdesk.summaries.deadlines import Words, deadlines_of, page_words, shown_days
from slmdesk.summaries.types import (
    KEPT_OWN,
    PROSE,
    Deadline,
    Sentence,
    Summary,
    in_own_words,
    more_words,
    place_words,
    with_quotes,
    writer_words,
)

FORMAT = "slmdesk-summary"
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
    shown, words = with_quotes(chosen), page_words(store.pages.of_document)
    if form == "xlsx":
        return lambda: to_xlsx(summary_sheets(shown))
    records = {document.id: document for document in store.documents.of_item(item.id)}
    deadlines = in_english(partial(deadlines_of, is_exported=True), chosen, records, words)
    if form == CALENDAR.id:
        return lambda: calendar_of(deadlines)
    passages = _passages_of(shown, words)
    return lambda: summary_paper(item.title, shown, passages, deadlines)


def calendar_of(deadlines: Sequence[Deadline]) -> bytes:
    """Return a calendar with what is due by a day. Raises KnownError `request.invalid` where nothing is."""
    events = []
    for deadline in (entry for entry in deadlines if entry.day):
        details = "\n".join(filter(None, (deadline.name, deadline.words)))
        key = f"{deadline.document} {deadline.text}"
        events.append(
            event(date.fromisoformat(deadline.day), deadline.text, details, key, is_sure=deadline.is_confirmed)
        )
    if not events:
        raise KnownError("request.invalid", what=_("nothing in it is due by a day"))
    return to_calendar(events)


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
        pieces += [heading(document.name), *_sentences(summary, own)]
        pieces.append(small(_coverage(document.coverage, document.page_kind)[0].text))
    pieces += [*([] if is_one else [heading("Together")]), *_sentences(summary, sentences)]
    if reckoned := [deadline for deadline in deadlines if deadline.words]:
        pieces += [heading("Deadlines, reckoned", 3), *(item(words) for words in shown_days(reckoned))]
    pieces += [small(words) for words in (writer_words(summary), summary.note) if words]
    if summary.left_out:
        pieces.append(small(f"Left out, since the text does not support them: {summary.left_out} sentences."))
    if more := more_words(documents):
        pieces.append(small(more))
    names = {} if is_one else {document.document: document.name for document in documents}
    pieces += [*_marks(every), *_proofs(every, names, passages)]
    pieces += [heading("What was read"), *_coverage(summary.coverage, summary.page_kind)]
    pieces += not_read_pieces([(document.name, document.reason) for document in summary.not_read])
    about = ", ".join(document.name for document in documents)
    subtitle = "" if not about or about in title else f"Summary of {about}"  # our own titles name it already
    return Paper(title, tuple(pieces), subtitle, summary.language)


def _sentences(summary: Summary, sentences: Sequence[Placed]) -> Iterator[Piece]:
    prose = list(takewhile(lambda placed: not placed[0].group, sentences)) if summary.kind in PROSE else []
    if prose:
        yield paragraph(*(run for sentence in prose for run in (*_runs_of(*sentence), Run(" "))))
    group, has_groups = "", any(sentence.group for sentence, _ in sentences)
    for sentence, page_kind in sentences[len(prose) :]:
        if sentence.group and sentence.group != group:
            group = sentence.group
            yield heading(group, 3)
        runs = _runs_of(sentence, page_kind)
        yield item(*runs) if group or not has_groups else paragraph(*runs)


def _runs_of(sentence: Sentence, page_kind: str) -> list[Run]:
    runs = [Run(_words(sentence)), _reference(sentence, page_kind)]
    return runs if sentence.supported else [*runs, Run(" (check this)", italic=True)]


def _marks(sentences: Sequence[Placed]) -> list[Piece]:
    rows = tuple(
        (_short(sentence.text), words, place_words(sentence, page_kind).strip(" []"))
        for sentence, page_kind in sentences
        for words in _mark_words(sentence)
    )
    return [heading("To check"), table(("Sentence", "Not in its passage", "Where"), rows)] if rows else []


def _mark_words(sentence: Sentence) -> Iterator[str]:
    for mark in sentence.flags:
        words = f"{mark.kind}: {mark.text}".strip(": ")
        yield f"{words} (there: {mark.detail})" if mark.detail else words


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
        pieces.insert(0, small("Where a quotation above is the whole passage, it is not given once more."))
    return [heading("Passages"), *pieces] if pieces else []


def _coverage(coverage: Coverage, page_kind: str) -> list[Piece]:
    unread, rest = [(page.page, page.reason) for page in coverage.unreadable], ""
    if missed := coverage.blocks_total - coverage.blocks_read:
        rest = f"; {missed} of {coverage.blocks_total} paragraphs in them {'was' if missed == 1 else 'were'} not read"
    if coverage.parts:
        rest += f"; not read in it: {', '.join(coverage.parts)}"
    return coverage_pieces(coverage.pages_read, coverage.pages_total, unread, page_kind, rest)


def summary_sheets(summary: Summary) -> Mapping[str, Sequence[Sequence[Cell]]]:
    rows: list[Sequence[Cell]] = [("Sentence", "File", "Pages", "Found in the document", "Quotation", "To check")]
    for sentence in summary.sentences:
        pages, marks = ", ".join(map(str, sentence.pages)), "; ".join(_mark_words(sentence))
        supported, quoted = "yes" if sentence.supported else "no", "yes" if sentence.quotation else ""
        rows.append((sentence.text, sentence.file, pages, supported, quoted, marks))
    coverage = summary.coverage
    read: list[Sequence[Cell]] = [("", ""), ("pages total", coverage.pages_total), ("pages read", coverage.pages_read)]
    read += [("blocks total", coverage.blocks_total), ("blocks read", coverage.blocks_read)]
    read += [(f"not read: {page.page}", page.reason) for page in coverage.unreadable]
    read += [(f"not read: {' '.join(document.name.split())}", document.reason) for document in summary.not_read]
    return {"Summary": rows, "Coverage": read}


def _words(sentence: Sentence) -> str:
    return " ".join(sentence.text.split())


def _reference(sentence: Sentence, page_kind: str) -> Run:
    place = place_words(sentence, page_kind)
    return Run(f" {place}" if place else "", cite=True)


def _short(text: str, most: int = 160) -> str:
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"
