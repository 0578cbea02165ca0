"""The content of an export before it becomes Word, HTML, Markdown or PDF.

Text from outside stays plain text: no markup, no links, no pictures.
"""

from __future__ import annotations

import re
from enum import StrEnum

from slmdesk.base.record import Record

_LINE_END = re.compile(r"\r\n|[\r\x0b\x0c\x85\u2028\u2029]")
_BAD = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


class PieceKind(StrEnum):
    HEADING = "heading"
    PARAGRAPH = "paragraph"
    ITEM = "item"
    """Of a list; `level` counts from 1, `mark` is what stands before it."""
    CODE = "code"
    """Line breaks and spaces count."""
    QUOTE = "quote"
    TABLE = "table"
    SMALL = "small"
    """A line about what follows or stands before: who spoke and when, a reservation."""
    RULE = "rule"


class Run(Record):
    """Text in one style; `cite` marks a reference to a source, such as a page, `formula` LaTeX with its delimiters."""

    text: str
    bold: bool = False
    italic: bool = False
    code: bool = False
    cite: bool = False
    formula: bool = False


class Piece(Record):
    kind: PieceKind
    runs: tuple[Run, ...] = ()
    level: int = 1
    """Of a heading 1..4, of an item 1 and more."""
    mark: str = "•"
    rows: tuple[tuple[str, ...], ...] = ()
    """Of a table; the first row is its head."""

    @property
    def text(self) -> str:
        return "".join(run.text for run in self.runs)


class Paper(Record):
    title: str
    pieces: tuple[Piece, ...] = ()
    subtitle: str = ""
    language: str = ""


class Form(Record):
    """A form of export: its id, which is also its suffix, and its name for people."""

    id: str
    name: str


FORMS = (
    Form("docx", "Word document"),
    Form("pdf", "PDF"),
    Form("html", "Web page"),
    Form("md", "Markdown"),
    Form("json", "JSON, for programs"),
)


def heading(text: str, level: int = 2) -> Piece:
    return Piece(PieceKind.HEADING, (Run(text),), level)


def paragraph(*runs: Run | str) -> Piece:
    return Piece(PieceKind.PARAGRAPH, tuple(Run(run) if isinstance(run, str) else run for run in runs))


def small(text: str) -> Piece:
    return Piece(PieceKind.SMALL, (Run(text),))


def item(*runs: Run | str, level: int = 1, mark: str = "•") -> Piece:
    return Piece(PieceKind.ITEM, tuple(Run(run) if isinstance(run, str) else run for run in runs), level, mark)


def table(head: tuple[str, ...], rows: tuple[tuple[str, ...], ...]) -> Piece:
    return Piece(PieceKind.TABLE, rows=(head, *rows))


def plain(text: str) -> str:
    """Text that every format can hold: control characters and lone surrogates become U+FFFD, line ends become
    newlines.
    """
    return _BAD.sub("\ufffd", _LINE_END.sub("\n", text))
