"""Translates Word files: body, tables, headers, footers, notes, comments, text boxes and charts. Can track changes."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from lxml import etree

from slmdesk.base.documents import MARKED
from slmdesk.children.formats import letters
from slmdesk.children.formats.office_xml import above, attribute, child, children, local, text_of
from slmdesk.children.formats.rewriting.office_parts import (
    XML_SPACE,
    Cells,
    Group,
    Inline,
    InlineObject,
    InvisibleMark,
    Node,
    Part,
    Parts,
    RepeatedTexts,
    Speech,
    Words,
    alt_text_unit,
    always,
    drawing_paragraph,
    drawing_units,
    is_drawing,
    remove,
    title_units,
    translated,
    twinned,
)
from slmdesk.children.formats.rewriting.rewriters import MOST_SAID, LeftAsIs, Rewriting, Unit, Units, said
from slmdesk.children.formats.rewriting.text_files import stretch_of

_ASIDE = {
    "header": "header", "footer": "footer", "footnotes": "footnote", "endnotes": "footnote", "comments": "comment",
}  # fmt: skip
_SPOKEN = {
    "docPr": ("descr", "title"), "cNvPr": ("descr", "title"),
    "textpath": ("string",), "shape": ("alt",), "rect": ("alt",), "tblCaption": ("val",),
    "tblDescription": ("val",), "hyperlink": ("tooltip",),
}  # fmt: skip
_LOOKED_AT = (
    "{*}p", "{*}docPr", "{*}cNvPr", "{*}oMath", "{*}tblCaption", "{*}tblDescription", "{*}hyperlink",
    "{*}del", "{*}moveFrom", "{*}dropDownList", "{*}comboBox", "{*}ddList",
    "{urn:schemas-microsoft-com:vml}textpath", "{urn:schemas-microsoft-com:vml}shape",
    "{urn:schemas-microsoft-com:vml}rect",
)  # fmt: skip
_LEVEL = re.compile(r"(%[1-9])")
_DRAWN = {"chart": "chart", "chartEx": "chart", "diagramData": "diagram", "diagramDrawing": "diagram"}


def rewrite(rewriting: Rewriting) -> Units:
    reading = rewriting.reading
    with Parts.opened(reading, rewriting) as parts:
        main = parts.main_part("word/document.xml")
        names = [(main, "")]
        for kind, word in _ASIDE.items():
            names += [(name, word) for name in parts.all_related(main, kind)]
        for name, word in names:
            reading.check()
            part = parts.main(name) if name == main else parts.open(name)
            if part is None:
                continue
            yield from _units(part, word)
            parts.close(part)
            if not rewriting.options.tracked:
                yield from drawn_units(parts, name)
        if rewriting.options.tracked:  # other text cannot have tracked changes
            return
        for part in parts.each(parts.all_related(main, "numbering")):
            yield from _numbering(part)
        yield from _reported_elsewhere(parts, main)
        yield from beside_the_text(parts)


def _units(part: Part, word: str) -> Units:
    places = _Places(word)
    yield from twinned(list(part.root.iter(*_LOOKED_AT)), lambda element: _element(part, element, places))
    if part.is_changed:
        part.speech.turn_sections(part.root)
    if part.is_changed and part.speech.tracked:
        settle(part.root)


def _element(part: Part, element: etree._Element, places: _Places) -> Units:
    name, keys = local(element), _SPOKEN.get(local(element), ())
    if part.speech.tracked and (keys or is_drawing(element)):
        return
    if keys:
        yield from places.twin(element)(_spoken(part, element, keys, places.of(element)))
        return
    if name == "oMath":
        yield LeftAsIs("equation", places.of(element), "".join(element.itertext())[:MOST_SAID])
    elif name in ("del", "moveFrom"):
        yield from said("deleted", places.of(element), "".join(_words_of(element)))
    elif name in ("dropDownList", "comboBox", "ddList"):
        listed = (attribute(item, "displayText") or attribute(item, "val") for item in element)
        yield from said("choices", places.of(element), ", ".join(choice for choice in listed if choice))
    elif etree.QName(element).namespace == etree.QName(part.root).namespace:
        places.next(element)
        yield from _paragraph(part, element, places.of(element))
    elif is_drawing(element):  # a drawing inside the document's XML
        yield from drawing_paragraph(part, element, "paragraph", places.of(element))


def _words_of(element: etree._Element) -> Iterator[str]:
    return (words.text or "" for words in element.iter("{*}t", "{*}delText"))


def _paragraph(part: Part, element: etree._Element, place: str) -> Units:
    paragraph = Paragraph(element, part.speech)
    stretches: list[tuple[Inline | None, Sequence[Node]]] = []
    for nodes, is_break in paragraph.stretches():
        stretches.append((None if is_break else Inline(nodes), nodes))
        for words in _words_left(nodes):
            yield LeftAsIs("field", place, words[:MOST_SAID])

    def rebuild(rebuilt: Sequence[Node]) -> None:
        paragraph.rebuild(rebuilt)
        part.is_changed = True

    yield from translated(stretches, kind=paragraph.kind, place=place, rebuild=rebuild)


def _words_left(nodes: Sequence[Node]) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, InlineObject):
            parts = [getattr(element, "part", element) for element in node.elements]
            words = "".join(
                text.text or "" for part in parts for text in part.iter("{*}t") if not _is_inside(text, part)
            )
            if any(letter.isalpha() for letter in words):
                yield words.strip()
        elif isinstance(node, Group):
            yield from _words_left(node.children)


def _is_inside(text: etree._Element, outer: etree._Element) -> bool:
    """Return whether a text belongs to an equation or to a paragraph inside `outer`, which is translated by itself."""
    for ancestor in text.iterancestors():
        if local(ancestor) in ("p", "oMath"):
            return True
        if ancestor is outer:
            break
    return local(outer) in ("oMath", "oMathPara") or etree.QName(text).namespace != etree.QName(outer).namespace


def _spoken(part: Part, element: etree._Element, keys: Sequence[str], place: str) -> Units:
    for key in keys:
        yield from alt_text_unit(part, element, key, place=place)


class _Places:
    def __init__(self, word: str) -> None:
        self._word, self._paragraphs = word, 0
        self._drawn: dict[etree._Element, RepeatedTexts] = {}
        self._cells, self._tables = Cells(), dict[etree._Element, int]()

    def next(self, paragraph: etree._Element) -> None:
        self._paragraphs += 1

    def twin(self, element: etree._Element) -> Callable[[Units], Units]:
        frame = above(element, "inline", "anchor")
        if frame is None or local(element) not in ("docPr", "cNvPr"):
            return lambda units: units
        twins = self._drawn.setdefault(frame, RepeatedTexts())
        return twins.first if local(element) == "docPr" else twins.again

    def of(self, element: etree._Element) -> str:
        words = [self._word] if self._word else []
        cell = self._cells.of(element)
        if cell is not None:
            table, row, column = cell
            number = self._tables.setdefault(table, len(self._tables) + 1)
            words.append(f"table {number}, row {row}, column {column}")
        elif above(element, "txbxContent") is not None:
            words.append("text box")
        elif not words:
            words.append(f"paragraph {self._paragraphs}")
        return ", ".join(words)


def drawn_units(parts: Parts, name: str) -> Units:
    """Yield the units of charts and diagrams that a part refers to. A diagram has its texts a second time, as drawn."""
    twins = RepeatedTexts()
    for kind, word in _DRAWN.items():
        for part in parts.each(parts.all_related(name, kind)):
            units = drawing_units(part, place=always(word), kind="chart")
            if kind == "diagramData":
                units = twins.first(units)
            elif kind == "diagramDrawing":
                units = twins.again(units)
            yield from units
            labels = {
                (element.text or "").strip()  # copied from a cell (21.2.2.196; in charts of 2016 and later, `strDim`)
                for element in part.root.iter("{*}v", "{*}pt")
                if above(element, "strCache", "strDim") is not None
            }
            yield from said("chart_labels", word, ", ".join(sorted(labels)))


def beside_the_text(parts: Parts) -> Units:
    """Report the embedded, macros, signatures and damaged parts of an Office file, and yield the unit of its title."""
    for name in parts.names:
        key, last = name.lower(), name.rpartition("/")[2][:80]
        if "/embeddings/" in key:
            yield LeftAsIs("embedded", "", last)
        elif key.endswith("vbaproject.bin"):
            yield LeftAsIs("macros", "", last)
        elif key.startswith("_xmlsignatures/") and key.endswith(".xml"):
            yield LeftAsIs("signature", "", last)
    yield from parts.damaged()
    if parts.rewriting.options.properties:
        yield from title_units(parts, parts.related("", "core-properties"), "title")


def _numbering(part: Part) -> Units:
    """Yield the units of words in list and heading numbers that are in use, such as "Article %1" (17.9.11)."""
    used = {attribute(element, "val") for element in part.root.iter("{*}abstractNumId")}
    for element in part.root.iter("{*}lvlText"):
        level = element.getparent()
        outer = above(element, "abstractNum")
        if attribute(outer, "abstractNumId") not in used or attribute(child(level, "numFmt"), "val") == "bullet":
            continue
        stretch = stretch_of(_LEVEL.split(attribute(element, "val")))
        if stretch.has_words:
            answer = yield Unit(stretch.text, stretch.tags, kind="list_item", place="numbers of a list")
            if answer is not None:
                element.set(next(key for key in element.attrib if str(key).endswith("}val")), stretch.written(answer))
                part.is_changed = True


def _reported_elsewhere(parts: Parts, main: str) -> Units:
    for name in parts.all_related(main, "glossaryDocument"):
        root = parts.tree(name)
        if root is not None:
            yield from said("definition", "building blocks", " ".join(_words_of(root)))
    for name in parts.all_related(main, "aFChunk"):
        yield LeftAsIs("embedded", "", name.rpartition("/")[2][:80])


_GROUPS = frozenset(("hyperlink", "ins", "moveTo", "smartTag", "customXml", "bdo", "dir", "sdt", "fldSimple"))
_UNSEEN_STARTS = frozenset(
    ("bookmarkStart", "commentRangeStart", "moveFromRangeStart", "moveToRangeStart", "permStart", "proofErr", "del",
     "moveFrom", "customXmlInsRangeStart", "customXmlDelRangeStart")
)  # fmt: skip
_UNSEEN_ENDS = frozenset(
    ("bookmarkEnd", "commentRangeEnd", "moveFromRangeEnd", "moveToRangeEnd", "permEnd", "customXmlInsRangeEnd",
     "customXmlDelRangeEnd")
)  # fmt: skip
_BREAKS = frozenset(("br", "cr", "tab", "ptab"))
_LETTERS = {"noBreakHyphen": "\u2011", "softHyphen": "\u00ad"}
_WEAK = frozenset(
    ("lang", "noProof", "spacing", "kern", "w", "webHidden", "bCs", "iCs", "szCs", "rPrChange", "snapToGrid", "fitText",
     "specVanish", "cs", "rtl")
)  # fmt: skip
_SPOKEN_FIELDS = frozenset(("HYPERLINK", "TOC", "INDEX", "QUOTE", "FORMTEXT", "TITLE", "SUBJECT", "REF"))
"""Fields whose result is text of the document and is translated. The results of other fields are computed."""
_HEADING = "heading"


@dataclass(slots=True, eq=False)
class _Piece:
    """Part of a run. It becomes a run of its own only when the paragraph is rebuilt, since its content, such as a text
    box, is walked as well and an unchanged paragraph must stay untouched.
    """

    run: etree._Element
    part: etree._Element

    def made(self) -> etree._Element:
        single = etree.Element(self.run.tag, attrib=dict(self.run.attrib))
        properties = child(self.run, "rPr")
        if properties is not None:
            single.append(copy.deepcopy(properties))
        single.append(self.part)
        return single


_Made: TypeAlias = "etree._Element | _Piece"


def _made(node: _Made) -> etree._Element:
    return node.made() if isinstance(node, _Piece) else node


@dataclass(slots=True, eq=False)
class _Break:
    elements: list[_Made]


@dataclass(slots=True, eq=False)
class _Mark:
    kind: str
    element: _Made
    code: str = ""


@dataclass(slots=True, eq=False)
class _Field:
    codes: list[_Made]
    ends: list[_Made] = field(default_factory=list)


_Raw: TypeAlias = Node | _Break | _Mark


class Paragraph:
    def __init__(self, element: etree._Element, speech: Speech) -> None:
        self._element, self._speech = element, speech
        self._space = f"{{{etree.QName(element).namespace}}}"
        name = attribute(child(element, "pPr", "pStyle"), "val").lower()
        listed = child(element, "pPr", "numPr") is not None
        if name.startswith(("heading", "title")):
            self.kind = _HEADING
        elif listed:
            self.kind = "list_item"
        else:
            self.kind = "paragraph"

    def stretches(self) -> Iterator[tuple[list[Node], bool]]:
        """Yield the nodes of the paragraph, split at line breaks and tabs, as (nodes, whether they are a break)."""
        nodes: list[Node] = []
        for node in _folded(self._raw(self._element)):
            if isinstance(node, _Break):
                yield nodes, False
                yield [InlineObject(node.elements)], True
                nodes = []
            else:
                nodes.append(node)
        yield nodes, False

    def rebuild(self, nodes: Sequence[Node]) -> None:
        content = list(self._elements(nodes))
        for element in list(self._element):
            if local(element) != "pPr":
                self._element.remove(element)
        self._element.extend(content)
        self._speech.turn_paragraph(self._element)
        for ancestor in self._element.iterancestors("{*}sdt"):
            unbind(ancestor)

    # ---- to nodes

    def _raw(self, container: etree._Element | None) -> Iterator[_Raw]:
        for element in children(container):
            name = local(element)
            if name == "r":
                yield from self._run(element)
            elif name in ("pPr", "rPr", "sdtPr", "sdtEndPr", "smartTagPr", "customXmlPr"):
                continue
            elif name == "fldSimple" and not _is_spoken(attribute(element, "instr")):
                yield InlineObject([element])
            elif name in _GROUPS:
                inner = child(element, "sdtContent") if name == "sdt" else element
                nodes = _unbroken(_folded(self._raw(inner)))
                yield Group(element, nodes) if _has_words(nodes) else InlineObject([element])
            elif name in _UNSEEN_STARTS or not name:
                yield InvisibleMark(element)
            elif name in _UNSEEN_ENDS:
                yield InvisibleMark(element, is_end=True)
            else:
                yield InlineObject([element])

    def _run(self, run: etree._Element) -> Iterator[_Raw]:
        properties = child(run, "rPr")
        look = _look(properties)
        for element in list(run):
            name = local(element)
            if name == "rPr":
                continue
            if name == "sym" and (sign := _sign_of(element)):
                yield Words(sign, look, run)
            elif name == "t":
                text = element.text or ""
                if font := _symbol_font(properties):
                    signs = [letters.sign_of(letter, font) for letter in text]
                    yield Words("".join(signs), look, run) if all(signs) else InlineObject([self._split(run, element)])
                    continue
                words = text if element.get(XML_SPACE) == "preserve" else text.strip(" \t\r\n")
                is_underlined = child(properties, "u") is not None
                if len(words) > 1 and words.isspace() and is_underlined:  # an underlined gap in a form, not text
                    yield InlineObject([self._split(run, element)])
                elif words:
                    yield Words(words, look, run)
            elif name in _LETTERS:
                yield Words(_LETTERS[name], look, run)
            elif name in _BREAKS:
                yield _Break([self._split(run, element)])
            elif name == "fldChar":
                yield _Mark(attribute(element, "fldCharType"), self._split(run, element))
            elif name in ("instrText", "delInstrText"):
                yield _Mark("code", self._split(run, element), element.text or "")
            elif name in ("lastRenderedPageBreak", "commentReference", "annotationRef", "delText"):
                yield InvisibleMark(self._split(run, element), is_end=True)
            else:
                yield InlineObject([self._split(run, element)])

    def _split(self, run: etree._Element, part: etree._Element) -> _Made:
        return run if all(element is part or local(element) == "rPr" for element in run) else _Piece(run, part)

    # ---- and back

    def _elements(self, nodes: Sequence[Node]) -> Iterator[etree._Element]:
        for node in nodes:
            if isinstance(node, Words):
                if node.text and self._speech.tracked:
                    yield from tracked_runs(self._run_of(node), self._speech.tracked)
                elif node.text:
                    yield self._run_of(node)
            elif isinstance(node, InlineObject):
                yield from map(_made, node.elements)
            elif isinstance(node, InvisibleMark):
                yield _made(node.element)
            elif isinstance(node.element, _Field):
                yield from map(_made, node.element.codes)
                yield from self._elements(node.children)
                yield from map(_made, node.element.ends)
            else:
                yield self._filled(node)

    def _filled(self, group: Group) -> etree._Element:
        element: etree._Element = group.element
        inner = child(element, "sdtContent") if local(element) == "sdt" else element
        if local(element) == "sdt":
            unbind(element)
        kept = [kid for kid in inner if local(kid) in ("rPr", "smartTagPr", "customXmlPr")]  # type: ignore[union-attr]
        content = list(self._elements(group.children))
        for kid in list(inner):  # type: ignore[arg-type]
            inner.remove(kid)  # type: ignore[union-attr]
        inner.extend([*kept, *content])  # type: ignore[union-attr]
        return element

    def _run_of(self, words: Words) -> etree._Element:
        run = etree.Element(f"{self._space}r", nsmap=None)
        properties = child(words.model, "rPr") if words.model is not None else None
        if properties is not None:
            run.append(copy.deepcopy(properties))
            if _symbol_font(properties):
                remove(run[0], "rFonts")
        self._speech.mark_run(run)
        text = etree.SubElement(run, f"{self._space}t")
        text.text = words.text
        text.set(XML_SPACE, "preserve")
        return run


def unbind(control: etree._Element) -> None:
    """Unbind a content control from its data source. Otherwise it would show the text of the data again when the file
    is opened (ECMA-376 part 1, 17.5.2.6).
    """
    remove(child(control, "sdtPr"), "dataBinding")


def _folded(raw: Iterator[_Raw]) -> list[Node | _Break]:
    """Join the nodes of each field into one node: a group if its result is document text, else a fixed object."""
    levels: list[tuple[list[_Mark], list[Node | _Break], bool]] = []
    nodes: list[Node | _Break] = []
    for mark in raw:
        if not isinstance(mark, _Mark):
            nodes.append(mark)
        elif mark.kind == "begin":
            levels.append(([mark], nodes, False))
            nodes = []
        elif not levels:
            nodes.append(InlineObject([mark.element]))  # belongs to a field that began in another paragraph
        elif mark.kind == "end":
            marks, outer, has_result = levels.pop()
            outer.append(_field(marks, nodes, mark, has_result=has_result))
            nodes = outer
        else:
            marks, outer, _ = levels[-1]
            if mark.kind == "separate":
                inside = [element for node in nodes for element in _elements_of(node)]
                marks += [_Mark("inside", element) for element in inside]  # a field inside the code
                nodes = []
                levels[-1] = (marks, outer, True)
            marks.append(mark)
    while levels:  # the field ends in another paragraph
        marks, outer, _ = levels.pop()
        spoken = _is_spoken("".join(mark.code for mark in marks))
        outer.append(InlineObject([mark.element for mark in marks]))
        outer += nodes if spoken else [InlineObject([element for node in nodes for element in _elements_of(node)])]
        nodes = outer
    return nodes


def _field(marks: list[_Mark], content: list[Node | _Break], end: _Mark, *, has_result: bool) -> Node:
    codes = [mark.element for mark in marks]
    if has_result and _is_spoken("".join(mark.code for mark in marks)):
        children = _unbroken(content)
        if _has_words(children):
            return Group(_Field(codes, [end.element]), children)
    inside = [element for node in content for element in _elements_of(node)]
    return InlineObject([*codes, *inside, end.element])


def _is_spoken(code: str) -> bool:
    words = code.split()
    return bool(words) and words[0].upper() in _SPOKEN_FIELDS


def _unbroken(nodes: Sequence[Node | _Break]) -> list[Node]:
    return [InlineObject(node.elements) if isinstance(node, _Break) else node for node in nodes]


def _has_words(nodes: Sequence[Node]) -> bool:
    return any(isinstance(node, Words) or (isinstance(node, Group) and _has_words(node.children)) for node in nodes)


def _elements_of(node: Node | _Break) -> list[_Made]:
    if isinstance(node, Words):
        return [node.model]
    if isinstance(node, InvisibleMark):
        return [node.element]
    if isinstance(node, Group):
        if isinstance(node.element, _Field):
            inside = [element for child in node.children for element in _elements_of(child)]
            return [*node.element.codes, *inside, *node.element.ends]
        return [node.element]
    return list(node.elements)


def _sign_of(element: etree._Element) -> str:
    """Return what a `w:sym` shows as Unicode, or "" if it has no such sign."""
    code = attribute(element, "char")
    return (
        letters.sign_of(chr(int(code, 16)), attribute(element, "font")) if re.fullmatch("[0-9a-fA-F]{4}", code) else ""
    )


def _symbol_font(properties: etree._Element | None) -> str:
    return letters.symbol_font(attribute(child(properties, "rFonts"), "ascii"))


def _look(properties: etree._Element | None) -> str:
    if properties is None:
        return ""
    looks = []
    for element in properties:
        name = local(element)
        if name in _WEAK or not name or (name == "rFonts" and _symbol_font(properties)):
            continue
        own = sorted(f"{key}={value}" for key, value in element.attrib.items() if not str(key).endswith("}hint"))
        looks.append(f"{name}({','.join(own)})")
    return "|".join(sorted(looks))


AUTHOR = "slmdesk"
_UNNUMBERED = "-1"


def tracked_runs(run: etree._Element, date: str) -> Iterator[etree._Element]:
    """Yield a run as several runs, split where its text has marked deletions or insertions."""
    words, at = text_of(child(run, "t")), 0
    for match in MARKED.finditer(words):
        if match.start() > at:
            yield _with(run, words[at : match.start()])
        yield _change(_with(run, match[1] or match[2] or ""), date, is_deleted=match[1] is not None)
        at = match.end()
    if at < len(words) or not at:
        yield _with(run, words[at:])


def settle(root: etree._Element) -> None:
    """Number the tracked changes of a part. An insertion inside another insertion is merged with it."""
    space = f"{{{etree.QName(root).namespace}}}"
    own = [element for element in root.iter(f"{space}ins", f"{space}del") if element.get(f"{space}id") == _UNNUMBERED]
    for element in [element for element in own if local(element) == "ins"]:
        if any(local(each) in ("ins", "moveTo") for each in element.iterancestors()):
            parent = element.getparent()
            if parent is not None:
                at = parent.index(element)
                parent[at : at + 1] = list(element)
                own.remove(element)
    used = [each.get(f"{space}id", "") for each in root.iter() if isinstance(each.tag, str)]
    first = max((int(number) for number in used if number.isdecimal()), default=0) + 1
    for number, element in enumerate(own, first):
        element.set(f"{space}id", str(number))


def _with(run: etree._Element, words: str) -> etree._Element:
    made = copy.deepcopy(run)
    text = child(made, "t")
    if text is not None:
        text.text = words
    return made


def _change(run: etree._Element, date: str, *, is_deleted: bool) -> etree._Element:
    space = f"{{{etree.QName(run).namespace}}}"
    attributes = {f"{space}id": _UNNUMBERED, f"{space}author": AUTHOR, f"{space}date": date}
    change = etree.Element(f"{space}{'del' if is_deleted else 'ins'}", attributes)
    text = child(run, "t")
    if is_deleted and text is not None:
        text.tag = f"{space}delText"
    change.append(run)
    return change
