"""The table of a translation's segments: its model, the editor in its rows, and the view."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import (
    QAbstractTableModel,
    QEvent,
    QItemSelectionModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QRect,
    Qt,
    Signal,
)
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QPlainTextEdit,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from slmdesk.base.texts import _
from slmdesk.base.translation import SegmentRecord, SegmentState, weighty
from slmdesk.tasks.translation.segments import in_order, is_to_check
from slmdesk.tasks.translation.types import (
    flag_words,
    reason_words,
    state_words,
)
from slmdesk.ui.kit.base import theme
from slmdesk.ui.kit.base.bridge import Delay
from slmdesk.ui.kit.base.theme import ThemeKeeper, icon
from slmdesk.ui.kit.widgets.build import (
    named,
    plain_tip,
)

SOURCE, TARGET, STATE = range(3)
COLUMNS = (_("Source"), _("Translation"), _("State"))
Index = QModelIndex | QPersistentModelIndex


class SegmentModel(QAbstractTableModel):
    """The segments of one translation. Their order stays as it was when they were listed, so that no row moves."""

    edited = Signal(int, str)

    def __init__(self, keeper: ThemeKeeper, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("segment_model")
        self._keeper = keeper
        self._known: dict[int, SegmentRecord] = {}
        self._numbers: list[int] = []
        self._rows: dict[int, int] = {}

    @property
    def segments(self) -> list[SegmentRecord]:
        return [self._known[number] for number in self._numbers]

    def clear(self) -> None:
        self._known.clear()
        self.show_segments(())

    def show_segments(self, segments: Sequence[SegmentRecord]) -> None:
        """Show these segments. One that has changed while they were read stays as it is known."""
        self.beginResetModel()
        for segment in segments:
            self._take(segment)
        listed = in_order(self._known[segment.number] for segment in segments)
        self._numbers = [segment.number for segment in listed]
        self._rows = {number: at for at, number in enumerate(self._numbers)}
        self.endResetModel()

    def change(self, segment: SegmentRecord) -> None:
        self._take(segment)
        at = self.row_of(segment.number)
        if at >= 0:
            self.dataChanged.emit(self.index(at, SOURCE), self.index(at, STATE))

    def _take(self, segment: SegmentRecord) -> None:
        known = self._known.get(segment.number)
        if known is None or known.revision <= segment.revision:
            self._known[segment.number] = segment

    def segment(self, row: int) -> SegmentRecord | None:
        if not 0 <= row < len(self._numbers):
            return None
        return self._known[self._numbers[row]]

    def row_of(self, number: int) -> int:
        return self._rows.get(number, -1)

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008  Qt's own default
        return 0 if parent.isValid() else len(self._numbers)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008  Qt's own default
        return 0 if parent.isValid() else len(COLUMNS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if role != Qt.ItemDataRole.DisplayRole:
            return None
        if orientation is Qt.Orientation.Horizontal:
            return COLUMNS[section]
        return str(self._numbers[section] + 1)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        segment, at = self._known[self._numbers[index.row()]], index.column()
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeading
        if role == Qt.ItemDataRole.ForegroundRole:
            is_quiet = at == SOURCE or segment.state is SegmentState.LEFT
            return self._keeper.theme.colour("ink2" if is_quiet else "ink")
        if at == STATE:
            return self._state(segment, role)
        if role not in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.EditRole):
            return None
        if at == SOURCE:
            return segment.source
        return segment.target

    def _state(self, segment: SegmentRecord, role: int) -> Any:
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return words_of_state(segment)
        if role == Qt.ItemDataRole.ToolTipRole:
            return plain_tip("\n".join((words_of_state(segment), *marks_of(segment))))
        sign = sign_of(segment)
        if role == Qt.ItemDataRole.DecorationRole and sign is not None:
            return icon(sign[0], self._keeper.theme.colour(sign[1]))
        return None

    def setData(self, index: Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        """Request a change of the words. They are shown once they are saved."""
        segment = self.segment(index.row())
        if segment is None or role != Qt.ItemDataRole.EditRole or str(value) == segment.target:
            return False
        self.edited.emit(segment.number, str(value))
        return True

    def flags(self, index: Index) -> Qt.ItemFlag:
        flags = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
        if index.column() == TARGET:
            flags |= Qt.ItemFlag.ItemIsEditable
        return flags


def words_of_state(segment: SegmentRecord) -> str:
    if segment.state is SegmentState.LEFT and segment.reason:
        return reason_words(segment.reason)
    return state_words(segment.state)


def marks_of(segment: SegmentRecord) -> list[str]:
    """Return in words why a segment is to check."""
    if not is_to_check(segment):
        return []
    marks = [flag_words(flag) for flag in weighty(segment.flags)]
    if segment.reason:
        marks.insert(0, reason_words(segment.reason))
    return marks


def sign_of(segment: SegmentRecord) -> tuple[str, str] | None:
    """Return the icon of a segment and its colour. None for a segment that is as most are."""
    if is_to_check(segment):
        return "triangle-alert", "warn"
    if segment.state is SegmentState.APPROVED:
        return "check", "accent"
    if segment.state is SegmentState.EDITED:
        return "pencil", "accent"
    return None


class SegmentEditor(QStyledItemDelegate):
    """Edits a translation in its row: Enter keeps the words, Escape leaves them, Ctrl+Enter keeps and approves."""

    approve_requested = Signal()
    """Emitted when words that did not change are to be approved."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.drafts: dict[int, str] = {}
        """Words that could not be saved, by segment. An editor of the segment begins with them."""
        self.is_approving = False
        """Whether the words that are being saved are approved too."""

    def createEditor(self, parent: QWidget, option: QStyleOptionViewItem, index: Index) -> QWidget:
        editor = named(QPlainTextEdit(parent), "segment_editor", label=_("The translation of this segment"))
        editor.setTabChangesFocus(True)
        return editor

    def setEditorData(self, editor: QWidget, index: Index) -> None:
        """Begin with the translation, or with the source, which has the tags."""
        assert isinstance(editor, QPlainTextEdit)
        model = index.model()
        assert isinstance(model, SegmentModel)
        segment = model.segment(index.row())
        if segment is None or editor.property("begun"):  # the row changed meanwhile: what is typed stays
            return
        editor.setPlainText(self.drafts.pop(segment.number, "") or segment.target or segment.source)
        editor.selectAll()
        editor.setProperty("begun", True)

    def setModelData(self, editor: QWidget, model: Any, index: Index) -> None:
        """Save the words. They become one line if the source is one line."""
        assert isinstance(editor, QPlainTextEdit)
        words = editor.toPlainText()
        if "\n" not in str(index.sibling(index.row(), SOURCE).data()):
            words = words.replace("\n", " ")
        model.setData(index, words)

    def updateEditorGeometry(self, editor: QWidget, option: QStyleOptionViewItem, index: Index) -> None:
        rect = QRect(option.rect)
        rect.setHeight(max(rect.height(), 4 * option.fontMetrics.lineSpacing() + theme.SPACE_16))
        below = editor.parentWidget()
        if below is not None and rect.bottom() > below.height():
            rect.moveBottom(max(rect.height(), below.height()))
        editor.setGeometry(rect)

    def eventFilter(self, editor: QObject, event: QEvent) -> bool:
        if not isinstance(event, QKeyEvent) or event.key() not in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            return super().eventFilter(editor, event)
        modifiers = event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        if modifiers == Qt.KeyboardModifier.ShiftModifier:  # a new line
            return False
        if event.type() == QEvent.Type.ShortcutOverride:  # no shortcut of the page gets the key
            event.accept()
            return True
        if event.type() != QEvent.Type.KeyPress or not isinstance(editor, QWidget):
            return False
        self.is_approving = modifiers == Qt.KeyboardModifier.ControlModifier
        self.commitData.emit(editor)
        self.closeEditor.emit(editor, QStyledItemDelegate.EndEditHint.NoHint)
        if self.is_approving:  # there was nothing to save
            self.is_approving = False
            self.approve_requested.emit()
        return True


INDEX_WIDTH, STATE_WIDTH = 44, 40
MOST_LINES = 12
"""Most lines of a row. Longer words are seen whole in the editor."""


class SegmentTable(QTableView):
    """The view of a SegmentModel. It scrolls by rows, so that rows measured later move nothing."""

    def __init__(self, model: SegmentModel, parent: QWidget) -> None:
        super().__init__(parent)
        named(self, "segment_table", label=_("Segments of the translation"))
        self.editor = SegmentEditor(self)
        self.setItemDelegate(self.editor)
        self.setModel(model)
        self._timer = Delay(self, 0, self._fit, "fit_timer")
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.DoubleClicked | QAbstractItemView.EditTrigger.EditKeyPressed)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerItem)
        self.setShowGrid(False)
        self.setTabKeyNavigation(False)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)  # its place is kept
        line = self.fontMetrics().lineSpacing()
        rows, columns = self.verticalHeader(), self.horizontalHeader()
        rows.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)  # measuring all takes seconds
        rows.setDefaultSectionSize(line + theme.SPACE_16)
        rows.setMaximumSectionSize(MOST_LINES * line)
        rows.setDefaultAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignTop)
        columns.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        columns.hide()
        self.verticalScrollBar().valueChanged.connect(self._timer.start_once)
        model.dataChanged.connect(self._timer.start_once)
        model.modelReset.connect(self._timer.start_once)
        self.editor.closeEditor.connect(self._timer.start_once)

    @property
    def is_editing(self) -> bool:
        return self.state() == QAbstractItemView.State.EditingState

    def go_to(self, row: int) -> None:
        """Choose a row alone, whatever keys are held."""
        index = self.model().index(row, TARGET)
        if index.isValid():
            flags = QItemSelectionModel.SelectionFlag.ClearAndSelect | QItemSelectionModel.SelectionFlag.Rows
            self.selectionModel().setCurrentIndex(index, flags)
            self.scrollTo(index)

    def edit_row(self, row: int) -> None:
        self.go_to(row)
        self.edit(self.currentIndex())

    def _fit(self) -> None:
        """Give the rows in view the height of their words, unless that would move an open editor."""
        at = self.rowAt(0)
        while not self.is_editing and 0 <= at < self.model().rowCount():
            if self.rowViewportPosition(at) > self.viewport().height():
                break
            self.resizeRowToContents(at)
            at += 1

    def keyPressEvent(self, event: QKeyEvent) -> None:
        is_plain = event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier == Qt.KeyboardModifier.NoModifier
        is_edit = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_F2)
        if is_edit and is_plain and not self.is_editing:
            self.edit_row(self.currentIndex().row())
        else:
            super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.verticalHeader().setFixedWidth(theme.scaled(INDEX_WIDTH))
        state = theme.scaled(STATE_WIDTH)
        words = self.viewport().width() - state
        self.setColumnWidth(SOURCE, words // 2)
        self.setColumnWidth(TARGET, words - words // 2)
        self.setColumnWidth(STATE, state)
        self._timer.start_once()
