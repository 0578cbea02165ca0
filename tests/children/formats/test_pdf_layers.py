"""What lies in layers that are switched off is not the text of a page; what lies in others is."""

from __future__ import annotations

import zlib

import pytest
from fakes.tiny_pdf import Text, TinyPdf, lines

from slmdesk.base.documents import Note
from slmdesk.children.formats import pdf
from slmdesk.children.formats.pdf_layers import may_be_switched_off
from slmdesk.children.formats.reading import Reading

pytestmark = pytest.mark.pure

REST = lines(50, 600, "The rest of the page is of the usual size and", "goes on over a few lines.")
LAYERS = {"On": "/Type /OCG /Name (English)", "Off": "/Type /OCG /Name (Draft)"}
STATES = "/OCProperties << /OCGs [@On @Off] /D << /Order [@On @Off] /OFF [@Off] >> >>"
FORM = "/Type /XObject /Subtype /Form /BBox [0 0 600 800] /Resources << /Font @fonts >>"


def within(layer: str, text: Text) -> bytes:
    return f"/OC /{layer} BDC ".encode() + text.operators() + b"EMC\n"


def read(drawing: bytes, parts=(), states: str = STATES, texts=REST):
    made = TinyPdf(parts=LAYERS | dict(parts), catalog=states).page(*texts, drawing=drawing)
    reading = Reading("a.pdf", bytes(made))
    (page,) = pdf.read(reading)
    return page.text.split("The rest")[0].split(), reading.names.get(Note.PARTS_UNREAD, ()), page


SHOWN, HIDDEN = Text(50, 700, "shown"), Text(120, 700, "hidden")
BOTH = within("On", SHOWN) + within("Off", HIDDEN)
GONE = ("switched-off layer",)


@pytest.mark.parametrize(
    ("drawing", "parts", "states"),
    [
        pytest.param(BOTH, {}, STATES, id="marked"),
        pytest.param(
            BOTH, {}, "/OCProperties << /OCGs [@On @Off] /D << /BaseState /OFF /ON [@On] >> >>", id="all but one"
        ),
        pytest.param(within("On", SHOWN) + within("Group", HIDDEN),
                     {"Group": "/Type /OCMD /OCGs [@Off] /P /AnyOn"}, STATES, id="a layer of layers"),
        pytest.param(within("On", SHOWN) + b"/Fm Do\n", {"Fm": (f"{FORM} /OC @Off", HIDDEN.operators())}, STATES,
                     id="a form"),
        pytest.param(within("On", SHOWN) + b"/Fm Do\n",
                     {"Fm": (f"{FORM[:-2]} /Properties << /Off @Off >> >>", within("Off", HIDDEN))}, STATES,
                     id="in a form"),
        pytest.param(within("On", SHOWN) + within("Off", Text(50, 700, "stacked")), {}, STATES, id="in one place"),
        pytest.param(within("On", Text(50, 700, "shown", colour="1 1 1")) + within("Off", HIDDEN), {}, STATES,
                     id="white"),
    ],
)  # fmt: skip
def test_what_is_switched_off_is_left_out_and_named(drawing, parts, states):
    assert read(drawing, parts, states)[:2] == (["shown"], GONE)


def test_a_line_that_is_switched_off_strikes_nothing():
    line = b"/OC /Off BDC 50 703 m 80 703 l S EMC\n"
    assert read(SHOWN.operators() + line)[0] == ["shown"]
    assert read(SHOWN.operators() + line.replace(b"Off", b"On"))[0] == []


def test_text_of_a_scan_in_a_layer_is_read():
    words, unread, _ = read(within("On", Text(50, 700, "shown", mode=3)) + within("Off", HIDDEN))
    assert (words, unread) == (["shown"], GONE)


def test_layers_that_are_all_switched_on_are_read():
    both = "/OCProperties << /OCGs [@On @Off] /D << /Order [@On @Off] >> >>"
    assert read(BOTH, states=both)[:2] == (["shown", "hidden"], ())


def test_only_a_file_with_such_layers_is_looked_at():
    packed = zlib.compress(b"1 0 << /OCProperties << /D << /OFF [2 0 R] >> >> >>")
    stream = b"9 0 obj << /Type /ObjStm /Filter /FlateDecode >> stream\n" + packed + b"\nendstream"
    assert may_be_switched_off(stream)
    assert may_be_switched_off(b"/Encrypt 1 0 R /ObjStm")
    assert not may_be_switched_off(stream.replace(packed, zlib.compress(b"1 0 << /OCProperties << /D << >> >> >>")))
    assert not may_be_switched_off(stream.replace(packed, b"spoilt"))
    assert not may_be_switched_off(bytes(TinyPdf().page(SHOWN)))
