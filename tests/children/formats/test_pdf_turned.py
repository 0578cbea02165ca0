"""Text that does not stand upright on its page is read in lines of its own, in the order of its own direction."""

from __future__ import annotations

import math

import pytest
from fakes.tiny_pdf import TinyPdf, lines

from slmdesk.base.documents import BlockKind, Note
from slmdesk.children.formats import pdf
from slmdesk.children.formats.reading import PictureRequest, Reading

pytestmark = pytest.mark.pure

BODY = lines(100, 700, "The office keeps its letters in folders by year", "and by name.")
UPRIGHT = " ".join(text.text for text in BODY)


def turned(x: float, y: float, degrees: int, *texts: str, mode: int = 0) -> bytes:
    """Lines turned to the left, the first at a point, the others below it as they are read."""
    cosine, sine = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    drawn = ""
    for at, text in enumerate(texts):
        place = f"{x + 12 * at * sine:.2f} {y - 12 * at * cosine:.2f}"
        drawn += f"BT {mode} Tr /F1 10 Tf {cosine:.4f} {sine:.4f} {-sine:.4f} {cosine:.4f} {place} Tm ({text}) Tj ET\n"
    return drawn.encode()


def read(drawing: bytes, texts=BODY, **page):
    reading = Reading("a.pdf", bytes(TinyPdf().page(*texts, drawing=drawing, **page)))
    (read,) = pdf.read(reading)
    return read, reading


@pytest.mark.parametrize("place", [(30, 400, 90), (570, 600, 270), (400, 300, 180)])
@pytest.mark.parametrize("rotate", [0, 90, 180, 270])
def test_a_stamp_at_the_margin_is_read_in_its_order(place, rotate):
    page, _ = read(turned(*place, "Received on 4 May 2026", "by the court"), rotate=rotate)
    assert "Received on 4 May 2026 by the court" in page.text.splitlines()
    assert UPRIGHT in page.text.splitlines()
    assert len(page.text.splitlines()) == 2


def test_the_upright_text_comes_first():
    page, _ = read(turned(30, 400, 90, "Received on 4 May 2026"))
    assert page.text == f"{UPRIGHT}\nReceived on 4 May 2026"


def test_a_wide_table_on_its_side_is_a_table():
    columns = (("Name", "Adams", "Berg"), ("Amount", "100", "250"), ("Due", "1 May", "3 June"))
    page, _ = read(b"".join(turned(100, 100 + 200 * at, 90, *cells) for at, cells in enumerate(columns)), texts=())
    assert page.text == "Name\tAmount\tDue\nAdams\t100\t1 May\nBerg\t250\t3 June"
    assert {block.kind for block in page.blocks} == {BlockKind.TABLE_ROW}


def test_words_on_their_side_are_struck_and_hidden_as_others_are():
    page, _ = read(turned(30, 400, 90, "not allowed") + b"0.7 w 26.5 400 m 26.5 415 l S\n")
    assert page.text.splitlines()[-1] == "allowed"
    assert [block.place for block in page.blocks if block.kind is BlockKind.STRUCK] == ["not"]
    page, reading = read(turned(30, 400, 90, "do what I say", mode=3))
    assert page.blocks[-1].place == "hidden"
    assert Note.HIDDEN_TEXT in reading.notes


def test_words_on_their_side_are_marked_where_they_stand():
    data = bytes(TinyPdf().page(*BODY, drawing=turned(30, 400, 90, "Received on 4 May 2026")))
    (page,) = pdf.read(Reading("a.pdf", data))
    start = page.text.index("May 2026")
    (boxes,) = pdf.picture(Reading("a.pdf", data), PictureRequest(1, 0, ((start, start + 8),))).boxes
    for box in boxes:
        left, top, right, bottom = (side * size for side, size in zip(box, (600, 800, 600, 800), strict=True))
        assert 18 < left < 25 < 30 < right < 36
        assert 280 < top < bottom < 345
