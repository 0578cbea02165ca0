"""Converts a paragraph of a Word file to nodes and back."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from lxml import etree

from slmdesk.formats.rewriting.inline import Group, InlineObject, InvisibleMark, Node, Words
from slmdesk.formats.rewriting.ooxml_parts import XML_SPACE
from slmdesk.formats.rewriting.speech import Speech
from slmdesk.formats.rewriting.tracked import tracked_runs
from slmdesk.formats.xmls import attribute, child, local

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
"""Fields whose result is text of the document; the others are computed."""
_HEADING = "heading"


@dataclass(slots=True, eq=False)
class _Piece:
    """One part of a run.  It moves to a run of its own only when the paragraph is rebuilt: its content, such as a text
    box, is walked as well, and an unchanged paragraph is not touched.
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


def _made(one: _Made) -> etree._Element:
    return one.made() if isinstance(one, _Piece) else one


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
        style = child(element, "pPr", "pStyle")
        name = attribute(style, "val").lower() if style is not None else ""
        listed = child(element, "pPr", "numPr") is not None
        self.kind = _HEADING if name.startswith(("heading", "title")) else "list_item" if listed else "paragraph"

    def stretches(self) -> Iterator[tuple[list[Node], bool]]:
        """The nodes of the paragraph, split at breaks: (nodes, whether they are a break)."""
        found: list[Node] = []
        for one in _folded(self._raw(self._element)):
            if isinstance(one, _Break):
                yield found, False
                yield [InlineObject(one.elements)], True
                found = []
            else:
                found.append(one)
        yield found, False

    def rebuild(self, nodes: Sequence[Node]) -> None:
        content = list(self._elements(nodes))
        for one in list(self._element):
            if local(one) != "pPr":
                self._element.remove(one)
        self._element.extend(content)
        self._speech.turn_paragraph(self._element)
        for one in self._element.iterancestors("{*}sdt"):
            unbind(one)

    # ---- to nodes

    def _raw(self, container: etree._Element) -> Iterator[_Raw]:
        for one in container:
            name = local(one)
            if name == "r":
                yield from self._run(one)
            elif name in ("pPr", "rPr", "sdtPr", "sdtEndPr", "smartTagPr", "customXmlPr"):
                continue
            elif name == "fldSimple" and not _is_spoken(attribute(one, "instr")):
                yield InlineObject([one])
            elif name in _GROUPS:
                inner = child(one, "sdtContent") if name == "sdt" else one
                children = [
                    InlineObject(node.elements) if isinstance(node, _Break) else node
                    for node in (_folded(self._raw(inner)) if inner is not None else ())
                ]
                yield (
                    Group(one, children)
                    if any(isinstance(node, Words) for node in _flat(children))
                    else InlineObject([one])
                )
            elif name in _UNSEEN_STARTS or not name:
                yield InvisibleMark(one)
            elif name in _UNSEEN_ENDS:
                yield InvisibleMark(one, is_end=True)
            else:
                yield InlineObject([one])

    def _run(self, run: etree._Element) -> Iterator[_Raw]:
        properties = child(run, "rPr")
        look = _look(properties)
        for one in list(run):
            name = local(one)
            if name == "rPr":
                continue
            if name == "t":
                text = one.text or ""
                words = text if one.get(XML_SPACE) == "preserve" else text.strip(" \t\r\n")
                if _is_drawn_blank(words, properties):
                    yield InlineObject([self._split(run, one)])
                elif words:
                    yield Words(words, look, run)
            elif name in _LETTERS:
                yield Words(_LETTERS[name], look, run)
            elif name in _BREAKS:
                yield _Break([self._split(run, one)])
            elif name == "fldChar":
                yield _Mark(attribute(one, "fldCharType"), self._split(run, one))
            elif name in ("instrText", "delInstrText"):
                yield _Mark("code", self._split(run, one), one.text or "")
            elif name in ("lastRenderedPageBreak", "commentReference", "annotationRef", "delText"):
                yield InvisibleMark(self._split(run, one), is_end=True)
            else:
                yield InlineObject([self._split(run, one)])

    def _split(self, run: etree._Element, part: etree._Element) -> _Made:
        return run if all(one is part or local(one) == "rPr" for one in run) else _Piece(run, part)

    # ---- and back

    def _elements(self, nodes: Sequence[Node]) -> Iterator[etree._Element]:
        for one in nodes:
            if isinstance(one, Words):
                if one.text and self._speech.tracked:
                    yield from tracked_runs(self._run_of(one), self._speech.tracked)
                elif one.text:
                    yield self._run_of(one)
            elif isinstance(one, InlineObject):
                yield from map(_made, one.elements)
            elif isinstance(one, InvisibleMark):
                yield _made(one.element)
            elif isinstance(one.element, _Field):
                yield from map(_made, one.element.codes)
                yield from self._elements(one.children)
                yield from map(_made, one.element.ends)
            else:
                yield self._filled(one)

    def _filled(self, group: Group) -> etree._Element:
        element: etree._Element = group.element
        inner = child(element, "sdtContent") if local(element) == "sdt" else element
        if local(element) == "sdt":
            unbind(element)
        kept = [one for one in inner if local(one) in ("rPr", "smartTagPr", "customXmlPr")]  # type: ignore[union-attr]
        content = list(self._elements(group.children))
        for one in list(inner):  # type: ignore[arg-type]
            inner.remove(one)  # type: ignore[union-attr]
        inner.extend([*kept, *content])  # type: ignore[union-attr]
        return element

    def _run_of(self, words: Words) -> etree._Element:
        run = etree.Element(f"{self._space}r", nsmap=None)
        properties = child(words.model, "rPr") if words.model is not None else None
        if properties is not None:
            run.append(copy.deepcopy(properties))
        self._speech.mark_run(run)
        text = etree.SubElement(run, f"{self._space}t")
        text.text = words.text
        text.set(XML_SPACE, "preserve")
        return run


def unbind(control: etree._Element) -> None:
    """Let a content control keep its words: one that is bound to data shows those of the data again when it is opened
    (ECMA-376 part 1, 17.5.2.6).
    """
    properties = child(control, "sdtPr")
    for one in [one for one in properties if local(one) == "dataBinding"] if properties is not None else ():
        properties.remove(one)  # type: ignore[union-attr]


def _folded(raw: Iterator[_Raw]) -> list[Node | _Break]:
    """The nodes with each field as one: a group if its result is text of the document, else a fixed object."""
    levels: list[tuple[list[_Mark], list[Node | _Break], bool]] = []
    found: list[Node | _Break] = []
    for one in raw:
        if not isinstance(one, _Mark):
            found.append(one)
        elif one.kind == "begin":
            levels.append(([one], found, False))
            found = []
        elif not levels:
            found.append(InlineObject([one.element]))  # of a field that began in another paragraph
        elif one.kind == "end":
            marks, outer, has_result = levels.pop()
            outer.append(_field(marks, found, one, has_result=has_result))
            found = outer
        else:
            marks, outer, _ = levels[-1]
            if one.kind == "separate":
                inside = [element for node in found for element in _elements_of(node)]
                marks += [_Mark("inside", element) for element in inside]  # a field inside the code
                found = []
                levels[-1] = (marks, outer, True)
            marks.append(one)
    while levels:  # it ends in another paragraph
        marks, outer, _ = levels.pop()
        spoken = _is_spoken("".join(mark.code for mark in marks))
        outer.append(InlineObject([mark.element for mark in marks]))
        outer += found if spoken else [InlineObject([element for node in found for element in _elements_of(node)])]
        found = outer
    return found


def _field(marks: list[_Mark], found: list[Node | _Break], end: _Mark, *, has_result: bool) -> Node:
    codes = [mark.element for mark in marks]
    if has_result and _is_spoken("".join(mark.code for mark in marks)):
        children = [InlineObject(one.elements) if isinstance(one, _Break) else one for one in found]
        if any(isinstance(one, Words) for one in _flat(children)):
            return Group(_Field(codes, [end.element]), children)
    inside = [element for node in found for element in _elements_of(node)]
    return InlineObject([*codes, *inside, end.element])


def _is_spoken(code: str) -> bool:
    words = code.split()
    return bool(words) and words[0].upper() in _SPOKEN_FIELDS


def _flat(nodes: Sequence[Node]) -> Iterator[Node]:
    for one in nodes:
        yield one
        if isinstance(one, Group):
            yield from _flat(one.children)


def _elements_of(node: Node | _Break) -> list[_Made]:
    if isinstance(node, Words):
        return [node.model]
    if isinstance(node, InvisibleMark):
        return [node.element]
    if isinstance(node, Group):
        if isinstance(node.element, _Field):
            inside = [element for one in node.children for element in _elements_of(one)]
            return [*node.element.codes, *inside, *node.element.ends]
        return [node.element]
    return list(node.elements)


def _is_drawn_blank(words: str, properties: etree._Element | None) -> bool:
    """Underlined spaces are the line of a form, not text."""
    return len(words) > 1 and words.isspace() and child(properties, "u") is not None


def _look(properties: etree._Element | None) -> str:
    if properties is None:
        return ""
    found = []
    for one in properties:
        name = local(one)
        if name in _WEAK or not name:
            continue
        own = sorted(f"{key}={value}" for key, value in one.attrib.items() if not str(key).endswith("}hint"))
        found.append(f"{name}({','.join(own)})")
    return "|".join(sorted(found))
