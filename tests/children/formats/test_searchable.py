"""Scans become PDFs whose words are found where they are seen."""

from __future__ import annotations

import io

import pypdfium2 as pdfium
import pytest
from fakes.scans import scan
from PIL import Image

from slmdesk.base.errors import KnownError
from slmdesk.children.formats import pdf, pictures, scans
from slmdesk.children.formats.pdf_file import Look, Word
from slmdesk.children.formats.pdf_layout import Line
from slmdesk.children.formats.reading import Reading, searchable_of
from slmdesk.children.formats.scans import Recognition, Turn

pytestmark = pytest.mark.pure


@pytest.fixture
def posture(monkeypatch) -> dict[str, float]:
    """How the page is said to lie; a word is found near its upper left corner, once it is upright."""
    lie = {"quarters": 0, "skew": 0.0}

    def recognise(picture, width, height, language, worked):
        word = Word("Müller-Łódź", -1, None, 0, 60, 80, 160, 100)
        line = Line([word], Look(10, False, False, False, False, False), 60, 80, 160, 100)
        return Recognition(Turn(width, height, **lie), [line], 90)

    for module in (pdf, pictures):
        monkeypatch.setattr(module, "recognise", recognise)
        monkeypatch.setattr(module, "is_available", lambda: True)
    monkeypatch.setattr(scans, "is_available", lambda: True)
    return lie


def made(reading: Reading, kind: str) -> bytes:
    making = searchable_of(reading, kind)
    try:
        while True:
            next(making)
    except StopIteration as end:
        return end.value


def words_of(data: bytes, number: int = 0) -> tuple[str, tuple[float, ...]]:
    """The text of a page, and what is around it: left, top, right and bottom, as points of the page as it is shown."""
    document = pdfium.PdfDocument(data)
    page = document[number]
    letters = page.get_textpage()
    boxes = [letters.get_charbox(at) for at in range(letters.count_chars())]
    left, bottom = min(box[0] for box in boxes), min(box[1] for box in boxes)
    right, top = max(box[2] for box in boxes), max(box[3] for box in boxes)
    text, height = letters.get_text_bounded(), page.get_mediabox()[3]
    document.close()
    return text, (left, height - top, right, height - bottom)


@pytest.mark.parametrize(
    ("quarters", "place"),
    [(0, (60, 80, 160, 100)), (1, (500, 60, 520, 160)), (2, (440, 700, 540, 720)), (3, (80, 640, 100, 740))],
)
def test_words_of_a_scan_are_found_where_they_are_seen(posture, quarters, place):
    posture["quarters"] = quarters
    data = made(Reading("a.pdf", scan()), "pdf")
    text, box = words_of(data)
    assert sorted("".join(text.split())) == sorted("Müller-Łódź")  # pdfium reads turned lines in an order of its own
    assert box == pytest.approx(place, abs=8)
    assert pdfium.PdfDocument(data)[0].get_rotation() == -90 * quarters % 360  # it is shown upright
    (shape,) = [drawn for drawn in pdfium.PdfDocument(data)[0].get_objects() if isinstance(drawn, pdfium.PdfImage)]
    assert shape.get_px_size() == (1800, 2400)  # the picture itself stays as it is


def test_a_page_shown_turned_gets_its_words_turned(posture):
    document, target = pdfium.PdfDocument(scan()), io.BytesIO()
    document[0].set_rotation(90)
    document[0].gen_content()
    document.save(target)
    text, box = words_of(made(Reading("a.pdf", target.getvalue()), "pdf"))
    assert sorted("".join(text.split())) == sorted("Müller-Łódź")
    assert box == pytest.approx((80, 640, 100, 740), abs=8)  # in the file, which is turned to the right when shown


def test_pictures_become_upright_pages(posture):
    posture["quarters"] = 2
    pages, target = [Image.new("1", (620, 877), 1), Image.new("1", (620, 877), 1)], io.BytesIO()
    pages[0].paste(0, (520, 777, 620, 877))
    pages[0].save(target, "TIFF", save_all=True, append_images=pages[1:])
    data = made(Reading("a.tif", target.getvalue()), "picture")
    document = pdfium.PdfDocument(data)
    assert len(document) == 2
    drawn = document[0].render().to_pil().convert("L")
    assert (drawn.getpixel((20, 20)), drawn.getpixel((500, 700))) == (0, 255)
    assert words_of(data, 1) == ("Müller-Łódź", pytest.approx((60, 80, 160, 100), abs=8))


def test_what_is_no_scan_is_told(posture):
    plain = pdfium.PdfDocument.new()
    plain.new_page(600, 800)
    target = io.BytesIO()
    plain.save(target)
    for data, kind in ((target.getvalue(), "pdf"), (b"words", "txt")):
        with pytest.raises(KnownError) as told:
            made(Reading("a", data), kind)
        assert told.value.code == "document.not_scanned"


def test_without_recognition_nothing_is_made(monkeypatch):
    monkeypatch.setattr(scans, "is_available", lambda: False)
    with pytest.raises(KnownError) as told:
        made(Reading("a.pdf", scan()), "pdf")
    assert told.value.code == "document.no_ocr"


def test_parts_of_a_paper_are_joined_in_order():
    parts = []
    for width in (300, 400):
        part, target = pdfium.PdfDocument.new(), io.BytesIO()
        part.new_page(width, 500)
        part.save(target)
        parts.append(target.getvalue())
    assert [page.get_width() for page in pdfium.PdfDocument(pdf.joined(parts))] == [300, 400]
