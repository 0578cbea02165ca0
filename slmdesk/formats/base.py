"""The interface of a reader: what it is given, the pages it yields, and its report about the whole document."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from io import BytesIO
from typing import BinaryIO, TypeAlias

from slmdesk.base.documents import Attachment, Block, BlockKind, Note, Page, PageKind
from slmdesk.base.errors import KnownError, Stopped
from slmdesk.base.formats import MAX_FILE_BYTES
from slmdesk.formats.opening import MAX_TEXT_BYTES, open_file, read_all


@dataclass(slots=True, eq=False)
class Reading:
    """One document while it is being read: where its bytes are, what the person said about it, what was found.

    A reader sets `total` as soon as it knows it, adds notes and attachments, and calls `check` between pages.
    """

    path: str
    """For messages, and for libraries that need one; the file has been checked."""
    data: bytes | None = None
    """The bytes of a document inside another one; None: they are in the file."""
    descriptor: int | None = None
    """The file, when the parent process has opened it: the process that reads documents may not open any itself."""
    password: str = ""
    encoding: str = ""
    """Chosen by the person; empty: detected."""
    language: str = ""
    """Language of scanned pages, for OCR; empty: English and what the document declares."""
    total: int = 0
    """How many pages there will be; 0: not known yet."""
    page_kind: PageKind = PageKind.PAGE
    sheets: int = 0
    title: str = ""
    author: str = ""
    doubt: str = ""
    notes: list[Note] = field(default_factory=list)
    attachments: list[Attachment] = field(default_factory=list)
    stop: threading.Event = field(default_factory=threading.Event)
    worked: Callable[[], None] = lambda: None
    """To be called now and then during work that yields no page for seconds, to show that it is alive.  Any thread."""

    def text_bytes(self) -> bytes:
        """All bytes of a document that is text.  Raises KnownError `document.too_large` beyond MAX_TEXT_BYTES."""
        return self._bytes(MAX_TEXT_BYTES)

    def all_bytes(self) -> bytes:
        """All bytes of any document.  Raises KnownError `document.too_large` beyond MAX_FILE_BYTES."""
        return self._bytes(MAX_FILE_BYTES)

    def open(self) -> BinaryIO:
        """The bytes as a seekable binary file, a regular one of at most MAX_FILE_BYTES.  The caller closes it.

        Raises KnownError `document.too_large`, `document.unreadable`, `file.missing`.
        """
        if self.data is not None:
            return BytesIO(self._bytes(MAX_FILE_BYTES))
        return open_file(self.path, limit_bytes=MAX_FILE_BYTES, descriptor=self.descriptor)

    def note(self, note: Note) -> None:
        if note not in self.notes:
            self.notes.append(note)

    def check(self) -> None:
        """Raises Stopped when the job was cancelled."""
        if self.stop.is_set():
            raise Stopped

    def _bytes(self, limit: int) -> bytes:
        if self.data is None:
            with closing(open_file(self.path, limit_bytes=limit, descriptor=self.descriptor)) as file:
                return read_all(file, self.path, limit)
        if len(self.data) > limit:
            raise KnownError("document.too_large", path=self.path, bytes=len(self.data), limit=limit)
        return self.data


def locked(reading: Reading) -> KnownError:
    """The error for a document whose password cannot be used here; the password is not asked for again."""
    if reading.password:
        reason = "slmdesk cannot open it with its password: save a copy without one in the program it was made with"
        return KnownError("document.unreadable", path=reading.path, reason=reason)
    return KnownError("document.locked", path=reading.path)


Reader: TypeAlias = Callable[[Reading], Iterator[Page]]
"""Turns a document into its pages, one by one, so that progress can be shown.

Raises KnownError document.…; anything else it raises means that the document is damaged in an unforeseen way.
"""


class PageText:
    """Builds the text of a page with its blocks: each added piece is a block, separated by a line end."""

    def __init__(self) -> None:
        self._pieces: list[str] = []
        self._length = 0
        self.blocks: list[Block] = []

    def add(self, kind: BlockKind, text: str, *, level: int = 0, place: str = "") -> None:
        """Add a block, unless the text is only white space."""
        text = text.strip("\n\r")
        if not text.strip():
            return
        if self._pieces:
            self._pieces.append("\n")
            self._length += 1
        self._pieces.append(text)
        self.blocks.append(Block(kind, self._length, self._length + len(text), level, place))
        self._length += len(text)

    def __len__(self) -> int:
        return self._length

    @property
    def text(self) -> str:
        return "".join(self._pieces)
