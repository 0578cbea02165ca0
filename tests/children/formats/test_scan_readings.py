"""Two readings of a line: whose letters, whose blanks, and which figures are doubtful."""

from __future__ import annotations

import pytest

from slmdesk.children.formats.pdf_file import Word
from slmdesk.children.formats.scan_lines import FoundLine, Letter
from slmdesk.children.formats.scan_readings import joined

pytestmark = pytest.mark.pure


def read(text: str, y: float = 10, sureness: float = 95) -> tuple[FoundLine, list[Letter]]:
    """What the network read; "|" is a gap that it passed over."""
    letters = [Letter(sign, (at + 0.5) / len(text), sureness) for at, sign in enumerate(text) if sign != "|"]
    return FoundLine(5 * len(text), y, 10 * len(text), 12, 0.0), letters


def words(text: str, y: float = 10, sureness: float = 70) -> list[Word]:
    made, x = [], 0
    for each in text.split():
        made.append(Word(each, -1, None, 0, x, y - 5, x + 10 * len(each), y + 5, sureness=sureness))
        x += 10 * len(each) + 2
    return made


@pytest.mark.parametrize(
    ("network", "tesseract", "text"),
    [
        ("Frau|Müller wohnt", "Frau Müller wohnt", "Frau Müller wohnt"),
        ("Hauptstraße 4", "Hauptstrabe 4", "Hauptstraße 4"),
        ("Tel:|0341 45", "Tei: 0341 45", "Tel: 0341 45"),
        ("Der Betrag", "Der Betr ag", "Der Betrag"),
        ("Betrag 1.034,|27", "Betrag 1. 034, 27", "Betrag 1.034,27"),
        ("Zahlbar sofort", "Zahlbarsofort", "Zahlbar sofort"),
        ("Zahlbar sofort", "", "Zahlbar sofort"),
        ("Zahlbar sofort", "x ~ |", "Zahlbar sofort"),
    ],
)
def test_the_letters_are_the_networks_and_the_blanks_of_both(network, tesseract, text):
    ((*line,),) = joined([read(network)], words(tesseract))
    assert " ".join(word.text for word in line) == text


def test_a_narrow_blank_is_one_where_tesseract_is_sure_of_its_words():
    for sureness, text in ((70, ["Konto", "DE021203"]), (90, ["Konto", "DE02", "1203"])):
        ((*line,),) = joined([read("Konto DE021203")], words("Konto DE02 1203", sureness=sureness))
        assert [word.text for word in line] == text


@pytest.mark.parametrize(
    ("network", "tesseract", "doubtful"),
    [
        ("am 14.03.2026", "am 14.03.2026", []),
        ("am 14.03.2026", "am 14.08.2026,", [("14.03.2026", "14.08.2026,")]),
        ("am 14.03.2026,", "am 14.03.2026.", []),
        ("zu 10 O", "zu 1O O", [("10", "1O")]),
        ("Amt Halle", "Arnt Halle", []),
    ],
)
def test_a_figure_that_two_read_differently_is_doubtful_with_both(network, tesseract, doubtful):
    ((*line,),) = joined([read(network)], words(tesseract))
    assert [(word.text, word.other) for word in line if word.is_doubtful] == doubtful


def test_what_only_one_reads_is_doubtful_where_it_is_hardly_legible():
    ((faint,),) = joined([read("4711", sureness=60)], [])
    ((clear,),) = joined([read("4711", sureness=90)], [])
    assert (faint.is_doubtful, clear.is_doubtful) == (True, False)


def test_lines_come_from_above_and_cells_from_the_left():
    right, left, above = read("9,00", 30), read("Total", 30), read("Bar", 12)
    right = right[0].scaled(1, 1), right[1]
    moved = FoundLine(300, 30.2, 40, 12, 0.0), right[1]
    lines = joined([moved, left, above], [])
    assert [[word.text for word in line] for line in lines] == [["Bar"], ["Total"], ["9,00"]]


def test_a_word_that_both_read_alike_lies_where_tesseract_saw_it():
    ((one, other),) = joined([read("Frau Müller")], words("Frau Muller"))
    assert (one.x0, one.x1) == (0, 40)
    assert other.x0 != 42


def test_a_word_lies_where_its_letters_are_and_ends_in_the_blank():
    ((one, other),) = joined([read("Frau     Müller")], [])
    assert (one.x0, one.x1) == (pytest.approx(0, abs=2), pytest.approx(41, abs=2))
    assert (other.x0, other.x1) == (pytest.approx(89, abs=2), pytest.approx(150, abs=2))
