"""Records of documents and of ChatGPT's chats, as the reader child returns them; the document formats; and
`Paper`, the content of an export before it is written.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from enum import StrEnum
from functools import lru_cache
from itertools import accumulate
from pathlib import PurePath

from slmdesk.base.einvoices import EInvoice
from slmdesk.base.errors import KnownError
from slmdesk.base.record import Number, Record, changed
from slmdesk.base.texts import N_, _, grouped

READER_VERSION = "8"
"""Raised whenever a reader returns other pages for the same file. Documents read before are then read again."""
MOST_LETTERS = 3
"""Most letters that name a column of a spreadsheet."""


class BlockKind(StrEnum):
    HEADING = "heading"
    PARAGRAPH = "paragraph"
    LIST_ITEM = "list_item"
    TABLE_ROW = "table_row"
    """Cells separated by tabs."""
    CODE = "code"
    QUOTE = "quote"
    CAPTION = "caption"
    FOOTNOTE = "footnote"
    COMMENT = "comment"
    NOTE = "note"
    """A speaker's note."""
    HEADER = "header"
    """A header repeated on many pages. It is kept apart, and not summarized."""
    FOOTER = "footer"
    STRUCK = "struck"
    """Words that are struck through, so not in force. The block is empty and marks their place: the words are in
    `place`, with the space or line end that would stand double without them, and not in the text of the page.
    """
    DOUBTFUL = "doubtful"
    """A word of a scan that may be misread. The block is empty and marks where the word begins, which is `place`."""
    LINK = "link"
    """A link whose words do not say where it leads. The block is empty and marks where they end; that is `place`."""


MARKS = frozenset({BlockKind.STRUCK, BlockKind.DOUBTFUL, BlockKind.LINK})
"""Kinds of empty blocks, which only mark a place in the text."""
ASIDE = MARKS | {BlockKind.HEADER, BlockKind.FOOTER}
"""Kinds of blocks that are shown, but not given to a model."""


class PageStatus(StrEnum):
    READ = "read"
    EMPTY = N_("empty")
    SCANNED = N_("scanned")
    LOCKED = N_("locked")
    BROKEN = N_("broken")


class PageKind(StrEnum):
    PAGE = "page"
    SLIDE = "slide"
    SHEET = "sheet"
    SECTION = "section"
    CHAPTER = "chapter"
    PART = "part"
    """A part of a mail (its text or an attachment), of subtitles (a period of time), or of a long sheet (some rows)."""


class Note(StrEnum):
    MACROS_IGNORED = "macros_ignored"
    CHANGES_ACCEPTED = "changes_accepted"
    HIDDEN_TEXT = "hidden_text"
    """Text that is invisible in the document (invisible or white letters, hidden cells or slides) was read too."""
    EXTERNAL_IGNORED = "external_ignored"
    OTHER_FORMAT = "other_format"
    ENCODING_GUESSED = "encoding_guessed"
    PARTLY_DAMAGED = "partly_damaged"
    """Counted, if pages are lost."""
    OCR_USED = "ocr_used"
    OCR_MISSING = "ocr_missing"
    HEADERS_APART = "headers_apart"
    LINE_NUMBERS = "line_numbers"
    """Numbers beside the lines of its pages were left out."""
    IMAGES_IGNORED = "images_ignored"
    UNTIMED = "untimed"
    STRUCK = "struck"
    """Counted."""
    SIGNED = "signed"
    """Electronic signatures were read. Whether they are valid was not checked."""
    SIGNS_UNKNOWN = "signs_unknown"
    """Signs of a symbol font that no letter stands for. Named by font and code."""
    PARTS_UNREAD = "parts_unread"
    """Parts of the document with words that no reader takes out, named by their kind."""
    FORMULAS_EMPTY = "formulas_empty"
    """Cells with a formula whose value the file does not hold. Counted."""
    FORMS_DIFFER = "forms_differ"
    """Of the two forms of a mail the fuller one was read. Named: figures, else words, that only the other has."""
    EINVOICE_LACKS = "einvoice_lacks"
    """Named: what every invoice says and this e-invoice does not."""
    EINVOICE_BROKEN = "einvoice_broken"
    """Named: the file inside a document that looks like an e-invoice and cannot be read."""
    EINVOICES = "einvoices"
    """Named: the numbers of several invoices, of which none stands for the document."""


class Block(Record):
    """A part of a page: the characters of its text from `start` up to `end` (exclusive)."""

    kind: BlockKind
    start: int
    end: int
    level: int = 0
    """For headings: 1 is the highest. For list items: 1 is the outermost. For table rows: 1 is the row with the column
    names. 0 means not known.
    """
    place: str = ""
    """Position as people name it: a cell range (B2:D2), a comment's author, a time. Empty if there is no such name."""


class Page(Record):
    """A page of a document. Page numbers begin with 1."""

    number: int
    label: str
    """Name of the page for people: its printed number, a section's heading, a sheet's name."""
    text: str
    status: PageStatus
    blocks: tuple[Block, ...]
    reason: str = ""
    has_image: bool = False
    """Whether the reader can draw an image of the page (job `page_image`)."""

    @property
    def block_count(self) -> int:
        """How many blocks it has. What only marks a place is none."""
        return sum(block.kind not in MARKS for block in self.blocks)


class PageBox(Record):
    """A rectangle on a page as it is shown: its edges as shares 0..1 of the page's width and height."""

    page: int
    left: float
    top: float
    right: float
    bottom: float


class Attachment(Record):
    index: int
    """Number of the attachment, from 0. It is requested by this number."""
    name: str
    """Name that the document gives the attachment. Only a label, never used as a path."""
    bytes: int
    format: str
    """Id of its format in FORMATS. Empty if no reader knows the format."""


def attachment_line(attachment: Attachment) -> str:
    return f"{attachment.name} ({attachment.bytes} bytes)"


@lru_cache(maxsize=20_000)
def column_number(letters: str) -> int:
    """Return the number of a spreadsheet's column by its letters, or 0 if the text is not a column."""
    if not (len(letters) <= MOST_LETTERS and letters.isascii() and letters.isalpha()):
        return 0
    number = 0
    for letter in letters.upper():
        number = number * 26 + ord(letter) - ord("A") + 1
    return number


class DocumentInfo(Record):
    format: str
    pages: int
    page_kind: PageKind = PageKind.PAGE
    title: str = ""
    author: str = ""
    encoding: str = ""
    """Of a recording, the language spoken (ISO 639-1)."""
    doubt: str = ""
    """Why the encoding is only a guess. Empty if it is none."""
    notes: tuple[Note, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    sheets: int = 0
    """Number of sheets, if a sheet is split into several pages; otherwise 0."""
    counts: Mapping[str, int] = {}
    """How often a note applies, by note, where that is counted."""
    names: Mapping[str, tuple[str, ...]] = {}
    """What a note is about, by note, where that is named."""
    einvoices: tuple[EInvoice, ...] = ()
    """What the XML says, of an e-invoice and of a PDF with one inside."""
    message_id: str = ""
    """Of a mail, its Message-ID, as written there."""
    references: str = ""
    """Of a mail, the ids of those that it answers, as written there."""


RECOGNISED = "by OCR"
"""How the reason of a page begins that was read off a picture."""
RECOGNISED_BEFORE = "recognised before"
"""The reason of a page that the reader did not read, since the app has it from a reading that was cut off."""


def is_recognised(page: Page) -> bool:
    return page.reason.startswith(RECOGNISED)


def doubtful_spans(page: Page) -> list[tuple[int, int]]:
    """Return the places of words that may be misread."""
    doubtful = (block for block in page.blocks if block.kind is BlockKind.DOUBTFUL)
    return [(block.start, block.start + len(block.place)) for block in doubtful]


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
    if DELETED[0] in text or DELETED[0] in label:
        label = " ".join(_UNPAIRED.split(MARKED.sub("", label))[0].split()) or str(number)
        text, blocks = _without_struck(text, blocks)
    chosen = status or (PageStatus.READ if blocks else PageStatus.EMPTY)
    why = reason or ("" if chosen is PageStatus.READ else chosen.value)
    return Page(number, label, text, chosen, tuple(blocks), why, has_image)


def _without_struck(text: str, blocks: Sequence[Block]) -> tuple[str, list[Block]]:
    """Take words marked as deleted out of a text, with the space or line end that only they had, into blocks of their
    own. Marks without their counterpart, as only a forged text has, become U+FFFD.
    """
    kept: list[str] = []
    cuts: list[tuple[int, int]] = []
    struck: list[Block] = []
    last, at, length = "", 0, 0
    for mark in MARKED.finditer(text):
        if mark[1] is None:
            continue
        start, end = mark.span()
        before, last, following = last, text[at:start][-1:] or last, text[end : end + 1]
        if last in ("", "\n") if following == "\n" else following == " " and (not last or last.isspace()):
            end += 1
        elif at < start and last in (" ", "\n") and (not following or (last == " " and following in "\n\t.,;:!?)")):
            start -= 1
            last = text[at:start][-1:] or before
        kept.append(text[at:start])
        length += start - at
        struck.append(Block(BlockKind.STRUCK, length, length, place=_UNPAIRED.sub("", text[start:end])))
        cuts.append((start, end))
        at = end
    kept.append(text[at:])
    starts = [start for start, _end in cuts]
    lost = [0, *accumulate(end - start for start, end in cuts)]

    def moved(place: int) -> int:
        number = bisect_right(starts, place)
        if number and place < cuts[number - 1][1]:
            return cuts[number - 1][0] - lost[number - 1]
        return place - lost[number]

    rest = [changed(block, start=moved(block.start), end=moved(block.end)) for block in blocks]
    filled = [block for block in rest if block.kind in MARKS or block.end > block.start]
    return _UNPAIRED.sub("\ufffd", "".join(kept)), sorted((*filled, *struck), key=lambda block: block.start)


MAX_FILE_BYTES = 1 << 30
"""Largest document in bytes. Larger files are refused before a byte is read, even for the checksum (X7)."""


class Format(Record):
    id: str
    name: str
    suffixes: tuple[str, ...]
    """Empty for a format that its bytes alone tell, whatever its name."""
    translated_suffix: str = ""
    """Suffix of a translated document, if the translation has another format. Empty means the same format."""


FORMATS = (
    Format("pdf", "PDF", (".pdf",), translated_suffix=".docx"),
    Format("picture", _("Picture of pages"), (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".heic", ".heif")),
    Format("recording", _("Recording"), (".wav", ".mp3", ".m4a", ".mp4", ".ogg", ".oga", ".opus", ".flac")),
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
    Format("einvoice", _("E-invoice"), (".p7m", ".xml")),
    Format("sheetxml", _("Excel 2003 XML"), ()),
    Format("wordxml", _("Word XML"), ()),
)  # fmt: skip
TRANSLATABLE = frozenset(
    ("docx", "pptx", "xlsx", "odt", "odp", "ods", "txt", "md", "html", "epub", "subtitles", "csv", "eml", "pdf")
)


def format_named(id: str) -> Format:
    """Return the format with this id. Raises KnownError `document.unknown_format`."""
    format_known = next((known for known in FORMATS if known.id == id), None)
    if format_known is None:
        raise KnownError("document.unknown_format", suffix=id[:40], known=" ".join(known.id for known in FORMATS))
    return format_known


def format_of(path: PurePath) -> Format:
    """Return the format for a file name. Raises KnownError `document.unknown_format`, listing the known suffixes."""
    suffix = path.suffix.lower()
    match = next((known for known in FORMATS if suffix in known.suffixes), None)
    if match is None:
        known_suffixes = " ".join(suffix for known in FORMATS if known.id != "code" for suffix in known.suffixes)
        raise KnownError("document.unknown_format", suffix=suffix, known=known_suffixes)
    return match


def is_picture(path: PurePath) -> bool:
    return path.suffix.lower() in format_named("picture").suffixes


def has_page_pictures(path: PurePath) -> bool:
    return path.suffix.lower() in (*format_named("pdf").suffixes, *format_named("picture").suffixes)


def is_recording(path: PurePath) -> bool:
    return path.suffix.lower() in format_named("recording").suffixes


def takes_password(path: PurePath) -> bool:
    return path.suffix.casefold() == ".pdf"


_ALIKE = tuple(map(frozenset, ((".htm", ".html"), (".tsv", ".tab"))))


def requested_suffixes(path: PurePath) -> tuple[str, ...]:
    """Return the suffixes that a document's translation may have. With any other, no program would open the file."""
    suffix = PurePath(translated_name(path, "")).suffix.lower()
    return (suffix, *sorted(other for alike in _ALIKE if suffix in alike for other in alike - {suffix}))


def translated_name(path: PurePath, language: str) -> str:
    """Return the file name of a document's translation: "contract.de.docx" for contract.docx and for contract.pdf."""
    suffix = path.suffix
    match = next((known for known in FORMATS if suffix.lower() in known.suffixes), None)
    if match is not None and match.translated_suffix:
        suffix = match.translated_suffix
    return f"{path.stem}.{language}{suffix}"


OWN_FORMAT, OWN_VERSION = "slmdesk-chat", 1
OWN_PROGRAM = "slmdesk"
IMPORTED = "imported"
"""Key in the settings of an imported chat; its value is {program, id, sum, time}. Also the key in the data of its
messages; its value there is the name of the program.
"""
USER, ASSISTANT = "user", "assistant"
COMPLETE, INTERRUPTED = "complete", "interrupted"


class ForeignMessage(Record):
    """A message of a chat of ChatGPT. Times are seconds since the epoch, UTC; None if the file does not say."""

    id: str
    parent: str | None
    role: str
    """Either USER or ASSISTANT."""
    text: str
    model: str = ""
    created: Number | None = None
    status: str = COMPLETE
    """COMPLETE or INTERRUPTED."""
    finish_reason: str = ""
    """Either "stop", or "" if the file does not say."""
    thought: str = ""


class ForeignChat(Record):
    program: str
    id: str
    """Id that the other program gave the chat. May be empty."""
    title: str
    created: Number | None = None
    updated: Number | None = None
    leaf: str = ""
    """Id of the last message of the branch that was shown."""
    messages: tuple[ForeignMessage, ...] = ()
    """Each message comes before its replies. Several versions of a message keep their order."""
    left_out: tuple[tuple[str, int], ...] = ()
    """What cannot be imported: a name in the singular ("picture") and the count."""


COUNTED = (
    N_("picture"), N_("pictures"), N_("thought"), N_("thoughts"), N_("hidden message"), N_("hidden messages"),
    N_("unknown message"), N_("unknown messages"), N_("tool call"), N_("tool calls"), N_("tool result"),
    N_("tool results"), N_("unknown part"), N_("unknown parts"), N_("file"), N_("files"), N_("recording"),
    N_("recordings"),
)  # fmt: skip
"""What an import leaves out of chats."""


def counted_words(counts: Mapping[str, int]) -> str:
    said = [f"{grouped(n)} {_(name if n == 1 else f'{name}s')}" for name, n in counts.items() if n]
    if len(said) < 2:
        return "".join(said)
    return _("{first} and {last}").format(first=", ".join(said[:-1]), last=said[-1])


DELETED = ("\ue7a0", "\ue7a1")
INSERTED = ("\ue7a2", "\ue7a3")
"""Characters that stand before and after an insertion. They are of Unicode's private use area, so a person's text does
not contain them by chance.
"""
MARKED = re.compile("(?:\ue7a0([^\ue7a0-\ue7a3]*)\ue7a1)|(?:\ue7a2([^\ue7a0-\ue7a3]*)\ue7a3)")
SIGNS = frozenset((*DELETED, *INSERTED))
_UNPAIRED = re.compile("[\ue7a0-\ue7a3]")


def deleted(text: str) -> str:
    return f"{DELETED[0]}{text}{DELETED[1]}" if text else ""


def inserted(text: str) -> str:
    return f"{INSERTED[0]}{text}{INSERTED[1]}" if text else ""


_LINE_END = re.compile(r"\r\n|[\r\x0b\x0c\x85\u2028\u2029]")
_BAD = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


class PieceKind(StrEnum):
    HEADING = "heading"
    PARAGRAPH = "paragraph"
    ITEM = "item"
    """A list item. `level` counts from 1, `mark` is its bullet or number."""
    CODE = "code"
    """Code, whose line breaks and spaces are kept."""
    QUOTE = "quote"
    TABLE = "table"
    SMALL = "small"
    """A line in small print about the text next to it: who spoke and when, or a caveat."""
    RULE = "rule"
    CHART = "chart"
    """A chart, whose figures stand in a table behind it."""


GONE, COME = "del", "ins"
"""Words of the old version alone, and of the new version alone. HTML and Word call them so."""


class Run(Record):
    """Text in one style. `cite` marks a reference to a source, such as a page; `formula` LaTeX with its delimiters;
    `change` what became of it between two versions (GONE, COME).
    """

    text: str
    bold: bool = False
    italic: bool = False
    code: bool = False
    cite: bool = False
    formula: bool = False
    change: str = ""


class ChartKind(StrEnum):
    BARS = "bars"
    LINES = "lines"


class Series(Record):
    name: str
    values: tuple[int, ...]


class Chart(Record):
    """Counts of several series by category. Bars of several series are stacked."""

    title: str
    kind: ChartKind
    categories: tuple[str, ...]
    series: tuple[Series, ...]
    by: str = ""
    """What the categories are."""

    @property
    def figures(self) -> list[list[str | int]]:
        """The figures as a table with its head and, where there are several series, sums."""
        is_several = len(self.series) > 1
        sums = [sum(series.values) for series in self.series]
        values = zip(*(series.values for series in self.series), strict=True)
        lines = [*zip(self.categories, values, strict=True), (_("Total"), sums)]
        head = [self.by, *(series.name for series in self.series), *([_("Total")] if is_several else ())]
        return [head, *([name, *line, *([sum(line)] if is_several else ())] for name, line in lines)]

    @property
    def rows(self) -> tuple[tuple[str, ...], ...]:
        """The figures in words."""
        return tuple(tuple(cell if isinstance(cell, str) else grouped(cell) for cell in line) for line in self.figures)

    @property
    def words(self) -> str:
        """What the chart shows, for those who do not see it."""
        head, *lines = self.rows
        is_several = len(head) > 2
        parts = []
        for name, *values in lines:
            pairs = zip(head[1:], values, strict=True)
            parts.append(f"{name}: " + ", ".join(f"{of} {value}" if is_several else value for of, value in pairs))
        return f"{self.title}. {'; '.join(parts)}."


class Piece(Record):
    kind: PieceKind
    runs: tuple[Run, ...] = ()
    level: int = 1
    """For a heading 1 to 4 (to 6 in a frame), for a list item 1 and more."""
    mark: str = "•"
    rows: tuple[tuple[str, ...], ...] = ()
    """Rows of a table. The first row is its head."""
    said: bool = False
    """Somebody's words, which are framed: nothing in them looks like ours."""
    chart: Chart | None = None

    @property
    def text(self) -> str:
        return "".join(run.text for run in self.runs)


class Placed(Record):
    text: str
    left_mm: float
    top_mm: float
    """From the edges of the page."""
    points: float


class Paper(Record):
    title: str
    pieces: tuple[Piece, ...] = ()
    subtitle: str = ""
    language: str = ""
    model: str = ""
    """Names of the models that wrote in it; empty where a person or rules wrote all."""
    head: tuple[Placed, ...] = ()
    """What stands at places of its own on the first page, instead of the title: a letter has such a head."""


DIGITAL_SOURCE = "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia"
"""What the IPTC calls a work in which generative AI wrote."""


def model_properties(model: str) -> dict[str, str]:
    """Return the properties by which programs find that a model wrote in a file (AI Act, Article 50), as the IPTC
    calls them. Empty for none.
    """
    return {"DigitalSourceType": DIGITAL_SOURCE, "AISystemUsed": plain(model)[:255]} if model else {}


class Form(Record):
    """An export format: its id, which is also the file suffix, and its name for people."""

    id: str
    name: str


FORMS = (
    Form("docx", _("Word document")),
    Form("pdf", "PDF"),
    Form("html", _("Web page")),
    Form("md", _("Markdown")),
    Form("json", _("JSON, for programs")),
)


CALENDAR = Form("ics", _("Calendar of deadlines"))
"""What is due by a day in a summary."""
UNSENT = Form("eml", _("Mail, not sent yet"))
"""A letter that a mail program opens to be sent."""


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
    """Return text any format can hold: control characters and lone surrogates become U+FFFD, line ends newlines."""
    return _BAD.sub("\ufffd", _LINE_END.sub("\n", text))
