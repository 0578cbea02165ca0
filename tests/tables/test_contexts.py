"""A value that stands beside another noun than its column asks for, in papers of several kinds and languages."""

from __future__ import annotations

import pytest

from slmdesk.base.documents import Block, BlockKind, Page, PageStatus
from slmdesk.tables.cells import column_named, verified, without_doubles
from slmdesk.tables.contexts import check_context
from slmdesk.tables.layout import PageTexts
from slmdesk.tables.types import Flag, TableCell

PAY_SLIP = """Lohnabrechnung für Juni 2025
Eintritt: 01.02.2016

Grundlohn                 2.640,00
Zuschlag für Nachtdienst    150,00
Gesamtbrutto              2.790,00
Lohnsteuer                  301,08
Pflegeversicherung           47,43
Auszahlungsbetrag         2.441,49
"""
LEASE = """The garage is let from 1 March 2026. The rent is 95 pounds a month. Before that, a deposit of 190 pounds is
paid. For a lost key 35 pounds are charged. The keys are handed over on 27 February 2026.
"""
BILL = """Facture F-2025-31

Peinture du salon        1 400,00
Total HT                 1 400,00
TVA 20 %                   280,00
Total TTC                1 680,00
Acompte versé              500,00
Reste à payer            1 180,00
"""
CONTRACT = """Contrato de trabajo. El salario anual es de 24.600 euros. Se paga un plus nocturno de 900 euros.
El preaviso es de 15 días. Las vacaciones son de 30 días al año.
"""
INVOICE = """Invoice 2025-77
Net 100.00 EUR
VAT 19 % 19.00 EUR
Total 119.00 EUR
"""


def cells(text: str, language: str, said: dict[str, str]) -> dict[str, TableCell]:
    """Return the cells of a row for which a model said these values, without the flags of the row."""
    block = Block(BlockKind.PARAGRAPH, 0, len(text))
    pages = PageTexts([Page(number=1, label="", text=text, blocks=(block,), status=PageStatus.READ)], language)
    columns = [column_named(name) for name in said]
    lines = {value: next(line for line in text.splitlines() if value in line) for value in said.values()}
    row = [verified(column, lines[value], value, pages) for column, value in zip(columns, said.values(), strict=True)]
    flagged = [check_context(column, cell, pages) for column, cell in zip(columns, row, strict=True)]
    return dict(zip(said, without_doubles(dict(enumerate(flagged))).values(), strict=True))


@pytest.mark.parametrize(
    ("text", "language", "column", "right", "wrong"),
    [
        (PAY_SLIP, "de", "Bruttolohn:amount", "2.790,00", "301,08"),
        (PAY_SLIP, "de", "Ausgezahlt:amount", "2.441,49", "2.790,00"),
        (PAY_SLIP, "de", "Beitrag zur Pflegeversicherung:amount", "47,43", "301,08"),
        (LEASE, "en", "Security deposit:amount", "190 pounds", "95 pounds"),
        (LEASE, "en", "Charge for a lost key:amount", "35 pounds", "190 pounds"),
        (LEASE, "en", "Keys handed over:date", "27 February 2026", "1 March 2026"),
        (BILL, "fr", "Acompte:amount", "500,00", "1 180,00"),
        (BILL, "fr", "Reste dû:amount", "1 180,00", "500,00"),
        (CONTRACT, "es", "Vacaciones:period", "30 días", "15 días"),
        (CONTRACT, "es", "Plus de noche:amount", "900 euros", "24.600 euros"),
        (INVOICE, "en", "Total:amount", "119.00 EUR", "19.00 EUR"),
        (INVOICE, "en", "VAT charged:amount", "19.00 EUR", "119.00 EUR"),
    ],
)
def test_a_value_beside_another_noun_is_marked_and_one_beside_its_own_is_not(text, language, column, right, wrong):
    assert cells(text, language, {column: right})[column].flag is Flag.NONE
    assert cells(text, language, {column: wrong})[column].flag is Flag.UNSAID


def test_a_model_s_telephone_or_reference_that_cannot_be_one_is_marked() -> None:
    lines = ("From: advice@union.example", "Our matter 41 AR 188/26", "04229 Leipzig", "Call us: 0341 / 88 77 44 22")
    said = "\n".join((*lines, "DE02 1203 0000 0000 2020 51"))
    for column, right, wrong in (
        ("Tel.", "0341 / 88 77 44 22", "04229 Leipzig"),
        ("Reference", "41 AR 188/26", "From: advice@union.example"),
        ("E-Mail", "advice@union.example", "0341 / 88 77 44 22"),
        ("IBAN", "DE02 1203 0000 0000 2020 51", "0341 / 88 77 44 22"),
    ):
        assert cells(said, "en", {column: right})[column].flag is Flag.NONE
        assert cells(said, "en", {column: wrong})[column].flag is Flag.KIND


def test_the_value_of_a_neighbouring_column_is_marked_and_the_neighbour_is_not() -> None:
    row = cells(LEASE, "en", {"Rent each month:amount": "95 pounds", "Security deposit:amount": "95 pounds"})
    assert [cell.flag for cell in row.values()] == [Flag.NONE, Flag.UNSAID]


def test_a_column_in_words_that_the_paper_does_not_have_doubts_nothing() -> None:
    assert cells(LEASE, "en", {"Kaution:amount": "190 pounds"})["Kaution:amount"].flag is Flag.NONE
    assert cells(LEASE, "en", {"Kaution:amount": "95 pounds"})["Kaution:amount"].flag is Flag.NONE
