"""Documents and chats as the reader child hands them over, their formats, and `Paper`, an export unwritten."""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum
from pathlib import PurePath

from slmdesk.base.errors import KnownError
from slmdesk.base.record import Number, Record
from slmdesk.base.texts import _

READER_VERSION = "4"
"""Changes whenever a reader gives other pages for the same bytes: what was read before is read again."""


class BlockKind(StrEnum):
    HEADING = "heading"
    PARAGRAPH = "paragraph"
    LIST_ITEM = "list_item"
    TABLE_ROW = "table_row"
    """Cells parted by tabs."""
    CODE = "code"
    QUOTE = "quote"
    CAPTION = "caption"
    FOOTNOTE = "footnote"
    COMMENT = "comment"
    NOTE = "note"
    """A speaker's."""
    HEADER = "header"
    """Repeated on many pages: kept apart, and no part of what is summarized."""
    FOOTER = "footer"


ASIDE = frozenset({BlockKind.HEADER, BlockKind.FOOTER})
"""Blocks that are shown, but not given to a model."""


class PageStatus(StrEnum):
    READ = "read"
    EMPTY = "empty"
    SCANNED = "scanned"
    LOCKED = "locked"
    BROKEN = "broken"


class PageKind(StrEnum):
    PAGE = "page"
    SLIDE = "slide"
    SHEET = "sheet"
    SECTION = "section"
    CHAPTER = "chapter"
    PART = "part"
    """Of a mail: its text, its attachments; of subtitles: a stretch of time; of a sheet that is too long: rows."""


class Note(StrEnum):
    MACROS_IGNORED = "macros_ignored"
    CHANGES_ACCEPTED = "changes_accepted"
    HIDDEN_TEXT = "hidden_text"
    """Words that are not to be seen in the document (invisible, white, hidden cells or slides) are read too."""
    EXTERNAL_IGNORED = "external_ignored"
    OTHER_FORMAT = "other_format"
    ENCODING_GUESSED = "encoding_guessed"
    PARTLY_DAMAGED = "partly_damaged"
    OCR_USED = "ocr_used"
    OCR_MISSING = "ocr_missing"
    HEADERS_APART = "headers_apart"
    IMAGES_IGNORED = "images_ignored"
    UNTIMED = "untimed"


class Block(Record):
    """A part of a page: characters `start` up to, not including, `end` of its text."""

    kind: BlockKind
    start: int
    end: int
    level: int = 0
    """Of headings, 1 the highest; of list items, 1 the outermost; of table rows, 1 names the columns; 0: not known."""
    place: str = ""
    """Where it stands, if people have a name for that: a cell range (B2:D2), a comment's author, a time."""


class Page(Record):
    """Numbers begin with 1."""

    number: int
    label: str
    """What people call it: the number printed on it, a section's heading, a sheet's name."""
    text: str
    status: PageStatus
    blocks: tuple[Block, ...]
    reason: str = ""
    has_image: bool = False
    """It can be pictured (job `page_image`)."""


class Attachment(Record):
    index: int
    """From 0: how it is asked for."""
    name: str
    """As it calls itself: a label, never a path."""
    bytes: int
    format: str
    """An id of core.formats, empty where no reader knows it."""


def attachment_line(attachment: Attachment) -> str:
    return f"{attachment.name} ({attachment.bytes} bytes)"


class DocumentInfo(Record):
    format: str
    pages: int
    page_kind: PageKind = PageKind.PAGE
    title: str = ""
    author: str = ""
    encoding: str = ""
    doubt: str = ""
    """Why that is a guess, if it is a guess."""
    notes: tuple[Note, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    sheets: int = 0
    """How many sheets there are, where a sheet is parted into several pages; else 0."""


def page_of(
    number: int,
    label: str,
    text: str,
    blocks: tuple[Block, ...] | list[Block],
    *,
    status: PageStatus | None = None,
    reason: str = "",
    has_image: bool = False,
) -> Page:
    found = status or (PageStatus.READ if blocks else PageStatus.EMPTY)
    why = reason or ("" if found is PageStatus.READ else found.value)
    return Page(number, label, text, found, tuple(blocks), why, has_image)


# ---- the document formats slmdesk knows, as data for dialogs, the command line and the registry of readers


MAX_FILE_BYTES = 1 << 30
"""Of a document; larger ones are refused before a byte is read, its checksum's too (X7)."""


class Format(Record):
    id: str
    name: str
    suffixes: tuple[str, ...]
    translated_suffix: str = ""
    """Of a translation of it, where that is a file of another format; empty: it keeps its own."""


FORMATS = (
    Format("pdf", "PDF", (".pdf",), translated_suffix=".docx"),
    Format("txt", _("Plain text"), (".txt", ".text", ".log")),
    Format("md", _("Markdown"), (".md", ".markdown")),
    Format("docx", _("Word"), (".docx", ".docm", ".dotx", ".dotm")),
    Format("pptx", _("PowerPoint"), (".pptx", ".pptm", ".ppsx", ".ppsm", ".potx", ".potm")),
    Format("xlsx", _("Excel"), (".xlsx", ".xlsm", ".xltx", ".xltm")),
    Format("xlsb", _("Excel, binary"), (".xlsb",)),
    Format("xls", _("Excel before 2007"), (".xls", ".xlt")),
    Format("csv", _("Table as text"), (".csv", ".tsv", ".tab")),
    Format("odt", _("OpenDocument text"), (".odt", ".ott")),
    Format("odp", _("OpenDocument presentation"), (".odp", ".otp")),
    Format("ods", _("OpenDocument spreadsheet"), (".ods", ".ots")),
    Format("html", _("Web page"), (".html", ".htm", ".xhtml", ".xht")),
    Format("mht", _("Web archive"), (".mht", ".mhtml")),
    Format("epub", _("E-book"), (".epub",)),
    Format("rtf", _("Rich text"), (".rtf",)),
    Format("eml", _("Mail"), (".eml",)),
    Format("msg", _("Outlook mail"), (".msg",)),
    Format("subtitles", _("Subtitles"), (".srt", ".vtt", ".ass", ".ssa")),
    Format("ttml", _("Timed text"), (".ttml", ".dfxp")),
    Format("po", _("Texts of a program (PO)"), (".po", ".pot")),
    Format("xliff", _("Texts of a program (XLIFF)"), (".xlf", ".xliff")),
    Format(
        "code",
        _("Source code"),
        (
            ".py", ".js", ".ts", ".java", ".c", ".h", ".cpp", ".hpp", ".cs", ".go", ".rs", ".rb", ".php", ".swift",
            ".kt", ".sql", ".sh", ".ps1", ".r", ".lua", ".pl", ".css", ".json", ".toml", ".yaml", ".yml", ".ini",
            ".cfg", ".xml", ".tex", ".rst",
        ),
    ),
)  # fmt: skip
TRANSLATABLE = frozenset(
    ("docx", "pptx", "xlsx", "odt", "odp", "ods", "txt", "md", "html", "epub", "subtitles", "csv", "po", "xliff", "eml",
     "pdf")
)  # fmt: skip


def format_named(id: str) -> Format:
    """The format with this id.  Raises KnownError `document.unknown_format`."""
    found = next((known for known in FORMATS if known.id == id), None)
    if found is None:
        raise KnownError("document.unknown_format", suffix=id[:40], known=" ".join(known.id for known in FORMATS))
    return found


def format_of(path: PurePath) -> Format:
    """The format for a file name.  Raises KnownError `document.unknown_format`, which lists the known suffixes."""
    suffix = path.suffix.lower()
    found = next((known for known in FORMATS if suffix in known.suffixes), None)
    if found is None:
        known_suffixes = " ".join(suffix for known in FORMATS if known.id != "code" for suffix in known.suffixes)
        raise KnownError("document.unknown_format", suffix=suffix, known=known_suffixes)
    return found


def takes_password(path: PurePath) -> bool:
    return path.suffix.casefold() == ".pdf"


_ALIKE = tuple(map(frozenset, ((".htm", ".html"), (".po", ".pot"), (".xlf", ".xliff"), (".tsv", ".tab"))))


def requested_suffixes(path: PurePath) -> tuple[str, ...]:
    """The suffixes that a document's translation may have: with another no program would open it."""
    suffix = PurePath(translated_name(path, "")).suffix.lower()
    return (suffix, *sorted(other for alike in _ALIKE if suffix in alike for other in alike - {suffix}))


def translated_name(path: PurePath, language: str) -> str:
    """The file name of a document's translation: "contract.de.docx" for contract.docx and for contract.pdf."""
    suffix = path.suffix
    found = next((known for known in FORMATS if suffix.lower() in known.suffixes), None)
    if found is not None and found.translated_suffix:
        suffix = found.translated_suffix
    return f"{path.stem}.{language}{suffix}"


# ---- chats of other programs as the reader child hands them to the app


OWN_FORMAT, OWN_VERSION = "slmdesk-chat", 1
OWN_PROGRAM = "slmdesk"
IMPORTED = "imported"
"""Key of the settings of a chat that was imported, {program, id, sum, time}, and of what is kept with its messages: the
name of the program.
"""
THREAD_FILE, MESSAGES_FILE = "thread.json", "messages.jsonl"
"""The two files of a chat of Jan."""
USER, ASSISTANT = "user", "assistant"
COMPLETE, CANCELLED, INTERRUPTED = "complete", "cancelled", "interrupted"


class ForeignMessage(Record):
    """Times are seconds since the epoch, UTC; None: the file does not say."""

    id: str
    parent: str | None
    role: str
    """USER or ASSISTANT."""
    text: str
    model: str = ""
    created: Number | None = None
    status: str = COMPLETE
    """COMPLETE, CANCELLED (a person stopped it) or INTERRUPTED (by whatever)."""
    finish_reason: str = ""
    """ "stop", "length", or "" where the file does not say."""
    thought: str = ""
    thought_seconds: Number | None = None
    tokens_in: int | None = None
    tokens_out: int | None = None
    seconds: Number | None = None


class ForeignChat(Record):
    program: str
    id: str
    """As the program names it; may be empty."""
    title: str
    created: Number | None = None
    updated: Number | None = None
    system: str = ""
    leaf: str = ""
    """Id of the last message of the branch that was shown."""
    messages: tuple[ForeignMessage, ...] = ()
    """A message before those that follow it; its versions in their order."""
    left_out: tuple[tuple[str, int], ...] = ()
    """What cannot be kept: a name in the singular ("picture") and how many."""


def counted_words(counts: Mapping[str, int]) -> str:
    said = [f"{count:,} {name}{'s' * (count != 1)}" for name, count in counts.items() if count]
    return " and ".join(part for part in (", ".join(said[:-1]), *said[-1:]) if part)


# ---- how the app tells the reader child, in the new text of a unit, which words are deleted and which inserted


DELETED = ("\ue7a0", "\ue7a1")
INSERTED = ("\ue7a2", "\ue7a3")
"""Signs before and behind; of the private use area, so no text of a person has them by chance."""
MARKED = re.compile("(?:\ue7a0([^\ue7a0-\ue7a3]*)\ue7a1)|(?:\ue7a2([^\ue7a0-\ue7a3]*)\ue7a3)")
SIGNS = frozenset((*DELETED, *INSERTED))


def deleted(text: str) -> str:
    return f"{DELETED[0]}{text}{DELETED[1]}" if text else ""


def inserted(text: str) -> str:
    return f"{INSERTED[0]}{text}{INSERTED[1]}" if text else ""


# ---- the content of an export before it becomes Word, HTML, Markdown or PDF


_LINE_END = re.compile(r"\r\n|[\r\x0b\x0c\x85\u2028\u2029]")
_BAD = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


class PieceKind(StrEnum):
    HEADING = "heading"
    PARAGRAPH = "paragraph"
    ITEM = "item"
    """Of a list; `level` counts from 1, `mark` is what stands before it."""
    CODE = "code"
    """Line breaks and spaces count."""
    QUOTE = "quote"
    TABLE = "table"
    SMALL = "small"
    """A line about what follows or stands before: who spoke and when, a reservation."""
    RULE = "rule"


class Run(Record):
    """Text in a single style; `cite` marks a reference to a source, as a page, `formula` LaTeX with its delimiters."""

    text: str
    bold: bool = False
    italic: bool = False
    code: bool = False
    cite: bool = False
    formula: bool = False


class Piece(Record):
    kind: PieceKind
    runs: tuple[Run, ...] = ()
    level: int = 1
    """Of a heading 1..4, of an item 1 and more."""
    mark: str = "•"
    rows: tuple[tuple[str, ...], ...] = ()
    """Of a table; the first row is its head."""

    @property
    def text(self) -> str:
        return "".join(run.text for run in self.runs)


class Paper(Record):
    title: str
    pieces: tuple[Piece, ...] = ()
    subtitle: str = ""
    language: str = ""


class Form(Record):
    """A form of export: its id, which is also its suffix, and its name for people."""

    id: str
    name: str


FORMS = (
    Form("docx", _("Word document")),
    Form("pdf", "PDF"),
    Form("html", _("Web page")),
    Form("md", _("Markdown")),
    Form("json", _("JSON, for programs")),
)


def heading(text: str, level: int = 2) -> Piece:
    return Piece(PieceKind.HEADING, (Run(text),), level)


def paragraph(*runs: Run | str) -> Piece:
    return Piece(PieceKind.PARAGRAPH, tuple(Run(run) if isinstance(run, str) else run for run in runs))


def small(text: str) -> Piece:
    return Piece(PieceKind.SMALL, (Run(text),))


def item(*runs: Run | str, level: int = 1, mark: str = "•") -> Piece:
    return Piece(PieceKind.ITEM, tuple(Run(run) if isinstance(run, str) else run for run in runs), level, mark)


def table(head: tuple[str, ...], rows: tuple[tuple[str, ...], ...]) -> Piece:
    return Piece(PieceKind.TABLE, rows=(head, *rows))


def plain(text: str) -> str:
    """Text that every format can hold: control characters and lone surrogates become U+FFFD, line ends become
    newlines.
    """
    return _BAD.sub("\ufffd", _LINE_END.sub("\n", text))
