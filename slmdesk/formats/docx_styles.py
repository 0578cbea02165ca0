"""Styles and numbering of Word files: which paragraph is a heading, which an item of a list and with what number.

ECMA-376 part 1, 17.7 (styles) and 17.9 (numbering).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from lxml import etree

from slmdesk.base.documents import BlockKind
from slmdesk.base.record import Record, changed
from slmdesk.formats.ooxml import is_on
from slmdesk.formats.xmls import attribute, child, local

_HEADING = re.compile(r"heading ([1-9])$")
_LEVELS = 9
_KIND_OF_NAME = (
    ("list bullet", BlockKind.LIST_ITEM),
    ("list number", BlockKind.LIST_ITEM),
    ("caption", BlockKind.CAPTION),
    ("quote", BlockKind.QUOTE),
    ("intense quote", BlockKind.QUOTE),
    ("html preformatted", BlockKind.CODE),
    ("source code", BlockKind.CODE),
)
"""Built-in names are English in every language's files; only their ids are translated."""


class Style(Record):
    kind: BlockKind | None = None
    level: int = 0
    number: str = ""
    """The id of its list; empty: none."""
    item_level: int = 0
    is_hidden: bool = False
    breaks_before: bool = False


def styles_of(root: etree._Element | None) -> Mapping[str, Style]:
    elements = {attribute(one, "styleId"): one for one in root if local(one) == "style"} if root is not None else {}
    found: dict[str, Style] = {}
    for name, element in elements.items():
        found[name] = _resolved(name, elements)
        if attribute(element, "type") == "paragraph" and attribute(element, "default") in ("1", "true", "on"):
            found[""] = found[name]
    return found


def _resolved(name: str, elements: Mapping[str, etree._Element]) -> Style:
    chain: list[etree._Element] = []
    while name in elements and elements[name] not in chain:
        chain.append(elements[name])
        name = attribute(based, "val") if (based := child(chain[-1], "basedOn")) is not None else ""
    style = Style()
    for element in reversed(chain):
        style = _with(style, element)
    return style


def _with(style: Style, element: etree._Element) -> Style:
    named = child(element, "name")
    name = attribute(named, "val").lower() if named is not None else ""
    if heading := _HEADING.match(name):
        style = changed(style, kind=BlockKind.HEADING, level=int(heading[1]))
    elif name == "title":
        style = changed(style, kind=BlockKind.HEADING, level=1)
    else:
        kind = next((kind for beginning, kind in _KIND_OF_NAME if name.startswith(beginning)), None)
        style = changed(style, kind=kind or style.kind)
    properties = child(element, "pPr")
    if (level := outline_level(properties)) is not None:
        style = changed(style, kind=BlockKind.HEADING if level else None, level=level)
    number, item_level = number_of(properties)
    if number is not None:
        style = changed(style, number=number)
    if item_level is not None:
        style = changed(style, item_level=item_level)
    if (broken := child(properties, "pageBreakBefore")) is not None:
        style = changed(style, breaks_before=is_on(broken))
    if (vanish := child(element, "rPr", "vanish")) is not None:
        style = changed(style, is_hidden=is_on(vanish))
    return style


def outline_level(properties: etree._Element | None) -> int | None:
    """What a paragraph's properties say of its level: 1 up to 9, 0 for body text, None: nothing."""
    outline = child(properties, "outlineLvl")
    if outline is None or not attribute(outline, "val").isdecimal():
        return None
    level = int(attribute(outline, "val")[:3])
    return level + 1 if level < _LEVELS else 0


def number_of(properties: etree._Element | None) -> tuple[str | None, int | None]:
    """The list's id ("" for none) and the level in it, from 0, as far as the properties say."""
    about = child(properties, "numPr")
    number, level = child(about, "numId"), child(about, "ilvl")
    found = attribute(number, "val") if number is not None else None
    depth = attribute(level, "val") if level is not None else ""
    return "" if found == "0" else found, min(int(depth), _LEVELS - 1) if depth.isdecimal() and len(depth) < 3 else None


class _Level(Record):
    start: int = 1
    format: str = "decimal"
    text: str = ""
    style: str = ""
    is_legal: bool = False


@dataclass(slots=True)
class _List:
    levels: dict[int, _Level]
    counts: dict[int, int] = field(default_factory=dict)


class Numbering:
    def __init__(self, root: etree._Element | None) -> None:
        self._lists: dict[str, _List] = {}
        self._list_of: dict[str, str] = {}
        self._starts: dict[str, dict[int, int]] = {}
        links: dict[str, str] = {}
        requested: dict[str, str] = {}
        for one in root if root is not None else ():
            if local(one) == "abstractNum":
                name = attribute(one, "abstractNumId")
                self._lists[name] = _List(dict(_levels(one)))
                if (linked := child(one, "styleLink")) is not None:
                    links[attribute(linked, "val")] = name
                if (linked := child(one, "numStyleLink")) is not None:
                    requested[name] = attribute(linked, "val")
            elif local(one) == "num":
                self._take(one)
        for name, style in requested.items():
            if style in links:
                self._lists[name] = self._lists[links[style]]

    def _take(self, num: etree._Element) -> None:
        name, about = attribute(num, "numId"), child(num, "abstractNumId")
        self._list_of[name] = attribute(about, "val") if about is not None else ""
        for one in num:
            start = child(one, "startOverride")
            level, value = attribute(one, "ilvl"), attribute(start, "val") if start is not None else ""
            if level.isdecimal() and value.isdecimal():
                self._starts.setdefault(name, {})[int(level[:2])] = int(value[:6])

    def level_of_style(self, number: str, style: str) -> int | None:
        one = self._lists.get(self._list_of.get(number, ""))
        return next((level for level, about in one.levels.items() if about.style == style), None) if one else None

    def next(self, number: str, level: int) -> str:
        """The displayed number of the next list item; empty for bullets and unknown lists."""
        one = self._lists.get(self._list_of.get(number, ""))
        if one is None or level not in one.levels:
            return ""
        about = one.levels[level]
        start = self._starts.get(number, {}).pop(level, None)
        one.counts[level] = one.counts.get(level, about.start - 1) + 1 if start is None else start
        for deeper in [deeper for deeper in one.counts if deeper > level]:
            del one.counts[deeper]
        if about.format in ("bullet", "none"):
            return ""

        def shown(found: re.Match[str]) -> str:
            at = int(found[1]) - 1
            other = one.levels.get(at, _Level())
            return as_number(one.counts.get(at, other.start), "decimal" if about.is_legal else other.format)

        return re.sub(r"%([1-9])", shown, about.text).strip()


def _levels(element: etree._Element) -> Iterator[tuple[int, _Level]]:
    for one in element:
        number = attribute(one, "ilvl")
        if local(one) != "lvl" or not number.isdecimal():
            continue
        values = {local(about): attribute(about, "val") for about in one}
        start = values.get("start", "")
        yield int(number[:2]), _Level(
            int(start[:6]) if start.isdecimal() else 1, values.get("numFmt", "decimal"), values.get("lvlText", ""),
            values.get("pStyle", ""), is_on(child(one, "isLgl")),
        )  # fmt: skip


_ROMAN = (
    (1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"), (50, "l"), (40, "xl"), (10, "x"),
    (9, "ix"), (5, "v"), (4, "iv"), (1, "i"),
)  # fmt: skip
_MAX_ROMAN = 3999


def as_number(value: int, form: str) -> str:
    """A number as lists write it: decimal, decimalZero, lowerLetter, upperLetter, lowerRoman, upperRoman."""
    if form in ("lowerRoman", "upperRoman") and 0 < value <= _MAX_ROMAN:
        text = ""
        for size, letters in _ROMAN:
            text += letters * (value // size)
            value %= size
        return text.upper() if form == "upperRoman" else text
    if form in ("lowerLetter", "upperLetter") and 0 < value <= _MAX_ROMAN:
        letter = chr(ord("a") + (value - 1) % 26) * ((value - 1) // 26 + 1)
        return letter.upper() if form == "upperLetter" else letter
    return f"{value:02}" if form == "decimalZero" else str(value)
