"""Finds and handles what is not prose in a text: formulas, code, addresses, invisible characters."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.rules_block import StateBlock
    from markdown_it.rules_inline import StateInline

LONGEST = 2000
"""Most characters of a formula. A longer one is shown as typed."""

DISPLAYED, IN_LINE = "\\[", "\\("
_CLOSING = {"$$": "$$", "\\[": "\\]"}
_SIGN = re.compile(r"[\\^_=+*/<>|-]")
_SURE_SIGN = re.compile(r"[\\^_=+<>]")
_PROSE = re.compile(r"(?<![\\A-Za-z])[A-Za-z]{3,} +[A-Za-z]{2,}(?![A-Za-z])|(?<= )[A-Za-z]{3,} ")
_BRACED = re.compile(r"\{[^{}]*\}")


def enable_formulas(markdown: MarkdownIt) -> None:
    """Add rules for formulas to a Markdown parser. They make the tokens `formula`, `formula_block`, and
    `formula_open_end` for a formula without an end, which is shown as typed.
    """
    ended = ["paragraph", "reference", "blockquote", "list"]
    markdown.block.ruler.before("fence", "formula_block", _block, {"alt": ended})
    markdown.inline.ruler.before("escape", "formula", _inline)


def _block(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """Parse a displayed formula on lines of its own. A formula without an end continues to the next blank line."""
    first = _line(state, start)
    opening = first[:2]
    closing = _CLOSING.get(opening)
    if closing is None or state.is_code_block(start) or first.startswith("$$$"):
        return False
    at = _find(first, closing, 2, len(first))
    if at >= 0 and (first[at + 2 :] or not _is_formula(first[2:at])):
        return False  # there are words around it, so it belongs to the paragraph
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
    """Return the position of the closing delimiter before `end`, or -1. Backslashes and the characters they escape are
    skipped.

    A single dollar ends the search for two and the reverse, since neither kind of formula contains the other.
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


MOST_LETTERS = 45
"""Most letters of a checked word. Longer ones are seldom words, and a dictionary that joins words takes seconds."""
_MARKS = (
    "\u0300-\u036f\u0591-\u05c7\u0610-\u061a\u064b-\u065f\u0670\u0900-\u0903\u093a-\u094f\u0951-\u0957\u0962\u0963"
    "\u0981-\u0983\u09bc\u09be-\u09cd\u09d7"
)
"""Accents and vowel signs that are characters of their own. They belong to the letter before."""
_LETTER = r"[^\W\d_]"
_WORD = re.compile(rf"{_LETTER}(?:{_LETTER}|[{_MARKS}]|['’](?={_LETTER}))*")
_CODE = re.compile(r"(`+)(?!`).+?(?<!`)\1(?!`)")
_NO_WORDS = re.compile(r"(?<!\S)(?:[@#/]\S+|\S*(?:://|[@/\\_]|\w[.:]\w|\d)\S*)")
"""Matches non-words without spaces: addresses, paths, names of files and presets, numbers with units, "e.g."."""
_FENCE = re.compile(r"[ \t]{0,3}(```+|~~~+)")


def word_spans(line: str, names: Collection[str] = ()) -> list[tuple[int, int]]:
    """Return the (start, end) of the words of a line or paragraph that are to be checked, in order.

    `names` are names of attachments and the like. Where such a name occurs, its words are left out.
    """
    for name in names:
        if name.strip():
            line = re.sub(re.escape(name), _blank, line, flags=re.IGNORECASE)
    line = _NO_WORDS.sub(_blank, _CODE.sub(_blank, line))
    return [match.span() for match in _WORD.finditer(line) if _is_checked(match.group())]


def word_at(line: str, place: int) -> tuple[int, int] | None:
    return next((match.span() for match in _WORD.finditer(line) if match.start() <= place <= match.end()), None)


def code_lines(lines: Sequence[str]) -> Iterator[bool]:
    fence = ""
    for line in lines:
        match = _FENCE.match(line)
        if not fence and match:
            fence = match.group(1)
            yield True
        elif fence:
            yield True
            if match and match.group(1).startswith(fence) and not line[match.end() :].strip():
                fence = ""
        else:
            yield False


def plain(word: str) -> str:
    """Return the word as it is in dictionaries: with the straight apostrophe."""
    return word.replace("’", "'")


def parts_of(word: str) -> list[str]:
    """Return a word's parts between apostrophes, without single letters: "Meyer" of "Meyer's", "homme" of "l'homme"."""
    return [part for part in plain(word).split("'") if len(part) > 1]


def _blank(match: re.Match[str]) -> str:
    return " " * len(match.group())


def _is_checked(word: str) -> bool:
    """Return whether the word is checked: no abbreviation, name with inner capitals (iPhone), or single letter."""
    return 1 < len(word) <= MOST_LETTERS and not any(letter.isupper() for letter in word[1:])


# Makes invisible and misleading characters visible. Handles direction marks, tags, fillers and control characters.
# Joiners (U+200C, U+200D) are left alone, since Persian and emoji need them.

_FILLERS = "\u115f\u1160\u3164\uffa0\u2800"
_SUSPECTS = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    f"{_FILLERS}\U000e0000-\U000e0fff\U0001d173-\U0001d17a]"
)


def made_visible(text: str) -> tuple[str, int]:
    """Replace each invisible or misleading character with its code, like ⟦U+202E⟧. Return the text and their number."""
    return _SUSPECTS.subn(lambda match: f"\u27e6U+{ord(match.group()):04X}\u27e7", text)
