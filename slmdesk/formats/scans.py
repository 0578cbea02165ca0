"""Recognises the text on the picture of a page with tesserocr. The picture is turned upright and straightened first.

The data of a language (a file of tessdata_fast) are beside the program, in a folder where operating systems keep them,
or in the folder that SLMDESK_TESSDATA names. Pages are read one by one in a single thread: tesseract's own threads slow
it down on small machines.
"""

from __future__ import annotations

import importlib.util
import math
import os
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from slmdesk.base.documents import Block, BlockKind
from slmdesk.base.record import Record
from slmdesk.base.texts import N_
from slmdesk.base.threads import ticking
from slmdesk.base.translation import language_of
from slmdesk.formats.pdf_file import Look, Word
from slmdesk.formats.pdf_layout import Line, lines_of_words
from slmdesk.formats.scan_figures import SURE_FIGURE, check_figures
from slmdesk.text.checks.words import tongue

if TYPE_CHECKING:
    from PIL.Image import Image

READ = N_("by OCR, {percent} %")
READ_DOUBTFULLY = N_("by OCR, {percent} %; check {words}")
READ_PARTLY = N_("by OCR, only its beginning: it took too long")
"""Why the text of a page is less sure than others: how surely its words were recognised, and figures to check."""
DATA_VARIABLE = "SLMDESK_TESSDATA"
DPI = 300
MAX_SIDE = 4000
"""Most pixels of the longer side of a page for OCR. Larger pages are drawn at a lower resolution."""
MOST_SIDE = 5000
"""Beyond it a picture that came otherwise is made smaller: tesseract ends with the process at 32,768."""
MAX_PAGE_MS = 120_000
"""Most milliseconds for OCR of a page. A page takes a second or two, and longer on a slow, busy computer."""
NOISE = 30
"""Confidence of 100 below which what is no word of letters or figures is taken for dirt."""
POOR = 72
"""Confidence of a page below which it may lie on its side or be upside down."""
LITTLE = 400
"""Worth of a reading (confidence times letters) below which there is hardly any text, whichever way a picture lies."""
MOST_NAMED = 5
"""Most doubtful figures that are named. What is beyond is told by "…"."""
LARGEST_SKEW, LEAST_SKEW = 6.0, 0.2
"""In degrees. More is not looked for, and less does not disturb."""
MISSED = 0.03
"""Share of the ink that may be outside of the words. With more, a page is read once more without its shadows."""
_OTSU, _SAUVOLA = "0", "2"
MOST_FLICKER = 0.25
"""Above it the dots of a picture are those of its print or noise, not of letters."""
_SMALL_SIDE, _MOST_DOTS, _FEW_DOTS, _INK = 1000, 60_000, 60, 20
_AROUND = 25
FOLDERS = (
    str(Path(sys.prefix) / "share" / "tessdata"),  # beside the program, as its dependencies bring them
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
"""Names of languages for tesseract (ISO 639-2 and its own), by ISO 639-1 codes."""
_UNKNOWN = ("deu", "eng")
"""What a page is read with before its language is known."""


class Turn(Record):
    """How the picture of a page was turned before it was read: first by quarters, then straightened."""

    width: float
    """Of the page as it is in the file, in points, like `height`."""
    height: float
    quarters: int = 0
    """Quarter turns to the left."""
    skew: float = 0.0
    """Degrees to the left."""

    @property
    def size(self) -> tuple[float, float]:
        """Return width and height of the turned page."""
        return (self.height, self.width) if self.quarters % 2 else (self.width, self.height)

    def back(self, x: float, y: float) -> tuple[float, float]:
        """Return where a point of the turned page is on the page as it is in the file."""
        width, height = self.size
        sine, cosine = math.sin(math.radians(self.skew)), math.cos(math.radians(self.skew))
        right, down = x - width / 2, y - height / 2
        x, y = width / 2 + right * cosine - down * sine, height / 2 + right * sine + down * cosine
        match self.quarters:
            case 1:
                return self.width - y, x
            case 2:
                return self.width - x, self.height - y
            case 3:
                return y, self.height - x
        return x, y

    def box_back(self, box: Sequence[float]) -> tuple[float, float, float, float]:
        left, top, right, bottom = box
        corners = [self.back(x, y) for x in (left, right) for y in (top, bottom)]
        across, down = zip(*corners, strict=True)
        return min(across), min(down), max(across), max(down)


@dataclass(slots=True)
class Recognition:
    """The text of a page: its lines in reading order, with coordinates in points on the turned page."""

    turn: Turn
    lines: list[Line] = field(default_factory=list)
    percent: int = 0
    """How surely its words were recognised."""
    lacking: str = ""
    """English name of its language, if that was read with the data of another one for want of its own."""
    is_cut: bool = False
    """Whether it took too long, so that words are missing."""

    @property
    def reason(self) -> str:
        if self.is_cut:
            return READ_PARTLY
        doubtful = [word.text for line in self.lines for word in line.words if word.is_doubtful]
        figures = [*dict.fromkeys(text for text in doubtful if any(map(str.isdigit, text)))]
        if not figures:
            return READ.format(percent=self.percent)
        named = ", ".join(f"“{text}”" for text in figures[:MOST_NAMED]) + (" …" if len(figures) > MOST_NAMED else "")
        return READ_DOUBTFULLY.format(percent=self.percent, words=named)


@dataclass(slots=True)
class _Pass:
    """What one reading of a picture gave: lines of words, with coordinates in points."""

    lines: list[list[Word]] = field(default_factory=list)
    is_cut: bool = False

    @property
    def text(self) -> str:
        return "\n".join(" ".join(word.text for word in line) for line in self.lines)

    @property
    def percent(self) -> int:
        letters = sum(len(word.text) for line in self.lines for word in line)
        return round(sum(word.sureness * len(word.text) for line in self.lines for word in line) / max(letters, 1))

    @property
    def worth(self) -> float:
        return sum(max(0.0, word.sureness - NOISE) * len(word.text) for line in self.lines for word in line)


@cache
def is_available() -> bool:
    return importlib.util.find_spec("tesserocr") is not None and any(map(_known_in, _folders()))


def width_for(width: float, height: float) -> int:
    """Return the width in pixels at which a page of this size in points is drawn for OCR."""
    scale = DPI / 72
    longest = max(width, height, 1.0) * scale
    return max(1, int(width * scale * min(1.0, MAX_SIDE / longest)))


def recognise(picture: Image, width: float, height: float, language: str, worked: Callable[[], None]) -> Recognition:
    """Return the text in the grey picture of a page of this size in points. It depends on this page alone.

    `worked` is called every second for up to twice MAX_PAGE_MS, since tesseract itself reports no progress and looks at
    its limit only once it has found the lines.
    """
    picture = _readable(picture)
    skew, is_sideways = _lie_of(picture)
    best, turn, turned = _Pass(), Turn(width, height), picture
    began = time.monotonic()
    ends, slowest = began + MAX_PAGE_MS / 1000, 0.0

    def has_time() -> bool:
        """Whether another reading would be over in time: finding the lines cannot be cut off."""
        return time.monotonic() + slowest <= ends

    with ticking(worked, most=2 * MAX_PAGE_MS // 1000):
        for count, quarters in enumerate((1, 3, 0, 2) if is_sideways else (0, 2, 1, 3)):
            tried = Turn(width, height, quarters, skew if quarters % 2 == is_sideways else 0.0)
            upright = turned_picture(picture, tried)
            started = time.monotonic()
            attempt = _read(upright, languages_for(language), tried, ends)
            slowest = max(slowest, time.monotonic() - started)
            if attempt.worth > best.worth:
                best, turn, turned = attempt, tried, upright
            if best.percent >= POOR or not has_time() or (count and best.worth < LITTLE):
                break
        lacking = ""
        own = "" if language or not has_time() else tongue(best.text)
        if own and _LANGUAGES[own] not in _UNKNOWN:
            if _LANGUAGES[own] in languages_for(own):
                again = _read(turned, languages_for(own), turn, ends)
                best = again if again.worth > 0.95 * best.worth else best
            else:
                lacking = language_of(own).name
        if best.worth > 0 and has_time() and _has_more(turned, turn, best.lines):
            used = languages_for(own if own and not lacking else language)
            rest = _without_words(_evenly_lit(turned), turn, best.lines)
            _add_missed(best.lines, _read(rest, used, turn, ends, is_rest=True).lines)
    if best.worth <= 0:
        return Recognition(turn)
    check_figures(best.lines)
    return Recognition(turn, _arranged(best.lines), best.percent, lacking, best.is_cut)


def _readable(picture: Image) -> Image:
    """Return a picture within what tesseract can hold, whose dots of print and noise are smoothed: those of a shaded
    scan hide its words, and of noise alone it makes lines for minutes.
    """
    from PIL import ImageFilter

    if max(picture.size) > MOST_SIDE:
        picture = picture.resize((min(picture.width, MAX_SIDE), min(picture.height, MAX_SIDE)))
    return picture.filter(ImageFilter.BoxBlur(2)) if _flicker(picture) > MOST_FLICKER else picture


def _flicker(picture: Image) -> float:
    """Return the share of dots at which ink begins or ends, in some rows: of words up to 0.2, of noise from 0.3 on."""
    import numpy as np

    rows = np.asarray(picture)[::16].astype(np.int64)
    if rows.shape[1] <= _AROUND:
        return 0.0
    sums = np.cumsum(rows, axis=1)
    around = (sums[:, _AROUND:] - sums[:, :-_AROUND]) / _AROUND
    ink = rows[:, _AROUND // 2 : _AROUND // 2 + around.shape[1]] < around - _INK
    return float((ink[:, 1:] != ink[:, :-1]).mean())


def _lie_of(picture: Image) -> tuple[float, bool]:
    """Return by how many degrees the lines of a picture have to be turned to the left, and whether they run up or down.

    Along the lines' direction letters and the white between the lines take turns most sharply (Postl 1988).
    """
    import numpy as np

    down, right = np.nonzero(_ink(picture))
    step = max(1, len(down) // _MOST_DOTS)
    down, right = down[::step].astype(np.float64), right[::step].astype(np.float64)
    if len(down) < 50:
        return 0.0, False

    def sharpness(along: Any, across: Any, degrees: float) -> float:
        places = across - along * math.tan(math.radians(degrees))
        counts = np.bincount((places - places.min()).astype(np.int64)).astype(np.float64)
        return float((np.diff(counts) ** 2).sum())

    def best(along: Any, across: Any) -> tuple[float, float]:
        steps = [LARGEST_SKEW * number / 12 for number in range(-12, 13)]
        first = max(steps, key=lambda degrees: sharpness(along, across, degrees))
        fine = [first + number / 10 for number in range(-4, 5)]
        angle = max(fine, key=lambda degrees: sharpness(along, across, degrees))
        value, level = sharpness(along, across, angle), sharpness(along, across, 0.0)
        return (angle, value) if abs(angle) >= LEAST_SKEW and value > 1.1 * level else (0.0, level)

    level, upright = best(right, down), best(down, -right)
    is_sideways = upright[1] > 1.5 * level[1]
    return (upright if is_sideways else level)[0], is_sideways


def _ink(picture: Image) -> Any:
    """Return where a picture, made small, is darker than what is around."""
    import numpy as np
    from PIL import ImageFilter

    small = picture.copy()
    small.thumbnail((_SMALL_SIDE, _SMALL_SIDE))
    around = small.filter(ImageFilter.BoxBlur(12))
    return np.asarray(small, dtype=np.int16) < np.asarray(around, dtype=np.int16) - _INK


def _evenly_lit(picture: Image) -> Image:
    """Return a picture without its shadows: each dot as a share of the paper's brightness around it."""
    import numpy as np
    from PIL import Image, ImageFilter

    paper = picture.reduce(4).filter(ImageFilter.MaxFilter(9)).filter(ImageFilter.MinFilter(9)).resize(picture.size)
    lit = np.asarray(picture, dtype=np.uint16) * 255 // np.maximum(np.asarray(paper), 1)
    return Image.fromarray(np.minimum(lit, 255).astype(np.uint8))


def _has_more(picture: Image, turn: Turn, lines: Sequence[Sequence[Word]]) -> bool:
    """Return whether there is ink besides the words that were found: rules and stamps, or words that were missed."""
    ink = _ink(picture)
    high, wide = ink.shape
    whole, scale = int(ink.sum()), wide / turn.size[0]
    ink[: high // 40] = ink[-high // 40 :] = False  # the edges of the paper
    ink[:, : wide // 40] = ink[:, -wide // 40 :] = False
    for word in (word for words in lines for word in words):
        top, left = max(0, int(word.y0 * scale) - 3), max(0, int(word.x0 * scale) - 3)
        ink[top : int(word.y1 * scale) + 4, left : int(word.x1 * scale) + 4] = False
    return int(ink.sum()) > max(_FEW_DOTS, MISSED * whole)


def _without_words(picture: Image, turn: Turn, lines: Sequence[Sequence[Word]]) -> Image:
    """Return a picture with white in the place of the words that were found."""
    scale = picture.width / turn.size[0]
    for word in (word for words in lines for word in words):
        left, top, right, bottom = (int(side * scale) for side in (word.x0, word.y0, word.x1, word.y1))
        picture.paste(255, (left - 3, top - 3, right + 4, bottom + 4))
    return picture


def _add_missed(lines: list[list[Word]], others: Sequence[Sequence[Word]]) -> None:
    """Add words that only another reading found: to the line they stand in, else below what stands above them."""
    for words in others:
        apart = []
        for word in words:
            if word.sureness < SURE_FIGURE or _is_among(word, lines):
                continue
            if (line := next((line for line in lines if _is_beside(word, line)), None)) is None:
                apart.append(word)
            else:
                word.line = line[0].line
                line.append(word)
                line.sort(key=lambda each: each.x0)
        if sum(map(str.isalnum, "".join(word.text for word in apart))) < 2:
            continue
        left, right, middle = apart[0].x0, apart[-1].x1, (apart[0].y0 + apart[0].y1) / 2
        above = [
            at
            for at, line in enumerate(lines)
            if line[0].x0 < right and line[-1].x1 > left and (line[0].y0 + line[0].y1) / 2 < middle
        ]
        for word in apart:
            word.line = len(lines)
        lines.insert(above[-1] + 1 if above else 0, apart)


def _is_beside(word: Word, line: Sequence[Word]) -> bool:
    top, bottom = min(each.y0 for each in line), max(each.y1 for each in line)
    x, y, near = (word.x0 + word.x1) / 2, (word.y0 + word.y1) / 2, bottom - top
    return top <= y <= bottom and line[0].x0 - near <= x <= line[-1].x1 + near


def _is_among(word: Word, lines: Sequence[Sequence[Word]]) -> bool:
    x, y = (word.x0 + word.x1) / 2, (word.y0 + word.y1) / 2
    return any(other.x0 <= x <= other.x1 and other.y0 <= y <= other.y1 for line in lines for other in line)


def turned_picture(picture: Image, turn: Turn) -> Image:
    from PIL.Image import Resampling, Transpose

    if turn.quarters:
        ways = {1: Transpose.ROTATE_90, 2: Transpose.ROTATE_180, 3: Transpose.ROTATE_270}
        picture = picture.transpose(ways[turn.quarters])
    return picture.rotate(turn.skew, Resampling.BILINEAR, fillcolor="white") if turn.skew else picture


def _read(picture: Image, languages: str, turn: Turn, ends: float, *, is_rest: bool = False) -> _Pass:
    """Read a picture until the time `ends` at the latest. Coordinates are points on the turned page."""
    os.environ["OMP_THREAD_LIMIT"] = "1"  # before the library is loaded
    import tesserocr

    scale = turn.size[0] / picture.width
    scan, word_level = _Pass(), tesserocr.RIL.WORD
    psm = tesserocr.PSM.SPARSE_TEXT if is_rest else tesserocr.PSM.AUTO
    folder = _folder_of(languages)
    if sys.platform == "win32":  # there it finds no file by a path with letters beyond ASCII
        os.chdir(folder)
        folder = "."
    with tesserocr.PyTessBaseAPI(path=folder, lang=languages, psm=psm) as api:
        api.SetVariable("thresholding_method", _OTSU if is_rest else _SAUVOLA)
        api.SetImageBytes(picture.tobytes(), picture.width, picture.height, 1, picture.width)
        api.SetSourceResolution(max(70, round(72 / scale)))
        scan.is_cut = not api.Recognize(max(1000, int(1000 * (ends - time.monotonic()))))
        results = api.GetIterator()
        words: list[Word] = []
        for each in tesserocr.iterate_level(results, word_level) if results is not None else ():
            if words and each.IsAtBeginningOf(tesserocr.RIL.TEXTLINE):
                scan.lines.append(words)
                words = []
            if word := _word(each, word_level, scale, len(scan.lines)):
                words.append(word)
        if words:
            scan.lines.append(words)
    return scan


def _word(position: Any, level: Any, scale: float, line: int) -> Word | None:
    box = position.BoundingBox(level)
    if box is None:
        return None
    text = "".join(position.GetUTF8Text(level).split())
    sureness = position.Confidence(level)
    if not text or (sureness < NOISE and sum(map(str.isalnum, text)) < 2):  # of a longer one nothing may be lost
        return None
    left, top, right, bottom = (side * scale for side in box)
    return Word(text, -1, None, line, left, top, right, bottom, sureness=sureness)


def _in_rows(lines: Sequence[list[Word]]) -> list[list[Word]]:
    """Put columns of figures that were read one below the other into the rows on their left."""
    rows: list[list[Word]] = []
    for at, line in enumerate(lines):
        around = [other for other in lines[max(0, at - 1) : at + 2] if other is not line and _is_of_figures(other)]
        is_column = any(other[0].x0 < line[-1].x1 and other[-1].x1 > line[0].x0 for other in around)
        left = (row for row in rows if row[-1].x1 < line[0].x0 and _is_level(row[-1], line[0]))
        row = max(left, key=lambda row: row[-1].x1, default=None)
        if row is not None and is_column and _is_of_figures(line):
            for word in line:
                word.line = row[-1].line
            row.extend(line)
        else:
            rows.append(list(line))
    return rows


def _is_of_figures(line: Sequence[Word]) -> bool:
    return len(line) <= 2 and all(any(map(str.isdigit, word.text)) for word in line)


def _is_level(word: Word, other: Word) -> bool:
    shared = min(word.y1, other.y1) - max(word.y0, other.y0)
    return shared > 0.5 * min(word.y1 - word.y0, other.y1 - other.y0)


def _arranged(word_lines: Sequence[list[Word]]) -> list[Line]:
    """Return the lines in reading order, with the cells of tables."""
    lines = _in_rows(word_lines)
    sizes = [max(word.y1 for word in words) - min(word.y0 for word in words) for words in lines]
    usual = statistics.median(sizes)
    looks: list[Look] = []
    for words, size in zip(lines, sizes, strict=True):
        even = usual if 0.7 * usual < size < 1.35 * usual else size  # a line's height depends on its letters
        look = Look(round(even, 1), False, False, False, False, False)
        for word in words:
            word.first = len(looks)
            looks.append(look)
        last = words[-1]
        if last.text[-1] in "-‐¬" and last.text[-2:-1].isalpha():
            last.text, last.hyphen = last.text[:-1], True
    every = [word for words in lines for word in words]
    arranged = lines_of_words(every, looks.__getitem__)
    for word in every:
        word.first = -1
    return arranged


def doubtful_blocks(places: Sequence[tuple[int, Word]]) -> list[Block]:
    """Return the blocks that mark the doubtful words among those of a text, given with their positions."""
    return [Block(BlockKind.DOUBTFUL, at, at, place=word.text) for at, word in places if word.is_doubtful]


def _folders() -> list[str]:
    return [*filter(None, (os.environ.get(DATA_VARIABLE),)), *FOLDERS]


def _known_in(folder: str) -> frozenset[str]:
    return frozenset(file.stem for file in Path(folder).glob("*.traineddata")) - {"osd", "equ"}


def _folder_of(languages: str) -> str:
    return next(folder for folder in _folders() if _known_in(folder).issuperset(languages.split("+")))


def languages_for(language: str) -> str:
    """Return the languages for tesseract, such as "fra+eng": the requested one and English, of one folder that has the
    requested one. With none requested, or without its data, German and English, else any.
    """
    requested = _LANGUAGES.get(language.partition("-")[0].lower(), language)
    language_sets = [known for folder in _folders() if (known := _known_in(folder))]
    for names in ((requested, "eng"), _UNKNOWN):
        if known := next((each for each in language_sets if names[0] in each), frozenset()):
            return "+".join(name for name in dict.fromkeys(names) if name in known)
    return "eng" if "eng" in language_sets[0] else min(language_sets[0])
