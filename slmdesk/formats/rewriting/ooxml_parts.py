"""Parts of Word, PowerPoint and Excel files as trees that are written back, and the units of DrawingML paragraphs."""

from __future__ import annotations

import copy
import posixpath
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from lxml import etree

from slmdesk.base.errors import KnownError
from slmdesk.formats.ooxml import Package
from slmdesk.formats.rewriting.base import LeftAsIs, Rewriting, Unit, Units, said
from slmdesk.formats.rewriting.inline import Inline, InlineObject, Node, Words
from slmdesk.formats.rewriting.speech import Speech
from slmdesk.formats.rewriting.twins import twinned
from slmdesk.formats.xmls import child, local

XML_SPACE = "{http://www.w3.org/XML/1998/namespace}space"


@dataclass(slots=True, eq=False)
class Part:
    name: str
    root: etree._Element
    is_changed: bool = False
    speech: Speech = field(default_factory=Speech)


class Parts:
    def __init__(self, package: Package, rewriting: Rewriting) -> None:
        self.package, self._rewriting = package, rewriting
        self._seen: set[str] = set()
        self._damaged: list[str] = []
        self.speech = Speech.of(rewriting.options)

    def main(self, name: str) -> Part:
        """The part a document begins with.  Raises KnownError `document.damaged` where it cannot be parsed."""
        part = self.open(name)
        if part is None:
            raise KnownError("document.damaged", path=self._rewriting.reading.path, reason="its main part is broken")
        return part

    def open(self, name: str) -> Part | None:
        """A part, once; None where it is not there, was given before, or cannot be parsed: see `damaged`."""
        if not name or name in self._seen:
            return None
        self._seen.add(name)
        root = self.package.tree(name, whole=True)
        if root is None:
            if name in self.package:
                self._damaged.append(name)
            return None
        return Part(name, root, speech=self.speech)

    def damaged(self) -> Iterator[LeftAsIs]:
        return (LeftAsIs("damaged", "", name[:80]) for name in self._damaged)

    def close(self, part: Part) -> None:
        if part.is_changed:
            self._rewriting.put(self.package.stored_name(part.name), written(part.root))

    def related(self, part: str, *kinds: str) -> Iterator[str]:
        found = {one.part for one in self.package.relations(part).values() if one.kind in kinds}
        return iter(sorted(found, key=_natural))


def written(root: etree._Element) -> bytes:
    tree = root.getroottree()
    return etree.tostring(tree, xml_declaration=True, encoding="UTF-8", standalone=tree.docinfo.standalone)


def _natural(name: str) -> tuple[str, int, str]:
    """The key that puts slide10 behind slide9."""
    folder, file = posixpath.split(name)
    digits = "".join(letter for letter in file if letter.isdigit())[:9]
    return folder, int(digits or 0), file


def translated(
    stretches: Sequence[tuple[Inline | None, Sequence[Node]]],
    *,
    kind: str,
    place: str,
    rebuild: Callable[[Sequence[Node]], None],
) -> Units:
    """The units of one paragraph, which breaks may split; `rebuild` is called with all nodes when one was answered."""
    found: list[Node] = []
    is_changed = False
    for inline, nodes in stretches:
        answer = None
        if inline is not None and inline.has_words:
            answer = yield Unit(inline.text, inline.tags, kind, place)
        if answer is None or inline is None:
            found += nodes
        else:
            found += inline.nodes(answer)
            is_changed = True
    if is_changed:
        rebuild(found)


def attribute_unit(part: Part, element: etree._Element, name: str, *, kind: str, place: str) -> Units:
    key = next((key for key in element.attrib if str(key).rpartition("}")[2] == name), name)
    text = element.get(key, "")
    if any(letter.isalpha() for letter in text):
        answer = yield Unit(text.strip(), kind=kind, place=place)
        if answer is not None:
            element.set(key, answer)
            part.is_changed = True


# ---- DrawingML: slides, charts, diagrams, shapes on sheets


def drawing_units(part: Part, *, place: Callable[[etree._Element], str], kind: str = "paragraph") -> Units:
    """The units of all `a:p` of a part (ECMA-376 part 1, 21.1.2)."""
    paragraphs = [one for one in part.root.iter("{*}p") if is_drawing(one)]
    yield from twinned(paragraphs, lambda paragraph: drawing_paragraph(part, paragraph, kind, place(paragraph)))


def always(word: str) -> Callable[[etree._Element], str]:
    return lambda _element: word


def is_drawing(element: etree._Element) -> bool:
    space = etree.QName(element).namespace or ""
    return space.endswith(("drawingml/2006/main", "drawingml/main"))


def drawing_paragraph(part: Part, paragraph: etree._Element, kind: str, place: str) -> Units:
    nodes: list[list[Node]] = [[]]
    breaks: list[etree._Element] = []
    for one in paragraph:
        name = local(one)
        if name == "r":
            text = child(one, "t")
            nodes[-1].append(Words((text.text or "") if text is not None else "", _look(child(one, "rPr")), one))
        elif name == "br":
            breaks.append(one)
            nodes.append([])
        elif name in ("pPr", "endParaRPr"):
            continue
        else:
            nodes[-1].append(InlineObject([one]))
            words = "".join(text.text or "" for text in one.iter("{*}t"))
            is_math = name == "m" or "math" in (etree.QName(one).namespace or "")
            yield from said("equation" if is_math else "field", place, words)

    def rebuild(found: Sequence[Node]) -> None:
        kept = [one for one in paragraph if local(one) in ("pPr", "endParaRPr")]
        for one in list(paragraph):
            paragraph.remove(one)
        paragraph.extend(one for one in kept if local(one) == "pPr")
        for node in found:
            if isinstance(node, Words):
                if node.text:
                    paragraph.append(_drawing_run(node, part.speech))
            elif isinstance(node, InlineObject):
                paragraph.extend(node.elements)
        paragraph.extend(one for one in kept if local(one) == "endParaRPr")
        part.speech.turn_drawing(paragraph)
        part.is_changed = True

    stretches: list[tuple[Inline | None, Sequence[Node]]] = []
    for index, stretch in enumerate(nodes):
        if index:
            stretches.append((None, [InlineObject([breaks[index - 1]])]))
        stretches.append((Inline(stretch), stretch))
    yield from translated(stretches, kind=kind, place=place, rebuild=rebuild)


def _drawing_run(words: Words, speech: Speech) -> etree._Element:
    run: etree._Element = copy.deepcopy(words.model)
    run.tail = None
    text = child(run, "t")
    if text is None:
        text = etree.SubElement(run, f"{{{etree.QName(run).namespace}}}t")
    text.text = words.text
    speech.mark_drawing_run(run)
    return run


_WEAK_DRAWING = frozenset(
    ("lang", "altLang", "dirty", "err", "noProof", "kern", "spc", "smtClean", "smtId", "kumimoji")
)


def _look(properties: etree._Element | None) -> str:
    if properties is None:
        return ""
    own = sorted(f"{key}={value}" for key, value in properties.attrib.items() if key not in _WEAK_DRAWING)
    return "|".join(
        (*own, *(etree.tostring(one, method="c14n").decode() for one in properties if local(one) != "extLst"))
    )


class Cells:
    """Locations in tables.  Rows are counted once: a table may have thousands."""

    def __init__(self) -> None:
        self._numbers: dict[etree._Element, dict[etree._Element, int]] = {}

    def of(self, element: etree._Element) -> tuple[etree._Element, int, int] | None:
        """The table, row and column, from 1, of what is in a cell; None outside tables."""
        cell = next((one for one in element.iterancestors() if local(one) == "tc"), None)
        row = next((one for one in cell.iterancestors() if local(one) == "tr"), None) if cell is not None else None
        table = next((one for one in row.iterancestors() if local(one) == "tbl"), None) if row is not None else None
        if cell is None or row is None or table is None:
            return None
        return table, self._number(table, row, "tr"), self._number(row, cell, "tc")

    def _number(self, parent: etree._Element, one: etree._Element, name: str) -> int:
        if parent not in self._numbers:
            inside = (part for part in parent if local(part) in (name, "sdt"))  # a control may be around
            found = (each for part in inside for each in ([part] if local(part) == name else part.iter("{*}" + name)))
            self._numbers[parent] = {each: at for at, each in enumerate(found, start=1)}
        return self._numbers[parent].get(one, 0)
