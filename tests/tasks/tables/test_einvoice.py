"""Cells of e-invoices: what the XML says, and nothing where it does not say one thing."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from fakes.einvoices import IBAN, cii, fatturapa, ubl

from slmdesk.base.documents import DocumentInfo
from slmdesk.base.language import in_language
from slmdesk.base.protocol import record_from
from slmdesk.base.record import to_json
from slmdesk.children.formats.einvoices import in_file
from slmdesk.claims.einvoices import Alarm, Finding, finding_words
from slmdesk.tasks.tables.cells import column_named, preset
from slmdesk.tasks.tables.einvoice import cells_of
from slmdesk.tasks.tables.types import Flag, TableCell, doubt_words, note_words

pytestmark = pytest.mark.pure

COLUMNS = preset("invoice").columns


def cells(data, columns=COLUMNS, findings=()):
    info = DocumentInfo("einvoice", 1, einvoices=tuple(in_file(data, "a.xml")))
    found = cells_of(columns, SimpleNamespace(info=to_json(info), format="", pages=1), findings)
    return {columns[at].name: cell for at, cell in found.items()}


@pytest.mark.parametrize("data", [cii(), ubl(), fatturapa()])
def test_the_preset_is_filled(data):
    found = cells(data)
    assert {name: cell.value for name, cell in found.items()} == {
        "Invoice number": "R-17", "Invoice date": "5 March 2026", "Seller": "Amsel GmbH", "Customer": "Drossel AG",
        "Net amount": "300.00 EUR", "Tax": "57.00 EUR", "Total": "357.00 EUR", "Due date": "4 April 2026", "IBAN": IBAN,
    }  # fmt: skip
    assert {cell.origin for cell in found.values()} == {"e-invoice"}
    assert {cell.flag for cell in found.values()} == {Flag.NONE}
    assert (found["Total"].number, found["Total"].unit, found["Due date"].date) == (357.0, "EUR", "2026-04-04")


def test_a_cell_names_its_place_in_the_xml():
    assert cells(ubl())["Total"].note == "XML 15: /Invoice/LegalMonetaryTotal/TaxInclusiveAmount"


def test_a_column_in_the_language_of_the_person_is_known():
    assert list(in_language("de", cells, cii(), [column_named("Rechnungsnummer")])) == ["Rechnungsnummer"]


def test_what_is_said_twice_and_differs_is_left_out():
    assert "Invoice number" not in cells(ubl(more="<c:ID>R-18</c:ID>"))


def test_of_several_days_and_accounts_the_first_stands_with_the_others():
    cell = cells(ubl().replace(b"</c:PaymentMeansCode>", b"</c:PaymentMeansCode><c:PaymentDueDate>2026-04-01"
                               b"</c:PaymentDueDate>"))["Due date"]  # fmt: skip
    assert (cell.date, note_words(cell).partition("; ")[2]) == ("2026-04-01", "also 4 April 2026")


def test_what_is_no_amount_or_day_is_marked():
    data = ubl().replace(b"2026-03-05", b"2026-13-05").replace(b">357.00<", b">NaN<")
    assert {cells(data)[name].flag for name in ("Invoice date", "Total")} == {Flag.KIND}


def test_a_file_with_several_invoices_fills_nothing():
    assert cells(fatturapa("1", "2")) == {}


@pytest.mark.parametrize(
    ("finding", "column", "flag"),
    [
        pytest.param(Finding(Alarm.DIFFERS, "payment.iban", IBAN, "DE88…", "XML 1", 2, 30, 35, is_sure=True), "IBAN",
                     Flag.DIFFERS, id="on the page"),
        pytest.param(Finding(Alarm.SUM, "total.due", "357", "375"), "Total", Flag.UNSOUND, id="a doubt"),
    ],
)  # fmt: skip
def test_what_is_wrong_stands_at_its_value_with_what_the_page_shows(finding, column, flag):
    found = cells(ubl(), findings=[finding])
    cell = found[column]
    assert {name for name, other in found.items() if other.flag is not Flag.NONE} == {column}
    assert (cell.flag, cell.page, cell.start) == (flag, finding.page, finding.start)
    assert cell.quote == (finding.evidence if finding.page else cell.value)
    assert doubt_words(cell) == finding_words(finding)


def test_what_a_german_command_found_is_told_in_the_language_of_the_window():
    finding = Finding(Alarm.MISSING, "payment.iban", IBAN)
    cell = in_language("de", lambda: cells(ubl(), findings=[finding]))["IBAN"]
    kept = record_from(TableCell, to_json(cell))
    assert note_words(kept).startswith(f"IBAN: {IBAN} in the e-invoice, which is not on the page.\nXML ")
    assert in_language("de", doubt_words, kept) == in_language("de", finding_words, finding)
    assert doubt_words(kept) == finding_words(finding)


def test_a_cell_of_before_says_what_it_kept():
    cell = TableCell(IBAN, flag=Flag.DIFFERS, note="IBAN: so steht es da.\nXML 1")
    assert (doubt_words(cell), note_words(cell)) == ("IBAN: so steht es da.", "IBAN: so steht es da.\nXML 1")
