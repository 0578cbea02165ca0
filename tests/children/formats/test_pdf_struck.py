"""Words struck out in a PDF, by an annotation or a drawn line, are not in force: they stand in blocks of their own."""

from __future__ import annotations

import pytest
from fakes.tiny_pdf import Text, TinyPdf, lines

from slmdesk.base.documents import BlockKind, Note
from slmdesk.children.formats import pdf, pdf_overlay
from slmdesk.children.formats.reading import PictureRequest, Reading

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


LEFT, RIGHT = over("not")
FORM = "/Type /XObject /Subtype /Form /BBox [0 0 600 800] /Resources << >>"


@pytest.mark.parametrize(
    ("drawing", "notes"),
    [
        pytest.param(line("not", by=8), [], id="longer than the word"),
        pytest.param(b"/Fm Do\n", [], id="in a form"),
        pytest.param(bar("not", 500).replace(b"f\n", b"") + bar("not"), [], id="two bars in one path"),
        pytest.param(line("not").replace(b"S\n", b"") + b"50 500 m 200 500 l S\n", [], id="two lines in one path"),
        pytest.param(f"{LEFT} 699 m {RIGHT} 709 l S\n".encode(), [], id="slash"),
        pytest.param(f"{LEFT} 699 m {RIGHT} 709 l {LEFT} 709 m {RIGHT} 699 l S\n".encode(), [], id="cross"),
        pytest.param(f"{LEFT} 701.5 m {RIGHT} 705 l S\n".encode(), [], id="not quite level"),
        pytest.param(b"", [f"/Subtype /Line /L [{LEFT} 703 {RIGHT} 703] /Rect [{LEFT} 700 {RIGHT} 706]"], id="Line"),
        pytest.param(b"", [f"/Subtype /Line /L [{RIGHT} 703 {LEFT} 703] /Rect [{LEFT} 700 {RIGHT} 706]"],
                     id="Line from the right"),
        pytest.param(b"", [f"/Subtype /PolyLine /Vertices [{LEFT} 703 {LEFT + 9} 704 {RIGHT} 703] /Rect [1 1 9 9]"],
                     id="PolyLine"),
        pytest.param(b"", [f"/Subtype /Ink /InkList [[{LEFT} 702 {LEFT + 6} 704 {RIGHT - 3} 701.6 {RIGHT + 3} 703.5]] "
                           "/Rect [1 1 9 9]"], id="Ink"),
        pytest.param(b"", [f"/Subtype /Ink /InkList [[{LEFT} 708 {RIGHT} 698] [{LEFT} 698 {RIGHT} 708]] "
                           "/Rect [1 1 9 9]"], id="Ink cross"),
        pytest.param(b"", ["/Subtype /Ink /InkList [[" +
                           " ".join(f"{LEFT + 18 * at / 9} {698 + 10 * (at % 2)}" for at in range(10)) +
                           "]] /Rect [1 1 9 9]"], id="Ink scribble"),
        pytest.param(b"", [f"/Subtype /StrikeOut /Rect [{LEFT} 698 {RIGHT} 709]"], id="StrikeOut without its places"),
        pytest.param(b"", [f"/Subtype /Square /IC [0 0 0] /Rect [{LEFT} 696 {RIGHT} 711]"], id="covered by a square"),
    ],
)  # fmt: skip
def test_words_are_struck_in_all_forms(drawing, notes):
    made = TinyPdf(parts={"Fm": (FORM, line("not"))}).page(WORDS, *FOOT, drawing=drawing, notes=notes)
    text, struck, _ = read(data=bytes(made))
    assert (text, struck) == ("Smoking is allowed. Notice within 30 60 days.", [(10, "not")])


@pytest.mark.parametrize("colour", [b"0 g", b"1 g", b"1 0 0 rg"])
def test_what_is_covered_is_struck_and_what_stands_on_a_ground_is_not(colour):
    box = bar("not", 696, 15)
    shown = b"".join(text.operators() for text in (WORDS, *FOOT))
    covered = TinyPdf().page(drawing=shown + colour + b" " + box)
    assert read(data=bytes(covered))[:2] == ("Smoking is allowed. Notice within 30 60 days.", [(10, "not")])
    seen = colour.replace(b"0 g", b"0.8 g").replace(b"1 0.8 g", b"1 0 0 rg")
    ground = TinyPdf().page(drawing=seen + b" " + box + shown)
    assert read(data=bytes(ground))[:2] == (WORDS.text, [])


def test_a_cross_over_a_paragraph_strikes_all_of_it():
    clause = lines(
        50, 600, "The landlord may enter the flat at any time and", "without any notice before it, by night too,",
        "and take pictures.",
    )  # fmt: skip
    cross = b"48 570 m 270 612 l S 48 612 m 270 570 l S\n"
    (page,) = pdf.read(Reading("a.pdf", bytes(TinyPdf().page(WORDS, *clause, *FOOT, drawing=cross))))
    assert page.text.splitlines() == [WORDS.text, " ".join(text.text for text in FOOT)]
    struck = " ".join(block.place for block in page.blocks if block.kind is BlockKind.STRUCK)
    assert struck == " ".join(text.text for text in clause)


def test_a_box_that_is_crossed_is_ticked():
    boxes = [Text(50, 700, "☐ yes", font="any"), Text(50, 680, "☐ no", font="any")]
    cross = b"50 698 m 56 709 l S 50 709 m 56 698 l S\n"
    note = "/Subtype /Ink /InkList [[50 678 56 689] [50 689 56 678]] /Rect [1 1 9 9]"
    for what, expected in (({"drawing": cross}, ["☒ yes", "☐ no"]), ({"notes": [note]}, ["☐ yes", "☒ no"])):
        (page,) = pdf.read(Reading("a.pdf", bytes(TinyPdf().page(*boxes, *FOOT, **what))))
        assert page.text.splitlines()[:2] == expected
        assert all(block.kind is not BlockKind.STRUCK for block in page.blocks)


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
        pytest.param(b"20 702.5 m 92 702.5 l S 20 650 m 20 750 l S\n", id="a border's side"),
        pytest.param(b"20 702.5 m 560 702.5 l S 20 690 m 560 690 l S\n", id="rules"),
        pytest.param(b"20 640 m 400 760 l S\n", id="a slanted line"),
        pytest.param(line("not").replace(b" S", b" n"), id="a line that is not drawn"),
        pytest.param(b"1 1 1 RG " + line("not"), id="a white line"),
        pytest.param(bar("not", 698, 11), id="marked"),
        pytest.param(b"100 690 m 100 720 l S\n", id="upright"),
        pytest.param(b"", id="nothing"),
    ],
)
def test_other_lines_strike_nothing(drawing):
    assert read(drawing)[:2] == (WORDS.text, [])


@pytest.mark.parametrize(
    "note",
    [
        pytest.param(f"/Subtype /Ink /InkList [[{LEFT - 3} 703 {LEFT} 711 {RIGHT} 711 {RIGHT + 3} 703 {RIGHT} 696 "
                     f"{LEFT} 696 {LEFT - 3} 703]]", id="a ring around"),
        pytest.param(f"/Subtype /Ink /InkList [[{LEFT} 698 {LEFT + 9} 699 {RIGHT} 697.5]]", id="underlined by hand"),
        pytest.param(f"/Subtype /Ink /F 2 /InkList [[{LEFT} 703 {RIGHT} 703]]", id="hidden"),
        pytest.param(f"/Subtype /StrikeOut /F 2 /QuadPoints [{LEFT} 709 {RIGHT} 709 {LEFT} 698 {RIGHT} 698]",
                     id="hidden strikeout"),
        pytest.param(f"/Subtype /Line /L [{LEFT} 698 {RIGHT} 698]", id="underlined with a tool"),
        pytest.param(f"/Subtype /Line /L [{RIGHT - 2} 706 560 790]", id="points at it"),
        pytest.param(f"/Subtype /Square /C [1 0 0] /Rect [{LEFT} 696 {RIGHT} 711]", id="a frame"),
        pytest.param(f"/Subtype /Highlight /C [1 1 0] /QuadPoints [{LEFT} 709 {RIGHT} 709 {LEFT} 698 {RIGHT} 698]",
                     id="marked"),
        pytest.param(f"/Subtype /Underline /QuadPoints [{LEFT} 709 {RIGHT} 709 {LEFT} 698 {RIGHT} 698]",
                     id="Underline"),
    ],
)  # fmt: skip
def test_other_annotations_strike_nothing(note):
    note += "" if "/Rect" in note else f" /Rect [{LEFT} 696 {RIGHT} 711]"
    assert read(b"", note)[:2] == (WORDS.text, [])


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
