"""Recognises text on a picture, where the optional library for it is installed (the extra `ocr`, tesserocr).

Its data (a file per language, tessdata_fast) lie in the folder SLMDESK_TESSDATA, or in one of the places where systems
keep them.  One page at a time, in one thread: tesseract's own threads slow it down on small machines.
"""

from __future__ import annotations

import importlib.util
import os
import statistics
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from slmdesk.base.record import Record, changed
from slmdesk.formats.pdf_lines import Line
from slmdesk.formats.pdf_words import Look, Word

REASON = "by OCR"
DATA_VARIABLE = "SLMDESK_TESSDATA"
DPI = 300
MAX_SIDE = 4000
"""Pixels; larger pages are read at a lower resolution."""
MAX_PAGE_MS = 120_000
"""A page takes a second or two; on a slow, busy PC more."""
LEAST_CONFIDENCE = 30
"""Of 100; below it is noise, not a word."""
FOLDERS = (
    "/usr/share/tesseract-ocr/5/tessdata",
    "/usr/share/tesseract-ocr/4.00/tessdata",
    "/usr/share/tessdata",
    "/usr/local/share/tessdata",
    "/opt/homebrew/share/tessdata",
    "C:/Program Files/Tesseract-OCR/tessdata",
)
_LANGUAGES = {
    "en": "eng", "de": "deu", "fr": "fra", "es": "spa", "it": "ita", "pt": "por", "nl": "nld", "pl": "pol",
    "cs": "ces", "sv": "swe", "da": "dan", "no": "nor", "fi": "fin", "hu": "hun", "ro": "ron", "tr": "tur",
    "ru": "rus", "uk": "ukr", "el": "ell", "ar": "ara", "he": "heb", "ja": "jpn", "zh": "chi_sim", "ko": "kor",
}  # fmt: skip
"""From our names of languages (ISO 639-1) to tesseract's (639-2 and its own)."""


class Raster(Record):
    """Pixels: three bytes each (red, green, blue), rows `stride` bytes apart."""

    rgb: bytes
    width: int
    height: int
    stride: int


@cache
def is_available() -> bool:
    return importlib.util.find_spec("tesserocr") is not None and bool(_known_languages())


def width_for(width: float, height: float) -> int:
    """How many pixels wide a page of so many points is to be drawn."""
    scale = DPI / 72
    longest = max(width, height, 1.0) * scale
    return max(1, int(width * scale * min(1.0, MAX_SIDE / longest)))


def lines_of(raster: Raster, page_width: float, language: str, worked: Callable[[], None]) -> list[Line]:
    """The lines read off a page's picture, in reading order, in points of the page.

    `worked` is called every second for as long as a page may take: tesseract itself reports no progress.
    """
    os.environ["OMP_THREAD_LIMIT"] = "1"  # before the library is loaded
    import tesserocr

    scale = page_width / raster.width
    grey = raster.rgb if raster.stride == raster.width * 3 else _packed(raster)
    lines: list[Line] = []
    with tesserocr.PyTessBaseAPI(path=_folder(), lang=languages_for(language), psm=tesserocr.PSM.AUTO) as api:
        api.SetImageBytes(grey, raster.width, raster.height, 3, raster.width * 3)
        api.SetSourceResolution(round(72 / scale))
        with _reported_each_second(worked):
            api.Recognize(MAX_PAGE_MS)
        words: list[Word] = []
        found = api.GetIterator()
        if found is None:
            return []
        for one in tesserocr.iterate_level(found, tesserocr.RIL.WORD):
            if words and one.IsAtBeginningOf(tesserocr.RIL.TEXTLINE):
                lines.append(_line(words))
                words = []
            if word := _word(one, tesserocr.RIL.WORD, scale, len(lines)):
                words.append(word)
        if words:
            lines.append(_line(words))
    return _evened(lines)


@contextmanager
def _reported_each_second(worked: Callable[[], None]) -> Iterator[None]:
    ended = threading.Event()

    def notify() -> None:
        for _ in range(MAX_PAGE_MS // 1000):
            if ended.wait(1):
                return
            worked()

    teller = threading.Thread(target=notify, name="ocr", daemon=True)
    teller.start()
    try:
        yield
    finally:
        ended.set()
        teller.join()


def _word(found: Any, level: Any, scale: float, line: int) -> Word | None:
    box = found.BoundingBox(level)
    if box is None or found.Confidence(level) < LEAST_CONFIDENCE:
        return None
    text = "".join(found.GetUTF8Text(level).split())
    left, top, right, bottom = (side * scale for side in box)
    return Word(text, -1, None, line, left, top, right, bottom) if text else None


def _line(words: list[Word]) -> Line:
    top, bottom = min(word.y0 for word in words), max(word.y1 for word in words)
    look = Look(round(bottom - top, 1), False, False, False, False, False)
    return Line(words, look, words[0].x0, top, max(word.x1 for word in words), bottom)


def _evened(lines: list[Line]) -> list[Line]:
    """Gives lines of about the usual height the usual size: a line's height depends on the letters in it."""
    if lines:
        usual = statistics.median(line.look.size for line in lines)
        for line in lines:
            if 0.7 * usual < line.look.size < 1.35 * usual:
                line.look = changed(line.look, size=usual)
    return lines


def _packed(raster: Raster) -> bytes:
    wide = raster.width * 3
    return b"".join(raster.rgb[row * raster.stride : row * raster.stride + wide] for row in range(raster.height))


def _folder() -> str:
    chosen = os.environ.get(DATA_VARIABLE, "")
    for folder in (chosen, *FOLDERS) if chosen else FOLDERS:
        if any(Path(folder).glob("*.traineddata")):
            return folder
    return ""


def _known_languages() -> frozenset[str]:
    folder = _folder()
    return frozenset(file.stem for file in Path(folder).glob("*.traineddata")) if folder else frozenset()


def languages_for(language: str) -> str:
    """What tesseract is to read with, such as "deu+eng": the language and English as far as they are installed, else
    any other.
    """
    known = _known_languages()
    requested = [
        name for name in (_LANGUAGES.get(language.partition("-")[0].lower(), language), "eng") if name in known
    ]
    return "+".join(dict.fromkeys(requested)) or min(known - {"osd"} or known)
