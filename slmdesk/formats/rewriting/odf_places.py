"""Describes where something is in an OpenDocument text, for people."""

from __future__ import annotations

from lxml import etree

from slmdesk.formats.xmls import attribute, local


class Places:
    def __init__(self, word: str) -> None:
        self._word, self._paragraphs, self._tables = word, 0, 0
        self._names: dict[etree._Element, str] = {}

    def next(self) -> None:
        self._paragraphs += 1

    def table(self, element: etree._Element) -> None:
        self._tables += 1
        self._names[element] = attribute(element, "name") or f"table {self._tables}"

    def cell(self, element: etree._Element) -> etree._Element | None:
        return next((one for one in element.iterancestors() if local(one) == "table-cell"), None)

    def of(self, element: etree._Element) -> str:
        words = [self._word] if self._word else []
        for one in element.iterancestors():
            name = local(one)
            if name == "note":
                words.append("footnote")
            elif name == "notes":
                words.append("notes")
            elif name == "page" and "drawing" in (etree.QName(one).namespace or ""):
                words.append(attribute(one, "name"))
            elif name == "annotation":
                words.append("comment")
            elif name == "table" and one in self._names:
                words.append(self._names[one])
        return ", ".join(dict.fromkeys(words)) or f"paragraph {self._paragraphs}"
