"""Properties of a translated file by which programs find that a model wrote in it (AI Act, Article 50)."""

from __future__ import annotations

import re
from collections.abc import Callable, Container
from html import escape

from lxml import etree

from slmdesk.base.documents import model_properties
from slmdesk.children.formats.office_xml import local, parse

CUSTOM, TYPES, RELATIONS, META = "docProps/custom.xml", "[Content_Types].xml", "_rels/.rels", "meta.xml"
CUSTOM_NS = "http://schemas.openxmlformats.org/officeDocument/2006/custom-properties"
VALUES_NS = "http://schemas.openxmlformats.org/officeDocument/2006/docPropsVTypes"
TYPES_NS = "http://schemas.openxmlformats.org/package/2006/content-types"
RELATIONS_NS = "http://schemas.openxmlformats.org/package/2006/relationships"
CUSTOM_TYPE = "application/vnd.openxmlformats-officedocument.custom-properties+xml"
CUSTOM_RELATION = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/custom-properties"
ODF_META_NS = "urn:oasis:names:tc:opendocument:xmlns:meta:1.0"
FORMAT_ID = "{D5CDD505-2E9C-101B-9397-08002B2CF9AE}"
"""Names the list of the properties that people add. It is the same in every file."""
_HEAD = re.compile(rb"<head(?:\s[^>]*)?>", re.IGNORECASE)


def parts_with_origin(names: Container[str], read: Callable[[str], bytes], model: str, path: str) -> dict[str, bytes]:
    """Return the parts of an Office file that change where a model wrote, by name. Other archives have no place."""
    properties = model_properties(model)
    if properties and TYPES in names and RELATIONS in names:
        return _office(names, read, properties, path)
    if properties and META in names:
        root = parse(read(META), path, whole=True)
        meta = next((element for element in root if local(element) == "meta"), None)
        if meta is None:
            return {}
        for name, value in properties.items():
            etree.SubElement(meta, f"{{{ODF_META_NS}}}user-defined", {f"{{{ODF_META_NS}}}name": name}).text = value
        return {META: _bytes(root)}
    return {}


def page_with_origin(page: bytes, model: str) -> bytes:
    """Return a web page that says in its head that a model wrote in it. A page without a head stays as it is."""
    lines = (f'<meta name="{name}" content="{escape(value)}">' for name, value in model_properties(model).items())
    said = "".join(lines).encode("ascii", "xmlcharrefreplace")
    return _HEAD.sub(lambda head: head[0] + said, page, count=1)


def _office(
    names: Container[str], read: Callable[[str], bytes], properties: dict[str, str], path: str
) -> dict[str, bytes]:
    is_there = CUSTOM in names
    root = parse(read(CUSTOM), path, whole=True) if is_there else etree.Element(f"{{{CUSTOM_NS}}}Properties")
    for known in [each for each in root if each.get("name") in properties]:
        root.remove(known)
    last = max((int(each.get("pid", "1")) for each in root if each.get("pid", "").isdecimal()), default=1)
    for pid, (name, value) in enumerate(properties.items(), last + 1):
        about = {"fmtid": FORMAT_ID, "pid": str(pid), "name": name}
        etree.SubElement(
            etree.SubElement(root, f"{{{CUSTOM_NS}}}property", about), f"{{{VALUES_NS}}}lpwstr"
        ).text = value
    if is_there:
        return {CUSTOM: _bytes(root)}
    types, relations = parse(read(TYPES), path, whole=True), parse(read(RELATIONS), path, whole=True)
    etree.SubElement(types, f"{{{TYPES_NS}}}Override", {"PartName": f"/{CUSTOM}", "ContentType": CUSTOM_TYPE})
    about = {"Id": "rIdSlmdeskOrigin", "Type": CUSTOM_RELATION, "Target": CUSTOM}
    etree.SubElement(relations, f"{{{RELATIONS_NS}}}Relationship", about)
    return {CUSTOM: _bytes(root), TYPES: _bytes(types), RELATIONS: _bytes(relations)}


def _bytes(root: etree._Element) -> bytes:
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8", standalone=True)
