"""The editors of source and translation, which scroll together, and the entry for text sent to the translator."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import QEvent, QMimeData, QObject, QPoint, QRect, QSignalBlocker, QSize, Qt, QTimer, Signal
from PySide6.QtGui import (
    QAction,
    QColor,
    QContextMenuEvent,
    QFocusEvent,
    QGuiApplication,
    QHelpEvent,
    QMouseEvent,
    QPalette,
    QTextCharFormat,
    QTextCursor,
    QWheelEvent,
    QWindow,
)
from PySide6.QtWidgets import QFrame, QPlainTextEdit, QTextEdit, QToolTip, QWidget

from slmdesk.base.record import Record
from slmdesk.base.runtime.messages import Problem
from slmdesk.base.texts import _
from slmdesk.base.translation import LiveSegment, SegmentState, weighty
from slmdesk.base.types import common_prefix
from slmdesk.base.untrusted import server_of
from slmdesk.services import Services
from slmdesk.tasks.translation.prompts import language_of_text
from slmdesk.tasks.translation.types import laid_out
from slmdesk.ui.kit.base import theme
from slmdesk.ui.kit.base.bridge import Bridge
from slmdesk.ui.kit.base.shortcuts import show_in_menu
from slmdesk.ui.kit.base.text import character_at, size16
from slmdesk.ui.kit.base.theme import ThemeKeeper
from slmdesk.ui.kit.widgets.build import named, passing, plain_tip
from slmdesk.ui.kit.widgets.files import admit
from slmdesk.ui.kit.widgets.notices import Notice
from slmdesk.ui.kit.widgets.requests import add_ways_to
from slmdesk.ui.translation.text import PaneState, TranslateController, shown_of, tip_of

FEW_LINES = 6
Span = tuple[int, int]
"""Start and end in a document, in UTF-16 units as Qt counts."""


class Mark(Record):
    span: Span
    colour: QColor
    is_shaded: bool
    tip: str


class SegmentEdit(QPlainTextEdit):
    pointed = Signal(int)
    zoomed = Signal(bool)

    def __init__(self, parent: QWidget, *, name: str, words: str, hint: str = "") -> None:
        super().__init__(parent)
        named(self, name, label=words)
        self.setPlaceholderText(hint)
        self.setTabChangesFocus(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setAcceptDrops(False)
        self.viewport().setMouseTracking(True)
        self._shown = ""
        self._spans: Sequence[Span] = ()
        self._marks: Sequence[Mark] = ()
        self._mark_colour = QColor()
        self._percent = 100
        self._lit = -1

    def sizeHint(self) -> QSize:
        """Return the size of a few lines. With less space the page is scrolled, extra space is used."""
        return QSize(256, FEW_LINES * self.fontMetrics().lineSpacing() + 2 * theme.SPACE_12)

    # ---- what is shown

    def show_text(self, text: str) -> None:
        """Set the text. Its unchanged beginning and end stay untouched, which keeps selection and scroll position."""
        old = self._shown
        if text == old:
            return
        self._shown = text
        begin = common_prefix(old, text)
        rest = min(len(old), len(text)) - begin
        end = common_prefix(old[::-1][:rest], text[::-1][:rest])
        cursor = QTextCursor(self.document())
        cursor.setPosition(size16(old[:begin]))
        cursor.setPosition(size16(old[: len(old) - end]), QTextCursor.MoveMode.KeepAnchor)
        cursor.insertText(text[begin : len(text) - end])

    def show_spans(self, spans: Sequence[Span], marks: Sequence[Mark], colour: QColor) -> None:
        self._spans, self._marks, self._mark_colour = spans, marks, colour
        self._draw()

    def light(self, index: int) -> None:
        if index != self._lit:
            self._lit = index
            self._draw()

    def set_letters(self, percent: int) -> None:
        self._percent = percent
        self._size_letters()

    # ---- segments

    def segment_at(self, position: int) -> int:
        """Return the index of the segment at a position, or of the last segment before it. -1 before the first."""
        return bisect_right(self._spans, position, key=lambda span: span[0]) - 1

    @property
    def current_segment(self) -> int:
        position = self.textCursor().selectionStart()
        index = self.segment_at(position)
        return index - (index > 0 and self._spans[index - 1][1] == position)  # without a space between them: the first

    def go_to(self, index: int) -> None:
        if 0 <= index < len(self._spans):
            cursor = self.textCursor()
            cursor.setPosition(self._spans[index][0])
            self.setTextCursor(cursor)
            self.centerCursor()

    def top(self) -> tuple[int, float] | None:
        """Return the segment at the top edge, and the share of it above the edge. None if there are no segments, or the
        end of the text is visible.
        """
        bar = self.verticalScrollBar()
        if not self._spans or (bar.value() == bar.maximum() and bar.maximum() > 0):
            return None
        position = self.cursorForPosition(QPoint(0, 2)).position()
        index = max(0, self.segment_at(position))
        begin, end = self._spans[index]
        return index, min(1.0, max(0.0, (position - begin) / max(1, end - begin)))

    def scroll_into_view(self, top: tuple[int, float] | None) -> None:
        """Scroll to the `top` of another editor. None means the end."""
        bar = self.verticalScrollBar()
        if top is None:
            bar.setValue(bar.maximum())
        elif top[0] < len(self._spans):
            begin, end = self._spans[top[0]]
            position = begin + round(top[1] * (end - begin))
            block = self.document().findBlock(position)
            self.document().documentLayout().blockBoundingRect(block)  # lays it out: its lines are known then
            line = block.layout().lineForTextPosition(position - block.position())
            bar.setValue(block.firstLineNumber() + (line.lineNumber() if line.isValid() else 0))

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            at = self.cursorForPosition(self.viewport().mapFrom(self, event.pos())).position()
            tips = [mark.tip for mark in self._marks if mark.tip and mark.span[0] <= at < mark.span[1]]
            QToolTip.showText(event.globalPos(), plain_tip("\n".join(tips)), self)
            return True
        return super().event(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier and event.angleDelta().y():
            self.zoomed.emit(event.angleDelta().y() > 0)
        else:
            super().wheelEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        super().mouseMoveEvent(event)
        at = self.cursorForPosition(event.position().toPoint()).position()
        index = self.segment_at(at)
        self.pointed.emit(index if index >= 0 and at < self._spans[index][1] else -1)

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self.pointed.emit(-1)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange):
            self._size_letters()

    def _size_letters(self) -> None:
        font = self.font()
        font.setPointSizeF(max(4.0, font.pointSizeF() * self._percent / 100))
        if self.document().defaultFont() != font:
            self.document().setDefaultFont(font)

    def _draw(self) -> None:
        drawn = [self._drawn(mark) for mark in self._marks]
        if 0 <= self._lit < len(self._spans):
            selection = self._selection(self._spans[self._lit])
            selection.format.setBackground(self._mark_colour)
            selection.format.setForeground(self.palette().color(QPalette.ColorRole.Text))
            drawn.append(selection)
        self.setExtraSelections(drawn)

    def _drawn(self, mark: Mark) -> QTextEdit.ExtraSelection:
        selection = self._selection(mark.span)
        if mark.is_shaded:
            selection.format.setBackground(mark.colour)
        else:
            selection.format.setUnderlineStyle(QTextCharFormat.UnderlineStyle.WaveUnderline)
            selection.format.setUnderlineColor(mark.colour)
        return selection

    def _selection(self, span: Span) -> QTextEdit.ExtraSelection:
        selection = QTextEdit.ExtraSelection()
        document = self.document()
        cursor, last = QTextCursor(document), max(0, document.characterCount() - 1)
        cursor.setPosition(min(span[0], last))
        cursor.setPosition(min(span[1], last), QTextCursor.MoveMode.KeepAnchor)
        selection.cursor = cursor
        selection.format = QTextCharFormat()
        return selection


class SourceEdit(SegmentEdit):
    """Editor of the source text.

    Emits `files_pasted` with the paths of pasted files instead of inserting their names. Emits `too_long` with a text
    that was not pasted, because megabytes of text would freeze the editor.
    """

    files_pasted = Signal(object)
    too_long = Signal(str)

    def __init__(self, parent: QWidget, *, name: str, words: str, hint: str, most: int) -> None:
        super().__init__(parent, name=name, words=words, hint=hint)
        self._most = most

    def replace_text(self, text: str) -> None:
        """Replace the text. Undo brings the old text back, as after typing."""
        cursor = QTextCursor(self.document())
        cursor.select(QTextCursor.SelectionType.Document)
        cursor.insertText(text)
        self.moveCursor(QTextCursor.MoveOperation.Start)

    def canInsertFromMimeData(self, source: QMimeData) -> bool:
        return bool(files_among(source)) or super().canInsertFromMimeData(source)

    def insertFromMimeData(self, source: QMimeData) -> None:
        """Emit pasted files as paths, and insert other content as plain text without formatting."""
        if paths := files_among(source):
            admit(self, paths, self.files_pasted.emit)
            return
        text = source.text()
        if self.document().characterCount() - len(self.textCursor().selectedText()) + len(text) > self._most:
            self.too_long.emit(text)
        else:
            super().insertFromMimeData(source)


class TargetEdit(SegmentEdit):
    """Editor of the translation, which a person can change.

    Emits `edited` with the whole text after a change and the most characters that stayed the same at its beginning,
    `left` when a sentence that was changed is left, and `word_chosen` when words were clicked or selected, with whether
    that was asked for.
    """

    edited = Signal(str, int)
    left = Signal()
    word_chosen = Signal(bool)

    def __init__(self, parent: QWidget, *, name: str, words: str) -> None:
        super().__init__(parent, name=name, words=words)
        self._other = named(QAction(_("Other words…"), self), "other_words_action")
        show_in_menu(self._other, "sentence.edit")
        self._other.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
        self._other.triggered.connect(lambda: self.word_chosen.emit(True))
        self.addAction(self._other)
        self._changed_segment = -1
        self._most_same = 0
        self.document().contentsChange.connect(self._on_contents_change)
        self.textChanged.connect(self._on_text_changed)
        self.cursorPositionChanged.connect(self._on_cursor_moved)

    @property
    def chosen(self) -> Span:
        """Return the selected words, or the word at the caret, in characters of the text."""
        cursor = self.textCursor()
        if not cursor.hasSelection():
            cursor.select(QTextCursor.SelectionType.WordUnderCursor)
        begin, end = (character_at(self._shown, at) for at in (cursor.selectionStart(), cursor.selectionEnd()))
        words = self._shown[begin:end]
        return begin + len(words) - len(words.lstrip()), begin + len(words.rstrip())

    def show_text(self, text: str) -> None:
        if text != self._shown:
            with QSignalBlocker(self):
                super().show_text(text)
            self.document().clearUndoRedoStacks()  # undo takes back what a person did, nothing else

    def _on_contents_change(self, position: int, removed: int, added: int) -> None:
        self._most_same = position + min(removed, added)

    def _on_text_changed(self) -> None:
        self._shown = self.document().toRawText().replace("\u2029", "\n")
        self.edited.emit(self._shown, character_at(self._shown, self._most_same))
        self._changed_segment = self.current_segment

    def _on_cursor_moved(self) -> None:
        is_typing = self.document().characterCount() - 1 != size16(self._shown)  # the caret moves before the spans do
        if not is_typing and self._changed_segment not in (-1, self.current_segment):
            self._leave()

    def _leave(self) -> None:
        if self._changed_segment >= 0:
            self._changed_segment = -1
            self.left.emit()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        if event.reason() not in (Qt.FocusReason.PopupFocusReason, Qt.FocusReason.ActiveWindowFocusReason):
            self._leave()  # else typing goes on in the sentence afterwards

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        super().mouseReleaseEvent(event)
        if event.button() == Qt.MouseButton.LeftButton and not self.isReadOnly():
            self.word_chosen.emit(False)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        if not self.textCursor().hasSelection() and event.reason() is QContextMenuEvent.Reason.Mouse:
            self.setTextCursor(self.cursorForPosition(self.viewport().mapFrom(self, event.pos())))
        menu = passing(self.createStandardContextMenu(), "translation_menu")
        menu.insertAction(menu.actions()[0], self._other)
        add_ways_to(menu, self, self.textCursor().selectedText() or self.toPlainText())
        menu.popup(event.globalPos())

    def place_of_chosen(self) -> QRect:
        """Return where the last line of the chosen words ends."""
        cursor = self.textCursor()
        cursor.setPosition(cursor.selectionEnd())
        line = self.cursorRect(cursor)
        return QRect(self.viewport().mapTo(self, line.topLeft()), line.size())


class ScrollSync(QObject):
    def __init__(self, source: SegmentEdit, target: SegmentEdit, keeper: ThemeKeeper, parent: QObject) -> None:
        super().__init__(parent, objectName="reading")
        self._source, self._target, self._keeper = source, target, keeper
        self._is_following = False
        self.is_on = True
        """Whether one pane follows the other when it is scrolled."""
        for pane, other in ((source, target), (target, source)):
            pane.verticalScrollBar().valueChanged.connect(partial(self._follow, pane, other))
            pane.pointed.connect(self._on_pointed)

    def show(self, shown: PaneState, *, is_source_there: bool, is_shaded: bool) -> None:
        """Show the segments in both editors. `is_source_there`: the source editor has exactly these segments' text."""
        self._is_following = True
        self._target.show_text(shown.text)
        self._is_following = False
        sources, targets = spans_of(shown)
        colour = self._keeper.theme.colour("soft")
        self._source.show_spans(sources if is_source_there else [], [], colour)
        self._target.show_spans(targets, self._marks(shown, targets, is_shaded), colour)

    def _marks(self, shown: PaneState, spans: list[Span], is_shaded: bool) -> list[Mark]:
        warn, shade = self._keeper.theme.colour("warn"), self._keeper.theme.colour("warn_soft")
        marks = []
        for segment, span in zip(shown.segments, spans, strict=True):
            if is_shaded and segment.state is not SegmentState.OPEN:
                marks += [Mark(part, shade, True, tip) for part, tip in _doubts(segment, span[0])]
            if weighty(segment.flags) and segment.state is not SegmentState.OPEN and span[0] < span[1]:
                marks.append(Mark(span, warn, False, tip_of(segment)))
        return marks

    def _on_pointed(self, index: int) -> None:
        self._source.light(index)
        self._target.light(index)

    def _follow(self, pane: SegmentEdit, other: SegmentEdit, _value: int) -> None:
        if self.is_on and not self._is_following and pane.isVisible():
            self._is_following = True
            other.scroll_into_view(pane.top())
            self._is_following = False


def _doubts(segment: LiveSegment, begin: int) -> list[tuple[Span, str]]:
    tip, target = _("The model gave “{target}” {likely} %."), segment.target
    return [
        (
            (begin + size16(target[:start]), begin + size16(target[:end])),
            tip.format(target=target[start:end], likely=round(100 * likely)),
        )
        for start, end, likely in segment.doubts
    ]


def spans_of(shown: PaneState) -> tuple[list[Span], list[Span]]:
    sources, at = list[Span](), 0
    for segment in shown.segments:
        begin = at + len(segment.lead)
        sources.append((begin, begin + len(segment.source)))
        at = sources[-1][1] + len(segment.trail)
    return _in16(shown.source, sources), _in16(*laid_out(shown.segments, shown_of))


def _in16(text: str, spans: Sequence[Span]) -> list[Span]:
    if len(text) == size16(text):
        return list(spans)
    at = there = 0
    places: dict[int, int] = {}
    for place in sorted({place for span in spans for place in span}):
        there += size16(text[at:place])
        at, places[place] = place, there
    return [(places[begin], places[end]) for begin, end in spans]


ACTIVE_MS = 1500
"""Milliseconds to wait for the window to become active. Wayland gives the clipboard only to the active window."""
REPORTED_MS = 8000
NOTHING = _("The clipboard is empty: copy a text or a file, then try again.")
NO_WORDS = _("There is neither a text nor a file on the clipboard: copy one of them, then try again.")


class TranslateEntry(QObject):
    """Entry for text and documents that are sent to the translator from elsewhere.

    Emits `page_requested` as soon as there is something to translate. Then it emits `text_taken` with a text, after its
    language was detected and the languages were set, or `documents_taken` with a list of paths.
    """

    page_requested = Signal()
    text_taken = Signal(str)
    documents_taken = Signal(object)

    def __init__(self, bridge: Bridge, translate: TranslateController, parent: QObject | None = None) -> None:
        super().__init__(parent, objectName="reach")
        self._bridge, self._translate = bridge, translate
        self._patience = QTimer(self, singleShot=True, interval=ACTIVE_MS)
        self._patience.timeout.connect(self.take_clipboard)
        app = QGuiApplication.instance()
        if isinstance(app, QGuiApplication):
            app.focusWindowChanged.connect(self._on_focus_window)

    def take_text(self, text: str) -> None:
        """Translate a text into the language used last. A text in that language is translated into the person's own."""
        self.page_requested.emit()

        def reported(language: str) -> None:
            self._translate.detect(language)
            self.text_taken.emit(text)

        def untold(problem: Problem) -> None:
            self._bridge.problem_met.emit(problem)
            reported("")

        def request(_services: Services) -> str:  # on the service thread: the first time it takes half a second
            return language_of_text(text)

        self._bridge.ask(request, reported, untold)

    def take_document(self, path: Path) -> None:
        self._take_documents([path])

    def take_clipboard(self) -> None:
        """Translate the files or else the text on the clipboard. If there is neither, show a notice."""
        self._patience.stop()
        self.take_data(QGuiApplication.clipboard().mimeData())

    def take_clipboard_in_front(self) -> None:
        """Translate the clipboard once the window is active. Another process of this program asks for this."""
        if QGuiApplication.focusWindow() is not None:
            self.take_clipboard()
        else:
            self._patience.start()

    def take_data(self, data: QMimeData | None) -> None:
        paths = files_among(data)
        if paths:
            admit(None, paths, self._take_documents)
        elif data is not None and data.text().strip():
            self.take_text(data.text())
        else:
            words = NO_WORDS if data is not None and data.formats() else NOTHING
            self._bridge.notice_raised.emit(Notice(words, life_ms=REPORTED_MS, key="clipboard empty"))

    def _take_documents(self, paths: list[Path]) -> None:
        self.page_requested.emit()
        self.documents_taken.emit(paths)

    def _on_focus_window(self, window: QWindow | None) -> None:
        if window is not None and self._patience.isActive():
            QTimer.singleShot(0, self, self.take_clipboard)


def files_among(data: QMimeData | None) -> list[Path]:
    """Return the files and folders that were copied or dragged. Files on other computers are not accessed."""
    if data is None or not data.hasUrls():
        return []
    paths = [Path(url.toLocalFile()) for url in data.urls() if url.isLocalFile()]
    return [path for path in paths if server_of(str(path)) or path.is_file() or path.is_dir()]
