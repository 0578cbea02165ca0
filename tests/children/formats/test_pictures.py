"""Pictures of pages: size, turn and pages of the files; the recognition itself is in its place (test_ocr.py)."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import pytest
from PIL import Image

from slmdesk.base.documents import Note, PageStatus
from slmdesk.base.errors import KnownError
from slmdesk.children.formats import heif, pictures
from slmdesk.children.formats.containers import format_of_bytes
from slmdesk.children.formats.pdf_file import Look, Word
from slmdesk.children.formats.pdf_layout import Line
from slmdesk.children.formats.reading import PictureRequest, Reading, picture_of, png_of
from slmdesk.children.formats.scans import Recognition, Turn

pytestmark = pytest.mark.pure


@pytest.fixture
def asked(monkeypatch) -> list[tuple[Image.Image, float, float]]:
    """What the recognition is given; it finds a word on every picture with black in it."""
    calls = []

    def recognise(picture, width, height, language, worked):
        calls.append((picture, round(width), round(height)))
        word = Word("office", -1, None, 0, 59.5, 84.2, 119, 100)
        line = Line([word], Look(10, False, False, False, False, False), 59.5, 84.2, 119, 100)
        return Recognition(Turn(width, height), [line] if picture.getextrema()[0] < 100 else [], 90)

    monkeypatch.setattr(pictures, "recognise", recognise)
    monkeypatch.setattr(pictures, "is_available", lambda: True)
    return calls


def saved(image: Image.Image, kind: str, **options) -> bytes:
    target = io.BytesIO()
    image.save(target, kind, **options)
    return target.getvalue()


def page(width: int = 620, height: int = 877) -> Image.Image:
    """A white page that is black in its upper left corner."""
    image = Image.new("L", (width, height), 255)
    image.paste(0, (0, 0, width // 4, height // 4))
    return image


def read(data: bytes) -> tuple[list, Reading]:
    reading = Reading("a.png", data)
    return list(pictures.read(reading)), reading


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF"])
def test_a_picture_is_a_page(asked, kind):
    data = saved(page(), kind)
    assert format_of_bytes(io.BytesIO(data)) == "picture"
    (scan,), reading = read(data)
    assert (scan.text, scan.reason, scan.status, scan.has_image) == (
        "office",
        "by OCR, 90 %",
        PageStatus.READ,
        True,
    )
    assert reading.notes == [Note.OCR_USED]
    (picture, width, height), *_ = asked
    assert (width, height, picture.size) == (595, 842, (2479, 3507))


def test_pages_of_a_fax_are_read_one_after_another(asked):
    """Its dots are twice as high as wide; a page without words stays where it is."""
    fax = Image.new("1", (1728, 1146), 1)
    fax.paste(0, (0, 0, 400, 200))
    blank = Image.new("1", (1728, 1146), 1)
    data = saved(fax, "TIFF", compression="group4", dpi=(204, 98), save_all=True, append_images=[blank, fax])
    pages, reading = read(data)
    assert [(sheet.number, sheet.text, sheet.status.value) for sheet in pages] == [
        (1, "office", "read"), (2, "", "empty"), (3, "office", "read"),
    ]  # fmt: skip
    assert reading.total == 3
    assert {(width, height) for _picture, width, height in asked} == {(610, 842)}


def test_a_photo_is_turned_as_the_phone_held_it(asked):
    about = Image.Exif()
    about[0x0112] = 6
    photo = page().transpose(Image.Transpose.ROTATE_90)
    data = saved(photo, "JPEG", exif=about)
    read(data)
    (picture, width, height), *_ = asked
    assert (width, height) == (595, 842)
    assert picture.getpixel((10, 10)) < 50 < picture.getpixel((picture.width - 10, 10))
    drawn = picture_of(Reading("a.jpg", data), "picture", PictureRequest(1, 300, ((0, 6),)))
    assert (drawn.width, drawn.height) == (300, 424)
    assert drawn.boxes == ((pytest.approx((0.1, 0.1, 0.2, 0.1188), abs=1e-3),),)


def test_what_is_clear_is_white(asked):
    clear = Image.new("RGBA", (620, 877), (0, 0, 0, 0))
    clear.paste((0, 0, 0, 255), (0, 0, 100, 100))
    read(saved(clear, "PNG"))
    picture = asked[0][0]
    assert (picture.getpixel((10, 10)), picture.getpixel((2000, 3000))) == (0, 255)


def test_without_recognition_pages_are_named(monkeypatch):
    monkeypatch.setattr(pictures, "is_available", lambda: False)
    (scan,), reading = read(saved(page(), "PNG"))
    assert (scan.status, scan.reason, scan.has_image) == (PageStatus.SCANNED, "scanned", True)
    assert reading.notes == [Note.OCR_MISSING]


def bomb(width: int, height: int) -> bytes:
    """A PNG file of few bytes that unpacks to as many pixels."""
    head = png_of(b"\xff" * 3, width=1, height=1, stride=3)
    ihdr = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunk = struct.pack(">I", 13) + b"IHDR" + ihdr + struct.pack(">I", zlib.crc32(b"IHDR" + ihdr))
    return head[:8] + chunk + head[33:]


def test_a_picture_too_large_is_told_before_it_is_unpacked(asked):
    with pytest.raises(KnownError) as told:
        read(bomb(20_000, 20_000))
    assert told.value.code == "document.unreadable"
    assert told.value.args_for_people["reason"] == "a picture of 20000 × 20000 dots; up to 47 million can be read"
    assert not asked


PHOTOS = (Path(__file__).parents[2] / "golden/photos/letter.heic").read_bytes()
"""Two photos of drawn words, 480 × 280 dots, as a phone keeps them."""


@pytest.mark.skipif(heif.library() is None, reason="no libheif here")
def test_each_photo_of_a_phone_is_a_page(asked, monkeypatch):
    pages, reading = read(PHOTOS)
    assert format_of_bytes(io.BytesIO(PHOTOS)) == "picture"
    assert ([sheet.text for sheet in pages], reading.total) == (["office", "office"], 2)
    assert [(picture.mode, width, height) for picture, width, height in asked] == [("L", 1020, 595)] * 2
    assert picture_of(Reading("a.heic", PHOTOS), "picture", PictureRequest(2, 300)).height == 175
    for cut in (12, 200, 2000, len(PHOTOS) // 2):
        with pytest.raises(OSError):
            read(PHOTOS[:cut])
    monkeypatch.setattr(pictures, "MOST_BYTES", 4 * 480 * 280 - 1)
    with pytest.raises(KnownError) as told:
        read(PHOTOS)
    assert told.value.args_for_people["reason"].startswith("a picture of 480 × 280 dots")


def test_a_photo_that_nothing_here_unpacks_is_told(monkeypatch):
    monkeypatch.setattr(heif, "library", lambda: None)
    with pytest.raises(KnownError) as told:
        read(PHOTOS)
    assert told.value.code == "document.unreadable"
    assert "JPEG" in told.value.args_for_people["reason"]


def test_a_page_that_is_not_there_has_no_picture(asked):
    with pytest.raises(KnownError) as told:
        picture_of(Reading("a.png", saved(page(), "PNG")), "picture", PictureRequest(2, 300))
    assert told.value.code == "document.no_page"
