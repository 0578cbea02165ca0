"""Finds what a text leaves to be filled in: "[Your Name]", "____".  Pure functions."""

from __future__ import annotations

import re

MOST_BLANKS = 8

_CODE = re.compile(r"```.*?(?:```|\Z)|`[^`\n]*`|\$\$.*?\$\$|^(?: {4}|\t).*$", re.DOTALL | re.MULTILINE)
_BLANK = re.compile(
    r"(?<![\w\])])\[(?!sic\])[^\W\d_](?:[^\W\d_]|[ '’/.,&-]){2,50}\](?![(\[:])"  # a link and its definition are none
    r"|(?<![\w_])_{4,}(?![\w_])"
)


def blanks_in(text: str) -> tuple[str, ...]:
    """Return the blanks of a text in Markdown, each once, at most MOST_BLANKS; code has none."""
    found = dict.fromkeys(one[0] for one in _BLANK.finditer(_CODE.sub(" ", text)))
    return tuple(found)[:MOST_BLANKS]
