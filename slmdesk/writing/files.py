"""Opens a document as a text to be written on, and writes such a text as Word, Markdown or plain text."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from slmdesk.base.errors import KnownError
from slmdesk.base.files import is_same_file, is_there, write_atomically
from slmdesk.base.record import Record
from slmdesk.base.types import Json
from slmdesk.children.client import ChildClient
from slmdesk.library.reader_jobs import ask_reader
from slmdesk.library.rewriting import rewritten, units_in
from slmdesk.runtime.file_thread import pending_on_file_thread
from slmdesk.runtime.pending import Pending
from slmdesk.runtime.service import Runtime, Service
from slmdesk.runtime.slices import Slices, in_slices
from slmdesk.text.translation.tagged import Tags, pieces
from slmdesk.text.writing.edits import Edit, applied
from slmdesk.writing.decoding import MOST_BYTES, Decoded, decoded
from slmdesk.writing.documents import DocumentText
from slmdesk.writing.export import TrackedChange, tracked_docx
from slmdesk.writing.types import MOST_TEXT
from slmdesk.writing.word_changes import changes_between

TEXTS = (".txt", ".text", ".md", ".markdown")
DOCUMENTS = (".docx", ".odt")
SUFFIXES = (*DOCUMENTS, *TEXTS)
_NOT_TEXT = frozenset(("alt_text", "chart", "sheet_name", "property"))
"""Kinds of units that do not stand among the paragraphs."""


class OpenedText(Record):
    """A document as a text, with a line feed at each line end."""

    text: str
    path: Path
    how: Decoded | None = None
    """How the bytes of a text file are made again; None: it is another document, of which only the words are here."""
    has_returns: bool = False
    left: tuple[str, ...] = ()
    """What of a document is not in the text: kinds of things, such as `equation`."""

    def encoded(self, text: str) -> bytes:
        """Another text as the bytes of a text file of the same kind; UTF-8 where the document was none."""
        text = text.replace("\n", "\r\n") if self.has_returns else text
        return self.how.encoded(text) if self.how else text.encode("utf-8", "replace")


class WriteRequest(Record):
    """A text to be written to a file, whose suffix says as what."""

    text: str
    target: Path
    changes: Sequence[tuple[Edit, str]] = ()
    """Changes not decided on, in order, tracked in a Word file and in no other; with words, as a comment that says
    these.
    """
    source: OpenedText | None = None


class WrittenWord(Record):
    path: Path
    tracked: int
    lost: int
    """Changes that could not be put there: new paragraphs, and what lies across formatting."""


class WritingFiles(Service):
    """Service thread."""

    def __init__(self, runtime: Runtime, reader: ChildClient) -> None:
        super().__init__(runtime)
        self._reader = reader

    def open(self, path: Path) -> Pending[OpenedText]:
        """Open a document as a text: Word, OpenDocument, Markdown, plain text.

        Ends with a Problem `document.…`, `file.…`, `writing.empty`, `writing.encoding`, `writing.too_long` or
        `writing.unknown_format`.
        """
        kind = path.suffix.lower()
        if kind in TEXTS:
            return pending_on_file_thread(self._service_thread, lambda: _read(path), name="writing")
        return in_slices(self._service_thread, self._opening(path, kind))

    def write(self, request: WriteRequest) -> Pending[Path]:
        """Write a text to a file, which is replaced where there is one; ends with its path.

        Ends with a Problem `file.…` or `disk.full`, `file.is_source` where a document would be replaced by its words.
        """
        return pending_on_file_thread(self._service_thread, lambda: _write(request), name="writing")

    def write_into(self, request: WriteRequest) -> Pending[WrittenWord]:
        """Write a copy of the Word file that the text came from, in which all that differs is a tracked change.

        Changes not decided on are tracked too, except those with words.  Ends with a Problem as `write`, `document.…`,
        or `writing.file_changed` where the file has other words by now.
        """
        return in_slices(self._service_thread, self._writing_into(request))

    def _opening(self, path: Path, kind: str) -> Slices[OpenedText]:
        if kind not in DOCUMENTS:
            raise KnownError("writing.unknown_format", path=path.name, known=" ".join(SUFFIXES))
        found = yield from self._units(_payload(path))
        words, left = yield from _words_in(found)
        return OpenedText(_checked(words), path, left=left)

    def _writing_into(self, request: WriteRequest) -> Slices[WrittenWord]:
        source, target = request.source, request.target
        if source is None or source.path.suffix.lower() != ".docx":
            raise KnownError("request.invalid", what="the text is of no Word file")
        if is_there(target) and is_same_file(source.path, target):
            raise KnownError("file.is_source", path=str(target))
        payload = _payload(source.path)
        found = yield from self._units(payload)
        if (yield from _words_in(found))[0] != source.text:
            raise KnownError("writing.file_changed", path=source.path.name)
        document = DocumentText.of(found)
        sure = [edit for edit, words in request.changes if not words]
        made = changes_between(document, applied(request.text, sure))
        data, refused = yield from rewritten(
            self._service_thread, self._reader, payload, document.answers(made.changes)
        )
        yield pending_on_file_thread(self._service_thread, lambda: write_atomically(target, data), name="writing")
        lost = sum(document.refused(one, refused) for one in made.changes)
        return WrittenWord(target, len(made.changes) - lost, made.lost + lost)

    def _units(self, payload: Mapping[str, Json]) -> Slices[list[Mapping[str, Any]]]:
        found: list[Mapping[str, Any]] = []

        def take(value: Mapping[str, Any]) -> None:
            found.extend(units_in(value.get("found")))

        yield ask_reader(self._service_thread, self._reader, "units", payload, take)
        return found


def _payload(path: Path) -> dict[str, Json]:
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")  # of Word files: text that can have tracked changes
    return {"path": str(path), "password": "", "options": {"tracked": now}}


def _words_in(found: Sequence[Mapping[str, Any]]) -> Slices[tuple[str, tuple[str, ...]]]:
    lines: list[str] = []
    left: dict[str, None] = {}
    for one in found:
        unit = one.get("unit")
        if unit is None:
            left[str(one["left"].get("kind", ""))] = None
        elif unit.get("kind") in _NOT_TEXT:
            left["picture text" if unit["kind"] == "alt_text" else str(unit["kind"])] = None
        else:
            words = pieces(str(unit["text"]), Tags(tuple(unit["paired"]), tuple(unit["lone"])))
            lines.append("".join(each for each in words if isinstance(each, str)))
        yield
    return "\n".join(lines), tuple(left)


def _read(path: Path) -> OpenedText:
    try:
        with path.open("rb") as source:
            data = source.read(MOST_BYTES + 1)
    except FileNotFoundError as err:
        raise KnownError("file.missing", path=str(path)) from err
    except (OSError, ValueError) as err:
        reason = os.strerror(err.errno) if isinstance(err, OSError) and err.errno else "not a file name"
        raise KnownError("file.unreadable", path=str(path), reason=reason) from err
    how = decoded(data, path.name)
    text = how.text.replace("\r\n", "\n").replace("\r", "\n")
    return OpenedText(_checked(text), path, how, has_returns="\r\n" in how.text)


def _checked(text: str) -> str:
    if not text.strip():
        raise KnownError("writing.empty")
    if len(text) > MOST_TEXT:
        raise KnownError("writing.too_long", characters=len(text), most=MOST_TEXT)
    return text


def _write(request: WriteRequest) -> Path:
    target, source = request.target, request.source
    if source is not None and source.how is None and is_there(target) and is_same_file(source.path, target):
        raise KnownError("file.is_source", path=str(target))
    if target.suffix.lower() == ".docx":
        changes = [TrackedChange(one.start, one.end, one.new, note) for one, note in request.changes]
        data = tracked_docx(request.text, changes, title=target.stem)
    else:
        like = source or OpenedText("", target)
        data = like.encoded(request.text)
    write_atomically(target, data)
    return target
