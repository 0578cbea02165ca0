"""Redacts e-invoices as XML. Days and amounts are searched as the paper shows them, for that is what a person chose."""

from __future__ import annotations

from slmdesk.base.errors import KnownError
from slmdesk.base.texts import _
from slmdesk.children.formats.einvoices import HOLDING, invoices_of, opened
from slmdesk.children.formats.office_xml import local, parse
from slmdesk.children.formats.redacting.redactors import Redacting, put
from slmdesk.children.formats.redacting.text import redact_tree, written


def redact(redacting: Redacting) -> bytes:
    """Return the redacted XML. Raises KnownError `document.unreadable` for a signed file."""
    reading = redacting.reading
    data = reading.all_bytes()
    if data.startswith(b"\x30"):
        reason = _("it is signed, which a redacted copy would not be: redact the XML in it")
        raise KnownError("document.unreadable", path=reading.path, reason=reason)
    root = parse(data, reading.path)
    for element in root.iter("*"):
        if redacting.removes and local(element) in HOLDING and (element.text or "").strip():
            redacting.remove("embedded", element.get("filename", ""))
            element.text = ""
    plain, syntax = opened(data, reading.path)
    elements = dict(zip(plain.iter("*"), root.iter("*"), strict=True))
    shown = {
        elements[plain.xpath(field.path)[0]]: field.shown
        for invoice in invoices_of(plain, syntax, reading.path)
        for field in invoice.fields
        if field.shown.split() != field.value.split()
    }
    for element, words in shown.items():
        if (new := put(redacting.words, words, "text")) != words:
            element.text = new
    redact_tree(root, redacting, "text", skips=lambda element: element in shown)
    return written(root)
