"""Reads the words that annotations of a PDF page draw, as stamps and visible signatures do: no words of theirs tell
them.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c

from slmdesk.children.formats.pdf_file import PageLetters, Sides, Word
from slmdesk.children.formats.pdf_layout import lines_of_words

_FLATTEN_DISPLAY = 0


def drawn_words(document: pdfium.PdfDocument, index: int, words: Sequence[Word], places: Sequence[Sides]) -> list[str]:
    """Return the words drawn at each of the places that are not among the words of the page. For this its annotations
    are made a part of a copy of the page.
    """
    own = {(word.text, round(word.x0), round(word.y0)) for word in words}
    with closing(pdfium.PdfDocument.new()) as copy:
        copy.import_pages(document, [index])
        with closing(copy.get_page(0)) as page:
            pdfium_c.FPDFPage_Flatten(page, _FLATTEN_DISPLAY)
        with closing(copy.get_page(0)) as page, closing(PageLetters(page)) as letters:
            drawn = [word for word in letters.words() if (word.text, round(word.x0), round(word.y0)) not in own]
            return [_said([word for word in drawn if _is_in(word, place)], letters) for place in places]


def _said(words: Sequence[Word], letters: PageLetters) -> str:
    lines = lines_of_words(words, letters.look)
    return "\n".join(" ".join(word.text for word in line.words) for line in lines)


def _is_in(word: Word, place: Sides) -> bool:
    x0, y0, x1, y1 = place
    return x0 < (word.x0 + word.x1) / 2 < x1 and y0 < (word.y0 + word.y1) / 2 < y1
