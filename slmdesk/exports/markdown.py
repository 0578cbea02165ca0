"""Parses Markdown (answers of models) into pieces, and writes pieces as Markdown."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING

from slmdesk.base.paper import Paper, Piece, PieceKind, Run
from slmdesk.text.words.formulas import enable_formulas

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


def pieces_of(untrusted: str) -> list[Piece]:
    """The pieces of a Markdown text.  HTML is kept as text, a link becomes its text and address, a picture its text."""
    return list(_pieces(_parser().parse(untrusted)))


def _pieces(tokens: list[Token]) -> Iterator[Piece]:
    lists: list[tuple[bool, int]] = []
    first_of_item, quoted, at = False, 0, 0
    while at < len(tokens):
        token = tokens[at]
        match token.type:
            case "bullet_list_open":
                lists.append((False, 0))
            case "ordered_list_open":
                lists.append((True, int(str(token.attrs.get("start", 1))) - 1))
            case "bullet_list_close" | "ordered_list_close":
                lists.pop()
            case "list_item_open":
                numbered, count = lists[-1]
                lists[-1], first_of_item = (numbered, count + 1), True
            case "blockquote_open":
                quoted += 1
            case "blockquote_close":
                quoted -= 1
            case "heading_open":
                yield Piece(PieceKind.HEADING, _runs(tokens[at + 1]), min(4, int(token.tag[1:]) + 1))
                at += 1
            case "inline":
                yield _in_place(_runs(token), lists, first_of_item, quoted > 0)
                first_of_item = False
            case "formula_block" | "formula_open_end":
                run = Run(token.info, formula=token.type == "formula_block")
                yield _in_place((run,), lists, first_of_item, quoted > 0)
                first_of_item = False
            case "fence" | "code_block":
                yield Piece(PieceKind.CODE, (Run(token.content.rstrip("\n"), code=True),))
            case "hr":
                yield Piece(PieceKind.RULE)
            case "table_open":
                rows, at = _table(tokens, at)
                yield Piece(PieceKind.TABLE, rows=rows)
        at += 1


def _in_place(runs: tuple[Run, ...], lists: list[tuple[bool, int]], is_first: bool, is_quoted: bool) -> Piece:
    if lists:
        numbered, count = lists[-1]
        mark = (f"{count}." if numbered else "•") if is_first else ""
        return Piece(PieceKind.ITEM, runs, min(len(lists), _MOST_LEVEL), mark)
    return Piece(PieceKind.QUOTE if is_quoted else PieceKind.PARAGRAPH, runs)


def _table(tokens: list[Token], at: int) -> tuple[tuple[tuple[str, ...], ...], int]:
    rows: list[list[str]] = []
    while tokens[at].type != "table_close":
        if tokens[at].type == "tr_open":
            rows.append([])
        elif tokens[at].type == "inline":
            rows[-1].append("".join(run.text for run in _runs(tokens[at])))
        at += 1
    return tuple(tuple(row) for row in rows), at


def _runs(token: Token) -> tuple[Run, ...]:
    runs: list[Run] = []
    bold = italic = 0
    address = ""
    for child in token.children or []:
        match child.type:
            case "strong_open" | "strong_close":
                bold += 1 if child.nesting > 0 else -1
            case "em_open" | "em_close":
                italic += 1 if child.nesting > 0 else -1
            case "link_open":
                address = str(child.attrs.get("href", ""))
            case "link_close":
                said = runs[-1].text if runs else ""
                if address and address != said:
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
                    runs.append(Run(child.content, bold=bold > 0, italic=italic > 0))
    return tuple(runs)


def to_markdown(paper: Paper) -> str:
    """A document in Markdown; Markdown marks in its text are escaped."""
    blocks = [f"# {_escaped(_line(paper.title))}"]
    if paper.subtitle:
        blocks.append(f"*{_escaped(_line(paper.subtitle))}*")
    was_item = False
    for piece in paper.pieces:
        block = _block(piece)
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
            mark = piece.mark if piece.mark[:-1].isdigit() else "-" if piece.mark else " "
            return "  " * (piece.level - 1) + f"{mark} " + _inline(piece).replace("\n", " ")
        case PieceKind.CODE:
            fence = "`" * max(3, 1 + max((len(one) for one in re.findall("`+", piece.text)), default=0))
            return f"{fence}\n{piece.text}\n{fence}"
        case PieceKind.QUOTE:
            return "\n".join(f"> {line}" for line in _inline(piece).split("\n"))
        case PieceKind.TABLE:
            return _table_text(piece.rows)
        case PieceKind.SMALL:
            return f"*{_escaped(_line(piece.text))}*"
        case PieceKind.RULE:
            return "---"
        case PieceKind.PARAGRAPH:
            return _inline(piece)


def _inline(piece: Piece) -> str:
    return "".join(_marked(run) for run in piece.runs).strip()


def _marked(run: Run) -> str:
    if run.formula:
        return run.text
    if run.code:
        fence = "`" * (1 + max((len(one) for one in re.findall("`+", run.text)), default=0))
        gap = " " if "`" in run.text else ""
        return f"{fence}{gap}{run.text}{gap}{fence}"
    text = _escaped(run.text).replace("\n", "  \n")
    inner = text.strip()
    if not inner or not (run.bold or run.italic):
        return text
    mark = "**" * run.bold + "*" * run.italic
    before, after = text[: len(text) - len(text.lstrip())], text[len(text.rstrip()) :]
    return f"{before}{mark}{inner}{mark[::-1]}{after}"


def _table_text(rows: tuple[tuple[str, ...], ...]) -> str:
    width = max((len(row) for row in rows), default=0)
    lines = ["| " + " | ".join(_cell(row[at] if at < len(row) else "") for at in range(width)) + " |" for row in rows]
    return "\n".join([*lines[:1], "|" + " --- |" * width, *lines[1:]])


def _cell(text: str) -> str:
    tokens = _formula_parser().parseInline(_line(text))[0].children or []
    words = (token.info if token.type == "formula" else _escaped(token.content) for token in tokens)
    return "".join(words).replace("|", "\\|")


def _line(text: str) -> str:
    return " ".join(text.split())


_LINE_MARK = re.compile(r"^(\s*)([-+=>]|\d+[.)])(?=\s)", re.MULTILINE)


def _escaped(text: str) -> str:
    return _LINE_MARK.sub(r"\1\\\2", re.sub(r"([\\`*_\[\]<>#~])", r"\\\1", text))
