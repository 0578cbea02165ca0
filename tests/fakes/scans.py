"""PDFs that are scans: pages with nothing but the picture of another page."""

from __future__ import annotations

import io

import pypdfium2 as pdfium
from fakes.tiny_pdf import TinyPdf, lines

WORDS = ("The office keeps its letters in folders by year", "and by name. A clerk reads each letter.")


def scan(turned: int = 0, *, high: int = 800) -> bytes:
    """A page with nothing but the picture of another one, turned to the left by quarters: a low one is soon read."""
    source = pdfium.PdfDocument(bytes(TinyPdf().page(*lines(60, high - 100, *WORDS, size=14, pitch=18), height=high)))
    picture = source[0].render(scale=3)
    size = (high, 600) if turned % 2 else (600, high)
    made = pdfium.PdfDocument.new()
    page = made.new_page(*size)
    image = pdfium.PdfImage.new(made)
    image.set_bitmap(pdfium.PdfBitmap.from_pil(picture.to_pil().rotate(90 * turned, expand=True)))
    image.set_matrix(pdfium.PdfMatrix().scale(*size))
    page.insert_obj(image)
    page.gen_content()
    target = io.BytesIO()
    made.save(target)
    page.close()
    made.close()
    source.close()
    return target.getvalue()
