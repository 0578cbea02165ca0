"""Finds the values of content controls that are bound to data in the same file (ECMA-376 part 1, 17.5.2.6)."""

from __future__ import annotations

import re
from collections.abc import Mapping

from lxml import etree

from slmdesk.children.formats.office_xml import Package, attribute, child, children, local

_PATH = re.compile(r"(?:/(?:[\w.-]+:)?[\w.-]+(?:\[\d{1,4}\])?)+(?:/@(?:[\w.-]+:)?[\w.-]+)?")
"""Matches the paths that Word writes. No other is followed: a path may be an expression that runs for ever."""
_SPACES = re.compile(r"xmlns:([\w.-]+)=[\"']([^\"']*)[\"']")
_OF_THE_FILE = {
    "{6C3C8BC8-F283-45AE-878A-BAB7291924A1}": "core-properties",
    "{6668398D-A668-4E3E-A5EB-62B293D839F1}": "extended-properties",
}
"""The stores that are properties of the file, by their ids."""


class BoundData:
    def __init__(self, package: Package, main: str) -> None:
        self._package, self._main = package, main
        self._stores: Mapping[str, etree._Element] | None = None

    def value_of(self, properties: etree._Element | None) -> str:
        """Return the value that a content control is bound to, or "" if there is none."""
        binding = child(properties, "dataBinding")
        path = attribute(binding, "xpath")
        if not _PATH.fullmatch(path):
            return ""
        spaces = dict(_SPACES.findall(attribute(binding, "prefixMappings")))
        wanted = attribute(binding, "storeItemID").upper()
        for name, root in self._all().items():
            if wanted not in ("", name):
                continue
            try:
                found = root.getroottree().xpath(path, namespaces=spaces)
            except etree.XPathError:
                continue
            if isinstance(found, list) and found:
                first = found[0]
                text = first if isinstance(first, str) else "".join(first.itertext())
                return " ".join(text.split())
        return ""

    def _all(self) -> Mapping[str, etree._Element]:
        if self._stores is None:
            package = self._package
            stores = {name: package.tree(package.related("", kind)) for name, kind in _OF_THE_FILE.items()}
            for part in package.all_related(self._main, "customXml"):
                about = package.tree(next(iter(package.all_related(part, "customXmlProps")), ""))
                stores[attribute(about, "itemID").upper() or part] = package.tree(part)
            self._stores = {name: root for name, root in stores.items() if root is not None}
        return self._stores


def fill(control: etree._Element, value: str) -> None:
    """Put the value of a content control in the place of the text that it shows."""
    properties = child(control, "sdtPr")
    kind = next((element for element in children(properties, "date", "dropDownList", "comboBox", "checkbox")), None)
    is_placeholder = child(properties, "showingPlcHdr") is not None
    if kind is not None and local(kind) in ("date", "checkbox"):
        if not is_placeholder or local(kind) == "checkbox":
            return  # it shows the value in a form of its own
        value = value[:10]
    names = {attribute(entry, "value"): attribute(entry, "displayText") for entry in children(kind, "listItem")}
    value = names.get(value) or value
    shown = [element for element in control.iter("{*}t") if isinstance(element.tag, str)]
    if shown and "".join(element.text or "" for element in shown).split() != value.split():
        shown[0].text = value
        for element in shown[1:]:
            element.text = ""
