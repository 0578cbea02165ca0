"""Writes cells for spreadsheets: as CSV, or for the clipboard. No cell becomes a formula there."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable

_SIGNS = "=+\\-@＝＋－＠"
"""Characters that begin a formula. The wide forms do so in East Asian settings."""
_UNSEEN = (
    "\x00-\x08\x0e-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f"
    "\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\uffff\U0001d173-\U0001d17a\U000e0000-\U000e0fff\ud800-\udfff"
)
"""Letters that no screen shows, and that a spreadsheet may leave out."""
_START = re.compile(rf"(\A[\s\";,|{_UNSEEN}]*|[\s\";,|{_UNSEEN}]+)('*)([{_SIGNS}]?)")
"""Matches the start of a cell and every run of spaces, quotation marks, separators and unseen letters, together with a
sign after it that would begin a formula.
"""
_SEPARATOR = re.compile(r"[;,|\t\r\n]")
_NUMBER = re.compile(r"[+-]\d[\d.,\u00a0\u202f ]*%?")


def harmless_cell(words: str) -> str:
    """Put an apostrophe before everything in a cell that a spreadsheet would take for a formula (OWASP, CSV injection).

    That is a sign at the start and after each of `; , | TAB newline`. Which of them separates cells depends on settings
    of the computer that opens the file, and a quotation mark protects only at the start of a cell. A cell with only a
    signed number ("-45", "+3.5 %") stays unchanged, since it is harmless and should be summed up.
    """
    if _NUMBER.fullmatch(words):
        return words

    def guarded(match: re.Match[str]) -> str:
        run, quotes, sign = match.groups()
        if not sign or (match.start() and not _SEPARATOR.search(run)):
            return match[0]
        return f"{run}'{quotes}{sign}"

    return _START.sub(guarded, words)


def words_of_cell(cell: str) -> str:
    """Return the words from which `harmless_cell` made a cell."""

    def bare(match: re.Match[str]) -> str:
        run, quotes, sign = match.groups()
        if not sign or not quotes or (match.start() and not _SEPARATOR.search(run)):
            return match[0]
        return f"{run}{quotes[1:]}{sign}"

    return _START.sub(bare, cell)


def csv_text(rows: Iterable[Iterable[str]]) -> str:
    """Return rows as CSV (RFC 4180)."""
    out = io.StringIO()
    writer = csv.writer(out)
    for row in rows:
        writer.writerow(map(harmless_cell, row))
    return out.getvalue()


def clipboard_text(rows: Iterable[Iterable[str]]) -> str:
    """Return rows with tabs between cells, as spreadsheets take them from the clipboard."""
    return "\n".join("\t".join(map(harmless_cell, row)) for row in rows)
