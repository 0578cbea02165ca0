"""Handing things out: chats and comparisons of the history, and any document of ours, in the forms people use.

Word and HTML are made on a thread of their own, PDF by the printer child; the file is written whole or not at all.
Desk thread; answers come there too.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from slmdesk.core.errors import KnownError
from slmdesk.core.files import is_there, write_atomically
from slmdesk.core.paper import Paper
from slmdesk.core.records import Item
from slmdesk.core.types import Json
from slmdesk.core.wire import to_json
from slmdesk.exports.docx import to_docx
from slmdesk.exports.html import to_html
from slmdesk.exports.markdown import to_markdown
from slmdesk.exports.papers import chat_paper, comparison_paper, summary_paper, summary_sheets
from slmdesk.exports.xlsx import Cell, tables_of, to_xlsx
from slmdesk.services import comparing
from slmdesk.services.chats import ChatService
from slmdesk.services.desk import Desk
from slmdesk.services.facts import Problem
from slmdesk.services.file_thread import OnEnded, on_file_thread
from slmdesk.services.history import HistoryService
from slmdesk.services.printing import PrintService
from slmdesk.services.summaries import KIND as SUMMARY
from slmdesk.services.summaries import SummaryService
from slmdesk.store import Store

SUMMARY_FORMAT = "slmdesk-summary"

PAPER_FORMS: Mapping[str, Callable[[Paper], bytes]] = {
    "docx": to_docx,
    "html": lambda paper: to_html(paper).encode("utf-8"),
    "md": lambda paper: to_markdown(paper).encode("utf-8", "replace"),
    "xlsx": lambda paper: to_xlsx(tables_of(paper)),
}
"""What any document of ours can be made into beside the desk; "pdf" is the printer's.  xlsx: its tables alone."""


class ExportService:
    """Makes and writes exports.  `ended` is called once, on the desk thread."""

    def __init__(
        self,
        desk: Desk,
        store: Store,
        history: HistoryService,
        chats: ChatService,
        summaries: SummaryService,
        printing: PrintService,
    ) -> None:
        self._desk, self._store, self._history, self._chats = desk, store, history, chats
        self._summaries, self._printing = summaries, printing

    def paper(self, id: str) -> Paper:
        """An item of the history as a document.  Raises KnownError `item.unknown`."""
        found = self._history.item(id)
        if found.kind == comparing.KIND:
            return comparison_paper(*comparing.export_parts(found, self._chats.messages(found.id)))
        summary = self._summary(found)
        if summary is not None:
            return summary_paper(found.title, self._with_passages(summary))
        held = self._chats.open(found.id)
        return chat_paper(held.item, held.messages)

    def give(self, id: str, form: str, ended: OnEnded[bytes]) -> None:
        """An item of the history in one of FORMS, as bytes; a finished summary also as "xlsx".

        Raises KnownError `item.unknown`, `request.invalid`.
        """
        found = self._history.item(id)
        summary = self._summary(found)
        if summary is not None and form == "json":
            facts: dict[str, Json] = {"format": SUMMARY_FORMAT, "version": 1, "id": found.id, "title": found.title}
            shape = {**facts, **summary}
            on_file_thread(self._desk, lambda: _json(shape), ended, name="export")
        elif summary is not None and form == "xlsx":
            on_file_thread(self._desk, lambda: to_xlsx(summary_sheets(summary)), ended, name="export")
        elif form == "json" or (form == "md" and summary is None):
            text = self._history.export(found.id, form)
            on_file_thread(self._desk, lambda: text.encode("utf-8", "replace"), ended, name="export")
        else:
            self.give_paper(self.paper(found.id), form, ended)

    def write(self, id: str, form: str, target: Path, ended: OnEnded[int], *, replace: bool = False) -> None:
        """The same into a file; `ended` gets its bytes or a Problem (`file.exists`, `file.unwritable`, `disk.full`)."""
        self.give(id, form, self._to_file(target, ended, replace))

    def give_paper(self, paper: Paper, form: str, ended: OnEnded[bytes]) -> None:
        """A document as "docx", "html", "md", "pdf" or, its tables, "xlsx".  Raises KnownError `request.invalid`."""
        if form == "pdf":
            self._printing.print(paper, ended)
        elif form in PAPER_FORMS:
            make = PAPER_FORMS[form]
            on_file_thread(self._desk, lambda: make(paper), ended, name="export")
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
        on_file_thread(self._desk, lambda: to_xlsx(sheets), self._to_file(target, ended, replace), name="export")

    def _summary(self, found: Item) -> Mapping[str, Json] | None:
        """What a finished summary is, as JSON; None for every other item."""
        if found.kind != SUMMARY:
            return None
        summary = self._summaries.open(found.id).summary
        return None if summary is None else to_json(summary)

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

        def told(sentence: Mapping[str, Any]) -> dict[str, Json]:
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
            {**one, "sentences": [told(each) for each in _objects(one["sentences"])]}
            for one in _objects(summary.get("documents"))
        ]
        return {**summary, "sentences": [told(one) for one in _objects(summary["sentences"])], "documents": documents}

    def _to_file(self, target: Path, ended: OnEnded[int], replace: bool) -> OnEnded[bytes]:
        def made(data: bytes | Problem) -> None:
            if isinstance(data, Problem):
                ended(data)
                return
            on_file_thread(self._desk, lambda: _write(target, data, replace), ended, name="export")

        return made


def _write(target: Path, data: bytes, replace: bool) -> int:
    if is_there(target) and not replace:
        raise KnownError("file.exists", path=str(target))
    write_atomically(target, data)
    return len(data)


def _json(shape: Mapping[str, Json]) -> bytes:
    return (json.dumps(shape, ensure_ascii=False, indent=2) + "\n").encode("utf-8", "replace")


def _objects(value: Json) -> list[Mapping[str, Any]]:
    return [one for one in value if isinstance(one, Mapping)] if isinstance(value, list | tuple) else []
