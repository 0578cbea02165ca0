"""Exports items of the history, and any document of ours, as Word, HTML, PDF, Markdown, spreadsheet or JSON.

Word and HTML are made on a thread of their own, PDF by the printer child; a file is written completely or not at all.
Called on the service thread, as are the callbacks.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from slmdesk.core.documents import PageStatus
from slmdesk.core.errors import KnownError
from slmdesk.core.files import is_there, write_atomically
from slmdesk.core.paper import Paper
from slmdesk.core.records import Item
from slmdesk.core.translation import SegmentRecord
from slmdesk.core.types import Json
from slmdesk.core.wire import to_json
from slmdesk.exports.forms import PAPER_FORMS
from slmdesk.exports.papers import chat_paper, comparison_paper, question_paper, summary_paper, summary_sheets
from slmdesk.exports.tables import table_csv, table_paper, table_sheets
from slmdesk.exports.translations import translation_paper
from slmdesk.exports.xlsx import Cell, to_xlsx
from slmdesk.services.base.events import Problem
from slmdesk.services.base.file_thread import OnEnded, on_file_thread
from slmdesk.services.base.service_thread import ServiceThread
from slmdesk.services.base.slices import in_slices
from slmdesk.services.chat.service import ChatService
from slmdesk.services.documents.folder_types import LeftOut
from slmdesk.services.documents.library import info_of
from slmdesk.services.evaluation import model_comparison
from slmdesk.services.history.pdf import OnProgress, PrintService
from slmdesk.services.history.service import HistoryService
from slmdesk.services.questions.service import KIND as QUESTION
from slmdesk.services.summaries.service import KIND as SUMMARY
from slmdesk.services.summaries.service import SummaryService
from slmdesk.services.tables.service import KIND as EXTRACTION
from slmdesk.services.tables.service import ExtractionService
from slmdesk.services.translation.readout import KIND as TRANSLATION
from slmdesk.services.translation.readout import (
    gathered,
    left_parts,
    segments_of_item,
    translated_rows,
    translation_json,
)
from slmdesk.services.versions.service import KIND as VERSIONS
from slmdesk.store import Store

SUMMARY_FORMAT = "slmdesk-summary"
TABLE_FORMAT = "slmdesk-table"
QUESTION_FORMAT = "slmdesk-question"
VERSIONS_FORMAT = "slmdesk-versions"


class ExportService:
    """Makes and writes exports.  `ended` is called once, on the service thread."""

    def __init__(
        self,
        service_thread: ServiceThread,
        store: Store,
        history: HistoryService,
        chats: ChatService,
        summaries: SummaryService,
        extraction: ExtractionService,
        printing: PrintService,
        unread: Callable[[str], Sequence[LeftOut]],
    ) -> None:
        self._service_thread, self._store, self._history, self._chats = service_thread, store, history, chats
        self._summaries, self._extraction, self._printing = summaries, extraction, printing
        self._unread = unread

    def paper(self, id: str) -> Paper:
        """Return an item of the history as a document.  Raises KnownError `item.unknown`."""
        found = self._history.item(id)
        if found.kind == model_comparison.KIND:
            return comparison_paper(*model_comparison.export_parts(found, self._chats.messages(found.id)))
        summary = self._summary(found)
        if summary is not None:
            return summary_paper(found.title, self._with_passages(summary))
        table = self._table(found)
        if table is not None:
            return table_paper(found.title, table)
        if found.kind == TRANSLATION:
            segments = list(segments_of_item(self._store, found.id))
            return translation_paper(found.title, *translated_rows(segments), left_parts(self._store, found.id))
        held = self._chats.open(found.id)
        if found.kind == QUESTION:
            return question_paper(held.item, held.messages, self._read_of(found), self._not_read_of(found))
        return chat_paper(held.item, held.messages)

    def give(self, id: str, form: str, ended: OnEnded[bytes], *, progressed: OnProgress | None = None) -> None:
        """Export an item in one of FORMS, as bytes; a summary also as "xlsx", a table also as "csv".

        `progressed` gets the pages of a PDF.  Raises KnownError `item.unknown`, `request.invalid`.
        """
        found = self._history.item(id)
        kept = self._store.result(found.id) if found.kind == VERSIONS else None
        if kept is not None:
            self._give_versions(found, kept, form, ended, progressed)
            return
        summary, table = self._summary(found), self._table(found)
        if table is not None and form in ("json", "csv", "xlsx"):
            on_file_thread(self._service_thread, lambda: _table_bytes(found, table, form), ended, name="export")
        elif summary is not None and form == "json":
            info: dict[str, Json] = {"format": SUMMARY_FORMAT, "version": 1, "id": found.id, "title": found.title}
            shape = {**info, **summary}
            on_file_thread(self._service_thread, lambda: _json(shape), ended, name="export")
        elif summary is not None and form == "xlsx":
            on_file_thread(self._service_thread, lambda: to_xlsx(summary_sheets(summary)), ended, name="export")
        elif found.kind == QUESTION and form == "json":
            reported = self._questions_as_json(found)
            on_file_thread(self._service_thread, lambda: _json(reported), ended, name="export")
        elif found.kind == TRANSLATION:
            self._give_translation(found, form, ended, progressed)
        elif form == "json" or (form == "md" and summary is None and table is None and found.kind != QUESTION):
            text = self._history.export(found.id, form)
            on_file_thread(self._service_thread, lambda: text.encode("utf-8", "replace"), ended, name="export")
        else:
            self.give_paper(self.paper(found.id), form, ended, progressed=progressed)

    def _give_versions(
        self, found: Item, kept: Mapping[str, Json], form: str, ended: OnEnded[bytes], progressed: OnProgress | None
    ) -> None:
        """Two versions compared; what takes long is made on a thread of its own."""
        if form not in (*PAPER_FORMS, "json", "pdf"):
            raise KnownError("request.invalid", what=f"no format {form}")

        def make() -> bytes | Paper:
            from slmdesk.exports.versions import versions_paper, versions_sheets
            from slmdesk.services.versions.types import comparison_from, report_of, shape_of

            comparison = comparison_from(kept)
            if comparison is None:
                raise KnownError("item.unknown", id=found.id)
            if form == "json":
                info: dict[str, Json] = {"format": VERSIONS_FORMAT, "version": 1, "id": found.id}
                return _json({**info, **shape_of(comparison)})
            report = report_of(comparison)
            if form == "xlsx":
                return to_xlsx(versions_sheets(report))
            paper = versions_paper(report)
            return paper if form == "pdf" else PAPER_FORMS[form](paper)

        self._make(make, ended, progressed)

    def _give_translation(self, found: Item, form: str, ended: OnEnded[bytes], progressed: OnProgress | None) -> None:
        """Segments are gathered bit by bit, and made into a document beside the service thread."""
        if form not in (*PAPER_FORMS, "json", "pdf"):
            raise KnownError("request.invalid", what=f"no format {form}")

        def come(segments: list[SegmentRecord] | Problem) -> None:
            if isinstance(segments, Problem):
                ended(segments)
                return
            parts = left_parts(self._store, found.id)

            def make() -> bytes | Paper:
                if form == "json":
                    return _json(translation_json(found, segments, parts))
                paper = translation_paper(found.title, *translated_rows(segments), parts)
                return paper if form == "pdf" else PAPER_FORMS[form](paper)

            self._make(make, ended, progressed)

        in_slices(self._service_thread, gathered(self._store, found.id), come)

    def _make(self, make: Callable[[], bytes | Paper], ended: OnEnded[bytes], progressed: OnProgress | None) -> None:
        """Make a document on a thread of its own; a Paper is printed."""

        def made(result: bytes | Paper | Problem) -> None:
            if isinstance(result, Paper):
                self._printing.print(result, ended, progressed)
            else:
                ended(result)

        on_file_thread(self._service_thread, make, made, name="export")

    def write(
        self,
        id: str,
        form: str,
        target: Path,
        ended: OnEnded[int],
        *,
        replace: bool = False,
        progressed: OnProgress | None = None,
    ) -> None:
        """Export an item into a file; `ended` gets its size or a Problem (`file.exists`, `file.unwritable`,
        `disk.full`).
        """
        self.give(id, form, self._to_file(target, ended, replace), progressed=progressed)

    def give_paper(
        self, paper: Paper, form: str, ended: OnEnded[bytes], *, progressed: OnProgress | None = None
    ) -> None:
        """A document as "docx", "html", "md", "pdf" or, its tables, "xlsx".  Raises KnownError `request.invalid`."""
        if form == "pdf":
            self._printing.print(paper, ended, progressed)
        elif form in PAPER_FORMS:
            make = PAPER_FORMS[form]
            on_file_thread(self._service_thread, lambda: make(paper), ended, name="export")
        else:
            raise KnownError("request.invalid", what=f"no format {form}")

    def write_paper(self, paper: Paper, form: str, target: Path, ended: OnEnded[int], *, replace: bool = False) -> None:
        """A document into a file."""
        self.give_paper(paper, form, self._to_file(target, ended, replace))

    def write_sheets(
        self,
        sheets: Mapping[str, Sequence[Sequence[Cell]]],
        target: Path,
        ended: OnEnded[int],
        *,
        replace: bool = False,
    ) -> None:
        """Tables as a spreadsheet, into a file."""
        on_file_thread(
            self._service_thread, lambda: to_xlsx(sheets), self._to_file(target, ended, replace), name="export"
        )

    def _summary(self, found: Item) -> Mapping[str, Json] | None:
        """What a finished summary is, as JSON; None for every other item."""
        if found.kind != SUMMARY:
            return None
        summary = self._summaries.open(found.id).summary
        return None if summary is None else to_json(summary)

    def _table(self, found: Item) -> Mapping[str, Json] | None:
        """A table of documents as JSON, as far as it is; None for every other item."""
        if found.kind != EXTRACTION:
            return None
        table = self._extraction.open(found.id).table
        return None if table is None else to_json(table)

    def _read_of(self, found: Item) -> list[Mapping[str, Json]]:
        """Of each document asked: its name, and what was read of it."""
        reported: list[Mapping[str, Json]] = []
        for one in self._store.documents_of_item(found.id):
            pages = self._store.pages(one.id, limit=max(1, one.pages), with_text=False)
            unread = [page for page in pages if page.status is not PageStatus.READ]
            reasons: list[Json] = [{"page": page.number, "reason": page.reason or page.status.value} for page in unread]
            coverage: Json = {
                "pages_total": len(pages), "pages_read": len(pages) - len(unread), "unreadable": reasons,
            }  # fmt: skip
            reported.append({"name": one.name, "page_kind": info_of(one).page_kind.value, "coverage": coverage})
        return reported

    def _not_read_of(self, found: Item) -> list[Json]:
        """Of a folder that was asked: which documents in it could not be read, and why."""
        folder = found.settings.get("collection")
        if not isinstance(folder, str) or all(one.id != folder for one in self._store.collections()):
            return []
        return [{"name": Path(one.path).name, "reason": one.sentence} for one in self._unread(folder)]

    def _questions_as_json(self, found: Item) -> dict[str, Json]:
        """The questions with their answers, the citations that were verified, and what was read."""
        reported: dict[str, Json] = json.loads(self._history.export(found.id, "json"))
        kept = (self._store.result(found.id) or {}).get("answers")
        documents, missing = list(self._read_of(found)), self._not_read_of(found)
        return {
            **reported,
            "format": QUESTION_FORMAT,
            "documents": documents,
            "not_read": missing,
            "answers": kept or {},
        }

    def _with_passages(self, summary: Mapping[str, Json]) -> Mapping[str, Json]:
        """A summary with the words of the passages it names, where the documents are still here."""
        pages: dict[tuple[str, int], str] = {}
        names = {str(one["document"]): one["name"] for one in _objects(summary.get("documents"))}
        is_one = len(names) < 2

        def words(document: str, number: int) -> str:
            if (document, number) not in pages:
                found = self._store.pages(document, begin=number, limit=1)
                pages[document, number] = found[0].text if found and found[0].number == number else ""
            return pages[document, number]

        def reported(sentence: Mapping[str, Any]) -> dict[str, Json]:
            passages: list[Json] = [
                {
                    "page": span["page"],
                    "file": "" if is_one else names.get(str(span["document"]), ""),
                    "text": words(str(span["document"]), span["page"])[span["start"] : span["end"]],
                }
                for span in sentence["blocks"]
            ]
            return {**sentence, "passages": passages}

        documents: list[Json] = [
            {**one, "sentences": [reported(each) for each in _objects(one["sentences"])]}
            for one in _objects(summary.get("documents"))
        ]
        return {
            **summary,
            "sentences": [reported(one) for one in _objects(summary["sentences"])],
            "documents": documents,
        }

    def _to_file(self, target: Path, ended: OnEnded[int], replace: bool) -> OnEnded[bytes]:
        def made(data: bytes | Problem) -> None:
            if isinstance(data, Problem):
                ended(data)
                return
            on_file_thread(self._service_thread, lambda: _write(target, data, replace), ended, name="export")

        return made


def _write(target: Path, data: bytes, replace: bool) -> int:
    if is_there(target) and not replace:
        raise KnownError("file.exists", path=str(target))
    write_atomically(target, data)
    return len(data)


def _table_bytes(found: Item, table: Mapping[str, Json], form: str) -> bytes:
    if form == "json":
        return _json({"format": TABLE_FORMAT, "version": 1, "id": found.id, "title": found.title, **table})
    return to_xlsx(table_sheets(table)) if form == "xlsx" else table_csv(table)


def _json(shape: Mapping[str, Json]) -> bytes:
    return (json.dumps(shape, ensure_ascii=False, indent=2) + "\n").encode("utf-8", "replace")


def _objects(value: Json) -> list[Mapping[str, Any]]:
    return [one for one in value if isinstance(one, Mapping)] if isinstance(value, list | tuple) else []
