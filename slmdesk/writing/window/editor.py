"""The editor of the page Write: plain text, and undecided changes in it."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path

from PySide6.QtCore import QMimeData, QObject, QRect, Qt, Signal
from PySide6.QtGui import (
    QContextMenuEvent,
    QKeyEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QTextBlock,
    QTextBlockFormat,
    QTextCharFormat,
    QTextCursor,
    QTextDocument,
    QTextFormat,
)
from PySide6.QtWidgets import QTextEdit, QWidget

from slmdesk.base.record import Record
from slmdesk.base.texts import _
from slmdesk.window.base import theme
from slmdesk.window.base.bridge import Delay, marked
from slmdesk.window.base.text import size16
from slmdesk.window.base.theme import Theme, ThemeKeeper
from slmdesk.window.widgets.build import named, passing
from slmdesk.window.widgets.dialogs import add_reading_to
from slmdesk.window.widgets.opening import admit

HINT = _(
    "Write here, paste a text, or drop a document: Word, OpenDocument, Markdown or plain text. Select text to rewrite "
    "only that part."
)
PADDING = 56
LINE_PERCENT = 131
"""Height of a line of text as a share of the font's own, which makes 1.65 of its size."""
_MOST_OUTLINED = 2_000
"""Most characters of a change that is outlined."""


class WritingEdit(QTextEdit):
    """The sheet: a text editor that shows undecided changes. It holds plain text, but a QPlainTextEdit has no distance
    between lines.

    Typed or pasted text belongs to no change. Copying gives the current text, without words that changes would insert.
    """

    files_given = Signal(object)

    def __init__(self, keeper: ThemeKeeper, parent: QWidget) -> None:
        super().__init__(parent)
        named(self, "writing_editor", label=_("Your text"))
        self.setAccessibleDescription(HINT)
        self.setTabChangesFocus(True)
        self.setAcceptRichText(False)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)  # it must not move the text
        self.setFrameShape(self.Shape.NoFrame)
        self._keeper = keeper
        self.tracked = TrackedText(self.document(), keeper.theme, self)
        self._current = 0
        self._lit: QTextCursor | None = None
        self.cursorPositionChanged.connect(self._on_cursor_moved)
        keeper.theme_changed.connect(self._on_theme_changed)
        self.setPlainText("")

    @property
    def selected(self) -> tuple[int, int]:
        """Return the start and end of the selection in the current text, without spaces at its ends.

        If nothing is selected, both are the position of the caret.
        """
        cursor = self.textCursor()
        start, end = self.tracked.at(cursor.selectionStart()), self.tracked.at(cursor.selectionEnd())
        words = self.tracked.plain[start:end]
        if not words.strip():
            return start, start
        return start + len(words) - len(words.lstrip()), end - len(words) + len(words.rstrip())

    def setPlainText(self, text: str) -> None:
        super().setPlainText(text)
        document = self.document()
        document.setUndoRedoEnabled(False)
        cursor, lines = QTextCursor(document), QTextBlockFormat()
        cursor.select(QTextCursor.SelectionType.Document)
        lines.setLineHeight(LINE_PERCENT, QTextBlockFormat.LineHeightTypes.ProportionalHeight.value)
        cursor.mergeBlockFormat(lines)
        document.setDocumentMargin(theme.scaled(PADDING))
        document.setUndoRedoEnabled(True)

    def replace_all(self, text: str) -> None:
        cursor = QTextCursor(self.document())
        cursor.select(QTextCursor.SelectionType.Document)
        cursor.insertText(text, QTextCharFormat())
        self.moveCursor(QTextCursor.MoveOperation.Start)

    def outline(self, number: int) -> None:
        """Outline the change with this number and scroll to it. 0 outlines none."""
        self.mark(number)
        place = next((pending for pending in self.tracked.pending if pending.number == number), None)
        if place is not None:
            cursor = self.textCursor()
            cursor.setPosition(place.position)
            self.setTextCursor(cursor)
            self.ensureCursorVisible()

    def mark(self, number: int) -> None:
        self._current = number
        self.viewport().update()

    def light(self, place: QTextCursor | None) -> None:
        """Light up a part of the text, such as one that suggestions would replace. None: no part."""
        self._lit = place
        marks = [mark for mark in self.extraSelections() if not mark.format.hasProperty(_IS_LIT)]
        if place is not None:
            mark = QTextEdit.ExtraSelection()
            mark.cursor, mark.format = QTextCursor(place), QTextCharFormat()
            mark.format.setBackground(self._keeper.theme.colour("soft"))
            mark.format.setProperty(_IS_LIT, True)
            marks.append(mark)
        self.setExtraSelections(marks)

    def is_undecided(self, start: int, end: int) -> bool:
        return any(pending.position < end and start < pending.last for pending in self.tracked.pending)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Insert text typed over a selection without formatting. Qt would give it the format of the text before it, so
        that it would belong to a change.
        """
        cursor, words = self.textCursor(), event.text()
        is_typed = bool(words) and words.isprintable() and not _is_command(event)
        if is_typed and cursor.hasSelection() and self.tracked.pending:
            cursor.insertText(words, QTextCharFormat())
            self.setTextCursor(cursor)
            self.ensureCursorVisible()
        else:
            super().keyPressEvent(event)

    def createMimeDataFromSelection(self) -> QMimeData:
        cursor, data = self.textCursor(), QMimeData()
        data.setText(self.tracked.plain_between(cursor.selectionStart(), cursor.selectionEnd()))
        return marked(data)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        menu = passing(self.createStandardContextMenu(), "writing_menu")
        add_reading_to(menu, self, self.textCursor().selectedText() or self.toPlainText())
        menu.popup(event.globalPos())

    def canInsertFromMimeData(self, source: QMimeData) -> bool:
        return bool(_files_in(source)) or super().canInsertFromMimeData(source)

    def insertFromMimeData(self, source: QMimeData) -> None:
        if paths := _files_in(source):
            admit(self, paths, self.files_given.emit)
            return
        cursor = self.textCursor()
        cursor.insertText(source.text(), QTextCharFormat())
        self.setTextCursor(cursor)
        self.ensureCursorVisible()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Light up the words of the current change, behind the text."""
        places = [pending for pending in self.tracked.pending if pending.number == self._current]
        if places and places[-1].last - places[0].position <= _MOST_OUTLINED:
            painter = QPainter(self.viewport())
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(QPen(self._keeper.theme.colour("edge"), self._keeper.theme.line_width))
            painter.setBrush(self._keeper.theme.colour("soft"))
            for line in self._lines_of(places[0].position, places[-1].last):
                painter.drawRoundedRect(line.adjusted(-3, -1, 3, 1), 4, 4)
            painter.end()
        super().paintEvent(event)
        if self.document().isEmpty() and not self.document().firstBlock().layout().preeditAreaText():
            self._paint_hint()

    def _paint_hint(self) -> None:  # Qt's own is cut to one line where the margin is wide
        painter, padding = QPainter(self.viewport()), theme.scaled(PADDING)
        painter.setPen(self._keeper.theme.colour("ink3"))
        words = self.viewport().rect().adjusted(padding, padding, -padding, -padding)
        painter.drawText(words, int(Qt.TextFlag.TextWordWrap), HINT)
        painter.end()

    def _on_theme_changed(self, colours: Theme) -> None:
        self.tracked.set_theme(colours)
        self.light(self._lit)
        document, padding = self.document(), theme.scaled(PADDING)
        if document.documentMargin() != padding:
            cursor = QTextCursor(document)
            cursor.joinPreviousEditBlock()  # no undo step of its own
            document.setDocumentMargin(padding)
            cursor.endEditBlock()

    def _on_cursor_moved(self) -> None:
        if not self.textCursor().hasSelection() and self.tracked.pending:
            self.setCurrentCharFormat(QTextCharFormat())  # what is typed next belongs to no change

    def _lines_of(self, first: int, last: int) -> list[QRect]:
        cursor = QTextCursor(self.document())
        lines: dict[int, QRect] = {}
        for position in range(first, last + 1):
            cursor.setPosition(position)
            rect = self.cursorRect(cursor)
            lines[rect.top()] = lines[rect.top()].united(rect) if rect.top() in lines else rect
        return list(lines.values())


def _is_command(event: QKeyEvent) -> bool:
    """Return whether the keys are a shortcut: with Ctrl, but not with AltGr, which may be reported as Ctrl and Alt."""
    held, keys = event.modifiers(), Qt.KeyboardModifier
    return bool(held & (keys.ControlModifier | keys.MetaModifier)) and not held & keys.AltModifier


def _files_in(data: QMimeData) -> list[Path]:
    return [Path(url.toLocalFile()) for url in data.urls() if url.isLocalFile()] if data.hasUrls() else []


# ---- changes of a text that nobody has decided on yet, shown in the text itself
#
# Deleted words are struck through, inserted words are underlined. Both are character formats of the document with the
# number of their change, so that editing, undo and redo keep them. The document without the inserted words is the
# current text. No widgets here.


_ID = int(QTextFormat.Property.UserProperty) + 1
_KIND = int(QTextFormat.Property.UserProperty) + 2
_IS_DOUBTFUL = int(QTextFormat.Property.UserProperty) + 3
_IS_LIT = int(QTextFormat.Property.UserProperty) + 4
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
        found = [_line_of(first)]
        while first != last:
            first = first.next()
            found.append(_line_of(first))
        self._lines[first.blockNumber() - len(found) + 1 : len(self._lines) - behind] = found

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
        found = []
        for part in self.plain[proposal.start : proposal.end].split("\n"):
            if part:
                found.append((self.position_of(at), self.position_of(at + len(part), is_end=True)))
            at += len(part) + 1
        return reversed(found)

    def _format(self, number: int, kind: Kind, is_doubtful: bool) -> QTextCharFormat:
        made, theme = QTextCharFormat(), self._theme
        made.setProperty(_ID, number)
        made.setProperty(_KIND, int(kind))
        made.setProperty(_IS_DOUBTFUL, is_doubtful)
        made.setForeground(theme.colour("removed" if kind is Kind.GOES else "warn" if is_doubtful else "added"))
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
    found = []
    for format_range in ranges:
        words = text if len(ranges) == 1 else _between16(text, format_range.start, format_range.length)
        number, kind = format_range.format.intProperty(_ID), Kind(format_range.format.intProperty(_KIND))
        found.append((format_range.start, words, kind, number))
    return size16(text), tuple(found)


def _scanned(lines: Sequence[_Line]) -> _Scan:
    runs: list[_Run] = []
    at = start = 0
    for length, ranges in lines:
        if start:
            runs.append(_Run(start - 1, "\n", Kind.STAYS, 0, at))
            at += 1
        for position, words, kind, number in ranges:
            runs.append(_Run(start + position, words, kind, number, at))
            at += 0 if kind is Kind.COMES else len(words)
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
    group: list[_Run] = []
    for index, run in enumerate(runs):
        if run.kind is Kind.STAYS:
            after = runs[index + 1] if index + 1 < len(runs) else None
            if group and run.text == "\n" and after is not None and after.number == group[0].number:
                group.append(run)
                continue
        if group and run.number != group[0].number:
            yield _joined(group)
            group = []
        if run.kind is not Kind.STAYS:
            group.append(run)
    if group:
        yield _joined(group)


def _joined(group: Sequence[_Run]) -> Pending:
    old = "".join(run.text for run in group if run.kind is not Kind.COMES)
    new = "".join(run.text[run.has_break :] for run in group if run.kind is Kind.COMES)
    start = group[0].at
    return Pending(group[0].number, start, start + len(old), old, new, group[0].position, group[-1].last)
