"""Lines of PDF from right to left: names, numbers, dates and brackets in them are read in their order."""

from __future__ import annotations

import unicodedata

import pytest
from fakes.tiny_pdf import Text, TinyPdf, lines

from slmdesk.children.formats import pdf
from slmdesk.children.formats.pdf_file import logical_order
from slmdesk.children.formats.reading import Reading

pytestmark = pytest.mark.pure

MIRRORED = str.maketrans("()[]", ")(][")


def shown(line: str, runs_left: bool = True) -> str:
    """As a page shows the line, from left to right. Its runs of one direction are parted by |."""
    runs = [
        run[::-1].translate(MIRRORED) if {"R", "AL"}.intersection(map(unicodedata.bidirectional, run)) else run
        for run in line.split("|")
    ]
    return "".join(reversed(runs) if runs_left else runs)


def read(*texts: str) -> str:
    (page,) = pdf.read(Reading("a.pdf", bytes(TinyPdf().page(*lines(50, 700, *texts, pitch=40, font="any")))))
    return page.text


HEBREW = [
    "השוכרת |Anna Smith| תשלם |4,500| שקלים",
    "שלום |Anna Smith| וברכה",
    "|Anna Smith| חתמה על החוזה",
    "החתימה של |Anna Smith",
    "החוזה נחתם ביום |12.03.2025| בעיר חיפה",
    "הסכום הוא |1,500| ₪ (כולל מע\"מ) ועוד |15%| ריבית",
    "הדירה (|Apartment 4b|) ברחוב |Baker Street|, מספר |12|.",
    "טלפון |03-1234567|, דוא\"ל |anna.smith@example.com",
    "סעיף |3.2|(א) לחוזה",
    "משכנתא ב-|Bank Leumi| בלבד",
    "|10%|-|15%| הנחה",
    "|a|) ראשון |b|) שני",
    "הדירה של |C. D. Miller| ושל [|E. F|] נמכרה",
]  # fmt: skip
ARABIC = [
    "المستأجرة |Anna Smith| تدفع |4,500| شيكل",
    "وقع العقد في |12/03/2025| في مدينة حيفا",
    "النسبة |15|% والخصم |10|% فقط",
    "هاتف |03|-|1234567| هنا",
    "السعر |١٬٥٠٠| ريال",
    "محمد (|Mr. John Doe|) شيئا",
]
LATIN = [
    "The word |דירה| means flat.",
    "The tenant (|שלום עולם|) pays 15% of it.",
    "Signed in |תל אביב| on 12.03.2025 by all.",
]


@pytest.mark.parametrize("line", HEBREW + ARABIC)
def test_names_and_numbers_keep_their_order(line):
    assert read(shown(line), "עולם שלום"[::-1]).splitlines()[0] == line.replace("|", "")


@pytest.mark.parametrize(
    ("line", "runs_left"),
    [*((line, False) for line in LATIN), ("שלום |Anna Maria Smith| וברכה", True), ("שלום |Anna", True)],
)
def test_the_words_at_the_ends_say_where_a_line_alone_begins(line, runs_left):
    assert read(shown(line, runs_left=runs_left)) == line.replace("|", "")


def test_the_direction_of_a_page_counts_for_its_lines():
    first, second = "|Anna Maria Smith-Miller|, השוכרת", "החוזה נחתם בעיר חיפה בין הצדדים"
    assert read(shown(first), shown(second)).splitlines() == [first.replace("|", ""), second]


def test_presentation_forms_of_arabic_are_letters():
    assert read("\u062f\u0627\u0644\u0648\ufef7\u0627 Omar \ufee1\ufefc\ufeb3") == "سلام Omar الأولاد"


def test_cells_of_a_table_stay_parted():
    rows = [("מחיר", "פריט"), ("12 ₪", "Anna Smith ספר"), ("4 ₪", "עט שחור")]
    texts = [Text(x, 700 - 14 * at, shown("|".join(cell.split("~"))), font="any")
             for at, row in enumerate(rows) for x, cell in zip((50, 300), row, strict=True)]  # fmt: skip
    (page,) = pdf.read(Reading("a.pdf", bytes(TinyPdf().page(*texts))))
    assert [line.count("\t") for line in page.text.splitlines()] == [1, 1, 1]
    assert page.text.splitlines()[0] == "פריט\tמחיר"


def test_a_line_of_very_many_digits_is_ordered_once():
    told = "1" * 50_000 + " " * 50_000 + "%" * 50_000 + "א"
    assert sorted(logical_order(told, runs_left=True)) == list(range(len(told)))
