"""Changes of a text that nobody has decided on yet, shown in the text itself.

Deleted words are struck through, inserted words are underlined. Both are character formats of the document with the
number of their change, so that editing, undo and redo keep them. The document without the inserted words is the current
text. No widgets here.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum
from itertools import groupby
from operator import itemgetter

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import (
    QTextBlock,
    QTextCharFormat,
    QTextCursor,
    QTextDocument,
    QTextFormat,
)

from slmdesk.base.record import Record
from slmdesk.ui.kit.base.bridge import Delay
from slmdesk.ui.kit.base.text import size16
from slmdesk.ui.kit.base.theme import Theme

_ID = int(QTextFormat.Property.UserProperty) + 1
_KIND = int(QTextFormat.Property.UserProperty) + 2
_IS_DOUBTFUL = int(QTextFormat.Property.UserProperty) + 3
IS_LIT = int(QTextFormat.Property.UserProperty) + 4
_BREAK = "\u2005"
"""Narrow space, put before inserted words to separate them from those they replace, also for the spelling check."""


class Kind(IntEnum):
    STAYS = 0
    GOES = 1
    COMES = 2


class Proposal(Record):
    """Change to show: `new` replaces the characters from `start` to `end` of the current text."""

    number: int
    start: int
    end: int
    new: str
    is_doubtful: bool = False


class Pending(Record):
    """Undecided change in the text, or a part of it if words were typed inside."""

    number: int
    start: int
    """Start in characters of the current text; `end` counts alike."""
    end: int
    old: str
    new: str
    position: int
    """Start in the document, in UTF-16 units as Qt counts."""
    last: int


@dataclass(slots=True, eq=False)
class _Run:
    position: int
    text: str
    kind: Kind
    number: int
    at: int
    """Start in the current text, in characters."""

    @property
    def last(self) -> int:
        return self.position + size16(self.text)

    @property
    def has_break(self) -> bool:
        return self.kind is Kind.COMES and self.text == _BREAK


@dataclass(slots=True)
class _Scan:
    runs: Sequence[_Run]
    standing: Sequence[_Run]
    plain: str
    pending: Sequence[Pending]


_Line = tuple[int, tuple[tuple[int, str, Kind, int], ...]]
"""A text block: its length as Qt counts, and for each part with one format its start, words, kind and change number."""


class TrackedText(QObject):
    """Document with undecided changes. The current text is the document without the words that the changes would
    insert.

    Emits `changed` soon after the text or its changes did.
    """

    changed = Signal()

    def __init__(self, document: QTextDocument, theme: Theme, parent: QObject) -> None:
        super().__init__(parent, objectName="tracked_text")
        self.document, self._theme = document, theme
        self._known: _Scan | None = None
        self._lines: list[_Line] = []
        """The document's blocks. Only changed ones are read again, as reading a long text takes a tenth of a second."""
        self._own_revision = -1
        self._timer = Delay(self, 0, self.changed, "tracked_timer")
        document.contentsChange.connect(self._on_contents_change)

    # ---- the text

    @property
    def plain(self) -> str:
        """Return the current text, without words that changes would insert, with line feeds."""
        return self._scan().plain

    @property
    def pending(self) -> Sequence[Pending]:
        return self._scan().pending

    def plain_between(self, first: int, last: int) -> str:
        return self.plain[self.at(first) : self.at(last)]

    def at(self, position: int) -> int:
        """Convert a position in the document to a position in the current text."""
        runs = self._scan().runs
        index = bisect_right(runs, position, key=lambda run: run.position) - 1
        if index < 0:
            return 0
        run = runs[index]
        if run.kind is Kind.COMES:
            return run.at
        return run.at + len(_between16(run.text, 0, position - run.position))

    def position_of(self, at: int, *, is_end: bool = False) -> int:
        """Convert a position in the current text to a position in the document. With `is_end`, the position directly
        after the previous character.
        """
        runs = self._scan().standing
        sign = max(0, at - 1 if is_end else at)
        if not runs:
            return 0
        run = runs[bisect_right(runs, sign, key=lambda each: each.at) - 1]
        return run.position + size16(run.text[: at - run.at])

    def cursor(self, start: int, end: int) -> QTextCursor:
        """Return a cursor around a part of the current text. Text typed at its ends stays outside."""
        cursor = QTextCursor(self.document)
        cursor.setPosition(self.position_of(start))
        cursor.setPosition(self.position_of(end, is_end=True) if end > start else cursor.anchor(), _KEEP)
        cursor.setKeepPositionOnInsert(True)
        return cursor

    def number_at(self, position: int) -> int:
        return next((pending.number for pending in self.pending if pending.position <= position <= pending.last), 0)

    # ---- changes

    def propose(self, proposals: Sequence[Proposal]) -> None:
        """Show changes, which must not overlap. One undo step removes them, with the changes shown directly before."""
        cursor = self._begin()
        for proposal in sorted(proposals, key=lambda each: (each.start, each.end), reverse=True):
            pieces = list(self._pieces(proposal))
            end = self.position_of(proposal.end, is_end=True)
            if proposal.new:
                cursor.setPosition(end)
                look = self._format(proposal.number, Kind.COMES, proposal.is_doubtful)
                cursor.insertText(_BREAK, _plain_look(look))
                cursor.insertText(proposal.new, look)
            for first, last in pieces:
                cursor.setPosition(first)
                cursor.setPosition(last, _KEEP)
                cursor.setCharFormat(self._format(proposal.number, Kind.GOES, proposal.is_doubtful))
        self._end(cursor)

    def accept(self, numbers: Collection[int]) -> None:
        self._settle(numbers, stays=Kind.COMES)

    def refuse(self, numbers: Collection[int]) -> None:
        self._settle(numbers, stays=Kind.GOES)

    def set_theme(self, theme: Theme) -> None:
        """Draw the changes in the colours of a theme. This adds no undo step."""
        self._theme = theme
        runs = [run for run in self._scan().runs if run.kind is not Kind.STAYS]
        if not runs:
            return
        cursor = QTextCursor(self.document)
        cursor.joinPreviousEditBlock()
        for run in runs:
            cursor.setPosition(run.position)
            cursor.setPosition(run.last, _KEEP)
            look = self._format(run.number, run.kind, cursor.charFormat().boolProperty(_IS_DOUBTFUL))
            cursor.setCharFormat(_plain_look(look) if run.has_break else look)
        cursor.endEditBlock()

    def _on_contents_change(self, position: int, _removed: int, added: int) -> None:
        self._known = None
        self._renew(position, added)
        self._timer.start()

    def _renew(self, position: int, added: int) -> None:
        document = self.document
        first, last = document.findBlock(position), document.findBlock(position + added)
        last = last if last.isValid() else document.lastBlock()
        behind = document.blockCount() - last.blockNumber() - 1
        if not first.isValid() or len(self._lines) - behind < first.blockNumber():
            self._lines = []
            return
        lines = [_line_of(first)]
        while first != last:
            first = first.next()
            lines.append(_line_of(first))
        self._lines[first.blockNumber() - len(lines) + 1 : len(self._lines) - behind] = lines

    def _settle(self, numbers: Collection[int], *, stays: Kind) -> None:
        runs = [run for run in self._scan().runs if run.number in numbers and run.kind is not Kind.STAYS]
        if not runs:
            return
        cursor = QTextCursor(self.document)
        cursor.beginEditBlock()
        for run in reversed(runs):
            cursor.setPosition(run.position)
            cursor.setPosition(run.last, _KEEP)
            if run.kind is stays:
                cursor.setCharFormat(QTextCharFormat())
                if run.has_break:
                    cursor.setPosition(run.position)
                    cursor.deleteChar()
            else:
                cursor.removeSelectedText()
        cursor.endEditBlock()

    def _begin(self) -> QTextCursor:
        cursor = QTextCursor(self.document)
        if self.document.revision() == self._own_revision:
            cursor.joinPreviousEditBlock()
        else:
            cursor.beginEditBlock()
        return cursor

    def _end(self, cursor: QTextCursor) -> None:
        cursor.endEditBlock()
        self._own_revision = self.document.revision()

    def _pieces(self, proposal: Proposal) -> Iterator[tuple[int, int]]:
        """Yield the parts of the document that a change deletes, without line ends, the last part first."""
        at = proposal.start
        spans = []
        for part in self.plain[proposal.start : proposal.end].split("\n"):
            if part:
                spans.append((self.position_of(at), self.position_of(at + len(part), is_end=True)))
            at += len(part) + 1
        return reversed(spans)

    def _format(self, number: int, kind: Kind, is_doubtful: bool) -> QTextCharFormat:
        made, theme = QTextCharFormat(), self._theme
        made.setProperty(_ID, number)
        made.setProperty(_KIND, int(kind))
        made.setProperty(_IS_DOUBTFUL, is_doubtful)
        colour = "added"
        if kind is Kind.GOES:
            colour = "removed"
        elif is_doubtful:
            colour = "warn"
        made.setForeground(theme.colour(colour))
        if kind is Kind.GOES:
            made.setFontStrikeOut(True)
        else:
            style = QTextCharFormat.UnderlineStyle
            made.setUnderlineStyle(style.DotLine if is_doubtful else style.SingleUnderline)
        return made

    def _scan(self) -> _Scan:
        if self._known is None:
            if len(self._lines) != self.document.blockCount():
                self._lines = list(map(_line_of, _blocks(self.document)))
            self._known = _scanned(self._lines)
        return self._known


def _plain_look(look: QTextCharFormat) -> QTextCharFormat:
    made = QTextCharFormat(look)
    made.setUnderlineStyle(QTextCharFormat.UnderlineStyle.NoUnderline)
    return made


_KEEP = QTextCursor.MoveMode.KeepAnchor


def _blocks(document: QTextDocument) -> Iterator[QTextBlock]:
    block = document.begin()
    while block.isValid():
        yield block
        block = block.next()


def _line_of(block: QTextBlock) -> _Line:
    text = block.text().replace("\u2028", "\n")
    ranges = block.textFormats()
    runs = []
    for format_range in ranges:
        words = text if len(ranges) == 1 else _between16(text, format_range.start, format_range.length)
        number = format_range.format.intProperty(_ID)
        kind = Kind(format_range.format.intProperty(_KIND))
        runs.append((format_range.start, words, kind, number))
    return size16(text), tuple(runs)


def _scanned(lines: Sequence[_Line]) -> _Scan:
    runs: list[_Run] = []
    at = start = 0
    for length, ranges in lines:
        if start:
            runs.append(_Run(start - 1, "\n", Kind.STAYS, 0, at))
            at += 1
        for position, words, kind, number in ranges:
            runs.append(_Run(start + position, words, kind, number, at))
            if kind is not Kind.COMES:
                at += len(words)
        start += length + 1
    standing = [run for run in runs if run.kind is not Kind.COMES]
    return _Scan(runs, standing, "".join(run.text for run in standing), list(_pending(runs)))


def _between16(text: str, start: int, length: int) -> str:
    if text.isascii():
        return text[start : start + length]
    data = text.encode("utf-16-le", "surrogatepass")
    return data[2 * start : 2 * (start + length)].decode("utf-16-le", "surrogatepass")


def _pending(runs: Sequence[_Run]) -> Iterator[Pending]:
    """Yield the undecided changes. Runs of one change with only a line end between them are put together."""
    numbers = [run.number for run in runs]
    for at in range(1, len(runs) - 1):
        is_line_end = runs[at].kind is Kind.STAYS and runs[at].text == "\n"
        if is_line_end and numbers[at - 1] == numbers[at + 1]:
            numbers[at] = numbers[at - 1]
    for number, group in groupby(zip(numbers, runs, strict=True), key=itemgetter(0)):
        if number:
            yield _joined([run for __, run in group])


def _joined(group: Sequence[_Run]) -> Pending:
    old = "".join(run.text for run in group if run.kind is not Kind.COMES)
    new = "".join(run.text[run.has_break :] for run in group if run.kind is Kind.COMES)
    start = group[0].at
    return Pending(group[0].number, start, start + len(old), old, new, group[0].position, group[-1].last)
