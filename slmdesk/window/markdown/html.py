"""HTML for the clipboard: a message or a part of one, to be pasted into Word or a mail.

It holds words, links to http(s) and tables alone: no image, no address of a file, no colours of the window.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape

from slmdesk.window.widgets.links import judge_link

_FORMULA_LIKE = re.compile(r"\s*[=+\-@＝＋－＠]")
_NUMBER = re.compile(r"\s*[+-]?\d[\d.,\u00a0\u202f ]*%?\s*")


def html_of_plain(text: str) -> str:
    """A text as it was typed, as an HTML document: a paragraph for each part between empty lines."""
    parts = re.split(r"\n{2,}", text.strip("\n"))
    return page("\n".join(f"<p>{lines(part)}</p>" for part in parts))


def page(body: str) -> str:
    """A document around these blocks; programs on Linux take it for Latin-1 without its first line."""
    return f'<meta charset="utf-8">\n{body}\n'


def lines(text: str) -> str:
    return escape(text, quote=False).replace("\n", "<br>\n")


def link(address: str, inner: str) -> str:
    """A link where the address is http(s); else the words alone."""
    return f'<a href="{escape(address)}">{inner}</a>' if judge_link(address).openable else inner


def table(rows: Sequence[Sequence[tuple[str, str]]], *, has_head: bool) -> str:
    """A table of (words, HTML of these words).  What looks like a formula to a spreadsheet is marked as text."""
    made = [TABLE]
    for number, row in enumerate(rows):
        tag = "th" if has_head and number == 0 else "td"
        made.append("<tr>" + "".join(f"<{tag}{as_text(words)}>{inner}</{tag}>" for words, inner in row) + "</tr>")
    return "\n".join([*made, "</table>"])


def as_text(words: str) -> str:
    """The attribute of a cell that a spreadsheet would otherwise take for a formula."""
    risky = _FORMULA_LIKE.match(words) and not _NUMBER.fullmatch(words)
    return " style=\"mso-number-format:'\\@'\"" if risky else ""


TABLE = '<table border="1" cellspacing="0" cellpadding="4" style="border-collapse:collapse">'
