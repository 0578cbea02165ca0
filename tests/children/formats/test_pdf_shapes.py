"""The lines and rectangles a page draws come back where they are shown, however they were drawn."""

from __future__ import annotations

from contextlib import closing

import pypdfium2 as pdfium
import pytest
from fakes.tiny_pdf import Text, TinyPdf

from slmdesk.children.formats import pdf_shapes
from slmdesk.children.formats.pdf_file import view_of
from slmdesk.children.formats.pdf_shapes import shapes_and_texts

pytestmark = pytest.mark.pure


def shapes(drawing: bytes, parts=None, **page):
    made = TinyPdf(parts=parts or {}).page(Text(50, 700, "word"), drawing=drawing + b"\n", **page)
    with closing(pdfium.PdfDocument(bytes(made))) as document, closing(document[0]) as page:
        return shapes_and_texts(page, view_of(page))[0]


def about(shape):
    return tuple(round(side) for side in shape[:4]), shape.is_box, shape.is_filled, shape.is_stroked


LEVEL = (100, 700, 200, 700)
FORM = "/Type /XObject /Subtype /Form /BBox [0 0 600 800] /Resources << >> "


def in_form(data: bytes, more: str = "") -> dict[str, tuple[str, bytes]]:
    return {"Fm": (FORM + more, data)}


@pytest.mark.parametrize(
    ("drawing", "parts", "seen"),
    [
        pytest.param(b"100 100 m 200 100 l S", {}, [((99, 699, 201, 701), False, False, True)], id="level line"),
        pytest.param(b"100 100 100 1 re f", {}, [((100, 699, 200, 700), True, True, False)], id="thin rectangle"),
        pytest.param(b"100 100 100 50 re S", {}, [((100, 650, 200, 700), True, False, True)], id="frame"),
        pytest.param(b"100 100 m 200 100 l 200 150 l 100 150 l h f", {}, [((100, 650, 200, 700), True, True, False)],
                     id="rectangle of lines"),
        pytest.param(b"100 100 m 200 150 l S", {}, [((100, 700, 200, 650), False, False, True)], id="rises"),
        pytest.param(b"200 100 m 100 150 l S", {}, [((100, 650, 200, 700), False, False, True)], id="falls"),
        pytest.param(b"100 100 50 1 re 100 300 50 1 re f", {},
                     [((100, 699, 150, 700), True, True, False), ((100, 499, 150, 500), True, True, False)],
                     id="two in one path"),
        pytest.param(b"100 100 m 150 100 l 100 300 m 150 300 l S", {},
                     [((100, 700, 150, 700), False, False, True), ((100, 500, 150, 500), False, False, True)],
                     id="two lines in one path"),
        pytest.param(b"100 100 m 120 150 150 150 200 100 c S", {}, [], id="curve"),
        pytest.param(b"100 100 m 200 150 l 150 190 l f", {}, [], id="filled triangle"),
        pytest.param(b"100 100 100 50 re W n", {}, [], id="only cuts off"),
        pytest.param(b"q 2 0 0 2 0 0 cm 50 50 m 100 75 l S Q", {}, [((100, 700, 200, 650), False, False, True)],
                     id="scaled"),
        pytest.param(b"/Fm Do", in_form(b"100 100 m 200 150 l S"), [((100, 700, 200, 650), False, False, True)],
                     id="in a form"),
        pytest.param(b"q 1 0 0 1 20 0 cm /Fm Do Q", in_form(b"40 100 m 140 100.2 l S", "/Matrix [1 0 0 1 40 0]"),
                     [((99, 699, 201, 701), False, False, True)], id="in a moved form"),
        pytest.param(
            b"q 1 0 0 1 20 0 cm /Out Do Q",
            {"Out": (FORM.replace("<< >>", "<< /XObject << /Fm @Fm >> >>"), b"q 2 0 0 2 0 0 cm /Fm Do Q"),
             **in_form(b"40 50 m 90 75 l S")},
            [((100, 700, 200, 650), False, False, True)], id="in a form of a form"),
    ],
)  # fmt: skip
def test_what_is_drawn_is_listed(drawing, parts, seen):
    assert [about(shape) for shape in shapes(drawing, parts)] == seen


@pytest.mark.parametrize(
    ("rotate", "sides"),
    [(90, (100, 100, 150, 200)), (180, (400, 100, 500, 150)), (270, (650, 400, 700, 500))],
)
def test_shapes_of_turned_pages_lie_as_they_are_shown(rotate, sides):
    (shape,) = shapes(b"100 100 100 50 re f", rotate=rotate)
    assert tuple(round(side) for side in shape[:4]) == sides


def test_colour_and_order_are_told():
    white, red = shapes(b"1 1 1 rg 0 0 50 50 re f 1 0 0 RG 0 0 50 50 re S")
    assert (white.colour, red.colour) == (0xFFFFFFFF, 0xFF0000FF)
    assert white.number < red.number


def test_no_more_segments_than_bounded_are_looked_at(monkeypatch):
    monkeypatch.setattr(pdf_shapes, "MOST_SEGMENTS", 12)
    assert len(shapes(b"100 100 100 50 re S\n" * 9)) == 2
