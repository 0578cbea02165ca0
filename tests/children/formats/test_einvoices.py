"""E-invoices: each value exactly, with its place in the XML and on the paper."""

from __future__ import annotations

import base64

import pytest
from fakes.einvoices import IBAN, cii, fatturapa, ubl, zugferd_1
from fakes.tiny_pdf import Text, TinyPdf

from slmdesk.base.documents import Note
from slmdesk.base.errors import KnownError
from slmdesk.base.language import in_language
from slmdesk.children.formats.einvoices import invoices_of, opened
from slmdesk.children.formats.reading import Reading, attachment_of, reader_of, redactor_of
from slmdesk.children.formats.redacting.redactors import Redacting, Replacing
from slmdesk.children.tasks.reader import chosen_format

pytestmark = pytest.mark.pure

SAID = {
    "invoice.number": "R-17", "invoice.date": "2026-03-05", "invoice.due": "2026-04-04", "invoice.currency": "EUR",
    "seller.name": "Amsel GmbH", "buyer.name": "Drossel AG", "payment.iban": IBAN, "total.net": "300",
    "total.tax": "57", "total.gross": "357", "total.due": "357", "line.id": "1", "line.name": "Advice",
    "line.quantity": "2", "line.price": "150", "line.net": "300", "line.rate": "19", "tax.rate": "19",
    "tax.base": "300", "tax.amount": "57",
}  # fmt: skip


def read(data, name="a.xml"):
    reading = Reading(name, data=data)
    return [*reader_of(chosen_format(reading, ""))(reading)], reading


def ber(tag, *parts):
    data = b"".join(parts)
    return bytes((tag, 0x83)) + len(data).to_bytes(3) + data


def signed(content):
    """The content as CMS signs it, without the signature."""
    data, signed_data = (ber(6, bytes.fromhex("2a864886f70d0107") + bytes((number,))) for number in (1, 2))
    held = ber(0x30, data, ber(0xA0, ber(4, content)))
    return ber(0x30, signed_data, ber(0xA0, ber(0x30, ber(2, b"\1"), ber(0x31), held, ber(0x31))))


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(cii(), id="cii"),
        pytest.param(zugferd_1(), id="zugferd 1"),
        pytest.param(ubl(), id="ubl"),
        pytest.param(ubl("CreditNote", "Credited"), id="credit note"),
        pytest.param(fatturapa(), id="fatturapa"),
        pytest.param(signed(fatturapa()), id="signed"),
        pytest.param(base64.encodebytes(signed(fatturapa())), id="signed, in base64"),
        pytest.param(cii().decode().replace("UTF-8", "UTF-16").encode("utf-16"), id="utf-16"),
        pytest.param(b"<!-- long -->" * 200 + ubl(), id="behind comments"),
    ],
)
def test_each_syntax_says_the_same(data):
    __, reading = read(data, "a.p7m" if data[:1] in b"0M" else "a.xml")
    (invoice,) = reading.einvoices
    assert {term: field.value for term in SAID if (field := invoice.one(term))} == SAID
    assert reading.title == "R-17"
    assert Note.EINVOICE_LACKS not in reading.notes


@pytest.mark.parametrize("data", [cii(), ubl(), fatturapa("R-17", "R-18")])
def test_each_value_stands_on_the_paper_with_its_name(data):
    pages, reading = read(data)
    for invoice in reading.einvoices:
        for field in invoice.fields:
            assert pages[field.page - 1].text[field.start : field.end] == field.shown
    assert "Invoice number: R-17\nInvoice date: 5 March 2026\nDue date: 4 April 2026" in pages[0].text
    assert "2 hours\t150.00 EUR" in pages[0].text or "2\t150.00 EUR" in pages[0].text


def test_the_paper_is_in_the_language_of_the_person():
    pages, __ = in_language("de", read, cii())
    assert "Rechnungsdatum: 5. März 2026" in pages[0].text
    assert "Gesamt: 357,00 EUR" in pages[0].text


def test_a_value_has_its_place_in_the_xml():
    invoice = read(ubl())[1].einvoices[0]
    field = invoice.one("total.gross")
    assert (field.path, field.line) == ("/Invoice/LegalMonetaryTotal/TaxInclusiveAmount", 15)
    assert invoice.one("total.tax").path == "/Invoice/TaxTotal/TaxAmount"


@pytest.mark.parametrize("data", [cii(), zugferd_1(), ubl(), fatturapa("1", "2")])
def test_the_place_of_a_value_leads_to_it(data):
    root, syntax = opened(data, "a.xml")
    for field in (field for invoice in invoices_of(root, syntax, "a.xml") for field in invoice.fields):
        (element,) = root.xpath(field.path)
        assert element.sourceline == field.line
        assert element.text[0] == field.value[0]


def test_what_is_said_twice_and_differs_is_none_of_both():
    invoice = read(ubl(more="<c:ID>R-18</c:ID>"))[1].einvoices[0]
    assert invoice.one("invoice.number") is None
    assert [field.value for field in invoice.every("invoice.number")] == ["R-18", "R-17"]


def test_an_element_of_another_namespace_is_no_value():
    invoice = read(ubl(more='<ID xmlns="urn:other">R-18</ID>'))[1].einvoices[0]
    assert invoice.one("invoice.number").value == "R-17"


def test_days_and_numbers_that_are_none_stay_as_they_are_written():
    data = ubl().replace(b"2026-03-05", b"2026-13-05").replace(b">357.00<", b">3,57<")
    invoice = read(data)[1].einvoices[0]
    assert (invoice.one("invoice.date").value, invoice.one("total.gross").shown) == ("2026-13-05", "3,57")


def test_a_sum_of_what_is_no_number_is_not_said():
    invoice = read(fatturapa().replace(b">57.00<", b">57,00<"))[1].einvoices[0]
    assert (invoice.one("total.tax"), invoice.one("total.gross")) == (None, None)
    assert invoice.one("total.net").value == "300"


def test_what_every_invoice_says_is_missed():
    __, reading = read(ubl().replace(b"TaxInclusiveAmount", b"Other"))
    assert reading.names[Note.EINVOICE_LACKS] == ("Totals: Total",)


def test_each_invoice_of_an_italian_file_has_its_own_paper():
    pages, reading = read(fatturapa("1", "2"))
    assert [invoice.one("invoice.number").value for invoice in reading.einvoices] == ["1", "2"]
    assert [page.text.count("Invoice number") for page in pages] == [1, 1]


def test_a_long_invoice_is_parted_into_pages():
    line = ubl().partition(b"<d:InvoiceLine>")[2].partition(b"</d:InvoiceLine>")[0]
    data = ubl().replace(b"</Invoice>", (b"<d:InvoiceLine>" + line + b"</d:InvoiceLine>") * 600 + b"</Invoice>")
    pages, reading = read(data)
    assert len(pages) > 1
    assert not reading.einvoices[0].rows("line")  # the paper has them
    assert reading.einvoices[0].one("total.gross").value == "357"


def test_enclosed_files_are_attachments():
    data = ubl(enclosed=base64.b64encode(b"2 hours").decode())
    (attachment,) = read(data)[1].attachments
    assert (attachment.name, attachment.format) == ("hours.txt", "txt")
    assert attachment_of(Reading("a.xml", data=data), "einvoice", 0) == ("hours.txt", b"2 hours")
    with pytest.raises(KnownError, match=r"request\.invalid"):
        attachment_of(Reading("a.xml", data=data), "einvoice", 1)
    with pytest.raises(KnownError, match=r"document\.damaged"):
        attachment_of(Reading("a.xml", data=ubl(enclosed="x")), "einvoice", 0)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        pytest.param(ubl()[:-9], "document.damaged", id="cut off"),
        pytest.param(b'<!DOCTYPE x [<!ENTITY a "b">]>' + ubl(), "document.bomb", id="entity"),
        pytest.param(cii().replace(b'"UTF-8"', b'"UTF-8-W/O-BOM"'), "document.damaged", id="encoding"),
        pytest.param(ubl().partition(b"\n")[0] + b"</Invoice>", "document.damaged", id="nothing in it"),
        pytest.param(ubl().replace(b"Advice", b"x" * 300_000), "document.unreadable", id="long value"),
    ],
)
def test_a_broken_one_ends_in_a_sentence(data, code):
    reading = Reading("a.xml", data=data)
    with pytest.raises(KnownError, match=code.replace(".", r"\.")):
        list(reader_of("einvoice")(reading))


@pytest.mark.parametrize(("data", "code"), [(signed(b"<xml/>"), "document.unreadable"), (b"0?", "document.damaged")])
def test_another_signed_file_ends_in_a_sentence(data, code):
    with pytest.raises(KnownError, match=code.replace(".", r"\.")):
        read(data, "a.p7m")


@pytest.mark.parametrize("data", [b"<Invoice><ID>1</ID></Invoice>", b'<a xmlns="urn:ferd:x"/>', b"<html/>"])
def test_other_xml_stays_what_it_was(data):
    assert chosen_format(Reading("a.xml", data=data), "") == "code"


def test_the_e_invoice_in_a_pdf_is_read_with_its_pages():
    pdf = TinyPdf(attachments=[("factur-x.xml", cii()), ("more.xml", b"<a/>")]).page(Text(50, 700, "Invoice R-17"))
    pages, reading = read(bytes(pdf), "a.pdf")
    (invoice,) = reading.einvoices
    assert [page.text for page in pages] == ["Invoice R-17"]
    assert {field.page for field in invoice.fields} == {0}
    assert invoice.one("total.gross").value == "357"
    assert [attachment.format for attachment in reading.attachments] == ["einvoice", "code"]
    assert reading.names == {Note.PARTS_UNREAD: ("more.xml",)}


def test_what_the_e_invoice_in_a_pdf_lacks_is_noted():
    pdf = TinyPdf(attachments=[("factur-x.xml", cii().replace(b"TypeCode", b"Code"))]).page(Text(50, 700, "Invoice"))
    assert read(bytes(pdf), "a.pdf")[1].names == {Note.EINVOICE_LACKS: ("Kind",)}


def test_a_broken_e_invoice_in_a_pdf_is_noted():
    pdf = TinyPdf(attachments=[("factur-x.xml", cii()[:-9])]).page(Text(50, 700, "Invoice R-17"))
    __, reading = read(bytes(pdf), "a.pdf")
    assert (reading.einvoices, reading.names) == ([], {Note.EINVOICE_BROKEN: ("factur-x.xml",)})


@pytest.mark.parametrize("data", [cii(), ubl(enclosed=base64.b64encode(b"Amsel GmbH").decode()), fatturapa()])
def test_names_accounts_and_days_are_taken_out_of_the_xml(data):
    pairs = [("Amsel GmbH", "Firm 1"), (IBAN, "x"), ("5 March 2026", "x"), ("357.00 EUR", "x")]
    redacting = Redacting(Reading("a.xml", data=data), Replacing(pairs))
    made = redactor_of("einvoice", "a.xml")(redacting)
    for secret in (b"Amsel", IBAN.encode(), b"20260305", b"2026-03-05", b"R-17</x", base64.b64encode(b"Amsel GmbH")):
        assert secret not in made
    assert [field.value for field in read(made)[1].einvoices[0].every("seller.name")] == ["Firm 1"]
    assert b"2026-04-04" in made or b"20260404" in made
    assert len(redacting.removed) == data.count(b"hours.txt")


def test_a_signed_file_is_not_redacted():
    with pytest.raises(KnownError, match=r"document\.unreadable"):
        redactor_of("einvoice", "a.p7m")(Redacting(Reading("a.p7m", data=signed(ubl())), Replacing([])))
