r"""LaTeX formulas in Markdown: rules for markdown-it that find `$…$`, `$$…$$`, `\(…\)` and `\[…\]`.

A formula token has its LaTeX as `content`, the source with its delimiters as `info`, and `\[` or `\(` as `markup` for
one displayed on its own and one in the line.  What is no formula for certain (prices, prose, no end, code in it) stays
as typed.  Where a displayed formula ends depends on whole lines and never on what follows a blank one, so that a text
shown as it grows ends as the same document (tests/chat/window/view/test_formulas.py).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.rules_block import StateBlock
    from markdown_it.rules_inline import StateInline

LONGEST = 2000
"""Characters of a formula; a longer one stays as typed."""

DISPLAYED, IN_LINE = "\\[", "\\("
_CLOSING = {"$$": "$$", "\\[": "\\]"}
_SIGN = re.compile(r"[\\^_=+*/<>|-]")
_SURE_SIGN = re.compile(r"[\\^_=+<>]")
_PROSE = re.compile(r"(?<![\\A-Za-z])[A-Za-z]{3,} +[A-Za-z]{2,}(?![A-Za-z])|(?<= )[A-Za-z]{3,} ")
_BRACED = re.compile(r"\{[^{}]*\}")


def enable_formulas(markdown: MarkdownIt) -> None:
    """Add the rules to a parser: tokens `formula_block`, `formula_open_end` (begun, no end: as typed) and `formula`."""
    ended = ["paragraph", "reference", "blockquote", "list"]
    markdown.block.ruler.before("fence", "formula_block", _block, {"alt": ended})
    markdown.inline.ruler.before("escape", "formula", _inline)


def _block(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """A displayed formula on lines of its own.  One that begins a line and has no end there goes up to a blank line."""
    first = _line(state, start)
    opening = first[:2]
    closing = _CLOSING.get(opening)
    if closing is None or state.is_code_block(start) or first.startswith("$$$"):
        return False
    at = _find(first, closing, 2, len(first))
    if at >= 0 and (first[at + 2 :] or not _is_formula(first[2:at])):
        return False  # words stand around it: the paragraph's
    if at < 0 and first != opening and (opening == "$$" or "]" in first):
        return False  # "\[1] …" is an escaped bracket
    if silent:
        return True
    lines, line, is_closed = [first], start, at >= 0
    while (
        not is_closed and line + 1 < end and not state.isEmpty(line + 1) and state.sCount[line + 1] >= state.blkIndent
    ):
        line += 1
        lines.append(_line(state, line))
        is_closed = _ends(lines[-1], closing)
    source = "\n".join(lines)
    is_formula = is_closed and _is_formula(source[2:-2])
    token = state.push("formula_block" if is_formula else "formula_open_end", "math", 0)
    token.content = source[2:-2].strip() if is_formula else source
    token.info, token.markup, token.block = source, DISPLAYED, True
    token.map = [start, line + 1]
    state.line = line + 1
    return True


def _inline(state: StateInline, silent: bool) -> bool:
    start = state.pos
    opening = state.src[start : start + 2]
    if opening in ("$$", "\\[", "\\("):
        closing = {"\\(": "\\)", **_CLOSING}[opening]
    elif opening[:1] == "$":
        opening = closing = "$"
    else:
        return False
    limit = min(state.posMax, start + LONGEST + 2 * len(opening))
    at = _find(state.src, closing, start + len(opening), limit)
    if at < 0:
        return False
    tex, behind = state.src[start + len(opening) : at], state.src[at + len(closing) : state.posMax][:1]
    if not _fits(opening, tex, state.src[start - 1 : start], behind):
        return False
    state.pos = at + len(closing)
    if not silent:
        token = state.push("formula", "math", 0)
        token.content, token.info = tex.strip(), state.src[start : state.pos]
        token.markup = DISPLAYED if opening in _CLOSING else IN_LINE
    return True


def _fits(opening: str, tex: str, before: str, behind: str) -> bool:
    if opening != "$":
        if opening == "\\[" and (behind == "(" or not _SIGN.search(tex)):
            return False  # an escaped bracket: \[1\], \[x\], \[words\](address)
        return not (opening == "$$" and behind == "$") and _is_formula(tex)
    if before.isalnum() or before == "$" or behind.isdigit() or behind == "$" or "\n" in tex:
        return False
    if tex != tex.strip() or (behind.isalpha() and not (tex[-1:].isalnum() or tex[-1:] in ")}]'|")):
        return False  # "from $5 to $6", "$HOME/$USER"
    return _is_formula(tex) and not _PROSE.search(_without_braces(tex))


def _is_formula(tex: str) -> bool:
    if not tex.strip() or len(tex) > LONGEST or "`" in tex:
        return False
    return _SURE_SIGN.search(tex) is not None or not _PROSE.search(tex)


def _without_braces(tex: str) -> str:
    count = 1
    while count:
        tex, count = _BRACED.subn("", tex)
    return tex


def _find(text: str, closing: str, start: int, end: int) -> int:
    """Where the closing delimiter stands before `end`, backslashes and what they escape passed over; -1: nowhere.

    A dollar ends the search for two, and two for one: neither holds the other.
    """
    at = start
    while at < end:
        if text.startswith(closing, at, end):
            return at
        if text[at] == "$" and closing[0] == "$":
            return -1
        at += 2 if text[at] == "\\" else 1
    return -1


def _ends(line: str, closing: str) -> bool:
    at = _find(line, closing, 0, len(line))
    return at >= 0 and not line[at + len(closing) :]


def _line(state: StateBlock, line: int) -> str:
    return state.src[state.bMarks[line] + state.tShift[line] : state.eMarks[line]].rstrip()
