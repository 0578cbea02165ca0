"""Scanned pages: with the optional library they are read off their picture; without, see test_pdf."""

from __future__ import annotations

import io

import pypdfium2 as pdfium
import pytest
from fakes.tiny_pdf import TinyPdf, lines

from slmdesk.base.documents import Note, PageStatus
from slmdesk.formats import pdf
from slmdesk.formats.pdf_file import Look, Word
from slmdesk.formats.pdf_layout import Line
from slmdesk.formats.reading import PictureRequest, Reading

pytestmark = pytest.mark.pure
WORDS = ("The office keeps its letters in folders by year", "and by name. A clerk reads each letter.")


def scan() -> bytes:
    """A page with nothing but the picture of another one."""
    source = pdfium.PdfDocument(bytes(TinyPdf().page(*lines(60, 700, *WORDS, size=14, pitch=18))))
    picture = source[0].render(scale=3)
    made = pdfium.PdfDocument.new()
    page = made.new_page(600, 800)
    image = pdfium.PdfImage.new(made)
    image.set_bitmap(picture)
    image.set_matrix(pdfium.PdfMatrix().scale(600, 800))
    page.insert_obj(image)
    page.gen_content()
    target = io.BytesIO()
    made.save(target)
    page.close()
    made.close()
    source.close()
    return target.getvalue()


def test_words_read_off_the_picture_are_a_page_like_any_other(monkeypatch):
    """What the library gives is put in its place; the library itself is tried below where it is installed."""
    look = Look(10, False, False, False, False, False)
    word = Word("office", -1, None, 0, 60, 90, 120, 110)
    asked = []

    def lines_of(raster, page_width, language, worked):
        asked.append((raster.width, page_width, language))
        worked()
        return [Line([word], look, 60, 90, 120, 110)]

    monkeypatch.setattr(pdf, "is_available", lambda: True)
    monkeypatch.setattr(pdf, "recognised_lines", lines_of)
    data = scan()
    reading = Reading("a.pdf", data, language="de")
    (page,) = pdf.read(reading)
    assert (page.status, page.reason, page.text) == (PageStatus.READ, "by OCR", "office")
    assert reading.notes == [Note.OCR_USED]
    assert asked == [(2500, 600, "de")]
    ((box,),) = pdf.picture(Reading("a.pdf", data), PictureRequest(1, 0, ((0, 6),))).boxes
    assert box == pytest.approx((0.1, 90 / 800, 0.2, 110 / 800))


def test_a_language_is_chosen_of_those_whose_data_are_here(monkeypatch, tmp_path):
    for name in ("eng", "deu", "osd"):
        (tmp_path / f"{name}.traineddata").write_bytes(b"")
    monkeypatch.setenv(pdf.DATA_VARIABLE, str(tmp_path))
    assert pdf.languages_for("de") == "deu+eng"
    assert pdf.languages_for("de-AT") == "deu+eng"
    assert pdf.languages_for("") == "eng"
    assert pdf.languages_for("fr") == "eng"
    (tmp_path / "eng.traineddata").unlink()
    assert pdf.languages_for("fr") == "deu"


def test_pages_are_drawn_large_enough_but_not_larger():
    assert pdf.width_for(595, 842) == 2479
    assert pdf.width_for(5950, 8420) <= pdf.MAX_SIDE


def test_the_library_reads_a_scan():
    pytest.importorskip("tesserocr")
    if not pdf.is_available():
        pytest.skip("no data of any language here")
    (page,) = pdf.read(Reading("a.pdf", scan(), language="en"))
    assert page.reason == "by OCR"
    assert " ".join(WORDS).split()[:6] == page.text.split()[:6]
