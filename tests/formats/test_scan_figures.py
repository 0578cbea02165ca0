"""Figures read off pictures: what check digits, shapes and the calendar decide, and what they leave doubtful."""

from __future__ import annotations

import pytest

from slmdesk.formats.pdf_file import Word
from slmdesk.formats.scan_figures import check_figures

pytestmark = pytest.mark.pure


def line(text: str, sureness: float = 95, right: float = 0) -> list[Word]:
    words, x = [], 0.0
    for each in text.split():
        words.append(Word(each, -1, None, 0, x, 0, x + 6 * len(each), 10, sureness=sureness))
        x += 6 * len(each) + 4
    if right:
        words[-1].x0, words[-1].x1 = right - 6 * len(words[-1].text), right
    return words


def checked(text: str, sureness: float = 95) -> tuple[str, list[str]]:
    words = line(text, sureness)
    check_figures([words])
    return " ".join(word.text for word in words if word.text), [word.text for word in words if word.is_doubtful]


@pytest.mark.parametrize(
    ("read", "right"),
    [
        ("IBAN DEO2 1203 0000 O000 2020 5l,", "IBAN DE02 1203 0000 0000 2020 51,"),
        ("IBAN DEO02 1203 0000 0000 2020 51.", "IBAN DE02 1203 0000 0000 2020 51."),
        ("DEO212O30000000O20205I", "DE02120300000000202051"),
        ("Konto FR14 2004 1010 0505 0001 3M02 606 bei", "Konto FR14 2004 1010 0505 0001 3M02 606 bei"),
        ("GB29 NWBK 6O16 1331 9268 l9", "GB29 NWBK 6016 1331 9268 19"),
        ("G829 NW8K 6016 1331 9268 19", "GB29 NWBK 6016 1331 9268 19"),
        ("1.O34,27 EUR am l4.O3.2026", "1.034,27 EUR am 14.03.2026"),
        ("USt-IdNr. DE136695976", "USt-IdNr. DE136695976"),
        ("DE1366959Z6 DE13669S976", "DE1366959Z6 DE136695976"),
    ],
)
def test_what_is_certain_is_corrected(read, right):
    assert checked(read, 60)[0] == right


def test_an_account_number_on_two_lines_is_checked_as_one():
    lines = [line("auf das Konto DEO2 1203"), line("0000 0000 2O20 51 zu zahlen")]
    check_figures(lines)
    assert [word.text for words in lines for word in words][3:9] == ["DE02", "1203", "0000", "0000", "2020", "51"]


def test_right_check_digits_make_sure_what_was_hardly_legible():
    assert checked("DE02 1203 0000 0000 2020 51", 40)[1] == []


@pytest.mark.parametrize(
    ("read", "doubtful"),
    [
        ("DE02 1203 0000 0000 2020 57", ["DE02", "1203", "0000", "0000", "2020", "57"]),
        ("am 31.02.2026 und 30.13.2026", ["31.02.2026", "30.13.2026"]),
        ("on 02/31/2026, 12/25/2026, 25/12/2026", ["02/31/2026,"]),
        ("DE136695977", ["DE136695977"]),
        ("2026-02-30 2026-02-28", ["2026-02-30"]),
    ],
)
def test_what_cannot_be_right_is_doubtful_and_stays_as_it_was_read(read, doubtful):
    assert checked(read) == (read, doubtful)


def test_what_nothing_decides_is_doubtful_when_it_was_hardly_legible():
    assert checked("Haus 10B am Weg, 4711 und 5O", 80)[1] == ["10B", "5O"]
    assert checked("Haus 10B am Weg, 4711", 95)[1] == []
    assert checked("Wcg 47", 50)[1] == ["Wcg", "47"]


BILL = (("Strom", "911,39"), ("Grundpreis", "114,00"), ("Gutschrift", "-8,12"), ("Summe", "1.017,27"))


def of_bill(rows) -> list[list[Word]]:
    lines = [line(" ".join(row), 60, right=500) for row in rows]
    check_figures(lines)
    return lines


def test_a_total_that_fits_makes_its_amounts_sure():
    assert not any(row[-1].is_doubtful for row in of_bill(BILL))


def test_a_total_that_does_not_fit_is_doubtful():
    rows = of_bill([*BILL[:3], ("Summe", "1.017,21")])
    assert [row[-1].is_doubtful for row in rows] == [True, True, True, True]


def test_a_total_of_net_and_tax_fits_and_may_be_said_twice():
    net = [*BILL, ("19 % USt", "193,28"), ("Gesamtbetrag", "1.210,55"), ("Zahlbetrag", "1.210,55")]
    assert not any(row[-1].is_doubtful for row in of_bill(net))


def test_thousands_in_a_word_of_their_own_count():
    rows = [("Loyer", "1 034,27"), ("Charges", "10,00"), ("Total", "1 044,27")]
    lines = []
    for label, amount in rows:
        words = line(f"{label} {amount}", 60)
        if " " in amount:
            words[-1].x0, words[-1].x1 = 464, 500
            words[-2].x0, words[-2].x1 = 454, 460
        else:
            words[-1].x0, words[-1].x1 = 470, 500
        lines.append(words)
    check_figures(lines)
    assert not any(word.is_doubtful for words in lines for word in words if word.text[0].isdigit())
