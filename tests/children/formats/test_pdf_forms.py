"""Forms in PDF: what was filled in is read at its label, ticked and empty boxes are told apart, nothing is doubled."""

from __future__ import annotations

import pytest
from fakes.tiny_pdf import Text, TinyPdf

from slmdesk.base.documents import Note
from slmdesk.children.formats import pdf, pdf_layout
from slmdesk.children.formats.reading import PictureRequest, Reading

pytestmark = pytest.mark.pure


def at(x: float, y: float, more: str = "", width: float = 100, height: float = 12) -> str:
    return f"/Rect [{x} {y - 3} {x + width} {y - 3 + height}] {more}"


def box(x: float, y: float, more: str = "") -> str:
    return at(x, y, f"/AP << /N << /{more or 'Yes'} << >> /Off << >> >> >>", 10, 10)


TENANT = Text(50, 700, "Tenant:")
RENT = Text(50, 700, "Rent:")
PETS = Text(50, 700, "Pets allowed:")
PAYER = (Text(50, 700, "Payer:"), Text(120, 700, "landlord"), Text(220, 700, "tenant"), Text(320, 700, "both"))
BELOW = (Text(50, 600, "The rest of the page"), Text(50, 588, "goes on as it is."))
OPTIONS = "/Opt [[(m) (monthly)] [(q) (quarterly)] [(y) (yearly)]]"
RADIO = "/FT /Btn /Ff 32768 /T (payer)"


def radio(*names: str, chosen: str = "") -> list[str]:
    return [
        box(x, 700, name) + f" /AS /{name if name == chosen else 'Off'}"
        for x, name in zip((105, 205, 305), names, strict=True)
    ]


@pytest.mark.parametrize(
    ("texts", "form", "lines"),
    [
        pytest.param([TENANT], ("/FT /Tx /T (t) /V (A. Winter)", [at(95, 700)]), ["Tenant: A. Winter"], id="line"),
        pytest.param([TENANT], ("/T (t) /V (Paula)", [at(95, 700, "/FT /Tx")]), ["Tenant: Paula"], id="inherited"),
        pytest.param([TENANT], ("/FT /Tx /T (t) /V (Paula)", [at(50, 685)]), ["Tenant:", "Paula"], id="below"),
        pytest.param(
            [Text(50, 700, "Tenant: __________ Pets: ___")],
            ("/FT /Tx /T (t) /V (Paula)", [at(92, 700, width=50)]),
            ["Tenant: Paula Pets: ___"],
            id="on a blank line",
        ),
        pytest.param(
            [TENANT, Text(95, 700, "Paula Winter")],
            ("/FT /Tx /T (t) /V (Paula Winter)", [at(90, 700)]),
            ["Tenant: Paula Winter"],
            id="drawn by the page too",
        ),
        pytest.param(
            [TENANT], ("/FT /Tx /T (t) /V (Main St 5\nBern)", [at(95, 670, height=44)]), ["Tenant: Main St 5 Bern"],
            id="several lines",
        ),
        pytest.param([PETS], ("/FT /Btn /T (p) /V /A", [box(115, 700, "A") + "/AS /A"]), ["Pets allowed: ☒"], id="yes"),
        pytest.param([PETS], ("/FT /Btn /T (p)", [box(115, 700) + "/AS /Off"]), ["Pets allowed: ☐"], id="empty"),
        pytest.param([PETS], ("/FT /Btn /T (p)", [box(115, 700) + "/V /Yes"]), ["Pets allowed: ☒"], id="value alone"),
        pytest.param([PETS], ("/FT /Btn /T (p)", [box(115, 700)]), ["Pets allowed: ☐"], id="never touched"),
        pytest.param(
            [Text(50, 700, "I agree")], ("/FT /Btn /T (p)", [box(35, 700) + "/AS /Yes"]), ["☒ I agree"], id="before"
        ),
        pytest.param(
            [Text(35, 700, "o"), Text(50, 700, "I agree")],
            ("/FT /Btn /T (p)", [box(33, 700) + "/AS /Yes"]),
            ["☒ I agree"],
            id="drawn by the page, ticked",
        ),
        pytest.param(
            [Text(35, 700, "X"), Text(50, 700, "I agree")],
            ("/FT /Btn /T (p)", [box(33, 700) + "/AS /Off"]),
            ["X I agree"],
            id="ticked by the page alone",
        ),
        pytest.param(
            PAYER, (RADIO + " /V /tenant", radio("landlord", "tenant", "both", chosen="tenant")),
            ["Payer:\t☐ landlord\t☒ tenant\t☐ both"],
            id="radio",
        ),
        pytest.param(
            PAYER, (RADIO + " /Opt [(me) (you) (all)] /V /1", radio("0", "1", "2", chosen="1")),
            ["Payer:\t☐ landlord\t☒ you tenant\t☐ both"],
            id="radio with a name of its own",
        ),
        pytest.param([TENANT], (f"/FT /Ch /Ff 131072 /T (r) {OPTIONS} /V (q)", [at(95, 700)]), ["Tenant: quarterly"],
                     id="list"),
        pytest.param([TENANT], (f"/FT /Ch /Ff 393216 /T (r) {OPTIONS} /V (daily)", [at(95, 700)]), ["Tenant: daily"],
                     id="list that takes other words"),
        pytest.param(
            [RENT], (f"/FT /Ch /Ff 2097152 /T (r) {OPTIONS} /V [(m) (y)]", [at(95, 700)]), ["Rent: monthly, yearly"],
            id="list of several",
        ),
        pytest.param([TENANT], ("/FT /Btn /Ff 65536 /T (b)", [at(95, 700, "/MK << /CA (Print) >>")]), ["Tenant:"],
                     id="button"),
        pytest.param([TENANT], ("/FT /Tx /T (t)", [at(95, 700)]), ["Tenant:"], id="nothing filled in"),
    ],
)  # fmt: skip
def test_what_was_filled_in_stands_at_its_label(texts, form, lines):
    made = TinyPdf().page(*texts, *BELOW, forms=[form])
    (page,) = pdf.read(Reading("a.pdf", bytes(made)))
    assert page.text.splitlines() == [*lines, "The rest of the page goes on as it is."]


def filled(value: str, x: float, y: float, width: float = 100) -> tuple[str, list[str]]:
    return f"/FT /Tx /T (t{x}{y}) /V ({value})", [at(x, y, width=width)]


def small(y: float, *labels: tuple[float, str]) -> list[Text]:
    return [Text(x, y, label, 7) for x, label in labels]


ROWS = ((680, ("Paper", "10", "3.50")), (660, ("Pens", "4", "1.20")), (640, ("Glue", "1", "2.00")))
SHEETS = {
    "labels above, and below for a signature": (
        [
            *small(700, (50, "Name"), (300, "Born on")),
            *small(660, (50, "Address")),
            Text(50, 630, "Are you insured?"), Text(200, 630, "no"), Text(260, 630, "yes, with"),
            *small(560, (50, "(Place, date)"), (300, "(Signature)")),
        ],
        [
            filled("Paula Winter", 50, 685), filled("12 May 1970", 300, 685), filled("Main St 5", 50, 645),
            ("/FT /Btn /Ff 32768 /T (i)", [box(185, 630, "n") + "/AS /Off", box(245, 630, "y") + "/AS /y"]),
            filled("Lloyd", 330, 630), filled("Bern, 1 May", 50, 575),
        ],
        ["Name", "Paula Winter", "Born on", "12 May 1970", "Address", "Main St 5",
         "Are you insured?\t☐ no\t☒ yes, with\tLloyd",
         "Bern, 1 May", "(Place, date) (Signature)"],
    ),
    "a table": (
        [Text(x, y, words) for y, row in ((700, ("No", "What", "Pieces", "Price")), (680, "1"), (660, "2"), (640, "3"))
         for x, words in zip((50, 120, 300, 400), row, strict=False)],
        [filled(value, x, y, 60) for y, row in ROWS for x, value in zip((120, 300, 400), row, strict=True)],
        ["No\tWhat\tPieces\tPrice", "1\tPaper\t10\t3.50", "2\tPens\t4\t1.20", "3\tGlue\t1\t2.00"],
    ),
    "boxes below each other": (
        [Text(65, 700, "I agree to the terms of"), Text(65, 688, "use as they are"), Text(65, 676, "I object"),
         Text(65, 664, "I want a copy")],
        [("/FT /Btn /T (a)", [box(50, 700) + "/AS /Yes"]), ("/FT /Btn /T (b)", [box(50, 676) + "/AS /Off"]),
         ("/FT /Btn /T (c)", [box(50, 664) + "/AS /Yes"])],
        ["☒ I agree to the terms of use as they are", "☐ I object", "☒ I want a copy"],
    ),
    "within a sentence": (
        [Text(50, 700, "The tenant"), Text(160, 700, "pays"), Text(230, 700, "euros a month, on the first of"),
         Text(50, 688, "it, to the landlord.")],
        [filled("Paula", 102, 700, 55), filled("900", 182, 700, 45)],
        ["The tenant Paula pays 900 euros a month, on the first of it, to the landlord."],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("texts", "forms", "lines"), SHEETS.values(), ids=SHEETS)
def test_the_order_of_a_filled_in_page(texts, forms, lines):
    (page,) = pdf.read(Reading("a.pdf", bytes(TinyPdf().page(*texts, Text(50, 500, "The end."), forms=forms))))
    assert page.text.splitlines() == [*lines, "The end."]


def test_far_too_many_values_are_put_behind_the_page(monkeypatch):
    monkeypatch.setattr(pdf_layout, "MOST_PAIRS", 60)
    forms = [filled(f"v{number}", 50, 690 - 10 * number) for number in range(9)]
    (page,) = pdf.read(Reading("a.pdf", bytes(TinyPdf().page(TENANT, Text(50, 500, "The end."), forms=forms))))
    lines = page.text.splitlines()
    assert lines[lines.index("The end.") + 1 :] == ["v4", "v5", "v6", "v7", "v8"]


def test_a_value_without_a_form_in_the_catalog_is_read():
    data = bytes(TinyPdf().page(TENANT, *BELOW, forms=[("", [at(95, 700, "/FT /Tx /V (Paula)")])]))
    (page,) = pdf.read(Reading("a.pdf", data.replace(b"/AcroForm", b"/AcroNone")))
    assert page.text.startswith("Tenant: Paula\n")


def test_values_that_the_page_does_not_show_are_told_as_hidden():
    made = TinyPdf().page(TENANT, *BELOW, forms=[("/FT /Tx /T (t) /V (Paula)", [at(95, 700, "/F 2")])])
    reading = Reading("a.pdf", bytes(made))
    (page,) = pdf.read(reading)
    assert (page.text.splitlines()[-1], page.blocks[-1].place) == ("Paula", "hidden")
    assert Note.HIDDEN_TEXT in reading.notes


def test_a_value_alone_names_its_field_and_is_no_heading():
    form = ("/FT /Tx /T (t) /TU (Name of the tenant) /V (Paula)", [at(50, 670)])
    made = TinyPdf().page(
        Text(50, 700, "Contract", 20, "bold"),
        Text(50, 600, "Words of the usual size, of which there are many."),
        forms=[form],
    )
    (page,) = pdf.read(Reading("a.pdf", bytes(made)))
    assert [(block.kind.value, block.place) for block in page.blocks] == [
        ("heading", ""), ("paragraph", "Name of the tenant"), ("paragraph", "")
    ]  # fmt: skip


def test_a_value_is_marked_where_it_is_shown():
    made = bytes(TinyPdf().page(TENANT, *BELOW, forms=[("/FT /Tx /T (t) /V (Paula Winter)", [at(95, 700)])]))
    (page,) = pdf.read(Reading("a.pdf", made))
    start = page.text.index("Winter")
    ((box,),) = pdf.picture(Reading("a.pdf", made), PictureRequest(1, 0, ((start, start + 6),))).boxes
    assert box == pytest.approx((95 / 600, (800 - 709) / 800, 195 / 600, (800 - 697) / 800), abs=0.001)


@pytest.mark.parametrize(
    ("form", "names"),
    [
        pytest.param("/XFA [(a) 4 0 R]", ("form",), id="nothing but XFA"),
        pytest.param("", (), id="a form without values"),
    ],
)
def test_a_form_of_xfa_alone_is_told(form, names):
    made = TinyPdf(form=form).page(TENANT, *BELOW, forms=[("/FT /Tx /T (t)", [])])
    reading = Reading("a.pdf", bytes(made))
    list(pdf.read(reading))
    assert reading.names.get(Note.PARTS_UNREAD, ()) == names


def test_words_beside_a_picture_of_the_page_are_said_to_be_all_that_was_read():
    made = TinyPdf().page(picture=True, forms=[("/FT /Tx /T (t) /V (Paula)", [at(95, 700)])])
    (page,) = pdf.read(Reading("a.pdf", bytes(made)))
    assert (page.text, page.reason) == ("Paula", "scanned: only what was filled in")


def test_a_form_of_far_too_many_fields_is_told(monkeypatch):
    monkeypatch.setattr(pdf, "MOST_FIELDS", 2)
    reading = Reading("a.pdf", bytes(TinyPdf().page(TENANT, forms=[("/FT /Tx /T (t) /V (Paula)", [at(95, 700)] * 3)])))
    list(pdf.read(reading))
    assert reading.names[Note.PARTS_UNREAD] == ("form",)
