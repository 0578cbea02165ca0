"""The text of one message: read-only and selectable; it follows no links itself and loads nothing."""

from __future__ import annotations

from math import ceil

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
    QTextOption,
    QWheelEvent,
)
from PySide6.QtWidgets import QFrame, QTextBrowser, QTextEdit, QToolTip, QWidget

from slmdesk.window.base.clipboard import marked
from slmdesk.window.base.theme import CONTROL_RADIUS
from slmdesk.window.markdown.formulas import Formulas
from slmdesk.window.markdown.selected import mime_of_selection, text_of_selection
from slmdesk.window.markdown.style import CODE, CODE_PAD, QUOTE, QUOTE_STEP, RULE, ViewStyle

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
    """A formula has been typeset: the text has another height."""

    def __init__(self, style: ViewStyle, parent: QWidget, *, on_band: bool, formulas: Formulas | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("message_text")
        self._style = style
        self._on_band = on_band
        self.spans_messages = False
        """The selection goes on in other messages: the view then moves it, not Qt."""
        self.has_caret = False
        """Entered by keyboard: arrows move the caret, not the view."""
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
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)  # Tab is led by the view, in the order of the eye
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
        """The height of the whole text at this width.  Not by `setTextWidth`, which is undone while hidden."""
        if self.lineWrapColumnOrWidth() != width:
            self.setLineWrapColumnOrWidth(width)
        return ceil(self.document().size().height())

    def selected_text(self) -> str:
        """The selected text without what the program added, list items with their markers."""
        return text_of_selection(self.textCursor())

    def is_wholly_selected(self) -> bool:
        cursor = self.textCursor()
        last = self.document().characterCount() - 1
        return cursor.hasSelection() and cursor.selectionStart() == 0 and cursor.selectionEnd() >= last

    def select(self, anchor: int, position: int) -> None:
        """Select from one document position to another; -1 is the end."""
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

    # Qt's own ------------------------------------------------------------------------------------------------------

    def loadResource(self, _kind: int, _name: QUrl | str) -> object:
        """A null image for everything: after None, Qt would read the file itself."""
        return QImage()

    def createMimeDataFromSelection(self) -> QMimeData:
        """Text and HTML of our own making; dragging gives the same as copying."""
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
        """The tooltips of marks: Qt shows those of the document alone."""
        if event.type() is QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            at = self.cursorForPosition(event.pos()).position()
            for one in self.extraSelections():
                if one.format.toolTip() and one.cursor.selectionStart() <= at <= one.cursor.selectionEnd():
                    QToolTip.showText(event.globalPos(), one.format.toolTip(), self)
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
            event.accept()  # no message or view below has a use for it
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

    # private -------------------------------------------------------------------------------------------------------

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
            if rect.top() > bottom:  # a ground that goes on is not walked to its end: its corners are out of sight
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
        painter.setPen(Qt.PenStyle.NoPen if theme.raised != theme.surface else theme.colour("line"))
        painter.setBrush(theme.colour("surface" if self._on_band else "raised"))
        painter.drawRoundedRect(wide, CONTROL_RADIUS, CONTROL_RADIUS)


def _code(block: QTextBlock) -> int:
    return int(block.blockFormat().intProperty(CODE)) if block.isValid() else 0
