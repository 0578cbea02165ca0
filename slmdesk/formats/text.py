"""Plain text and Markdown: bytes decoded, and texts cut into pages for all formats without pages of their own."""

from __future__ import annotations

import codecs
import re
import unicodedata
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import count

from slmdesk.base.documents import ASIDE, Block, BlockKind, Note, Page, PageKind, PageStatus, page_of
from slmdesk.base.errors import KnownError
from slmdesk.base.record import Record, changed
from slmdesk.base.texts import _
from slmdesk.formats.reading import PageText, Reading

MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # begins like UTF-16's, so it is checked first
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
MARK = "\ufeff"
CANDIDATES = (
    "windows-1252", "windows-1250", "windows-1251", "windows-1253", "windows-1254", "windows-1255", "windows-1256",
    "windows-1257", "iso-8859-2", "iso-8859-5", "iso-8859-7", "koi8-r", "koi8-u", "cp932", "euc-jp", "gb18030", "big5",
    "cp949", "cp866", "cp850", "cp852", "cp437", "cp874", "macroman", "utf-16-le", "utf-16-be",
)  # fmt: skip
"""The encodings in common use: with all of them allowed, chardet takes a short German text for Icelandic MacRoman."""
USUAL = "cp1252"
CLEARLY = 1.25
"""By how much another guess must be more confident than the usual guess."""
LEAST_SURE = 0.025
SAMPLE_BYTES = 64 << 10
LINE_BYTES = 4 << 10
MOST_CONTROLS = 0.02
"""Share of characters; with more control characters it is not text."""
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0e-\x1a\x1c-\x1f\x7f]")
_TWO_SCRIPTS = re.compile(r"[a-zA-Z][\u0370-\u05ff]|[\u0370-\u05ff][a-zA-Z]")
_STRANGE = re.compile(r"[^\x00-\x7f]")
_KANA = re.compile(r"[\u3040-\u30ff]")


class Decoded(Record):
    text: str
    encoding: str
    doubt: str = ""


_TERMINAL = re.compile(rb"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]{0,2000}(?:\x07|\x1b\\))")
"""Terminal escape sequences (ECMA-48)."""


class NotTextError(ValueError): ...


def decoded_text(reading: Reading) -> str:
    """The decoded content of a text file with unified line ends; how it was decoded is noted in `reading`.

    Raises as `decoded_by` does, and KnownError `document.too_large`.
    """
    untrusted = reading.text_bytes()
    if b"\x1b" in untrusted:  # recorded output is text
        untrusted = _TERMINAL.sub(b"", untrusted)
    return lines_made_one(decoded_by(reading, untrusted).text)


def decoded_by(reading: Reading, untrusted: bytes, guess: Callable[[bytes], Decoded] | None = None) -> Decoded:
    """In the encoding the person chose, else by a guess; which is noted in `reading`.

    Raises KnownError `document.binary` for bytes that are no text, `document.unreadable` for an unknown encoding.
    """
    try:
        decoded = decode_as(untrusted, reading.encoding) if reading.encoding else (guess or decode)(untrusted)
    except NotTextError as err:
        if reading.encoding:
            raise KnownError("document.unreadable", path=reading.path, reason=str(err)) from err
        raise KnownError("document.binary", path=reading.path) from err
    reading.encoding, reading.doubt = decoded.encoding, decoded.doubt
    if decoded.doubt:
        reading.note(Note.ENCODING_GUESSED)
    return decoded


def lines_made_one(text: str) -> str:
    r"""All line ends as \n."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def decode_as(untrusted: bytes, encoding: str) -> Decoded:
    """In the encoding the person chose; invalid bytes become U+FFFD and raise a doubt.  Raises NotTextError."""
    try:
        text = untrusted.decode(encoding, "replace").replace(MARK, "")
    except (LookupError, ValueError) as err:  # ValueError: some do not support "replace", such as idna
        raise NotTextError(_("there is no encoding {encoding}").format(encoding=encoding[:40])) from err
    return Decoded(text, encoding, f"some letters are no {encoding}" if "\ufffd" in text else "")


def decode(untrusted: bytes) -> Decoded:
    """By its byte order mark (no part of the text), else strictly as UTF-8, else a guess.  Raises NotTextError."""
    for mark, encoding in MARKS:
        if untrusted.startswith(mark):
            return _marked(untrusted[len(mark) :], encoding)
    if b"\0" in untrusted:
        return _wide(untrusted)
    if b"\x1b$" in untrusted and (japanese := _strictly(untrusted, "iso2022_jp")) is not None:
        return Decoded(japanese, "iso2022_jp")
    text = _strictly(untrusted, "utf-8")
    found = _mixed_or_guessed(untrusted) if text is None else Decoded(text, "utf-8")
    return _checked(found)


def _marked(untrusted: bytes, encoding: str) -> Decoded:
    """The text after a byte order mark; truncated or damaged text is decoded with a doubt."""
    text = _strictly(untrusted, encoding)
    if text is not None:
        return _checked(Decoded(text, encoding))
    text = untrusted.decode(encoding, "replace")
    if text.count("\ufffd") * 50 > len(text):
        raise NotTextError(_("marked as {encoding}, but is not").format(encoding=encoding))
    return _checked(Decoded(text.replace(MARK, ""), encoding, f"some letters are no {encoding}"))


def _wide(untrusted: bytes) -> Decoded:
    """UTF-16 and UTF-32 without a byte order mark: zero bytes give them away.  Raises NotTextError otherwise."""
    begins_low = untrusted[1::2].count(0) >= untrusted[::2].count(0)
    for encoding in ("utf-32-le", "utf-16-le") if begins_low else ("utf-32-be", "utf-16-be"):
        text = _strictly(untrusted, encoding)
        if text and _is_plausible(text):
            return Decoded(text, encoding, f"without a mark: guessed to be {encoding}")
    raise NotTextError(_("holds zero bytes"))


def _is_plausible(text: str) -> bool:
    """Whether these are letters of a single script.  A single letter is not enough."""
    sample = text[:20_000]
    odd = sum(letter not in "\n\r\t\f" and unicodedata.category(letter) in ("Cn", "Co", "Cc") for letter in sample)
    return "\0" not in text and odd * 50 <= len(sample) and (len(sample) > 3 or any(map(str.isascii, sample)))


def _mixed_or_guessed(untrusted: bytes) -> Decoded:
    """UTF-8 lines among lines in another encoding: a file written by two programs."""
    lines = untrusted.split(b"\n")
    good = bad = 0
    strange = []
    for line in lines:
        if line.isascii():
            continue
        if _strictly(line, "utf-8") is None and not _is_mostly_utf8(line):
            bad += 1
            strange.append(line)
        else:
            good += 1
    if good * 3 < bad or not good:
        return _guessed(untrusted, [line for line in lines if not line.isascii()])
    if not strange:
        return Decoded(untrusted.decode("utf-8", "replace").replace(MARK, ""), "utf-8", "some letters are no utf-8")
    guess = _guessed(b"\n".join(strange), strange).encoding
    text = "\n".join(_line(line, guess) for line in lines)
    return Decoded(text.replace(MARK, ""), "utf-8", f"mixed: {bad} lines are not UTF-8, guessed to be {guess}")


def _line(line: bytes, guess: str) -> str:
    text = _strictly(line, "utf-8")
    if text is None:
        text = line.decode("utf-8" if _is_mostly_utf8(line) else guess, "replace")
    return text


def _is_mostly_utf8(line: bytes) -> bool:
    text = line[:LINE_BYTES].decode("utf-8", "replace")
    damaged = text.count("\ufffd")
    return sum(not letter.isascii() for letter in text) >= 3 * damaged


def _guessed(untrusted: bytes, strange: list[bytes]) -> Decoded:
    """Chardet's guess from the lines that are not ASCII, among common encodings; Western European if it is not sure."""
    for encoding in _guesses(b"\n".join(strange)[:SAMPLE_BYTES]):
        text = _strictly(untrusted, encoding)
        if text is None or (encoding.startswith("utf-16") and not _is_plausible(text)) or _mixes_scripts(text):
            continue
        if text == _strictly(untrusted, USUAL):  # few strange letters, the same in both
            encoding = USUAL
        return Decoded(text, encoding, f"not UTF-8: guessed to be {encoding}")
    # latin-1 decodes every byte
    return Decoded(untrusted.decode("latin-1"), "latin-1", "not UTF-8: guessed to be latin-1")


def _mixes_scripts(text: str) -> bool:
    """Whether Greek, Cyrillic or Hebrew letters are mixed with Latin ones within words: Czech decoded as Greek."""
    sample = text[:SAMPLE_BYTES]
    return len(_TWO_SCRIPTS.findall(sample)) * 4 > len(_STRANGE.findall(sample))


def _guesses(sample: bytes) -> list[str]:
    """Names of encodings, the likeliest first."""
    import chardet  # 80 ms

    japanese = _strictly(sample, "cp932")
    if japanese is not None and 2 * len(_KANA.findall(japanese)) > sum(not letter.isascii() for letter in japanese):
        return ["cp932", USUAL]
    answers = chardet.detect_all(sample, ignore_threshold=True, include_encodings=CANDIDATES)
    found = [
        (codecs.lookup(answer["encoding"]).name, answer["confidence"], answer["language"])
        for answer in answers
        if answer["encoding"]
    ]
    usual = next((sure for name, sure, __ in found if name == USUAL), 0.0)
    turkish = any(language == "tr" for __, ___, language in found[:2])
    better = [
        name
        for name, sure, __ in found
        if sure >= max(usual * CLEARLY, LEAST_SURE) or (name == "cp1254" and turkish and sure >= usual)
    ]
    return [*better, USUAL]


def _checked(decoded: Decoded) -> Decoded:
    """Raises NotTextError when there are too many control characters: every byte is a letter in some encoding."""
    if len(_CONTROLS.findall(decoded.text)) > MOST_CONTROLS * len(decoded.text):
        raise NotTextError(_("holds control characters"))
    return decoded


def _strictly(untrusted: bytes, encoding: str) -> str | None:
    """The text without byte order marks, or None if the bytes are invalid in this encoding."""
    try:
        return untrusted.decode(encoding).replace(MARK, "")
    except UnicodeDecodeError:
        return None


# ---- reads plain text


MAX_PAGE_CHARACTERS = 200_000
"""Longer pages are split at line ends, so that a message stays small."""


def read(reading: Reading) -> Iterator[Page]:
    return pages_of(decoded_text(reading))


def read_code(reading: Reading) -> Iterator[Page]:
    line = 1
    for page in pages_of(decoded_text(reading), kind=BlockKind.CODE):
        blocks = []
        for block in page.blocks:
            first = line + page.text.count("\n", 0, block.start)
            last = first + page.text.count("\n", block.start, block.end)
            blocks.append(changed(block, place=f"line {first}" if first == last else f"lines {first}-{last}"))
        line += page.text.count("\n")
        yield changed(page, blocks=tuple(blocks))


def pages_of(text: str, *, kind: BlockKind = BlockKind.PARAGRAPH) -> Iterator[Page]:
    pages = (piece for part in text.split("\f") for piece in pieces_of(part))
    return (page_of(number, str(number), page, _blocks(page, kind)) for number, page in enumerate(pages, 1))


def pieces_of(text: str) -> Iterator[str]:
    """A text in pieces of bounded length, split after a line end where possible; joined they are the text."""
    at = 0
    while len(text) - at > MAX_PAGE_CHARACTERS:
        cut = text.rfind("\n", at, at + MAX_PAGE_CHARACTERS) + 1
        end = cut if cut > at else at + MAX_PAGE_CHARACTERS
        yield text[at:end]
        at = end
    yield text[at:]


def _blocks(page: str, kind: BlockKind) -> list[Block]:
    """Consecutive lines with words; line by line, since a regular expression would backtrack on a line of spaces."""
    blocks: list[Block] = []
    begun, at = -1, 0
    for line in page.split("\n"):
        if line and not line.isspace():
            begun = at if begun < 0 else begun
        elif begun >= 0:
            blocks.append(Block(kind, begun, at - 1))
            begun = -1
        at += len(line) + 1
    if begun >= 0:
        blocks.append(Block(kind, begun, at - 1))
    return blocks


# ---- splits formats without fixed pages


SECTION_CHARACTERS = 8_000
"""A longer section is split between blocks: about three printed pages, so that a link to it is still useful."""
SMALL_CHARACTERS = 3_000
"""A second-level heading begins a new section only after this many characters."""
MAX_LABEL_CHARACTERS = 200
MAX_PRINTED_BYTES = 12_000
"""More letters than a printed page holds; in scripts that take three bytes a letter, two pages of a novel."""
ENOUGH_PAGES = 0.8
_TAG = re.compile(rb"<[^>]*>")


class Piece(Record):
    kind: BlockKind
    text: str
    level: int = 0
    place: str = ""
    anchor: str = ""
    """The id that leads here, where it was asked for."""


class PageBreak(Record):
    seen: bool = False
    """It is where a page ended when the file was last shown; else only asked for."""


class PictureBlock(Record): ...


class Footnote(Record):
    piece: Piece


Flow = Piece | PageBreak | Footnote | PictureBlock


def has_pages(chunks: Iterable[bytes], breaks: re.Pattern[bytes], reported: int) -> bool:
    """Whether the breaks in the XML of a text are those of its printed pages.

    There are some, not many fewer than the program that wrote it reported (0: none), and no more than a page can hold
    stands between two of them.
    """
    rest, found, size = b"", 0, 0
    for chunk in chunks:
        data = rest + chunk
        cut = data.rfind(b">") + 1
        whole, rest = data[:cut], data[cut:]
        for number, piece in enumerate(breaks.split(whole)):
            if number:
                found, size = found + 1, 0
            size += len(_TAG.sub(b"", piece))
            if size > MAX_PRINTED_BYTES:
                return False
    return found > 0 and (found + 1) >= reported * ENOUGH_PAGES


class Pager:
    def __init__(self, reading: Reading, *, has_pages: bool) -> None:
        """`has_pages`: the breaks in the file are those of printed pages; else sections begin there and at headings."""
        self._has_pages = has_pages
        reading.page_kind = PageKind.PAGE if has_pages else PageKind.SECTION
        self._ready: deque[Page] = deque()
        self._text, self._feet = PageText(), list[Piece]()
        self._number = self._printed = 1
        self._label, self._continued = "", 1
        self._only_headings, self._has_words, self._is_pictured = True, False, False
        self._last_break: PageBreak | None = None

    @property
    def is_empty(self) -> bool:
        return self._number == 1 and not self._has_words

    def take(self, flow: Iterable[Flow]) -> Iterator[Page]:
        for block in flow:
            if isinstance(block, PageBreak):
                self._end_page(block)
            elif isinstance(block, PictureBlock):
                self._is_pictured, self._last_break = True, None
            elif isinstance(block, Footnote):
                self._feet.append(block.piece)
            else:
                self._add(block)
            while self._ready:
                yield self._ready.popleft()

    def end(self) -> Iterator[Page]:
        if len(self._text) or self._feet or self._is_pictured or self._number == 1:
            self._finish()
        yield from self._ready
        self._ready.clear()

    def _add(self, piece: Piece) -> None:
        is_heading = piece.kind is BlockKind.HEADING
        if not self._has_pages:
            if is_heading and piece.level <= 2 and not self._only_headings:
                if piece.level <= 1 or len(self._text) >= SMALL_CHARACTERS:
                    self._break()
            elif len(self._text) + len(piece.text) > SECTION_CHARACTERS and not self._only_headings:
                self._go_on()
            if is_heading and not self._label:
                self._label = " ".join(piece.text.split())[:MAX_LABEL_CHARACTERS]
        for part in pieces_of(piece.text):
            if len(self._text) and len(self._text) + len(part) > MAX_PAGE_CHARACTERS:
                self._go_on()
            self._text.add(piece.kind, part, level=piece.level, place=piece.place)
        self._only_headings = self._only_headings and (is_heading or piece.kind in ASIDE)
        if piece.kind not in ASIDE and piece.text.strip():
            self._has_words, self._last_break = True, None

    def _end_page(self, found: PageBreak) -> None:
        """An explicit break is also recorded as rendered; two rendered breaks have an empty page between them."""
        last, self._last_break = self._last_break, found
        is_blank = not self._has_words and not self._is_pictured
        if is_blank and not (self._has_pages and found.seen and last is not None and last.seen):
            return
        self._break()

    def _break(self) -> None:
        self._finish()
        self._printed += 1
        self._label, self._continued = "", 1

    def _go_on(self) -> None:
        """The page is too long for a message, or the section for a useful link; it goes on under the same name."""
        self._finish()
        self._continued += 1

    def _finish(self) -> None:
        for foot in self._feet:
            self._text.add(foot.kind, foot.text, level=foot.level, place=foot.place)
        label = str(self._printed) if self._has_pages else self._label or str(self._number)
        if self._continued > 1 and (self._has_pages or self._label):
            label = f"{label} ({self._continued})"
        reason = "only pictures" if self._is_pictured and not self._text.blocks else ""
        self._ready.append(page_of(self._number, label, self._text.text, self._text.blocks, reason=reason))
        self._number += 1
        self._text, self._feet = PageText(), []
        self._only_headings, self._has_words, self._is_pictured = True, False, False


# ---- reads Markdown line by line
#
# sections begin at headings of the first two levels, and nothing is left out. Where there are thousands of them, such
# as in a list that was written by a program, a section holds several. Block structure only, after CommonMark's kinds
# of lines (spec.commonmark.org, sections 4 and 5) and GFM's tables; what is unclear is a paragraph.


MANY_HEADINGS = 2_000
"""With more headings than this, a section continues past a heading until it has SMALL_CHARACTERS."""
_HEADING = re.compile(r" {0,3}(#{1,6})(?:[ \t]|$)")
_UNDERLINE = re.compile(r" {0,3}(=+|-+)[ \t]*$")
_ITEM = re.compile(r"[ \t]*(?:[-*+]|\d{1,9}[.)])(?:[ \t]|$)")
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_ROW = re.compile(r" {0,3}\|")
_QUOTE = re.compile(r" {0,3}>")
_KINDS = (
    (_FENCE, BlockKind.CODE),
    (_HEADING, BlockKind.HEADING),
    (_ITEM, BlockKind.LIST_ITEM),
    (_ROW, BlockKind.TABLE_ROW),
    (_QUOTE, BlockKind.QUOTE),
)


def read_markdown(reading: Reading) -> Iterator[Page]:
    reading.page_kind = PageKind.SECTION
    return markdown_pages(decoded_text(reading))


def markdown_pages(text: str) -> Iterator[Page]:
    numbers = count(1)
    begun, label = 0, ""
    blocks: list[Block] = []
    walked = list(_walk(text))
    least = SMALL_CHARACTERS if sum(map(_is_high, walked)) > MANY_HEADINGS else 0
    for block in walked:
        begins = _is_high(block) and block.start - begun >= least
        if blocks and (begins or block.end - begun > MAX_PAGE_CHARACTERS):
            yield from _pages(text[begun : block.start], begun, label, blocks, numbers)
            begun, blocks = block.start, []
        if begins or (_is_high(block) and not blocks):
            label = text[block.start : block.end].partition("\n")[0].strip(" #\t")[:MAX_LABEL_CHARACTERS]
        blocks.append(block)
    yield from _pages(text[begun:], begun, label, blocks, numbers)


def _is_high(block: Block) -> bool:
    return block.kind is BlockKind.HEADING and block.level <= 2


def _pages(section: str, begun: int, label: str, blocks: Sequence[Block], numbers: Iterator[int]) -> Iterator[Page]:
    """A section, which begins at character `begun`, in pages of bounded length; a block that is cut is in both."""
    for piece in pieces_of(section):
        upto = begun + len(piece)
        inside = [
            Block(block.kind, max(block.start, begun) - begun, min(block.end, upto) - begun, block.level)
            for block in blocks
            if block.start < upto and block.end > begun
        ]
        number = next(numbers)
        yield page_of(number, label or str(number), piece, inside)
        begun = upto


def _walk(text: str) -> Iterator[Block]:
    walker = _Walker()
    at = 0
    for line in text.split("\n"):
        yield from walker.feed(line, at)
        at += len(line) + 1
    yield from walker.end_block()


class _Walker:
    def __init__(self) -> None:
        self._kind: BlockKind | None = None
        self._start = self._end = self._level = 0
        self._fence = ""

    def feed(self, line: str, at: int) -> Iterator[Block]:
        """A line, which begins at character `at`."""
        end, kind, underline = at + len(line), _kind(line), _UNDERLINE.match(line)
        if self._fence:
            self._end = end
            if line.strip().startswith(self._fence) and not line.strip().strip(self._fence[0]):
                yield from self.end_block()
        elif underline and self._kind is BlockKind.PARAGRAPH:
            self._kind, self._end, self._level = BlockKind.HEADING, end, 1 if underline[1][0] == "=" else 2
            yield from self.end_block()
        elif self._goes_on(kind):
            self._end = end
        else:
            yield from self.end_block()
            self._kind, self._start, self._end = kind, at, end
            if found := _FENCE.match(line):
                self._fence = found[1]
            elif found := _HEADING.match(line):
                self._level = len(found[1])
                yield from self.end_block()

    def end_block(self) -> Iterator[Block]:
        if self._kind is not None:
            yield Block(self._kind, self._start, self._end, self._level)
        self._kind, self._level, self._fence = None, 0, ""

    def _goes_on(self, kind: BlockKind | None) -> bool:
        if kind is BlockKind.PARAGRAPH:
            return self._kind in (BlockKind.PARAGRAPH, BlockKind.QUOTE, BlockKind.LIST_ITEM)
        return kind is BlockKind.QUOTE and self._kind is BlockKind.QUOTE


def _kind(line: str) -> BlockKind | None:
    if not line.strip():
        return None
    for pattern, kind in _KINDS:
        if pattern.match(line):
            return kind
    return BlockKind.PARAGRAPH


# ---- pieces of a document before they become pages, for formats that have sections instead of pages


MOST_PIECES_CHARACTERS = 20_000
"""A section without headings is split at this length, so that a place in it can be found by eye."""


def label_of(text: str) -> str:
    """A heading as the label of a page: a line of bounded length."""
    return " ".join(text.split())[:MAX_LABEL_CHARACTERS]


def page_from(number: int, label: str, pieces: Iterable[Piece], *, reason: str = "") -> Page:
    text = PageText()
    for piece in pieces:
        text.add(piece.kind, piece.text, level=piece.level, place=piece.place)
    return page_of(number, label or str(number), text.text, text.blocks, reason=reason)


def parted(pieces: Iterable[Piece], limit: int = MOST_PIECES_CHARACTERS) -> Iterator[list[Piece]]:
    """Pieces in portions of about `limit` characters; at least a portion, which may be empty.

    A heading is not left at the end of a portion; what is longer than a page may be is cut.
    """
    portion: list[Piece] = []
    length = 0
    for piece in _bearable(pieces):
        if portion and length + len(piece.text) > limit:
            kept = len(portion)
            while kept > 1 and portion[kept - 1].kind is BlockKind.HEADING:
                kept -= 1
            yield portion[:kept]
            portion = portion[kept:]
            length = sum(len(piece.text) for piece in portion)
        portion.append(piece)
        length += len(piece.text)
    yield portion


def sections_of(pieces: Sequence[Piece], *, deepest: int = 2) -> Iterator[tuple[str, list[Piece]]]:
    """Label and pieces of each section: they begin at headings down to a level, and where they would be too long."""
    label, section = "", list[Piece]()
    for piece in pieces:
        begins = piece.kind is BlockKind.HEADING and piece.level <= deepest
        if begins and not all(piece.kind is BlockKind.HEADING for piece in section):
            yield from ((label, portion) for portion in parted(section))
            label, section = "", []
        if begins and not label:
            label = label_of(piece.text)
        section.append(piece)
    yield from ((label, portion) for portion in parted(section))


def _bearable(pieces: Iterable[Piece]) -> Iterator[Piece]:
    for piece in pieces:
        for text in pieces_of(piece.text):
            yield changed(piece, text=text) if text is not piece.text else piece


# ---- turns rows of tables in texts into blocks, unless the table is only used for layout


ROW_CHARACTERS = 2_000
ROW_PARAGRAPHS = 3
"""A long row with more than that in a cell is layout."""
_IN_A_ROW = frozenset((BlockKind.PARAGRAPH, BlockKind.LIST_ITEM, BlockKind.HEADING, BlockKind.CODE, BlockKind.QUOTE))


def as_row(cells: Sequence[Sequence[Flow]], level: int) -> Iterator[Flow]:
    """A row as a block with its cells; a layout row, or a row with a nested table, flows as if there were no table."""
    words = [[piece for piece in cell if isinstance(piece, Piece) and piece.text.strip()] for cell in cells]
    filled = [cell for cell in words if cell]
    size = sum(len(piece.text) for cell in words for piece in cell)
    is_layout = (
        any(piece.kind is BlockKind.TABLE_ROW for cell in words for piece in cell)
        or (len(filled) == 1 and len(filled[0]) > 1)
        or (size > ROW_CHARACTERS and any(len(cell) > ROW_PARAGRAPHS for cell in words))
    )
    if is_layout:
        most = max(range(len(cells)), key=lambda at: sum(isinstance(block, PageBreak) for block in cells[at]))
        for at, cell in enumerate(cells):  # cells beside each other cross the same page ends
            yield from (block for block in cell if at == most or not isinstance(block, PageBreak))
        return
    broken = [piece for cell in cells for piece in cell if isinstance(piece, PageBreak)]
    yield from broken[:1]  # a row that begins a page says so inside its cells
    texts = [" ".join(" ".join(piece.text.split()) for piece in cell if piece.kind in _IN_A_ROW) for cell in words]
    yield Piece(BlockKind.TABLE_ROW, "\t".join(texts), level)
    for piece in (block for cell in cells for block in cell):
        if isinstance(piece, Footnote | PictureBlock) or (isinstance(piece, Piece) and piece.kind not in _IN_A_ROW):
            yield piece


# ---- turns slides of any format into pages


def slide_page(number: int, found: Iterable[Piece], *, hidden: bool, pictured: bool) -> Page:
    """A slide by what is on it: its title first, wherever it was drawn, and named after it."""
    pieces = sorted(found, key=lambda piece: piece.kind is not BlockKind.HEADING)
    text, is_cut = PageText(), False
    for piece in pieces:
        is_cut = is_cut or len(text) + len(piece.text) > MAX_PAGE_CHARACTERS
        if not is_cut:
            text.add(piece.kind, piece.text, level=piece.level, place=piece.place)
    title = next((piece.text for piece in pieces if piece.kind is BlockKind.HEADING and piece.text.strip()), "")
    label = " ".join(title.split())[:MAX_LABEL_CHARACTERS] or str(number)
    status = None if text.blocks else PageStatus.SCANNED if pictured else PageStatus.EMPTY
    reason = "its end is left out: too long for a slide" if is_cut else "hidden slide" if hidden else ""
    return page_of(number, label, text.text, text.blocks, status=status, reason=reason)
