"""The table of segments. Rows are loaded when visible, formatting tags are drawn as chips, and cells can be edited."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

from PySide6.QtCore import (
    QAbstractTableModel,
    QEvent,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QPointF,
    QRect,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import (
    QColor,
    QKeyEvent,
    QPainter,
    QPalette,
    QResizeEvent,
    QSyntaxHighlighter,
    QTextCharFormat,
    QTextDocument,
    QTextLayout,
    QTextOption,
)
from PySide6.QtWidgets import (
    QAbstractItemView,
    QApplication,
    QHeaderView,
    QPlainTextEdit,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from slmdesk.base.texts import _
from slmdesk.base.translation import SegmentRecord, SegmentState, weighty
from slmdesk.base.types import told_place
from slmdesk.text.tagged import Tags, pieces
from slmdesk.translation.types import flag_words, reason_words, state_words
from slmdesk.window.base import theme
from slmdesk.window.base.bridge import Delay
from slmdesk.window.base.text import utf16_at
from slmdesk.window.base.theme import ThemeKeeper, pixmap
from slmdesk.window.widgets.build import named, plain_tip

SOURCE, TARGET, STATE = range(3)
COLUMNS = (_("Source"), _("Translation"), _("State"))
PAGE = 50
MOST_KEPT = 4000
"""Most segments in memory. The segments that were shown longest ago are dropped first."""
MOST_RUNS = 40
"""Most groups of neighbouring rows that are changed one by one. If more change at once, the model is reset."""
SEGMENT_ROLE = Qt.ItemDataRole.UserRole + 1
"""Role of a row's SegmentRecord, which is None while it is being loaded."""
Index = QModelIndex | QPersistentModelIndex


class SegmentModel(QAbstractTableModel):
    requested = Signal(object)
    edited = Signal(int, str)

    def __init__(self, keeper: ThemeKeeper, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("segment_model")
        self._keeper = keeper
        self.numbers: Sequence[int] = ()
        self._known: dict[int, SegmentRecord] = {}
        self._missing: set[int] = set()
        self._asked: set[int] = set()
        self._timer = Delay(self, 0, self._on_requested, "fetch_timer")

    # ---- what is there

    def clear(self) -> None:
        self.beginResetModel()
        self.numbers = ()
        self._known.clear()
        self._asked.clear()
        self.endResetModel()

    def show_numbers(self, numbers: Sequence[int]) -> None:
        """Show these segments in this order. Rows that stay keep their place and an open editor."""
        old, new = self.numbers, numbers
        if list(old) == list(new):
            return
        kept = set(old) & set(new)
        gone = _runs([row for row, number in enumerate(old) if number not in kept])
        come = _runs([row for row, number in enumerate(new) if number not in kept])
        if len(gone) + len(come) > MOST_RUNS:
            self.beginResetModel()
            self.numbers = new
            self.endResetModel()
        else:
            rows = list(old)
            for first, last in reversed(gone):
                self.beginRemoveRows(QModelIndex(), first, last)
                del rows[first : last + 1]
                self.numbers = list(rows)
                self.endRemoveRows()
            for first, last in come:
                self.beginInsertRows(QModelIndex(), first, last)
                rows[first:first] = new[first : last + 1]
                self.numbers = list(rows)
                self.endInsertRows()
            self.numbers = new
        self._asked.clear()

    def add(self, segments: Sequence[SegmentRecord]) -> None:
        for segment in segments:
            self._known.pop(segment.number, None)
            self._known[segment.number] = segment
        for number in list(self._known)[: max(0, len(self._known) - MOST_KEPT)]:
            del self._known[number]
        self._asked.clear()
        rows = [row for segment in segments if (row := self.row_of(segment.number)) >= 0]
        if rows:
            self.dataChanged.emit(self.index(min(rows), 0), self.index(max(rows), len(COLUMNS) - 1))

    def change(self, segment: SegmentRecord) -> None:
        """Replace a segment. A segment that is not loaded is loaded when it becomes visible."""
        if segment.number in self._known:
            self._known[segment.number] = segment
            row = self.row_of(segment.number)
            if row >= 0:
                self.dataChanged.emit(self.index(row, 0), self.index(row, len(COLUMNS) - 1))

    def segment(self, row: int) -> SegmentRecord | None:
        return self._known.get(self.numbers[row]) if 0 <= row < len(self.numbers) else None

    @property
    def language(self) -> str:
        return next((segment.language for segment in self._known.values() if segment.language), "")

    def row_of(self, number: int) -> int:
        at = bisect_left(self.numbers, number)
        return at if at < len(self.numbers) and self.numbers[at] == number else -1

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008  Qt's own default
        return 0 if parent.isValid() else len(self.numbers)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008  Qt's own default
        return 0 if parent.isValid() else len(COLUMNS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if role != Qt.ItemDataRole.DisplayRole:
            return None
        if orientation is Qt.Orientation.Horizontal:
            return COLUMNS[section]
        return str(self.numbers[section] + 1) if section < len(self.numbers) else ""

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return texts, colours and tooltips. A segment that is not loaded is requested."""
        segment, column = self.segment(index.row()), index.column()
        if segment is None:
            self._missing.add(index.row() // PAGE)
            self._timer.start_once()
            return "…" if role == Qt.ItemDataRole.DisplayRole and column == SOURCE else None
        if role == SEGMENT_ROLE:
            return segment
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.EditRole):
            return words_of(segment, column)
        if role == Qt.ItemDataRole.ToolTipRole:
            return plain_tip(
                told_place(segment.place) if column == SOURCE else tip_of(segment) if column == STATE else ""
            )
        if role == Qt.ItemDataRole.AccessibleTextRole and column == STATE:
            return tip_of(segment)
        if role == Qt.ItemDataRole.ForegroundRole:
            return self._colour(segment, column)
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeading
        return None

    def setData(self, index: Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        """Request a change of the text. It is shown once it is saved."""
        known = self.segment(index.row())
        if role != Qt.ItemDataRole.EditRole or index.column() != TARGET or (known and str(value) == known.target):
            return False
        self.edited.emit(self.numbers[index.row()], str(value))
        return True

    def flags(self, index: Index) -> Qt.ItemFlag:
        flags = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
        is_open = index.column() == TARGET and self.segment(index.row()) is not None
        return flags | Qt.ItemFlag.ItemIsEditable if is_open else flags

    def _on_requested(self) -> None:
        pages, self._missing = self._missing - self._asked, set()
        if not pages:
            return
        self._asked |= pages
        numbers = [
            number for page in sorted(pages) for number in self.numbers[page * PAGE : (page + 1) * PAGE]
            if number not in self._known
        ]  # fmt: skip
        if numbers:
            self.requested.emit(numbers)

    def _colour(self, segment: SegmentRecord, column: int) -> QColor | None:
        is_quiet = column == SOURCE or segment.state is SegmentState.LEFT
        return self._keeper.theme.colour("ink2") if is_quiet else None


def words_of(segment: SegmentRecord, column: int) -> str:
    if column != STATE:
        return segment.source if column == SOURCE else segment.target
    why = reason_words(segment.reason) if segment.state is SegmentState.LEFT else ""
    return why or state_words(segment.state)


def tip_of(segment: SegmentRecord) -> str:
    why = reason_words(segment.reason) if segment.state is SegmentState.FAILED else ""
    flags = weighty(segment.flags) if segment.state is not SegmentState.APPROVED else ()
    return "\n".join(filter(None, (words_of(segment, STATE), why, *map(flag_words, flags))))


def sign_of(segment: SegmentRecord) -> tuple[str, str] | None:
    """Return the icon of a segment and its colour. None for a segment that is as most are."""
    if segment.state is SegmentState.APPROVED:
        return "check", "accent"
    if segment.state is SegmentState.FAILED or weighty(segment.flags):
        return "triangle-alert", "warn"
    return ("pencil", "accent") if segment.state is SegmentState.EDITED else None


def _runs(rows: Sequence[int]) -> list[tuple[int, int]]:
    runs = []
    for __, group in groupby(enumerate(rows), key=lambda pair: pair[1] - pair[0]):
        run = [row for __, row in group]
        runs.append((run[0], run[-1]))
    return runs


INDEX_WIDTH, STATE_WIDTH = 44, 40
PADDING = 11
"""Pixels above and below the text of a row."""


class SegmentTable(QTableView):
    """Table view of a SegmentModel. It scrolls by rows, so that rows measured later do not shift the view."""

    def __init__(self, model: SegmentModel, keeper: ThemeKeeper, parent: QWidget) -> None:
        super().__init__(parent)
        named(self, "segment_table", label=_("Segments of the translation"))
        self.cells = SegmentCells(keeper, self)
        self.setItemDelegate(self.cells)
        self.setModel(model)
        self._segments = model
        self._timer = Delay(self, 0, self._on_fit, "fit_timer")
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.DoubleClicked | QAbstractItemView.EditTrigger.EditKeyPressed)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerItem)
        self.setShowGrid(False)
        self.setTabKeyNavigation(False)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)  # its place is kept
        rows, columns = self.verticalHeader(), self.horizontalHeader()
        rows.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        rows.setDefaultSectionSize(self.fontMetrics().lineSpacing() + 2 * PADDING)
        rows.setMinimumSectionSize(self.fontMetrics().lineSpacing() + theme.SPACE_8)
        rows.setHighlightSections(True)
        rows.setDefaultAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignTop)
        columns.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        columns.hide()
        self.verticalScrollBar().valueChanged.connect(self._timer.start_once)
        self._segments.dataChanged.connect(self._timer.start_once)
        self._segments.rowsInserted.connect(self._timer.start_once)
        self._segments.rowsRemoved.connect(self._timer.start_once)
        self._segments.modelReset.connect(self._timer.start_once)
        self.cells.closeEditor.connect(self._timer.start_once)

    def edit_row(self, row: int) -> None:
        index = self._segments.index(row, TARGET)
        if index.isValid():
            self.setCurrentIndex(index)
            self.scrollTo(index)
            self.edit(index)

    def _on_fit(self) -> None:
        """Measure the visible rows, except rows whose new height would move an open editor."""
        row, height = self.rowAt(0), self.viewport().height()
        edited = self.currentIndex().row() if self.cells.is_editing else -1
        if row < 0:
            return
        taken = 0
        while row < self._segments.rowCount() and taken < height:
            if self._segments.segment(row) is not None and row > edited:
                requested = max(self._height(self._segments.index(row, column)) for column in (SOURCE, TARGET))
                if requested != self.rowHeight(row):
                    self.setRowHeight(row, requested)
            else:
                self._segments.data(self._segments.index(row, SOURCE))  # requests the segment
            taken += self.rowHeight(row)
            row += 1

    def _height(self, index: QModelIndex) -> int:
        option = QStyleOptionViewItem()
        self.initViewItemOption(option)
        option.rect = QRect(0, 0, self.columnWidth(index.column()), 0)
        return self.cells.sizeHint(option, index).height()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        is_plain = event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier == Qt.KeyboardModifier.NoModifier
        is_enter = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and is_plain
        if (is_enter or event.key() == Qt.Key.Key_F2) and self.state() != QAbstractItemView.State.EditingState:
            self.edit_row(self.currentIndex().row())
            event.accept()
            return
        super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.verticalHeader().setFixedWidth(theme.scaled(INDEX_WIDTH))
        state = theme.scaled(STATE_WIDTH)
        words = self.viewport().width() - state
        for column, width in ((SOURCE, words // 2), (TARGET, words - words // 2), (STATE, state)):
            self.setColumnWidth(column, width)
        self._timer.start_once()


MOST_LINES = 12
"""Most lines of a cell. A longer text is shown whole in its editor."""
CHIP_SIZE = 0.82


class SegmentCells(QStyledItemDelegate):
    """Delegate that paints and edits source and translation.

    Enter saves the text, Escape discards it. Emits `approve_requested` when Ctrl+Enter found no change to save.
    """

    approve_requested = Signal()

    def __init__(self, keeper: ThemeKeeper, parent: QWidget) -> None:
        super().__init__(parent)
        self._keeper = keeper
        self.has_shading = False
        self.drafts: dict[int, str] = {}
        """Texts that could not be saved, by segment number. An editor of the segment begins with this text."""
        self.is_editing = False
        self.is_approving = False
        """Whether the text being saved is also to be approved."""

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
        edge = self._keeper.theme
        painter.fillRect(QRect(option.rect.bottomLeft(), QSize(option.rect.width(), 1)), edge.colour("line"))
        if index.column() == STATE:
            self._paint_sign(painter, option, segment)
            return
        colour = index.data(Qt.ItemDataRole.ForegroundRole) or option.palette.color(QPalette.ColorRole.Text)
        place = self._inside(option.rect)
        layout = self._laid_out(words, segment, index.column(), option, place.width())
        painter.save()
        painter.setClipRect(place)
        painter.setPen(colour)
        layout.draw(painter, QPointF(place.topLeft()))
        painter.restore()

    def _paint_sign(self, painter: QPainter, option: QStyleOptionViewItem, segment: SegmentRecord) -> None:
        if (sign := sign_of(segment)) is None:
            return
        size = theme.scaled()
        drawn = pixmap(
            sign[0], self._keeper.theme.colour(sign[1]), size=size, scale=painter.device().devicePixelRatioF()
        )
        left = option.rect.left() + (option.rect.width() - size) // 2
        painter.drawPixmap(left, option.rect.top() + PADDING, drawn)

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        segment = index.data(SEGMENT_ROLE)
        line = option.fontMetrics.lineSpacing()
        if not isinstance(segment, SegmentRecord):
            return QSize(option.rect.width(), line + 2 * PADDING)
        width = self._inside(option.rect).width()
        layout = self._laid_out(str(index.data() or ""), segment, index.column(), option, width)
        height = min(layout.boundingRect().height(), MOST_LINES * line)
        return QSize(option.rect.width(), round(max(height, line)) + 2 * PADDING)

    @staticmethod
    def _inside(rect: QRect) -> QRect:
        return rect.adjusted(theme.SPACE_8, PADDING, -theme.SPACE_8, -PADDING // 2)

    def _laid_out(
        self, words: str, segment: SegmentRecord, column: int, option: QStyleOptionViewItem, width: int
    ) -> QTextLayout:
        layout = QTextLayout(words.replace("\n", "\u2028"), option.font)
        wrap = QTextOption(Qt.AlignmentFlag.AlignLeading)
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
        tags, colours = Tags(segment.paired, segment.lone), self._keeper.theme
        if column == TARGET and self.has_shading:
            for begin, end, _least in segment.doubts:
                form = QTextCharFormat()
                form.setBackground(colours.colour("warn_soft"))
                form.setForeground(colours.colour("ink"))
                yield _range(words, begin, end, form)
        for begin, end in tag_spans(words, tags):
            yield _range(words, begin, end, chip_format(self._keeper, option.font.pointSizeF()))

    # ---- editing

    def createEditor(self, parent: QWidget, option: QStyleOptionViewItem, index: Index) -> QWidget:
        editor = named(QPlainTextEdit(parent), "segment_editor", label=_("The translation of this segment"))
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
        """Begin with a draft that could not be saved earlier, or the translation, or the source, which has the tags."""
        assert isinstance(editor, QPlainTextEdit)
        if editor.property("begun"):  # the row changed meanwhile: what is typed stays
            return
        segment = index.data(SEGMENT_ROLE)
        if isinstance(segment, SegmentRecord):
            editor.setPlainText(self.drafts.pop(segment.number, "") or segment.target or segment.source)
            editor.selectAll()
        editor.setProperty("begun", True)

    def setModelData(self, editor: QWidget, model: Any, index: Index) -> None:
        """Save the text. It becomes one line if the source is one line."""
        assert isinstance(editor, QPlainTextEdit)
        source, words = str(index.sibling(index.row(), SOURCE).data() or ""), editor.toPlainText()
        model.setData(index, words if "\n" in source else " ".join(words.split("\n")))

    def updateEditorGeometry(self, editor: QWidget, option: QStyleOptionViewItem, index: Index) -> None:
        rect = QRect(option.rect)
        rect.setHeight(max(rect.height(), 4 * option.fontMetrics.lineSpacing() + 2 * theme.SPACE_8))
        parent = editor.parentWidget()
        if parent is not None and rect.bottom() > parent.height():
            rect.moveBottom(max(rect.height(), parent.height()))
        editor.setGeometry(rect)

    def eventFilter(self, editor: QObject, event: QEvent) -> bool:
        """Handle keys: Enter saves, Shift+Enter breaks the line, Ctrl+Enter saves and approves."""
        keys = (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        if not isinstance(event, QKeyEvent) or event.key() not in keys or not isinstance(editor, QPlainTextEdit):
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
        if self.is_approving:  # no change was saved, because the text is the same
            self.is_approving = False
            self.approve_requested.emit()
        return True


class TagHighlighter(QSyntaxHighlighter):
    def __init__(self, keeper: ThemeKeeper, tags: Tags, document: QTextDocument) -> None:
        super().__init__(document)
        self._keeper, self._tags = keeper, tags

    def highlightBlock(self, text: str) -> None:
        form = chip_format(self._keeper, self.document().defaultFont().pointSizeF())
        for span in tag_spans(text, self._tags):
            begin, end = (utf16_at(text, place) for place in span)
            self.setFormat(begin, end - begin, form)


def chip_format(keeper: ThemeKeeper, points: float) -> QTextCharFormat:
    form = QTextCharFormat()
    form.setBackground(keeper.theme.colour("line"))
    form.setForeground(keeper.theme.colour("ink"))
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


def _range(words: str, begin: int, end: int, form: QTextCharFormat) -> QTextLayout.FormatRange:
    """Return the format of characters `begin` to `end`, in UTF-16 units as Qt counts."""
    part = QTextLayout.FormatRange()
    part.start, part.format = utf16_at(words, begin), form
    part.length = utf16_at(words, end) - part.start
    return part
