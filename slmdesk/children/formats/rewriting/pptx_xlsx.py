"""Translates PowerPoint and Excel files: slides, notes, cells, comments, shapes, charts and names of sheets."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from lxml import etree

from slmdesk.base.documents import column_number
from slmdesk.children.formats.office_xml import Package, above, attribute, child, children, local, relation_id, text_of
from slmdesk.children.formats.rewriting.docx import beside_the_text, drawn_units
from slmdesk.children.formats.rewriting.office_parts import (
    XML_SPACE,
    Cells,
    Inline,
    Node,
    Part,
    Parts,
    Words,
    alt_text_unit,
    always,
    drawing_paragraph,
    drawing_units,
    is_drawing,
    remove,
    text_unit,
    translated,
)
from slmdesk.children.formats.rewriting.rewriters import MOST_SAID, LeftAsIs, Rewriting, Unit, Units, said
from slmdesk.children.formats.rewriting.text_files import stretch_of
from slmdesk.children.formats.sheets import column_name


def rewrite_pptx(rewriting: Rewriting) -> Units:
    reading = rewriting.reading
    with Parts.opened(reading, rewriting) as parts:
        main = parts.main_part("ppt/presentation.xml")
        parts.main(main)
        for number, name in enumerate(_listed(parts, main), start=1):
            reading.check()
            yield from _slides(parts, [name], f"slide {number}")
            yield from _slides(parts, parts.all_related(name, "notesSlide"), f"slide {number}, notes")
            for comments in parts.each(parts.all_related(name, "comments")):
                yield from _comments(comments, f"slide {number}, comment")
        yield from _furniture(parts, main)
        yield from beside_the_text(parts)


def _listed(package: Package, main: str) -> Iterator[str]:
    root = package.tree(main)
    relations = package.relations(main)
    for element in root.iter("{*}sldId") if root is not None else ():
        relation = relations.get(relation_id(element))
        if relation is not None:
            yield relation.part


def _slides(parts: Parts, names: Iterable[str], word: str) -> Units:
    for part in parts.each(names):
        yield from drawing_units(part, place=_placed(word))
        for element in part.root.iter("{*}cNvPr", "{*}hlinkClick"):
            for key in ("descr", "title", "tooltip"):
                yield from alt_text_unit(part, element, key, place=word)
        yield from drawn_units(parts, part.name)


def _furniture(parts: Parts, main: str) -> Units:
    """Yield the units of texts that layouts and masters show on slides. Placeholders are skipped, since their words are
    only hints for authors.
    """
    masters = parts.all_related(main, "slideMaster")
    layouts = [layout for master in masters for layout in parts.all_related(master, "slideLayout")]
    for part in parts.each((*masters, *layouts)):
        for shape in part.root.iter("{*}sp"):
            if next(shape.iter("{*}ph"), None) is None:
                paragraphs = [element for element in shape.iter("{*}p") if is_drawing(element)]
                for paragraph in paragraphs:
                    yield from drawing_paragraph(part, paragraph, "paragraph", "layout of slides")


def _comments(part: Part, word: str) -> Units:
    """Yield the units of comments. PowerPoint wrote them as plain text before 2021, and as DrawingML since."""
    yield from drawing_units(part, place=_placed(word), kind="comment")
    for element in part.root.iter("{*}text"):
        if local(element) == "text" and (element.text or "").strip():
            yield from text_unit(part, element, kind="comment", place=word)


def _placed(word: str) -> Callable[[etree._Element], str]:
    cells = Cells()

    def place(element: etree._Element) -> str:
        cell = cells.of(element)
        if cell is not None:
            return f"{word}, row {cell[1]}, column {cell[2]}"
        shape = above(element, "sp", "graphicFrame")
        kind = attribute(next(shape.iter("{*}ph"), None), "type") if shape is not None else ""
        return f"{word}, title" if kind in ("title", "ctrTitle") else word

    return place


# Translates Excel files. Translates shared and inline strings, comments, shapes, charts and names of sheets. Numbers,
# dates and formulas stay. Text that a formula compares with ("yes" in IF(A1="yes"; …)) stays too and is reported,
# since the sheet would otherwise compute something else. The names of a table's columns must equal the texts of its
# first row, so both are changed together, unless a formula names the columns (ECMA-376 part 1, chapter 18).

_LITERAL = re.compile(r'"((?:[^"]|"")*)"')
_SECTION = re.compile(r"(&[LCR])")
_CODE = re.compile(r'(&(?:"[^"]*"|K[0-9A-Fa-f]{6}|K\d\d[+-]\d{3}|\d{1,3}|[A-Z&]))')
_CELL = re.compile(r"([A-Z]{1,3})(\d{1,7})")
_BAD_IN_SHEET_NAME = re.compile(r"[\[\]:*?/\\]")
MOST_SHEET_NAME = 31


@dataclass(slots=True, eq=False)
class _Sheet:
    name: str
    title: str
    entry: etree._Element


@dataclass(slots=True, eq=False)
class _Known:
    literals: set[str] = field(default_factory=set)
    """Texts in quotation marks in formulas, in lower case, since comparisons with cells ignore case."""
    names_columns: bool = False
    names_sheets: set[str] = field(default_factory=set)
    headers: dict[int, etree._Element] = field(default_factory=dict)
    """Elements of table columns, by the index of the shared string in their header cell."""


def rewrite_xlsx(rewriting: Rewriting) -> Units:
    reading = rewriting.reading
    with Parts.opened(reading, rewriting) as parts:
        main = parts.main_part("xl/workbook.xml")
        book = parts.main(main)
        sheets = list(_sheets(parts, main, book))
        opened_sheets = [(sheet, part) for sheet in sheets if (part := parts.open(sheet.name)) is not None]
        tables = [part for sheet, _ in opened_sheets for name in parts.all_related(sheet.name, "table")
                  if (part := parts.open(name)) is not None]  # fmt: skip
        known = _known([part for _, part in opened_sheets], book, tables)
        strings = parts.open(parts.related(main, "sharedStrings"))
        if strings is not None:
            _find_headers(parts, opened_sheets, known)
            yield from _shared(strings, opened_sheets, known, tables)
            parts.close(strings)
        is_written = strings is not None and strings.is_changed
        for sheet, part in opened_sheets:
            reading.check()
            yield from _inline(part, sheet, known)
            yield from _around(part, sheet)
            if is_written or part.is_changed:
                _turn(part)
            parts.close(part)
            yield from _beside(parts, sheet)
        for name in parts.names:
            if "pivotcachedefinition" in name.lower() and name.endswith(".xml"):
                yield LeftAsIs("pivot", "", name.rpartition("/")[2][:80])
        if rewriting.options.sheet_names:
            yield from _sheet_names(book, sheets, known)
        for part in (book, *tables):
            parts.close(part)
        yield from beside_the_text(parts)


def _turn(part: Part) -> None:
    speech = part.speech
    for view in part.root.iter("{*}sheetView") if speech.language or speech.is_right_to_left else ():
        if (attribute(view, "rightToLeft") in ("1", "true")) != speech.is_right_to_left:
            view.set("rightToLeft", "1" if speech.is_right_to_left else "0")
            part.is_changed = True


def _sheets(package: Package, main: str, book: Part) -> Iterator[_Sheet]:
    relations = package.relations(main)
    for element in book.root.iter("{*}sheet"):
        relation = relations.get(relation_id(element))
        if relation is not None and relation.kind == "worksheet":
            yield _Sheet(relation.part, attribute(element, "name"), element)


def _known(sheets: Sequence[Part], book: Part, tables: Sequence[Part]) -> _Known:
    known = _Known()
    for part in (*sheets, book, *tables):
        for element in part.root.iter("{*}f", "{*}formula", "{*}formula1", "{*}formula2", "{*}definedName",
                                  "{*}calculatedColumnFormula", "{*}totalsRowFormula"):  # fmt: skip
            words = element.text or ""
            known.literals |= {literal.replace('""', '"').strip().lower() for literal in _LITERAL.findall(words)}
            known.names_columns = known.names_columns or "[" in words
            known.names_sheets |= {sheet.strip("'") for sheet in re.findall(r"('[^']+'|[^\s!'(,;=+*/-]+)!", words)}
    for part in sheets:
        for element in part.root.iter("{*}dataValidation"):
            listed = text_of(child(element, "formula1"))
            if listed.startswith('"'):
                known.literals |= {word.strip().lower() for word in listed.strip('"').split(",")}
    return known


def _find_headers(package: Package, sheets: Sequence[tuple[_Sheet, Part]], known: _Known) -> None:
    for sheet, part in sheets:
        cells = {attribute(cell, "r"): cell for cell in part.root.iter("{*}c") if attribute(cell, "t") == "s"}
        for relation in package.relations(sheet.name).values():
            if relation.kind != "table" or (root := package.tree(relation.part)) is None:
                continue
            first = _CELL.match(attribute(root, "ref"))
            if first is None or attribute(root, "headerRowCount") == "0":
                continue
            for offset, column in enumerate(root.iter("{*}tableColumn")):
                cell = cells.get(f"{column_name(column_number(first[1]) + offset)}{first[2]}")
                index = _index(cell)
                if index is not None:
                    known.headers[index] = column


def _index(cell: etree._Element | None) -> int | None:
    text = text_of(child(cell, "v")).strip()
    return int(text) if text.isdecimal() and len(text) < 9 else None


def _shared(strings: Part, sheets: Sequence[tuple[_Sheet, Part]], known: _Known, tables: Sequence[Part]) -> Units:
    items = [element for element in strings.root if local(element) == "si"]
    seen: set[int] = set()
    for sheet, part in sheets:
        for cell in part.root.iter("{*}c"):
            index = _index(cell) if attribute(cell, "t") == "s" else None
            if index is None or index in seen or index >= len(items):
                continue
            seen.add(index)
            place = f"{sheet.title}!{attribute(cell, 'r')}"
            words = _text_of(items[index])
            reason = _reason(words, known, is_header=index in known.headers)
            if reason:
                yield LeftAsIs(reason, place, words[:MOST_SAID])
            elif index in known.headers:
                yield from _header(strings, items[index], words, place, tables)
            else:
                yield from _item(strings, items[index], place)


def _reason(words: str, known: _Known, *, is_header: bool) -> str:
    """Return the reason why a text is not translated, or "" if it is."""
    if words.strip().lower() in known.literals:
        return "compared"
    return "column_name" if is_header and known.names_columns else ""


def _text_of(item: etree._Element) -> str:
    return "".join(element.text or "" for element in item.iter("{*}t") if local(element.getparent()) != "rPh")  # type: ignore[arg-type]


def _header(strings: Part, item: etree._Element, words: str, place: str, tables: Sequence[Part]) -> Units:
    if not any(letter.isalpha() for letter in words):
        return
    answer = yield Unit(words.strip(), kind="heading", place=place)
    if answer is None:
        return
    del item[:]
    _add_text(item, answer)
    strings.is_changed = True
    for table in tables:
        names = {attribute(column, "name") for column in table.root.iter("{*}tableColumn")}
        for column in table.root.iter("{*}tableColumn"):
            if attribute(column, "name") == words:
                column.set("name", answer if answer not in names else f"{answer} 2")
                table.is_changed = True


def _item(part: Part, item: etree._Element, place: str, kind: str = "table_row") -> Units:
    """Yield a string item's units. An item with formatted runs is one unit. Each line of a plain item is a unit."""
    runs = list(children(item, "r"))
    if not runs:
        yield from _plain(part, item, place, kind)
        return
    nodes: list[Node] = []
    for run in runs:
        properties = child(run, "rPr")
        look = etree.tostring(properties, method="c14n").decode() if properties is not None else ""
        nodes.append(Words(text_of(child(run, "t")), look, run))

    def rebuild(rebuilt: Sequence[Node]) -> None:
        del item[:]
        for node in rebuilt:
            if isinstance(node, Words) and node.text:
                run = copy.deepcopy(node.model)
                remove(run, "t")
                _add_text(run, node.text)
                item.append(run)
        part.is_changed = True

    yield from translated([(Inline(nodes), nodes)], kind=kind, place=place, rebuild=rebuild)


def _plain(part: Part, item: etree._Element, place: str, kind: str) -> Units:
    text = child(item, "t")
    if text is None:
        return
    lines = (text.text or "").split("\n")
    is_changed = False
    for index, line in enumerate(lines):
        if any(letter.isalpha() for letter in line):
            answer = yield Unit(line.strip(), kind=kind, place=place)
            if answer is not None:
                lines[index] = line.replace(line.strip(), answer)
                is_changed = True
    if is_changed:
        text.text = "\n".join(lines)
        text.set(XML_SPACE, "preserve")
        remove(item, "rPh", "phoneticPr")  # a phonetic guide for the old text
        part.is_changed = True


def _add_text(parent: etree._Element, words: str) -> None:
    text = etree.SubElement(parent, f"{{{etree.QName(parent).namespace}}}t")
    text.text = words
    text.set(XML_SPACE, "preserve")


def _inline(part: Part, sheet: _Sheet, known: _Known) -> Units:
    for cell in part.root.iter("{*}c"):
        item = child(cell, "is") if attribute(cell, "t") == "inlineStr" else None
        if item is None:
            continue
        place = f"{sheet.title}!{attribute(cell, 'r')}"
        words = _text_of(item)
        if reason := _reason(words, known, is_header=False):
            yield LeftAsIs(reason, place, words[:MOST_SAID])
        else:
            yield from _item(part, item, place)


def _around(part: Part, sheet: _Sheet) -> Units:
    """Yield the units of a sheet's texts outside its cells (page headers, hints of lists and links), and report text
    results of formulas as not translated.
    """
    for element in part.root.iter("{*}headerFooter"):
        for line in element:
            yield from _page_line(part, line, f"{sheet.title}, header or footer")
    for element in part.root.iter("{*}dataValidation", "{*}hyperlink"):
        place = f"{sheet.title}!{attribute(element, 'sqref') or attribute(element, 'ref')}"
        for key in ("promptTitle", "prompt", "errorTitle", "error", "tooltip"):
            yield from alt_text_unit(part, element, key, place=place)
    results: dict[str, str] = {}
    for cell in part.root.iter("{*}c"):
        for words in _given(cell):
            results.setdefault(words, attribute(cell, "r"))
    for words, place in results.items():
        yield from said("formula", f"{sheet.title}!{place}", words)


def _given(cell: etree._Element) -> list[str]:
    """Return the stored text result of a cell's formula. If no result is stored, return the texts in the formula."""
    words = text_of(child(cell, "v")).strip()
    if words:
        return [words] if attribute(cell, "t") == "str" else []
    literals = _LITERAL.findall(text_of(child(cell, "f")))
    return [text for quoted in literals if (text := quoted.replace('""', '"').strip())]


def _page_line(part: Part, line: etree._Element, place: str) -> Units:
    """Yield the three sections' units of a page header or footer. Codes like &P (page number) are kept (18.3.1.39)."""
    parts = _SECTION.split(line.text or "")
    is_changed = False
    for index, words in enumerate(parts):
        stretch = stretch_of(_CODE.split(words))
        if not _SECTION.fullmatch(words) and stretch.has_words:
            answer = yield Unit(stretch.text, stretch.tags, kind="header", place=place)
            if answer is not None:
                parts[index] = stretch.written(answer)
                is_changed = True
    if is_changed:
        line.text = "".join(parts)
        part.is_changed = True


def _beside(parts: Parts, sheet: _Sheet) -> Units:
    for part in parts.each(parts.all_related(sheet.name, "comments", "threadedComment")):
        for element in part.root.iter("{*}comment", "{*}threadedComment"):
            text = child(element, "text")
            place = f"{sheet.title}!{attribute(element, 'ref')}"
            if text is not None and len(text):
                yield from _item(part, text, place, "comment")
            elif text is not None and any(letter.isalpha() for letter in text.text or ""):
                yield from text_unit(part, text, kind="comment", place=place)
    for part in parts.each(parts.all_related(sheet.name, "drawing")):
        yield from drawing_units(part, place=always(sheet.title))
        yield from drawn_units(parts, part.name)


def _sheet_names(book: Part, sheets: Sequence[_Sheet], known: _Known) -> Units:
    taken = {sheet.title.lower() for sheet in sheets}
    for sheet in sheets:
        if sheet.title in known.names_sheets:
            yield LeftAsIs("sheet_name", sheet.title, sheet.title)
            continue
        if not any(letter.isalpha() for letter in sheet.title):
            continue
        answer = yield Unit(sheet.title, kind="sheet_name", place=sheet.title)
        if answer is None:
            continue
        name = _BAD_IN_SHEET_NAME.sub(" ", answer).strip("' ")[:MOST_SHEET_NAME]
        if name and name.lower() not in taken:
            taken.add(name.lower())
            sheet.entry.set("name", name)
            book.is_changed = True
