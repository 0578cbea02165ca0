"""What the pages of a PDF show otherwise than its XML, and what of an e-invoice cannot be right."""

from __future__ import annotations

import pytest
from fakes.einvoices import cii, fatturapa, ubl

from slmdesk.base.documents import Block, BlockKind, Page, PageStatus
from slmdesk.base.einvoices import EInvoice, InvoiceField
from slmdesk.base.language import in_language
from slmdesk.children.formats.einvoices import read
from slmdesk.children.formats.reading import Reading
from slmdesk.claims.einvoices import Alarm, compared, finding_words, new_accounts, unsound

pytestmark = pytest.mark.pure

OURS, OTHER = "DE02120300000000202051", "DE88200800000970375700"
SAID = {
    "invoice.number": "R-17", "invoice.date": "2026-03-05", "seller.name": "Amsel Handels GmbH",
    "buyer.name": "Herr Karl Müller", "total.lines": "300", "line.net": "300", "total.net": "300", "total.tax": "57",
    "total.gross": "357", "total.due": "357", "payment.iban": OURS, "payment.reference": "R-17",
}  # fmt: skip
PAGE = (
    "Amsel Handels-Gesellschaft · Gasse 1\nKarl Mueller\nRechnung Nr. R-17 vom 5. März 2026\nSumme 300,00\n"
    "USt 19 % 57,00\nGesamt 357,00 €\nIBAN DE02 1203 0000 0000 2020 51"
)


def invoice(syntax="cii", **changed):
    said = SAID | {term.replace("_", ".", 1): value for term, value in changed.items()}
    fields = [InvoiceField(term, value, value, path=f"/{term}", line=3) for term, value in said.items() if value]
    return EInvoice(syntax, tuple(fields))


def pages(text, *, hidden="", reason=""):
    blocks = [Block(BlockKind.PARAGRAPH, 0, len(text))]
    blocks += [Block(BlockKind.PARAGRAPH, len(text) + 1, len(text) + 1 + len(hidden), place="hidden")] * bool(hidden)
    return [Page(1, "1", f"{text}\n{hidden}", PageStatus.READ, tuple(blocks), reason)]


def told(invoice, text=PAGE, **looks):
    return [
        (each.alarm.value, each.term, each.evidence, each.value) for each in compared(invoice, pages(text, **looks))
    ]


def test_a_page_that_shows_the_same_in_another_writing_is_no_difference():
    assert told(invoice()) == []


@pytest.mark.parametrize(
    ("shown", "forged", "term"),
    [
        pytest.param("357,00 €", "957,00 €", "total.gross", id="amount"),
        pytest.param("5. März 2026", "6. März 2026", "invoice.date", id="day"),
        pytest.param("R-17", "R-71", "invoice.number", id="number"),
        pytest.param("R-17", "9-R-17", "invoice.number", id="a longer number"),
        pytest.param("DE02 1203 0000 0000 2020 51", OTHER, "payment.iban", id="account"),
        pytest.param("DE02 1203 0000 0000 2020 51", "DE02 1203 0000 0000 2022 51", "payment.iban", id="wrong digits"),
    ],
)
def test_another_value_on_the_page_is_told_with_its_place(shown, forged, term):
    (page,) = pages(PAGE.replace(shown, forged))
    finding = next(each for each in compared(invoice(), [page]) if each.term == term)
    assert (finding.alarm, finding.evidence, finding.value, finding.is_sure) == (
        Alarm.DIFFERS,
        forged,
        SAID[term],
        True,
    )
    assert page.text[finding.start : finding.end] == forged
    assert finding.source == f"XML 3: /{term}"


@pytest.mark.parametrize("term", ["seller_name", "buyer_name"])
def test_a_party_whose_name_is_not_on_the_page_is_told(term):
    assert told(invoice(**{term: "Drossel GmbH"})) == [
        ("missing", term.replace("_", "."), "", "Drossel GmbH"),
    ]


def test_a_number_that_nothing_on_the_page_is_like_is_told():
    assert told(invoice(invoice_number="20131122-42")) == [("missing", "invoice.number", "", "20131122-42")]


@pytest.mark.parametrize(
    ("text", "changed"),
    [
        pytest.param("No words of an invoice. Amsel Handels, Karl Müller", {}, id="nothing of the kind"),
        pytest.param(PAGE, {"total_due": "0"}, id="nothing is due"),
        pytest.param(
            PAGE.replace("R-17", "00.123"), {"invoice_number": "00.123-2026", "invoice_contract": "00.123"},
            id="the number of the contract alone",
        ),
        pytest.param(PAGE.replace("DE02 1203 0000 0000 2020 51", OTHER), {"payment_debited": OTHER}, id="debited"),
    ],
)  # fmt: skip
def test_what_the_page_does_not_show_is_no_difference(text, changed):
    assert told(invoice(**changed), text) == []


def test_a_number_in_brackets_is_no_amount():
    assert told(invoice(), PAGE.replace("357,00", "447,00").replace("Nr.", "(357) Nr."))[0][:2] == (
        "differs", "total.gross",
    )  # fmt: skip


def test_words_that_nobody_sees_on_the_page_do_not_count():
    assert told(invoice(), PAGE.replace("357,00", "957,00"), hidden="Gesamt 357,00 €") != []


@pytest.mark.parametrize("reason", ["by OCR, 90 % sure", "scanned"])
def test_a_page_read_off_a_picture_is_only_a_doubt(reason):
    (finding,) = compared(invoice(), pages(PAGE.replace("R-17", "R-11"), reason=reason))
    assert not finding.is_sure


@pytest.mark.parametrize("data", [cii(), ubl(), fatturapa("R-17", "R-18")])
@pytest.mark.parametrize("language", ["en", "de"])
def test_pages_made_of_the_xml_show_the_same(data, language):
    reading = Reading("a.xml", data=data)
    made = in_language(language, lambda: [*read(reading)])
    assert [finding for each in reading.einvoices for finding in compared(each, made)] == []


def test_the_amount_instead_has_the_same_figures_not_those_of_the_capital():
    text = f"{PAGE.replace('357,00', '387,00')}\nCapital 900 000,00 €"
    assert {there for _alarm, _term, there, _said in told(invoice(), text)} == {"387,00 €"}


@pytest.mark.parametrize(
    ("changed", "alarm"),
    [
        pytest.param({}, None, id="right"),
        pytest.param({"line_net": "310"}, ("sum", "total.lines", "310.00"), id="lines"),
        pytest.param({"total_allowances": "10"}, ("sum", "total.net", "290.00"), id="allowance"),
        pytest.param({"total_tax": "75"}, ("sum", "total.gross", "375.00"), id="tax"),
        pytest.param({"total_paid": "57"}, ("sum", "total.due", "300.00"), id="prepaid"),
        pytest.param({"total_paid": "57", "total_due": "300"}, None, id="right with a prepayment"),
        pytest.param({"total_due": "357.01"}, None, id="a cent"),
        pytest.param({"total_net": ""}, None, id="a part that is not said"),
        pytest.param({"line_net": "", "total_lines": "", "total_due": "300"}, None, id="an extract"),
        pytest.param({"syntax": "fatturapa", "total_due": "300"}, None, id="with a tax withheld"),
        pytest.param({"invoice_profile": "urn:x#conformant#urn:y", "total_due": "400"}, None, id="an extension"),
        pytest.param({"payment_iban": "DE02120300000000202015"}, ("check_digits", "payment.iban", ""), id="account"),
        pytest.param({"payment_iban": "1234567"}, None, id="no IBAN"),
    ],
)
def test_sums_and_check_digits(changed, alarm):
    found = [(each.alarm.value, each.term, each.evidence) for each in unsound(invoice(**changed))]
    assert found == ([alarm] if alarm else [])


@pytest.mark.parametrize(
    ("before", "alarms"),
    [
        pytest.param([], 0, id="no earlier invoice"),
        pytest.param([""], 0, id="earlier ones without an account"),
        pytest.param([OTHER, f"{OURS[:4]} {OURS[4:]}"], 0, id="one of them had it"),
        pytest.param([OTHER], 1, id="none had it"),
    ],
)
def test_an_account_that_earlier_invoices_did_not_have(before, alarms):
    found = [*new_accounts(invoice(), [invoice(payment_iban=iban) for iban in before])]
    assert [(each.alarm, each.evidence) for each in found] == [(Alarm.NEW_ACCOUNT, OTHER)] * alarms


def test_a_finding_is_a_sentence():
    (finding,) = compared(invoice(), pages(PAGE.replace("DE02 1203 0000 0000 2020 51", OTHER)))
    assert finding_words(finding) == f"IBAN: {OTHER} on the page, {OURS} in the e-invoice."
