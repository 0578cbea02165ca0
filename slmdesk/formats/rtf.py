"""Reads rich text (RTF) with striprtf. Before that, content that striprtf would drop or join wrongly is marked with
control characters. Control words: Microsoft's RTF specification 1.9.1.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from striprtf.striprtf import rtf_to_text

from slmdesk.base.documents import BlockKind, Note, Page
from slmdesk.base.errors import KnownError
from slmdesk.base.texts import _
from slmdesk.formats.reading import Reading
from slmdesk.formats.text import MAX_PRINTED_BYTES, PageBreak, Pager, Piece, page_from

PAGE, LINE, CELL, ROW, ROW_BEGINS = "\f", "\x0b", "\x1f", "\x1e", "\x1d"
ASIDE, ASIDE_ENDS, OUTLINE = "\x01", "\x02", "\x03"
"""Control characters that mark footnotes, comments and headings. No text contains them, and striprtf lets them pass."""
ASIDES: Mapping[str, tuple[str, BlockKind]] = {
    "footnote": ("f", BlockKind.FOOTNOTE),
    "annotation": ("c", BlockKind.COMMENT),
    **dict.fromkeys(("header", "headerl", "headerr", "headerf"), ("h", BlockKind.HEADER)),
    **dict.fromkeys(("footer", "footerl", "footerr", "footerf"), ("g", BlockKind.FOOTER)),
}
_KINDS = dict(ASIDES.values())
_DROPPED = frozenset(("pict", "objdata", "fldinst", "shp", "stylesheet", "themedata", "datastore"))
"""Groups that contain no words of the text, some of them megabytes long. Of a drawing only its text is kept."""
_MARKS = {"page": PAGE, "cell": CELL, "row": ROW, "trowd": ROW_BEGINS, "nestcell": " ", "nestrow": "\n", "line": LINE}
_TOKEN = re.compile(
    r"(?P<begin>\{)(?:\s*(?:\\\*\s*)?\\(?P<group>[a-zA-Z]+))?"
    r"|(?P<end>\})"
    r"|\\(?P<word>page|cell|row|trowd|nestcell|nestrow|line|deleted|outlinelevel|bin|v)(?P<value>-?\d*)(?![a-zA-Z]) ?"
    r"|\\[^a-zA-Z]"
)
_HIGH = re.compile(r"[\x80-\xff]")
_INFO = re.compile(r"\{\\(title|author) ([^{}]{0,1000})\}")
_CODEPAGE = re.compile(r"\\ansicpg\d+")
_ITEM = re.compile(r"(?:[\u2022\u00b7\u25cf\u25aa\uf0b7o-]|\(?(?:\d{1,3}|[a-z]{1,4})[.)])[ \t]*\t\s*", re.IGNORECASE)
_MARKED = re.compile(f"{ASIDE}([a-z])([^{ASIDE}{ASIDE_ENDS}]*){ASIDE_ENDS}")
_MARKS_OR_CONTROLS = re.compile(rf"{OUTLINE}[1-6]|[\x00-\x08\x0e-\x1f]")
_HEADING = re.compile(rf"[\x01-\x08\x1d]*{OUTLINE}([1-6])")


def read(reading: Reading) -> Iterator[Page]:
    """Yield the pages of a rich text, split at its page breaks. If the breaks end chapters rather than pages, yield
    sections. Raises KnownError `document.damaged`.
    """
    source = reading.text_bytes().decode("latin-1")
    if not source.lstrip().startswith("{\\rtf"):
        raise KnownError("document.damaged", path=reading.path, reason=_("it does not begin as rich text"))
    codepage = _CODEPAGE.search(source[:4000])
    info = {
        name: _plain(f"{{\\rtf1{codepage[0] if codepage else ''} {words}}}") for name, words in _INFO.findall(source)
    }
    reading.title, reading.author = info.get("title", "").strip(), info.get("author", "").strip()
    prepared = _Prepared(source)
    for is_there, note in (
        (prepared.has_hidden, Note.HIDDEN_TEXT),
        (prepared.has_deleted, Note.CHANGES_ACCEPTED),
        (prepared.has_images, Note.IMAGES_IGNORED),
    ):
        if is_there:
            reading.note(note)
    reading.check()
    text = _plain(prepared.source)
    if "\ufffd" in text:
        reading.note(Note.PARTLY_DAMAGED)
    pages = text.rstrip().split(PAGE)
    if max(map(len, pages)) > MAX_PRINTED_BYTES:  # the page breaks of this file end chapters
        yield from _sections(reading, pages)
        return
    reading.total = len(pages)
    for number, page in enumerate(pages, 1):
        reading.check()
        yield page_from(number, str(number), _pieces(page))


def _sections(reading: Reading, parts: Sequence[str]) -> Iterator[Page]:
    pager = Pager(reading, has_pages=False)
    for part in parts:
        reading.check()
        found = (piece for piece in _pieces(part) if piece.text.strip())
        yield from pager.take((*found, PageBreak()))
    yield from pager.end()


def _plain(source: str) -> str:
    """Convert rich text to plain text and join surrogate pairs into single characters."""
    text = str(rtf_to_text(source, errors="replace"))  # type: ignore[no-untyped-call]
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace").replace("\xad", "")


class _Prepared:
    def __init__(self, source: str) -> None:
        self.has_hidden = self.has_deleted = self.has_images = False
        self._has_lists = "\\listtext" in source
        self._pieces: list[str] = []
        self._groups: list[tuple[bool, str]] = []
        """For each open group: whether the content around it is dropped, and what to write at its end."""
        self._dropped = False
        at = 0
        while (found := _TOKEN.search(source, at)) is not None:
            self._keep(source[at : found.start()])
            at = found.end()
            if found["begin"]:
                at = self._begin(found)
            elif found["end"]:
                self._end()
            elif found["word"] == "bin":
                at += int(found["value"].lstrip("-") or 0)
            elif found["word"]:
                self._mark(found["word"], found["value"])
            else:
                self._keep(found[0])
        self._keep(source[at:])
        self.source = "".join(self._pieces)

    def _keep(self, source: str) -> None:
        if not self._dropped and source:
            self._pieces.append(_HIGH.sub(lambda match: f"\\'{ord(match[0]):02x}", source))

    def _begin(self, found: re.Match[str]) -> int:
        word, before = found["group"], self._dropped
        if word in _DROPPED:
            self.has_images |= word == "pict"
            self._dropped, ending = True, ""
        elif word == "shptxt" and before:  # text in a drawing: on a line of its own
            self._dropped, ending = False, "\\par}"
            self._keep("{\\par ")
        elif word == "pntext" and not self._has_lists:  # the older form of list numbers; new programs write both
            self._keep("{")
            ending = "" if before else "}"
        elif word in ASIDES:
            letter, __ = ASIDES[word]
            self._keep(f"{{{_byte(ASIDE)}{letter}")
            ending = "" if before else f"{_byte(ASIDE_ENDS)}}}"
        else:
            self._keep("{")
            self._groups.append((before, "" if before else "}"))
            return found.start() + 1  # go on directly after the brace, since the first control word may need a mark
        self._groups.append((before, ending))
        return found.end()

    def _end(self) -> None:
        if self._groups:
            self._dropped, ending = self._groups.pop()
            self._pieces.append(ending)

    def _mark(self, word: str, value: str) -> None:
        if word == "deleted":
            self.has_deleted |= value != "0"
            self._dropped |= value != "0" and bool(self._groups)  # dropped up to the end of the group
        elif word == "outlinelevel":
            if value in ("0", "1", "2", "3", "4", "5"):
                self._keep(f"{_byte(OUTLINE)}{int(value) + 1}")
        elif word == "v":
            self.has_hidden |= value != "0"
        else:
            self._keep(_byte(_MARKS[word]))


def _byte(mark: str) -> str:
    """Return the mark as an RTF escape. It is in a group of its own, so that striprtf does not take it for the fallback
    of the character before.
    """
    return f"{{\\'{ord(mark):02x}}}"


def _pieces(page: str) -> Iterator[Piece]:
    asides: list[Piece] = []

    def put_aside(found: re.Match[str]) -> str:
        text = _MARKS_OR_CONTROLS.sub(" ", found[2]).strip()
        asides.append(Piece(_KINDS[found[1]], text))
        return ""

    while (shorter := _MARKED.sub(put_aside, page)) != page:  # a comment in a footnote
        page = shorter
    *ended, rest = page.split(ROW)
    for segment in ended:
        before, begins, row = segment.partition(ROW_BEGINS)
        if not begins or CELL not in row:  # a row may reuse the column definitions of the row before
            before, row = "", segment
        yield from map(_piece, before.split("\n"))
        cells = [" ".join(_MARKS_OR_CONTROLS.sub(" ", cell).split()) for cell in row.split(CELL)]
        yield Piece(BlockKind.TABLE_ROW, "\t".join(cells).rstrip("\t"))
    yield from map(_piece, rest.split("\n"))
    yield from asides


def _piece(line: str) -> Piece:
    heading = _HEADING.match(line)
    text = _MARKS_OR_CONTROLS.sub(
        "", (line[heading.end() :] if heading else line).replace(LINE, "\n").replace(CELL, "\t")
    ).strip()
    if heading:
        return Piece(BlockKind.HEADING, text, int(heading[1]))
    item = _ITEM.match(text)
    if item:
        return Piece(BlockKind.LIST_ITEM, " ".join(text.split()), 1)
    return Piece(BlockKind.PARAGRAPH, text)
