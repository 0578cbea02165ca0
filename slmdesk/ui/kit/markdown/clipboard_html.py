"""HTML for the clipboard.

For pasting a message or a part of one into Word or a mail. It contains only words, http(s) links and tables: no image,
no address of a file, no colours of the window.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape

from slmdesk.ui.kit.widgets.opening import judge_link

_FORMULA_LIKE = re.compile(r"\s*[=+\-@＝＋－＠]")
_NUMBER = re.compile(r"\s*[+-]?\d[\d.,\u00a0\u202f ]*%?\s*")


def html_of_plain(text: str) -> str:
    """Return a plain text as an HTML document. Empty lines separate its paragraphs."""
    parts = re.split(r"\n{2,}", text.strip("\n"))
    return page("\n".join(f"<p>{lines(part)}</p>" for part in parts))


def page(body: str) -> str:
    """Return an HTML document with this body. Without its first line, programs on Linux would read it as Latin-1."""
    return f'<meta charset="utf-8">\n{body}\n'


def lines(text: str) -> str:
    return escape(text, quote=False).replace("\n", "<br>\n")


def link(address: str, inner: str) -> str:
    """Return a link if the address is http(s), else only the inner HTML."""
    return f'<a href="{escape(address)}">{inner}</a>' if judge_link(address).openable else inner


def table(rows: Sequence[Sequence[tuple[str, str]]], *, has_head: bool) -> str:
    """Return a table as HTML. Cells are (words, HTML). What spreadsheets would take as a formula is marked as text."""
    made = [TABLE]
    for number, row in enumerate(rows):
        tag = "th" if has_head and number == 0 else "td"
        made.append("<tr>" + "".join(f"<{tag}{as_text(words)}>{inner}</{tag}>" for words, inner in row) + "</tr>")
    return "\n".join([*made, "</table>"])


def as_text(words: str) -> str:
    """Return the attribute that keeps a spreadsheet from taking a cell as a formula, or "" if it is not needed."""
    risky = _FORMULA_LIKE.match(words) and not _NUMBER.fullmatch(words)
    return " style=\"mso-number-format:'\\@'\"" if risky else ""


TABLE = '<table border="1" cellspacing="0" cellpadding="4" style="border-collapse:collapse">'
