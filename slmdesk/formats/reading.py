"""What a reader is given and yields, opening of documents that cannot block (X7), the functions of each format."""

from __future__ import annotations

import errno
import importlib
import io
import os
import stat
import struct
import threading
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, TypeAlias, cast

from slmdesk.base.documents import MAX_FILE_BYTES, Attachment, Block, BlockKind, Note, Page, PageKind
from slmdesk.base.errors import KnownError, Stopped
from slmdesk.base.record import Record
from slmdesk.base.texts import _

if TYPE_CHECKING:
    from slmdesk.formats.redacting.redactors import Redactor
    from slmdesk.formats.rewriting.rewriters import Rewriter


@dataclass(slots=True, eq=False)
class Reading:
    """A document while it is being read: where its bytes are, what the person said about it, what was found.

    A reader sets `total` as soon as it knows it, adds notes and attachments, and calls `check` between pages.
    """

    path: str
    """For messages, and for libraries that need a path; the file has been checked."""
    data: bytes | None = None
    """The bytes of a document inside another; None: they are in the file."""
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
        """The bytes as a seekable binary file, regular and of at most MAX_FILE_BYTES.  The caller closes it.

        Raises KnownError `document.too_large`, `document.unreadable`, `file.missing`.
        """
        if self.data is not None:
            return BytesIO(self._bytes(MAX_FILE_BYTES))
        return open_file(self.path, limit_bytes=MAX_FILE_BYTES, descriptor=self.descriptor)

    def chunks(self) -> Iterator[bytes]:
        """The bytes piece by piece.  Raises as `open` does."""
        with self.open() as file:
            while chunk := file.read(BLOCK_BYTES):
                yield chunk

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
"""Turns a document into its pages, in turn, so that progress can be shown.

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


# ---- reads the bytes of a document, only from regular files of limited size


MAX_TEXT_BYTES = 20 << 20
"""About 3,000,000 words; as Python text, and again on its way through the pipe, it fits the reader's memory."""
BLOCK_BYTES = 1 << 20

KINDS: Mapping[int, str] = {
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}


def open_file(path: str, *, limit_bytes: int, descriptor: int | None = None) -> BinaryIO:
    """A regular file of at most `limit_bytes`, open for reading.  The caller closes it.

    `descriptor`: the file, opened and kept by the caller: it is read at a position of its own.  Raises KnownError
    `file.missing`, `document.unreadable` or `document.too_large`; the last before reading a byte.
    """
    if descriptor is not None:
        _check(descriptor, path, limit_bytes)
        return cast("BinaryIO", io.BufferedReader(_Placed(descriptor), BLOCK_BYTES))
    descriptor = _opened(path)
    try:
        _check(descriptor, path, limit_bytes)
        return os.fdopen(descriptor, "rb")
    except BaseException:
        os.close(descriptor)
        raise


class _Placed(io.RawIOBase):
    """Reads a descriptor of others at its own position, which they and other readers of it do not move."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor, self._place = descriptor, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def fileno(self) -> int:
        """Of the file, whose own position is another."""
        return self._descriptor

    def readinto(self, space: Any) -> int:
        data = os.pread(self._descriptor, len(space), self._place)
        space[: len(data)] = data
        self._place += len(data)
        return len(data)

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._place}.get(whence)
        place = offset + (os.fstat(self._descriptor).st_size if base is None else base)
        if place < 0:
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
        self._place = place
        return place


def _opened(path: str) -> int:
    try:
        # without O_NONBLOCK, opening a pipe without a writer blocks for ever
        return os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    except (OSError, ValueError) as err:
        raise _unreadable(path, err) from err


def _unreadable(path: str, err: OSError | ValueError) -> KnownError:
    if isinstance(err, FileNotFoundError):
        return KnownError("file.missing", path=path)
    reason = getattr(err, "strerror", None) or "not a file name"
    return KnownError("document.unreadable", path=path, reason=reason)


def _check(descriptor: int, path: str, limit_bytes: int) -> None:
    about = os.fstat(descriptor)
    _refuse_irregular(path, about.st_mode)
    if about.st_size > limit_bytes:
        raise KnownError("document.too_large", path=path, bytes=about.st_size, limit=limit_bytes)


def look_at(path: str) -> None:
    """Raises KnownError `file.missing` or `document.unreadable` for what is not there or no regular file."""
    try:
        mode = Path(path).stat().st_mode
    except (OSError, ValueError) as err:
        raise _unreadable(path, err) from err
    _refuse_irregular(path, mode)


def _refuse_irregular(path: str, mode: int) -> None:
    if not stat.S_ISREG(mode):
        raise KnownError("document.unreadable", path=path, reason=KINDS.get(stat.S_IFMT(mode), "not a file"))


def read_all(file: BinaryIO, path: str, limit_bytes: int) -> bytes:
    """What an open file holds.  Raises KnownError `document.too_large`, or `document.unreadable` when it changes."""
    try:
        before = os.fstat(file.fileno())
        blocks, size = [], 0
        while block := file.read(BLOCK_BYTES):
            blocks.append(block)
            size += len(block)
            if size > limit_bytes:  # it grows meanwhile, or has a wrong size, as files of /proc do
                raise KnownError("document.too_large", path=path, bytes=size, limit=limit_bytes)
        after = os.fstat(file.fileno())
    except OSError as err:
        raise KnownError("document.unreadable", path=path, reason=err.strerror or type(err).__name__) from err
    if (after.st_size, after.st_mtime_ns) != (before.st_size, before.st_mtime_ns):
        raise KnownError("document.unreadable", path=path, reason=_("changed while it was read"))
    return b"".join(blocks)


# ---- pictures of pages, for formats that have them, with the position of a passage on a page


MAX_WIDTH = 4096

Box: TypeAlias = tuple[float, float, float, float]
"""Left, top, right, bottom; 0..1 of the page's width and height."""


class PictureRequest(Record):
    number: int
    """From 1."""
    width: int
    """Pixels; 0: only the boxes are requested."""
    marks: tuple[tuple[int, int], ...] = ()
    """Spans of the page's text as its reader gave it: characters from, up to."""


class Picture(Record):
    png: bytes
    """Empty when only the boxes were requested."""
    width: int
    height: int
    boxes: tuple[tuple[Box, ...], ...] = ()
    """For each mark the boxes of its lines; none where the place is not known."""


# ---- encodes raw pixels as a PNG file (the PNG specification, W3C)


_LEVEL = 3
"""Compression level: pages are mostly white, and a person is waiting."""


def png_of(rgb: bytes, *, width: int, height: int, stride: int) -> bytes:
    """Rows of three bytes a pixel (red, green, blue), each row `stride` bytes after the row before."""
    packer = zlib.compressobj(_LEVEL)
    rows = memoryview(rgb)
    packed = []
    for row in range(height):
        packed.append(packer.compress(b"\0"))  # each row begins with its filter type: none
        packed.append(packer.compress(rows[row * stride : row * stride + width * 3]))
    packed.append(packer.flush())
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = (_chunk(b"IHDR", head), _chunk(b"IDAT", b"".join(packed)), _chunk(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


# ---- what reads, rewrites and redacts each format


_FUNCTIONS = (
    ("docx", "docx:read", "rewriting.docx:rewrite", "redacting.office:redact"),
    ("pptx", "pptx:read", "rewriting.pptx_xlsx:rewrite_pptx", "redacting.office:redact"),
    ("xlsx", "sheets:read_xlsx", "rewriting.pptx_xlsx:rewrite_xlsx", "redacting.office:redact"),
    ("xlsb", "old_sheets:read_xlsb"),
    ("xls", "old_sheets:read_xls"),
    ("odt", "odf:read_odt", "rewriting.odf:rewrite", "redacting.office:redact_opendocument"),
    ("odp", "odf:read_odp", "rewriting.odf:rewrite", "redacting.office:redact_opendocument"),
    ("ods", "odf:read_ods", "rewriting.odf:rewrite", "redacting.office:redact_opendocument"),
    ("pdf", "pdf:read", "rewriting.pdf:rewrite", "redacting.pages:redact"),
    ("eml", "mail:read", "rewriting.hypertext:rewrite_mail", "redacting.mails:redact"),
    ("msg", "msg:read"),
    ("txt", "text:read", "rewriting.text_files:rewrite_plain", "redacting.text:redact"),
    ("code", "text:read_code"),
    ("md", "text:read_markdown", "rewriting.text_files:rewrite_markdown", "redacting.text:redact"),
    ("csv", "sheets:read_separated", "rewriting.text_files:rewrite_separated", "redacting.text:redact"),
    ("html", "hypertext:read_html", "rewriting.hypertext:rewrite", "redacting.text:redact_page"),
    ("mht", "mail:read_archive"),
    ("epub", "hypertext:read_epub", "rewriting.hypertext:rewrite_epub"),
    ("rtf", "rtf:read"),
    ("subtitles", "subtitles:read", "rewriting.text_files:rewrite_subtitles"),
    ("ttml", "subtitles:read_ttml"),
    ("po", "text:read", "rewriting.localization:rewrite_po"),
    ("xliff", "text:read", "rewriting.localization:rewrite_xliff"),
)
"""The id of each format (base.documents), and the functions that read, rewrite and redact it, with their modules."""
READERS = {format_id: functions[0] for format_id, *functions in _FUNCTIONS}
REWRITERS = {format_id: functions[1] for format_id, *functions in _FUNCTIONS if len(functions) > 1}
REDACTORS = {format_id: functions[2] for format_id, *functions in _FUNCTIONS if len(functions) > 2}
ATTACHMENTS: Mapping[str, str] = {"pdf": "pdf_file:attachment", "eml": "mail:attachment", "msg": "msg:attachment"}
"""The same for formats that hold documents: a function (Reading, index) -> (name, bytes)."""


def reader_of(format_id: str) -> Reader:
    """The reader of a format, imported when it is first needed: their libraries are large.  Raises KeyError."""
    reader: Reader = _named(READERS[format_id])
    return reader


def rewriter_of(format_id: str, path: str) -> Rewriter:
    """Raises KnownError `document.no_rewriter`."""
    if format_id not in REWRITERS:
        raise KnownError("document.no_rewriter", path=path, known=" ".join(REWRITERS))
    rewriter: Rewriter = _named(REWRITERS[format_id])
    return rewriter


def redactor_of(format_id: str, path: str) -> Redactor:
    """Raises KnownError `document.no_redactor`."""
    if format_id not in REDACTORS:
        raise KnownError("document.no_redactor", path=path, known=" ".join(REDACTORS))
    redactor: Redactor = _named(REDACTORS[format_id])
    return redactor


def attachment_of(reading: Reading, format_id: str, index: int) -> tuple[str, bytes]:
    """The name and the bytes of a document inside another.  Raises KnownError `request.invalid` for none."""
    if format_id not in ATTACHMENTS:
        raise KnownError("request.invalid", what="attachment")
    name, data = _named(ATTACHMENTS[format_id])(reading, index)
    return name, data


def picture_of(reading: Reading, format_id: str, requested: PictureRequest) -> Picture:
    """A page as it looks.  Raises KnownError `document.no_image` where the format has no such thing."""
    if format_id != "pdf":
        raise KnownError("document.no_image", path=reading.path)
    picture: Picture = _named("pdf:picture")(reading, requested)
    return picture


def _named(place: str) -> Any:
    module, __, name = place.partition(":")
    return getattr(importlib.import_module(f"slmdesk.formats.{module}"), name)
