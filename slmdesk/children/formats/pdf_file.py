"""Opens PDF files with their password, and reads their properties, attachments, pages, and words with positions."""

from __future__ import annotations

import ctypes
import math
import os
import re
import sys
import threading
import unicodedata
import zlib
from bisect import bisect
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from itertools import groupby, pairwise
from typing import Any, TypeAlias

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c

from slmdesk.base.documents import Note
from slmdesk.base.errors import KnownError
from slmdesk.base.record import Record
from slmdesk.base.texts import N_, _
from slmdesk.children.formats.letters import UNKNOWN, sign_of
from slmdesk.children.formats.reading import Reading

LOCK = threading.RLock()
MAX_PAGES = 50_000
MAX_IN_MEMORY_BYTES = 64 << 20
"""Files up to this size are read into memory. Larger files are read from the disk on demand."""
TAIL_BYTES = 2048
_CATALOG = re.compile(rb"(\d{1,9}) 0 obj\s*<<[^>]{0,200}/Type\s*/Catalog")
_NEEDS_PASSWORD = 4
_NOT_KNOWN_LOCK = 5


@contextmanager
def opened(reading: Reading) -> Iterator[pdfium.PdfDocument]:
    """Open the document for a `with` block, which closes it at the end.

    Raises KnownError `document.locked`, `document.wrong_password`, `document.damaged`, `document.too_many_pages`, and
    what opening the file raises.
    """
    with reading.open() as file:
        size = file.seek(0, os.SEEK_END)
        if not size:
            raise KnownError("document.damaged", path=reading.path, reason=_("it is empty"))
        file.seek(max(0, size - TAIL_BYTES))
        if b"%%EOF" not in file.read(TAIL_BYTES):
            reading.note(Note.PARTLY_DAMAGED)  # truncated; pdfium recovers what there is
        file.seek(0)
        # a file of moderate size is read at once, so that it cannot change while pdfium uses it
        source = reading.all_bytes() if size <= MAX_IN_MEMORY_BYTES else file
        if isinstance(source, bytes):
            check_streams(reading, source)
            check_forms(reading, source)
        with LOCK:
            document = _document(reading, source)
        try:
            with LOCK:
                pages = len(document)
            if not pages:
                raise KnownError("document.damaged", path=reading.path, reason=_("it has no pages"))
            reading.check_count(pages, MAX_PAGES)
            yield document
        finally:
            with LOCK:
                document.close()


def _document(reading: Reading, source: Any) -> pdfium.PdfDocument:
    try:
        return pdfium.PdfDocument(source, password=reading.password or None)
    except pdfium.PdfiumError as err:
        code = getattr(err, "err_code", None)
        if not code or (isinstance(source, bytes) and code >= _NEEDS_PASSWORD and b"/Encrypt" not in source):
            # without a page, pdfium refuses and sets no error: the error it reports is the previous failure's
            raise KnownError("document.damaged", path=reading.path, reason=_("it has no pages")) from err
        if isinstance(source, bytes) and code not in (_NEEDS_PASSWORD, _NOT_KNOWN_LOCK):
            with suppress(pdfium.PdfiumError):
                mended = pdfium.PdfDocument(_with_trailer(source), password=reading.password or None)
                reading.note(Note.PARTLY_DAMAGED)
                return mended
        if code == _NEEDS_PASSWORD:
            known = "document.wrong_password" if reading.password else "document.locked"
            raise KnownError(known, path=reading.path) from err
        reason = N_("locked in a way that is not known") if code == _NOT_KNOWN_LOCK else N_("it is not a complete PDF")
        raise KnownError("document.damaged", path=reading.path, reason=reason) from err


def _with_trailer(data: bytes) -> bytes:
    """Append to a truncated file a trailer that names the root object. pdfium finds the other objects by itself."""
    match = _CATALOG.search(data)
    root = match[1] if match else b"1"
    return data + b"\ntrailer\n<< /Root " + root + b" 0 R >>\nstartxref\n0\n%%EOF\n"


def metadata_of(document: pdfium.PdfDocument, name: str) -> str:
    value = ""
    with LOCK, suppress(UnicodeError, pdfium.PdfiumError):  # an invalid character must not spoil more than this value
        value = document.get_metadata_value(name)
    return " ".join("".join(letter for letter in value if letter.isprintable() or letter.isspace()).split())[:300]


def label_of(document: pdfium.PdfDocument, index: int) -> str:
    """Return the page number the document declares (usually the printed one), else its position in the file from 1."""
    label = ""
    with suppress(UnicodeError, pdfium.PdfiumError):
        label = document.get_page_label(index)
    return " ".join("".join(letter for letter in label if letter.isprintable()).split())[:50] or str(index + 1)


def picture_share(page: pdfium.PdfPage) -> tuple[float, int]:
    """Return the share of the page that pictures cover, 0..1, and the number of drawn paths. The areas of all pictures
    are added, so that a scan cut into strips counts as a whole.
    """
    left, bottom, right, top = page.get_bbox()
    area = max(1.0, (right - left) * (top - bottom))
    covered, paths = 0.0, 0
    for piece in page.get_objects(max_depth=3):
        if piece.type == pdfium_c.FPDF_PAGEOBJ_IMAGE:
            x0, y0, x1, y1 = piece.get_bounds()
            covered += max(0.0, min(x1, right) - max(x0, left)) * max(0.0, min(y1, top) - max(y0, bottom))
        elif piece.type == pdfium_c.FPDF_PAGEOBJ_PATH:
            paths += 1
        if covered >= area or paths > 1000:
            break
    return min(1.0, covered / area), paths


def attachments_of(document: pdfium.PdfDocument) -> list[tuple[str, int]]:
    attachments = []
    for index in range(min(document.count_attachments(), 1000)):
        name, size_bytes = "", 0
        with suppress(UnicodeError, pdfium.PdfiumError):  # a broken attachment is listed without a name
            attachment = document.get_attachment(index)
            size = pdfium_c.c_ulong()
            size_bytes = size.value if pdfium_c.FPDFAttachment_GetFile(attachment, None, 0, size) else 0
            name = attachment.get_name()[:200]
        attachments.append((name, size_bytes))
    return attachments


def embedded(document: pdfium.PdfDocument, index: int) -> bytes:
    """Return the bytes of an attached file, or no bytes if it is broken."""
    with LOCK, suppress(pdfium.PdfiumError):
        return bytes(document.get_attachment(index).get_data())
    return b""


def attachment(reading: Reading, index: int) -> tuple[str, bytes]:
    """Return the name and the bytes of an attached file. Raises KnownError `request.invalid` if there is none at
    `index`, `document.damaged`.
    """
    with opened(reading) as document, LOCK:
        if not 0 <= index < document.count_attachments():
            raise KnownError("request.invalid", what="attachment")
        try:
            held = document.get_attachment(index)
            return held.get_name()[:200], bytes(held.get_data())
        except (pdfium.PdfiumError, UnicodeError) as err:
            raise KnownError("document.damaged", path=reading.path, reason=_("a file in it is broken")) from err


@contextmanager
def page_at(document: pdfium.PdfDocument, index: int) -> Iterator[pdfium.PdfPage]:
    """Open a page for a `with` block that holds the lock and closes the page at the end. Raises pdfium.PdfiumError."""
    with LOCK, closing(document.get_page(index)) as page:
        yield page


# The words of a PDF page with their positions, as pdfium finds them. Coordinates are those of the page as shown,
# after its rotation: points from the top left corner, y down. This code does not group words into lines or blocks
# (see pdf_layout.py).

MAX_CHARACTERS = 400_000
"""Most characters of a page. A page with more is not readable text and would fill the memory."""
LINE_END = "\ufffe"
"""The character that pdfium gives for a hyphen at the end of a line together with the line break."""
_TOKEN = re.compile(rf"\r\n|[^\s{LINE_END}]+{LINE_END}?|{LINE_END}")
_PRESENTED = re.compile(r"[\ufb00-\ufb06\ufb13-\ufb17\ufb1d-\ufdff\ufe70-\ufefc]")
"""Matches ligatures and presentation forms of letters. Only these are normalised (Unicode, NFKC)."""
RIGHT_TO_LEFT = re.compile(r"[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]")
_UNSEEN = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b\ufeff\uffff\ud800-\udfff\U000e0000-\U000e007f]")
_SYMBOLS = {
    0xF0B7: "•", 0xF0A7: "▪", 0xF0D8: "➢", 0xF0FC: "✓", 0xF0E0: "→", 0xF02D: "-",
    **{0xF700 + code: chr(code) for code in (*range(0x30, 0x3A), *range(0x61, 0x7B))},
}  # fmt: skip
"""Replacements for private characters of unknown fonts: usual ones of symbol fonts, old figures, small capitals."""
_PRIVATE = re.compile("[\ue000-\uf8ff]")
_ODD = re.compile("[\u0590-\u08ff\ue000-\uf8ff\ufb1d-\ufefc]")
"""Matches what is private or from right to left, and a few more, in one search of a page."""
_LIKE_SIGNS = re.compile(r"[348A-Za-z]$|[\xa1-\xff]|[oqx][A-Z]|\d*m[mglsFVAWNHJ]$|\d*[kM]?W$")
"""Matches words that may be or begin with signs of a symbol font (µm and kΩ among them). All are only asked for their
fonts where some are.
"""
_FAMILY = re.compile(r"(?:[A-Z]{6}\+)?(ZapfDingbats|(?:Symbol|Wingdings|Webdings)(?![a-z]))[ -]?([23]?)")
_TOLD = frozenset("°±×÷µ©")
"""Letters of the font Symbol that are its Unicode, though its codes have other signs there."""
_DINGBATS = {
    **{code: chr(code + (0x26E0 if code < 0x7F else 0x26C0)) for code in (*range(0x21, 0x7F), *range(0xA1, 0xFF))},
    0x25: "☎", 0x2A: "☛", 0x2B: "☞", 0x48: "★", 0x6C: "●", 0x6E: "■", 0x73: "▲", 0x74: "▼", 0x75: "◆", 0x77: "◗",
    0xA8: "♣", 0xA9: "♦", 0xAA: "♥", 0xAB: "♠", 0xD5: "→", 0xD6: "↔", 0xD7: "↕",
    **{0xAC + number: chr(0x2460 + number) for number in range(10)},
}  # fmt: skip
_ACCENTS = {"´": "\u0301", "`": "\u0300", "ˆ": "\u0302", "˜": "\u0303", "¨": "\u0308", "˚": "\u030a", "ˇ": "\u030c",
            "˝": "\u030b", "˘": "\u0306", "˙": "\u0307"}  # fmt: skip
"""Combining accents by the separate accent characters that old fonts draw before a letter."""
_ACCENTED = re.compile(rf"[{''.join(_ACCENTS)}][^\W\d_]")
_INSIDE = re.compile(r"(?<=[^\W\d_])`[aeiouAEIOUı]|^`[aA]$")
"""Matches a grave accent that belongs to a letter: inside a word, or in French à. Elsewhere it is a quotation mark."""
_RAISED_DIGITS = re.compile(r"(?<=.)[-−+]?[0-9]+")
"""Matches digits that follow another character and so may be superscripts."""
_SUPERSCRIPT = str.maketrans("0123456789-−+", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁻⁺")
_RAISED_SIZE = (0.4, 0.88)
"""Least and largest size of a superscript, relative to the letter before. A digit is smaller than the letter, but not
as small as text beside a large initial.
"""
_RAISED_BY = (0.1, 0.75)
"""Least and largest height of a superscript above the baseline, relative to the size of the letter before."""
SPACE = 0.15
"""Least gap between letters that is a space, in letter heights, where pdfium sees one word."""
NEAR_BRACKET = 100
SLANT = 10
"""Most degrees by which letters that are turned are out of line."""
_FIXED_PITCH = 1
_MONO_NAMES = re.compile(r"mono|courier|consol|typewriter|CMTT|SFTT", re.IGNORECASE)
_INVISIBLE = (3, 7)
_WHITE = 250


@dataclass(slots=True, eq=False)
class Word:
    text: str
    first: int
    """pdfium's index of the first character. The others have the next indices, unless `indices` lists them."""
    indices: tuple[int, ...] | None
    line: int
    """Number of pdfium's line. It only tells whether two words are on the same line."""
    x0: float
    y0: float
    x1: float
    y1: float
    hyphen: bool = False
    field: str | None = None
    """Name of the form's field that holds the word. None if the page itself does."""
    is_struck: bool = False
    sureness: float = 100.0
    """How sure the recognition of a scanned page was of it, of 100."""
    is_doubtful: bool = False
    """Whether it may be misread: see formats.scan_readings."""
    other: str = ""
    """A figure as it was read otherwise."""


class Look(Record):
    size: float
    """Font size in points as shown on the page."""
    is_bold: bool
    is_mono: bool
    is_sideways: bool
    is_unseen: bool
    """Whether the text is drawn in a render mode that leaves no visible marks."""
    is_white: bool


Sides: TypeAlias = tuple[float, float, float, float]


class View(Record):
    """Visible area and rotation of a page, which convert pdfium's coordinates to those of the page as shown."""

    left: float
    bottom: float
    right: float
    top: float
    rotation: int

    @property
    def width(self) -> float:
        """Return the width in points as shown."""
        return self.top - self.bottom if self.rotation in (90, 270) else self.right - self.left

    @property
    def height(self) -> float:
        return self.right - self.left if self.rotation in (90, 270) else self.top - self.bottom

    def place_in_file(self, x: float, y: float) -> tuple[float, float]:
        """Return where a point of the page as shown is in the file: right of and above the visible area's corner."""
        match self.rotation:
            case 90:
                return y, x
            case 180:
                return self.right - self.left - x, y
            case 270:
                return self.right - self.left - y, self.top - self.bottom - x
        return x, self.top - self.bottom - y

    def box(self, left: float, bottom: float, right: float, top: float) -> tuple[float, float, float, float]:
        if self.rotation == 0:
            return left - self.left, self.top - top, right - self.left, self.top - bottom
        if self.rotation == 90:
            return bottom - self.bottom, left - self.left, top - self.bottom, right - self.left
        if self.rotation == 180:
            return self.right - right, bottom - self.bottom, self.right - left, top - self.bottom
        return self.top - top, self.right - right, self.top - bottom, self.right - left


def view_of(page: pdfium.PdfPage) -> View:
    left, bottom, right, top = page.get_bbox()
    if right <= left or top <= bottom:
        width, height = page.get_size()
        left, bottom, right, top = 0.0, 0.0, max(width, 1.0), max(height, 1.0)
    return View(left, bottom, right, top, page.get_rotation() % 360)


class PageLetters:
    """Characters of an open page. Close it before the page."""

    def __init__(self, page: pdfium.PdfPage) -> None:
        self.view = view_of(page)
        self._page = page.get_textpage()
        self._raw: Any = self._page.raw
        self._rect = pdfium_c.FS_RECTF()
        self._rect_at = ctypes.byref(self._rect)
        self.count = max(0, pdfium_c.FPDFText_CountChars(self._raw))
        self._matrix = pdfium_c.FS_MATRIX()
        self._flags = ctypes.c_int()
        self._name = ctypes.create_string_buffer(64)
        self._colour = tuple(ctypes.c_uint() for __ in range(4))
        self._colour_at = tuple(ctypes.byref(uint) for uint in self._colour)
        self._point = ctypes.c_double(), ctypes.c_double()
        self._point_at = tuple(ctypes.byref(part) for part in self._point)
        self.has_unseen_letters = False
        """Whether invisible characters such as Unicode tags were left out of the words."""
        self.unknown: set[str] = set()
        """Fonts and codes of signs without a letter."""
        self.has_turned = self.view.rotation != 0
        """Whether the letters of a word may not be beside each other from left to right, as the page is shown."""
        self._families: dict[bytes, str] = {}
        self._fonts: dict[bytes, tuple[bool, bool]] = {}
        self._has_signs = False

    def close(self) -> None:
        self._page.close()

    def words(self) -> list[Word]:
        text, indices = self.text()
        words: list[Word] = []
        line = 0
        is_like_signs = _LIKE_SIGNS.match
        is_plain = _ODD.search(text) is None
        asks_all = self._has_signs or not (is_plain or _PRIVATE.search(text) is None)
        for token in _TOKEN.finditer(text):
            letters = token[0]
            if letters == "\r\n":
                line += 1
                continue
            start, end = token.span()
            hyphen = letters[-1] in (LINE_END, "\u00ad")
            if hyphen:
                letters, end = letters[:-1], end - 1
            own = indices[start:end] if indices is not None else None
            first, last = (own[0], own[-1]) if own else (start, end - 1)
            is_usual = letters.isascii() and letters.isalpha()
            if is_usual and len(letters) > 4:
                is_like_sign = letters[0] in "oqx" and letters[1].isupper()
            else:
                is_like_sign = is_like_signs(letters) is not None or "\xa1" <= letters[-1:] <= "\xff"
            if asks_all or is_like_sign:
                letters, own = self._legible(letters, first, own)
            if not is_usual:
                if "`" in letters or not letters.isascii() or not letters.isprintable():
                    letters, own = self._plain(letters, first, own)
                if len(letters) > 1 and _RAISED_DIGITS.search(letters):
                    letters = self._with_raised(letters, own or range(first, first + len(letters)))
            if letters:
                words.append(Word(letters, first, own, line, *self._around(first, last), hyphen))
            elif hyphen and words:
                words[-1].hyphen = True
            if hyphen and token[0][-1] == LINE_END:
                line += 1
        if self._has_signs and not asks_all:
            return self.words()
        return words if is_plain or not RIGHT_TO_LEFT.search(text) else self._in_order(words)

    def _in_order(self, words: Sequence[Word]) -> list[Word]:
        """Arrange the letters of lines with words from right to left anew: pdfium knows no names or numbers in them."""
        lettered = [word for word in words if word.text[0].isalpha()]
        is_hebrew = 2 * sum(RIGHT_TO_LEFT.match(word.text) is not None for word in lettered) >= len(lettered)
        arranged: list[Word] = []
        for __, held in groupby(words, key=lambda word: word.line):
            line = list(held)
            ordered = sorted(line, key=lambda word: word.x0)
            is_level = ordered[-1].x1 - ordered[0].x0 > line[0].y1 - line[0].y0
            if is_level and any(RIGHT_TO_LEFT.search(word.text) for word in line):
                ends = all(RIGHT_TO_LEFT.search(word.text) for word in (ordered[0], ordered[-1]))
                line = self._line_in_order(line, is_hebrew or ends)
            arranged += line
        return arranged

    def _line_in_order(self, line: Sequence[Word], runs_left: bool) -> list[Word]:
        letters: list[_Letter] = []
        marks: list[_Letter] = []
        for number, word in enumerate(line):
            for text, index in zip(word.text, word.indices or range(word.first, sys.maxsize), strict=False):
                letter = _Letter(text, index, number, self.box(index))
                if unicodedata.combining(text):
                    marks.append(letter)
                elif letters and letter.sides == letters[-1].sides:  # a ligature's
                    letters[-1].text += text
                else:
                    letters.append(letter)
        letters.sort(key=lambda letter: letter.middle)
        middles = [letter.middle for letter in letters]
        for mark in marks if letters else ():
            at = bisect(middles, mark.middle)
            near = min(letters[max(0, at - 1) : at + 1], key=lambda letter: abs(letter.middle - mark.middle))
            near.text += mark.text
        shown = letters[:1]
        for last, letter in pairwise(letters):
            gap = (letter.sides[0] - last.sides[2]) / max(letter.sides[3] - letter.sides[1], 1.0)
            if gap > (SPACE if last.word == letter.word else SPACE / 3):
                shown.append(_Letter(" ", -1, -1, letter.sides))
            shown.append(letter)
        ordered = [shown[at] for at in logical_order([letter.text for letter in shown], runs_left)]
        words = []
        for is_space, held in groupby(ordered, key=lambda letter: letter.index < 0):
            own = () if is_space else tuple(held)
            if own:
                for letter in own if marks else ():
                    letter.text = unicodedata.normalize("NFC", letter.text)
                indices = tuple(letter.index for letter in own for __ in letter.text)
                x0, y0, x1, y1 = zip(*(letter.sides for letter in own), strict=True)
                sides = min(x0), min(y0), max(x1), max(y1)
                words.append(Word("".join(letter.text for letter in own), indices[0], indices, line[0].line, *sides))
        _pair_brackets(words)
        words[-1].hyphen = any(word.hyphen for word in line)
        return words

    def look(self, index: int) -> Look:
        if index < 0:
            return Look(10.0, False, False, False, False, False)
        matrix, flags, name = self._matrix, self._flags, self._name
        scale, sideways = 1.0, False
        if pdfium_c.FPDFText_GetMatrix(self._raw, index, ctypes.byref(matrix)):
            scale = math.hypot(matrix.c, matrix.d) or 1.0
            runs_up = abs(matrix.b) > abs(matrix.a)
            sideways = runs_up if self.view.rotation in (0, 180) else not runs_up
        pdfium_c.FPDFText_GetFontInfo(self._raw, index, name, 64, ctypes.byref(flags))
        font = name.value
        if font not in self._fonts:
            letters = font.decode("latin-1")
            self._fonts[font] = "bold" in letters.lower(), _MONO_NAMES.search(letters) is not None
        is_bold, is_mono = self._fonts[font]
        weight = pdfium_c.FPDFText_GetFontWeight(self._raw, index)
        piece = pdfium_c.FPDFText_GetTextObject(self._raw, index)
        mode = pdfium_c.FPDFTextObj_GetTextRenderMode(piece) if piece else 0
        return Look(
            size=pdfium_c.FPDFText_GetFontSize(self._raw, index) * scale,
            is_bold=weight >= 600 or is_bold,
            is_mono=bool(flags.value & _FIXED_PITCH) or is_mono,
            is_sideways=sideways,
            is_unseen=mode in _INVISIBLE,
            is_white=self.is_white(index),
        )

    def is_white(self, index: int) -> bool:
        """Return whether a character is drawn in white or almost transparent."""
        known = pdfium_c.FPDFText_GetFillColor(self._raw, index, *self._colour_at)
        red, green, blue, alpha = self._colour
        is_pale = min(red.value, green.value, blue.value) >= _WHITE or alpha.value < 255 - _WHITE
        return is_pale and bool(known)

    def piece(self, index: int) -> Any:
        """Return pdfium's object of the page that draws a character."""
        return pdfium_c.FPDFText_GetTextObject(self._raw, index)

    def quarters(self, index: int) -> int:
        """Return by how many quarters to the left a character is turned on the page as shown. What is slanted counts as
        upright.
        """
        if index < 0 or not pdfium_c.FPDFText_GetMatrix(self._raw, index, ctypes.byref(self._matrix)):
            return 0
        degrees = math.degrees(math.atan2(self._matrix.b, self._matrix.a)) - self.view.rotation
        nearest = round(degrees / 90)
        return nearest % 4 if abs(degrees - 90 * nearest) < SLANT else 0

    def share_unmapped(self) -> float:
        """Return the share of characters without a known Unicode value, 0..1, from a sample of about 100."""
        asked = range(0, self.count, max(1, self.count // 100))
        unknown = sum(pdfium_c.FPDFText_HasUnicodeMapError(self._raw, at) == 1 for at in asked)
        return unknown / len(asked) if asked else 0.0

    def box(self, index: int) -> tuple[float, float, float, float]:
        """Return x0, y0, x1, y1 of the space a character takes: as high as its font and as wide as its advance."""
        pdfium_c.FPDFText_GetLooseCharBox(self._raw, index, self._rect_at)
        rect = self._rect
        return self.view.box(rect.left, rect.bottom, rect.right, rect.top)

    def ink(self, index: int) -> tuple[float, float, float, float]:
        """Return x0, y0, x1, y1 of the drawn shape of a character, which may extend beyond `box`."""
        left, right, bottom, top = (ctypes.c_double() for __ in range(4))
        if not pdfium_c.FPDFText_GetCharBox(self._raw, index, left, right, bottom, top):
            return self.box(index)
        return self.view.box(left.value, bottom.value, right.value, top.value)

    def _around(self, first: int, last: int) -> tuple[float, float, float, float]:
        rect = self._rect
        pdfium_c.FPDFText_GetLooseCharBox(self._raw, first, self._rect_at)
        left, bottom, right, top = rect.left, rect.bottom, rect.right, rect.top
        if first != last:
            pdfium_c.FPDFText_GetLooseCharBox(self._raw, last, self._rect_at)
            across, up = rect.left - left, rect.bottom - bottom
            if across <= up or across <= -up:
                self.has_turned = True
            left = left if left < rect.left else rect.left
            bottom = bottom if bottom < rect.bottom else rect.bottom
            right = right if right > rect.right else rect.right
            top = top if top > rect.top else rect.top
        view = self.view
        if view.rotation:
            return view.box(left, bottom, right, top)
        return left - view.left, view.top - top, right - view.left, view.top - bottom

    def text(self) -> tuple[str, tuple[int, ...] | None]:
        """Return the text of the page and the pdfium index of each character. None instead of the indices means that
        each index is the position in the text.
        """
        count = min(self.count, MAX_CHARACTERS)
        if not count:
            return "", None
        buffer = (ctypes.c_ushort * (count + 1))()
        written = pdfium_c.FPDFText_GetText(self._raw, 0, count, buffer)
        text = bytes(buffer)[: max(0, written - 1) * 2].decode("utf-16-le", "replace")
        if len(text) == count:
            return text, None
        # pdfium left out or added characters, or some are beyond 16 bits: ask for each character
        codes = [pdfium_c.FPDFText_GetUnicode(self._raw, index) for index in range(count)]
        letters: list[str] = []
        indices: list[int] = []
        for index, code in enumerate(codes):
            if 0xDC00 <= code < 0xE000 and letters and 0xD800 <= codes[index - 1] < 0xDC00:
                letters[-1] = chr(0x10000 + ((codes[index - 1] - 0xD800) << 10) + (code - 0xDC00))
            elif 0 < code < 0x110000:
                letters.append(chr(code))
                indices.append(index)
        return "".join(letters), tuple(indices)

    def _with_raised(self, letters: str, indices: Sequence[int]) -> str:
        """Replace small raised digits after a letter or a number with superscripts, so that 10² does not become 102."""
        signs = list(letters)
        base, origin = indices[0], None
        for at in range(1, len(letters)):
            if letters[at] not in "0123456789-−+":
                base, origin = indices[at], None
                continue
            origin, own = origin or self._origin(base), self._origin(indices[at])
            if self._is_raised(indices[at], own, base, origin):
                signs[at] = letters[at].translate(_SUPERSCRIPT)
            else:
                base, origin = indices[at], own
        return "".join(signs)

    def _is_raised(self, index: int, own: tuple[float, float], base: int, origin: tuple[float, float]) -> bool:
        (x, y), (right, up) = origin, own
        if up == y and right > x:  # on the same baseline, as nearly all characters are
            return False
        size, (across, along) = self._size(base)
        raised = ((right - x) * across + (up - y) * along) / size
        ratio = self._size(index)[0] / size
        return _RAISED_BY[0] < raised < _RAISED_BY[1] and _RAISED_SIZE[0] < ratio < _RAISED_SIZE[1]

    def _origin(self, index: int) -> tuple[float, float]:
        pdfium_c.FPDFText_GetCharOrigin(self._raw, index, *self._point_at)
        x, y = self._point
        return x.value, y.value

    def _size(self, index: int) -> tuple[float, tuple[float, float]]:
        """Return the size of a character in points and the direction of its upward axis as a unit vector."""
        size, matrix = pdfium_c.FPDFText_GetFontSize(self._raw, index), self._matrix
        if not pdfium_c.FPDFText_GetMatrix(self._raw, index, ctypes.byref(matrix)):
            return size or 1.0, (0.0, 1.0)
        scale = math.hypot(matrix.c, matrix.d) or 1.0
        return size * scale or 1.0, (matrix.c / scale, matrix.d / scale)

    def _legible(self, letters: str, first: int, own: tuple[int, ...] | None) -> tuple[str, tuple[int, ...] | None]:
        """Return signs of symbol fonts as Unicode, what has none as [?]."""
        indices = own or tuple(range(first, first + len(letters)))
        if not any(map(self._family, indices)) and not _PRIVATE.search(letters):
            return letters, own
        self._has_signs = True
        signs = [self._sign(letter, index) for letter, index in zip(letters, indices, strict=True)]
        where = tuple(index for sign, index in zip(signs, indices, strict=True) for __ in sign)
        return "".join(signs), where

    def _sign(self, letter: str, index: int) -> str:
        family, code = self._family(index), ord(letter)
        sign = sign_of(letter, family)
        if family == "zapfdingbats":
            sign = _DINGBATS.get(code & 0xFF, sign) if code < 0x100 or sign == "" else letter
        elif family == "symbol" and letter in _TOLD:
            sign = letter
        elif not family:
            sign = _SYMBOLS.get(code, sign)
        if not sign:
            name = self._name.value.decode("latin-1").partition("+")
            self.unknown.add(f"{name[2] or name[0]} U+{code:04X}")
        return sign or UNKNOWN

    def _family(self, index: int) -> str:
        """Return the name of the symbol font of a character, or "" for any other font."""
        pdfium_c.FPDFText_GetFontInfo(self._raw, index, self._name, 64, ctypes.byref(self._flags))
        name = self._name.value
        if name not in self._families:
            match = _FAMILY.match(name.decode("latin-1"))
            self._families[name] = f"{match[1]} {match[2]}".strip().lower() if match else ""
        return self._families[name]

    def _plain(self, letters: str, first: int, own: tuple[int, ...] | None) -> tuple[str, tuple[int, ...] | None]:
        """Replace ligatures, symbols and separate accents, and drop invisible characters. Return the text and the
        pdfium index of each character.
        """
        if _ACCENTED.search(letters):
            letters, own = _accented(letters, own or tuple(range(first, first + len(letters))))
        if not _PRESENTED.search(letters) and not _UNSEEN.search(letters):
            return letters, own
        indices = own or tuple(range(first, first + len(letters)))
        characters: list[str] = []
        where: list[int] = []
        for letter, index in zip(letters, indices, strict=True):
            if _UNSEEN.match(letter):
                self.has_unseen_letters |= letter >= "\U000e0000"
                continue
            plain = unicodedata.normalize("NFKC", letter) if _PRESENTED.match(letter) else letter
            plain = "".join(plain.split())
            characters.append(plain)
            where += [index] * len(plain)
        return "".join(characters), tuple(where)


@dataclass(slots=True)
class _Letter:
    text: str
    index: int
    word: int
    sides: Sides

    @property
    def middle(self) -> float:
        return self.sides[0] + self.sides[2]


_KINDS_OF_LETTERS = {
    "L": "L", "R": "R", "AL": "R", "EN": "n", "AN": "n", "CS": ",", "ES": "-", "ET": "%",
}  # fmt: skip
"""L, R, n (digits), "," and "-" (they may part digits), "%" (it may stand at a number); all else is a space."""


def logical_order(shown: Sequence[str], runs_left: bool) -> list[int]:
    """Return the positions of letters, shown from left to right, in the order in which they are read (after Unicode
    Standard Annex 9, backwards). `runs_left`: the line as a whole is read from right to left.
    """
    is_arabic = any(unicodedata.bidirectional(letter[0]) == "AL" for letter in shown)
    told = "".join(_KINDS_OF_LETTERS.get(unicodedata.bidirectional(letter[0]), " ") for letter in shown)
    told = re.sub("(?<=n),(?=n)" if is_arabic else "(?<=n)[,-](?=n)", "n", told)
    if not is_arabic:
        told = re.sub("(?<!%)%++(?=n)|(?<=n)%++", lambda run: "n" * len(run[0]), told)
    told = re.sub("[,%-]", " ", told)
    for pattern in (r"(?<!n)n++(?= *L)", r"(?<=L)( *)(n+)"):  # a number beside a name is a part of it: Baker Street 12
        told = re.sub(pattern, lambda run: run[0].replace("n", "L"), told)
    base = "R" if runs_left else "L"

    def between(run: re.Match[str]) -> str:
        begin, end = run.span()
        sides = {(told[begin - 1 : begin] or base).replace("n", "R"), (told[end : end + 1] or base).replace("n", "R")}
        return (sides.pop() if len(sides) == 1 else base) * len(run[0])

    kinds = re.sub(" +", between, told)
    order = list(range(len(shown)))
    if runs_left:
        for run in re.finditer("[Ln]+", kinds):
            order[run.start() : run.end()] = reversed(order[run.start() : run.end()])
        return order[::-1]
    for run in re.finditer("[Rn]+", kinds):
        begin, end = run.span()
        order[begin:end] = [begin + at for at in logical_order(shown[begin:end], runs_left=True)]
    return order


def _pair_brackets(words: Sequence[Word]) -> None:
    """Turn brackets so that they open before they close: pdfium mirrors some of a pair only."""
    for opening, other in ("()", "[]", "{}"):
        is_open = False
        for word in words:
            letters = list(word.text)
            for at, letter in enumerate(letters):
                if letter in (opening, other):
                    around = letters[max(0, at - NEAR_BRACKET) : at], letters[at + 1 : at + NEAR_BRACKET]
                    has_left, has_right = (any(map(str.isalnum, part)) for part in around)
                    is_open = has_right if has_left != has_right else not is_open
                    letters[at] = opening if is_open else other
            word.text = "".join(letters)


def _accented(letters: str, indices: tuple[int, ...]) -> tuple[str, tuple[int, ...]]:
    """Join accents drawn before letters with them; return the text and the pdfium index of each character (of the
    letter, where joined).
    """
    characters: list[str] = []
    where: list[int] = []
    at = 0
    while at < len(letters):
        letter, length = letters[at], 1
        if letter in _ACCENTS and at + 1 < len(letters) and (letter != "`" or _INSIDE.match(letters, at)):
            base = letters[at + 1].replace("ı", "i").replace("ȷ", "j")
            joined = unicodedata.normalize("NFC", base + _ACCENTS[letter])
            if len(joined) == 1 and base.isalpha():
                letter, length = joined, 2
        characters.append(letter)
        where.append(indices[at + length - 1])
        at += length
    return "".join(characters), tuple(where)


LEAST_PACKED = 4096
"""Fewest bytes of a packed stream that is checked. Smaller streams cannot grow beyond 4 MiB (the format allows a factor
of 1,032), unless they are packed twice.
"""
SUSPICIOUS = 100
"""Growth factor above which a stream is suspicious. Text and drawings grow by five to thirty times."""
MOST_UNPACKED = 48 << 20
"""Most unpacked bytes of all suspicious streams together."""
MOST_FORMS = 200_000
"""Most repeated drawings of a stream. pdfium unfolds each of them in memory before the first word is read."""
STEP = 1 << 18
_STREAM = re.compile(rb"stream\r?\n")
_HEAD = 2048
_FLATE = re.compile(rb"/(?:F|#46)(?:l|#6[cC])")
_IMAGE = re.compile(rb"/Subtype\s*/Image")


def check_streams(reading: Reading, data: bytes) -> None:
    """Check that no packed streams would grow hugely. Raises KnownError `document.bomb`. Pictures packed once are
    skipped, since pdfium unpacks them line by line.
    """
    total = 0
    for begin, head in streams(data):
        filters = len(_FLATE.findall(head))
        is_packed = _is_packed(data[begin : begin + 2])
        if (_IMAGE.search(head) and filters < 2) or not (is_packed or b"/Filter" not in head):
            continue
        reading.check()
        end = data.find(b"endstream", begin)
        end = len(data) if end < 0 else end
        if not is_packed and data.count(b" Do", begin, end) > MOST_FORMS:
            raise KnownError("document.bomb", path=reading.path)
        if not is_packed or (end - begin < LEAST_PACKED and filters < 2):
            continue
        size, taken, forms = _unpacked(data, begin, end)
        if size > SUSPICIOUS * taken:
            total += size
        if total > MOST_UNPACKED or forms > MOST_FORMS:
            raise KnownError("document.bomb", path=reading.path)


MOST_LEVELS = 40
"""Most levels of forms in forms. pdfium unfolds no deeper ones."""
_DRAWN = re.compile(rb"/([^\s/<>\[\]()]+)\s+Do\b")
_NAMED = re.compile(rb"/([^\s/<>\[\]()]+)\s+(\d+)\s+\d+\s+R\b")
_OBJECT = re.compile(rb"\b(\d+)\s+\d+\s+obj\b")
_FORM = re.compile(rb"/Subtype\s*/Form\b")


def check_forms(reading: Reading, data: bytes) -> None:
    """Check that forms that draw forms do not multiply. Raises KnownError `document.bomb`.

    Only the first MOST_UNPACKED bytes are counted, and only names that are not packed. All else ends by its memory.
    """
    room = MOST_UNPACKED

    def drawn_by(begin: int) -> Counter[bytes]:
        nonlocal room
        if room <= 0:
            return Counter()
        stream = data[begin : data.find(b"endstream", begin)]
        if _is_packed(stream[:2]):
            with suppress(zlib.error):
                stream = zlib.decompressobj().decompress(stream, room)
        room -= len(stream)
        return Counter(_DRAWN.findall(stream))

    heads = {begin: head for begin, head in streams(data) if not _IMAGE.search(head)}
    drawn = {begin: drawn_by(begin) for begin, head in heads.items() if _FORM.search(head)}
    if not any(drawn.values()):
        return
    objects = [(match.end(), match[1]) for match in _OBJECT.finditer(data)]
    places = {number: at for at, number in objects}
    every = _NAMED.findall(data)
    of_pages = dict(every)

    @cache
    def names_at(place: int, levels: int) -> dict[bytes, bytes]:
        return names_in(data[place : place + _HEAD].partition(b"endobj")[0], levels)

    def names_in(text: bytes, levels: int = 2) -> dict[bytes, bytes]:
        names = dict(_NAMED.findall(text))
        for key in (b"Resources", b"XObject") if levels else ():
            names |= names_at(places.get(names.get(key, b""), len(data)), levels - 1)
        return names

    def called(begin: int, counts: Counter[bytes]) -> list[tuple[bytes, int]]:
        names = names_in(heads[begin]) if b"/Resources" in heads[begin] else of_pages
        return [(names.get(name, b""), times) for name, times in counts.items()]

    calls = {objects[bisect(objects, (at,)) - 1][1]: called(at, counts) for at, counts in drawn.items() if counts}
    costs = dict.fromkeys(calls, 0)
    for __ in range(min(MOST_LEVELS, 2 + 5 * MOST_FORMS // len(calls))):
        before = costs
        costs = {form: sum(times * (1 + before.get(each, 0)) for each, times in some) for form, some in calls.items()}
        if costs == before or max(costs.values()) > MOST_FORMS:
            break
    most = max(costs.values())
    if most**2 > MOST_FORMS:  # else no page draws so many
        dearest: dict[bytes, int] = {}
        for name, number in every:
            dearest[name] = max(dearest.get(name, 0), costs.get(number, 0))
        for at in heads.keys() - drawn.keys():
            most = max(most, sum(times * dearest.get(name, 0) for name, times in drawn_by(at).items()))
    if most > MOST_FORMS:
        raise KnownError("document.bomb", path=reading.path)


def streams(data: bytes) -> Iterator[tuple[int, bytes]]:
    for match in _STREAM.finditer(data):
        if data[max(0, match.start() - 3) : match.start()] == b"end":
            continue
        before = data[max(0, match.start() - _HEAD) : match.start()]
        yield match.end(), before[before.rfind(b" obj") + 1 :]


def _is_packed(head: bytes) -> bool:
    """Return whether the first two bytes are a zlib header (RFC 1950)."""
    return len(head) == 2 and head[0] & 0x0F == 8 and int.from_bytes(head, "big") % 31 == 0


def _unpacked(data: bytes, begin: int, end: int) -> tuple[int, int, int]:
    """Return how many bytes a stream has unpacked, how many packed bytes were read for that, and how many drawings it
    repeats. If the content is packed once more, the larger of both sizes counts. Counting stops at MOST_UNPACKED.
    """
    unpacker, size, first, forms = zlib.decompressobj(), 0, b"", 0
    inner, inner_size = zlib.decompressobj(), 0
    at, rest = begin, b""
    try:
        while size <= MOST_UNPACKED and inner_size <= MOST_UNPACKED:
            if not rest:
                if at >= end:
                    break
                rest, at = data[at : min(at + STEP, end)], at + STEP
            piece = unpacker.decompress(rest, STEP)
            rest = unpacker.unconsumed_tail
            if not piece and not rest and unpacker.eof:
                break
            size += len(piece)
            forms += piece.count(b" Do")
            first = first or piece[:2]
            if _is_packed(first):
                inner_size += _fed(inner, piece)
            if unpacker.eof:
                break
    except zlib.error:
        pass  # damaged: the bytes before the damage were counted
    return max(size, inner_size), max(1, min(at, end) - len(rest) - begin), forms


def _fed(unpacker: zlib._Decompress, piece: bytes) -> int:
    size = 0
    try:
        while piece and size <= MOST_UNPACKED:
            size += len(unpacker.decompress(piece, STEP))
            piece = unpacker.unconsumed_tail
    except zlib.error:
        return size
    return size
