"""One invoice in each syntax of e-invoices: 2 hours of advice, 300.00 EUR net, 357.00 with tax."""

from __future__ import annotations

IBAN = "DE02120300000000202051"
_RAM = "urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:{}"
_UBL = "urn:oasis:names:specification:ubl:schema:xsd:"


def cii(*, more: str = "", total: str = "357.00") -> bytes:
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<r:CrossIndustryInvoice xmlns:r="urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100"
 xmlns:a="{_RAM.format(100)}" xmlns:u="urn:un:unece:uncefact:data:standard:UnqualifiedDataType:100">
<r:ExchangedDocument><a:ID>R-17</a:ID><a:TypeCode>380</a:TypeCode>
<a:IssueDateTime><u:DateTimeString format="102">20260305</u:DateTimeString></a:IssueDateTime></r:ExchangedDocument>
<r:SupplyChainTradeTransaction>
<a:IncludedSupplyChainTradeLineItem>
<a:AssociatedDocumentLineDocument><a:LineID>1</a:LineID></a:AssociatedDocumentLineDocument>
<a:SpecifiedTradeProduct><a:Name>Advice</a:Name></a:SpecifiedTradeProduct>
<a:SpecifiedLineTradeAgreement><a:NetPriceProductTradePrice><a:ChargeAmount>150.0000</a:ChargeAmount>
</a:NetPriceProductTradePrice></a:SpecifiedLineTradeAgreement>
<a:SpecifiedLineTradeDelivery><a:BilledQuantity unitCode="HUR">2.0</a:BilledQuantity></a:SpecifiedLineTradeDelivery>
<a:SpecifiedLineTradeSettlement><a:ApplicableTradeTax><a:CategoryCode>S</a:CategoryCode>
<a:RateApplicablePercent>19</a:RateApplicablePercent></a:ApplicableTradeTax>
<a:SpecifiedTradeSettlementLineMonetarySummation><a:LineTotalAmount>300.00</a:LineTotalAmount>
</a:SpecifiedTradeSettlementLineMonetarySummation></a:SpecifiedLineTradeSettlement>
</a:IncludedSupplyChainTradeLineItem>
<a:ApplicableHeaderTradeAgreement><a:SellerTradeParty><a:Name>Amsel GmbH</a:Name></a:SellerTradeParty>
<a:BuyerTradeParty><a:Name>Drossel AG</a:Name></a:BuyerTradeParty></a:ApplicableHeaderTradeAgreement>
<a:ApplicableHeaderTradeDelivery/>
<a:ApplicableHeaderTradeSettlement><a:InvoiceCurrencyCode>EUR</a:InvoiceCurrencyCode>
<a:SpecifiedTradeSettlementPaymentMeans><a:TypeCode>58</a:TypeCode>
<a:PayeePartyCreditorFinancialAccount><a:IBANID>{IBAN}</a:IBANID></a:PayeePartyCreditorFinancialAccount>
</a:SpecifiedTradeSettlementPaymentMeans>
<a:ApplicableTradeTax><a:CalculatedAmount>57.00</a:CalculatedAmount><a:BasisAmount>300.00</a:BasisAmount>
<a:CategoryCode>S</a:CategoryCode><a:RateApplicablePercent>19</a:RateApplicablePercent></a:ApplicableTradeTax>
<a:SpecifiedTradePaymentTerms><a:DueDateDateTime><u:DateTimeString format="102">20260404</u:DateTimeString>
</a:DueDateDateTime></a:SpecifiedTradePaymentTerms>
<a:SpecifiedTradeSettlementHeaderMonetarySummation><a:TaxBasisTotalAmount>300.00</a:TaxBasisTotalAmount>
<a:TaxTotalAmount currencyID="EUR">57.00</a:TaxTotalAmount><a:GrandTotalAmount>{total}</a:GrandTotalAmount>
<a:DuePayableAmount>{total}</a:DuePayableAmount></a:SpecifiedTradeSettlementHeaderMonetarySummation>
</a:ApplicableHeaderTradeSettlement></r:SupplyChainTradeTransaction>{more}</r:CrossIndustryInvoice>""".encode()


def zugferd_1() -> bytes:
    """The same with the names of ZUGFeRD 1."""
    text = cii().decode()
    for new, old in (
        ("urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100", "urn:ferd:CrossIndustryDocument:invoice:1p0"),
        (_RAM.format(100), _RAM.format(12)),
        ("CrossIndustryInvoice", "CrossIndustryDocument"),
        ("r:ExchangedDocument", "r:HeaderExchangedDocument"),
        ("r:SupplyChainTradeTransaction", "r:SpecifiedSupplyChainTradeTransaction"),
        ("a:ApplicableHeaderTrade", "a:ApplicableSupplyChainTrade"),
        ("a:SpecifiedLineTrade", "a:SpecifiedSupplyChainTrade"),
        ("SpecifiedTradeSettlementLineMonetarySummation", "SpecifiedTradeSettlementMonetarySummation"),
        ("SpecifiedTradeSettlementHeaderMonetarySummation", "SpecifiedTradeSettlementMonetarySummation"),
        ("RateApplicablePercent", "ApplicablePercent"),
    ):
        text = text.replace(new, old)
    return text.encode()


def ubl(kind: str = "Invoice", quantity: str = "Invoiced", *, more: str = "", enclosed: str = "") -> bytes:
    """`kind`: Invoice or CreditNote. `more`: what stands before its number. `enclosed`: base64 of a file in it."""
    due = "<c:DueDate>2026-04-04</c:DueDate>" * (kind == "Invoice")
    due_of_means = "" if due else "<c:PaymentDueDate>2026-04-04</c:PaymentDueDate>"
    attachment = (
        "<d:AdditionalDocumentReference><c:ID>A1</c:ID><d:Attachment><c:EmbeddedDocumentBinaryObject "
        f'filename="hours.txt">{enclosed}</c:EmbeddedDocumentBinaryObject></d:Attachment>'
        "</d:AdditionalDocumentReference>"
    )
    return f"""<{kind} xmlns="{_UBL}{kind}-2" xmlns:c="{_UBL}CommonBasicComponents-2"
 xmlns:d="{_UBL}CommonAggregateComponents-2">
{more}<c:ID>R-17</c:ID><c:IssueDate>2026-03-05</c:IssueDate>{due}<c:{kind}TypeCode>380</c:{kind}TypeCode>
<c:DocumentCurrencyCode>EUR</c:DocumentCurrencyCode>{attachment if enclosed else ""}
<d:AccountingSupplierParty><d:Party><d:PartyLegalEntity><c:RegistrationName>Amsel GmbH</c:RegistrationName>
</d:PartyLegalEntity></d:Party></d:AccountingSupplierParty>
<d:AccountingCustomerParty><d:Party><d:PartyName><c:Name>Drossel AG</c:Name></d:PartyName></d:Party>
</d:AccountingCustomerParty>
<d:PaymentMeans><c:PaymentMeansCode>58</c:PaymentMeansCode>{due_of_means}
<d:PayeeFinancialAccount><c:ID>{IBAN}</c:ID></d:PayeeFinancialAccount></d:PaymentMeans>
<d:TaxTotal><c:TaxAmount currencyID="EUR">57.00</c:TaxAmount><d:TaxSubtotal>
<c:TaxableAmount currencyID="EUR">300.00</c:TaxableAmount><c:TaxAmount currencyID="EUR">57.00</c:TaxAmount>
<d:TaxCategory><c:ID>S</c:ID><c:Percent>19</c:Percent></d:TaxCategory></d:TaxSubtotal></d:TaxTotal>
<d:LegalMonetaryTotal><c:TaxExclusiveAmount currencyID="EUR">300.00</c:TaxExclusiveAmount>
<c:TaxInclusiveAmount currencyID="EUR">357.00</c:TaxInclusiveAmount>
<c:PayableAmount currencyID="EUR">357.00</c:PayableAmount></d:LegalMonetaryTotal>
<d:{kind}Line><c:ID>1</c:ID><c:{quantity}Quantity unitCode="HUR">2</c:{quantity}Quantity>
<c:LineExtensionAmount currencyID="EUR">300.00</c:LineExtensionAmount>
<d:Item><c:Name>Advice</c:Name><d:ClassifiedTaxCategory><c:ID>S</c:ID><c:Percent>19</c:Percent>
</d:ClassifiedTaxCategory></d:Item><d:Price><c:PriceAmount currencyID="EUR">150</c:PriceAmount></d:Price>
</d:{kind}Line></{kind}>""".encode()


def fatturapa(*numbers: str) -> bytes:
    """An Italian file with an invoice of each number."""
    bodies = "".join(
        "<FatturaElettronicaBody><DatiGenerali><DatiGeneraliDocumento><TipoDocumento>TD01</TipoDocumento>"
        f"<Divisa>EUR</Divisa><Data>2026-03-05</Data><Numero>{number}</Numero></DatiGeneraliDocumento></DatiGenerali>"
        "<DatiBeniServizi><DettaglioLinee><NumeroLinea>1</NumeroLinea><Descrizione>Advice</Descrizione>"
        "<Quantita>2.00</Quantita><PrezzoUnitario>150.00</PrezzoUnitario><PrezzoTotale>300.00</PrezzoTotale>"
        "<AliquotaIVA>19.00</AliquotaIVA></DettaglioLinee><DatiRiepilogo><AliquotaIVA>19.00</AliquotaIVA>"
        "<ImponibileImporto>300.00</ImponibileImporto><Imposta>57.00</Imposta></DatiRiepilogo></DatiBeniServizi>"
        "<DatiPagamento><DettaglioPagamento><ModalitaPagamento>MP05</ModalitaPagamento>"
        "<DataScadenzaPagamento>2026-04-04</DataScadenzaPagamento><ImportoPagamento>357.00</ImportoPagamento>"
        f"<IBAN>{IBAN}</IBAN></DettaglioPagamento></DatiPagamento></FatturaElettronicaBody>"
        for number in numbers or ("R-17",)
    )
    return f"""<?xml version="1.0"?>
<p:FatturaElettronica versione="FPR12" xmlns:p="http://ivaservizi.agenziaentrate.gov.it/docs/xsd/fatture/v1.2">
<FatturaElettronicaHeader><CedentePrestatore><DatiAnagrafici><Anagrafica><Denominazione>Amsel GmbH</Denominazione>
</Anagrafica></DatiAnagrafici></CedentePrestatore><CessionarioCommittente><DatiAnagrafici><Anagrafica>
<Nome>Drossel</Nome><Cognome>AG</Cognome></Anagrafica></DatiAnagrafici></CessionarioCommittente>
</FatturaElettronicaHeader>{bodies}</p:FatturaElettronica>""".encode()
