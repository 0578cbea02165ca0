"""Letters with one sentence that tells a deadline, summarized without a reader: for tests of deadlines."""

from __future__ import annotations

from slmdesk.base.records import DocumentRecord, DocumentStatus
from slmdesk.documents.types import Coverage, Span
from slmdesk.tasks.summaries.deadlines import deadlines_of
from slmdesk.tasks.summaries.types import TO_DO, Deadline, DocumentSummary, Sentence, Summary

ID = "d" * 16
DATED, RECEIVED = (2026, 11, 3), "2026-11-05"
READ = Coverage(1, 1, 1, 1)


def deadlines_in_letter(
    *words: str, place: str = "DE-BY", language: str = "de", who: str = "Stadt Kiel", group: str = TO_DO,
    format: str = "txt", head: str = "", cover: str = "", page_kind: str = "page", dated: tuple[int, ...] = DATED,
) -> list[Deadline]:  # fmt: skip
    """Return the deadlines of a letter of 3 November 2026, received on the 5th, that says these sentences.

    `cover`: the page before it, if it is not the first of its file.
    """
    pages = [cover] if cover else []
    here = len(pages) + 1
    text = f"{who}\n{head}\n\n" + " ".join(words)
    starts = [text.rindex(sentence) for sentence in words]
    sentences = tuple(
        Sentence(sentence, (Span(ID, here, start, start + len(sentence)),), (here,), True, quotation=True, group=group)
        for sentence, start in zip(words, starts, strict=True)
    )
    others = (Sentence("Es geht um ein Formular.", (), (1,), True, quotation=True, group=TO_DO),)
    document = DocumentSummary(ID, f"letter.{format}", page_kind, (*sentences, *others), READ, dated=dated)
    summary = Summary("bullets", language, "quotations", document.sentences, READ, (document,))
    record = DocumentRecord(
        1, ID, b"letter", document.name, "", format, 1, 1, "1", DocumentStatus.READ,
        {"receipt": {"day": RECEIVED, "place": place}}, None, None, {}, 0.0, 0.0, 1,
    )  # fmt: skip
    pages.append(text)
    return deadlines_of(summary, {ID: record}, lambda _document, page: pages[page - 1])
