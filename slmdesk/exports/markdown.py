"""Reads Markdown, and writes a `Paper` as Markdown.

Never interprets text of others.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING, Any

from slmdesk.base.documents import COME, GONE, Paper, Piece, PieceKind, Run
from slmdesk.base.text.markup import enable_formulas

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

_MOST_LEVEL = 9


@cache
def _parser() -> MarkdownIt:
    from markdown_it import MarkdownIt  # late: 32 ms

    made = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
    enable_formulas(made)
    return made


@cache
def _formula_parser() -> MarkdownIt:
    from markdown_it import MarkdownIt  # late, as above

    made = MarkdownIt("zero")
    enable_formulas(made)
    return made


_LIVE = frozenset({"html_block", "html_inline", "image"})
"""Tokens that other programs load or run."""
_NO_FORMULA = _LIVE | {"heading_open", "hr", "link_open"}
_CODE_SPAN = re.compile(r"(?<!`)(`+)(?!`).+?(?<!`)\1(?!`)")
_LIVE_MARK = re.compile(r"(?<!\\)(?:<(?=[A-Za-z/!?])|!(?=\[)|\[(?=[^\]]*\]:))")
_FOOTNOTE = re.compile(r"(?<!\\)\[\^[^\]\n]*\]:")
_ENTITIES = {ord(letter): f"&#{ord(letter)};" for letter in "<![]"}


@cache
def _foreign_parser() -> MarkdownIt:
    """Return a parser that reads Markdown as other programs do."""
    from markdown_it import MarkdownIt  # late, as above

    return MarkdownIt("commonmark").enable("table")


def _read(text: str, kinds: frozenset[str]) -> tuple[bool, list[Token]]:
    """Return what other programs find in a Markdown text.

    And whether tokens of these kinds are in it, or what leaves its place.
    """
    env: dict[str, Any] = {}
    try:
        tokens = _foreign_parser().parse(text, env)
    except IndexError:  # the parser reads beyond some texts
        return True, []
    types = set[str]()
    for token in tokens:
        types |= {token.type, *(child.type for child in token.children or ())}
    is_live = env.get("references") or _FOOTNOTE.search(text) or types & kinds
    return bool(is_live), tokens


def harmless_markdown(untrusted: str) -> str:
    """Return a Markdown text in which what other programs load or run is only words.

    That is HTML, pictures, and addresses of links for all the document.
    """
    is_live, tokens = _read(untrusted, _LIVE)
    if not is_live:
        return untrusted
    code = set[int]()
    for token in tokens:
        if token.type in ("fence", "code_block") and token.map:
            code.update(range(*token.map))
    lines = untrusted.split("\n")
    for number, line in enumerate(lines):
        if number not in code:
            lines[number] = _without_live(line)
    text = "\n".join(lines)
    if _read(text, _LIVE)[0]:
        return untrusted.translate(_ENTITIES)
    return text


def _without_live(line: str) -> str:
    pieces = list[str]()
    end = 0
    for code in _CODE_SPAN.finditer(line):
        pieces += [_escape_live(line[end : code.start()]), code[0]]
        end = code.end()
    pieces.append(_escape_live(line[end:]))
    return "".join(pieces)


def _escape_live(text: str) -> str:
    return _LIVE_MARK.sub(r"\\\g<0>", text)


def framed(text: str) -> str:
    """Quote a Markdown text, which cannot leave that."""
    lines = list[str]()
    for line in re.split(r"\r\n|\r|\n", text):  # others are no ends in Markdown
        words = " ".join(line.splitlines())
        if words:
            lines.append(f"> {words}")
        else:
            lines.append(">")
    return "\n".join(lines)


def pieces_of(untrusted: str) -> list[Piece]:
    """Return the pieces of a Markdown text.

    HTML stays text, a link becomes its text and address, a picture its text.
    """
    return list(_pieces(_parser().parse(untrusted)))


def _pieces(tokens: list[Token]) -> Iterator[Piece]:
    lists: list[tuple[bool, int]] = []  # whether it is numbered, and its last number
    is_first = False  # of its list item
    quoted = 0
    index = 0
    while index < len(tokens):
        token = tokens[index]
        match token.type:
            case "bullet_list_open":
                lists.append((False, 0))
            case "ordered_list_open":
                start = int(str(token.attrs.get("start", 1)))
                lists.append((True, start - 1))
            case "bullet_list_close" | "ordered_list_close":
                lists.pop()
            case "list_item_open":
                is_numbered, number = lists[-1]
                lists[-1] = (is_numbered, number + 1)
                is_first = True
            case "blockquote_open":
                quoted += 1
            case "blockquote_close":
                quoted -= 1
            case "heading_open":
                level = min(4, int(token.tag[1:]) + 1)
                yield Piece(PieceKind.HEADING, _runs(tokens[index + 1]), level)
                index += 1
            case "inline":
                yield _in_place(_runs(token), lists, is_first, quoted > 0)
                is_first = False
            case "formula_block" | "formula_open_end":
                run = Run(token.info, formula=token.type == "formula_block")
                yield _in_place((run,), lists, is_first, quoted > 0)
                is_first = False
            case "fence" | "code_block":
                run = Run(token.content.rstrip("\n"), code=True)
                yield Piece(PieceKind.CODE, (run,))
            case "hr":
                yield Piece(PieceKind.RULE)
            case "table_open":
                rows, index = _table(tokens, index)
                yield Piece(PieceKind.TABLE, rows=rows)
        index += 1


def _in_place(
    runs: tuple[Run, ...],
    lists: list[tuple[bool, int]],
    is_first: bool,
    is_quoted: bool,
) -> Piece:
    """Return a paragraph as what it is where it stands: in a list, in a quotation."""
    if lists:
        is_numbered, number = lists[-1]
        mark = "•"
        if is_numbered:
            mark = f"{number}."
        if not is_first:
            mark = ""
        return Piece(PieceKind.ITEM, runs, min(len(lists), _MOST_LEVEL), mark)
    if is_quoted:
        return Piece(PieceKind.QUOTE, runs)
    return Piece(PieceKind.PARAGRAPH, runs)


def _table(tokens: list[Token], index: int) -> tuple[tuple[tuple[str, ...], ...], int]:
    """Return the rows of a table, and the index of its end."""
    rows: list[list[str]] = []
    while tokens[index].type != "table_close":
        token = tokens[index]
        if token.type == "tr_open":
            rows.append([])
        elif token.type == "inline":
            rows[-1].append("".join(run.text for run in _runs(token)))
        index += 1
    return tuple(map(tuple, rows)), index


def _runs(token: Token) -> tuple[Run, ...]:
    runs: list[Run] = []
    bold = 0
    italic = 0
    address = ""
    for child in token.children or []:
        match child.type:
            case "strong_open" | "strong_close":
                bold += child.nesting
            case "em_open" | "em_close":
                italic += child.nesting
            case "link_open":
                address = str(child.attrs.get("href", ""))
            case "link_close":
                if address and (not runs or runs[-1].text != address):
                    runs.append(Run(f" ({address})"))
                address = ""
            case "softbreak":
                runs.append(Run(" "))
            case "hardbreak":
                runs.append(Run("\n"))
            case "formula":
                runs.append(Run(child.info, formula=True))
            case "code_inline":
                runs.append(Run(child.content, code=True))
            case "text" | "image" | "text_special" | "html_inline":
                if child.content:
                    run = Run(child.content, bold=bold > 0, italic=italic > 0)
                    runs.append(run)
    return tuple(runs)


def to_markdown(paper: Paper) -> str:
    """Return a document in Markdown. Markdown characters in its text are escaped."""
    blocks = [f"# {_escaped(_line(paper.title))}"]
    if paper.subtitle:
        blocks.append(f"*{_escaped(_line(paper.subtitle))}*")
    was_item = False
    for piece in paper.pieces:
        block = _block(piece)
        if piece.said:
            block = framed(block)
        is_item = piece.kind is PieceKind.ITEM
        if is_item and was_item:
            blocks[-1] += "\n" + block
        elif block:
            blocks.append(block)
        was_item = is_item
    return "\n\n".join(blocks) + "\n"


def _block(piece: Piece) -> str:
    match piece.kind:
        case PieceKind.HEADING:
            return "#" * piece.level + " " + _line(_inline(piece))
        case PieceKind.ITEM:
            indent = "  " * (piece.level - 1)
            words = _inline(piece).replace("\n", " ")
            return f"{indent}{_item_mark(piece.mark)} {words}"
        case PieceKind.CODE:
            fence = "`" * max(3, 1 + _longest_fence(piece.text))
            return f"{fence}\n{piece.text}\n{fence}"
        case PieceKind.QUOTE:
            return "\n".join(f"> {line}" for line in _inline(piece).split("\n"))
        case PieceKind.TABLE:
            return _table_text(piece.rows)
        case PieceKind.SMALL:
            return f"*{_escaped(_line(piece.text))}*"
        case PieceKind.RULE:
            return "---"
        case PieceKind.CHART:
            return ""  # its figures follow
        case PieceKind.PARAGRAPH:
            return _inline(piece)


def _item_mark(mark: str) -> str:
    if mark[:-1].isdigit():
        return mark
    if mark:
        return "-"
    return " "


def _longest_fence(text: str) -> int:
    """Return the number of backticks in the longest row of them."""
    return max(map(len, re.findall("`+", text)), default=0)


def _inline(piece: Piece) -> str:
    return "".join(_marked(run) for run in piece.runs).strip()


def _marked(run: Run) -> str:
    if run.formula:
        return _formula(run.text)
    if run.code:
        longest = _longest_fence(run.text)
        fence = "`" * (1 + longest)
        gap = ""
        if longest:
            gap = " "
        return f"{fence}{gap}{run.text}{gap}{fence}"
    text = _escaped(run.text).replace("\n", "  \n")
    inner = text.strip()
    mark = ""
    if run.bold or run.change == COME:
        mark += "**"
    if run.italic:
        mark += "*"
    if run.change == GONE:
        mark += "~~"
    if not inner or not mark:
        return text
    before = text[: len(text) - len(text.lstrip())]
    after = text[len(text.rstrip()) :]
    return f"{before}{mark}{inner}{mark[::-1]}{after}"


def _table_text(rows: tuple[tuple[str, ...], ...]) -> str:
    width = max(map(len, rows), default=0)
    lines = list[str]()
    for row in rows:
        cells = [*map(_cell, row), *[""] * (width - len(row))]
        lines.append("| " + " | ".join(cells) + " |")
    rule = "|" + " --- |" * width
    return "\n".join([*lines[:1], rule, *lines[1:]])


def _cell(text: str) -> str:
    words = ""
    for token in _formula_parser().parseInline(_line(text))[0].children or []:
        if token.type == "formula":
            words += _formula(token.info)
        else:
            words += _escaped(token.content)
    return words.replace("|", "\\|")


def _formula(source: str) -> str:
    if _read(source, _NO_FORMULA)[0]:
        return _escaped(source)
    return source


def _line(text: str) -> str:
    return " ".join(text.split())


_LINE_MARK = re.compile(
    r"^([^\S\n]*)(?:(\d+)(?=[.)](?:\s|$))|(?=[-+](?:\s|$)|[-=:][-=:|\s]*$))",
    re.MULTILINE,
)
"""Matches what begins a list, a heading or a rule at the beginning of a line."""
_MARK = re.compile(r"([\\`*_\[\]<>#~]|&(?=[#\w]+;))")


def _escaped(text: str) -> str:
    return _LINE_MARK.sub(r"\1\2\\", _MARK.sub(r"\\\1", text))
