"""Turns hypertext into pieces: lines break where blocks do, words are not cut at inline tags, nothing is fetched.

Which elements are blocks, how blanks collapse and what is never shown follows the rendering section of the HTML
standard (html.spec.whatwg.org, section 15.3).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from selectolax.lexbor import LexborHTMLParser, LexborNode

from slmdesk.base.documents import BlockKind
from slmdesk.formats.html_markup import BLOCKS, FETCHED, SILENT, prepared
from slmdesk.formats.pieces import Piece
from slmdesk.formats.unseen import is_unseen, unseen_of

MAX_ROW_CHARACTERS = 4_000
"""A table's row that is longer is a way of laying out a page."""
MOST_COLUMNS = 50
CHECK_EVERY = 4096
_BLANKS = re.compile(r"[ \t\r\n\f\xa0]+")
_EMPTY_LINES = re.compile(r"\n{2,}")
_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]*:|//")
_Leave: TypeAlias = Callable[[], None]
_Attributes: TypeAlias = dict[str, str | None]


@dataclass(slots=True)
class Hypertext:
    pieces: list[Piece] = field(default_factory=list)
    title: str = ""
    author: str = ""
    has_hidden: bool = False
    """Words that no browser shows are among the pieces."""
    has_external: bool = False
    has_images: bool = False


def walk(
    markup: str,
    path: str,
    *,
    anchors: Collection[str] = (),
    is_packed: bool = False,
    check: Callable[[], None] = lambda: None,
) -> Hypertext:
    """Read hypertext; `anchors` are ids to be found again in the pieces, `check` is called now and then.

    `is_packed`: what it names without an address is in the same archive and need not be fetched.
    Raises KnownError `document.damaged` for one that is nested too deeply.
    """
    walker = _Walker(frozenset(anchors), is_packed=is_packed)
    node: LexborNode | None = LexborHTMLParser(prepared(markup, path)).root
    leaves: list[_Leave | None] = []
    steps = 0
    while node is not None:
        steps += 1
        if steps % CHECK_EVERY == 0:
            check()
        goes_in, leave = walker.enter(node)
        below = node.child if goes_in else None
        if below is not None:
            leaves.append(leave)
            node = below
            continue
        _call(leave)
        after = node.next if leaves else None  # nodes are never compared: the library compares all their markup
        while after is None and leaves and node is not None:
            _call(leaves.pop())
            node = node.parent
            after = node.next if leaves and node is not None else None
        node = after
    return walker.found()


def _call(leave: _Leave | None) -> None:
    if leave is not None:
        leave()


@dataclass(slots=True)
class _Row:
    cells: list[list[Piece]] = field(default_factory=list)
    is_head: bool = True


class _Walker:
    def __init__(self, anchors: frozenset[str], *, is_packed: bool) -> None:
        self._result, self._is_packed = Hypertext(), is_packed
        self._anchors, self._anchor = anchors, ""
        self._line: list[str] = []
        self._alts: list[str] = []
        self._rows: list[_Row] = []
        self._lists: list[int] = []
        """Of each open list the number of its last item; -1: it has none."""
        self._item = ""
        self._heading = self._pre = self._quotes = self._captions = self._hidden = self._items = 0
        self._unseen: frozenset[str] = frozenset()

    def found(self) -> Hypertext:
        self._flush()
        return self._result

    def enter(self, node: LexborNode) -> tuple[bool, _Leave | None]:
        """An element or a text.  Whether to go into it, and what to do at its end."""
        tag = node.tag or ""
        if tag == "-text":
            self._take_text(node.text_content or "")
            return False, None
        if tag.startswith("-") or tag in SILENT:
            return self._left_out(node, tag)
        attributes = node.attributes
        self._look(tag, attributes)
        leaves: list[_Leave] = []
        if is_unseen(attributes, self._unseen):
            leaves.append(self._enter_hidden(tag in BLOCKS))
        if tag in _ELEMENTS:
            leave = _ELEMENTS[tag](self, node, attributes)
            if leave is None:
                return False, None
            leaves.append(leave)
        elif tag in BLOCKS:
            self._flush()
            leaves.append(self._flush)
        return True, _all(leaves)

    # ---- text

    def _take_text(self, text: str) -> None:
        if self._hidden and not text.isspace():
            self._result.has_hidden = True
        self._line.append(text if self._pre else _BLANKS.sub(" ", text))

    def _flush(self) -> None:
        text = "".join(self._line).replace("\xad", "")
        self._line.clear()
        if self._pre:
            pieces = [text.strip("\n")]
        else:
            lines = "\n".join(" ".join(line.split(" ")).strip(" ") for line in text.split("\n"))
            pieces = [re.sub(" {2,}", " ", piece) for piece in _EMPTY_LINES.split(lines.strip("\n"))]
        for piece in pieces:
            if piece and not piece.isspace():
                self._add(self._kind(), self._item + piece)
                self._item = ""
        for alt in self._alts:
            self._add(BlockKind.CAPTION, alt)
        self._alts.clear()

    def _kind(self) -> BlockKind:
        if self._heading:
            return BlockKind.HEADING
        if self._pre:
            return BlockKind.CODE
        if self._captions:
            return BlockKind.CAPTION
        if self._items:
            return BlockKind.LIST_ITEM
        return BlockKind.QUOTE if self._quotes else BlockKind.PARAGRAPH

    def _add(self, kind: BlockKind, text: str) -> None:
        level = self._heading if kind is BlockKind.HEADING else len(self._lists) if kind is BlockKind.LIST_ITEM else 0
        self._put(Piece(kind, text, level, "hidden" if self._hidden else "", self._anchor))
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

    def _left_out(self, node: LexborNode, tag: str) -> tuple[bool, _Leave | None]:
        if tag == "-document":
            return True, None
        if tag == "style":
            self._unseen |= unseen_of(node.text(deep=True))
        return False, None

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

    def _enter_hidden(self, is_block: bool) -> _Leave:
        if is_block:
            self._flush()
        self._hidden += 1

        def leave() -> None:
            if is_block:
                self._flush()
            self._hidden -= 1

        return leave

    def _enter_head(self, node: LexborNode, _: object) -> None:
        title = node.css_first("title")
        self._result.title = "" if title is None else " ".join(title.text(deep=True).split())
        for meta in node.css("meta"):
            if (meta.attributes.get("name") or "").lower() in ("author", "dc.creator"):
                self._result.author = " ".join((meta.attributes.get("content") or "").split())
        for style in node.css("style"):
            self._unseen |= unseen_of(style.text(deep=True))

    def _enter_title(self, *_: object) -> None:
        """In a drawing: a tooltip."""

    def _enter_br(self, *_: object) -> None:
        self._line.append("\n")

    def _enter_hr(self, *_: object) -> None:
        self._flush()

    def _enter_img(self, _: object, attributes: _Attributes) -> None:
        alt = " ".join((attributes.get("alt") or "").split())
        if alt:
            self._result.has_hidden |= bool(self._hidden)
            self._alts.append(alt)
        self._result.has_images = True
        self._look_at_source(attributes.get("src") or attributes.get("srcset"))

    def _enter_input(self, _: object, attributes: _Attributes) -> None:
        if (attributes.get("type") or "text").lower() in ("text", "submit", "button", "email", "date", "number", "tel"):
            self._line.append(f" {attributes.get('value') or ''} ")

    def _enter_option(self, *_: object) -> _Leave:
        self._line.append(" ")
        return lambda: self._line.append(" ")

    def _enter_q(self, *_: object) -> _Leave:
        self._line.append("“")
        return lambda: self._line.append("”")

    def _enter_sup(self, *_: object) -> _Leave:
        """A superscript: 10 to the sixth is not 106."""
        if self._line and self._line[-1][-1:].isdigit():
            self._line.append("^")
        return lambda: None

    def _enter_pre(self, *_: object) -> _Leave:
        return self._within("_pre")

    def _enter_blockquote(self, *_: object) -> _Leave:
        return self._within("_quotes")

    def _enter_caption(self, *_: object) -> _Leave:
        return self._within("_captions")

    def _within(self, name: str) -> _Leave:
        self._flush()
        setattr(self, name, getattr(self, name) + 1)

        def leave() -> None:
            self._flush()
            setattr(self, name, getattr(self, name) - 1)

        return leave

    def _enter_heading(self, node: LexborNode, _: object) -> _Leave:
        self._flush()
        self._heading = int((node.tag or "h1")[1])

        def leave() -> None:
            self._flush()
            self._heading = 0

        return leave

    def _enter_ul(self, *_: object) -> _Leave:
        return self._enter_list(-1)

    def _enter_ol(self, _: object, attributes: _Attributes) -> _Leave:
        is_plain = (attributes.get("type") or "1") == "1" and "reversed" not in attributes
        return self._enter_list(_whole(attributes.get("start"), 1) - 1 if is_plain else -1)

    def _enter_list(self, last: int) -> _Leave:
        self._flush()
        self._lists.append(last)

        def leave() -> None:
            self._flush()
            self._lists.pop()

        return leave

    def _enter_li(self, _: object, attributes: _Attributes) -> _Leave:
        self._flush()
        self._items += 1
        if self._lists and self._lists[-1] >= 0:
            self._lists[-1] = _whole(attributes.get("value"), self._lists[-1] + 1)
            self._item = f"{self._lists[-1]}. "

        def leave() -> None:
            self._flush()
            self._items -= 1
            self._item = ""

        return leave

    def _enter_td(self, node: LexborNode, attributes: _Attributes) -> _Leave:
        self._flush()
        empty = min(_whole(attributes.get("colspan"), 1), MOST_COLUMNS) - 1
        if self._rows:
            self._rows[-1].cells.append([])
            self._rows[-1].is_head &= node.tag == "th"

        def leave() -> None:
            self._flush()
            if self._rows:
                self._rows[-1].cells += [[] for _ in range(empty)]

        return leave

    def _enter_tr(self, *_: object) -> _Leave:
        self._flush()
        self._rows.append(_Row())
        return self._leave_row

    def _leave_row(self) -> None:
        """A row of short cells is one; another is a way of laying out a page."""
        self._flush()
        row = self._rows.pop()
        cells, level = row.cells, 1 if row.is_head else 0
        pieces = [piece for cell in cells for piece in cell]
        is_plain = all(piece.kind not in (BlockKind.TABLE_ROW, BlockKind.HEADING, BlockKind.CODE) for piece in pieces)
        if len(cells) < 2 or not is_plain or sum(len(piece.text) for piece in pieces) > MAX_ROW_CHARACTERS:
            for piece in pieces:
                self._put(piece)
        elif pieces:
            text = "\t".join(" ".join(" ".join(one.text.split()) for one in cell) for cell in cells)
            anchor = next((piece.anchor for piece in pieces if piece.anchor), "")
            self._put(Piece(BlockKind.TABLE_ROW, text.rstrip("\t"), level, pieces[0].place, anchor))


def _all(leaves: list[_Leave]) -> _Leave | None:
    if len(leaves) < 2:
        return leaves[0] if leaves else None

    def leave() -> None:
        for one in reversed(leaves):
            one()

    return leave


def _whole(untrusted: str | None, default: int) -> int:
    value = (untrusted or "").strip()
    return int(value) if value.isascii() and value.isdecimal() and len(value) < 7 else default


_ELEMENTS: Mapping[str, Callable[[_Walker, LexborNode, _Attributes], _Leave | None]] = {
    "head": _Walker._enter_head,
    "title": _Walker._enter_title,
    "br": _Walker._enter_br,
    "hr": _Walker._enter_hr,
    "img": _Walker._enter_img,
    "input": _Walker._enter_input,
    "q": _Walker._enter_q,
    "sup": _Walker._enter_sup,
    "blockquote": _Walker._enter_blockquote,
    "ol": _Walker._enter_ol,
    "li": _Walker._enter_li,
    "tr": _Walker._enter_tr,
    **dict.fromkeys(("option", "button"), _Walker._enter_option),
    **dict.fromkeys(("pre", "listing", "xmp", "plaintext", "textarea"), _Walker._enter_pre),
    **dict.fromkeys(("caption", "figcaption"), _Walker._enter_caption),
    **dict.fromkeys(("h1", "h2", "h3", "h4", "h5", "h6"), _Walker._enter_heading),
    **dict.fromkeys(("ul", "menu", "dir"), _Walker._enter_ul),
    **dict.fromkeys(("td", "th"), _Walker._enter_td),
}
"""What to do at elements that are more than blocks; None: their content is skipped."""
