"""Reads what was filled in to a form of XFA (Adobe LiveCycle), whose pages hold nothing but a request to wait."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from contextlib import suppress
from itertools import groupby

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c
from lxml import etree

from slmdesk.base.errors import KnownError
from slmdesk.children.formats.office_xml import local, parse

MOST_BYTES = 8 << 20
MOST_VALUES = 5000
MOST_PACKETS = 50
_READ = ("template", "datasets", "")
"""Packets that are read. One without a name holds all of them."""


def filled_in(document: pdfium.PdfDocument, path: str) -> list[str]:
    """Return the words of the form, then what the fields hold behind their captions or names: a text for those beside
    each other. Empty if no field holds anything that can be read.
    """
    texts: list[str] = []
    captions: dict[str, str] = {}
    values: list[str] = []
    for root in _packets(document, path):
        for draw in root.iter("{*}draw"):
            if draw.get("presence", "visible") == "visible" and (text := _words(next(draw.iter("{*}value"), None))):
                texts.append(text)
        for field in root.iter("{*}field"):
            if caption := _words(next(field.iter("{*}caption"), None)):
                captions.setdefault(field.get("name", ""), caption)
        for data in root.iter("{http://www.xfa.org/schema/xfa-data/1.0/}data"):
            for __, leaves in groupby(_leaves(data), key=etree._Element.getparent):
                parts = [f"{captions.get(local(leaf), local(leaf)).rstrip(':')}: {_words(leaf)}" for leaf in leaves]
                values.append("; ".join(parts) + ".")
    return [*texts, *values][:MOST_VALUES] if values else []


def _packets(document: pdfium.PdfDocument, path: str) -> Iterator[etree._Element]:
    for index in range(min(pdfium_c.FPDF_GetXFAPacketCount(document), MOST_PACKETS)):
        size = pdfium_c.FPDF_GetXFAPacketName(document, index, None, 0)
        name = ctypes.create_string_buffer(max(size, 1))
        pdfium_c.FPDF_GetXFAPacketName(document, index, name, size)
        length = ctypes.c_ulong()
        pdfium_c.FPDF_GetXFAPacketContent(document, index, None, 0, length)
        if name.value.decode("latin-1") not in _READ or not 0 < length.value <= MOST_BYTES:
            continue
        content = ctypes.create_string_buffer(length.value)
        pdfium_c.FPDF_GetXFAPacketContent(document, index, content, length.value, length)
        with suppress(KnownError):
            yield parse(content.raw, path)


def _leaves(data: etree._Element) -> Iterator[etree._Element]:
    """Yield the elements with words of their own, not those of pictures."""
    for element in data.iter("{*}*"):
        is_rich = any(_is_hypertext(child) for child in element)
        is_leaf = not len(element) or is_rich
        if is_leaf and not _is_hypertext(element) and "image/" not in str(element.attrib.values()) and _words(element):
            yield element


def _is_hypertext(element: etree._Element) -> bool:
    return etree.QName(element).namespace == "http://www.w3.org/1999/xhtml"


def _words(element: etree._Element | None) -> str:
    return "" if element is None else " ".join("".join(map(str, element.itertext())).split())
