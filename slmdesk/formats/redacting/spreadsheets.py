"""What is particular to Excel files: numbers and dates that show words, names of sheets, formulas that hold words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime

from lxml import etree

from slmdesk.formats.number_formats import GENERAL, NumberFormat, shown
from slmdesk.formats.redacting.base import Redacting
from slmdesk.formats.redacting.trees import drop
from slmdesk.formats.redacting.words import put
from slmdesk.formats.xlsx import formats_of
from slmdesk.formats.xmls import child, local

_FORBIDDEN = re.compile(r"[\[\]:*?/\\']")
MOST_SHEET_NAME = 31
_DATE_FORMS = ("%d.%m.%Y", "%d.%m.%y", "%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y", "%Y/%m/%d")
_CODES = frozenset(("f", "formula", "formula1", "formula2", "definedName", "oldFormula"))


class Workbook:
    """The parts of an Excel file; for other files it does nothing."""

    def __init__(self, redacting: Redacting, trees: Mapping[str, etree._Element]) -> None:
        self._redacting = redacting
        self._sheets: dict[str, str] = {}
        self._formats: list[NumberFormat] = []
        self._is_1904 = False
        self._values: list[tuple[etree._Element, str]] = []
        for name, root in trees.items():
            lower = name.lower()
            if lower == "xl/styles.xml":
                self._formats = formats_of(root)
            elif lower == "xl/workbook.xml":
                self._read_book(root)

    def _read_book(self, root: etree._Element) -> None:
        about = child(root, "workbookPr")
        self._is_1904 = about is not None and about.get("date1904") in ("1", "true")
        listed = child(root, "sheets")
        taken = {one.get("name", "") for one in listed} if listed is not None else set()
        for number, sheet in enumerate(listed if listed is not None else (), 1):
            old = sheet.get("name", "")
            new = put(self._redacting.words, old, "name of a sheet", bare=True)
            if new == old:
                continue
            new = _FORBIDDEN.sub(" ", new)[:MOST_SHEET_NAME].strip() or f"Sheet {number}"
            if new in taken:
                new = f"{new[: MOST_SHEET_NAME - 5]} {number}"
            taken.add(new)
            self._sheets[old] = new
            sheet.set("name", new)

    def prepare(self, name: str, root: etree._Element) -> None:
        lower = name.lower()
        if not lower.startswith("xl/") and "charts/" not in lower:
            return
        self._formulas(root, name)
        if lower.startswith("xl/worksheets/"):
            self._cells(root, name)
        if "pivotcache" in lower:
            self._pivot(root, name)

    def mend(self, name: str, root: etree._Element) -> None:
        """After words were replaced: a cell that lost its number is text or empty; a table's columns must be called as
        its cells, and each otherwise.
        """
        for value, before in self._values:
            if value.text != before:
                _set_text(value)
        self._values = []
        if name.lower().startswith("xl/tables/"):
            seen: set[str] = set()
            for one in root.iter("{*}tableColumn"):
                wanted = one.get("name", "")
                number = 1
                while one.get("name", "").lower() in seen:
                    number += 1
                    one.set("name", f"{wanted}{number}")
                seen.add(one.get("name", "").lower())

    def _formulas(self, root: etree._Element, place: str) -> None:
        for one in list(root.iter()):
            if not isinstance(one.tag, str) or local(one) not in _CODES or not one.text:
                continue
            text = one.text
            for old, new in self._sheets.items():
                quoted, other = old.replace("'", "''"), new.replace("'", "''")
                text = text.replace(f"'{quoted}'!", f"'{other}'!")
                text = re.sub(rf"(?<![\w'.]){re.escape(old)}!", lambda _found, to=other: f"'{to}'!", text)  # type: ignore[misc]
            one.text = text
            held = put(self._redacting.words, text, place, bare=True) != text
            is_defined = local(one) == "definedName"
            held = held or (
                is_defined and put(self._redacting.words, one.get("name", ""), place, bare=True) != one.get("name")
            )
            above = one.getparent()
            if held and self._redacting.removes and (is_defined or (above is not None and local(above) == "c")):
                self._redacting.remove("formula", place)
                drop(one)
        for one in list(root.iter("{*}definedNames")):
            if not len(one):
                drop(one)

    def _cells(self, root: etree._Element, place: str) -> None:
        for cell in root.iter("{*}c"):
            kind, value = cell.get("t", "n"), child(cell, "v")
            if kind not in ("n", "d") or value is None or not value.text:
                continue
            self._values.append((value, value.text))
            for text in self._shown(value.text, cell.get("s", "0")) if kind == "n" else ():
                new = put(self._redacting.words, text, place)
                if new != text:
                    value.text = new
                    break

    def _shown(self, raw: str, style: str) -> list[str]:
        """A number as the sheet shows it, as it is kept, and a date in the ways people write it."""
        form = self._formats[int(style)] if style.isdecimal() and int(style) < len(self._formats) else GENERAL
        try:
            number = float(raw)
            text = shown(number, form, from_1904=self._is_1904) if number - number == 0 else raw
        except ValueError:
            return [raw]
        found = [text, raw]
        if form.has_date:
            try:
                moment = datetime.fromisoformat(text[:10])
            except ValueError:
                return found
            found += [moment.strftime(one) for one in _DATE_FORMS]
        return found

    def _pivot(self, root: etree._Element, place: str) -> None:
        """Numbers and dates a pivot table keeps, which show a word, become text; it is computed anew when opened."""
        for one in root.iter("{*}d", "{*}n"):
            value = one.get("v", "")
            for text in (value, value[:10]):
                if put(self._redacting.words, text, place) != text:
                    one.tag = str(one.tag).rpartition("}")[0] + "}s"
                    one.set("v", put(self._redacting.words, text, place))
                    break
        if local(root) == "pivotCacheDefinition" and self._redacting.removes:
            root.set("refreshOnLoad", "1")


def _set_text(value: etree._Element) -> None:
    """Make a cell say what stands in it, and compute nothing."""
    cell = value.getparent()
    if cell is None:
        return
    for formula in [one for one in cell if local(one) == "f"]:
        drop(formula)
    cell.set("t", "str")
    if not value.text:
        drop(value)
