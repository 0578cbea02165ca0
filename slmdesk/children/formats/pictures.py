"""Reads pictures of pages (PNG, JPEG, TIFF, HEIC) by text recognition. Each picture of a file is a page."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from slmdesk.base.documents import Note, Page, PageStatus, page_of
from slmdesk.base.errors import KnownError
from slmdesk.base.texts import N_
from slmdesk.children.formats.containers import is_heif
from slmdesk.children.formats.pdf import boxes_of, layer_of
from slmdesk.children.formats.pdf_layout import LaidOutPage, lay_out, measures_of
from slmdesk.children.formats.reading import Box, Picture, PictureRequest, Reading, png_of, recognised_before
from slmdesk.children.formats.scans import (
    Recognition,
    doubtful_blocks,
    is_available,
    recognise,
    turned_picture,
    width_for,
)

if TYPE_CHECKING:
    from PIL.Image import Image

MOST_BYTES = 180 << 20
"""Most bytes of a picture once it is unpacked: of an A4 page in colour at 650 dots per inch, in grey at 1,300."""
A4_WIDTH = 595.0
SMALLEST_SIDE, LARGEST_SIDE = 36.0, 1700.0
"""Sides of a page in points (up to A2). A photo whose resolution makes it larger has no true resolution."""
UNSAID = 72
"""Dots per inch that a file names which does not know them."""
_OF_SEVERAL = ("TIFF", "HEIF")
_BYTES = {"1": 1, "L": 1, "P": 1, "LA": 4, "I;16": 2, "I;16B": 2}
"""Bytes of a pixel in memory by the picture's mode. All others take 4."""
MOST_TIMES_HIGH = 8
"""How many times higher than wide a picture is drawn at most."""
_EVEN = 0.1
"""Share by which a picture may be larger or smaller than it is read best."""


@dataclass(slots=True)
class _Sheet:
    """A page: its picture, upright, and its size in points."""

    image: Image
    width: float
    height: float


def read(reading: Reading) -> Iterator[Page]:
    """Yield the pages in order."""
    reading.total = count_pages(reading)
    for number in range(1, reading.total + 1):
        reading.check()
        if number in reading.recognised:
            yield recognised_before(reading, number, str(number))
            continue
        if not is_available():
            reading.note(Note.OCR_MISSING)
            yield _unread(number)
            continue
        scan = _recognised(reading, _sheet(reading, number, grey=True))
        if not scan.lines:
            yield _unread(number)
            continue
        reading.note(Note.OCR_USED)
        laid = _laid_out(scan)
        blocks = sorted((*laid.text.blocks, *doubtful_blocks(laid.places)), key=lambda block: block.start)
        yield page_of(number, str(number), laid.text.text, blocks, reason=scan.reason, has_image=True)


def picture(reading: Reading, requested: PictureRequest) -> Picture:
    """Draw a page, and find the boxes of passages in the text that `read` gave for it. Raises `document.no_page`."""
    boxes: tuple[tuple[Box, ...], ...] = ()
    reading.index_of(requested.number, count_pages(reading))
    if requested.marks and is_available():
        scan = _recognised(reading, _sheet(reading, requested.number, grey=True))
        boxes = boxes_of(_laid_out(scan).places, requested.marks, scan.turn)
    if not requested.width:
        return Picture(b"", 0, 0, boxes)
    sheet = _sheet(reading, requested.number, grey=False)
    shown = _drawn(sheet, requested.width).convert("RGB")
    png = png_of(shown.tobytes(), width=shown.width, height=shown.height, stride=shown.width * 3)
    return Picture(png, shown.width, shown.height, boxes)


def searchable(reading: Reading) -> Generator[int, None, bytes]:
    """Return a PDF of the pages, upright and straightened, whose words can be searched. Yields after each page."""
    from slmdesk.children.formats.redacting.pages import NewPdf

    out = NewPdf()
    reading.total = count_pages(reading)
    for number in range(1, reading.total + 1):
        reading.check()
        sheet = _sheet(reading, number, grey=False)
        if sheet.image.mode not in ("1", "L"):
            sheet.image = sheet.image.convert("RGB")
        sheet.image = _drawn(sheet, width_for(sheet.width, sheet.height))
        scan = _recognised(reading, sheet)
        out.add_scan(*scan.turn.size, turned_picture(sheet.image, scan.turn), layer_of(scan.lines))
        yield number
    return out.data()


def _drawn(sheet: _Sheet, most: int) -> Image:
    """Return the picture of a page so many dots wide at most, without the dots of a fax, which are higher than wide."""
    width = min(most, sheet.image.width)
    size = width, max(1, min(width * MOST_TIMES_HIGH, round(width * sheet.height / sheet.width)))
    if size == sheet.image.size:
        return sheet.image
    image = sheet.image.convert("L") if sheet.image.mode == "1" else sheet.image
    return image.resize(size)


def _unread(number: int) -> Page:
    reason = N_("a drawing or a picture, no words") if is_available() else N_("scanned")
    status = PageStatus.EMPTY if is_available() else PageStatus.SCANNED
    return page_of(number, str(number), "", (), status=status, reason=reason, has_image=True)


def _recognised(reading: Reading, sheet: _Sheet) -> Recognition:
    grey = _grey(sheet.image)
    width = width_for(sheet.width, sheet.height)
    size = width, max(1, round(width * sheet.height / sheet.width))
    if any(abs(side / wanted - 1) > _EVEN for side, wanted in zip(grey.size, size, strict=True)):
        grey = grey.resize(size)
    return recognise(grey, sheet.width, sheet.height, reading.language, reading.worked)


def _grey(image: Image) -> Image:
    """A large picture that is grey is not held twice."""
    return image if image.mode == "L" else image.convert("L")


def _laid_out(scan: Recognition) -> LaidOutPage:
    none: frozenset[int] = frozenset()
    return lay_out(scan.lines, measures_of(scan.lines, scan.turn.size[1]), none, none, none)


@contextmanager
def _opened(reading: Reading) -> Iterator[Image]:
    from PIL import Image
    from PIL.JpegImagePlugin import JpegImageFile
    from PIL.PngImagePlugin import PngImageFile
    from PIL.TiffImagePlugin import TiffImageFile

    from slmdesk.children.formats.heif import HeifImageFile, library

    kinds = [str(each.format) for each in (PngImageFile, JpegImageFile, TiffImageFile, HeifImageFile)]  # no others
    Image.MAX_IMAGE_PIXELS = None  # its size is checked here before it is unpacked
    with reading.open() as file:
        if is_heif(file.read(16)) and library() is None:
            reason = N_("a photo in the form HEIC, which nothing on this PC unpacks; save or send it as JPEG")
            raise KnownError("document.unreadable", path=reading.path, reason=reason)
        file.seek(0)
        with Image.open(file, formats=kinds) as image:
            yield image


def count_pages(reading: Reading) -> int:
    count = 0
    with _opened(reading) as image:
        if image.format not in _OF_SEVERAL:
            return 1
        with suppress(EOFError):
            while True:
                image.seek(count)
                count += 1
                reading.check_count(count)
    return count


def _sheet(reading: Reading, number: int, *, grey: bool) -> _Sheet:
    """Return a page. Raises KnownError `document.unreadable` for a picture that is too large."""
    from PIL import Image, ImageOps

    with _opened(reading) as image:
        if image.format in _OF_SEVERAL:
            image.seek(number - 1)
        width, height = _size_of(image)
        if image.format in ("JPEG", "MPO"):  # it can be unpacked smaller
            enough = 5000 if grey else 3000
            smaller = next((part for part in (8, 4, 2) if max(image.size) > enough * part), 1)
            image.draft("L" if grey else image.mode, (image.width // smaller, image.height // smaller))
        if image.width * image.height * _BYTES.get(image.mode, 4) > MOST_BYTES:
            reason = N_("a picture of {width} × {height} dots; up to {most} million can be read")
            most = MOST_BYTES // _BYTES.get(image.mode, 4) // 1_000_000
            words = reason.format(width=image.width, height=image.height, most=most)
            raise KnownError("document.unreadable", path=reading.path, reason=words)
        if image.getexif().get(0x0112, 1) in (5, 6, 7, 8):  # on its side, as phones keep photos
            width, height = height, width
        image.load()
        ImageOps.exif_transpose(image, in_place=True)
        upright: Image.Image = image
        if image.mode.startswith("I"):
            upright = image.convert("I").point(lambda level: level / 256).convert("L")
        elif "A" in image.getbands() or "transparency" in image.info:
            clear = image.convert("RGBA")
            upright = Image.new("RGB", clear.size, "white")
            upright.paste(clear, mask=clear.getchannel("A"))
        return _Sheet(_grey(upright) if grey else upright, width, height)


def _size_of(image: Image) -> tuple[float, float]:
    """Return width and height in points, by the picture's resolution if that can be true, else as an A4 page."""
    dots = [float(each) for each in image.info.get("dpi", ())]
    if len(dots) == 2 and min(dots) > UNSAID:
        width, height = (72 * side / each for side, each in zip(image.size, dots, strict=True))
        if min(width, height) >= SMALLEST_SIDE and max(width, height) <= LARGEST_SIDE:
            return width, height
    scale = A4_WIDTH / min(image.size)
    return image.width * scale, image.height * scale
