"""The words of a PDF page with their positions, as pdfium finds them.

Coordinates are those of the page as it is shown (turned by its own rotation): points from its top left corner, y down.
Nothing here decides about lines or blocks (pdf_lines.py).
"""

from __future__ import annotations

import ctypes
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from math import hypot
from typing import Any

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c

from slmdesk.base.record import Record

MAX_CHARACTERS = 400_000
"""Characters of one page: more is no readable page, and would fill the memory."""
LINE_END = "\ufffe"
"""What pdfium puts for a hyphen at the end of a line, in place of it and of the line's end."""
_TOKEN = re.compile(rf"\r\n|[^\s{LINE_END}]+{LINE_END}?|{LINE_END}")
_PRESENTED = re.compile(r"[\ufb00-\ufb06\ufb13-\ufb17\ufb1d-\ufdff\ufe70-\ufefc]")
"""Ligatures and letter shapes that stand for letters, the only ones that are replaced (Unicode, NFKC)."""
_UNSEEN = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b\ufeff\uffff\ud800-\udfff\U000e0000-\U000e007f]")
_SYMBOLS = str.maketrans({0xF0B7: "•", 0xF0A7: "▪", 0xF0D8: "➢", 0xF0FC: "✓", 0xF0E0: "→", 0xF02D: "-"})
"""Places of the fonts Symbol and Wingdings, which stand in the private area."""
_ACCENTS = {"´": "\u0301", "`": "\u0300", "ˆ": "\u0302", "˜": "\u0303", "¨": "\u0308", "˚": "\u030a", "ˇ": "\u030c",
            "˝": "\u030b", "˘": "\u0306", "˙": "\u0307"}  # fmt: skip
"""Accents that old fonts draw as signs of their own, before the letter they belong to."""
_ACCENTED = re.compile(rf"[{''.join(_ACCENTS)}][^\W\d_]")
_INSIDE = re.compile(r"(?<=[^\W\d_])`[aeiouAEIOUı]|^`[aA]$")
"""A grave accent is also a quotation mark: it belongs to a letter only inside a word, and in the French word à."""
_RAISED_DIGITS = re.compile(r"(?<=.)[-−+]?[0-9]+")
"""Behind something: digits that may be raised."""
_SUPERSCRIPT = str.maketrans("0123456789-−+", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁻⁺")
_RAISED_SIZE = (0.4, 0.88)
"""Of the letters before it: a raised digit is smaller, but not as small as letters beside a large initial."""
_RAISED_BY = (0.1, 0.75)
"""Of their size too: how far it stands above their line."""
_FIXED_PITCH = 1
_MONO_NAMES = re.compile(r"mono|courier|consol|typewriter|CMTT|SFTT", re.IGNORECASE)
_INVISIBLE = (3, 7)
_WHITE = 250


@dataclass(slots=True, eq=False)
class Word:
    text: str
    first: int
    """The index pdfium gives its first character; the others follow, unless `indices` says otherwise."""
    indices: tuple[int, ...] | None
    line: int
    """The line by pdfium's reckoning; only differences mean something."""
    x0: float
    y0: float
    x1: float
    y1: float
    hyphen: bool = False


class Look(Record):
    size: float
    """Points, as shown."""
    is_bold: bool
    is_mono: bool
    is_sideways: bool
    is_unseen: bool
    """Drawn in no colour."""
    is_white: bool


class View(Record):
    """From pdfium's coordinates to those of the shown page."""

    left: float
    bottom: float
    right: float
    top: float
    rotation: int

    @property
    def width(self) -> float:
        """Points, as shown."""
        return self.top - self.bottom if self.rotation in (90, 270) else self.right - self.left

    @property
    def height(self) -> float:
        return self.right - self.left if self.rotation in (90, 270) else self.top - self.bottom

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
    """The characters of one open page.  Close it before the page."""

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
        self._colour = tuple(ctypes.c_uint() for _ in range(4))
        self._colour_at = tuple(ctypes.byref(one) for one in self._colour)
        self.has_unseen_letters = False
        """Invisible characters (Unicode tags and the like) were left out."""

    def close(self) -> None:
        self._page.close()

    def words(self) -> list[Word]:
        text, indices = self.text()
        words: list[Word] = []
        line = 0
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
        return words

    def look(self, index: int) -> Look:
        matrix, flags, name = self._matrix, self._flags, self._name
        scale, sideways = 1.0, False
        if pdfium_c.FPDFText_GetMatrix(self._raw, index, ctypes.byref(matrix)):
            scale = hypot(matrix.c, matrix.d) or 1.0
            runs_up = abs(matrix.b) > abs(matrix.a)
            sideways = runs_up if self.view.rotation in (0, 180) else not runs_up
        pdfium_c.FPDFText_GetFontInfo(self._raw, index, name, 64, ctypes.byref(flags))
        font = name.value.decode("latin-1")
        weight = pdfium_c.FPDFText_GetFontWeight(self._raw, index)
        piece = pdfium_c.FPDFText_GetTextObject(self._raw, index)
        mode = pdfium_c.FPDFTextObj_GetTextRenderMode(piece) if piece else 0
        return Look(
            size=pdfium_c.FPDFText_GetFontSize(self._raw, index) * scale,
            is_bold=weight >= 600 or "bold" in font.lower(),
            is_mono=bool(flags.value & _FIXED_PITCH) or _MONO_NAMES.search(font) is not None,
            is_sideways=sideways,
            is_unseen=mode in _INVISIBLE,
            is_white=self.is_white(index),
        )

    def is_white(self, index: int) -> bool:
        """Whether a character is drawn in white, or so that it shines through wholly."""
        known = pdfium_c.FPDFText_GetFillColor(self._raw, index, *self._colour_at)
        red, green, blue, alpha = (one.value for one in self._colour)
        return bool(known) and (min(red, green, blue) >= _WHITE or alpha < 255 - _WHITE)

    def share_unmapped(self) -> float:
        """The share of its characters, by a sample, that have no known Unicode letter, 0..1."""
        asked = range(0, self.count, max(1, self.count // 100))
        unknown = sum(pdfium_c.FPDFText_HasUnicodeMapError(self._raw, one) == 1 for one in asked)
        return unknown / len(asked) if asked else 0.0

    def box(self, index: int) -> tuple[float, float, float, float]:
        """x0, y0, x1, y1 of one character: as high as its font, as wide as its place."""
        pdfium_c.FPDFText_GetLooseCharBox(self._raw, index, self._rect_at)
        rect = self._rect
        return self.view.box(rect.left, rect.bottom, rect.right, rect.top)

    def ink(self, index: int) -> tuple[float, float, float, float]:
        """x0, y0, x1, y1 of what is drawn of one character, which may lean out of its place."""
        left, right, bottom, top = (ctypes.c_double() for _ in range(4))
        if not pdfium_c.FPDFText_GetCharBox(self._raw, index, left, right, bottom, top):
            return self.box(index)
        return self.view.box(left.value, bottom.value, right.value, top.value)

    def _around(self, first: int, last: int) -> tuple[float, float, float, float]:
        rect = self._rect
        pdfium_c.FPDFText_GetLooseCharBox(self._raw, first, self._rect_at)
        left, bottom, right, top = rect.left, rect.bottom, rect.right, rect.top
        if first != last:
            pdfium_c.FPDFText_GetLooseCharBox(self._raw, last, self._rect_at)
            left = left if left < rect.left else rect.left
            bottom = bottom if bottom < rect.bottom else rect.bottom
            right = right if right > rect.right else rect.right
            top = top if top > rect.top else rect.top
        return self.view.box(left, bottom, right, top)

    def text(self) -> tuple[str, tuple[int, ...] | None]:
        """The letters, and the index of each where it is not simply its place."""
        count = min(self.count, MAX_CHARACTERS)
        if not count:
            return "", None
        buffer = (ctypes.c_ushort * (count + 1))()
        written = pdfium_c.FPDFText_GetText(self._raw, 0, count, buffer)
        text = bytes(buffer)[: max(0, written - 1) * 2].decode("utf-16-le", "replace")
        if len(text) == count:
            return text, None
        # pdfium leaves out or adds characters here, or there are some beyond 16 bits: ask for each
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
        """Digits that stand raised and small behind a letter or a number as superscripts: 10² is not 102."""
        found = list(letters)
        base = 0
        for at in range(1, len(letters)):
            if letters[at] not in "0123456789-−+" or not self._is_raised(indices[at], indices[base]):
                base = at
            else:
                found[at] = letters[at].translate(_SUPERSCRIPT)
        return "".join(found)

    def _is_raised(self, index: int, base: int) -> bool:
        x, y = self._origin(base)
        right, up = self._origin(index)
        if up == y and right > x:  # on one line, as nearly all are
            return False
        size, (across, along) = self._size(base)
        raised = ((right - x) * across + (up - y) * along) / size
        ratio = self._size(index)[0] / size
        return _RAISED_BY[0] < raised < _RAISED_BY[1] and _RAISED_SIZE[0] < ratio < _RAISED_SIZE[1]

    def _origin(self, index: int) -> tuple[float, float]:
        x, y = ctypes.c_double(), ctypes.c_double()
        pdfium_c.FPDFText_GetCharOrigin(self._raw, index, ctypes.byref(x), ctypes.byref(y))
        return x.value, y.value

    def _size(self, index: int) -> tuple[float, tuple[float, float]]:
        """The size of a character in points, and which way is up for it."""
        size, matrix = pdfium_c.FPDFText_GetFontSize(self._raw, index), self._matrix
        if not pdfium_c.FPDFText_GetMatrix(self._raw, index, ctypes.byref(matrix)):
            return size or 1.0, (0.0, 1.0)
        scale = hypot(matrix.c, matrix.d) or 1.0
        return size * scale or 1.0, (matrix.c / scale, matrix.d / scale)

    def _plain(self, letters: str, first: int, own: tuple[int, ...] | None) -> tuple[str, tuple[int, ...] | None]:
        """Characters with their source index: ligatures decomposed, invisible characters left out."""
        letters = letters.translate(_SYMBOLS)
        if _ACCENTED.search(letters):
            letters, own = _accented(letters, own or tuple(range(first, first + len(letters))))
        if not _PRESENTED.search(letters) and not _UNSEEN.search(letters):
            return letters, own
        indices = own or tuple(range(first, first + len(letters)))
        found: list[str] = []
        where: list[int] = []
        for letter, index in zip(letters, indices, strict=True):
            if _UNSEEN.match(letter):
                self.has_unseen_letters |= letter >= "\U000e0000"
                continue
            plain = unicodedata.normalize("NFKC", letter) if _PRESENTED.match(letter) else letter
            plain = "".join(plain.split())
            found.append(plain)
            where += [index] * len(plain)
        return "".join(found), tuple(where)


def _accented(letters: str, indices: tuple[int, ...]) -> tuple[str, tuple[int, ...]]:
    found: list[str] = []
    where: list[int] = []
    at = 0
    while at < len(letters):
        letter, length = letters[at], 1
        if letter in _ACCENTS and at + 1 < len(letters) and (letter != "`" or _INSIDE.match(letters, at)):
            base = letters[at + 1].replace("ı", "i").replace("ȷ", "j")
            one = unicodedata.normalize("NFC", base + _ACCENTS[letter])
            if len(one) == 1 and base.isalpha():
                letter, length = one, 2
        found.append(letter)
        where.append(indices[at + length - 1])
        at += length
    return "".join(found), tuple(where)
