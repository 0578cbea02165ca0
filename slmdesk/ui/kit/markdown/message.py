"""Widget for a message's text, and the writer that fills it as the text grows. Follows no links and loads no files."""

from __future__ import annotations

import re
from math import ceil
from time import perf_counter
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QEvent, QMimeData, QPoint, QRectF, Qt, QUrl, Signal
from PySide6.QtGui import (
    QContextMenuEvent,
    QHelpEvent,
    QImage,
    QKeyEvent,
    QKeySequence,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QTextBlock,
    QTextCursor,
    QTextDocument,
    QTextOption,
    QWheelEvent,
)
from PySide6.QtWidgets import QFrame, QTextBrowser, QTextEdit, QToolTip, QWidget

from slmdesk.ui.kit.base.clipboard import marked
from slmdesk.ui.kit.base.theme import CONTROL_RADIUS
from slmdesk.ui.kit.markdown.builder import Builder, Built
from slmdesk.ui.kit.markdown.formulas import Formulas
from slmdesk.ui.kit.markdown.selected import (
    BOTTOM_MARGIN,
    CODE,
    CODE_PAD,
    QUOTE,
    QUOTE_STEP,
    RULE,
    TOP_MARGIN,
    Deadline,
    FormattingTimeoutError,
    Parser,
    ViewStyle,
    mime_of_selection,
    offset_of_line,
    text_of_selection,
    top_level_starts,
)

if TYPE_CHECKING:
    from markdown_it.token import Token

BEYOND = 24

_SCROLL_KEYS = (Qt.Key.Key_PageUp, Qt.Key.Key_PageDown)
_CARET_KEYS = (Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_Home, Qt.Key.Key_End)


class MessageText(QTextBrowser):
    caret_moved = Signal()
    pressed = Signal()
    dragged = Signal(QPoint)
    released = Signal()
    anchor_chosen = Signal(str)
    copy_requested = Signal()
    all_requested = Signal()
    left = Signal()
    menu_requested = Signal(QPoint, str)
    reshaped = Signal()
    """Emitted when a formula was typeset, so that the text has another height."""

    def __init__(self, style: ViewStyle, parent: QWidget, *, on_band: bool, formulas: Formulas | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("message_text")
        self._style = style
        self._on_band = on_band
        self.spans_messages = False
        """True if the selection continues in other messages. The view then extends it instead of Qt."""
        self.has_caret = False
        """True if the text was entered by keyboard. Arrow keys then move the caret instead of scrolling the view."""
        self.menu_cursor = self.textCursor()
        self._formulas = formulas or Formulas(self)
        self._build()
        self._formulas.arrived.connect(self._on_formulas_arrived)
        self.anchorClicked.connect(self._on_anchor_clicked)
        self.cursorPositionChanged.connect(self._on_caret_moved)

    def _build(self) -> None:
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setOpenLinks(False)
        self.setUndoRedoEnabled(False)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)  # the view moves the focus on Tab, in visual order
        self.viewport().setAutoFillBackground(False)
        flags = Qt.TextInteractionFlag
        self.setTextInteractionFlags(flags.TextBrowserInteraction | flags.TextSelectableByKeyboard)
        self.setWordWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        self.setLineWrapMode(QTextEdit.LineWrapMode.FixedPixelWidth)
        document = self.document()
        document.setDocumentMargin(0)
        document.setIndentWidth(26)
        document.setDefaultFont(self._style.font)
        self._formulas.draw_in(document)

    def height_at(self, width: int) -> int:
        """Return the whole text's height at this width, without `setTextWidth`, which is undone in a hidden widget."""
        if self.lineWrapColumnOrWidth() != width:
            self.setLineWrapColumnOrWidth(width)
        return ceil(self.document().size().height())

    def selected_text(self) -> str:
        """Return the selected text. List items keep their markers, but words added by the program are left out."""
        return text_of_selection(self.textCursor())

    def is_wholly_selected(self) -> bool:
        cursor = self.textCursor()
        last = self.document().characterCount() - 1
        return cursor.hasSelection() and cursor.selectionStart() == 0 and cursor.selectionEnd() >= last

    def select(self, anchor: int, position: int) -> None:
        """Select from one document position to another. -1 means the end."""
        last = self.document().characterCount() - 1
        cursor = self.textCursor()
        cursor.setPosition(last if anchor < 0 else min(anchor, last))
        cursor.setPosition(last if position < 0 else min(position, last), QTextCursor.MoveMode.KeepAnchor)
        self.setTextCursor(cursor)

    def clear_selection(self) -> None:
        cursor = self.textCursor()
        if cursor.hasSelection():
            cursor.clearSelection()
            self.setTextCursor(cursor)

    def _on_formulas_arrived(self) -> None:
        if self._formulas.lay_out_again(self.document()):
            self.reshaped.emit()

    def _on_anchor_clicked(self, url: QUrl) -> None:
        self.anchor_chosen.emit(url.toString(QUrl.ComponentFormattingOption.FullyEncoded))

    def _on_caret_moved(self) -> None:
        if self.has_caret and self.hasFocus():
            self.caret_moved.emit()

    def loadResource(self, _kind: int, _name: QUrl | str) -> object:
        """Return an empty image for every resource. If this returned None, Qt would read the file itself."""
        return QImage()

    def createMimeDataFromSelection(self) -> QMimeData:
        """Return the selection as our own text and HTML, for copying and for dragging."""
        return marked(mime_of_selection(self.textCursor()))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = event.key()
        shift = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copy_requested.emit()
        elif event.matches(QKeySequence.StandardKey.SelectAll) and self.is_wholly_selected():
            self.all_requested.emit()
        elif key == Qt.Key.Key_Escape:
            self.left.emit()
        elif key in _SCROLL_KEYS or (key in _CARET_KEYS and not self.has_caret and not shift):
            event.ignore()
        else:
            super().keyPressEvent(event)

    def viewportEvent(self, event: QEvent) -> bool:
        """Also show the tooltips of marked passages. Qt only shows those of the document itself."""
        if event.type() is QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            at = self.cursorForPosition(event.pos()).position()
            for extraselection in self.extraSelections():
                if (
                    extraselection.format.toolTip()
                    and extraselection.cursor.selectionStart() <= at <= extraselection.cursor.selectionEnd()
                ):
                    QToolTip.showText(event.globalPos(), extraselection.format.toolTip(), self)
                    return True
        return super().viewportEvent(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self.has_caret = False
            self.pressed.emit()
        super().mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if event.buttons() & Qt.MouseButton.LeftButton:
            self.dragged.emit(event.globalPosition().toPoint())
            if self.spans_messages:
                return
        super().mouseMoveEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self.spans_messages:
            event.accept()
        else:
            super().mouseReleaseEvent(event)
            event.accept()  # no widget below needs the event
        self.released.emit()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        place = event.globalPos()
        self.menu_cursor = self.cursorForPosition(event.pos())
        if event.reason() == QContextMenuEvent.Reason.Keyboard:
            place = self.viewport().mapToGlobal(self.cursorRect().bottomLeft())
            self.menu_cursor = self.textCursor()
        self.menu_requested.emit(place, self.anchorAt(event.pos()))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self.viewport())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_grounds(painter, event.rect().top(), event.rect().bottom())
        painter.end()
        super().paintEvent(event)
        painter = QPainter(self.viewport())
        painter.setClipRegion(event.region())
        self._formulas.draw_noted(painter)
        painter.end()

    def _paint_grounds(self, painter: QPainter, top: int, bottom: int) -> None:
        theme = self._style.theme
        layout = self.document().documentLayout()
        block = self.cursorForPosition(QPoint(0, top)).block()
        ground, number = QRectF(), 0
        while block.isValid():
            rect, form = layout.blockBoundingRect(block), block.blockFormat()
            now = _code(block)
            if now:
                rect.setLeft(form.leftMargin() - CODE_PAD + form.indent() * self.document().indentWidth())
            if number and now != number:
                self._paint_ground(painter, ground)
            if now:
                ground = ground.united(rect) if now == number else rect
                if now != number and _code(block.previous()) == now:
                    ground.setTop(ground.top() - BEYOND)
            number = now
            if rect.top() > bottom:  # below the visible part; the corners of a longer background are not visible
                break
            if form.hasProperty(RULE):
                painter.fillRect(QRectF(0, rect.center().y(), self.width(), theme.line_width), theme.colour("line"))
            following = block.next()
            for deep in range(form.intProperty(QUOTE)):
                goes_on = following.isValid() and following.blockFormat().intProperty(QUOTE) > deep
                end = layout.blockBoundingRect(following).top() if goes_on else rect.bottom()
                painter.fillRect(QRectF(deep * QUOTE_STEP, rect.top(), 3, end - rect.top()), theme.colour("line"))
            block = following
        if number:
            self._paint_ground(painter, ground)

    def _paint_ground(self, painter: QPainter, ground: QRectF) -> None:
        theme = self._style.theme
        wide = QRectF(ground)
        wide.setRight(self.lineWrapColumnOrWidth())
        wide.adjust(0, -6, 0, 6)
        painter.setPen(Qt.PenStyle.NoPen if theme.fill != theme.sheet else theme.colour("line"))
        painter.setBrush(theme.colour("sheet" if self._on_band else "fill"))
        painter.drawRoundedRect(wide, CONTROL_RADIUS, CONTROL_RADIUS)


def _code(block: QTextBlock) -> int:
    return int(block.blockFormat().intProperty(CODE)) if block.isValid() else 0


SLICE = 4000
"""Characters of a stored text written at once. A longer unfinished block is not formatted again while it grows."""
WHOLE = 6000
"""Most characters of a stored text that are shown at once."""
LONGEST_BLOCK = 40_000
"""Most characters of a block that is formatted when it is complete. A longer block stays plain."""
TURN_S = 0.012
TURN_CHARACTERS = 24_000
"""Most characters of a stored text written before the event loop continues. Qt's layout follows and takes time too."""

_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_GOES_ON = re.compile(r"[ \t>|]|[-*+][ \t]|\d{1,9}[.)][ \t]")


class MessageWriter:
    """Writes one message's text into a document. Call `write` whenever it has grown, and once more with `ended`."""

    def __init__(
        self,
        document: QTextDocument,
        style: ViewStyle,
        parser: Parser,
        *,
        markdown: bool = True,
        can_save: bool = False,
    ) -> None:
        """With `can_save`, code gets a link *Save as…*, which the owner of the document must handle."""
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
        self._shown = 0  # characters of the text that are shown in any form
        self._appending = False
        self._scanned = 0
        self._fence = ""
        self._in_code = False  # the open block is shown as code; it may have been too slow to format
        self._plain_rest = False  # all later text is appended without formatting
        self._ended = False
        self.is_plain = False
        """True if part of the text is shown unformatted, because formatting it would have taken too long."""
        self._document.clear()
        frame = self._document.rootFrame().frameFormat()
        frame.setTopMargin(TOP_MARGIN)  # Qt ignores the margins of the first and the last block
        frame.setBottomMargin(BOTTOM_MARGIN)
        self._document.rootFrame().setFrameFormat(frame)
        self._builder = Builder(self._document, self._style, all_rows=self._all_rows, can_save=self._can_save)

    @property
    def built(self) -> Built:
        return self._builder.built

    def show_all_rows(self, text: str) -> bool:
        """Write the whole text again, with all rows of its tables. Return True if `write` must write the rest."""
        self._all_rows = True
        self._reset(text)
        return self.write(text, ended=True)

    def write(self, text: str, *, ended: bool) -> bool:
        """Show more of `text`, which must begin with the text given before.

        Return True if this must be called again for the rest.
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
        """Start again if the text defines link targets that were unknown when writing began."""
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
            starts.pop()  # a "*" may begin a list or continue as "**bold**"
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

    def _mark_open(self) -> None:
        """Note that the open block begins here. What is written from now on may be replaced."""
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
            cursor.setBlockFormat(block)  # when Qt joins two blocks, it keeps the format of the empty one
            cursor.setBlockCharFormat(char)

    def _begin_appending(self, tail: str) -> None:
        opened = _FENCE.match(tail)
        self._fence = opened.group(1) if opened else ""
        self._in_code = bool(opened) and len(self.built.codes) > len(self._open_built.codes)
        self._scanned = self._done + (tail.find("\n") + 1 if opened else 0)

    def _append(self, new: str) -> None:
        self._builder.append_plain(new)
        if self._in_code:
            self.built.codes[-1] += new

    def _leave_appended(self, text: str, shown: int, closed_at: int) -> None:
        """Leave a block that is complete but too long as it is. The next block begins at `closed_at`."""
        rest = text[shown:closed_at].rstrip("\n")
        if self._in_code:
            rest = rest[: rest.rfind("\n") + 1].removesuffix("\n")  # without the closing fence
        else:
            self.is_plain = True
        self._append(rest)
        self._done = closed_at
        self._mark_open()

    def _closed_at(self, text: str) -> int | None:
        """Return where the next block begins if the open block is complete, else None. Looks only at complete lines."""
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
                was_empty = True  # decided when the next line is there
            position = end + 1
        return None


def _closes(line: str, fence: str) -> bool:
    match = _FENCE.match(line)
    return match is not None and match.group(1).startswith(fence) and not line[match.end() :].strip()


OTHERS = {
    "": "txt", "text": "txt", "plaintext": "txt", "txt": "txt", "csv": "csv", "tsv": "tsv", "svg": "svg", "r": "R",
    "makefile": "mk", "make": "mk", "jsx": "jsx", "mermaid": "mmd", "shell": "sh",
}  # fmt: skip
"""File name extensions for languages that Pygments does not know, or for which it names another extension."""

_ENDING = re.compile(r"\*\.([A-Za-z0-9_+]{1,10})")


def file_name_of(untrusted_language: str) -> str:
    """Return a file name for code in this language, such as "code.py". For an unknown language, "code.txt"."""
    language = untrusted_language.lower()[:40]
    if language in OTHERS:
        return f"code.{OTHERS[language]}"
    from pygments.lexers import get_lexer_by_name  # imported here: takes 25 ms, needed for code only
    from pygments.util import ClassNotFound

    try:
        patterns = get_lexer_by_name(language).filenames
    except ClassNotFound:
        patterns = []
    endings = (match[1] for pattern in patterns if (match := _ENDING.fullmatch(pattern)))
    return f"code.{next(endings, 'txt')}"
