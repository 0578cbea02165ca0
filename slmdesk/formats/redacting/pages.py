"""Draws the pages of a PDF anew as pictures, with black bars, into a new file that takes over nothing else.

Comments and filled fields are first made part of the page, so that their words are found as all others are.  What a
viewer does not show (hidden layers, what lies beyond the page's edge, text behind pictures) is not in the new file.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c

from slmdesk.base.errors import KnownError
from slmdesk.formats.pdf_file import LOCK, attachments_of, metadata_of, opened
from slmdesk.formats.pdf_words import PageLetters, View, Word
from slmdesk.formats.redacting.base import Redacting
from slmdesk.formats.redacting.new_pdf import LayerWord, NewPdf

Box = tuple[float, float, float, float]
Pixels = npt.NDArray[np.uint8]

MOST_PIXELS = 24_000_000
"""Of one page: a larger one is drawn less finely."""
POINTS_PER_INCH = 72
SIDE, ABOVE = 0.05, 0.12
"""Of the height of a letter: how far a bar goes beyond the words, for letters lean out of their boxes."""
UNMAPPED = 0.02
"""A share of letters that only look like letters, from which a page is to be looked at by eye."""
CONTRAST = 40
"""Of 255: words that differ less from what is around them are not seen, and get no text."""
_FLATTEN_DISPLAY = 0


@dataclass(slots=True)
class _Sheet:
    view: View
    bars: list[Box] = field(default_factory=list)
    words: list[Word] = field(default_factory=list)


def redact(redacting: Redacting) -> bytes:
    """The PDF as pictures of its pages.  Raises KnownError document.…"""
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
                document.init_forms()  # fields are shown with what was filled in
        reading.total = pages
        for index in range(pages):
            reading.check()
            reading.worked()
            redacting.progress(index, pages)
            with LOCK:
                _page(redacting, document, index, out)
    return out.data() if redacting.draws else b""


def _tell(redacting: Redacting, document: pdfium.PdfDocument) -> None:
    for name in ("Author", "Creator", "Title", "Subject", "Keywords"):
        value = metadata_of(document, name)
        if value:
            redacting.remove("properties", "")
            redacting.words.spans(value, f"property {name}")
            if name == "Author":
                redacting.person(value)
    for name, _ in attachments_of(document):
        redacting.remove("embedded", name)
        redacting.words.spans(name, "name of an attachment", bare=True)
    with LOCK, suppress(pdfium.PdfiumError, UnicodeError):
        if pdfium_c.FPDFBookmark_GetFirstChild(document, None):
            redacting.remove("bookmarks", "")
        if pdfium_c.FPDFDoc_GetJavaScriptActionCount(document) > 0:
            redacting.remove("program", "")
        if pdfium_c.FPDF_GetSignatureCount(document) > 0:
            redacting.remove("signature", "")


def _page(redacting: Redacting, document: pdfium.PdfDocument, index: int, out: NewPdf) -> None:
    place = f"page {index + 1}"
    try:
        with closing(document.get_page(index)) as page:
            if pdfium_c.FPDFPage_GetAnnotCount(page):
                redacting.remove("annotations", place)
                flat = pdfium_c.FPDFPage_Flatten(page, _FLATTEN_DISPLAY)
                if flat == pdfium_c.FLATTEN_FAIL:
                    raise KnownError("document.damaged", path=redacting.reading.path, reason=f"{place} cannot be drawn")
        with closing(document.get_page(index)) as page:
            sheet = _read(redacting, page, place)
            if redacting.draws:
                _draw(redacting, page, sheet, out, place)
    except (pdfium.PdfiumError, OSError) as err:
        raise KnownError("document.damaged", path=redacting.reading.path, reason=f"{place} cannot be read") from err


def _read(redacting: Redacting, page: pdfium.PdfPage, place: str) -> _Sheet:
    with closing(PageLetters(page)) as letters:
        sheet = _Sheet(letters.view, words=letters.words())
        text, indices = letters.text()
        for span in redacting.words.spans(text, place):
            places = range(span.begin, span.end) if indices is None else indices[span.begin : span.end]
            for one, letter in zip(places, text[span.begin : span.end], strict=True):
                if letter.isprintable() and not letter.isspace():  # pdfium adds blanks that have no place
                    sheet.bars += [letters.box(one), letters.ink(one)]
        for line, words in _lines(sheet.words):
            for span in redacting.words.spans(line, place, again=True):
                sheet.bars += [
                    (w.x0, w.y0, w.x1, w.y1) for at, w in words if at < span.end and at + len(w.text) > span.begin
                ]
        if letters.count and letters.share_unmapped() > UNMAPPED:
            redacting.doubt("letters", place)
    pictures = sum(one.type == pdfium_c.FPDF_PAGEOBJ_IMAGE for one in page.get_objects(max_depth=5))
    if pictures:
        redacting.doubt("picture", place)
    if not sheet.words:
        redacting.doubt("page_without_words", place)
    return sheet


def _lines(words: Sequence[Word]) -> Iterable[tuple[str, list[tuple[int, Word]]]]:
    """The words in the order of the page, from its top, as one text: where each begins in it."""
    if not words:
        return
    rows: list[list[Word]] = []
    for one in sorted(words, key=lambda each: ((each.y0 + each.y1) / 2, each.x0)):
        middle = (one.y0 + one.y1) / 2
        if rows and rows[-1][0].y0 <= middle <= rows[-1][0].y1:
            rows[-1].append(one)
        else:
            rows.append([one])
    text, placed = "", list[tuple[int, Word]]()
    for row in rows:
        for one in sorted(row, key=lambda each: each.x0):
            placed.append((len(text), one))
            text += one.text if one.hyphen else one.text + " "
    yield text, placed


def _draw(redacting: Redacting, page: pdfium.PdfPage, sheet: _Sheet, out: NewPdf, place: str) -> None:
    view = sheet.view
    scale = redacting.pixels_per_inch / POINTS_PER_INCH
    scale = min(scale, (MOST_PIXELS / max(view.width * view.height, 1.0)) ** 0.5)
    bitmap = page.render(
        scale=scale, rev_byteorder=True, force_bitmap_format=pdfium_c.FPDFBitmap_BGR, draw_annots=False,
        may_draw_forms=False,
    )  # fmt: skip
    try:
        rows = np.frombuffer(bitmap.buffer, dtype=np.uint8).reshape(bitmap.height, bitmap.stride)
        pixels = rows[:, : bitmap.width * 3].reshape(bitmap.height, bitmap.width, 3).copy()
    finally:
        bitmap.close()
    layer = _layer(redacting, pixels, sheet, scale, place) if redacting.text_layer else []
    for box in sheet.bars:
        left, top, right, bottom = _pixels_of(_wider(box), scale, pixels)
        pixels[top:bottom, left:right] = 0
    out.page(view.width, view.height, pixels, layer)


def _wider(box: Box) -> Box:
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
    for word in sheet.words:
        box = (word.x0, word.y0, word.x1, word.y1)
        left, top, right, bottom = _pixels_of(box, scale, pixels)
        shown = pixels[top:bottom, left:right]
        if not shown.size or int(shown.max()) - int(shown.min()) < CONTRAST:
            continue
        if any(bar[0] < box[2] and bar[2] > box[0] and bar[1] < box[3] and bar[3] > box[1] for bar in sheet.bars):
            continue
        if not redacting.words.spans(word.text, place, bare=True, again=True):
            kept.append(LayerWord(word.text, *box))
    return kept
