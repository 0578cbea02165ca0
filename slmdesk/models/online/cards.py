"""Turns a model card into readable Markdown without front matter and HTML.

This is not a security barrier, since the view shows HTML as text anyway and loads nothing. It only spares the reader
the tags. Each step reads the text once, even a hostile one (tests/base/text/words/test_cards.py).
"""

from __future__ import annotations

import re
from itertools import groupby
from operator import itemgetter

from slmdesk.base.record import Record
from slmdesk.base.text.markup import code_lines

MOST_SHOWN = 100_000
_FRONT = re.compile(r"\s{0,80}---[ \t]{0,80}\n")
_FRONT_END = re.compile(r"^(?:---|\.\.\.)[ \t]{0,80}$", re.MULTILINE)
_BLOCKS = (
    "address|article|aside|blockquote|body|center|dd|details|div|dl|dt|figcaption|figure|footer|form|h1|h2|h3|h4|h5|h6"
    "|header|hr|html|li|main|nav|ol|p|picture|section|summary|table|tbody|tfoot|thead|tr|ul|video"
)
_INLINE = (
    "a|abbr|b|big|br|button|cite|code|col|colgroup|em|font|i|iframe|img|input|ins|kbd|label|link|mark|meta|pre|small"
    "|source|span|strong|sub|sup|svg|path|td|th|title|track|tt|u|var|wbr"
)
_PIECE = re.compile(
    r"(?P<code>(?P<ticks>`{1,8})(?!`)[^`\n]{1,1000}(?P=ticks)(?!`))"
    r"|(?P<comment><!--)"
    r"|<(?P<hidden>script|style)\b[^<>]{0,2000}>"
    rf"|<(?P<close>/?)(?P<tag>{_BLOCKS}|{_INLINE})\b(?P<rest>[^<>]{{0,2000}})>",
    re.IGNORECASE,
)
"""Matches code, comments and HTML tags in a card. The list of tags is closed, since <think>, <s> and <|im_start|> are
tokens of models that cards write about.
"""
_ALONE = {"br": "\n", "td": " ", "th": " "}
_OPENED = {
    **dict.fromkeys(_BLOCKS.split("|"), "\n\n"),
    **{f"h{level}": f"\n\n{'#' * level} " for level in range(1, 7)},
    "li": "\n- ",
    **_ALONE,
}
_CLOSED = {**dict.fromkeys(_BLOCKS.split("|"), "\n\n"), "li": "\n", **_ALONE}
"""What stands in the place of a tag. All other tags go without a trace."""
_HIDDEN_END = {tag: re.compile(f"</{tag}[^<>]*>", re.IGNORECASE) for tag in ("script", "style")}
_GAP = re.compile(r"[ \t]*(?:\n[ \t]+(?=\S))?")
_EMPTY_LINES = re.compile(r"\n[ \t]*\n(?:[ \t]*\n)+")
_ALT = re.compile(r"""\balt\s{0,20}=\s{0,20}(["'])(.{0,300}?)\1""", re.IGNORECASE | re.DOTALL)


class ReadableCard(Record):
    text: str
    is_cut: bool


def readable_card(untrusted: str, *, is_cut: bool = False, limit: int = MOST_SHOWN) -> ReadableCard:
    """Return the text of a card, at most `limit` characters. `is_cut` says that the card was received incompletely."""
    body = without_front_matter(untrusted.replace("\r\n", "\n").replace("\r", "\n"))
    long = body[: 3 * limit]  # tags take more space than words, but a card of nothing else need not be read to its end
    words = without_html(long).strip()
    is_cut = is_cut or len(long) < len(body) or len(words) > limit
    return ReadableCard(words[:limit], is_cut)


def without_front_matter(text: str) -> str:
    begin = _FRONT.match(text)
    end = _FRONT_END.search(text, begin.end()) if begin else None
    return text[end.end() :].lstrip("\n") if end else text


def without_html(text: str) -> str:
    lines = text.split("\n")
    kept: list[str] = []
    for is_code, some in groupby(zip(lines, code_lines(lines), strict=True), key=itemgetter(1)):
        words = "\n".join(line for line, __ in some)
        if not is_code:
            words = _prose(words)
        kept.append(words)
    return "\n".join(kept)


def _prose(text: str) -> str:
    if "<" not in text:
        return text
    out: list[str] = []
    at, line = 0, ""
    while match := _PIECE.search(text, at):
        out.append(text[at : match.start()])
        line = _line_after(line, out[-1])
        at = match.end()
        if match["code"]:
            out.append(match[0])
        elif match["comment"] or match["hidden"]:
            at = _end_of_hidden(text, match)
            out.append("")
        else:
            if line.isspace():
                out[-1] = out[-1].rstrip(" \t")
            out.append(_instead_of(match, line))
            if out[-1].startswith("\n") and (gap := _GAP.match(text, at)):
                at = gap.end()
        line = _line_after(line, out[-1])
    out.append(text[at:])
    return _EMPTY_LINES.sub("\n\n", "".join(out))


def _line_after(line: str, piece: str) -> str:
    _, newline, last = piece.rpartition("\n")
    return (last if newline else line + last)[:80]


def _end_of_hidden(text: str, match: re.Match[str]) -> int:
    """Return the end of a comment, script or style. If never closed, it goes to the text's end, as in a browser."""
    if match["comment"]:
        end = text.find("-->", match.end())
        return end + 3 if end >= 0 else len(text)
    closed = _HIDDEN_END[match["hidden"].lower()].search(text, match.end())
    return closed.end() if closed else len(text)


def _instead_of(match: re.Match[str], line: str) -> str:
    tag = match["tag"].lower()
    if tag == "img":
        return _instead_of_image(match["rest"])
    instead = (_CLOSED if match["close"] else _OPENED).get(tag, "")
    is_in_table = line.lstrip().startswith("|")
    return " " if instead and is_in_table else instead


def _instead_of_image(attributes: str) -> str:
    alt = _ALT.search(attributes)
    words = " ".join(alt[2].split()) if alt else ""
    return f"[image: {words}]" if words else ""
