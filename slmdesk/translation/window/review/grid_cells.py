"""Paints and edits the cells of the segment table: formatting tags as chips, found words, uncertain words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from PySide6.QtCore import QEvent, QModelIndex, QObject, QPersistentModelIndex, QPointF, QRect, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QKeyEvent,
    QPainter,
    QPalette,
    QSyntaxHighlighter,
    QTextCharFormat,
    QTextDocument,
    QTextLayout,
    QTextOption,
)
from PySide6.QtWidgets import QApplication, QPlainTextEdit, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from slmdesk.base.translation import SegmentRecord
from slmdesk.text.translation.replace import Search, spans_in
from slmdesk.text.translation.tagged import Tags, pieces
from slmdesk.translation.window.review.grid import SEGMENT_ROLE, SOURCE, TARGET
from slmdesk.window.base import theme
from slmdesk.window.base.theme_keeper import ThemeKeeper
from slmdesk.window.widgets.named import named

MOST_LINES = 12
"""Of a cell; what is longer is read whole where it is edited."""
CHIP_SIZE = 0.82
Index = QModelIndex | QPersistentModelIndex


class SegmentCells(QStyledItemDelegate):
    """Paints and edits source and translation.

    Enter saves the text, Escape discards it; `approve_requested` when Ctrl+Enter found no change to save; `drafts` may
    hold text an editor begins with.
    """

    approve_requested = Signal()

    def __init__(self, keeper: ThemeKeeper, parent: QWidget) -> None:
        super().__init__(parent)
        self._keeper = keeper
        self.search = Search("")
        self.has_shading = False
        self.drafts: dict[int, str] = {}
        """By number of a segment: words that could not be kept, to go on with."""
        self.is_editing = False
        self.is_approving = False
        """The text being saved is to be approved too."""

    # ---- drawing

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        segment = index.data(SEGMENT_ROLE)
        if not isinstance(segment, SegmentRecord):
            super().paint(painter, option, index)
            return
        self.initStyleOption(option, index)
        words = str(index.data() or "")
        option.text = ""
        style = option.widget.style() if option.widget else QApplication.style()
        style.drawControl(QStyle.ControlElement.CE_ItemViewItem, option, painter, option.widget)
        colour = index.data(Qt.ItemDataRole.ForegroundRole) or option.palette.color(QPalette.ColorRole.Text)
        place = self._inside(option.rect)
        layout = self._laid_out(words, segment, index.column(), option, place.width())
        painter.save()
        painter.setClipRect(place)
        painter.setPen(colour)
        layout.draw(painter, QPointF(place.topLeft()))
        painter.restore()

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        segment = index.data(SEGMENT_ROLE)
        line = option.fontMetrics.lineSpacing()
        if not isinstance(segment, SegmentRecord):
            return QSize(option.rect.width(), line + theme.SPACE_8)
        width = self._inside(option.rect).width()
        layout = self._laid_out(str(index.data() or ""), segment, index.column(), option, width)
        height = min(layout.boundingRect().height(), MOST_LINES * line)
        return QSize(option.rect.width(), round(max(height, line)) + theme.SPACE_12)

    @staticmethod
    def _inside(rect: QRect) -> QRect:
        return rect.adjusted(theme.SPACE_8, 6, -theme.SPACE_8, -6)

    def _laid_out(
        self, words: str, segment: SegmentRecord, column: int, option: QStyleOptionViewItem, width: int
    ) -> QTextLayout:
        layout = QTextLayout(words.replace("\n", "\u2028"), option.font)
        layout.setTextOption(QTextOption(Qt.AlignmentFlag.AlignLeading))
        wrap = layout.textOption()
        wrap.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        layout.setTextOption(wrap)
        if column in (SOURCE, TARGET):
            layout.setFormats(list(self._formats(words, segment, column, option)))
        layout.beginLayout()
        height = 0.0
        while (line := layout.createLine()).isValid():
            line.setLineWidth(max(width, 1))
            line.setPosition(QPointF(0, height))
            height += line.height()
        layout.endLayout()
        return layout

    def _formats(
        self, words: str, segment: SegmentRecord, column: int, option: QStyleOptionViewItem
    ) -> Iterator[QTextLayout.FormatRange]:
        tags, places, colours = Tags(segment.paired, segment.lone), _Units(words), self._keeper.theme
        if column == TARGET and self.has_shading:
            for begin, end, least in segment.doubts:
                form = QTextCharFormat()
                form.setBackground(_mixed(colours.colour("surface"), colours.colour("warn"), 0.15 + 0.35 * (1 - least)))
                form.setForeground(colours.colour("text"))
                yield places.range(begin, end, form)
        for begin, end in tag_spans(words, tags):
            yield places.range(begin, end, chip_format(self._keeper, option.font.pointSizeF()))
        if column == TARGET:
            for begin, end in spans_in(words, tags, self.search):
                form = QTextCharFormat()
                form.setBackground(colours.colour("mark"))
                form.setForeground(colours.colour("text"))
                yield places.range(begin, end, form)

    # ---- editing

    def createEditor(self, parent: QWidget, option: QStyleOptionViewItem, index: Index) -> QWidget:
        editor = QPlainTextEdit(parent)
        named(editor, "segment_editor", label="The translation of this segment")
        editor.setTabChangesFocus(True)
        segment = index.data(SEGMENT_ROLE)
        if isinstance(segment, SegmentRecord):
            TagHighlighter(self._keeper, Tags(segment.paired, segment.lone), editor.document())
        self.is_editing = True
        return editor

    def destroyEditor(self, editor: QWidget, index: Index) -> None:
        self.is_editing = False
        super().destroyEditor(editor, index)

    def setEditorData(self, editor: QWidget, index: Index) -> None:
        """Begin with the existing text, or with a draft that could not be saved; if there is none with the source, for
        its tags.
        """
        assert isinstance(editor, QPlainTextEdit)
        if editor.property("begun"):  # the row changed meanwhile: what is typed stays
            return
        segment = index.data(SEGMENT_ROLE)
        draft = self.drafts.pop(segment.number, "") if isinstance(segment, SegmentRecord) else ""
        words = draft or index.data(Qt.ItemDataRole.EditRole) or index.sibling(index.row(), SOURCE).data()
        editor.setPlainText(str(words))
        editor.selectAll()
        editor.setProperty("begun", True)

    def setModelData(self, editor: QWidget, model: Any, index: Index) -> None:
        """Save the text, on one line if the source is."""
        assert isinstance(editor, QPlainTextEdit)
        source = str(index.sibling(index.row(), SOURCE).data() or "")
        words = editor.toPlainText()
        model.setData(index, words if "\n" in source else " ".join(words.split("\n")))

    def updateEditorGeometry(self, editor: QWidget, option: QStyleOptionViewItem, index: Index) -> None:
        rect = QRect(option.rect)
        rect.setHeight(max(rect.height(), 4 * option.fontMetrics.lineSpacing() + 2 * theme.SPACE_8))
        parent = editor.parentWidget()
        if parent is not None and rect.bottom() > parent.height():
            rect.moveBottom(max(rect.height(), parent.height()))
        editor.setGeometry(rect)

    def eventFilter(self, editor: QObject, event: QEvent) -> bool:
        """Enter saves, Shift+Enter breaks the line, Ctrl+Enter saves and approves."""
        is_enter = isinstance(event, QKeyEvent) and event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        if not is_enter or not isinstance(editor, QPlainTextEdit) or not isinstance(event, QKeyEvent):
            return super().eventFilter(editor, event)
        modifiers = event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        if modifiers == Qt.KeyboardModifier.ShiftModifier:
            return False
        if event.type() == QEvent.Type.ShortcutOverride:
            event.accept()
            return True
        if event.type() != QEvent.Type.KeyPress:
            return False
        self.is_approving = modifiers == Qt.KeyboardModifier.ControlModifier
        self.commitData.emit(editor)
        self.closeEditor.emit(editor, QStyledItemDelegate.EndEditHint.NoHint)
        if self.is_approving:  # nobody took it over: the words were the same
            self.is_approving = False
            self.approve_requested.emit()
        return True


class TagHighlighter(QSyntaxHighlighter):
    def __init__(self, keeper: ThemeKeeper, tags: Tags, document: QTextDocument) -> None:
        super().__init__(document)
        self._keeper, self._tags = keeper, tags

    def highlightBlock(self, text: str) -> None:
        places = _Units(text)
        points = self.document().defaultFont().pointSizeF()
        for begin, end in tag_spans(text, self._tags):
            one = places.range(begin, end, chip_format(self._keeper, points))
            self.setFormat(one.start, one.length, one.format)


def chip_format(keeper: ThemeKeeper, points: float) -> QTextCharFormat:
    form = QTextCharFormat()
    form.setBackground(keeper.theme.colour("line"))
    form.setForeground(keeper.theme.colour("text"))
    if points > 0:
        form.setFontPointSize(points * CHIP_SIZE)
    return form


def tag_spans(text: str, tags: Tags) -> Iterator[tuple[int, int]]:
    at = 0
    for piece in pieces(text, tags):
        size = len(str(piece))
        if not isinstance(piece, str):
            yield at, at + size
        at += size


class _Units:
    """Converts character positions to UTF-16 units, as Qt counts."""

    def __init__(self, text: str) -> None:
        self._text = None if text.isascii() or all(ord(sign) < 0x10000 for sign in text) else text

    def range(self, begin: int, end: int, form: QTextCharFormat) -> QTextLayout.FormatRange:
        one = QTextLayout.FormatRange()
        one.start, one.length = self._at(begin), self._at(end) - self._at(begin)
        one.format = form
        return one

    def _at(self, place: int) -> int:
        if self._text is None:
            return place
        return place + sum(ord(sign) > 0xFFFF for sign in self._text[:place])


def _mixed(ground: QColor, colour: QColor, share: float) -> QColor:
    def part(one: int, other: int) -> int:
        return round(one + (other - one) * share)

    return QColor(
        part(ground.red(), colour.red()), part(ground.green(), colour.green()), part(ground.blue(), colour.blue())
    )  # fmt: skip
