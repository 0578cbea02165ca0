"""Replaces words in XML and HTML trees: in text however it is split over elements, and in attributes."""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from dataclasses import dataclass

from lxml import etree

from slmdesk.formats.redacting.base import Redacting
from slmdesk.formats.redacting.words import Span, put, put_encoded, put_in_value
from slmdesk.formats.xmls import attribute, child, local
from slmdesk.text.redaction.word_list import APART

BLOCKS = frozenset(
    ("p", "h", "si", "is", "rPh", "text", "li", "td", "th", "div", "h1", "h2", "h3", "h4", "h5", "h6", "pre",
     "blockquote", "title", "caption", "dt", "dd", "address", "option", "body", "creator", "date", "annotation", "note",
     "note-citation", "ruby-text", "author")
)  # fmt: skip
"""Elements whose text belongs together, whatever elements are in it."""
_SIGNS = {
    "tab": " ", "ptab": " ", "br": "\n", "cr": "\n", "line-break": "\n", "noBreakHyphen": "-", "softHyphen": "\u00ad"
}  # fmt: skip
_BREAKING = ("-", "\u2010", "\u00ad")
_HEADERS = frozenset(("oddHeader", "oddFooter", "evenHeader", "evenFooter", "firstHeader", "firstFooter"))
_HEADER_CODE = re.compile(r'&(?:&|"|K(?:[0-9A-Fa-f]{6}|\d\d[-+]\d{3})|\d{1,3}|[A-Za-z+-])')
"""What Excel writes before words of a page's header: place, letters, size, colour; && is the sign itself."""
_UNSHOWN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
_DELETED, _INSERTED = frozenset(("del", "moveFrom")), frozenset(("ins", "moveTo"))
_CODES = frozenset(("instrText", "delInstrText"))
_NUMERIC = re.compile(r"[-+.,;:%#0-9A-Fa-f\s]+")
_SAVING = re.compile(r"[0-9A-Fa-f]{8}")
"""Word's number of each time that a document was saved."""
_TECHNICAL = re.compile(
    r"[a-z][A-Za-z0-9]*|rId\d+|\{[-0-9A-Fa-f]{36}\}|urn:(?:schemas-microsoft-com|oasis):[^ ]*"
    r"|https?://schemas\.(?:openxmlformats|microsoft)\.[^ ]*"
    r"|\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[-+]\d\d:\d\d)?"
)
"""A value that the format chose: an enumeration, a relationship, a moment."""
MOST_NUMERIC = 7
"""Digits of a number that may be a length or a colour: a longer one that is listed is no such thing."""
TEXTUAL = frozenset(
    ("descr", "title", "name", "displayName", "display-name", "alt", "tooltip", "author", "initials", "string",
     "displayText", "prompt", "promptTitle", "error", "errorTitle", "display", "location", "href", "Target", "label",
     "userName", "lastModifiedBy", "userId", "caption", "uniqueName", "value", "string-value", "subject",
     "current-value", "content", "placeholder", "summary", "userInfo", "company", "desc", "alias", "tag", "text",
     "comment", "anchor", "refreshedBy", "createdBy", "modifiedBy", "codeName")
)  # fmt: skip
_TEXTUAL_VALUES = frozenset(
    ("alias", "tag", "docVar", "name", "default", "result", "statusText", "helpText", "format", "listEntry",
     "description", "category", "docPart", "aliases", "attachedSchema", "title", "tblCaption", "tblDescription")
)  # fmt: skip
_PEOPLE = frozenset(("author", "userName", "lastModifiedBy", "displayName"))
_PEOPLE_ELEMENTS = frozenset(
    ("creator", "lastModifiedBy", "initial-creator", "printed-by", "Manager", "author", "sender-initials",
     "initial-author")
)  # fmt: skip
_ACCOUNTS = frozenset(("userId", "providerId"))
MOST_SILENT = 1_000
"""Texts, elements or words between two signs of life."""
EDGES_AT_ONCE, MOST_OVER = 200, 12
"""Paragraphs and cells that are read as one text, and how many more, for a number has a cell for each of its groups."""
_SPACE = "{http://www.w3.org/XML/1998/namespace}space"
_NAME = re.compile(r"[^\w.-]")


@dataclass(slots=True, eq=False)
class Slot:
    element: etree._Element
    is_tail: bool
    flags: frozenset[str]
    sign: str = ""

    @property
    def text(self) -> str:
        return self.sign or ((self.element.tail if self.is_tail else self.element.text) or "")

    @property
    def words(self) -> str:
        """What is read of its letters: as many, with signs that nobody sees for codes."""
        if self.is_tail or local(self.element) not in _HEADERS:
            return self.text
        return _HEADER_CODE.sub(lambda one: one[0] if one[0] == "&&" else APART * len(one[0]), self.text)

    def set(self, text: str) -> None:
        """Other letters; a sign can only go."""
        if self.sign:
            return
        if self.is_tail:
            self.element.tail = text
            return
        self.element.text = text
        if local(self.element) in ("t", "delText", "instrText") and text != text.strip():
            self.element.set(_SPACE, "preserve")


Skips = Callable[[etree._Element], bool]


def redact_tree(root: etree._Element, redacting: Redacting, place: str, *, skips: Skips = lambda _one: False) -> None:
    """Replace words in a tree; comments and instructions go.  `skips`: elements whose own text is no words."""
    _drop_unseen(root)
    groups = list(_groups(root, skips))
    for number, group in enumerate(groups):
        if number % MOST_SILENT == 0:
            redacting.reading.check()
            redacting.reading.worked()
        redact_group(group, redacting, place)
    for at in range(0, len(groups), EDGES_AT_ONCE):
        redacting.reading.worked()
        _redact_over_edges(groups[at : at + EDGES_AT_ONCE + MOST_OVER], redacting, place)
    for number, element in enumerate(root.iter(etree.Element)):
        if number % MOST_SILENT == 0:
            redacting.reading.check()
            redacting.reading.worked()
        _attributes(element, redacting, place)


def redact_group(slots: list[Slot], redacting: Redacting, place: str) -> None:
    """Replace words in text that belongs together, as it reads with its tracked changes and without them."""
    flags = frozenset().union(*(one.flags for one in slots))
    views: list[Callable[[Slot], bool]] = [lambda one: not one.flags & {"deleted", "code", "aside"}]
    if flags & {"deleted", "inserted"}:
        views.append(lambda one: not one.flags & {"inserted", "code", "aside"})
    if "code" in flags:
        views.append(lambda one: "code" in one.flags)
    if "hidden" in flags:
        views.append(lambda one: not one.flags & {"deleted", "code", "aside", "hidden"})
    if flags & {"deleted", "inserted", "code", "aside"}:
        views.append(lambda _one: True)
    for view in views:
        chosen = [*_parted([one for one in slots if view(one)])]
        words = "".join(one.words for one in chosen)
        if words.strip():
            _apply(chosen, redacting.words.spans(words, place))
    for one in slots:
        if not one.sign and any(sign in one.text for sign in ("%", "&", "\\", "_x")):
            new = put_encoded(redacting.words, one.text, place)
            if new != one.text:
                one.set(new)


def _parted(slots: list[Slot]) -> Iterator[Slot]:
    """Slots with a sign that nobody sees where hidden, raised, changed … letters begin or end; a broken line is a blank
    but behind a hyphen.
    """
    before: Slot | None = None
    for one in slots:
        if before is not None and before.flags != one.flags:
            yield Slot(one.element, False, one.flags, APART)
        is_broken = one.sign == "\n" and before is not None and before.text.endswith(_BREAKING)
        yield one if is_broken or one.sign != "\n" else Slot(one.element, False, one.flags, " ")
        before = one


def _redact_over_edges(groups: Sequence[list[Slot]], redacting: Redacting, place: str) -> None:
    """Replace numbers that go on in the next paragraphs or cells; what stands for one is put where it begins."""
    slots, edges, length = list[Slot](), list[int](), 0
    for group in groups:
        shown = [one for one in group if not one.flags & {"deleted", "code", "aside"}]
        slots += [*shown, Slot(group[0].element, False, frozenset(), "\n")]
        length += sum(len(one.text) for one in shown) + 1
        edges.append(length - 1)
    text = "".join(one.text for one in slots)
    _apply(slots, redacting.words.spans(text, place, edges=edges))


def _apply(slots: list[Slot], spans: Iterable[Span]) -> None:
    begins, at = [], 0
    for one in slots:
        begins.append(at)
        at += len(one.text)
    for span in sorted(spans, key=lambda each: -each.begin):
        rest = span.substitute
        for slot, begin in zip(slots, begins, strict=True):
            text = slot.text
            first, last = max(span.begin - begin, 0), min(span.end - begin, len(text))
            if first >= last or slot.sign:
                continue
            slot.set(text[:first] + rest + text[last:])
            rest = ""


def _drop_unseen(root: etree._Element) -> None:
    for one in list(root.iter(etree.Comment, etree.ProcessingInstruction)):
        drop(one)


def drop(element: etree._Element) -> None:
    parent = element.getparent()
    if parent is None:
        return
    if element.tail:
        before = element.getprevious()
        if before is not None:
            before.tail = (before.tail or "") + element.tail
        else:
            parent.text = (parent.text or "") + element.tail
    parent.remove(element)


def _groups(root: etree._Element, skips: Skips) -> Iterator[list[Slot]]:
    groups: dict[etree._Element, list[Slot]] = {}
    stack: list[tuple[etree._Element, bool, frozenset[str]]] = []
    ordinary = frozenset(
        attribute(style, "name")
        for style in root.iter("{*}style")
        if (look := child(style, "text-properties")) is None
        or not (attribute(look, "text-position") or attribute(look, "display") == "none")
    )

    def add(owner: etree._Element, slot: Slot) -> None:
        if slot.text and (slot.text.strip() or slot.sign or _keeps_blanks(owner, slot)):
            groups.setdefault(owner, []).append(slot)

    for event, element in etree.iterwalk(root, events=("start", "end")):
        if not isinstance(element.tag, str):
            continue
        name = local(element)
        if event == "start":
            above = stack[-1] if stack else (element, False, frozenset())
            is_block = name in BLOCKS
            flags = (above[2] if not is_block else above[2] & {"deleted", "inserted"}) | _flags(element, name, ordinary)
            if is_block or not above[1]:
                stack.append((element, is_block, flags))
            else:
                stack.append((above[0], True, flags))
            owner = stack[-1][0]
            if sign := _sign(element, name):
                add(owner, Slot(element, False, flags, sign))
            elif not skips(element):
                add(owner, Slot(element, False, flags))
        else:
            stack.pop()
            if stack:
                add(stack[-1][0], Slot(element, True, stack[-1][2]))
    yield from groups.values()


def _flags(element: etree._Element, name: str, ordinary: Container[str]) -> frozenset[str]:
    if name in _DELETED or name in ("delText", "delInstrText"):
        return frozenset(("deleted", "code")) if name == "delInstrText" else frozenset(("deleted",))
    if name in _INSERTED:
        return frozenset(("inserted",))
    if name in _CODES:
        return frozenset(("code",))
    if name in ("rt", "rp"):
        return frozenset(("aside",))
    return frozenset(_look(element, name, ordinary))


def _look(element: etree._Element, name: str, ordinary: Container[str]) -> Iterator[str]:
    if name in ("sup", "sub", "ruby"):
        yield name
    if "hidden" in element.attrib or _UNSHOWN.search(element.get("style", "")):
        yield "hidden"
    if name == "span" and "oasis" in str(element.tag) and (style := attribute(element, "style-name")) not in ordinary:
        yield f"style {style}"
    about = child(element, "rPr") if name == "r" else None
    if about is not None:
        if about.get("baseline", "0") != "0":
            yield "raised"
        for one in about:
            kind = local(one) if isinstance(one.tag, str) else ""
            if kind in ("vanish", "webHidden"):
                yield "hidden"
            elif kind in ("vertAlign", "rStyle"):
                yield f"style {attribute(one, 'val')}"


def _sign(element: etree._Element, name: str) -> str:
    if name == "s" and "oasis" in str(element.tag):
        return " "
    return _SIGNS.get(name, "")


def _keeps_blanks(owner: etree._Element, slot: Slot) -> bool:
    """Whether blanks are text there: in Office's formats they are in elements of their own, and else for the eye."""
    space = etree.QName(owner).namespace or ""
    if "oasis" in space or not space or space.endswith("xhtml"):
        return True
    return not slot.is_tail and local(slot.element) in ("t", "delText", "instrText")


def _attributes(element: etree._Element, redacting: Redacting, place: str) -> None:
    changed = False
    name = local(element)
    for key, value in element.attrib.items():
        short = str(key).rpartition("}")[2]
        text = str(value)
        if short in _ACCOUNTS and redacting.removes and text:
            element.set(key, "None")
            continue
        if short == "gfxdata":  # a packed drawing, made anew by whoever needs it
            del element.attrib[key]
            continue
        is_textual = short in TEXTUAL or (short == "val" and name in _TEXTUAL_VALUES)
        is_saving = (name if short == "val" else short).startswith("rsid") and _SAVING.fullmatch(text)
        if not is_textual and (is_saving or _is_technical(text)):
            continue
        if short in _PEOPLE or (short == "name" and name in ("cmAuthor", "author")):
            redacting.person(text)
        if (new := put_in_value(redacting.words, text, place)) != text:
            element.set(key, new)
            changed = True
    if changed and redacting.removes:
        for key in element.attrib:
            if str(key).rpartition("}")[2] == "initials":
                element.set(key, "")
    if name in _PEOPLE_ELEMENTS and element.text:
        redacting.person(element.text)


def _is_technical(value: str) -> bool:
    if _NUMERIC.fullmatch(value):
        return sum(one.isalnum() for one in value) <= MOST_NUMERIC
    return _TECHNICAL.fullmatch(value) is not None


def rename(root: etree._Element, redacting: Redacting, place: str) -> None:
    for element in root.iter():
        if not isinstance(element.tag, str):
            continue
        element.tag = _renamed(element.tag, redacting, place)
        for key, value in list(element.attrib.items()):
            new = _renamed(str(key), redacting, place)
            if new != key:
                del element.attrib[key]
                element.set(new, value)


def _renamed(tag: str, redacting: Redacting, place: str) -> str:
    space, brace, name = tag.rpartition("}")
    new = put(redacting.words, name, place, bare=True)
    return tag if new == name else f"{space}{brace}_{_NAME.sub('', new)}"


def written(root: etree._Element) -> bytes:
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8", standalone=True, with_tail=False)
