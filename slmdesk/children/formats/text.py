"""Decodes text files, reads plain text and Markdown, and splits text into pages for all formats without own pages."""

from __future__ import annotations

import codecs
import re
import unicodedata
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import count

from slmdesk.base.documents import ASIDE, DELETED, Block, BlockKind, Note, Page, PageKind, PageStatus, page_of
from slmdesk.base.errors import KnownError
from slmdesk.base.record import Record, changed
from slmdesk.base.texts import N_, _
from slmdesk.children.formats.reading import Link, PageText, Reading

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
"""Common encodings for chardet to choose from. With all its own it takes a short German text for Icelandic MacRoman."""
USUAL = "cp1252"
_OLDER = ("cp850", "cp437", "cp852", "mac_roman", "latin-1")
"""Encodings of DOS and old Macs, which are hard to guess from few letters."""
_FEW_FAULTS = 20
"""One place that no one writes, in so many letters that are not ASCII, does not count against an encoding."""
CLEARLY = 1.25
"""Factor by which the confidence of another guess must exceed that of the usual encoding."""
LEAST_SURE = 0.025
SAMPLE_BYTES = 64 << 10
LINE_BYTES = 4 << 10
MOST_CONTROLS = 0.02
"""Largest share of control characters in a text. With more, the file is not text."""
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0e-\x1a\x1c-\x1f\x7f]")
_TWO_SCRIPTS = re.compile(r"[a-zA-Z][\u0370-\u05ff]|[\u0370-\u05ff][a-zA-Z]")
_STRANGE = re.compile(r"[^\x00-\x7f]")
_UNWRITTEN = re.compile(r"[\x80-\x84\x86-\x9f\u0178\u0192]")
"""Matches control letters, and letters that hardly any word has."""
_IN_A_WORD = re.compile(r"(?<=([^\W\d_]))([^\x00-\x7f\xad\xb7\u2010-\u2015\u2019\ufffd])(?=([^\W\d_]))")
_KANA = re.compile(r"[\u3040-\u30ff]")


STRAY, GUESSED = N_("some letters are no {encoding}"), N_("not UTF-8: guessed to be {encoding}")
MIXED = N_("mixed: {bad} lines are not UTF-8, guessed to be {guess}")


class Decoded(Record):
    text: str
    encoding: str
    doubt: str = ""


_TERMINAL = re.compile(rb"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]{0,2000}(?:\x07|\x1b\\))")
"""Matches terminal escape sequences (ECMA-48)."""


class NotTextError(ValueError): ...


def decoded_text(reading: Reading) -> str:
    """Return the content of a text file with unified line ends. The encoding is recorded in `reading`.

    Raises what `decoded_by` raises, and KnownError `document.too_large`.
    """
    untrusted = reading.text_bytes()
    if b"\x1b" in untrusted:  # recorded terminal output is text
        untrusted = _TERMINAL.sub(b"", untrusted)
    text = lines_made_one(decoded_by(reading, untrusted).text)
    return text.replace(DELETED[0], "\ufffd")  # only readers of looks mark words as struck


def decoded_by(reading: Reading, untrusted: bytes, guess: Callable[[bytes], Decoded] | None = None) -> Decoded:
    """Decode the bytes in the encoding the user chose, else by `guess` (None: `decode`). The encoding is recorded in
    `reading`.

    Raises KnownError `document.binary` for bytes that are not text, `document.unreadable` for an unknown encoding.
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
    r"""Return the text with all line ends as \n."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def decode_as(untrusted: bytes, encoding: str) -> Decoded:
    """Decode the bytes in a given encoding. Invalid bytes become U+FFFD and are reported in `doubt`. Raises
    NotTextError for an unknown encoding.
    """
    try:
        text = untrusted.decode(encoding, "replace").replace(MARK, "")
    except (LookupError, ValueError) as err:  # ValueError: some do not support "replace", such as idna
        raise NotTextError(_("there is no encoding {encoding}").format(encoding=encoding[:40])) from err
    return Decoded(text, encoding, STRAY.format(encoding=encoding) if "\ufffd" in text else "")


def decode(untrusted: bytes) -> Decoded:
    """Decode bytes by their byte order mark (removed), else as valid UTF-8, else by a guess. Raises NotTextError."""
    for mark, encoding in MARKS:
        if untrusted.startswith(mark):
            return _marked(untrusted[len(mark) :], encoding)
    if b"\0" in untrusted:
        return _wide(untrusted)
    if b"\x1b$" in untrusted and (japanese := _strictly(untrusted, "iso2022_jp")) is not None:
        return Decoded(japanese, "iso2022_jp")
    text = _strictly(untrusted, "utf-8")
    decoded = _mixed_or_guessed(untrusted) if text is None else Decoded(text, "utf-8")
    return _checked(decoded)


def _marked(untrusted: bytes, encoding: str) -> Decoded:
    """Decode the text after a byte order mark. If it is truncated or damaged, `doubt` says so. Raises NotTextError."""
    text = _strictly(untrusted, encoding)
    if text is not None:
        return _checked(Decoded(text, encoding))
    text = untrusted.decode(encoding, "replace")
    if text.count("\ufffd") * 50 > len(text):
        raise NotTextError(_("marked as {encoding}, but is not").format(encoding=encoding))
    return _checked(Decoded(text.replace(MARK, ""), encoding, STRAY.format(encoding=encoding)))


def _wide(untrusted: bytes) -> Decoded:
    """Decode UTF-16 or UTF-32 without byte order mark, recognised by its zero bytes. Raises NotTextError if neither."""
    begins_low = untrusted[1::2].count(0) >= untrusted[::2].count(0)
    for encoding in ("utf-32-le", "utf-16-le") if begins_low else ("utf-32-be", "utf-16-be"):
        text = _strictly(untrusted, encoding)
        if text and _is_plausible(text):
            return Decoded(text, encoding, N_("without a mark: guessed to be {encoding}").format(encoding=encoding))
    raise NotTextError(_("holds zero bytes"))


def _is_plausible(text: str) -> bool:
    """Return whether hardly any character is control or unassigned. A very short text must have an ASCII character."""
    sample = text[:20_000]
    odd = sum(letter not in "\n\r\t\f" and unicodedata.category(letter) in ("Cn", "Co", "Cc") for letter in sample)
    return "\0" not in text and odd * 50 <= len(sample) and (len(sample) > 3 or any(map(str.isascii, sample)))


def _mixed_or_guessed(untrusted: bytes) -> Decoded:
    """Decode text that is not valid UTF-8. If enough lines are UTF-8 (a file written by two programs), only the other
    lines are decoded in a guessed encoding.
    """
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
        return Decoded(untrusted.decode("utf-8", "replace").replace(MARK, ""), "utf-8", STRAY.format(encoding="utf-8"))
    guess = _guessed(b"\n".join(strange), strange).encoding
    text = "\n".join(_line(line, guess) for line in lines)
    return Decoded(
        text.replace(MARK, ""),
        "utf-8",
        MIXED.format(bad=bad, guess=guess),
    )


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
    """Decode the bytes in the encoding that chardet guesses from the lines that are not ASCII (`strange`). If it is not
    sure, take Western European.
    """
    sample = b"\n".join(strange)[:SAMPLE_BYTES]
    fewest = 0
    best: tuple[str, str] | None = None
    for encoding in (*_guesses(sample), *_OLDER):
        text = _strictly(untrusted, encoding)
        if text is None or (encoding.startswith("utf-16") and not _is_plausible(text)) or _mixes_scripts(text):
            continue
        faults = _faults(sample.decode(encoding, "replace"))
        if best is None or faults < fewest:
            fewest, best = faults, (text, encoding)
        if faults * _FEW_FAULTS <= len(_STRANGE.findall(text[:SAMPLE_BYTES])):
            break
    text, encoding = best or (untrusted.decode("latin-1"), "latin-1")  # which decodes every byte
    if text == _strictly(untrusted, USUAL):  # only few non-ASCII letters, which are the same in both encodings
        encoding = USUAL
    return Decoded(text, encoding, GUESSED.format(encoding=encoding))


def _faults(text: str) -> int:
    """Return how many places of a text no one writes."""
    return len(_UNWRITTEN.findall(text)) + sum(_is_misplaced(*found) for found in _IN_A_WORD.findall(text))


def _is_misplaced(before: str, letter: str, after: str) -> bool:
    """Return whether a sign stands within a word, a capital within small letters, or a small letter within capitals."""
    if letter.isupper():
        return after.islower()
    if letter.islower():
        return letter != "\u00df" and before.isupper() and after.isupper()
    return before.isascii() and after.isascii()


def _mixes_scripts(text: str) -> bool:
    """Return whether many words mix Latin with Greek, Cyrillic or Hebrew letters, as Czech decoded as Greek does."""
    sample = text[:SAMPLE_BYTES]
    return len(_TWO_SCRIPTS.findall(sample)) * 4 > len(_STRANGE.findall(sample))


def _guesses(sample: bytes) -> list[str]:
    """Return the names of possible encodings, the likeliest first."""
    import chardet  # 80 ms

    japanese = _strictly(sample, "cp932")
    if japanese is not None and 2 * len(_KANA.findall(japanese)) > sum(not letter.isascii() for letter in japanese):
        return ["cp932", USUAL]
    answers = chardet.detect_all(sample, ignore_threshold=True, include_encodings=CANDIDATES)
    guesses = [
        (codecs.lookup(answer["encoding"]).name, answer["confidence"], answer["language"])
        for answer in answers
        if answer["encoding"]
    ]
    usual = next((sure for name, sure, __ in guesses if name == USUAL), 0.0)
    turkish = any(language == "tr" for __, ___, language in guesses[:2])
    better = [
        name
        for name, sure, __ in guesses
        if sure >= max(usual * CLEARLY, LEAST_SURE) or (name == "cp1254" and turkish and sure >= usual)
    ]
    return [*better, USUAL]


def _checked(decoded: Decoded) -> Decoded:
    """Return `decoded` unless it has too many control characters. Raises NotTextError. The check is needed since every
    byte is a letter in some encoding.
    """
    if len(_CONTROLS.findall(decoded.text)) > MOST_CONTROLS * len(decoded.text):
        raise NotTextError(_("holds control characters"))
    return decoded


def _strictly(untrusted: bytes, encoding: str) -> str | None:
    """Return the text without byte order marks, or None if the bytes are invalid in this encoding."""
    try:
        return untrusted.decode(encoding).replace(MARK, "")
    except UnicodeDecodeError:
        return None


MAX_PAGE_CHARACTERS = 200_000
"""Most characters of a page, so that messages stay small. Longer pages are split at line ends."""


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
    """Cut a text into pieces of at most MAX_PAGE_CHARACTERS, after line ends if possible. Joined, they are the text."""
    at = 0
    while len(text) - at > MAX_PAGE_CHARACTERS:
        cut = text.rfind("\n", at, at + MAX_PAGE_CHARACTERS) + 1
        end = cut if cut > at else at + MAX_PAGE_CHARACTERS
        open_mark = text.rfind(DELETED[0], at + 1, end)
        if open_mark > text.rfind(DELETED[1], at, end):  # struck words stay together
            end = open_mark
        yield text[at:end]
        at = end
    yield text[at:]


def _blocks(page: str, kind: BlockKind) -> list[Block]:
    """Return a block for each group of lines between blank lines. The lines are read one by one, since a regular
    expression would backtrack on a line of spaces.
    """
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


SECTION_CHARACTERS = 8_000
"""Most characters of a section, about three printed pages, so that a link to a section is still useful. Longer sections
are split between blocks.
"""
SMALL_CHARACTERS = 3_000
"""Characters a section must have before a second-level heading begins a new section."""
LETTERHEAD_CHARACTERS = 1_000
"""Most characters above the first heading that stand in its section: the address of a letter, say."""
MAX_LABEL_CHARACTERS = 200
MAX_PRINTED_BYTES = 12_000
"""Bytes of text that no printed page exceeds. In scripts of three bytes a letter this is two pages of a novel."""
ENOUGH_PAGES = 0.8
_TAG = re.compile(rb"<[^>]*>")


class Piece(Record):
    kind: BlockKind
    text: str
    level: int = 0
    place: str = ""
    anchor: str = ""
    """The element id that links lead to, if the reader was asked to find it."""
    links: tuple[Link, ...] = ()
    """In the order of the text."""


class PageBreak(Record):
    seen: bool = False
    """Whether a page ended here when the file was last displayed. If False, the author only requested a break here."""


class PictureBlock(Record): ...


class Footnote(Record):
    piece: Piece


Flow = Piece | PageBreak | Footnote | PictureBlock


def has_pages(chunks: Iterable[bytes], breaks: re.Pattern[bytes], reported: int) -> bool:
    """Return whether the breaks in a text's XML are those of its printed pages.

    That is so if there are breaks, if they are not much fewer than the pages in `reported` (0: unknown), and if no part
    between two breaks is longer than a page can be.
    """
    rest, passed, size = b"", 0, 0
    for chunk in chunks:
        data = rest + chunk
        cut = data.rfind(b">") + 1
        whole, rest = data[:cut], data[cut:]
        for number, piece in enumerate(breaks.split(whole)):
            if number:
                passed, size = passed + 1, 0
            size += len(_TAG.sub(b"", piece))
            if size > MAX_PRINTED_BYTES:
                return False
    return passed > 0 and (passed + 1) >= reported * ENOUGH_PAGES


class Pager:
    def __init__(self, reading: Reading, *, has_pages: bool) -> None:
        """`has_pages`: breaks in the file are those of printed pages. Otherwise breaks and headings begin sections."""
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
                is_letterhead = not self._label and len(self._text) < LETTERHEAD_CHARACTERS
                if not is_letterhead and (piece.level <= 1 or len(self._text) >= SMALL_CHARACTERS):
                    self._break()
            elif len(self._text) + len(piece.text) > SECTION_CHARACTERS and not self._only_headings:
                self._go_on()
            if is_heading and not self._label:
                self._label = " ".join(piece.text.split())[:MAX_LABEL_CHARACTERS]
        for part in pieces_of(piece.text):
            if len(self._text) and len(self._text) + len(part) > MAX_PAGE_CHARACTERS:
                self._go_on()
            self._text.add(piece.kind, part, level=piece.level, place=piece.place, links=piece.links)
        self._only_headings = self._only_headings and (is_heading or piece.kind in ASIDE)
        if piece.kind not in ASIDE and piece.text.strip():
            self._has_words, self._last_break = True, None

    def _end_page(self, page_break: PageBreak) -> None:
        """End the page at a break. A blank page is dropped, since an explicit break is often recorded as rendered too.
        Only between two rendered breaks there really is an empty page.
        """
        last, self._last_break = self._last_break, page_break
        is_blank = not self._has_words and not self._is_pictured
        if is_blank and not (self._has_pages and page_break.seen and last is not None and last.seen):
            return
        self._break()

    def _break(self) -> None:
        self._finish()
        self._printed += 1
        self._label, self._continued = "", 1

    def _go_on(self) -> None:
        """Go on to a page with the same label: this one is too long for a message or its section for a useful link."""
        self._finish()
        self._continued += 1

    def _finish(self) -> None:
        for foot in self._feet:
            self._text.add(foot.kind, foot.text, level=foot.level, place=foot.place, links=foot.links)
        label = str(self._printed) if self._has_pages else self._label or str(self._number)
        if self._continued > 1 and (self._has_pages or self._label):
            label = f"{label} ({self._continued})"
        reason = N_("only pictures") if self._is_pictured and not self._text.blocks else ""
        self._ready.append(page_of(self._number, label, self._text.text, self._text.blocks, reason=reason))
        self._number += 1
        self._text, self._feet = PageText(), []
        self._only_headings, self._has_words, self._is_pictured = True, False, False


# Reads Markdown line by line. Sections begin at headings of the first two levels, and nothing is left out. If there
# are thousands of headings, as in a list written by a program, a section holds several. Only the block structure is
# parsed: CommonMark's kinds of lines (spec.commonmark.org, sections 4 and 5) and GFM's tables. An unclear line is a
# paragraph.

MANY_HEADINGS = 2_000
"""Number of level 1 and 2 headings above which a section has at least SMALL_CHARACTERS, and so may hold several."""
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
    """Yield a section as pages of limited length. `begun` is the position of the section in the text. A block that is
    cut is in both pages.
    """
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
        """Take the next line, which begins at character `at`. Yield the blocks that end with it."""
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
            if match := _FENCE.match(line):
                self._fence = match[1]
            elif match := _HEADING.match(line):
                self._level = len(match[1])
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


MOST_PIECES_CHARACTERS = 20_000
"""Most characters of a section without headings before it is split, so that the eye finds a passage in it."""


def label_of(text: str) -> str:
    """Return a heading as the label of a page: on one line and of limited length."""
    return " ".join(text.split())[:MAX_LABEL_CHARACTERS]


def page_from(number: int, label: str, pieces: Iterable[Piece], *, reason: str = "") -> Page:
    text = PageText()
    for piece in pieces:
        text.add(piece.kind, piece.text, level=piece.level, place=piece.place, links=piece.links)
    return page_of(number, label or str(number), text.text, text.blocks, reason=reason)


def parted(pieces: Iterable[Piece], limit: int = MOST_PIECES_CHARACTERS) -> Iterator[list[Piece]]:
    """Yield pieces in portions of about `limit` characters. There is at least one portion, which may be empty.

    A portion does not end with a heading. A piece longer than a page may be is cut.
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
    """Yield each section's label and pieces. Headings down to level `deepest` begin sections, split if too long."""
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


ROW_CHARACTERS = 2_000
ROW_PARAGRAPHS = 3
"""Most paragraphs in a cell of a long row. If a cell has more, the row is taken as page layout."""
_IN_A_ROW = frozenset((BlockKind.PARAGRAPH, BlockKind.LIST_ITEM, BlockKind.HEADING, BlockKind.CODE, BlockKind.QUOTE))


def as_row(cells: Sequence[Sequence[Flow]], level: int) -> Iterator[Flow]:
    """Yield a table row as one block, but a row with a nested table or only for layout as if there were no table."""
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
        for at, cell in enumerate(cells):  # adjacent cells cross the same page breaks
            yield from (block for block in cell if at == most or not isinstance(block, PageBreak))
        return
    broken = [piece for cell in cells for piece in cell if isinstance(piece, PageBreak)]
    yield from broken[:1]  # a page break before a row is recorded inside its cells
    texts = [" ".join(" ".join(piece.text.split()) for piece in cell if piece.kind in _IN_A_ROW) for cell in words]
    links = tuple(link for cell in words for piece in cell if piece.kind in _IN_A_ROW for link in piece.links)
    yield Piece(BlockKind.TABLE_ROW, "\t".join(texts), level, links=links)
    for piece in (block for cell in cells for block in cell):
        if isinstance(piece, Footnote | PictureBlock) or (isinstance(piece, Piece) and piece.kind not in _IN_A_ROW):
            yield piece


def slide_page(number: int, drawn: Iterable[Piece], *, hidden: bool, pictured: bool) -> Page:
    """Return the page of a slide. Its title comes first, wherever it was drawn, and becomes the label."""
    pieces = sorted(drawn, key=lambda piece: piece.kind is not BlockKind.HEADING)
    text, is_cut = PageText(), False
    for piece in pieces:
        is_cut = is_cut or len(text) + len(piece.text) > MAX_PAGE_CHARACTERS
        if not is_cut:
            text.add(piece.kind, piece.text, level=piece.level, place=piece.place, links=piece.links)
    title = next((piece.text for piece in pieces if piece.kind is BlockKind.HEADING and piece.text.strip()), "")
    label = " ".join(title.split())[:MAX_LABEL_CHARACTERS] or str(number)
    if text.blocks:
        status = None
    elif pictured:
        status = PageStatus.SCANNED
    else:
        status = PageStatus.EMPTY
    if is_cut:
        reason = N_("its end is left out: too long for a slide")
    elif hidden:
        reason = N_("hidden slide")
    else:
        reason = ""
    return page_of(number, label, text.text, text.blocks, status=status, reason=reason)
