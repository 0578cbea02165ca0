"""Reads e-invoices: UBL 2.1, CII (ZUGFeRD, Factur-X, XRechnung) and FatturaPA, as files and inside PDFs.

einvoices.toml says what there is and where it stands. The values become a record (base.einvoices), and a paper on which
each value has its name and can be found.
"""

from __future__ import annotations

import base64
import binascii
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from functools import cache, partial
from importlib import resources
from typing import Any, TypeAlias

from lxml import etree

from slmdesk.base.documents import DELETED, Attachment, BlockKind, Note, Page, page_of
from slmdesk.base.einvoices import EInvoice, InvoiceField
from slmdesk.base.errors import KnownError
from slmdesk.base.record import Record, changed
from slmdesk.base.texts import N_, _, date_words
from slmdesk.children.formats.containers import format_by_name
from slmdesk.children.formats.office_xml import parse
from slmdesk.children.formats.reading import PageText, Reading
from slmdesk.children.formats.text import MAX_PAGE_CHARACTERS, MOST_PIECES_CHARACTERS

HOLDING = ("AttachmentBinaryObject", "EmbeddedDocumentBinaryObject", "Attachment")
"""Elements that hold a file, in base64."""
ROOTS = ("CrossIndustryInvoice", "CrossIndustryDocument", "Invoice", "CreditNote", "FatturaElettronica")
MOST_FIELDS = 100_000
MOST_INVOICES = 50
"""Most invoices of a file that are kept as records. The paper has all."""
MOST_KEPT = 1_000
"""Most values that are kept in the record. Of an invoice with more, the record lacks the lines; the paper has them."""
_SPACES = re.compile(
    r"(?P<cii>urn:un:unece:uncefact:data:standard:|urn:ferd:CrossIndustryDocument:)"
    r"|(?P<ubl>urn:oasis:names:specification:ubl:schema:xsd:)"
    r"|(?P<fatturapa>http://(?:ivaservizi\.agenziaentrate|www\.fatturapa)\.gov\.it/)",
    re.IGNORECASE,
)
"""Namespaces of each syntax. An element of another one is none of the invoice's, whatever its name."""
_DAY = re.compile(r"(\d{4})-?(\d\d)-?(\d\d)(?=\D|\d{4}$|\d{6}$|$)")
_NUMBER = re.compile(r"[-+]?\d{1,20}(?:\.\d{0,30})?|[-+]?\.\d{1,30}")
_WAY = re.compile(r"(?:(join|concat|sum): )?(.*)", re.DOTALL)


def _sum(texts: Sequence[str]) -> str:
    return str(sum(map(Decimal, texts))) if all(map(_NUMBER.fullmatch, texts)) else ""


_JOINED: Mapping[str, Callable[[Sequence[str]], str]] = {"join": " ".join, "concat": "".join, "sum": _sum}


_Rows: TypeAlias = Sequence[Sequence[InvoiceField]]


# What stands where


class _Path(Record):
    """A field of a section, and where it stands in one syntax."""

    term: str
    name: str
    kind: str
    codes: str
    way: str
    """Key in _JOINED, or "" where each element has a value of its own."""
    find: Any


class _Part(Record):
    """A section of the paper, and where it stands in one syntax."""

    id: str
    name: str
    is_table: bool
    find: Any
    paths: tuple[_Path, ...]


@cache
def _tables() -> Mapping[str, Any]:
    return tomllib.loads(resources.files("slmdesk.children.formats").joinpath("einvoices.toml").read_text("utf-8"))


@cache
def _meanings() -> Mapping[tuple[str, str], str]:
    return {(code["list"], code["code"]): code["name"] for code in _tables()["code"]}


@cache
def _parts(syntax: str) -> Sequence[_Part]:
    places = _tables()[syntax]
    sections = {section["id"]: section for section in _tables()["section"]}
    parts = []
    for id, section in sections.items():
        if id not in places:
            continue
        own = {**places.get(places[id].get("like", ""), {}), **places[id]}
        fields = sections[section.get("like", id)]["field"]
        paths = tuple(_path(id, field, own[field["id"]], places["names"]) for field in fields if field["id"] in own)
        parts.append(_Part(id, section["name"], section.get("table", False), _xpath(own["at"], places["names"]), paths))
    return parts


def _path(section: str, field: Mapping[str, str], place: str, names: Mapping[str, str]) -> _Path:
    way, place = _WAY.findall(place)[0]
    kind, codes = field.get("kind", "text"), field.get("codes", "")
    return _Path(f"{section}.{field['id']}", field["name"], kind, codes, way, _xpath(place, names))


def _xpath(place: str, names: Mapping[str, str]) -> Any:
    return etree.XPath(place.format(**names), smart_strings=True)


# The XML


def opened(untrusted: bytes, path: str) -> tuple[etree._Element, str]:
    """Parse an e-invoice. Return its root, with names without namespaces, and its syntax.

    Raises KnownError `document.unreadable` if it is none, and what `office_xml.parse` raises.
    """
    root = parse(untrusted, path)
    syntax = _syntax(root)
    for element in root.iter("*"):
        if _syntax(element) in ("", syntax):
            element.tag = etree.QName(element).localname
    if not syntax or root.tag not in ROOTS:
        raise KnownError("document.unreadable", path=path, reason=N_("it is no e-invoice in UBL, CII or FatturaPA"))
    return root, syntax


def _syntax(element: etree._Element) -> str | None:
    """Return the syntax of an element's namespace: "" without one, None for another."""
    space = etree.QName(element).namespace
    if not space:
        return ""
    known = _SPACES.match(space)
    return known.lastgroup if known else None


def unsigned(untrusted: bytes, path: str) -> bytes:
    """Return the XML in a signed file (.p7m), which may be written in base64. Raises KnownError `document.damaged`."""
    from slmdesk.children.formats.mail import signed_content

    try:
        data = untrusted if untrusted.startswith(b"\x30") else base64.b64decode(untrusted)
    except binascii.Error:
        data = b""
    if not (content := signed_content(data)):
        raise KnownError("document.damaged", path=path, reason=_("what is signed cannot be taken out"))
    return content


def _sections(start: etree._Element, syntax: str, path: str) -> Iterator[tuple[_Part, _Rows]]:
    """Yield the sections of an invoice, each with the fields of its rows. Raises KnownError `document.unreadable`."""
    currency, count = "", 0
    for part in _parts(syntax):
        rows = []
        for number, element in enumerate(part.find(start), 1):
            row = [*_fields(part, element, 0 if part.id in _ONCE else number, currency)]
            count += len(row)
            if count > MOST_FIELDS or any(len(field.shown) > MAX_PAGE_CHARACTERS for field in row):
                raise KnownError("document.unreadable", path=path, reason=N_("the e-invoice is too long"))
            rows.append(row)
        currency = currency or next((field.value for row in rows for field in row if field.term == _CURRENCY), "")
        if any(rows):
            yield part, rows


_ONCE = frozenset(("invoice", "seller", "buyer", "payee", "representative", "delivery", "total"))
_CURRENCY = "invoice.currency"


def _fields(part: _Part, element: etree._Element, row: int, currency: str) -> Iterator[InvoiceField]:
    tree, place = etree.ElementTree(element), element.getroottree().getpath(element)
    for path in part.paths:
        found = [(item, text) for item in path.find(element) if (text := _text(item))]
        if path.way and found:
            found = [(found[0][0], _JOINED[path.way]([text for __, text in found]))]
        said = {""}  # what a sum says that has no numbers
        for item, text in found:
            if part.is_table or text not in said:
                said.add(text)
                yield _field(path, item, text, row, currency, partial(_place, tree, place))


def _text(item: etree._Element | str) -> str:
    text = item if isinstance(item, str) else item.text or ""
    return text.strip().replace(DELETED[0], "\ufffd")


def _place(tree: Any, place: str, element: etree._Element) -> str:
    """Return the path of an element. `tree`, `place`: of the row; of each element from the root it takes minutes."""
    inside, top = str(tree.getpath(element)), f"/{tree.getroot().tag}/"
    return f"{place}/{inside.removeprefix(top)}" if inside.startswith(top) else inside


def _field(
    path: _Path, item: Any, text: str, row: int, currency: str, placed: Callable[[etree._Element], str]
) -> InvoiceField:  # fmt: skip
    element = item if isinstance(item, etree._Element) else item.getparent()
    units = (_text(element.get(name, "")) for name in ("currencyID", "unitCode", "schemeID"))
    unit = next(filter(None, units), "")
    if path.kind == "amount":  # one without a currency is in that of the invoice
        unit = unit or currency
    value, shown = _READ_AS.get(path.kind, _as_text)(text, unit)
    if meaning := _meanings().get((path.codes, text)):
        shown = f"{_(meaning)} ({text})"
    return InvoiceField(path.term, value, shown, placed(element), element.sourceline or 0, row, unit)


def _as_text(text: str, _unit: str) -> tuple[str, str]:
    return text, " ".join(text.split())


def _as_lines(text: str, _unit: str) -> tuple[str, str]:
    return text, "\n".join(" ".join(line.split()) for line in text.splitlines())


def _as_day(text: str, unit: str) -> tuple[str, str]:
    try:
        day = date.fromisoformat("-".join(_DAY.match(text).groups()))  # type: ignore[union-attr]
    except (AttributeError, ValueError):  # a week, a month, or nothing of the sort
        return _as_text(text, unit)
    return day.isoformat(), date_words(day)


def _as_number(text: str, unit: str, least: int = 0) -> tuple[str, str]:
    if not _NUMBER.fullmatch(text):
        return _as_text(text, unit)
    whole, __, rest = f"{Decimal(text):f}".partition(".")
    rest = rest.rstrip("0")
    places = max(len(rest), least)
    shown = _("{n:,.{places}f}").format(n=Decimal(text), places=places)
    meaning = _meanings().get(("unit", unit))
    return f"{whole}.{rest}" if rest else whole, f"{shown} {_(meaning) if meaning else unit}".rstrip()


def _as_amount(text: str, unit: str) -> tuple[str, str]:
    return _as_number(text, unit, 2)


def _as_percent(text: str, _unit: str) -> tuple[str, str]:
    value, shown = _as_number(text, "")
    return value, f"{shown} %"


_READ_AS: Mapping[str, Callable[[str, str], tuple[str, str]]] = {
    "lines": _as_lines, "date": _as_day, "number": _as_number, "amount": _as_amount, "percent": _as_percent,
}  # fmt: skip


def in_file(untrusted: bytes, path: str) -> list[EInvoice]:
    """Return the invoices of an XML file, one or, of FatturaPA, several. Raises what `opened` raises."""
    root, syntax = opened(untrusted, path)
    return [_kept(syntax, invoice.fields) for invoice in invoices_of(root, syntax, path)]


def invoices_of(root: etree._Element, syntax: str, path: str) -> Iterator[EInvoice]:
    """Yield the invoices with all their fields. Raises KnownError `document.unreadable`."""
    for start in etree.XPath(_tables()[syntax]["begins"])(root):
        sections = _sections(start, syntax, path)
        yield EInvoice(syntax, tuple(field for __, rows in sections for row in rows for field in row))


def _kept(syntax: str, fields: Sequence[InvoiceField]) -> EInvoice:
    if len(fields) > MOST_KEPT:
        fields = [field for field in fields if not field.term.startswith("line.")]
    return EInvoice(syntax, tuple(fields[:MOST_KEPT]))


# The paper


def read(reading: Reading) -> Iterator[Page]:
    root, syntax = _root(reading)
    reading.attachments = [
        Attachment(at, name, len(data) * 3 // 4, format_by_name(name))
        for at, (name, data) in enumerate(_enclosed(root, syntax))
    ]
    starts = etree.XPath(_tables()[syntax]["begins"])(root)
    reading.check_count(len(starts))
    paper = _Paper()
    for start in starts:
        reading.check()
        paper.begin()
        for part, rows in _sections(start, syntax, reading.path):
            paper.add_section(part, rows)
        _add(reading, _kept(syntax, paper.fields))
    first = reading.einvoices[0] if reading.einvoices else None
    if first is None or not first.fields:
        raise KnownError("document.damaged", path=reading.path, reason=_("the e-invoice says nothing"))
    reading.title = " ".join(field.shown for field in first.every("invoice.number"))
    pages = paper.pages()
    reading.total = len(pages)
    yield from pages


def _add(reading: Reading, invoice: EInvoice) -> None:
    if len(reading.einvoices) < MOST_INVOICES:
        reading.einvoices.append(invoice)
    for term in _tables()["must"]:
        if not invoice.every(term):
            reading.note(Note.EINVOICE_LACKS, name=_name_of(term))
    if invoice.every("document.address"):
        reading.note(Note.EXTERNAL_IGNORED)


def _root(reading: Reading) -> tuple[etree._Element, str]:
    data = reading.all_bytes()
    if not data.lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n").startswith((b"<", b"\0<")):
        data = unsigned(data, reading.path)
        reading.note(Note.SIGNED)
    return opened(data, reading.path)


def _name_of(term: str) -> str:
    parts = {path.term: f"{_(part.name)}: {_(path.name)}".lstrip(": ") for part in _parts("cii") for path in part.paths}
    return parts[term]


class _Paper:
    def __init__(self) -> None:
        self.fields: list[InvoiceField] = []
        """Those of the last invoice, with their places."""
        self._texts: list[PageText] = []

    def begin(self) -> None:
        """Begin the paper of an invoice."""
        self._texts.append(PageText())
        self.fields = []

    def add_section(self, part: _Part, rows: _Rows) -> None:
        if part.name:
            self._add(BlockKind.HEADING, [_(part.name)], 2)
        if part.is_table:
            self._add_table(part, rows)
            return
        names = {path.term: path.name for path in part.paths}
        for row in rows:
            for field in row:
                self._add(BlockKind.PARAGRAPH, [f"{_(names[field.term])}: ", field])

    def _add_table(self, part: _Part, rows: _Rows) -> None:
        said = {field.term for row in rows for field in row}
        columns = [path for path in part.paths if path.term in said]
        self._add(BlockKind.TABLE_ROW, ["\t".join(_(path.name) for path in columns)], 1)
        for row in rows:
            words: list[str | InvoiceField] = []
            for path in columns:
                for number, field in enumerate([field for field in row if field.term == path.term]):
                    if number > 0:
                        words.append("; ")
                    words.append(field)
                words.append("\t")
            self._add(BlockKind.TABLE_ROW, words[:-1])

    def _add(self, kind: BlockKind, words: Sequence[str | InvoiceField], level: int = 0) -> None:
        text = "".join(word if isinstance(word, str) else word.shown for word in words)
        if len(self._texts[-1]) + len(text) > MOST_PIECES_CHARACTERS:
            self._texts.append(PageText())
        at = len(self._texts[-1])
        if at:  # behind the end of the line above
            at += 1
        for word in words:
            if isinstance(word, str):
                at += len(word)
                continue
            self.fields.append(changed(word, page=len(self._texts), start=at, end=at + len(word.shown)))
            at += len(word.shown)
        self._texts[-1].add(kind, text, level=level)

    def pages(self) -> list[Page]:
        return [page_of(at, str(at), text.text, text.blocks) for at, text in enumerate(self._texts, 1)]


# What is enclosed


def attachment(reading: Reading, index: int) -> tuple[str, bytes]:
    """Return the name and the bytes of an enclosed file. Raises KnownError `request.invalid`, `document.damaged`."""
    enclosed = _enclosed(*_root(reading))
    if not 0 <= index < len(enclosed):
        raise KnownError("request.invalid", what="attachment")
    name, data = enclosed[index]
    try:
        return name, base64.b64decode(data)
    except (binascii.Error, ValueError) as err:
        raise KnownError("document.damaged", path=reading.path, reason=_("a file in it is broken")) from err


def _enclosed(root: etree._Element, syntax: str) -> list[tuple[str, str]]:
    """Return the names of the enclosed files, and what they hold, in base64."""
    table, files = _tables()[syntax], []
    at, name, data = (_xpath(table["document"][key], table["names"]) for key in ("at", "file", "data"))
    for start in etree.XPath(table["begins"])(root):
        for element in at(start):
            held = "".join(map(_text, data(element)))
            if held:
                files.append((" ".join(map(_text, name(element)))[:200] or N_("embedded file"), held))
    return files


def add_invoices(reading: Reading, name: str, untrusted: bytes) -> None:
    """Add what an e-invoice in a document says to its reading. One that cannot be read is noted."""
    try:
        for invoice in in_file(untrusted, name):
            _add(reading, invoice)
    except KnownError:
        reading.note(Note.EINVOICE_BROKEN, name=name)
