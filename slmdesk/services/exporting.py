"""Handing things out: chats and comparisons of the history, and any document of ours, in the forms people use.

Word and HTML are made on a thread of their own, PDF by the printer child; the file is written whole or not at all.
Desk thread; answers come there too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from slmdesk.core.errors import KnownError
from slmdesk.core.files import is_there, write_atomically
from slmdesk.core.paper import Paper
from slmdesk.exports.docx import to_docx
from slmdesk.exports.html import to_html
from slmdesk.exports.markdown import to_markdown
from slmdesk.exports.papers import chat_paper, comparison_paper
from slmdesk.exports.xlsx import Cell, tables_of, to_xlsx
from slmdesk.services import comparing
from slmdesk.services.chats import ChatService
from slmdesk.services.desk import Desk
from slmdesk.services.facts import Problem
from slmdesk.services.file_thread import OnEnded, on_file_thread
from slmdesk.services.history import HistoryService
from slmdesk.services.printing import PrintService


@dataclass(frozen=True, slots=True)
class Form:
    """A form of export: its id, which is its suffix too, and what a person calls it."""

    id: str
    name: str
    is_text: bool = False


FORMS = (
    Form("docx", "Word document"),
    Form("pdf", "PDF"),
    Form("html", "Web page", is_text=True),
    Form("md", "Markdown", is_text=True),
    Form("json", "JSON, for programs", is_text=True),
)
"""What chats and comparisons can be handed out as."""
PAPER_FORMS: Mapping[str, Callable[[Paper], bytes]] = {
    "docx": to_docx,
    "html": lambda paper: to_html(paper).encode("utf-8"),
    "md": lambda paper: to_markdown(paper).encode("utf-8", "replace"),
    "xlsx": lambda paper: to_xlsx(tables_of(paper)),
}
"""What any document of ours can be made into beside the desk; "pdf" is the printer's.  xlsx: its tables alone."""


def form_of(path: Path, known: Sequence[str] = ("docx", "pdf", "html", "md", "json")) -> str:
    """The form a file name asks for.  Raises KnownError `request.invalid`, which names the known ones."""
    form = path.suffix.casefold().removeprefix(".")
    form = "html" if form == "htm" else form
    if form not in known:
        raise KnownError("request.invalid", what=f"a file of the kind {path.suffix or '?'}; known: {', '.join(known)}")
    return form


class ExportService:
    """Makes and writes exports.  `ended` is called once, on the desk thread."""

    def __init__(self, desk: Desk, history: HistoryService, chats: ChatService, printing: PrintService) -> None:
        self._desk, self._history, self._chats, self._printing = desk, history, chats, printing

    def paper(self, id: str) -> Paper:
        """An item of the history as a document.  Raises KnownError `item.unknown`."""
        found = self._history.item(id)
        if found.kind == comparing.KIND:
            return comparison_paper(*comparing.export_parts(found, self._chats.messages(found.id)))
        held = self._chats.open(found.id)
        return chat_paper(held.item, held.messages)

    def give(self, id: str, form: str, ended: OnEnded[bytes]) -> None:
        """An item of the history in one of FORMS, as bytes.  Raises KnownError `item.unknown`, `request.invalid`."""
        if form in ("md", "json"):
            text = self._history.export(id, form)
            on_file_thread(self._desk, lambda: text.encode("utf-8", "replace"), ended, name="export")
        else:
            self.give_paper(self.paper(id), form, ended)

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
