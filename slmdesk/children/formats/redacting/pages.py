"""Redacts a PDF by drawing its pages as pictures with black bars, into a new file that takes over nothing else."""

from __future__ import annotations

import io
import zlib
from collections.abc import Iterable, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c

from slmdesk.base.documents import PageBox
from slmdesk.base.errors import KnownError
from slmdesk.base.record import Record
from slmdesk.base.texts import _
from slmdesk.children.formats.pdf import has_switched_off, recognised_words
from slmdesk.children.formats.pdf_file import LOCK, PageLetters, View, Word, attachments_of, metadata_of, opened
from slmdesk.children.formats.pdf_layers import remove_unseen
from slmdesk.children.formats.pdf_line_numbers import line_numbers
from slmdesk.children.formats.pdf_signatures import signatures_of
from slmdesk.children.formats.pdf_turned import upright_and_turned
from slmdesk.children.formats.redacting.redactors import Redacting
from slmdesk.children.formats.scans import Turn

if TYPE_CHECKING:
    from PIL.Image import Image

Box = tuple[float, float, float, float]
Pixels = npt.NDArray[np.uint8]

MOST_PIXELS = 24_000_000
"""Most pixels of a page. Larger pages are drawn at a lower resolution."""
POINTS_PER_INCH = 72
SIDE, ABOVE = 0.05, 0.12
"""How far a bar extends beyond the words, sideways and vertically, as a share of the letter's height. Letters may reach
out of their boxes.
"""
UNMAPPED = 0.02
"""Share of letters without a known Unicode value above which the user is asked to check the page by eye."""
SEEN = 40
"""Brightness, of 255, from which a box in a copy shows something: JPEG leaves black a little grey."""
EDGE = 2
"""Pixels at the edges of a box in a copy that are not looked at. They hold a part of what is beside it."""
CONTRAST = 40
"""Least contrast of a word with its surroundings, of 255. Words with less are invisible: the text layer omits them."""
_FLATTEN_DISPLAY = 0


@dataclass(slots=True)
class _Sheet:
    view: View
    bars: list[Box] = field(default_factory=list)
    boxes: list[Box] = field(default_factory=list)
    """What a person drew. Unlike bars, it is no wider than drawn."""
    words: list[Word] = field(default_factory=list)


def redact(redacting: Redacting) -> bytes:
    """Return the PDF as a new PDF with pictures of its pages. Raises KnownError document.…"""
    reading = redacting.reading
    if not redacting.removes:
        raise KnownError(
            "document.no_redactor", path=reading.path, known="docx pptx xlsx odt odp ods eml txt md csv html"
        )
    out = NewPdf()
    with opened(reading) as document:
        _tell(redacting, document)
        with LOCK:
            pages = len(document)
            with suppress(pdfium.PdfiumError):
                document.init_forms()  # so that form fields are drawn with their values
        reading.total = pages
        has_layers = has_switched_off(reading)
        for index in range(pages):
            reading.check()
            reading.worked()
            redacting.progress(index, pages)
            with LOCK:
                _page(redacting, document, index, out, has_layers=has_layers)
    return out.data() if redacting.draws else b""


def _tell(redacting: Redacting, document: pdfium.PdfDocument) -> None:
    for name in ("Author", "Creator", "Title", "Subject", "Keywords"):
        value = metadata_of(document, name)
        if value:
            redacting.remove("properties", "")
            redacting.words.spans(value, f"property {name}")
            if name == "Author":
                redacting.person(value)
    for name, __ in attachments_of(document):
        redacting.remove("embedded", name)
        redacting.words.spans(name, "name of an attachment", bare=True)
    with LOCK, suppress(pdfium.PdfiumError, UnicodeError):
        if pdfium_c.FPDFBookmark_GetFirstChild(document, None):
            redacting.remove("bookmarks", "")
        if pdfium_c.FPDFDoc_GetJavaScriptActionCount(document) > 0:
            redacting.remove("program", "")
        if pdfium_c.FPDF_GetXFAPacketCount(document) > 0:
            redacting.remove("custom_xml", "")
        if pdfium_c.FPDF_GetSignatureCount(document) > 0:
            redacting.remove("signature", "")
            for signature in signatures_of(document, b"".join(redacting.reading.chunks())):
                redacting.words.spans(signature.words, "signature")
                redacting.person(signature.name)


def _page(redacting: Redacting, document: pdfium.PdfDocument, index: int, out: NewPdf, *, has_layers: bool) -> None:
    place = f"page {index + 1}"
    try:
        with closing(document.get_page(index)) as page:
            if pdfium_c.FPDFPage_GetAnnotCount(page):
                redacting.remove("annotations", place)
                flat = pdfium_c.FPDFPage_Flatten(page, _FLATTEN_DISPLAY)
                if flat == pdfium_c.FLATTEN_FAIL:
                    reason = _("{place} cannot be drawn").format(place=place)
                    raise KnownError("document.damaged", path=redacting.reading.path, reason=reason)
        with closing(document.get_page(index)) as page:
            if has_layers:
                remove_unseen(page)
            sheet = _read(redacting, page, place)
            width, height = sheet.view.width, sheet.view.height
            redacting.sizes.append((width, height))
            sheet.boxes = [scaled(box, width, height) for box in redacting.boxes if box.page == index + 1]
            if redacting.draws:
                _draw(redacting, page, sheet, out, place)
            elif any(is_seen(_rendered(page, 1.0), box) or _holds_word(sheet, box) for box in sheet.boxes):
                redacting.left.append(place)
    except (pdfium.PdfiumError, OSError) as err:
        reason = _("{place} cannot be read").format(place=place)
        raise KnownError("document.damaged", path=redacting.reading.path, reason=reason) from err


def _read(redacting: Redacting, page: pdfium.PdfPage, place: str) -> _Sheet:
    with closing(PageLetters(page)) as letters:
        sheet = _Sheet(letters.view, words=letters.words())
        text, indices = letters.text()
        for span in redacting.words.spans(text, place):
            places = range(span.begin, span.end) if indices is None else indices[span.begin : span.end]
            for at_letter, letter in zip(places, text[span.begin : span.end], strict=True):
                if letter.isprintable() and not letter.isspace():  # pdfium adds spaces that have no position
                    sheet.bars += [letters.box(at_letter), letters.ink(at_letter)]
        has_words = bool(sheet.words)
        if redacting.draws and not has_words:
            sheet.words = recognised_words(page, redacting.reading)
        words, turned = upright_and_turned(sheet.words, letters, ()) if letters.has_turned else (sheet.words, [])
        numbers = [word for column in line_numbers(words) if column.is_sure for word in column.words]
        kept = [word for word in words if word not in numbers]
        _search(redacting, sheet, kept, place, again=has_words and not numbers)
        for lines in turned:
            _search(redacting, sheet, lines.words, place, again=has_words, turn=lines.turn)
        if letters.count and letters.share_unmapped() > UNMAPPED:
            redacting.doubt("letters", place)
    pictures = sum(shape.type == pdfium_c.FPDF_PAGEOBJ_IMAGE for shape in page.get_objects(max_depth=5))
    if pictures:
        redacting.doubt("picture", place)
    if not has_words:
        redacting.doubt("page_without_words", place)
    return sheet


def _search(
    redacting: Redacting, sheet: _Sheet, words: Sequence[Word], place: str, *, again: bool, turn: Turn | None = None
) -> None:
    """Add bars over what is found in the lines of the words, which may lie on the page turned."""
    for line, placed in _lines(words):
        for span in redacting.words.spans(line, place, again=again):
            boxes = [(w.x0, w.y0, w.x1, w.y1) for at, w in placed if at < span.end and at + len(w.text) > span.begin]
            sheet.bars += [turn.box_back(box) for box in boxes] if turn is not None else boxes


def _lines(words: Sequence[Word]) -> Iterable[tuple[str, list[tuple[int, Word]]]]:
    """Yield one text with the words of the page from top to bottom, together with the position of each word in it."""
    if not words:
        return
    rows: list[list[Word]] = []
    for word in sorted(words, key=lambda each: ((each.y0 + each.y1) / 2, each.x0)):
        middle = (word.y0 + word.y1) / 2
        if rows and rows[-1][0].y0 <= middle <= rows[-1][0].y1:
            rows[-1].append(word)
        else:
            rows.append([word])
    text, placed = "", list[tuple[int, Word]]()
    for row in rows:
        for word in sorted(row, key=lambda each: each.x0):
            placed.append((len(text), word))
            text += word.text if word.hyphen else word.text + " "
    yield text, placed


def _draw(redacting: Redacting, page: pdfium.PdfPage, sheet: _Sheet, out: NewPdf, place: str) -> None:
    view = sheet.view
    scale = redacting.pixels_per_inch / POINTS_PER_INCH
    scale = min(scale, (MOST_PIXELS / max(view.width * view.height, 1.0)) ** 0.5)
    pixels = _rendered(page, scale)
    layer = _layer(redacting, pixels, sheet, scale, place) if redacting.text_layer else []
    blacken(pixels, [*map(wider, sheet.bars), *sheet.boxes], scale)
    out.page(view.width, view.height, pixels, layer)


def _rendered(page: pdfium.PdfPage, scale: float) -> Pixels:
    bitmap = page.render(
        scale=scale, rev_byteorder=True, force_bitmap_format=pdfium_c.FPDFBitmap_BGR, draw_annots=False,
        may_draw_forms=False,
    )  # fmt: skip
    try:
        rows = np.frombuffer(bitmap.buffer, dtype=np.uint8).reshape(bitmap.height, bitmap.stride)
        return rows[:, : bitmap.width * 3].reshape(bitmap.height, bitmap.width, 3).copy()
    finally:
        bitmap.close()


def scaled(box: PageBox, width: float, height: float) -> Box:
    return box.left * width, box.top * height, box.right * width, box.bottom * height


def blacken(pixels: Pixels, boxes: Iterable[Box], scale: float = 1.0) -> None:
    for box in boxes:
        left, top, right, bottom = _pixels_of(box, scale, pixels)
        pixels[top:bottom, left:right] = 0


def is_seen(pixels: Pixels, box: Box) -> bool:
    """Return whether a box of a copy shows anything but black."""
    left, top, right, bottom = _pixels_of(box, 1.0, pixels)
    return bool((pixels[top + EDGE : bottom - EDGE, left + EDGE : right - EDGE] > SEEN).any())


def _holds_word(sheet: _Sheet, box: Box) -> bool:
    middles = (((word.x0 + word.x1) / 2, (word.y0 + word.y1) / 2) for word in sheet.words)
    return any(box[0] < x < box[2] and box[1] < y < box[3] for x, y in middles)


def wider(box: Box) -> Box:
    height = min(abs(box[3] - box[1]), 40.0)
    width = min(abs(box[2] - box[0]), 40.0)
    side = SIDE * max(height, width) + 0.3
    above = ABOVE * max(height, width) + 0.7
    return box[0] - side, box[1] - above, box[2] + side, box[3] + above


def _pixels_of(box: Box, scale: float, pixels: Pixels) -> tuple[int, int, int, int]:
    height, width = pixels.shape[:2]
    left, top = max(0, int(box[0] * scale)), max(0, int(box[1] * scale))
    return left, top, min(width, int(box[2] * scale) + 1), min(height, int(box[3] * scale) + 1)


def _layer(redacting: Redacting, pixels: Pixels, sheet: _Sheet, scale: float, place: str) -> list[LayerWord]:
    kept = []
    hidden = [*sheet.bars, *sheet.boxes]
    for word in sheet.words:
        box = (word.x0, word.y0, word.x1, word.y1)
        left, top, right, bottom = _pixels_of(box, scale, pixels)
        shown = pixels[top:bottom, left:right]
        if not shown.size or int(shown.max()) - int(shown.min()) < CONTRAST:
            continue
        if any(bar[0] < box[2] and bar[2] > box[0] and bar[1] < box[3] and bar[3] > box[1] for bar in hidden):
            continue
        if not redacting.words.spans(word.text, place, bare=True, again=True):
            kept.append(LayerWord(word.text, *box))
    return kept


# Writes a PDF of pictures with invisible text that can be searched and copied (ISO 32000-1)

_LEVEL = 6
JPEG_QUALITY = 80
_CODES = (*range(33, 127), *range(161, 256))
"""Character codes of a font that are used. Codes without a glyph have no position on the page."""
_GLYPH_WIDTH = 0.5
"""Width of each glyph of these fonts, as a share of the size."""
_BASE_LINE = 0.2
"""Height of the base line over the lower edge of a word's box, as a share of the size."""


class LayerWord(Record):
    """Word of the text layer with its position in points from the page's top left corner (y down)."""

    text: str
    x0: float
    y0: float
    x1: float
    y1: float


class NewPdf:
    """Writer of a PDF file that has no metadata: no dates, names or id."""

    def __init__(self) -> None:
        self._out = io.BytesIO()
        self._places: dict[int, int] = {}
        self._count = 2  # the catalogue and the list of pages come last
        self._pages: list[int] = []
        self._letters: dict[str, int] = {}
        self._fonts: dict[int, int] = {}
        self._out.write(b"%PDF-1.5\n%\xe2\xe3\xcf\xd3\n")

    def page(self, width: float, height: float, pixels: npt.NDArray[np.uint8], layer: Sequence[LayerWord]) -> None:
        """Add a page of this size in points, with a picture (height × width × RGB) and the words of its text layer."""
        self._pictured(width, height, self._image(pixels), layer)

    def add_scan(self, width: float, height: float, picture: Image, layer: Sequence[LayerWord]) -> None:
        """Add a page with a picture as JPEG, or as single bits if it is black and white."""
        about = f"/Type/XObject/Subtype/Image/Width {picture.width}/Height {picture.height}"
        if picture.mode == "1":
            about += "/BitsPerComponent 1/ColorSpace/DeviceGray"
            image = self._stream(about.encode("ascii"), picture.tobytes())
        else:
            target = io.BytesIO()
            picture.save(target, "JPEG", quality=JPEG_QUALITY)
            space = "DeviceGray" if picture.mode == "L" else "DeviceRGB"
            about += f"/BitsPerComponent 8/ColorSpace/{space}/Filter/DCTDecode/Length {target.tell()}"
            image = self._object(f"<<{about}>>\nstream\n".encode("ascii") + target.getvalue() + b"\nendstream")
        self._pictured(width, height, image, layer)

    def add_words(
        self, width: float, height: float, layer: Sequence[LayerWord], layer_height: float, matrix: Sequence[float]
    ) -> None:
        """Add a page with words alone, which `matrix` (ISO 32000-1, 8.3.3) lays from their own page onto this one."""
        fonts: dict[int, int] = {}
        words = self._words(layer, layer_height, fonts)
        self._page(width, height, f"q {' '.join(f'{part:.5f}' for part in matrix)} cm\n{words}\nQ", "", fonts)

    def _pictured(self, width: float, height: float, image: int, layer: Sequence[LayerWord]) -> None:
        fonts: dict[int, int] = {}
        content = f"q {width:.2f} 0 0 {height:.2f} 0 0 cm /I Do Q\n" + self._words(layer, height, fonts)
        self._page(width, height, content, f"/XObject<</I {image} 0 R>>", fonts)

    def _page(self, width: float, height: float, content: str, pictures: str, fonts: dict[int, int]) -> None:
        stream = self._stream(b"", content.encode("ascii"))
        named = " ".join(f"/F{number} {object_} 0 R" for number, object_ in fonts.items())
        page = (
            f"<</Type/Page/Parent 2 0 R/MediaBox[0 0 {width:.2f} {height:.2f}]/Contents {stream} 0 R"
            f"/Resources<<{pictures}/Font<<{named}>>>>>>"
        )
        self._pages.append(self._object(page.encode("ascii")))

    def data(self) -> bytes:
        for number, object_ in self._fonts.items():
            self._font(number, object_)
        kids = " ".join(f"{page} 0 R" for page in self._pages)
        self._object(b"<</Type/Catalog/Pages 2 0 R>>", 1)
        self._object(f"<</Type/Pages/Count {len(self._pages)}/Kids[{kids}]>>".encode("ascii"), 2)
        start = self._out.tell()
        self._out.write(f"xref\n0 {self._count + 1}\n0000000000 65535 f \n".encode("ascii"))
        for number in range(1, self._count + 1):
            self._out.write(f"{self._places[number]:010} 00000 n \n".encode("ascii"))
        trailer = f"trailer\n<</Size {self._count + 1}/Root 1 0 R>>\nstartxref\n{start}\n%%EOF\n"
        self._out.write(trailer.encode("ascii"))
        return self._out.getvalue()

    def _object(self, body: bytes, number: int = 0) -> int:
        if not number:
            self._count += 1
            number = self._count
        self._places[number] = self._out.tell()
        self._out.write(f"{number} 0 obj\n".encode("ascii") + body + b"\nendobj\n")
        return number

    def _stream(self, about: bytes, data: bytes) -> int:
        packed = zlib.compress(data, _LEVEL)
        head = b"<<" + about + f"/Filter/FlateDecode/Length {len(packed)}>>\nstream\n".encode("ascii")
        return self._object(head + packed + b"\nendstream")

    def _image(self, pixels: npt.NDArray[np.uint8]) -> int:
        height, width = pixels.shape[:2]
        is_grey = bool((pixels[..., 0] == pixels[..., 1]).all() and (pixels[..., 1] == pixels[..., 2]).all())
        rows = pixels[..., 0] if is_grey else pixels.reshape(height, width * 3)
        above = np.zeros_like(rows)
        above[1:] = rows[:-1]
        filtered = np.empty((height, rows.shape[1] + 1), dtype=np.uint8)
        filtered[:, 0] = 2  # each row as its difference from the row above (PNG, 9.2)
        filtered[:, 1:] = rows - above
        colours, space = (1, "DeviceGray") if is_grey else (3, "DeviceRGB")
        about = (
            f"/Type/XObject/Subtype/Image/Width {width}/Height {height}/BitsPerComponent 8/ColorSpace/{space}"
            f"/DecodeParms<</Predictor 15/Colors {colours}/BitsPerComponent 8/Columns {width}>>"
        )
        return self._stream(about.encode("ascii"), filtered.tobytes())

    def _words(self, layer: Sequence[LayerWord], height: float, fonts: dict[int, int]) -> str:
        """Return the content that draws these words unseen (Tr 3). Note in `fonts` those used."""
        lines = []
        for word in layer:
            size = max(word.y1 - word.y0, 1.0)
            stretch = 100 * max(word.x1 - word.x0, 0.1) / (_GLYPH_WIDTH * size * max(len(word.text), 1))
            base = height - word.y1 + _BASE_LINE * size
            lines.append(f"BT 3 Tr {stretch:.2f} Tz 1 0 0 1 {word.x0:.2f} {base:.2f} Tm")
            for letter in word.text:
                code = self._letters.setdefault(letter, len(self._letters))
                font, at = divmod(code, len(_CODES))
                fonts[font] = self._font_object(font)
                lines.append(f"/F{font} {size:.2f} Tf <{_CODES[at]:02x}> Tj")
            lines.append("ET")
        return "\n".join(lines)

    def _font_object(self, font: int) -> int:
        if font not in self._fonts:
            self._count += 1
            self._fonts[font] = self._count
        return self._fonts[font]

    def _font(self, font: int, number: int) -> None:
        """Write a font. Only its widths and mapping to Unicode matter: its letters are invisible (9.6.2, 9.10.3)."""
        letters = list(self._letters)[font * len(_CODES) : (font + 1) * len(_CODES)]
        pairs = [
            f"<{code:02x}> <{letter.encode('utf-16-be', 'replace').hex()}>"
            for code, letter in zip(_CODES, letters, strict=False)
        ]
        ranges = "\n".join(
            f"{len(some)} beginbfchar\n" + "\n".join(some) + "\nendbfchar"
            for some in (pairs[at : at + 100] for at in range(0, len(pairs), 100))
        )
        mapped = (
            "/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapName /Own def /CMapType 2 def\n"
            f"1 begincodespacerange <00> <ff> endcodespacerange\n{ranges}\nendcmap end end"
        )
        meaning = self._stream(b"", mapped.encode("ascii"))
        widths = " ".join(f"{1000 * _GLYPH_WIDTH:.0f}" for __ in range(256))
        about = (
            "<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding/FirstChar 0/LastChar 255"
            f"/Widths[{widths}]/ToUnicode {meaning} 0 R>>"
        )
        self._object(about.encode("ascii"), number)
