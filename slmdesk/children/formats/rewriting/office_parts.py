"""Opens parts of Office files as trees and writes them back, turns paragraphs into text with numbered tags and back,
and sets language and direction.
"""

from __future__ import annotations

import copy
import zipfile
from collections import Counter, deque
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace  # noqa: TID251
from typing import Any, TypeAlias
from unicodedata import category

from lxml import etree

from slmdesk.base.errors import KnownError
from slmdesk.base.record import Record
from slmdesk.base.text.tagged import Side, Tag, Tags, first_number, pieces, problems, stripped, tags_in
from slmdesk.base.texts import _
from slmdesk.children.formats import letters
from slmdesk.children.formats.office_xml import Package, above, attribute, child, children, is_on, local, text_of
from slmdesk.children.formats.reading import Reading
from slmdesk.children.formats.rewriting.rewriters import LeftAsIs, Options, Rewriting, Unit, UnitOrLeft, Units, said


@dataclass(slots=True, eq=False)
class Words:
    text: str
    look: Hashable = ""
    """Formatting of the text. Adjacent texts with equal formatting need no tag between them."""
    model: Any = None
    """The object in the document the text came from. Its formatting is copied for the translated text."""


@dataclass(slots=True, eq=False)
class InlineObject:
    elements: list[Any]


@dataclass(slots=True, eq=False)
class InvisibleMark:
    element: Any
    is_end: bool = False
    """Whether the mark ends a range, and so stays after the text before it."""


@dataclass(slots=True, eq=False)
class Group:
    element: Any
    children: list[Node]


Node: TypeAlias = Words | InlineObject | InvisibleMark | Group
Seen: TypeAlias = Words | InlineObject | Group
Rebuild: TypeAlias = Callable[[Sequence[Node]], None]


@dataclass(slots=True, eq=False)
class _Level:
    seen: list[Seen]
    lead: list[Node]
    trail: list[Node]
    """Invisible nodes that were moved to the end. `lead` holds those moved to the beginning."""
    before: dict[int, list[Node]]
    after: dict[int, list[Node]]
    """Invisible nodes that stay after a fixed object or group, by that node's `id`. `before` holds those before it."""
    look: Hashable = ""
    model: Any = None


class Inline:
    def __init__(self, nodes: Sequence[Node]) -> None:
        self._tagged: dict[int, tuple[Seen, _Level, _Level]] = {}
        """For each tag number: the node, the level around the node, and the level inside (for text its formatting)."""
        self._wraps: list[tuple[_Level, Group]] = []
        level = _level(nodes)
        while len(level.seen) == 1 and isinstance(wrap := level.seen[0], Group):  # a link around all words needs no tag
            self._wraps.append((level, wrap))
            level = _level(wrap.children)
        self._top = level
        self._next = first_number(*_letters(level.seen))
        text = self._written(level)
        self._all = Tags(
            tuple(number for number, (node, __, __) in self._tagged.items() if not isinstance(node, InlineObject)),
            tuple(number for number, (node, __, __) in self._tagged.items() if isinstance(node, InlineObject)),
        )
        self._before, self.text, self._after = stripped(text, self._all)
        self.tags = tags_in(self.text, self._all)

    @property
    def has_words(self) -> bool:
        words = "".join(piece for piece in pieces(self.text, self.tags) if isinstance(piece, str))
        return any(map(str.isalpha, words))

    def nodes(self, translation: str) -> list[Node]:
        """Return the nodes for a translation of `text`. Raises ValueError if the translation's tags are unbalanced."""
        if problems(translation, self.tags):
            raise ValueError("the tags of the translation are not balanced")
        words = " ".join(translation.split("\n"))
        nodes = self._read(pieces(self._before + words + self._after, self._all))
        nodes = [*self._top.lead, *nodes, *self._top.trail]
        for level, wrap in reversed(self._wraps):
            nodes = [*level.lead, *_beside(level, wrap, [Group(wrap.element, nodes)]), *level.trail]
        return nodes

    def _written(self, level: _Level) -> str:
        parts = []
        for node in level.seen:
            if isinstance(node, Words) and node.look == level.look:
                parts.append(node.text)
                continue
            number = self._next
            self._next += 1
            if isinstance(node, InlineObject):
                self._tagged[number] = node, level, level
                parts.append(f"<{number}/>")
                continue
            inner = _level(node.children) if isinstance(node, Group) else _level([node])
            self._tagged[number] = node, level, inner
            words = self._written(inner) if isinstance(node, Group) else node.text
            parts.append(f"<{number}>{words}</{number}>")
        return "".join(parts)

    def _read(self, parts: Sequence[str | Tag]) -> list[Node]:
        levels: list[tuple[_Level, list[Node]]] = [(self._top, [])]
        for tag in parts:
            level, here = levels[-1]
            if isinstance(tag, str):
                here.append(Words(tag, level.look, level.model))
                continue
            node, around, inner = self._tagged[tag.number]
            if tag.side is Side.LONE:
                here += _beside(around, node, [node])
            elif tag.side is Side.OPEN:
                levels.append((inner, []))
            else:
                levels.pop()
                if isinstance(node, Group):
                    here = [Group(node.element, [*inner.lead, *here, *inner.trail])]
                levels[-1][1].extend(_beside(around, node, here))
        return levels[0][1]


def _beside(level: _Level, node: Seen, inside: Sequence[Node]) -> list[Node]:
    return [*level.before.get(id(node), ()), *inside, *level.after.get(id(node), ())]


def _level(nodes: Sequence[Node]) -> _Level:
    """Return the visible nodes, with adjacent text of equal formatting joined. Invisible nodes get no tags of their
    own. They move to the ends, or beside a neighbour that has a tag anyway.
    """
    level = _Level([], [], [], {}, {})
    waiting: list[InvisibleMark] = []
    for node in nodes:
        if isinstance(node, InvisibleMark):
            waiting.append(node)
            continue
        if isinstance(node, Words) and not node.text:
            continue
        last = level.seen[-1] if level.seen else None
        for unseen in waiting:
            _place(level, unseen, last, node)
        waiting = []
        if isinstance(node, Words) and isinstance(last, Words) and node.look == last.look:
            last.text += node.text
        else:
            level.seen.append(replace(node) if isinstance(node, Words) else node)
    level.trail += waiting
    _choose_base(level)
    _absorb(level)
    return level


def _absorb(level: _Level) -> None:
    """Join a comma, space or sign with other formatting to the text before it: a tag in the sentence would do more
    harm.
    """
    kept: list[Seen] = []
    for node in level.seen:
        last = kept[-1] if kept else None
        joins = isinstance(node, Words) and isinstance(last, Words)
        if joins and (node.look == last.look or (node.look != level.look and _is_faceless(node.text))):  # type: ignore[union-attr]
            last.text += node.text  # type: ignore[union-attr]
        else:
            kept.append(node)
    level.seen = kept


def _is_faceless(text: str) -> bool:
    return len(text) < 4 and all(letter in " \u00a0.,;:()" or category(letter) in ("Sm", "So") for letter in text)


def _place(level: _Level, unseen: InvisibleMark, last: Seen | None, following: Seen) -> None:
    if last is None:
        level.lead.append(unseen)
    elif unseen.is_end:
        if isinstance(last, Words):
            level.trail.append(unseen)
        else:
            level.after.setdefault(id(last), []).append(unseen)
    else:
        if isinstance(following, Words):
            level.lead.append(unseen)
        else:
            level.before.setdefault(id(following), []).append(unseen)


def _choose_base(level: _Level) -> None:
    """Choose the most frequent formatting, which needs no tags. If there are only groups, take that in the first."""
    letters: Counter[Hashable] = Counter()
    for words in level.seen:
        if isinstance(words, Words):
            letters[words.look] += max(1, len(words.text.strip()))
    if letters:
        level.look = letters.most_common(1)[0][0]
        level.model = next(words.model for words in level.seen if isinstance(words, Words) and words.look == level.look)
    elif (group := next((group for group in level.seen if isinstance(group, Group)), None)) is not None:
        inner = _level(group.children)
        level.look, level.model = inner.look, inner.model


def _letters(seen: Sequence[Seen]) -> Iterator[str]:
    for node in seen:
        if isinstance(node, Words):
            yield node.text
        elif isinstance(node, Group):
            yield from _letters(_level(node.children).seen)


_REGIONS = (
    "ar-SA bg-BG bn-IN ca-ES cs-CZ da-DK de-DE el-GR en-US es-ES et-EE fa-IR fi-FI fr-FR he-IL hi-IN hr-HR hu-HU id-ID "
    "it-IT ja-JP ko-KR lt-LT lv-LV nl-NL no-NO pl-PL pt-PT ro-RO ru-RU sk-SK sl-SI sr-RS sv-SE th-TH tr-TR uk-UA ur-PK "
    "vi-VN zh-CN"
)
_TAGS = {region.partition("-")[0]: region for region in _REGIONS.split()} | {"no": "nb-NO", "sr": "sr-Cyrl-RS"}
"""Language tags with a region by language code. Spelling checkers need a region, and the largest one is taken."""
_EAST_ASIAN = frozenset(("zh", "ja", "ko"))
_BEHIND_RTL = frozenset(("cs", "em", "lang", "eastAsianLayout", "specVanish", "oMath", "rPrChange"))
_BEHIND_LANG = frozenset(("eastAsianLayout", "specVanish", "oMath", "rPrChange"))
_BEFORE_BIDI = frozenset(
    ("pStyle", "keepNext", "keepLines", "pageBreakBefore", "framePr", "widowControl", "numPr", "suppressLineNumbers",
     "pBdr", "shd", "tabs", "suppressAutoHyphens", "kinsoku", "wordWrap", "overflowPunct", "topLinePunct",
     "autoSpaceDE", "autoSpaceDN")
)  # fmt: skip
_BEFORE_VISUAL = frozenset(("tblStyle", "tblpPr", "tblOverlap"))
_BEHIND_SECTION = frozenset(("rtlGutter", "docGrid", "printerSettings", "sectPrChange"))
_TITLES = frozenset(("ctrTitle", "title", "subTitle"))


class Speech(Record):
    """Language and direction that translated text is marked with. Without a language nothing is marked."""

    language: str = ""
    """Language code, ISO 639-1."""
    is_right_to_left: bool = False
    tracked: str = ""
    """Date of tracked changes (see Options.tracked)."""

    @classmethod
    def of(cls, options: Options) -> Speech:
        return cls(options.language, options.is_right_to_left, options.tracked)

    @property
    def tag(self) -> str:
        """Return the language with a region (BCP 47), or "" without a language."""
        return _TAGS.get(self.language, self.language)

    # ---- WordprocessingML

    def mark_run(self, run: etree._Element) -> None:
        space = f"{{{etree.QName(run).namespace}}}"
        properties = child(run, "rPr")
        if properties is None:
            if not (self.language or self.is_right_to_left):
                return
            properties = _first(run, "rPr")
        turned = child(properties, "rtl")
        if self.is_right_to_left and turned is None:
            _insert_before(properties, etree.Element(f"{space}rtl"), _BEHIND_RTL)
        elif self.language and not self.is_right_to_left:
            remove(properties, "rtl", "cs")
        if self.language:
            remove(properties, "lang")
            east = self.language in _EAST_ASIAN
            if self.is_right_to_left:
                key = "bidi"
            elif east:
                key = "eastAsia"
            else:
                key = "val"
            _insert_before(properties, etree.Element(f"{space}lang", {f"{space}{key}": self.tag}), _BEHIND_LANG)

    def turn_paragraph(self, paragraph: etree._Element) -> None:
        space = f"{{{etree.QName(paragraph).namespace}}}"
        properties = child(paragraph, "pPr")
        turned = child(properties, "bidi")
        if self.is_right_to_left and not is_on(turned):
            if properties is None:
                properties = _first(paragraph, "pPr")
            if turned is not None:
                properties.remove(turned)
            _insert_behind(properties, etree.Element(f"{space}bidi"), _BEFORE_BIDI)
        elif self.language and not self.is_right_to_left and turned is not None:
            turned.set(f"{space}val", "0")  # set to off instead of removed, since a style may turn it on
        if self.language or self.is_right_to_left:
            for table in paragraph.iterancestors(f"{space}tbl"):
                self._turn_table(table, space)

    def _turn_table(self, table: etree._Element, space: str) -> None:
        properties = child(table, "tblPr")
        visual = child(properties, "bidiVisual")
        if properties is None or (visual is not None) == self.is_right_to_left:
            return
        if visual is not None:
            properties.remove(visual)
        else:
            _insert_behind(properties, etree.Element(f"{space}bidiVisual"), _BEFORE_VISUAL)

    def turn_sections(self, root: etree._Element) -> None:
        for section in root.iter("{*}sectPr") if self.language or self.is_right_to_left else ():
            turned = child(section, "bidi")
            if (turned is not None) == self.is_right_to_left:
                continue
            if turned is not None:
                section.remove(turned)
            else:
                bidi = etree.Element(f"{{{etree.QName(section).namespace}}}bidi")
                _insert_before(section, bidi, _BEHIND_SECTION)

    # ---- DrawingML

    def mark_drawing_run(self, run: etree._Element) -> None:
        properties = child(run, "rPr")
        if self.language and properties is not None:
            properties.set("lang", self.tag)

    def turn_drawing(self, paragraph: etree._Element) -> None:
        """Set the direction of an `a:p`. Its alignment is changed too, since it is absolute (left or right)."""
        if not (self.language or self.is_right_to_left):
            return
        properties = child(paragraph, "pPr")
        is_turned = properties is not None and properties.get("rtl") in ("1", "true")
        if is_turned == self.is_right_to_left:
            return
        if properties is None:
            properties = _first(paragraph, "pPr")
        properties.set("rtl", "1" if self.is_right_to_left else "0")
        aligned = properties.get("algn", "")
        if aligned in ("l", "r"):
            properties.set("algn", "r" if aligned == "l" else "l")
        elif not aligned and self.is_right_to_left and not _is_title(paragraph):
            properties.set("algn", "r")
        for table in paragraph.iterancestors("{*}tbl"):
            about = child(table, "tblPr")
            if about is not None:
                about.set("rtl", "1" if self.is_right_to_left else "0")


def _is_title(paragraph: etree._Element) -> bool:
    """Return whether the paragraph is in a title, which the layout of the slide aligns."""
    shape = above(paragraph, "sp")
    return shape is not None and any(element.get("type") in _TITLES for element in shape.iter("{*}ph"))


def _first(parent: etree._Element, name: str) -> etree._Element:
    """Insert a new element as the first child and return it."""
    made = etree.Element(f"{{{etree.QName(parent).namespace}}}{name}")
    parent.insert(0, made)
    return made


def remove(parent: etree._Element | None, *names: str) -> None:
    """Remove the children with these names."""
    for element in list(children(parent, *names)):
        element.getparent().remove(element)  # type: ignore[union-attr]


def _insert_before(parent: etree._Element, element: etree._Element, behind: frozenset[str]) -> None:
    """Insert an element where the schema requires it: before the first of the elements named in `behind`."""
    at = next((index for index, other in enumerate(parent) if local(other) in behind), len(parent))
    parent.insert(at, element)


def _insert_behind(parent: etree._Element, element: etree._Element, before: frozenset[str]) -> None:
    after = [index for index, other in enumerate(parent) if local(other) in before]
    parent.insert(after[-1] + 1 if after else 0, element)


XML_SPACE = "{http://www.w3.org/XML/1998/namespace}space"


@dataclass(slots=True, eq=False)
class Part:
    name: str
    root: etree._Element
    speech: Speech
    is_changed: bool = False


class Parts(Package):
    """Office file whose parts are changed. Each part is opened once, and stored when it is closed."""

    def __init__(self, archive: zipfile.ZipFile, reading: Reading, rewriting: Rewriting) -> None:
        super().__init__(archive, reading)
        self.rewriting, self.speech = rewriting, Speech.of(rewriting.options)
        self._opened: set[str] = set()
        self._damaged: list[str] = []

    def main(self, name: str) -> Part:
        """Open the main part of the document. Raises KnownError `document.damaged` if it cannot be parsed."""
        part = self.open(name)
        if part is None:
            raise KnownError("document.damaged", path=self.reading.path, reason=_("its main part is broken"))
        return part

    def open(self, name: str) -> Part | None:
        """Open a part. Return None if it is missing, was opened before, or cannot be parsed (reported by `damaged`)."""
        if not name or name in self._opened:
            return None
        self._opened.add(name)
        root = self.tree(name, whole=True)
        if root is None and name in self:
            self._damaged.append(name)
        return None if root is None else Part(name, root, self.speech)

    def each(self, names: Iterable[str]) -> Iterator[Part]:
        """Open parts one by one. Each is closed when the next one is requested."""
        for name in names:
            if (part := self.open(name)) is not None:
                yield part
                self.close(part)

    def close(self, part: Part) -> None:
        if part.is_changed:
            self.rewriting.put(self.stored_name(part.name), written(part.root))

    def damaged(self) -> Iterator[LeftAsIs]:
        return (LeftAsIs("damaged", "", name[:80]) for name in self._damaged)


def written(root: etree._Element) -> bytes:
    tree = root.getroottree()
    return etree.tostring(tree, xml_declaration=True, encoding="UTF-8", standalone=tree.docinfo.standalone)


def translated(
    stretches: Sequence[tuple[Inline | None, Sequence[Node]]], *, kind: str, place: str, rebuild: Rebuild
) -> Units:
    """Yield the units of a paragraph, which breaks may split into several. If any unit was translated, `rebuild` is
    called with all nodes.
    """
    new_nodes: list[Node] = []
    is_changed = False
    for inline, nodes in stretches:
        answer = None
        if inline is not None and inline.has_words:
            answer = yield Unit(inline.text, inline.tags, kind, place)
        if answer is None or inline is None:
            new_nodes += nodes
        else:
            new_nodes += inline.nodes(answer)
            is_changed = True
    if is_changed:
        rebuild(new_nodes)


def alt_text_unit(part: Part, element: etree._Element, name: str, *, place: str) -> Units:
    key = next((key for key in element.attrib if str(key).rpartition("}")[2] == name), name)
    text = element.get(key, "")
    if any(letter.isalpha() for letter in text):
        answer = yield Unit(text.strip(), kind="alt_text", place=place)
        if answer is not None:
            element.set(key, answer)
            part.is_changed = True


def text_unit(part: Part, element: etree._Element, *, kind: str, place: str) -> Units:
    answer = yield Unit((element.text or "").strip(), kind=kind, place=place)
    if answer is not None:
        element.text = answer
        part.is_changed = True


def title_units(parts: Parts, name: str, *path: str) -> Units:
    """Yield the unit of the title in the file's properties."""
    for part in parts.each([name]):
        title = child(part.root, *path)
        if title is not None and (title.text or "").strip():
            yield from text_unit(part, title, kind="property", place="properties")


def drawing_units(part: Part, *, place: Callable[[etree._Element], str], kind: str = "paragraph") -> Units:
    """Yield the units of all `a:p` of a part (ECMA-376 part 1, 21.1.2)."""
    paragraphs = [element for element in part.root.iter("{*}p") if is_drawing(element)]
    yield from twinned(paragraphs, lambda paragraph: drawing_paragraph(part, paragraph, kind, place(paragraph)))


def always(word: str) -> Callable[[etree._Element], str]:
    return lambda _element: word


def is_drawing(element: etree._Element) -> bool:
    space = etree.QName(element).namespace or ""
    return space.endswith(("drawingml/2006/main", "drawingml/main"))


def drawing_paragraph(part: Part, paragraph: etree._Element, kind: str, place: str) -> Units:
    nodes: list[list[Node]] = [[]]
    breaks: list[etree._Element] = []
    for element in paragraph:
        name = local(element)
        if name == "r":
            text, properties = text_of(child(element, "t")), child(element, "rPr")
            shown = _legible(text, properties)
            nodes[-1].append(Words(shown, _look(properties), element) if shown or not text else InlineObject([element]))
        elif name == "br":
            breaks.append(element)
            nodes.append([])
        elif name in ("pPr", "endParaRPr"):
            continue
        else:
            nodes[-1].append(InlineObject([element]))
            words = "".join(text.text or "" for text in element.iter("{*}t"))
            is_math = name == "m" or "math" in (etree.QName(element).namespace or "")
            yield from said("equation" if is_math else "field", place, words)

    def rebuild(rebuilt: Sequence[Node]) -> None:
        kept = [element for element in paragraph if local(element) in ("pPr", "endParaRPr")]
        del paragraph[:]
        paragraph.extend(element for element in kept if local(element) == "pPr")
        for node in rebuilt:
            if isinstance(node, Words):
                if node.text:
                    paragraph.append(_drawing_run(node, part.speech))
            elif isinstance(node, InlineObject):
                paragraph.extend(node.elements)
        paragraph.extend(element for element in kept if local(element) == "endParaRPr")
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
    if any(_symbol_fonts(child(run, "rPr"))):
        remove(child(run, "rPr"), *_FONTS)
    speech.mark_drawing_run(run)
    return run


_FONTS = ("latin", "sym")


def _symbol_fonts(properties: etree._Element | None) -> list[str]:
    return [letters.symbol_font(attribute(child(properties, kind), "typeface")) for kind in _FONTS]


def _legible(text: str, properties: etree._Element | None) -> str:
    """Return a text with signs of symbol fonts as Unicode, or "" if one of them has none."""
    font, private = _symbol_fonts(properties)
    if not font and not private:
        return text
    signs = [letters.sign_of(letter, font or (private if letters.PRIVATE.match(letter) else "")) for letter in text]
    return "".join(signs) if all(signs) else ""


_WEAK_DRAWING = frozenset(
    ("lang", "altLang", "dirty", "err", "noProof", "kern", "spc", "smtClean", "smtId", "kumimoji")
)


def _look(properties: etree._Element | None) -> str:
    if properties is None:
        return ""
    skipped = ("extLst", *_FONTS) if any(_symbol_fonts(properties)) else ("extLst",)
    own = sorted(f"{key}={value}" for key, value in properties.attrib.items() if key not in _WEAK_DRAWING)
    inner = (etree.tostring(element, method="c14n").decode() for element in properties if local(element) not in skipped)
    return "|".join((*own, *inner))


class Cells:
    """Finds row and column of elements in tables. Rows are counted only once, since a table may have thousands."""

    def __init__(self) -> None:
        self._numbers: dict[etree._Element, dict[etree._Element, int]] = {}

    def of(self, element: etree._Element) -> tuple[etree._Element, int, int] | None:
        """Return the table, row and column (from 1) of the cell around an element, or None outside of tables."""
        cell = above(element, "tc")
        row = above(cell, "tr")
        table = above(row, "tbl")
        if cell is None or row is None or table is None:
            return None
        return table, self._number(table, row, "tr"), self._number(row, cell, "tc")

    def _number(self, parent: etree._Element, element: etree._Element, name: str) -> int:
        if parent not in self._numbers:
            inside = (part for part in parent if local(part) in (name, "sdt"))  # a content control may enclose it
            elements = (
                each for part in inside for each in ([part] if local(part) == name else part.iter("{*}" + name))
            )
            self._numbers[parent] = {each: at for at, each in enumerate(elements, start=1)}
        return self._numbers[parent].get(element, 0)


# Text that a file contains twice, for programs that know a newer way of drawing and for those that do not. A program
# shows one of the copies (ECMA-376 part 3, Markup Compatibility), so both must say the same. The second copy gets the
# translation of the first.


class RepeatedTexts:
    def __init__(self) -> None:
        self._answers: dict[tuple[str, Tags], deque[str | None]] = {}
        self._left: set[UnitOrLeft] = set()

    def first(self, units: Units) -> Units:
        answer: str | None = None
        while True:
            try:
                unit = units.send(answer)
            except StopIteration as end:
                return end.value
            answer = yield unit
            if isinstance(unit, Unit):
                self._answers.setdefault((unit.text, unit.tags), deque()).append(answer)
            else:
                self._left.add(unit)

    def again(self, units: Units) -> Units:
        """Yield units of a second copy that the first did not have. The others get the answers of the first copy."""
        answer: str | None = None
        while True:
            try:
                unit = units.send(answer)
            except StopIteration as end:
                return end.value
            known = self._answers.get((unit.text, unit.tags)) if isinstance(unit, Unit) else None
            if known:
                answer = known.popleft() if len(known) > 1 else known[0]
            elif unit in self._left:
                answer = None
            else:
                answer = yield unit


def twinned(elements: Iterable[etree._Element], units_of: Callable[[etree._Element], Units]) -> Units:
    """Yield the units of elements. An `mc:Fallback` repeats the text of its `mc:Choice` and gets its translations."""
    twins: dict[etree._Element, RepeatedTexts] = {}
    for element in elements:
        copy = above(element, "Choice", "Fallback")
        both = copy.getparent() if copy is not None else None
        if copy is None or both is None:
            yield from units_of(element)
            continue
        twin = twins.setdefault(both, RepeatedTexts())
        if local(copy) == "Fallback":
            yield from twin.again(units_of(element))
        else:
            yield from twin.first(units_of(element))
