"""python -m benchmarks einvoices FOLDER … [--show]: what is read of e-invoices, against other ways to read them.

FOLDER holds XML files and PDFs of any maker (for example KoSIT's xrechnung-testsuite and ZUGFeRD's corpus). Of each are
compared number, day, seller, customer, total, due days and accounts, the lines (name, quantity, net amount) and the
taxes (rate, base, amount) with

- drafthorse, where it reads the file (CII of ZUGFeRD 2, Factur-X and XRechnung);
- a plain search for the elements' names in the XML, of every syntax;
- the twin: the same invoice in the other syntax (a_ubl.xml and a_uncefact.xml, a.ubl.xml, a.cii.xml and a.pdf).

`--show` prints what differs.
"""

from __future__ import annotations

import re
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, fields
from decimal import Decimal, InvalidOperation
from html import unescape
from itertools import combinations
from pathlib import Path
from typing import Any

from slmdesk.base.einvoices import EInvoice
from slmdesk.base.errors import KnownError
from slmdesk.children.formats.reading import Reading, attachment_of, reader_of
from slmdesk.children.tasks.reader import chosen_format

SUFFIXES = (".xml", ".pdf", ".p7m")
_TWIN = re.compile(r"[._](?:ubl|cii|uncefact)\.xml$|\.pdf$", re.IGNORECASE)


@dataclass
class Values:
    """What is compared. Empty where a file does not say it."""

    number: str = ""
    date: str = ""
    seller: str = ""
    buyer: str = ""
    total: Decimal | None = None
    due: frozenset[str] = frozenset()
    accounts: frozenset[str] = frozenset()
    lines: list[tuple[Any, ...]] = field(default_factory=list)
    taxes: list[tuple[Any, ...]] = field(default_factory=list)


NAMES = tuple(each.name for each in fields(Values))


def number(text: object) -> Decimal | None:
    """As a number, however many zeros it ends with."""
    try:
        return Decimal(str(text)).normalize() + 0
    except InvalidOperation:
        return None


def day(text: object) -> str:
    """The eight digits of a day."""
    return "".join(re.findall(r"\d", str(text))[:8])


def words(text: object) -> str:
    """With single spaces."""
    return " ".join(str(text or "").split())


def ours(invoice: EInvoice) -> Values:
    """What the program read."""

    def one(term: str, row: int | None = None) -> str:
        found = invoice.one(term, row)
        return words(found.value) if found else ""

    def every(term: str) -> frozenset[str]:
        return frozenset(words(each.value) for each in invoice.every(term))

    return Values(
        one("invoice.number"), day(one("invoice.date")), one("seller.name"), one("buyer.name"),
        number(one("total.gross")), frozenset(map(day, every("invoice.due"))), every("payment.iban"),
        [(one("line.name", row), number(one("line.quantity", row)), number(one("line.net", row)))
         for row in invoice.rows("line")],
        [tuple(number(one(f"tax.{name}", row)) for name in ("rate", "base", "amount")) for row in invoice.rows("tax")],
    )  # fmt: skip


def by_drafthorse(xml: bytes) -> Values | None:
    """None if it does not read the file."""
    from drafthorse.models.document import Document

    try:
        read: Any = Document.parse(xml, strict=False)
    except Exception:
        return None
    trade, settlement = read.trade, read.trade.settlement
    parties = [trade.agreement.seller.name, trade.agreement.buyer.name]
    return Values(
        words(read.header.id), day(read.header.issue_date_time), *map(words, parties),
        number(settlement.monetary_summation.grand_total._amount),
        frozenset(day(terms.due) for terms in settlement.terms.children if day(terms.due)),
        frozenset(words(means.payee_account.iban) for means in settlement.payment_means.children) - {""},
        [(words(line.product.name), number(line.delivery.billed_quantity._amount),
          number(line.settlement.monetary_summation.total_amount._value)) for line in trade.items.children],
        [tuple(map(number, (tax.rate_applicable_percent._value, tax.basis_amount._value, tax.calculated_amount._value)))
         for tax in settlement.trade_tax.children],
    )  # fmt: skip


class Plain:
    """The XML as text, without prefixes. An element is what stands between its tags."""

    def __init__(self, xml: bytes) -> None:
        encoding = "utf-16" if xml[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8"
        text = re.sub(r"<!--.*?-->|<\?.*?\?>", "", xml.decode(encoding, "replace"), flags=re.DOTALL)
        self.text = re.sub(r"<(/?)[\w.-]+:", r"<\1", text)

    def parts(self, names: str, text: str | None = None) -> list[str]:
        """What stands in each element of these names."""
        pattern = rf"<({names})(?:\s[^>]*)?(?<!/)>(.*?)</\1>"
        return [part for __, part in re.findall(pattern, self.text if text is None else text, re.DOTALL)]

    def first(self, path: str, text: str | None = None) -> str:
        """The words in the first element of each name, one in the other."""
        for names in path.split("/"):
            found = self.parts(names, text)
            if not found:
                return ""
            text = found[0]
        return words(unescape(re.sub(r"<[^>]*>", "", text or "")))


_CII_LINE = (
    "(?:SpecifiedTradeSettlementLineMonetarySummation|SpecifiedTradeSettlementMonetarySummation)/LineTotalAmount"
)
_CII_SUM = "(?:SpecifiedTradeSettlementHeaderMonetarySummation|SpecifiedTradeSettlementMonetarySummation)"
_RATE = "RateApplicablePercent|ApplicablePercent"


def plainly(xml: bytes) -> Values:
    """Search the elements by their names alone."""
    plain = Plain(xml)
    if "TradeTransaction" in plain.text:
        return _plain_cii(plain)
    if "<LegalMonetaryTotal" in plain.text:
        return _plain_ubl(plain)
    return _plain_fatturapa(plain)


def _plain_cii(plain: Plain) -> Values:
    lines = plain.parts("IncludedSupplyChainTradeLineItem")
    head = re.sub(r"<IncludedSupplyChainTradeLineItem.*?</IncludedSupplyChainTradeLineItem>", "", plain.text, flags=16)
    return Values(
        plain.first("(?:Header)?ExchangedDocument/ID", head),
        day(plain.first("(?:Header)?ExchangedDocument/IssueDateTime", head)),
        plain.first("SellerTradeParty/Name", head), plain.first("BuyerTradeParty/Name", head),
        number(plain.first(f"{_CII_SUM}/GrandTotalAmount", head)),
        frozenset(day(plain.first("DueDateDateTime", part)) for part in plain.parts("SpecifiedTradePaymentTerms", head))
        - {""},
        frozenset(plain.first("IBANID", part) for part in plain.parts("PayeePartyCreditorFinancialAccount", head))
        - {""},
        [(plain.first("SpecifiedTradeProduct/Name", line), number(plain.first("BilledQuantity", line)),
          number(plain.first(_CII_LINE, line))) for line in lines],
        [tuple(number(plain.first(name, tax)) for name in (_RATE, "BasisAmount", "CalculatedAmount"))
         for tax in plain.parts("ApplicableTradeTax", head)],
    )  # fmt: skip


def _plain_ubl(plain: Plain) -> Values:
    kinds = "InvoiceLine|CreditNoteLine|SubInvoiceLine|SubCreditNoteLine"
    # a line ends where the next begins, also one inside it
    lines = re.split(rf"<(?:{kinds})(?:\s[^>]*)?>", plain.text)
    head, lines = lines[0], [re.sub(rf"</(?:{kinds})>.*", "", line, flags=16) for line in lines[1:]]
    whole = re.sub(r"<Party(?:Identification|TaxScheme)>.*?</Party(?:Identification|TaxScheme)>", "", head, flags=16)
    tail = plain.text
    due = [plain.first("DueDate", re.sub(r"<PaymentMeans.*", "", head, flags=16)), *plain.parts("PaymentDueDate", head)]
    return Values(
        plain.first("ID", re.sub(r"<(UBLExtensions|Signature)\b.*?</\1>", "", whole, flags=16)),
        day(plain.first("IssueDate", head)),
        *(plain.first(f"{side}/RegistrationName", head) or plain.first(f"{side}/PartyName/Name", head)
          for side in ("AccountingSupplierParty", "AccountingCustomerParty")),
        number(plain.first("LegalMonetaryTotal/TaxInclusiveAmount", tail)),
        frozenset(map(day, due)) - {""},
        frozenset(plain.first("ID", part) for part in plain.parts("PayeeFinancialAccount", head)) - {""},
        [(plain.first("Item/Name", line), number(plain.first("InvoicedQuantity|CreditedQuantity", line)),
          number(plain.first("LineExtensionAmount", line))) for line in lines],
        [tuple(number(plain.first(name, tax)) for name in ("Percent", "TaxableAmount", "TaxAmount"))
         for tax in plain.parts("TaxSubtotal", head)],
    )  # fmt: skip


def _plain_fatturapa(plain: Plain) -> Values:
    taxes = [[number(plain.first(name, tax)) for name in ("AliquotaIVA", "ImponibileImporto", "Imposta")]
             for tax in plain.parts("DatiRiepilogo")]  # fmt: skip
    total = number(plain.first("ImportoTotaleDocumento")) or sum((tax[1] or 0) + (tax[2] or 0) for tax in taxes)
    return Values(
        plain.first("DatiGeneraliDocumento/Numero"), day(plain.first("DatiGeneraliDocumento/Data")),
        plain.first("CedentePrestatore/Denominazione"), plain.first("CessionarioCommittente/Denominazione"),
        number(total), frozenset(map(day, plain.parts("DataScadenzaPagamento"))), frozenset(plain.parts("IBAN")),
        [(plain.first("Descrizione", line), number(plain.first("Quantita", line)),
          number(plain.first("PrezzoTotale", line))) for line in plain.parts("DettaglioLinee")],
        list(map(tuple, taxes)),
    )  # fmt: skip


def differing(first: Values, second: Values) -> Iterator[tuple[str, object, object]]:
    """Each field that differs, with both values."""
    for name in NAMES:
        one, two = getattr(first, name), getattr(second, name)
        if one != two:
            yield name, one, two


def xml_in(path: Path) -> bytes:
    """The XML of a file: itself, or the e-invoice inside a PDF."""
    if path.suffix.lower() == ".xml":
        return path.read_bytes()
    reading = Reading(str(path))
    list(reader_of("pdf")(reading))
    index = next(each.index for each in reading.attachments if each.format == "einvoice")
    return attachment_of(Reading(str(path)), "pdf", index)[1]


def main(arguments: Sequence[str]) -> int:
    """Status 1 where anything differs."""
    shows = "--show" in arguments
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    read: dict[Path, Values] = {}
    folders = [Path(name) for name in arguments if name != "--show"]
    for path in sorted(file for folder in folders for file in folder.rglob("*") if file.suffix.lower() in SUFFIXES):
        reading = Reading(str(path))
        try:
            list(reader_of(chosen_format(reading, ""))(reading))
        except KnownError as err:
            print(f"{path.name}: {err.code}")
        if len(reading.einvoices) != 1:
            counts["files"]["with several" if reading.einvoices else "without"] += 1
            continue
        counts["files"]["read"] += 1
        read[path], xml = ours(reading.einvoices[0]), xml_in(path)
        for way, others in (("drafthorse", by_drafthorse(xml)), ("plain", plainly(xml))):
            if others is None:
                counts[way]["not read"] += 1
            else:
                _compare(way, path.name, read[path], others, counts, shows=shows)
    twins: dict[tuple[str, str], list[Path]] = defaultdict(list)
    for path in read:
        twins[_TWIN.sub("", path.name), path.parents[1].name].append(path)
    for some in twins.values():
        for one, two in combinations(some, 2):
            _compare("twin", f"{one.name}, {two.name}", read[one], read[two], counts, shows=shows)
    for way, count in counts.items():
        print(f"{way}: {', '.join(f'{name} {n}' for name, n in sorted(count.items()))}")
    return int(any(count["differing"] for count in counts.values()))


def _compare(
    way: str, name: str, one: Values, two: Values, counts: dict[str, Counter[str]], *, shows: bool
) -> None:  # fmt: skip
    faults = list(differing(one, two))
    counts[way]["differing" if faults else "the same"] += 1
    for field_name, first, second in faults:
        counts[way][f"differing {field_name}"] += 1
        if shows:
            print(f"{way} | {name} | {field_name}\n    {first}\n    {second}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
