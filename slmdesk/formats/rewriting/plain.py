"""Translates plain text and Markdown: line by line where line breaks matter, rewrapped where text was wrapped."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator

from slmdesk.formats.rewriting.base import Rewriting, Unit, Units, said
from slmdesk.formats.rewriting.markup import Mark, Piece, Stretch, TextFile, stretch_units

_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)?")
LEAST_WRAPPED = 50
"""A paragraph whose lines, except the last, all have at least this many characters and no final full stop was
wrapped."""
_INDENT = re.compile(r"[ \t]*")


def rewrite(rewriting: Rewriting) -> Units:
    file = TextFile(rewriting)
    for number, block in _blocks(file.text):
        rewriting.reading.check()
        for start, end, words, joins in _parts(file.text, block):
            if not any(letter.isalpha() for letter in words):
                continue
            answer = yield Unit(words, kind="paragraph", place=f"line {number}")
            if answer is not None:
                file.put(start, end, _wrapped(answer, file.text[start:end], joins=joins))
    file.close()


def _blocks(text: str) -> Iterator[tuple[int, list[tuple[int, int]]]]:
    """Lines that follow each other without an empty one: (number of the first, where each stands without its end)."""
    block: list[tuple[int, int]] = []
    first = number = 1
    for one in _LINE.finditer(text):
        if not one[0]:
            break
        words = one[0].rstrip("\r\n")
        if words.strip():
            first = first if block else number
            block.append((one.start(), one.start() + len(words)))
        elif block:
            yield first, block
            block = []
        number += 1
    if block:
        yield first, block


def _parts(text: str, block: list[tuple[int, int]]) -> Iterator[tuple[int, int, str, bool]]:
    """A paragraph as one, or each of its lines: (from, up to, the words, whether lines were joined)."""
    lines = [text[start:end] for start, end in block]
    if len(lines) > 1 and all(len(line.strip()) >= LEAST_WRAPPED for line in lines[:-1]):
        start, end = block[0][0], block[-1][1]
        lead = len(lines[0]) - len(lines[0].lstrip())
        yield start + lead, end, " ".join(" ".join(lines).split()), True
        return
    for (start, end), line in zip(block, lines, strict=True):
        lead = len(line) - len(line.lstrip())
        yield start + lead, end - (len(line) - len(line.rstrip())), line.strip(), False


def _wrapped(words: str, old: str, *, joins: bool) -> str:
    if not joins:
        return words
    end = "\r\n" if "\r\n" in old else "\n"
    lines = old.split(end)
    width = max(len(line) for line in lines)
    indent = _INDENT.match(lines[1])[0] if len(lines) > 1 else ""  # type: ignore[index]
    return end.join(
        textwrap.wrap(words, width, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)
    )


# ---- Markdown

_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_PREFIX = re.compile(r"[ \t]*(?:>[ \t]?)*(?:#{1,6}[ \t]+|[-*+][ \t]+(?:\[[ xX]\][ \t]+)?|\d{1,9}[.)][ \t]+)?")
_ITEM = re.compile(r" {0,3}(?:[-*+]|\d{1,9}[.)])[ \t]")
_RULER = re.compile(r"[ \t|:=*_-]*$")
_META = re.compile(r"\[[^\]]{1,200}\]:[ \t]*\S+")
_INLINE = re.compile(
    r"(?P<code>(`+)(?!`).+?(?<!`)\2(?!`))|(?P<image>!\[\]\([^)\n]*\))|(?P<auto><[a-zA-Z][^<>\s]*[:@][^<>\s]*>)"
    r"|(?P<html></?[a-zA-Z][^<>\n]*>)|(?P<link>!?\[(?=[^\]\n]+\](?:\([^)\n]*\)|\[[^\]\n]*\])))|(?P<end>\](?:\([^)\n]*\)|\[[^\]\n]*\]))"
    r"|(?P<strong>\*\*|__)|(?P<strike>~~)|(?P<em>(?<![\w*])\*(?=\S)|(?<=\S)\*(?![\w*])|(?<![\w_])_(?=\S)|(?<=\S)_(?![\w_]))"
    r"|(?P<hard>\\$| {2,}$)"
)


def rewrite_markdown(rewriting: Rewriting) -> Units:
    file = TextFile(rewriting)
    fence, has_front = "", file.text.startswith(("---\n", "---\r\n"))
    number, is_in_list, is_in_code, follows_blank = 0, False, False, True
    for one in _LINE.finditer(file.text):
        line = one[0].rstrip("\r\n")
        if not one[0]:
            break
        number += 1
        rewriting.reading.check()
        mark = _FENCE.match(line)
        if has_front:
            yield from said("code", f"line {number}", line)
            has_front = number == 1 or line.strip() not in ("---", "...")
            continue
        if fence or mark:
            yield from said("code", f"line {number}", line)
            fence = "" if fence and line.strip().startswith(fence) else fence or mark[1]  # type: ignore[index]
            continue
        was_blank, follows_blank = follows_blank, not line.strip()
        is_indented = line.startswith(("    ", "\t"))
        if line.strip() and not is_indented:
            is_in_list = bool(_ITEM.match(line)) or (is_in_list and (line.startswith(" ") or not was_blank))
        if is_indented and not is_in_list and (was_blank or is_in_code):
            yield from said("code", f"line {number}", line)
            is_in_code = True
            continue
        is_in_code = is_in_code and follows_blank
        if not line.strip() or _RULER.match(line) or _META.match(line.strip()):
            continue
        start = one.start() + _PREFIX.match(line).end()  # type: ignore[union-attr]
        for at, end in _cells(file.text, start, one.start() + len(line)):
            found = list(_inline(file.text[at:end]))
            for piece in found:
                if piece.mark is Mark.LONE and piece.raw.startswith("`"):
                    yield from said("code", f"line {number}", piece.raw)
            yield from stretch_units(file, Stretch(found), at, end, kind="paragraph", place=f"line {number}")
    file.close()


def _cells(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    if not text[start:end].lstrip().startswith("|"):
        yield start, end
        return
    at = start
    for cell in re.split(r"(?<!\\)\|", text[start:end]):
        if cell.strip():
            yield at, at + len(cell)
        at += len(cell) + 1


def _inline(text: str) -> Iterator[Piece]:
    at = 0
    opened: list[str] = []
    for one in _INLINE.finditer(text):
        if one.start() > at:
            yield Piece(Mark.WORDS, text[at : one.start()])
        at = one.end()
        kind = one.lastgroup or ""
        raw = one[0]
        if one["code"] or one["image"] or one["auto"] or one["hard"]:
            yield Piece(Mark.LONE, raw)
        elif one["link"]:
            yield Piece(Mark.OPEN, raw, "link")
        elif one["end"]:
            yield Piece(Mark.CLOSE, raw, "link")
        elif one["html"]:
            name = raw.strip("</>").split()[0].lower().rstrip("/")
            mark = (
                Mark.CLOSE if raw.startswith("</") else Mark.LONE if raw.endswith("/>") or name == "br" else Mark.OPEN
            )
            yield Piece(mark, raw, name)
        else:
            name = f"{kind}{raw}"
            if name in opened:
                opened.remove(name)
                yield Piece(Mark.CLOSE, raw, name)
            else:
                opened.append(name)
                yield Piece(Mark.OPEN, raw, name)
    if at < len(text):
        yield Piece(Mark.WORDS, text[at:])
