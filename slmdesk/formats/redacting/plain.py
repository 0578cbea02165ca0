"""Redacts plain text and Markdown, web pages, and tables as text."""

from __future__ import annotations

import codecs
import re

from lxml import etree
from lxml import html as markup

from slmdesk.base.errors import KnownError
from slmdesk.formats.decoding import NotTextError, decode, decode_as
from slmdesk.formats.redacting.base import Redacting
from slmdesk.formats.redacting.trees import drop, redact_tree
from slmdesk.formats.redacting.words import put, put_encoded

_DATA = re.compile(r"data:[\w.+-]*/?[\w.+-]*(?:;[\w=.+-]+)*;base64,[A-Za-z0-9+/=%\s]{16,}")
"""A file inside a text."""
_RUNNING = frozenset(("script", "object", "embed", "applet", "iframe", "frame", "template", "noscript"))
_BOM = {"utf-8": codecs.BOM_UTF8, "utf-16-le": codecs.BOM_UTF16_LE, "utf-16-be": codecs.BOM_UTF16_BE}


def redact(redacting: Redacting) -> bytes:
    """A text in its own encoding; in UTF-8 where that has no letters for what is put in."""
    reading = redacting.reading
    data = reading.text_bytes()
    try:
        decoded = decode_as(data, reading.encoding) if reading.encoding else decode(data)
    except NotTextError as err:
        raise KnownError("document.binary", path=reading.path) from err
    if decoded.doubt:
        redacting.doubt("encoding", "")
    text = redact_text(redacting, decoded.text)
    mark = next((bom for name, bom in _BOM.items() if name == decoded.encoding and data.startswith(bom)), b"")
    try:
        return mark + text.encode(decoded.encoding)
    except (UnicodeError, LookupError):
        return text.encode("utf-8", "replace")


def redact_text(redacting: Redacting, text: str, place: str = "text") -> str:
    """Text with its words replaced, also where they stand in addresses or as entities; files in it go."""
    if redacting.removes and _DATA.search(text):
        redacting.remove("embedded", place)
        text = _DATA.sub("removed:", text)
    return put(redacting.words, put_encoded(redacting.words, text, place), place)


def redact_page(redacting: Redacting) -> bytes:
    data = redacting.reading.text_bytes()
    try:
        text = decode(data).text
    except NotTextError as err:
        raise KnownError("document.binary", path=redacting.reading.path) from err
    return redact_markup(redacting, text, "web page").encode("utf-8", "replace")


def redact_markup(redacting: Redacting, text: str, place: str) -> str:
    """Hypertext with its words replaced; programs, comments and files in it go."""
    text = re.sub(r"^\s*<\?xml[^>]*\?>", "", text)
    if not text.strip():
        return text
    if redacting.removes and _DATA.search(text):
        redacting.remove("embedded", place)
        text = _DATA.sub("removed:", text)
    try:
        root = markup.document_fromstring(text, parser=markup.HTMLParser(encoding=None, huge_tree=False))
    except (etree.ParserError, etree.XMLSyntaxError, ValueError) as err:
        raise KnownError("document.damaged", path=redacting.reading.path, reason="its markup is broken") from err
    if redacting.removes:
        for one in list(root.iter(*_RUNNING)):
            redacting.remove("program", place)
            drop(one)
        for one in root.iter("meta"):
            if "charset" in one.attrib:
                one.set("charset", "utf-8")
            elif one.get("http-equiv", "").lower() == "content-type":
                one.set("content", "text/html; charset=utf-8")
    redact_tree(root, redacting, place)
    made = markup.tostring(root, encoding="unicode", doctype="<!DOCTYPE html>")
    assert isinstance(made, str)
    return made
