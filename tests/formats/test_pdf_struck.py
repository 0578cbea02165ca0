"""Words struck out in a PDF, by an annotation or a drawn line, are not in force: they stand in blocks of their own."""

from __future__ import annotations

import pytest
from fakes.tiny_pdf import Text, TinyPdf, lines

from slmdesk.base.documents import BlockKind, Note
from slmdesk.formats import pdf, pdf_overlay
from slmdesk.formats.reading import PictureRequest, Reading

pytestmark = pytest.mark.pure

WORDS = Text(50, 700, "Smoking is not allowed. Notice within 30 60 days.", font="mono")
"""Each letter is six points wide."""
FOOT = lines(50, 500, "The rest of the page is of the usual size and", "goes on over a few lines.")


def over(words: str, by: float = 0) -> tuple[float, float]:
    """From where to where the words go, in points, and `by` further on both sides."""
    at = WORDS.text.index(words)
    return 50 + 6 * at - by, 50 + 6 * (at + len(words)) + by


def line(words: str, y: float = 702.5, by: float = 0) -> bytes:
    left, right = over(words, by)
    return f"{left} {y} m {right} {y} l S\n".encode()


def bar(words: str, y: float = 702.3, height: float = 0.6) -> bytes:
    left, right = over(words)
    return f"{left} {y} {right - left} {height} re f\n".encode()


def read(drawing: bytes = b"", *notes: str, data: bytes = b""):
    reading = Reading("a.pdf", data or bytes(TinyPdf().page(WORDS, *FOOT, drawing=drawing, notes=notes)))
    (page,) = pdf.read(reading)
    struck = [(block.start, block.place) for block in page.blocks if block.kind is BlockKind.STRUCK]
    return page.text.splitlines()[0], struck, reading


def quads(words: str) -> str:
    left, right = over(words)
    return (
        f"/Subtype /StrikeOut /Rect [{left} 698 {right} 709] /QuadPoints "
        f"[{left} 709 {right} 709 {left} 698 {right} 698]"
    )  # fmt: skip


@pytest.mark.parametrize(
    "drawing", [line("not"), bar("not"), line("not", by=2), line("not", 703.4) + line("not", 701.6)]
)
def test_words_with_a_line_through_them_are_struck(drawing):
    text, struck, _ = read(drawing)
    assert text == "Smoking is allowed. Notice within 30 60 days."
    assert struck == [(10, "not")]


def test_words_an_annotation_strikes_out_are_struck():
    text, struck, _ = read(b"", quads("not"), quads("30"))
    assert text == "Smoking is allowed. Notice within 60 days."
    assert struck == [(10, "not"), (33, "30")]


def test_several_words_are_one_place_and_a_whole_line_can_be_struck():
    assert read(line("is not allowed."))[:2] == ("Smoking Notice within 30 60 days.", [(7, "is not allowed.")])
    text, struck, _ = read(line(WORDS.text))
    assert text == "The rest of the page is of the usual size and goes on over a few lines."
    assert struck == [(0, WORDS.text)]


@pytest.mark.parametrize(
    "drawing",
    [
        pytest.param(line("not", 698.5), id="underlined"),
        pytest.param(line("not", 708.5), id="a line above"),
        pytest.param(line("not", by=40), id="a rule of a table"),
        pytest.param(bar("not", 698, 11), id="marked"),
        pytest.param(b"100 690 m 100 720 l S\n", id="upright"),
        pytest.param(b"", id="nothing"),
    ],
)
def test_other_lines_strike_nothing(drawing):
    assert read(drawing)[:2] == (WORDS.text, [])


def test_words_behind_struck_ones_are_marked_where_they_stand():
    data = bytes(TinyPdf().page(WORDS, *FOOT, drawing=line("not")))
    start = read(data=data)[0].index("Notice")
    ((box,),) = pdf.picture(Reading("a.pdf", data), PictureRequest(1, 0, ((start, start + 6),))).boxes
    assert (box[0], box[2]) == pytest.approx([side / 600 for side in over("Notice")], abs=0.001)


def test_typed_words_stand_where_they_were_typed_and_other_remarks_behind():
    text, _, _ = read(b"", "/Subtype /FreeText /Rect [400 697 500 709] /Contents (agreed)")
    assert text == f"{WORDS.text} agreed"
    _, _, reading = read(
        b"", "/Subtype /Caret /Rect [1 1 9 9] /Contents (insert me)", "/Subtype /Sound /Rect [1 1 9 9]"
    )
    assert reading.names[Note.PARTS_UNREAD] == ("sound",)


def test_more_annotations_than_are_read_are_named(monkeypatch):
    monkeypatch.setattr(pdf_overlay, "MOST_ANNOTATIONS", 2)
    _, _, reading = read(b"", *["/Subtype /Text /Rect [1 1 9 9] /Contents (a)"] * 3)
    assert reading.names[Note.PARTS_UNREAD] == ("annotations",)
