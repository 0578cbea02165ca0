"""Reads web pages and e-books. Fetches nothing from the network, and detects text a browser would not show (X10)."""

from __future__ import annotations

import posixpath
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import TypeAlias
from urllib.parse import unquote

from lxml import etree
from selectolax.lexbor import LexborHTMLParser, LexborNode

from slmdesk.base.documents import DELETED, BlockKind, Note, Page, PageKind, PageStatus, deleted, page_of
from slmdesk.base.errors import KnownError
from slmdesk.base.texts import _
from slmdesk.children.formats.containers import Archive
from slmdesk.children.formats.formulas import mathml_line
from slmdesk.children.formats.letters import UNKNOWN, lowered, numbered, raised, sign_of
from slmdesk.children.formats.list_numbers import as_number
from slmdesk.children.formats.office_xml import attribute, child, local, parse
from slmdesk.children.formats.reading import Link, Reading, link_of
from slmdesk.children.formats.text import (
    MARKS,
    Decoded,
    NotTextError,
    Piece,
    decode,
    decode_as,
    decoded_by,
    label_of,
    lines_made_one,
    page_from,
    parted,
    sections_of,
)

MAX_ROW_CHARACTERS = 4_000
"""Most characters of a table row. A longer row is taken as page layout, not as data."""
MOST_COLUMNS = 50
CHECK_EVERY = 4096
_BLANKS = re.compile(r"[ \t\r\n\f\xa0]+")
_EMPTY_LINES = re.compile(r"\n{2,}")
_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]*:|//")
_STRUCK_ON = re.compile(rf"{DELETED[1]}(\s*){DELETED[0]}")
_BOXES = {False: "☐", True: "☒"}
_NO_WORDS = frozenset(
    ("checkbox", "radio", "hidden", "submit", "button", "reset", "image", "file", "password", "color")
)
"""Kinds of inputs whose value is no content of a page."""
_Steps: TypeAlias = Iterator[None]
"""Generator that handles one element. It runs up to its `yield` at the start tag, and on from there at the end tag. A
generator without a `yield` means that the content of the element is skipped.
"""
_OVER = object()
_Attributes: TypeAlias = dict[str, str | None]


@dataclass(slots=True)
class Hypertext:
    pieces: list[Piece] = field(default_factory=list)
    title: str = ""
    author: str = ""
    has_hidden: bool = False
    """Whether the pieces include words that no browser shows."""
    has_external: bool = False
    has_images: bool = False
    unknown: list[str] = field(default_factory=list)
    """Signs of symbol fonts that no letter stands for, by font and code."""


def walk(
    markup: str,
    path: str,
    *,
    anchors: Collection[str] = (),
    is_packed: bool = False,
    check: Callable[[], None] = lambda: None,
) -> Hypertext:
    """Parse hypertext into pieces. `anchors` are element ids to record in the pieces, and `check` is called every
    CHECK_EVERY elements.

    `is_packed` says that relative addresses lead to files in the same archive, so that they do not count as external.
    Raises KnownError `document.damaged` for a page nested too deeply.
    """
    walker = _Walker(frozenset(anchors), is_packed=is_packed)
    node: LexborNode | None = LexborHTMLParser(prepared(markup, path)).root
    opened: list[Sequence[_Steps]] = []
    steps = 0
    while node is not None:
        steps += 1
        if steps % CHECK_EVERY == 0:
            check()
        goes_in, begun = walker.enter(node)
        below = node.child if goes_in else None
        if below is not None:
            opened.append(begun)
            node = below
            continue
        _end(begun)
        after = node.next if opened else None  # do not compare nodes: the library would compare their whole markup
        while after is None and opened and node is not None:
            _end(opened.pop())
            node = node.parent
            after = node.next if opened and node is not None else None
        node = after
    return walker.hypertext()


def _end(begun: Sequence[_Steps]) -> None:
    for steps in reversed(begun):
        next(steps, None)


@dataclass(slots=True)
class _Row:
    cells: list[list[Piece]] = field(default_factory=list)
    is_head: bool = True


@dataclass(slots=True)
class _List:
    number: int
    step: int = 1
    form: str = ""
    """"": it has no numbers. Else as in `as_number`."""


class _Walker:
    def __init__(self, anchors: frozenset[str], *, is_packed: bool) -> None:
        self._result, self._is_packed = Hypertext(), is_packed
        self._anchors, self._anchor = anchors, ""
        self._line: list[str] = []
        self._alts: list[str] = []
        self._links: list[Link] = []
        self._rows: list[_Row] = []
        self._lists: list[_List] = []
        """The open lists, with the number of the last item."""
        self._item = ""
        self._heading = self._hidden = self._struck = self._shifted = 0
        self._font = ""
        self._inside: Counter[BlockKind] = Counter()
        self._unseen: frozenset[str] = frozenset()
        self._crossed: frozenset[str] = frozenset()

    def hypertext(self) -> Hypertext:
        self._flush()
        return self._result

    def enter(self, node: LexborNode) -> tuple[bool, Sequence[_Steps]]:
        """Handle an element or text. Return whether to visit its children, and the generators to resume at its end."""
        tag = node.tag or ""
        if tag == "-text":
            text = node.text_content or ""
            self._result.has_hidden |= bool(self._hidden) and not text.isspace()
            text = text if self._inside[BlockKind.CODE] else _BLANKS.sub(" ", text)
            if self._struck or self._font:
                self._say(text)
            else:
                self._line.append(text)
            return False, ()
        if tag.startswith("-") or tag in SILENT:
            if tag == "style":
                self._style(node)
            return tag == "-document", ()
        attributes = node.attributes
        self._look(tag, attributes)
        begun: list[_Steps] = []
        goes_in = True
        if is_unseen(attributes, self._unseen):
            begun.append(self._hide(is_block=tag in BLOCKS))
            next(begun[0])
        if (
            tag == "a"
            or tag in _LOOKS
            or "style" in attributes
            or (self._crossed and selects(self._crossed, attributes))
        ):
            for steps in self._looks(node, attributes):
                next(steps)
                begun.append(steps)
        if tag in _ELEMENTS or tag in BLOCKS:
            begun.append(_ELEMENTS.get(tag, _Walker._block)(self, node, attributes))
            goes_in = next(begun[-1], _OVER) is None
        if (box := attributes.get("aria-checked")) in ("true", "false"):
            self._say(f" {_BOXES[box == 'true']} ")
        return goes_in, begun

    # ---- text

    def _say(self, text: str) -> None:
        if self._font:
            text = "".join(letter if letter.isspace() else self._sign(letter) for letter in text)
        self._line.append(deleted(text) if self._struck and not text.isspace() else text)

    def _sign(self, letter: str) -> str:
        sign = sign_of(letter, self._font)
        if not sign:
            self._result.unknown.append(f"{self._font} {ord(letter) & 0xFF:02X}")
        return sign or UNKNOWN

    def _flush(self) -> None:
        text = "".join(self._line).replace("\xad", "")
        self._line = []
        if DELETED[0] in text:
            text = _STRUCK_ON.sub(r"\1", text)
        if self._inside[BlockKind.CODE]:
            pieces = [text.strip("\n")]
        else:
            lines = "\n".join(" ".join(line.split(" ")).strip(" ") for line in text.split("\n"))
            pieces = [re.sub(" {2,}", " ", piece) for piece in _EMPTY_LINES.split(lines.strip("\n"))]
        for piece in pieces:
            if piece and not piece.isspace():
                self._add(self._kind(), numbered(self._item.rstrip(), piece) if self._item else piece)
                self._item = ""
        for alt in self._alts:
            self._add(BlockKind.CAPTION, alt)
        self._alts.clear()

    def _kind(self) -> BlockKind:
        if self._heading:
            return BlockKind.HEADING
        kinds = (BlockKind.CODE, BlockKind.CAPTION, BlockKind.LIST_ITEM, BlockKind.QUOTE)
        return next((kind for kind in kinds if self._inside[kind]), BlockKind.PARAGRAPH)

    def _add(self, kind: BlockKind, text: str) -> None:
        if kind is BlockKind.HEADING:
            level = self._heading
        elif kind is BlockKind.LIST_ITEM:
            level = len(self._lists)
        else:
            level = 0
        links = tuple(self._links)
        self._links.clear()
        self._put(Piece(kind, text, level, "hidden" if self._hidden else "", self._anchor, links))
        self._anchor = ""

    def _put(self, piece: Piece) -> None:
        if self._rows:
            cells = self._rows[-1].cells
            if not cells:
                cells.append([])
            cells[-1].append(piece)
        else:
            self._result.pieces.append(piece)

    # ---- elements

    def _look(self, tag: str, attributes: _Attributes) -> None:
        name = attributes.get("id") or (attributes.get("name") if tag == "a" else None)
        if name in self._anchors and name is not None:
            self._flush()
            self._anchor = name
        if tag in FETCHED:
            self._look_at_source(attributes.get("src") or attributes.get("data"))

    def _look_at_source(self, untrusted: str | None) -> None:
        source = (untrusted or "").strip().lower()
        if not source or source.startswith(("data:", "cid:", "about:", "#")):
            return
        if not self._is_packed or _ADDRESS.match(source):
            self._result.has_external = True

    def _looks(self, node: LexborNode, attributes: _Attributes) -> Iterator[_Steps]:
        tag, style = node.tag, attributes.get("style") or ""
        if tag in _STRUCK or _CROSSED.search(style) or selects(self._crossed, attributes):
            yield self._strike()
        if tag == "a" and (target := attributes.get("href") or "") and not target.startswith("#"):
            yield self._link(target)
        if tag in ("sup", "sub"):
            yield self._shift(node, is_raised=tag == "sup")
        elif (moved := _MOVED.search(style)) and not self._shifted:
            yield self._shift(node, is_raised=moved[1].lower() == "super")
        family = style if tag != "font" else f"{style};font-family:{attributes.get('face')}"
        if "font" in family and (self._font or _SYMBOLS.search(family)):
            named = _SYMBOLS.search(family)
            yield self._in_font(named[1] if named else "")

    def _in_font(self, font: str) -> _Steps:
        before, self._font = self._font, font
        yield
        self._font = before

    def _link(self, target: str) -> _Steps:
        line, start = self._line, len(self._line)
        yield
        words = " ".join("".join(line[start:]).split())
        if self._line is line and words:
            self._links += link_of(words, target)

    def _strike(self) -> _Steps:
        self._struck += 1
        yield
        self._struck -= 1

    def _shift(self, node: LexborNode, *, is_raised: bool) -> _Steps:
        line, start = self._line, len(self._line)
        self._shifted += 1
        yield
        self._shifted -= 1
        text = "".join(line[start:])
        if self._line is line and text:
            is_bare = any(map(str.isalnum, text)) and text.strip()[0] not in "[("
            if not _is_link(node):
                line[start:] = [raised(text) if is_raised else lowered(text)]
            elif is_bare:
                line[start:] = [f"[{text.strip()}]"]

    def _style(self, node: LexborNode) -> None:
        css = node.text(deep=True)
        self._unseen |= selected(css, _UNSEEN)
        if "line-through" in css:
            self._crossed |= selected(css, _CROSSED)

    def _hide(self, *, is_block: bool) -> _Steps:
        if is_block:
            self._flush()
        self._hidden += 1
        yield
        if is_block:
            self._flush()
        self._hidden -= 1

    def _block(self, *__: object) -> _Steps:
        self._flush()
        yield
        self._flush()

    def _head(self, node: LexborNode, __: object) -> _Steps:
        title = node.css_first("title")
        self._result.title = "" if title is None else " ".join(title.text(deep=True).split())
        for meta in node.css("meta"):
            if (meta.attributes.get("name") or "").lower() in ("author", "dc.creator"):
                self._result.author = " ".join((meta.attributes.get("content") or "").split())
        for style in node.css("style"):
            self._style(style)
        yield from ()

    def _tooltip(self, *__: object) -> _Steps:
        """Skip a `title` element outside of the head, which is the tooltip of a drawing."""
        yield from ()

    def _br(self, *__: object) -> _Steps:
        self._line.append("\n")
        yield from ()

    def _hr(self, *__: object) -> _Steps:
        self._flush()
        yield from ()

    def _img(self, __: object, attributes: _Attributes) -> _Steps:
        alt = " ".join((attributes.get("alt") or "").split())
        if alt:
            self._result.has_hidden |= bool(self._hidden)
            self._alts.append(alt)
        self._result.has_images = True
        self._look_at_source(attributes.get("src") or attributes.get("srcset"))
        yield from ()

    def _input(self, __: object, attributes: _Attributes) -> _Steps:
        kind = (attributes.get("type") or "text").lower()
        if kind in ("checkbox", "radio") and not self._hidden:
            self._say(f" {_BOXES['checked' in attributes]} ")
        elif kind not in _NO_WORDS and (words := attributes.get("value")):
            self._say(f" {words} ")
        yield from ()

    def _select(self, node: LexborNode, attributes: _Attributes) -> _Steps:
        """Write the chosen option; all of them, with a mark, of a list that shows all or has none chosen. Of the
        latter, browsers choose the first.
        """
        options = node.css("option")
        chosen = [at for at, option in enumerate(options) if "selected" in option.attributes]
        words = [
            " ".join((option.text(deep=True) or option.attributes.get("label") or "").split()) for option in options
        ]
        is_open = "multiple" in attributes or _whole(attributes.get("size"), 1) > 1
        if chosen and not is_open:
            self._say(f" {words[chosen[-1]]} ")
        else:
            free = [at for at, option in enumerate(options) if "disabled" not in option.attributes]
            boxes = set(chosen if is_open else free[:1])
            self._say(" ".join(("", *(f"{_BOXES[at in boxes]} {word}" for at, word in enumerate(words) if word), "")))
        self._result.has_hidden |= bool(self._hidden and words)
        yield from ()

    def _math(self, node: LexborNode, attributes: _Attributes) -> _Steps:
        formula = mathml_line(node)
        self._result.has_hidden |= bool(self._hidden and formula)
        if self._line and self._line[-1][-1:].isdigit():
            formula = f" {formula}"
        self._say(f"\n{formula}\n" if attributes.get("display") == "block" else formula)
        yield from ()

    def _option(self, *__: object) -> _Steps:
        self._line.append(" ")
        yield
        self._line.append(" ")

    def _q(self, *__: object) -> _Steps:
        self._line.append("“")
        yield
        self._line.append("”")

    def _within(self, node: LexborNode, __: object) -> _Steps:
        kind = _WITHIN[node.tag or ""]
        self._flush()
        self._inside[kind] += 1
        yield
        self._flush()
        self._inside[kind] -= 1

    def _h(self, node: LexborNode, __: object) -> _Steps:
        self._flush()
        self._heading = int((node.tag or "h1")[1])
        yield
        self._flush()
        self._heading = 0

    def _list(self, node: LexborNode, attributes: _Attributes) -> _Steps:
        form = _form(attributes, "decimal") if node.tag == "ol" else ""
        step = -1 if "reversed" in attributes else 1
        items = sum(child.tag == "li" for child in node.iter()) if step < 0 else 1
        self._flush()
        self._lists.append(_List(_whole(attributes.get("start"), items) - step, step, form))
        yield
        self._flush()
        self._lists.pop()

    def _li(self, __: object, attributes: _Attributes) -> _Steps:
        self._flush()
        self._inside[BlockKind.LIST_ITEM] += 1
        if self._lists and self._lists[-1].form:
            listed = self._lists[-1]
            listed.number = _whole(attributes.get("value"), listed.number + listed.step)
            if form := _form(attributes, listed.form):
                self._item += f"{as_number(listed.number, form)}. "
        yield
        self._flush()
        self._inside[BlockKind.LIST_ITEM] -= 1
        self._item = ""

    def _cell(self, node: LexborNode, attributes: _Attributes) -> _Steps:
        self._flush()
        empty = min(_whole(attributes.get("colspan"), 1), MOST_COLUMNS) - 1
        if self._rows:
            self._rows[-1].cells.append([])
            self._rows[-1].is_head &= node.tag == "th"
        yield
        self._flush()
        if self._rows:
            self._rows[-1].cells += [[] for __ in range(empty)]

    def _row(self, *__: object) -> _Steps:
        """Add a row of short cells as one table row. A row with headings, code, inner tables or much text is taken as
        page layout, and its pieces are added one by one.
        """
        self._flush()
        self._rows.append(_Row())
        yield
        self._flush()
        row = self._rows.pop()
        cells, level = row.cells, 1 if row.is_head else 0
        pieces = [piece for cell in cells for piece in cell]
        is_plain = all(piece.kind not in (BlockKind.TABLE_ROW, BlockKind.HEADING, BlockKind.CODE) for piece in pieces)
        if len(cells) < 2 or not is_plain or sum(len(piece.text) for piece in pieces) > MAX_ROW_CHARACTERS:
            for piece in pieces:
                self._put(piece)
        elif pieces:
            text = "\t".join(" ".join(" ".join(piece.text.split()) for piece in cell) for cell in cells)
            anchor = next((piece.anchor for piece in pieces if piece.anchor), "")
            links = tuple(link for piece in pieces for link in piece.links)
            self._put(Piece(BlockKind.TABLE_ROW, text.rstrip("\t"), level, pieces[0].place, anchor, links))


def _whole(untrusted: str | None, default: int) -> int:
    value = (untrusted or "").strip()
    return int(value) if value.isascii() and value.isdecimal() and len(value) < 7 else default


def _form(attributes: _Attributes, default: str) -> str:
    """Return how items are numbered, as in `as_number`; "" for not at all."""
    if styled := _NUMBERED.search(attributes.get("style") or ""):
        return _FORMS.get(styled[1].lower(), default)
    return _FORMS.get(attributes.get("type") or "", default)


def _is_link(node: LexborNode) -> bool:
    """Return whether raised letters are, as a whole, a link to a note."""
    if node.css_first("a") is not None:
        return True
    parent = node.parent
    return parent is not None and parent.tag == "a" and parent.text(deep=True) == node.text(deep=True)


_NUMBERED = re.compile(r"list-style(?:-type)?\s*:[^;]{0,80}?\b((?:lower|upper)-\w+|none|decimal)", re.IGNORECASE)
_FORMS = {
    **dict.fromkeys(("a", "lower-alpha", "lower-latin"), "lowerLetter"),
    **dict.fromkeys(("A", "upper-alpha", "upper-latin"), "upperLetter"),
    **dict.fromkeys(("i", "lower-roman"), "lowerRoman"),
    **dict.fromkeys(("I", "upper-roman"), "upperRoman"),
    **dict.fromkeys(("1", "decimal"), "decimal"),
    "none": "",
}
_WITHIN = {
    **dict.fromkeys(("pre", "listing", "xmp", "plaintext", "textarea"), BlockKind.CODE),
    **dict.fromkeys(("caption", "figcaption"), BlockKind.CAPTION),
    "blockquote": BlockKind.QUOTE,
}
_ELEMENTS: Mapping[str, Callable[[_Walker, LexborNode, _Attributes], _Steps]] = {
    "head": _Walker._head,
    "title": _Walker._tooltip,
    "br": _Walker._br,
    "hr": _Walker._hr,
    "img": _Walker._img,
    "input": _Walker._input,
    "q": _Walker._q,
    "select": _Walker._select,
    **dict.fromkeys(("math", "m:math", "mml:math"), _Walker._math),
    "li": _Walker._li,
    "tr": _Walker._row,
    **dict.fromkeys(("option", "button"), _Walker._option),
    **dict.fromkeys(_WITHIN, _Walker._within),
    **dict.fromkeys(("h1", "h2", "h3", "h4", "h5", "h6"), _Walker._h),
    **dict.fromkeys(("ul", "ol", "menu", "dir"), _Walker._list),
    **dict.fromkeys(("td", "th"), _Walker._cell),
}
"""Handlers of the elements that need more than a line break before and after them."""


MOST_DEPTH = 10_000
"""Most levels of nested elements. The parser's time grows with the square of the depth: 0.1 s for this depth, a minute
for 200,000 levels.
"""
MOST_ATTRIBUTES = 20_000
"""Most attributes of an element. The time grows with the square of these too."""
_BLOCKS = (
    "address article aside blockquote body center dd details dialog dir div dl dt fieldset figcaption figure footer"
    " form frameset h1 h2 h3 h4 h5 h6 header hgroup hr legend li listing main menu nav ol optgroup p plaintext pre"
    " search section summary table tbody tfoot thead tr td th caption ul xmp textarea"
)
BLOCKS = frozenset(_BLOCKS.split())
_SILENT = "script style template annotation annotation-xml datalist noframes param"
SILENT = frozenset(_SILENT.split())
_FETCHED = "iframe frame embed object video audio source track"
FETCHED = frozenset(_FETCHED.split())
_VOID = "area base br col embed hr img input link meta param source track wbr"
_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]*)(?:[^<>]*(/)>)?")
_IMPLIED = frozenset(f"p li td th tr tbody thead tfoot dt dd option rt rp colgroup html head body {_VOID}".split())
"""Elements whose end tag is optional or missing. They are not counted as depth."""
_ALONE = re.compile(rf"<(?!(?:{_VOID.replace(' ', '|')})\b)([a-zA-Z][\w:-]*)((?:\s[^<>]*)?)/>")


def prepared(markup: str, path: str) -> str:
    """Return the markup in a form that the parser reads correctly. Raises KnownError `document.damaged` if elements are
    nested too deeply, or have too many attributes.
    """
    if _depth(markup) > MOST_DEPTH:
        raise KnownError("document.damaged", path=path, reason=_("its elements are nested too deeply"))
    tags = (piece.rpartition("<") for piece in markup.split(">") if len(piece) > MOST_ATTRIBUTES)
    if any(begins and len(inside.split()) > MOST_ATTRIBUTES for _text, begins, inside in tags):
        raise KnownError("document.damaged", path=path, reason=_("an element has too many attributes"))
    head = markup[:1000]
    is_xhtml = "<?xml" in head or "/xhtml" in head  # in HTML a <title/> is not closed and would swallow the rest
    return _ALONE.sub(r"<\1\2></\1>", markup) if is_xhtml else markup


def _depth(markup: str) -> int:
    if markup.count("<") <= MOST_DEPTH:
        return 0
    opened: Counter[str] = Counter()
    deepest = depth = 0
    has_drawings = "foreignobject" not in markup.lower()  # only in drawings does a slash end an element
    for closes, name, ended in _TAG.findall(markup):
        name = name.lower()
        if name in _IMPLIED or (ended and has_drawings and opened["svg"] + opened["math"]):
            continue
        if not closes:
            opened[name] += 1
            depth += 1
            deepest = max(deepest, depth)
        elif opened[name]:
            opened[name] -= 1
            depth -= 1
    return deepest


# Finds what a browser would not show, by an element's own attributes and simple style sheet rules (X10)

_UNSEEN = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*hidden|font-size\s*:\s*0(?![.\d])|opacity\s*:\s*0(?![.\d])|mso-hide\s*:\s*all",
    re.IGNORECASE,
)
_WHITE = re.compile(r"(?<![-\w])color\s*:\s*(?:white|#fff(?:fff)?|rgb\(\s*255\s*,\s*255\s*,\s*255\s*\))", re.IGNORECASE)
_RULE = re.compile(r"([^{}]*)\{([^{}]*)\}")
_PRINT = re.compile(r"@media[^{]*print[^{]*\{(?:[^{}]*\{[^{}]*\})*[^{}]*\}")
_PLAIN_SELECTOR = re.compile(r"[.#][\w-]+")
MAX_STYLE_CHARACTERS = 1 << 20
_STRUCK = frozenset(("del", "s", "strike"))
_LOOKS = _STRUCK | {"sup", "sub", "font"}
_CROSSED = re.compile(r"text-decoration(?:-line)?\s*:[^;}]{0,80}?\bline-through", re.IGNORECASE)
_SYMBOLS = re.compile(r"font-family\s*:\s*[\"']?(symbol|wingdings(?: [23])?|webdings)(?![\w -])", re.IGNORECASE)
_MOVED = re.compile(r"vertical-align\s*:\s*(super|sub)\b", re.IGNORECASE)


def selected(css: str, pattern: re.Pattern[str]) -> frozenset[str]:
    """Return the classes and ids (".a", "#b") that have a rule with the pattern."""
    chosen = set()
    for selectors, rules in _RULE.findall(_PRINT.sub("", css[:MAX_STYLE_CHARACTERS])):
        if pattern.search(rules):
            chosen |= {part.strip() for part in selectors.split(",") if _PLAIN_SELECTOR.fullmatch(part.strip())}
    return frozenset(chosen)


def selects(by_sheets: frozenset[str], attributes: Mapping[str, str | None]) -> bool:
    names = (attributes.get("class") or "").split()
    return any(f".{name}" in by_sheets for name in names) or f"#{attributes.get('id')}" in by_sheets


def is_unseen(attributes: Mapping[str, str | None], by_sheets: frozenset[str]) -> bool:
    if not attributes:
        return False
    style = attributes.get("style") or ""
    if "hidden" in attributes or (style and _UNSEEN.search(style)):
        return True
    if _is_white(style or f"color:{attributes.get('color') or ''}") and not attributes.get("bgcolor"):
        return True
    return bool(by_sheets) and selects(by_sheets, attributes)


def _is_white(style: str) -> bool:
    """Return whether the style declares white letters but no background."""
    return _WHITE.search(style) is not None and "background" not in style.lower()


HEAD_BYTES = 4096
"""Bytes at the start of a page searched for a declared encoding. The standard requires it in the first 1,024."""
_DECLARED = re.compile(
    rb"""<(?:meta|\?xml)[^>]{0,300}?(?:charset|encoding)\s*=\s*["']?\s*([a-zA-Z0-9_:-]{2,40})""", re.I
)
_WIDER = {"iso-8859-1": "cp1252", "latin1": "cp1252", "us-ascii": "cp1252", "ascii": "cp1252", "gb2312": "gb18030",
          "gbk": "gb18030", "shift_jis": "cp932", "shift-jis": "cp932", "euc-kr": "cp949", "iso-8859-9": "cp1254",
          "tis-620": "cp874", "x-sjis": "cp932"}  # fmt: skip
"""Encodings that browsers use in place of the declared ones (encoding.spec.whatwg.org), each a superset."""


def read_html(reading: Reading) -> Iterator[Page]:
    reading.page_kind = PageKind.SECTION
    document = walk(markup_of(reading), reading.path, check=reading.check)
    reading.title, reading.author = document.title, document.author
    notify(reading, document)
    for number, (label, pieces) in enumerate(sections_of(document.pieces), 1):
        yield page_from(number, label, pieces)


def notify(reading: Reading, document: Hypertext) -> None:
    for is_there, note in (
        (document.has_hidden, Note.HIDDEN_TEXT),
        (document.has_external, Note.EXTERNAL_IGNORED),
        (document.has_images, Note.IMAGES_IGNORED),
    ):
        if is_there:
            reading.note(note)
    for sign in document.unknown:
        reading.note(Note.SIGNS_UNKNOWN, name=sign)


def markup_of(reading: Reading) -> str:
    """Return the decoded content of a web page: in the encoding the user chose, else the declared one, else a guess.

    Raises KnownError `document.binary`, `document.unreadable`, `document.too_large`.
    """
    return lines_made_one(decoded_by(reading, reading.text_bytes(), decoded_markup).text)


def decoded_markup(untrusted: bytes, declared: str = "", *, is_markup: bool = True) -> Decoded:
    """Decode the bytes. The order is: byte order mark, UTF-8, the encoding declared by the sender (`declared`) or by
    the markup, a guess. UTF-8 comes before the declaration since pages often declare a wrong encoding, while hardly any
    other text is valid UTF-8 by accident. Raises NotTextError.
    """
    if untrusted.startswith(tuple(mark for mark, __ in MARKS)) or b"\0" in untrusted:
        return decode(untrusted)
    match = _DECLARED.search(untrusted[:HEAD_BYTES]) if is_markup else None
    name = (declared or (match[1].decode("ascii") if match else "")).lower()
    if name and name not in ("utf-8", "utf8", "utf-7"):
        if not untrusted.isascii():
            try:
                return Decoded(untrusted.decode("utf-8"), "utf-8")
            except UnicodeDecodeError:
                pass
        try:
            decoded = decode_as(untrusted, _WIDER.get(name, name))
        except NotTextError:
            return decode(untrusted)  # an unknown label
        if decoded.text.count("\ufffd") * 200 <= len(decoded.text):
            return decoded
    return decode(untrusted)


CHAPTER_CHARACTERS = 60_000
"""Most characters of a page of an e-book. A longer chapter becomes several pages of the same name."""
_FONTS = ("http://www.idpf.org/2008/embedding", "http://ns.adobe.com/pdf/enc#RC")
"""Algorithms that only obfuscate fonts. A book that uses only these has readable text."""
Labels = dict[str, dict[str, str]]
"""Names of chapters, by the name of the file in the archive and the id of the element where the chapter begins ("": the
beginning of the file).
"""


@dataclass(slots=True)
class _Book:
    title: str = ""
    author: str = ""
    spine: list[str] = field(default_factory=list)
    labels: Labels = field(default_factory=dict)


def read_epub(reading: Reading) -> Iterator[Page]:
    reading.page_kind = PageKind.CHAPTER
    with Archive.opened(reading) as archive:
        book = _book(archive, reading.path)
        reading.check_count(len(book.spine))
        locked = locked_parts(archive, reading.path)
        reading.title, reading.author, reading.total = book.title, book.author, len(book.spine)
        numbers = count(1)
        label = ""
        for name in book.spine:
            reading.check()
            chapters = book.labels.get(name, {})
            if name in locked or not archive.read(name):
                reason = PageStatus.LOCKED if name in locked else PageStatus.BROKEN
                number = next(numbers)
                reading.note(Note.PARTLY_DAMAGED)
                yield page_of(number, chapters.get("", str(number)), "", [], status=reason)
                continue
            document = _walked(reading, archive, name, chapters)
            notify(reading, document)
            for chapter, pieces in _chapters(document, chapters, label):
                label = chapter
                yield page_from(next(numbers), chapter, pieces)


def _walked(reading: Reading, archive: Archive, name: str, chapters: Mapping[str, str]) -> Hypertext:
    try:
        markup = decoded_markup(archive.read(name)).text
    except NotTextError as err:
        reason = _("its part {name} is no text").format(name=name[:80])
        raise KnownError("document.damaged", path=reading.path, reason=reason) from err
    anchors = [anchor for anchor in chapters if anchor]
    return walk(lines_made_one(markup), reading.path, anchors=anchors, is_packed=True, check=reading.check)


def _chapters(document: Hypertext, chapters: Mapping[str, str], before: str) -> Iterator[tuple[str, list[Piece]]]:
    heading = next((piece.text for piece in document.pieces[:3] if piece.level == 1), "")
    label = chapters.get("") or (before if chapters else label_of(heading) or before)
    portion: list[Piece] = []
    for piece in document.pieces:
        if piece.anchor in chapters and piece.anchor:
            if portion:
                yield from ((label, part) for part in parted(portion, CHAPTER_CHARACTERS))
                portion = []
            label = chapters[piece.anchor]
        portion.append(piece)
    yield from ((label, part) for part in parted(portion, CHAPTER_CHARACTERS))


def _book(archive: Archive, path: str) -> _Book:
    """Read the package document (.opf) of an e-book.  Raises KnownError `document.damaged`."""
    container = parse(_needed(archive, "META-INF/container.xml", path), path)
    files = [element.get("full-path") or "" for element in container.iter("{*}rootfile")]
    name = next((file for file in files if file in archive), "")
    package = parse(_needed(archive, name, path), path)
    folder = posixpath.dirname(name)
    book = _Book()
    items: dict[str, str] = {}
    guide = ""
    for element in package.iter():
        match local(element):
            case "title" if not book.title:
                book.title = _words(element)
            case "creator" if not book.author:
                book.author = _words(element)
            case "item":
                items[element.get("id") or ""] = place = _place(folder, element.get("href"))
                if "nav" in (element.get("properties") or "").split():
                    guide = place
                elif element.get("media-type") == "application/x-dtbncx+xml":
                    guide = guide or place
            case "itemref" if element.get("idref") in items:
                book.spine.append(items[element.get("idref") or ""])
    if not book.spine:
        raise KnownError("document.damaged", path=path, reason=_("it names no chapters"))
    if guide in archive:
        try:
            book.labels = _labels(parse(archive.read(guide), path), posixpath.dirname(guide))
        except KnownError as err:  # the table of contents is not valid XML: the chapters are still there
            if err.code != "document.damaged":
                raise
    return book


def _labels(guide: etree._Element, folder: str) -> Labels:
    """Read chapter names from the nav of EPUB 3 or the ncx of EPUB 2. Of entries for one position, the first counts."""
    labels: Labels = {}
    if local(guide) == "ncx":
        points = guide.iter("{*}navPoint")
        named = [(attribute(child(point, "content"), "src"), _words(child(point, "navLabel"))) for point in points]
    else:
        lists = [nav for nav in guide.iter("{*}nav") if "toc" in str(list(nav.attrib.values()))]
        named = [(link.get("href") or "", _words(link)) for nav in lists[:1] for link in nav.iter("{*}a")]
    for target, label in named:
        place, __, anchor = target.partition("#")
        if label:
            labels.setdefault(_place(folder, place), {}).setdefault(unquote(anchor), label_of(label))
    return labels


def _words(element: etree._Element | None) -> str:
    return "" if element is None else " ".join("".join(map(str, element.itertext())).split())


def _place(folder: str, href: str | None) -> str:
    return posixpath.normpath(posixpath.join(folder, unquote((href or "").partition("#")[0])))


def _needed(archive: Archive, name: str, path: str) -> bytes:
    data = archive.read(name)
    if not data:
        reason = _("its part {name} is missing").format(name=name[:80] or _("package"))
        raise KnownError("document.damaged", path=path, reason=reason)
    return data


def locked_parts(archive: Archive, path: str) -> frozenset[str]:
    """Return the names of the files in the book that its seller encrypted (DRM)."""
    data = archive.read("META-INF/encryption.xml")
    if not data:
        return frozenset()
    locked = set()
    for element in parse(data, path).iter("{*}EncryptedData"):
        if next((part.get("Algorithm") for part in element.iter("{*}EncryptionMethod")), "") not in _FONTS:
            locked |= {unquote(part.get("URI") or "") for part in element.iter("{*}CipherReference")}
    return frozenset(locked)
