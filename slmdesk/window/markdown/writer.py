"""Writes a message into its document as it grows: closed blocks once, the open block again, a long open one appended
to.  The final document does not depend on the pieces the text came in (tests/chat/window/view/test_writer.py).
"""

from __future__ import annotations

import re
from time import perf_counter
from typing import TYPE_CHECKING, Any

from PySide6.QtGui import QTextCursor, QTextDocument

from slmdesk.window.markdown.builder import Builder, Built
from slmdesk.window.markdown.parser import Deadline, FormattingTimeoutError, Parser, offset_of_line, top_level_starts
from slmdesk.window.markdown.style import BOTTOM_MARGIN, TOP_MARGIN, ViewStyle

if TYPE_CHECKING:
    from markdown_it.token import Token

SLICE = 4000
"""Characters of a stored text shown in one turn; a longer open block is only appended to."""
WHOLE = 6000
"""A stored text up to this length is shown at once."""
LONGEST_BLOCK = 40_000
"""Characters of one block that is still formatted when it closes; beyond, it stays as it was appended."""
TURN_S = 0.012
TURN_CHARACTERS = 24_000
"""How much one turn over a stored text may take before the window gets its turn; Qt's layout comes after it."""

_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_GOES_ON = re.compile(r"[ \t>|]|[-*+][ \t]|\d{1,9}[.)][ \t]")


class MessageWriter:
    """Writes one message's text into one document.  Call `write` as often as the text grows, then once with `ended`."""

    def __init__(
        self,
        document: QTextDocument,
        style: ViewStyle,
        parser: Parser,
        *,
        markdown: bool = True,
        can_save: bool = False,
    ) -> None:
        """`can_save`: code has the words *Save as…*, which whoever shows the document carries out."""
        self._document = document
        self._style = style
        self._parser = parser
        self._markdown, self._can_save = markdown, can_save
        self._all_rows = False
        self._reset("")

    def _reset(self, definitions_of: str) -> None:
        self._env: dict[str, Any] = self._parser.definitions(definitions_of) if self._markdown else {}
        self._known = set(self._env.get("references", {}))
        self._checked = False
        self._done = 0  # characters of the text whose blocks are closed
        self._open_at = 0  # where in the document the open block begins
        self._open_built = Built()
        self._shown = 0  # characters of the text that stand there in any form
        self._appending = False
        self._scanned = 0
        self._fence = ""
        self._in_code = False  # the open block stands there as code: it may have been too slow to format
        self._plain_rest = False  # what follows is only appended, to the end
        self._ended = False
        self.is_plain = False
        """Part of the text stands there without its formatting, which would have taken too long."""
        self._document.clear()
        frame = self._document.rootFrame().frameFormat()
        frame.setTopMargin(TOP_MARGIN)  # Qt takes no notice of the first block's own, nor of the last one's
        frame.setBottomMargin(BOTTOM_MARGIN)
        self._document.rootFrame().setFrameFormat(frame)
        self._builder = Builder(self._document, self._style, all_rows=self._all_rows, can_save=self._can_save)

    @property
    def codes(self) -> list[str]:
        return self._builder.built.codes

    @property
    def languages(self) -> list[str]:
        """What stands behind the fence of each code block; untrusted."""
        return self._builder.built.languages

    @property
    def short_tables(self) -> int:
        return self._builder.built.short_tables

    def show_all_rows(self, text: str) -> bool:
        """Write the whole text again, with all rows of its tables.  Returns True when more is left for `write`."""
        self._all_rows = True
        self._reset(text)
        return self.write(text, ended=True)

    def write(self, text: str, *, ended: bool) -> bool:
        """Show more of `text`, which begins with what was given before.

        Returns True when more is left for a later call.
        """
        if self._ended:
            return False
        if ended and not self._checked:
            self._make_late_links(text)
        cursor = QTextCursor(self._document)
        cursor.beginEditBlock()
        try:
            more = self._take_turn(text, ended=ended)
        finally:
            cursor.endEditBlock()
        return more

    def _make_late_links(self, text: str) -> None:
        """Begin again when the text defines links that were unknown when writing began."""
        if self._shown == 0 or (
            self._markdown and set(self._parser.definitions(text).get("references", {})) - self._known
        ):
            self._reset(text)
        self._checked = True

    def _take_turn(self, text: str, *, ended: bool) -> bool:
        end, most = perf_counter() + TURN_S, self._shown + TURN_CHARACTERS
        while True:
            left = len(text) - self._shown
            take = left if left <= WHOLE else SLICE
            upto = self._shown + take
            is_last = upto == len(text)
            self._flush(text[:upto], ended=ended and is_last)
            if is_last:
                return False
            if perf_counter() > end or upto > most:
                return True

    def _flush(self, text: str, *, ended: bool) -> None:
        new = text[self._shown :]
        self._shown = len(text)
        if not self._markdown:
            self._write_as_typed(new)
        elif ended:
            self._finish(text, new)
        elif new:
            self._show_growth(text, new)
        self._ended = ended

    def _write_as_typed(self, new: str) -> None:
        if self._builder.fresh:
            self._builder.write_plain(new)
        else:
            self._builder.append_plain(new)

    def _show_growth(self, text: str, new: str) -> None:
        if self._plain_rest:
            self._builder.append_plain(new)
            return
        if self._appending:
            closed_at = self._closed_at(text)
            if closed_at is None:
                self._append(new)
                return
            if closed_at - self._done > LONGEST_BLOCK:
                self._leave_appended(text, len(text) - len(new), closed_at)
        self._appending = False
        tail = text[self._done :]
        try:
            tokens = self._parser.parse(tail, self._env)
        except FormattingTimeoutError:
            self._keep_plain(tail)
            return
        self._write_tail(tail, tokens)
        self._appending = len(text) - self._done > SLICE
        if self._appending:
            self._begin_appending(text[self._done :])

    def _write_tail(self, tail: str, tokens: list[Token]) -> None:
        starts = top_level_starts(tokens)
        if starts and "\n" not in tail[offset_of_line(tail, starts[-1][1]) :]:
            starts.pop()  # of "*" one cannot tell yet whether it begins a list or goes on as "**bold**"
        self._remove_open()
        if len(starts) > 1:
            index, line = starts[-1]
            closed, tokens = tokens[:index], tokens[index:]
            offset = offset_of_line(tail, line)
            self._write_closed(closed, tail[:offset])
            self._done += offset
            tail = tail[offset:]
        self._write_open(tail, tokens)

    def _write_closed(self, tokens: list[Token], source: str) -> None:
        try:
            if len(source) > LONGEST_BLOCK:
                raise FormattingTimeoutError
            self._builder.write(tokens, closed=True, deadline=Deadline(self._parser.limit_s))
        except FormattingTimeoutError:
            self.is_plain = True
            self._remove_open()
            self._builder.write_plain(source.rstrip("\n"))
        self._mark_open()

    def _write_open(self, tail: str, tokens: list[Token]) -> None:
        try:
            self._builder.write(tokens, closed=False, deadline=Deadline(self._parser.limit_s))
        except FormattingTimeoutError:
            self._remove_open()
            self._builder.write_plain(tail)

    def _keep_plain(self, tail: str) -> None:
        self.is_plain = self._plain_rest = True
        self._remove_open()
        self._builder.write_plain(tail)

    def _finish(self, text: str, new: str) -> None:
        if self._appending or self._plain_rest:
            self._show_growth(text, new)
        if self._plain_rest or (self._appending and len(text) - self._done > LONGEST_BLOCK):
            self.is_plain = self.is_plain or not self._in_code
            return
        tail = text[self._done :]
        self._remove_open()
        try:
            tokens = self._parser.parse(tail, self._env)
        except FormattingTimeoutError:
            self.is_plain = True
            self._builder.write_plain(tail.rstrip("\n"))
        else:
            self._write_closed(tokens, tail)
        self._drop_fresh()

    # the open block ------------------------------------------------------------------------------------------------

    def _mark_open(self) -> None:
        """Mark this position: what is written from here on, in a block of its own, may be replaced."""
        cursor = self._builder.cursor
        cursor.movePosition(QTextCursor.MoveOperation.End)
        if not self._builder.fresh:
            cursor.insertBlock(self._style.block(bottom=0), self._style.body)
            self._builder.fresh = True
        self._open_at = cursor.position()
        self._open_built = self._builder.built.copy()

    def _remove_open(self) -> None:
        cursor = self._builder.cursor
        cursor.setPosition(self._open_at)
        cursor.movePosition(QTextCursor.MoveOperation.End, QTextCursor.MoveMode.KeepAnchor)
        cursor.removeSelectedText()
        cursor.setBlockFormat(self._style.block(bottom=0))
        cursor.setBlockCharFormat(self._style.body)
        self._builder.fresh = True
        self._builder.built = self._open_built.copy()

    def _drop_fresh(self) -> None:
        cursor = self._builder.cursor
        cursor.movePosition(QTextCursor.MoveOperation.End)
        before = cursor.block().previous()
        if self._builder.fresh and before.isValid() and cursor.positionInBlock() == 0:
            block, char = before.blockFormat(), before.charFormat()
            cursor.deletePreviousChar()
            cursor.setBlockFormat(block)  # of two blocks made one, Qt keeps the format of the empty one
            cursor.setBlockCharFormat(char)

    # a long open block ---------------------------------------------------------------------------------------------

    def _begin_appending(self, tail: str) -> None:
        opened = _FENCE.match(tail)
        self._fence = opened.group(1) if opened else ""
        self._in_code = bool(opened) and len(self.codes) > len(self._open_built.codes)
        self._scanned = self._done + (tail.find("\n") + 1 if opened else 0)

    def _append(self, new: str) -> None:
        self._builder.append_plain(new)
        if self._in_code:
            self.codes[-1] += new

    def _leave_appended(self, text: str, shown: int, closed_at: int) -> None:
        """A block too long to be formatted has closed: leave it as it is and begin the next at `closed_at`."""
        rest = text[shown:closed_at].rstrip("\n")
        if self._in_code:
            rest = rest[: rest.rfind("\n") + 1].removesuffix("\n")  # without the closing fence
        else:
            self.is_plain = True
        self._append(rest)
        self._done = closed_at
        self._mark_open()

    def _closed_at(self, text: str) -> int | None:
        """Where the next block begins if the appended one has ended, judged by complete new lines only."""
        position = self._scanned
        was_empty = False
        while (end := text.find("\n", position)) >= 0:
            line = text[position:end]
            if self._fence:
                if _closes(line, self._fence):
                    return end + 1
                self._scanned = end + 1
            elif line.strip():
                if was_empty and not _GOES_ON.match(line):
                    return position
                self._scanned = end + 1
                was_empty = False
            else:
                was_empty = True  # looked at again when the next line is there
            position = end + 1
        return None


def _closes(line: str, fence: str) -> bool:
    found = _FENCE.match(line)
    return found is not None and found.group(1).startswith(fence) and not line[found.end() :].strip()
