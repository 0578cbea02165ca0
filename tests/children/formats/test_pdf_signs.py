"""Signs of symbol fonts in PDF are read as what they show, and what has no letter is named."""

from __future__ import annotations

import pytest
from fakes.tiny_pdf import Text, TinyPdf, lines

from slmdesk.base.documents import Note
from slmdesk.children.formats import pdf
from slmdesk.children.formats.reading import PictureRequest, Reading

pytestmark = pytest.mark.pure

FOOT = lines(50, 500, "The rest of the page is of the usual size and", "goes on over a few lines.")


def read(*texts: Text) -> tuple[str, Reading]:
    reading = Reading("a.pdf", bytes(TinyPdf().page(*texts, *FOOT)))
    (page,) = pdf.read(reading)
    return page.text.splitlines()[0], reading


@pytest.mark.parametrize(
    ("font", "codes", "signs"),
    [
        ("Wingdings-Regular", "þ", "☒"),
        ("Wingdings-Regular", "x", "☒"),
        ("Wingdings-Regular", "q", "☐"),
        ("Wingdings-Regular", "¨", "☐"),
        ("Wingdings2", "R", "☒"),
        ("Wingdings2", "P", "✓"),
        ("SymbolMT", "£b³", "≤β≥"),
        ("SymbolMT", "a®´", "α→×"),
        ("SymbolMT", "±°", "±°"),
        ("SymbolMT", "abc x", "αβχ ξ"),
        ("ZapfDingbats", "( 4 n 8", "✈ ✔ ■ ✘"),
        ("Webdings", "c", "☐"),
    ],
)
def test_signs_of_symbol_fonts_are_what_they_show(font, codes, signs):
    text, reading = read(Text(50, 700, codes, font=font), Text(58 + 6 * len(codes), 700, "Pets"))
    assert text == f"{signs} Pets"
    assert Note.SIGNS_UNKNOWN not in reading.notes


def test_a_sign_without_a_space_behind_it_is_read_too():
    text, _ = read(Text(50, 700, "o", font="Wingdings-Regular"), Text(56, 700, "Pets allowed"))
    assert text == "☐Pets allowed"
    assert read(Text(50, 700, "10m", font="SymbolMT"), Text(68, 700, "m wide"))[0] == "10µm wide"


def test_a_private_letter_is_named_with_its_font():
    text, reading = read(Text(50, 700, "a\ue123b", font="any"))
    assert text == "a[?]b"
    assert reading.names[Note.SIGNS_UNKNOWN] == ("Any U+E123",)


def test_old_figures_are_digits():
    assert read(Text(50, 700, "\uf731\uf739\uf735\uf730", font="any"))[0] == "1950"


def test_a_sign_is_marked_where_it_stands():
    made = bytes(TinyPdf().page(Text(50, 700, "\ue123 Pets", font="any"), *FOOT))
    (page,) = pdf.read(Reading("a.pdf", made))
    assert page.text.startswith("[?] Pets")
    ((box,),) = pdf.picture(Reading("a.pdf", made), PictureRequest(1, 0, ((0, 3),))).boxes
    assert box[0] == pytest.approx(50 / 600, abs=0.001)
    assert box[2] == pytest.approx(56 / 600, abs=0.001)


@pytest.mark.parametrize(
    ("font", "code", "sign"),
    [
        ("Wingdings", "\uf0fe", "☒"),
        ("Wingdings2", "\uf052", "☒"),
        ("SymbolMT", "\uf0b3", "≥"),
        ("Any", "\uf0fe", "[?]"),
    ],
)
def test_private_letters_mean_what_their_font_shows(font, code, sign):
    made = bytes(TinyPdf().page(Text(50, 700, f"12 {code} 34", font="any"), *FOOT))
    (page,) = pdf.read(Reading("a.pdf", made.replace(b"/Any ", f"/{font} ".encode())))
    assert sign in page.text.splitlines()[0].split()
