"""Redacts pictures of pages (PNG, JPEG, TIFF) with black bars, and makes pictures inside other documents black."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import suppress
from pathlib import PurePath
from typing import TYPE_CHECKING

import numpy as np

from slmdesk.base.errors import KnownError
from slmdesk.children.formats.pictures import count_pages, picture, read
from slmdesk.children.formats.reading import MAX_WIDTH, Box, PictureRequest
from slmdesk.children.formats.redacting.pages import Pixels, blacken, is_seen, scaled, wider
from slmdesk.children.formats.redacting.redactors import Redacting

if TYPE_CHECKING:
    from PIL.Image import Image

_WRITTEN = {".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG", ".tif": "TIFF", ".tiff": "TIFF"}
"""The kinds of pictures that are written. Nothing here packs the photos of phones (HEIC)."""
QUALITY = 90
MOST_DOTS = 24_000_000
"""Most dots of a picture inside a document that is shown small. A larger one is named only."""
SMALL = 96
"""Longest side in pixels of a picture that is shown small."""


def redact(redacting: Redacting) -> bytes:
    """Return the pictures in the file's own kind, upright, with nothing but their pixels. Recognised words get bars.

    Raises KnownError `document.no_redactor`, `redaction.left` for words whose place on the picture is not known.
    """
    kind = _WRITTEN.get(PurePath(redacting.reading.path).suffix.lower())
    if kind is None or not redacting.removes:
        raise KnownError("document.no_redactor", path=redacting.reading.path, known="pdf png jpeg tiff docx pptx xlsx")
    if not redacting.draws:
        for number in range(1, count_pages(redacting.reading) + 1):
            _look(redacting, number)
        return b""
    return _saved(_drawn(redacting), kind)


def _look(redacting: Redacting, number: int) -> None:
    redacting.reading.check()
    pixels, __ = _shown(redacting, number)
    height, width = pixels.shape[:2]
    redacting.sizes.append((width, height))
    redacting.doubt("page_without_words", f"page {number}")
    if any(is_seen(pixels, scaled(box, width, height)) for box in redacting.boxes if box.page == number):
        redacting.left.append(f"page {number}")


def _drawn(redacting: Redacting) -> Iterator[Image]:
    from PIL import Image

    total = count_pages(redacting.reading)
    for page in read(redacting.reading):
        redacting.reading.check()
        redacting.progress(page.number - 1, total)
        place = f"page {page.number}"
        redacting.doubt("page_without_words", place)
        spans = redacting.words.spans(page.text, place)
        pixels, lines = _shown(redacting, page.number, tuple((span.begin, span.end) for span in spans))
        if not all(lines):
            raise KnownError("redaction.left", path=redacting.reading.path, count=lines.count(()), place=place)
        height, width = pixels.shape[:2]
        edges = [wider((left * width, top * height, right * width, bottom * height))
                 for boxes in lines for left, top, right, bottom in boxes]  # fmt: skip
        drawn = [scaled(box, width, height) for box in redacting.boxes if box.page == page.number]
        blacken(pixels, [*edges, *drawn])
        yield Image.fromarray(pixels)


def _shown(
    redacting: Redacting, number: int, marks: tuple[tuple[int, int], ...] = ()
) -> tuple[Pixels, tuple[tuple[Box, ...], ...]]:
    """Return the pixels of a page, and the boxes of each of these passages of its text as shares of the page."""
    from PIL import Image

    redacting.reading.worked()
    shown = picture(redacting.reading, PictureRequest(number, MAX_WIDTH, marks))
    return np.array(Image.open(io.BytesIO(shown.png))), shown.boxes


def _saved(pages: Iterator[Image], kind: str) -> bytes:
    from PIL.TiffImagePlugin import AppendingTiffWriter

    out = io.BytesIO()
    if kind != "TIFF":
        next(pages).save(out, kind, quality=QUALITY)
        return out.getvalue()
    with AppendingTiffWriter(out) as file:  # a page at a time: all of them would not fit into the memory
        for page in pages:
            page.save(file, kind, compression="tiff_adobe_deflate")
            file.newFrame()
    return out.getvalue()


def black_of(data: bytes) -> bytes:
    """Return a black picture of the size and kind of this one."""
    from PIL import Image

    out = io.BytesIO()
    with _opened(data) as image:
        Image.new("1" if image.format == "PNG" else "L", image.size).save(out, image.format)
    return out.getvalue()


def small_of(data: bytes) -> tuple[int, int, bytes]:
    """Return width and height of a picture, and a small PNG of it: empty if it is too large or damaged."""
    out, size = io.BytesIO(), (0, 0)
    with suppress(OSError, ValueError, SyntaxError), _opened(data) as image:
        size = image.size
        if size[0] * size[1] <= MOST_DOTS:
            image.thumbnail((SMALL, SMALL))
            image.convert("RGBA").save(out, "PNG")
    return *size, out.getvalue()


def _opened(data: bytes) -> Image:
    from PIL import Image

    Image.MAX_IMAGE_PIXELS = None  # only the size is read of a large one
    return Image.open(io.BytesIO(data), formats=("PNG", "JPEG"))
