"""Digits that stand raised and small behind a word or a number are no part of it: 10² is not 102."""

from __future__ import annotations

import pytest
from fakes.tiny_pdf import Text, TinyPdf, lines

from slmdesk.base.documents import BlockKind
from slmdesk.children.formats import pdf
from slmdesk.children.formats.reading import PictureRequest, Reading

pytestmark = pytest.mark.pure

FOOT = ("The rest of the page is of the usual size and", "goes on over a few lines, so that it is known.")


def shown(*parts: tuple[str, float, float], turned: str = "1 0 0 1 50 700", scale: bool = False) -> bytes:
    """One line of text in pieces: letters, size, rise.  `scale`: the size stands in the matrix."""
    pieces = []
    for letters, size, rise in parts:
        pieces.append(f"/F1 {size} Tf {rise} Ts ({letters}) Tj")
    matrix = "10 0 0 10 50 700" if scale else turned
    return f"BT 0 g {matrix} Tm {' '.join(pieces)} ET\n".encode()


def text_of(drawing: bytes = b"", *texts: Text) -> str:
    made = TinyPdf().page(*texts, *lines(50, 500, *FOOT), drawing=drawing)
    (page,) = pdf.read(Reading("a.pdf", bytes(made)))
    return page.text


@pytest.mark.parametrize(
    ("drawing", "text"),
    [
        (shown(("law", 10, 0), ("12", 6, 4)), "law¹²"),
        (shown(("10", 10, 0), ("2", 6.5, 3.3)), "10²"),
        (shown(("10", 10, 0), ("-6", 7, 4.5)), "10⁻⁶"),
        (shown(("law", 10, 0), ("12", 6, 4), turned="0 1 -1 0 300 100"), "law¹²"),
        (shown(("10", 10, 0), ("2", 6, 4), (" of 25 m", 10, 0), ("2", 6, 4), (" by law", 10, 0), ("12", 6, 4)),
         "10² of 25 m² by law¹²"),
        (shown(("10", 1, 0), ("2", 0.6, 0.4), scale=True), "10²"),
    ],
    ids=["a word", "a number", "a minus", "up is where the letters stand", "several in a line", "sizes in the matrix"],
)  # fmt: skip
def test_raised_digits_are_read_as_such(drawing, text):
    assert text in text_of(drawing)


def test_digits_placed_by_their_own_matrix():
    assert "law¹ here" in text_of(b"", Text(50, 700, "law"), Text(64.5, 704, "1", 6), Text(71, 700, "here"))


@pytest.mark.parametrize(
    ("parts", "text"),
    [
        ([("H", 10, 0), ("2", 6, -2), ("O", 10, 0)], "H2O"),
        ([("I", 30, 0), ("n 1990", 10, 0)], "In 1990"),
        ([("A", 10, 0), ("4", 9.5, 0.5)], "A4"),
        ([("No", 10, 0), ("17", 6, 0)], "No17"),
        ([("No", 10, 0), ("17", 10, 3)], "No17"),
        ([("Page 3 of 40", 7, 0)], "Page 3 of 40"),
    ],
    ids=["subscript", "initial", "nearly as large", "small capitals' figures", "shifted alone", "footer"],
)
def test_other_digits_stay_as_they_are(parts, text):
    assert text in text_of(shown(*parts))


def test_the_letters_of_a_large_initial_are_no_superscripts():
    """Two lines high: what stands beside its upper half is smaller, and above its foot."""
    text = text_of(b"", Text(50, 688, "A", 26), Text(67.5, 700, "4 paper"))
    assert text.startswith(("A4 paper", "A 4 paper"))


def test_the_place_of_a_raised_digit_is_known():
    made = TinyPdf().page(*lines(50, 500, *FOOT), drawing=shown(("10", 10, 0), ("2", 6, 4)))
    reading = Reading("a.pdf", bytes(made))
    (page,) = pdf.read(reading)
    at = page.text.index("10²")
    picture = pdf.picture(Reading("a.pdf", bytes(made)), PictureRequest(1, 600, ((at, at + 2), (at + 2, at + 3))))
    (ten,), (two,) = picture.boxes
    assert ten[2] <= two[0] + 0.001
    assert two[1] < ten[1] + 0.01
    assert page.blocks[0].kind is not BlockKind.FOOTNOTE
