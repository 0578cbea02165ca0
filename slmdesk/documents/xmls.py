"""XML of a foreign document, parsed without entities, outside references or unbounded depth (X2)."""

from __future__ import annotations

import re

from lxml import etree

from slmdesk.core.errors import KnownError

_ENTITY = re.compile(rb"<!ENTITY", re.IGNORECASE)
MAX_PROLOG_BYTES = 1 << 20


def parse(untrusted: bytes, path: str) -> etree._Element:
    """The root element.

    Raises KnownError `document.damaged` for what is no XML, `document.bomb` for one that declares entities: no office
    program writes them, and they are how a small file becomes a large one.
    """
    if _ENTITY.search(untrusted, 0, MAX_PROLOG_BYTES):
        raise KnownError("document.bomb", path=path)
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, dtd_validation=False, huge_tree=False,
        remove_comments=True, remove_pis=True, recover=False,
    )  # fmt: skip
    try:
        root = etree.fromstring(untrusted, parser)
    except (etree.XMLSyntaxError, ValueError) as err:
        raise KnownError("document.damaged", path=path, reason="its XML is broken") from err
    dtd = root.getroottree().docinfo.internalDTD
    if dtd is not None and any(True for _ in dtd.iterentities()):  # declared in UTF-16, say
        raise KnownError("document.bomb", path=path)
    return root


def local(element: etree._Element) -> str:
    """The name of an element without its namespace; strict and transitional files differ in that alone."""
    tag = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""
