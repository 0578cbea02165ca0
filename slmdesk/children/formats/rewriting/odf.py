"""Translates OpenDocument texts, presentations and spreadsheets (OASIS OpenDocument 1.3, part 3)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from lxml import etree

from slmdesk.base.errors import KnownError
from slmdesk.base.texts import _
from slmdesk.children.formats import letters
from slmdesk.children.formats.odf import CONTENT
from slmdesk.children.formats.office_xml import above, attribute, child, local
from slmdesk.children.formats.rewriting.office_parts import (
    Group,
    Inline,
    InlineObject,
    InvisibleMark,
    Node,
    Part,
    Parts,
    Words,
    text_unit,
    title_units,
    translated,
)
from slmdesk.children.formats.rewriting.rewriters import MOST_SAID, LeftAsIs, Options, Rewriting, Unit, Units, said

_GROUPS = frozenset(("a", "meta", "meta-field", "ruby"))
_UNSEEN_STARTS = frozenset(
    ("bookmark", "bookmark-start", "reference-mark", "reference-mark-start", "change", "change-start",
     "soft-page-break", "toc-mark-start", "alphabetical-index-mark-start", "annotation")
)  # fmt: skip
_UNSEEN_ENDS = frozenset(
    ("bookmark-end", "reference-mark-end", "change-end", "toc-mark-end", "alphabetical-index-mark-end",
     "annotation-end")
)  # fmt: skip
_BREAKS = frozenset(("tab", "line-break"))
_UNTOUCHED = frozenset(
    ("tracked-changes", "automatic-styles", "font-face-decls", "scripts", "forms", "table-of-content-source",
     "alphabetical-index-source", "illustration-index-source", "table-index-source", "object-index-source",
     "user-index-source", "bibliography-source", "styles")
)  # fmt: skip
_DECLARED = frozenset(("footer-decl", "header-decl", "date-time-decl"))
_WEAK = ("language", "country", "script", "rsid", "paragraph-rsid", "letter-kerning", "font-charset", "rfc-language")
_OBJECT = re.compile(r"[^/]*Object[^/]*/content\.xml$")
_WHITE = re.compile("[ \\t\\r\\n]+")
_BLANKS = re.compile("( {2,})")
_WORDLESS = frozenset(("float", "percentage", "currency", "date", "time", "boolean"))


def rewrite(rewriting: Rewriting) -> Units:
    reading = rewriting.reading
    is_changed = False
    with Parts.opened(reading, rewriting) as parts:
        if CONTENT not in parts:
            raise KnownError("document.damaged", path=reading.path, reason=_("its main part is missing"))
        for name, word in ((CONTENT, ""), ("styles.xml", "header or footer")):
            part = parts.main(name) if name == CONTENT else parts.open(name)
            if part is None:
                continue
            yield from _left_in(part)
            yield from _units(part, word, rewriting)
            is_changed = is_changed or part.is_changed
            if is_changed:  # the direction is declared in both parts
                turn(part.root, rewriting.options)
                part.is_changed = True
            parts.close(part)
        for part in parts.each(filter(_OBJECT.match, parts.names)):
            yield from _object(part)
        yield from _left(parts)
        yield from parts.damaged()
        if rewriting.options.properties:
            yield from title_units(parts, "meta.xml", "meta", "title")


def _left_in(part: Part) -> Units:
    """Report what is not translated: text that tracked changes delete, and templates of indexes."""
    for element in part.root.iter("{*}deletion"):
        yield from said("deleted", "", " ".join("".join(each.itertext()) for each in element.iter("{*}p", "{*}h")))
    for element in part.root.iter("{*}index-title-template"):
        yield from said("definition", "title of an index", element.text or "")


def _object(part: Part) -> Units:
    if next(part.root.iter("{*}chart"), None) is None:
        yield LeftAsIs("embedded", "", part.name.partition("/")[0])
        return
    for element in [element for element in part.root.iter("{*}p") if _is_in_title(element)]:
        yield from _paragraph(part, element, "chart", {})
    cells = (element for element in part.root.iter("{*}p") if not _is_in_title(element))
    labels = dict.fromkeys("".join(cell.itertext()).strip() for cell in cells)
    yield from said("chart_labels", "chart", ", ".join(label for label in labels if any(map(str.isalpha, label))))


def _is_in_title(element: etree._Element) -> bool:
    return above(element, "title", "subtitle", "footer") is not None


def _units(part: Part, word: str, rewriting: Rewriting) -> Units:
    places = Places(word)
    looks = _looks(part.root)
    literals = _literals(part.root)
    for element in list(_walked(part.root)):
        rewriting.reading.check()
        name = local(element)
        if name == "table":
            places.table(element)
            if rewriting.options.sheet_names:
                yield from _attribute(part, element, "name")
        elif name in ("title", "desc") or name in _DECLARED:
            yield from _plain(part, element, places.of(element))
        else:
            places.next()
            place = places.of(element)
            words = "".join(element.itertext()).strip()
            cell = above(element, "table-cell")
            if attribute(cell, "formula"):
                yield from said("formula", place, words)
            elif cell is not None and words.lower() in literals:
                yield LeftAsIs("compared", place, words[:MOST_SAID])
            else:
                yield from _paragraph(part, element, place, looks)


def _walked(element: etree._Element) -> Iterator[etree._Element]:
    for inner in element:
        name = local(inner)
        if name in _UNTOUCHED or not name:
            continue
        if name == "table-cell" and attribute(inner, "value-type") in _WORDLESS:
            continue  # the displayed form of a number, which the program computes
        space = etree.QName(inner).namespace or ""
        if (
            (name in ("p", "h") and ":text:" in space)
            or (name == "table" and ":table:" in space)
            or (name in ("title", "desc") and "svg" in space)
            or name in _DECLARED
        ):
            yield inner
        yield from _walked(inner)


def _literals(root: etree._Element) -> set[str]:
    """Return the texts in quotation marks in formulas, in lower case. Formulas compare cells with them."""
    literals: set[str] = set()
    for cell in root.iter("{*}table-cell"):
        parts = attribute(cell, "formula").split('"')
        literals |= {part.strip().lower() for part in parts[1::2]}
    return literals - {""}


def _paragraph(part: Part, element: etree._Element, place: str, looks: Mapping[str, str]) -> Units:
    stretches: list[tuple[Inline | None, Sequence[Node]]] = []
    stretch: list[Node] = []
    for node in _nodes(element, (), looks, _Blanks()):
        if isinstance(node, InlineObject) and local(node.elements[0]) in _BREAKS:
            stretches += [(Inline(stretch), stretch), (None, [node])]
            stretch = []
        else:
            stretch.append(node)
    stretches.append((Inline(stretch), stretch))
    for words in _words_left(element):
        yield from said("field", place, words)

    def rebuild(nodes: Sequence[Node]) -> None:
        del element[:]
        element.text = None
        _fill(element, nodes)
        cell = above(element, "table-cell")
        for key in [key for key in cell.attrib if str(key).endswith("}string-value")] if cell is not None else ():
            del cell.attrib[key]  # type: ignore[union-attr]  # it would be shown instead of the words (part 3, 19.379)
        part.is_changed = True

    yield from translated(stretches, kind="heading" if local(element) == "h" else "paragraph", place=place,
                          rebuild=rebuild)  # fmt: skip


def _words_left(element: etree._Element) -> Iterator[str]:
    for inner in element:
        name = local(inner)
        if name in ("span", *_GROUPS):
            yield from _words_left(inner)
        elif name and name not in _UNSEEN_STARTS and next(inner.iter("{*}p", "{*}title"), None) is None:
            yield "".join(inner.itertext()).strip()


Spans = tuple[etree._Element, ...]


@dataclass(slots=True, eq=False)
class _Blanks:
    """Tracks white space in a paragraph. As displayed it collapses, even across elements, and disappears at the start
    of the paragraph (part 3, 6.1.2).
    """

    is_behind: bool = True

    def shown(self, text: str) -> str:
        single = _WHITE.sub(" ", text)
        collapsed = single[1:] if self.is_behind and single.startswith(" ") else single
        self.is_behind = single.endswith(" ") if single else self.is_behind
        return collapsed


def _nodes(container: etree._Element, spans: Spans, looks: Mapping[str, str], blanks: _Blanks) -> Iterator[Node]:
    if container.text:
        yield _words(blanks.shown(container.text), spans, looks)
    for element in container:
        name = local(element)
        if name == "span":
            yield from _nodes(element, (*spans, element), looks, blanks)
        elif name == "s":
            count = attribute(element, "c")
            yield _words(" " * min(int(count) if count.isdecimal() else 1, 200), spans, looks)
            blanks.is_behind = False
        elif name in _GROUPS:
            children = list(_nodes(element, (), looks, blanks))
            has_words = any(isinstance(node, Words) and node.text.strip() for node in children)
            yield Group(element, children) if has_words else InlineObject([element])
        elif name in _UNSEEN_STARTS or not name:
            yield InvisibleMark(element)
        elif name in _UNSEEN_ENDS:
            yield InvisibleMark(element, is_end=True)
        else:
            yield InlineObject([element])
            blanks.is_behind = False
        if element.tail:
            yield _words(blanks.shown(element.tail), spans, looks)


_FONT = re.compile(r"(?:^|\|)font-(?:name|family)='?([^|']+)")


def _words(text: str, spans: Spans, looks: Mapping[str, str]) -> Words:
    """Return text in a symbol font as Unicode, without the spans that set the font."""
    names = [attribute(span, "style-name") for span in spans]
    shown = [looks.get(name, name) for name in names]
    fonts = [letters.symbol_font(named[1]) if (named := _FONT.search(look)) else "" for look in shown]
    signs = [letters.sign_of(letter, next(filter(None, reversed(fonts)), "")) for letter in text] if any(fonts) else []
    if signs and all(signs):
        text = "".join(signs)
        spans = tuple(span for span, font in zip(spans, fonts, strict=True) if not font)
        shown = [look for look, font in zip(shown, fonts, strict=True) if not font]
    return Words(text, "|".join(filter(None, shown)), spans)


def _fill(element: etree._Element, nodes: Sequence[Node]) -> None:
    for node in nodes:
        if isinstance(node, Words):
            _fill_words(element, node)
        elif isinstance(node, InlineObject):
            for still in node.elements:
                _append(element, still)
        elif isinstance(node, InvisibleMark):
            _append(element, node.element)
        else:
            del node.element[:]
            node.element.text = None
            _fill(node.element, node.children)
            _append(element, node.element)


def _append(element: etree._Element, inner: etree._Element) -> None:
    inner.tail = None
    element.append(inner)


def _fill_words(element: etree._Element, words: Words) -> None:
    inner = element
    for span in words.model or ():
        inner = etree.SubElement(inner, span.tag, attrib=dict(span.attrib))
    space = etree.QName(_paragraph_of(element)).namespace
    text = words.text
    if text.startswith(" ") and not any(_paragraph_of(element).itertext()):  # a leading space would not be shown
        etree.SubElement(inner, f"{{{space}}}s")
        text = text[1:]
    for index, piece in enumerate(_BLANKS.split(text)):
        if index % 2:  # every second piece is a run of spaces
            _add_words(inner, " ")
            blanks = etree.SubElement(inner, f"{{{space}}}s")
            blanks.set(f"{{{space}}}c", str(len(piece) - 1))
        elif piece:
            _add_words(inner, piece)


def _add_words(element: etree._Element, words: str) -> None:
    if len(element):
        element[-1].tail = (element[-1].tail or "") + words
    else:
        element.text = (element.text or "") + words


def _paragraph_of(element: etree._Element) -> etree._Element:
    outer = None if local(element) in ("p", "h") else above(element, "p", "h")
    return element if outer is None else outer


def _looks(root: etree._Element) -> dict[str, str]:
    """Return the visible formatting of each text style. Many automatic styles differ only in their names."""
    looks = {}
    fonts = {attribute(face, "name"): attribute(face, "font-family") for face in root.iter("{*}font-face")}
    for style in root.iter("{*}style"):
        if attribute(style, "family") != "text":
            continue
        shown = [attribute(style, "parent-style-name")]
        for properties in style:
            shown += sorted(
                f"{etree.QName(key).localname}={fonts.get(str(value), value)}"
                for key, value in properties.attrib.items()
                if not etree.QName(key).localname.startswith(_WEAK)
            )
        looks[attribute(style, "name")] = "|".join(part for part in shown if part)
    return looks


def _plain(part: Part, element: etree._Element, place: str) -> Units:
    words = (element.text or "").strip()
    if any(letter.isalpha() for letter in words):
        yield from text_unit(part, element, kind="alt_text", place=place)


def _attribute(part: Part, element: etree._Element, name: str) -> Units:
    key = next((key for key in element.attrib if str(key).endswith(f"}}{name}")), None)
    words = str(element.attrib[key]) if key is not None else ""
    if key is None or not any(letter.isalpha() for letter in words):
        return
    formulas = " ".join(attribute(element, "formula") for element in part.root.iter("{*}table-cell"))
    if words in formulas:
        yield LeftAsIs("sheet_name", words, words)
        return
    answer = yield Unit(words, kind="sheet_name", place=words)
    if answer is not None:
        element.set(key, answer.translate({ord(letter): " " for letter in "[]:*?/\\'"})[:31].strip())
        part.is_changed = True


def _left(parts: Parts) -> Units:
    for name in parts.names:
        if name.startswith(("Basic/", "Scripts/")) and not name.endswith(("-lc.xml", "-lb.xml")):
            yield LeftAsIs("macros", "", name.rpartition("/")[2][:80])
        elif name == "META-INF/documentsignatures.xml":
            yield LeftAsIs("signature", "", "documentsignatures.xml")


_TURNED = frozenset(("lr-tb", "rl-tb", "lr", "rl"))
_STYLE = "urn:oasis:names:tc:opendocument:xmlns:style:1.0"


def turn(root: etree._Element, options: Options) -> None:
    """Set the writing direction of a part's styles for the language of the translation. Without one, do nothing."""
    if not (options.language or options.is_right_to_left):
        return
    mode = "rl-tb" if options.is_right_to_left else "lr-tb"
    key = f"{{{_STYLE}}}writing-mode"
    is_found = False
    for element in root.iter(f"{{{_STYLE}}}*"):
        if element.get(key, "") in _TURNED:
            is_found = is_found or element.get(key) != mode
            element.set(key, mode)
    if not options.is_right_to_left and not is_found:
        return
    for style in root.iter(f"{{{_STYLE}}}default-style", f"{{{_STYLE}}}page-layout"):
        kind = "page-layout" if local(style) == "page-layout" else attribute(style, "family")
        properties = child(style, f"{kind}-properties") if kind in ("page-layout", "paragraph", "table") else None
        if properties is not None:
            properties.set(key, mode)


class Places:
    def __init__(self, word: str) -> None:
        self._word, self._paragraphs, self._tables = word, 0, 0
        self._names: dict[etree._Element, str] = {}

    def next(self) -> None:
        self._paragraphs += 1

    def table(self, element: etree._Element) -> None:
        self._tables += 1
        self._names[element] = attribute(element, "name") or f"table {self._tables}"

    def of(self, element: etree._Element) -> str:
        words = [self._word] if self._word else []
        for ancestor in element.iterancestors():
            name = local(ancestor)
            if name == "note":
                words.append("footnote")
            elif name == "notes":
                words.append("notes")
            elif name == "page" and "drawing" in (etree.QName(ancestor).namespace or ""):
                words.append(attribute(ancestor, "name"))
            elif name == "annotation":
                words.append("comment")
            elif name == "table" and ancestor in self._names:
                words.append(self._names[ancestor])
        return ", ".join(dict.fromkeys(words)) or f"paragraph {self._paragraphs}"
