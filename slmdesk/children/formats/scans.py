"""Recognises the text on the picture of a page by the networks of formats.scan_lines. Tesseract gives a second reading,
and the only one where they are not.

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
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from slmdesk.base.documents import Block, BlockKind
from slmdesk.base.record import Record, changed
from slmdesk.base.text.words import tongue
from slmdesk.base.texts import N_
from slmdesk.base.threads import ticking
from slmdesk.children.formats.pdf_file import Look, Word
from slmdesk.children.formats.pdf_layout import Line, lines_of_words
from slmdesk.children.formats.scan_lines import FoundLine, folder, found_lines, read_line, surely_read
from slmdesk.children.formats.scan_readings import joined

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
LEAST_SURE = 50
"""Confidence of 100 below which a line is taken for a picture."""
MOST_TRIED = 3
"""Most lines, of the longest, that are read upside down too."""
MOST_NAMED = 5
"""Most doubtful figures that are named. What is beyond is told by "…"."""
LEAST_SKEW = 0.3
"""In degrees. Less does not disturb."""
_SAUVOLA = "2"
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
_OF_OTHER_LETTERS = frozenset({"ru", "uk", "el", "ar", "he", "ko"})
"""Languages with letters that the networks do not know."""
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
        sine = math.sin(math.radians(self.skew))
        cosine = math.cos(math.radians(self.skew))
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
    is_cut: bool = False
    """Whether it took too long, so that words are missing."""

    @property
    def reason(self) -> str:
        if self.is_cut:
            return READ_PARTLY
        doubtful = [word for line in self.lines for word in line.words if word.is_doubtful]
        both = [f"“{word.text}”" + (f" / “{word.other}”" if word.other else "") for word in doubtful]
        figures = [*dict.fromkeys(text for text in both if any(map(str.isdigit, text)))]
        if not figures:
            return READ.format(percent=self.percent)
        named = ", ".join(figures[:MOST_NAMED]) + (" …" if len(figures) > MOST_NAMED else "")
        return READ_DOUBTFULLY.format(percent=self.percent, words=named)


def is_available() -> bool:
    return folder() is not None or has_tesseract()


@cache
def has_tesseract() -> bool:
    return importlib.util.find_spec("tesserocr") is not None and any(map(_known_in, _folders()))


def width_for(width: float, height: float) -> int:
    """Return the width in pixels at which a page of this size in points is drawn for OCR."""
    scale = DPI / 72
    longest = max(width, height, 1.0) * scale
    return max(1, int(width * scale * min(1.0, MAX_SIDE / longest)))


def recognise(picture: Image, width: float, height: float, language: str, worked: Callable[[], None]) -> Recognition:
    """Return the text in the grey picture of a page of this size in points. It depends on this page alone.

    `worked` is called every second for up to twice MAX_PAGE_MS, since nothing here reports progress, and tesseract
    looks at its limit only once it has found the lines.
    """
    if max(picture.size) > MOST_SIDE:
        picture = picture.resize((min(picture.width, MAX_SIDE), min(picture.height, MAX_SIDE)))
    with ticking(worked, most=2 * MAX_PAGE_MS // 1000):
        if folder() is None:
            turn = Turn(width, height)
            lines, is_cut = _by_tesseract(picture, language, turn)
        else:
            turn, picture, found = upright(picture, Turn(width, height))
            lines, is_cut = _by_both(picture, found, language, turn), False
    letters = "".join(word.text for line in lines for word in line)
    if len(letters) < 2 and not letters.isdigit():  # a ring is no O
        return Recognition(turn)
    sureness = sum(word.sureness * len(word.text) for line in lines for word in line)
    return Recognition(turn, arranged(lines), round(sureness / len(letters)), is_cut)


def _by_both(picture: Image, found: Sequence[FoundLine], language: str, turn: Turn) -> list[list[Word]]:
    scale = turn.size[0] / picture.width
    read = [(line.scaled(scale, scale), read_line(picture, line)) for line in found]
    read = [(line, letters) for line, letters in read if surely_read(letters) >= LEAST_SURE]
    others: list[list[Word]] = []
    if read and has_tesseract():
        text = " ".join(letter.sign for _line, letters in read for letter in letters)
        others, _is_cut = _by_tesseract(_alone(picture, found), language or tongue(text), turn)
    if language.partition("-")[0].lower() in _OF_OTHER_LETTERS:
        return others
    return joined(read, [word for line in others for word in line])


def upright(picture: Image, turn: Turn) -> tuple[Turn, Image, list[FoundLine]]:
    """Return how a picture is turned so that its lines are level, the turned picture, and its lines."""
    found = found_lines(picture)
    upright = picture
    if sum(line.height - line.length for line in found) > 0:  # most lines are higher than long: it lies on its side
        turn = changed(turn, quarters=1)
        upright = turned_picture(picture, turn)
        found = found_lines(upright)
    longest = sorted(found, key=lambda line: line.length)[-MOST_TRIED:]
    as_it_is = _sureness_of(upright, longest, is_turned=False)
    upside_down = _sureness_of(upright, longest, is_turned=True)
    slope = statistics.median(line.slope for line in longest) if longest else 0.0
    skew = math.degrees(math.atan(slope))
    if upside_down > as_it_is:
        turn = changed(turn, quarters=turn.quarters + 2)
    elif abs(skew) < LEAST_SKEW:
        return turn, upright, found
    turn = changed(turn, skew=skew)
    upright = turned_picture(picture, turn)
    return turn, upright, found_lines(upright)


def _sureness_of(picture: Image, lines: Sequence[FoundLine], *, is_turned: bool) -> float:
    """Return how surely lines are read as they are, or `is_turned` upside down."""
    return sum(letter.sureness for line in lines for letter in read_line(picture, line, is_turned=is_turned))


def _alone(picture: Image, found: Sequence[FoundLine]) -> Image:
    """Return a picture with white around the lines: of noise alone, tesseract makes lines for minutes."""
    from PIL import Image

    alone = Image.new("L", picture.size, "white")
    for line in found:
        corners = [
            line.at(along * line.length / 2, across * line.height / 2) for along in (-1, 1) for across in (-1, 1)
        ]
        across, down = zip(*corners, strict=True)
        box = int(min(across)), int(min(down)), int(max(across)) + 1, int(max(down)) + 1
        alone.paste(picture.crop(box), box)
    return alone


def turned_picture(picture: Image, turn: Turn) -> Image:
    from PIL.Image import Resampling, Transpose

    if turn.quarters:
        ways = {1: Transpose.ROTATE_90, 2: Transpose.ROTATE_180, 3: Transpose.ROTATE_270}
        picture = picture.transpose(ways[turn.quarters])
    return picture.rotate(turn.skew, Resampling.BILINEAR, fillcolor="white") if turn.skew else picture


def _by_tesseract(picture: Image, language: str, turn: Turn) -> tuple[list[list[Word]], bool]:
    """Return tesseract's words by lines, in points on the turned page, and whether it took too long."""
    os.environ["OMP_THREAD_LIMIT"] = "1"  # before the library is loaded
    import tesserocr

    scale = turn.size[0] / picture.width
    lines: list[list[Word]] = []
    names = languages_for(language)
    place = folder_of(names)
    if sys.platform == "win32":  # there it finds no file by a path with letters beyond ASCII
        os.chdir(place)
        place = "."
    with tesserocr.PyTessBaseAPI(path=place, lang=names, psm=tesserocr.PSM.AUTO) as api:
        api.SetVariable("thresholding_method", _SAUVOLA)
        api.SetImageBytes(picture.tobytes(), picture.width, picture.height, 1, picture.width)
        api.SetSourceResolution(max(70, round(72 / scale)))
        is_whole = api.Recognize(MAX_PAGE_MS)
        results = api.GetIterator()
        for each in tesserocr.iterate_level(results, tesserocr.RIL.WORD) if results is not None else ():
            if not lines or each.IsAtBeginningOf(tesserocr.RIL.TEXTLINE):
                lines.append([])
            lines[-1] += _words_at(each, tesserocr.RIL.WORD, scale, len(lines))
    return [line for line in lines if line], not is_whole


def _words_at(position: Any, level: Any, scale: float, line: int) -> Iterator[Word]:
    box = position.BoundingBox(level)
    text = "".join(position.GetUTF8Text(level).split()) if box else ""
    if text:
        left, top, right, bottom = (side * scale for side in box)
        yield Word(text, -1, None, line, left, top, right, bottom, sureness=position.Confidence(level))


def arranged(lines: Sequence[list[Word]]) -> list[Line]:
    """Return the lines in reading order, with the cells of tables."""
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


def folder_of(languages: str) -> str:
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
