"""Escapes text in a table so that no spreadsheet takes it for a formula, and reverses that."""

from __future__ import annotations

import re

_SIGNS = "=+\\-@＝＋－＠"
"""The wide forms begin a formula in East Asian settings."""
_START = re.compile(rf"(\A[\s\";,|]*|[\s\";,|]+)('*)([{_SIGNS}]?)")
"""The start of a cell, and every run of blanks, quotation marks and separators; then what would begin a formula."""
_SEPARATOR = re.compile(r"[;,|\t\r\n]")
_NUMBER = re.compile(r"[+-]\d[\d.,\u00a0\u202f ]*%?")


def harmless_cell(words: str) -> str:
    """A cell with an apostrophe before everything that would begin a formula (OWASP, CSV injection).

    That is a sign at the start and after each of `; , | TAB newline`: which of them separates cells is a setting of the
    PC that opens the file, and such a program looks for quotation marks only at the start of a cell.  A cell that is
    nothing but a number with a sign ("-45", "+3.5 %") is not changed: it can do no harm, and should be summed up.
    """
    if _NUMBER.fullmatch(words):
        return words

    def guarded(found: re.Match[str]) -> str:
        run, quotes, sign = found.groups()
        if not sign or (found.start() and not _SEPARATOR.search(run)):
            return found[0]
        return f"{run}'{quotes}{sign}"

    return _START.sub(guarded, words)


def words_of_cell(cell: str) -> str:
    def bare(found: re.Match[str]) -> str:
        run, quotes, sign = found.groups()
        if not sign or not quotes or (found.start() and not _SEPARATOR.search(run)):
            return found[0]
        return f"{run}{quotes[1:]}{sign}"

    return _START.sub(bare, cell)
