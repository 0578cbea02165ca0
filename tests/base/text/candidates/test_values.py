from __future__ import annotations

import pytest

from slmdesk.claims.finders.numbers import (
    find_amounts,
    find_codes,
    find_days,
    find_ibans,
    find_numbers,
    find_percentages,
    find_periods,
    is_iban,
)

pytestmark = pytest.mark.pure


def words(text: str, spans) -> list[str]:
    return [text[start:end] for start, end in spans]


@pytest.mark.parametrize(
    ("text", "language", "amounts"),
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
def test_amounts(text, language, amounts) -> None:
    if text.startswith("§"):
        text = text.replace("4.20 ", "4 ")
    assert words(text, find_amounts(text, language)) == amounts


SIGNS = {
    "-": "Credit: 1.234,56- EUR|(45,00) EUR|Reste: −15,00 €|−15,00 €|–15,00 €|-45,00 EUR|-EUR 45,00|EUR -45,00|"
    "EUR - 45,00|-$45|$-45|US$ -45.00|($45.00)|€(45.00)|Saldo:\t(45,00)|1,234.56-|1.234,56−|45,00 EUR-|"
    "45- EUR|45-|100,00\t-45,00|100,00 -45,00 55,00|Saldo: - 45,00|minus 45 Euro|minus fünf Euro|"
    "moins 45 euros|menos 45 euros|meno 45 euro|negative 45|minus 45 zł|-5 °C|Solde − 15,00|(-20 %)",
    "?": "- 45 EUR|Storno - 33,00 EUR|Rent – 900.00 EUR|1.234,56 -|Saldo (45,00)|Weight\n(0,20)|(45,00 €)|"
    "abzüglich 45 EUR|abzgl. 12,50|less 45.00",
    "debit": "1.234,56 S|1.234,56 EUR S|12.50 Dr|12.50 DR|45,00 Soll|12,50 zł Wn|12,50 Debe",
    "credit": "1.234,56 H|12.50 Cr|EUR 12.50 CR|45,00 Haben|12,50 Ma|12,50 Haber",
    "": "1.500,- €|EUR 2.500,--|Fr. 1’224.–|5–10 EUR|5 - 10 EUR|5 EUR – 10 EUR|5,00-10,00|10-20 %|2024-2025|"
    "von 5 bis 10,00|Rent (900,00 EUR) is|the sum (EUR 900.00)|(5)|(2024)|(1) 45,00|1.234,56 - Miete|"
    "Nr. 4-45|INV-2024-45|SN-014 bis -018|030-1234567|+49 30 - 123456|- 5 -|-5-|5- und 10-jährige|"
    "10,00- und 20,00-Scheine|4-Zimmer|5 − 3|100 minus 5|au moins 45 euros|al menos 45 euros|plus/minus 5|"
    "§ 5 Abs. 2 S. 1|zu 45 H.|12.50 Dr. Meier|- 8 Emails|Senat — 1,50 EUR|-0,00|seit 2019-|über 1.234,56|"
    "48 Mio. EUR - 3 %|EUR — 3 %|x\t— 57%",
}


@pytest.mark.parametrize(("sign", "text"), [(sign, text) for sign, some in SIGNS.items() for text in some.split("|")])
def test_the_sign_of_a_number_is_read_wherever_it_stands(sign: str, text: str) -> None:
    numbers = [number for number in find_numbers(text, "de") if not number.soft]
    assert sign in {number.sign for number in numbers}
    assert {number.sign for number in numbers} <= {sign, ""}


@pytest.mark.parametrize("text", ["15 days", "15 business days", "fifteen working days"])
def test_days_of_work_are_days(text: str) -> None:
    (number,) = (number for number in find_numbers(text, "en") if not number.soft)
    assert (number.values, number.unit) == ((15.0,), ("time", 86400.0))


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("Saldo: 1.234,56- EUR am", "1.234,56- EUR"),
        ("Saldo: (45,00) EUR am", "(45,00) EUR"),
        ("x -45,00 EUR", "-45,00 EUR"),
        ("Ende 12,50 S", "12,50 S"),
        ("5 EUR - 10 EUR", "5 EUR"),
        ("A-45,00 EUR", None),
    ],
)
def test_an_amount_has_its_sign(text: str, amount: str | None) -> None:
    assert next(iter(words(text, find_amounts(text, "de"))), None) == amount


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
    for period in ("trois mois", "quindici giorni", "dos meses", "einem Monat", "14 days'"):
        assert words(period, find_periods(f"({period})".strip("()"))) == [period]
