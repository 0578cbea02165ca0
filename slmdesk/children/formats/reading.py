"""What a reader gets and yields, how document files are opened without blocking (X7), and the table of the functions
that handle each format.
"""

from __future__ import annotations

import errno
import importlib
import io
import os
import stat
import struct
import threading
import zlib
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, TypeAlias, cast

from slmdesk.base.documents import (
    MAX_FILE_BYTES,
    RECOGNISED_BEFORE,
    Attachment,
    Block,
    BlockKind,
    Note,
    Page,
    PageKind,
    PageStatus,
)
from slmdesk.base.einvoices import EInvoice
from slmdesk.base.errors import KnownError, Stopped
from slmdesk.base.record import Record, changed
from slmdesk.base.texts import N_, _

if TYPE_CHECKING:
    from slmdesk.children.formats.redacting.redactors import Redactor
    from slmdesk.children.formats.rewriting.rewriters import Rewriter


MOST_PAGES = 10_000
"""Most slides, sheets, chapters of an e-book, or parts of a mail. A small file can name one of them many times."""
MOST_NAMES = 10
"""Most names in a note. What is beyond is told by "…"."""


@dataclass(slots=True, eq=False)
class Reading:
    """A document while it is being read: where its bytes are, what the user said about it, and what was found in it.

    A reader sets `total` as soon as it knows the number, adds notes and attachments, and calls `check` between pages.
    """

    path: str
    """Path for messages, and for libraries that need one. The file has been checked."""
    data: bytes | None = None
    """The bytes of a document inside another document. None means that the bytes are in the file."""
    descriptor: int | None = None
    """Descriptor of the file if the parent process opened it, since the document-reading process may not open files."""
    password: str = ""
    encoding: str = ""
    """The encoding the user chose. Empty means that it is detected."""
    language: str = ""
    """Language of scanned pages for OCR. Empty means that it is told by each page."""
    recognised: frozenset[int] = frozenset()
    """Numbers of pages that were recognised before, and need not be again."""
    total: int = 0
    """Number of pages the document will have, or 0 as long as it is unknown."""
    page_kind: PageKind = PageKind.PAGE
    sheets: int = 0
    title: str = ""
    author: str = ""
    message_id: str = ""
    references: str = ""
    doubt: str = ""
    notes: list[Note] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    names: dict[str, tuple[str, ...]] = field(default_factory=dict)
    attachments: list[Attachment] = field(default_factory=list)
    einvoices: list[EInvoice] = field(default_factory=list)
    depth: int = 0
    """How many documents it is inside of, as a part of their text."""
    files_inside: list[str] = field(default_factory=list)
    """The names of the files that were read as a part of its text. The outermost document and all inside share it."""
    stop: threading.Event = field(default_factory=threading.Event)
    worked: Callable[[], None] = lambda: None
    """Called by readers now and then while a page takes seconds, to show that the process is alive. Any thread."""

    def index_of(self, number: int, total: int) -> int:
        """Return the index of one of `total` pages. Raises KnownError `document.no_page`."""
        self.total = total
        if not 0 < number <= total:
            raise KnownError("document.no_page", path=self.path, number=number, total=total)
        return number - 1

    def text_bytes(self) -> bytes:
        """Return all bytes of a text document. Raises KnownError `document.too_large` beyond MAX_TEXT_BYTES."""
        return self._bytes(MAX_TEXT_BYTES)

    def all_bytes(self) -> bytes:
        """Return all bytes of any document. Raises KnownError `document.too_large` beyond MAX_FILE_BYTES."""
        return self._bytes(MAX_FILE_BYTES)

    def open(self) -> BinaryIO:
        """Open the document as a seekable binary file of at most MAX_FILE_BYTES. Only regular files are opened. The
        caller closes the file.

        Raises KnownError `document.too_large`, `document.unreadable`, `file.missing`.
        """
        if self.data is not None:
            return BytesIO(self._bytes(MAX_FILE_BYTES))
        return open_file(self.path, limit_bytes=MAX_FILE_BYTES, descriptor=self.descriptor)

    def chunks(self) -> Iterator[bytes]:
        """Yield the bytes piece by piece. Raises what `open` raises."""
        with self.open() as file:
            while chunk := file.read(BLOCK_BYTES):
                yield chunk

    def note(self, note: Note, *, count: int = 0, name: str = "") -> None:
        """Add a note once. `count` is added to how often it applies, `name` to the names of what it is about."""
        if note not in self.notes:
            self.notes.append(note)
        if count:
            self.counts[note] = self.counts.get(note, 0) + count
        names = self.names.get(note, ())
        if name and name not in names and len(names) <= MOST_NAMES:
            self.names[note] = (*names, name if len(names) < MOST_NAMES else "…")

    def inside(self, name: str, data: bytes) -> Reading:
        """Return the reading of a document that stands in the text of this one."""
        return Reading(
            name, data=data, language=self.language, depth=self.depth + 1, files_inside=self.files_inside,
            stop=self.stop, worked=self.worked,
        )  # fmt: skip

    def take_notes(self, inner: Reading) -> None:
        """Note what was noted of a document inside this one."""
        for note in inner.notes:
            self.note(note, count=inner.counts.get(note, 0))
            for name in inner.names.get(note, ()):
                self.note(note, name=name)

    def check_count(self, pages: int, limit: int = 0) -> None:
        """Raises KnownError `document.too_many_pages` beyond `limit`, which is MOST_PAGES if none is given."""
        if pages > (limit or MOST_PAGES):
            raise KnownError("document.too_many_pages", path=self.path, pages=pages, limit=limit or MOST_PAGES)

    def check(self) -> None:
        """Raises Stopped if the job was cancelled."""
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
    """Return the error for a locked document. If a password was given already, the error says that slmdesk cannot use
    it, so that the user is not asked again.
    """
    if reading.password:
        reason = N_("slmdesk cannot open it with its password: save a copy without one in the program it was made with")
        return KnownError("document.unreadable", path=reading.path, reason=reason)
    return KnownError("document.locked", path=reading.path)


def recognised_before(reading: Reading, number: int, label: str) -> Page:
    """Return a page that stands for one of `reading.recognised`. The app puts the page it has in its place."""
    reading.note(Note.OCR_USED)
    return Page(number, label, "", PageStatus.READ, (), RECOGNISED_BEFORE, True)


Reader: TypeAlias = Callable[[Reading], Iterator[Page]]
"""Function that yields the pages of a document one by one, so that progress can be shown.

Raises KnownError document.…; any other exception means that the document is damaged in an unforeseen way.
"""


Link: TypeAlias = tuple[str, str]
"""The words of a link, and where it leads."""
MOST_LINK_CHARACTERS = 2_000


def link_of(words: str, target: str) -> tuple[Link, ...]:
    """Return a link, or nothing if its words say where it leads, or if it leads nowhere."""
    target = "".join(target.split())[:MOST_LINK_CHARACTERS]
    said = "".join(words.split())
    is_address = "." in said and target.removesuffix("/").endswith(said.removesuffix("/"))
    return () if not target or is_address else ((words, target),)


class PageText:
    """Builds the text of a page and its list of blocks. Each added text becomes a block; line ends separate blocks."""

    def __init__(self) -> None:
        self._pieces: list[str] = []
        self._length = 0
        self.blocks: list[Block] = []

    def add(
        self, kind: BlockKind, text: str, *, level: int = 0, place: str = "", links: Sequence[Link] = ()
    ) -> None:  # fmt: skip
        """Add a block, unless the text is only white space."""
        text = text.strip("\n\r")
        if not text.strip():
            return
        if self._pieces:
            self._pieces.append("\n")
            self._length += 1
        self._pieces.append(text)
        self.blocks.append(Block(kind, self._length, self._length + len(text), level, place))
        at = 0
        for words, target in links:
            found = text.find(words, at)
            at = found + len(words) if found >= 0 else len(text)
            self.blocks.append(Block(BlockKind.LINK, self._length + at, self._length + at, place=target))
        self._length += len(text)

    def extend(self, other: PageText) -> int:
        """Add the blocks of another text. Return where they begin."""
        if self._pieces and other._pieces:
            self._pieces.append("\n")
            self._length += 1
        start = self._length
        self._pieces += other._pieces
        self._length += other._length
        self.blocks += [changed(each, start=each.start + start, end=each.end + start) for each in other.blocks]
        return start

    def __len__(self) -> int:
        return self._length

    @property
    def text(self) -> str:
        return "".join(self._pieces)


MAX_TEXT_BYTES = 20 << 20
"""Most bytes of a text document, about 3,000,000 words. The reader's memory holds it as Python text and a second time
on its way through the pipe.
"""
BLOCK_BYTES = 1 << 20

KINDS: Mapping[int, str] = {
    stat.S_IFDIR: N_("a folder"),
    stat.S_IFIFO: N_("a pipe"),
    stat.S_IFSOCK: N_("a socket"),
    stat.S_IFCHR: N_("a device"),
    stat.S_IFBLK: N_("a device"),
}


def open_file(path: str, *, limit_bytes: int, descriptor: int | None = None) -> BinaryIO:
    """Open a regular file of at most `limit_bytes` for reading. The caller closes it.

    If `descriptor` is given, the file it stands for is read with a position of its own, and the descriptor stays the
    caller's. Raises KnownError `file.missing`, `document.unreadable` or, before reading a byte, `document.too_large`.
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
    """File that reads from a shared descriptor at its own position, which other readers do not move."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor, self._place = descriptor, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def fileno(self) -> int:
        """Return the shared descriptor. Its own position differs from the position of this object."""
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
    reason = getattr(err, "strerror", None) or N_("not a file name")
    return KnownError("document.unreadable", path=path, reason=reason)


def _check(descriptor: int, path: str, limit_bytes: int) -> None:
    about = os.fstat(descriptor)
    _refuse_irregular(path, about.st_mode)
    if about.st_size > limit_bytes:
        raise KnownError("document.too_large", path=path, bytes=about.st_size, limit=limit_bytes)


def look_at(path: str) -> None:
    """Check that the path is a regular file. Raises KnownError `file.missing` or `document.unreadable`."""
    try:
        mode = Path(path).stat().st_mode
    except (OSError, ValueError) as err:
        raise _unreadable(path, err) from err
    _refuse_irregular(path, mode)


def _refuse_irregular(path: str, mode: int) -> None:
    if not stat.S_ISREG(mode):
        raise KnownError("document.unreadable", path=path, reason=KINDS.get(stat.S_IFMT(mode), N_("not a file")))


def read_all(file: BinaryIO, path: str, limit_bytes: int) -> bytes:
    """Return an open file's bytes. Raises KnownError `document.too_large`, or `document.unreadable` if it changes."""
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


MAX_WIDTH = 4096

Box: TypeAlias = tuple[float, float, float, float]
"""Left, top, right, bottom as shares 0..1 of the page's width and height."""


class PictureRequest(Record):
    number: int
    """Page number from 1."""
    width: int
    """Width of the picture in pixels. 0 requests only the boxes."""
    marks: tuple[tuple[int, int], ...] = ()
    """Passages in the page's text as its reader gave it, each as (first character, character after the last)."""


class Picture(Record):
    png: bytes
    """The picture as a PNG file, or empty if only the boxes were requested."""
    width: int
    height: int
    boxes: tuple[tuple[Box, ...], ...] = ()
    """For each mark the boxes of its lines, or no boxes if its position is unknown."""


# Encodes raw pixels as a PNG file (the PNG specification, W3C)

_LEVEL = 3
"""Low compression level: pages are mostly white, and a user is waiting."""


def png_of(rgb: bytes, *, width: int, height: int, stride: int) -> bytes:
    """Encode pixels of three bytes (red, green, blue) as a PNG file. Rows begin `stride` bytes apart."""
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
    ("picture", "pictures:read", "", "redacting.pictures:redact"),
    ("recording", "recordings:read"),
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
    ("po", "text:read"),
    ("xliff", "text:read"),
    ("sheetxml", "office_2003:read_sheets"),
    ("wordxml", "office_2003:read_text"),
    ("einvoice", "einvoices:read", "", "redacting.einvoices:redact"),
)
"""For each format its id (base.documents) and the functions that read, rewrite and redact it, as "module:function"."""
READERS = {format_id: functions[0] for format_id, *functions in _FUNCTIONS}
REWRITERS = {format_id: functions[1] for format_id, *functions in _FUNCTIONS if functions[1:] and functions[1]}
REDACTORS = {format_id: functions[2] for format_id, *functions in _FUNCTIONS if len(functions) > 2}
PICTURED: Mapping[str, str] = {"pdf": "pdf:picture", "picture": "pictures:picture"}
"""For each format with pictures of its pages, the function (Reading, PictureRequest) -> Picture that draws one."""
SEARCHABLE: Mapping[str, str] = {"pdf": "pdf:searchable", "picture": "pictures:searchable"}
"""For each format of scans, the function (Reading) -> generator that makes a PDF whose words can be searched."""
ATTACHMENTS: Mapping[str, str] = {
    "pdf": "pdf_file:attachment", "eml": "mail:attachment", "msg": "msg:attachment", "einvoice": "einvoices:attachment",
}  # fmt: skip
"""For each format with attachments, the function (Reading, index) -> (name, bytes) that extracts one."""


def reader_of(format_id: str) -> Reader:
    """Return a format's reader. Its module is imported when first needed: the libraries are large. Raises KeyError."""
    reader: Reader = _named(READERS[format_id])
    return reader


def rewriter_of(format_id: str, path: str) -> Rewriter:
    """Return the function that rewrites a format. Raises KnownError `document.no_rewriter`."""
    if format_id not in REWRITERS:
        raise KnownError("document.no_rewriter", path=path, known=" ".join(REWRITERS))
    rewriter: Rewriter = _named(REWRITERS[format_id])
    return rewriter


def redactor_of(format_id: str, path: str) -> Redactor:
    """Return the function that redacts a format. Raises KnownError `document.no_redactor`."""
    if format_id not in REDACTORS:
        raise KnownError("document.no_redactor", path=path, known=" ".join(REDACTORS))
    redactor: Redactor = _named(REDACTORS[format_id])
    return redactor


def attachment_of(reading: Reading, format_id: str, index: int) -> tuple[str, bytes]:
    """Return the name and the bytes of an attachment. Raises KnownError `request.invalid` if the document has none."""
    if format_id not in ATTACHMENTS:
        raise KnownError("request.invalid", what="attachment")
    name, data = _named(ATTACHMENTS[format_id])(reading, index)
    return name, data


def picture_of(reading: Reading, format_id: str, requested: PictureRequest) -> Picture:
    """Return the picture of a page. Raises KnownError `document.no_image` if the format has no pictures of pages."""
    if format_id not in PICTURED:
        raise KnownError("document.no_image", path=reading.path)
    picture: Picture = _named(PICTURED[format_id])(reading, requested)
    return picture


def searchable_of(reading: Reading, format_id: str) -> Generator[int, None, bytes]:
    """Make a PDF of scans whose words can be searched. Yields after each page. Raises KnownError `document.no_ocr`,
    `document.not_scanned`.
    """
    if not _named("scans:is_available")():
        raise KnownError("document.no_ocr")
    if format_id not in SEARCHABLE:
        raise KnownError("document.not_scanned", path=reading.path)
    making: Generator[int, None, bytes] = _named(SEARCHABLE[format_id])(reading)
    return making


def _named(place: str) -> Any:
    module, __, name = place.partition(":")
    return getattr(importlib.import_module(f"slmdesk.children.formats.{module}"), name)
