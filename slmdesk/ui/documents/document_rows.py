"""The rows of lists of documents, folders and found passages."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Generic, TypeVar

from PySide6.QtCore import (
    QAbstractItemModel,
    QAbstractListModel,
    QEvent,
    QItemSelectionModel,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    QRect,
    QRectF,
    QSize,
    Qt,
)
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from slmdesk.base.documents import Note
from slmdesk.base.records import DocumentRecord, DocumentStatus
from slmdesk.base.text.folding import fold
from slmdesk.base.texts import _
from slmdesk.base.types import counted_pages, page_sign
from slmdesk.documents.search import TextHit
from slmdesk.documents.types import (
    CollectionState,
    file_of,
    folder_of,
    folder_words,
    info_of,
    size_words,
)
from slmdesk.ui.documents.controller import STOPPED, is_unreadable
from slmdesk.ui.kit.base import theme
from slmdesk.ui.kit.base.theme import pixmap, scaled
from slmdesk.ui.kit.widgets.build import (
    cut_at_word,
    cut_in_middle,
    draw_box,
    draw_lines,
    named,
    paint_ground,
    plain_tip,
)

BOX_WIDTH = 36


class RowsView(QListView):
    """A list of rows. With several chosen, each row has a check box; a press on it, or Space, chooses one more."""

    has_boxes = False

    def __init__(self, parent: QWidget, name: str, title: str, model: QAbstractItemModel) -> None:
        super().__init__(parent)
        named(self, name, label=title)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setMouseTracking(True)
        self.setUniformItemSizes(True)
        self.setModel(model)
        self.setItemDelegate(DocumentPainter(self))

    def selectionCommand(
        self, index: QModelIndex | QPersistentModelIndex, event: QEvent | None = None
    ) -> QItemSelectionModel.SelectionFlag:
        is_space = isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Space
        if is_space or (isinstance(event, QMouseEvent) and self.is_on_box(event.position().toPoint())):
            return QItemSelectionModel.SelectionFlag.Toggle
        return super().selectionCommand(index, event)

    def is_on_box(self, place: QPoint) -> bool:
        return self.has_boxes and place.x() < scaled(BOX_WIDTH)


MAILS = ("eml", "msg")
"""Formats of mails."""
T = TypeVar("T")
READ = DocumentStatus.READ


ID_ROLE = int(Qt.ItemDataRole.UserRole)
LINE_ROLE = ID_ROLE + 1
SUBJECT_ROLE = ID_ROLE + 2
"""Subject of a mail, which is shown instead of its file's name."""
ICON_ROLE = ID_ROLE + 3


def line_of(record: DocumentRecord) -> str:
    info = info_of(record)
    if record.status is DocumentStatus.READING:
        return _("being read…")
    if record.status is DocumentStatus.FAILED:
        unread = _("paused") if record.error_code == STOPPED else _("could not be read")
        words = _("read in part, {counted}") if record.pages else unread
        return words.format(counted=counted_pages(record.pages, info.page_kind))
    if lost := info.counts.get(Note.PARTLY_DAMAGED, 0):
        return _("damaged, not read: {counted}").format(counted=counted_pages(lost, info.page_kind))
    return f"{size_words(info)}  ·  {record.format}"


def is_whole(record: DocumentRecord) -> bool:
    return record.status is READ and not info_of(record).counts.get(Note.PARTLY_DAMAGED)


def subject_of(record: DocumentRecord) -> str:
    info = info_of(record)
    return info.title if info.format in MAILS else ""


def below_of(record: DocumentRecord) -> str:
    """Return the second line of a row: how far a document was read, or who sent a mail."""
    if not is_whole(record):
        return line_of(record)
    sender = info_of(record).author
    return (sender.partition("<")[0].strip(' "') or sender or record.name) if subject_of(record) else ""


class RowsModel(QAbstractListModel, Generic[T]):
    def __init__(self, parent: QWidget, roles: Mapping[int, Callable[[T], object]]) -> None:
        super().__init__(parent)
        self._roles = roles
        self._rows: list[T] = []

    @property
    def shown(self) -> Sequence[T]:
        return self._rows

    def rowCount(self, parent: QModelIndex | QPersistentModelIndex = QModelIndex()) -> int:  # noqa: B008  Qt's own
        return 0 if parent.isValid() else len(self._rows)

    def data(self, index: QModelIndex | QPersistentModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not index.isValid() or index.row() >= len(self._rows) or role not in self._roles:
            return None
        return self._roles[role](self._rows[index.row()])

    def row_of(self, id: str) -> int:
        """Return the row of a document or folder, or -1 if it is not in the list."""
        return next((at for at, entry in enumerate(self._rows) if self._roles[ID_ROLE](entry) == id), -1)

    def show(self, rows: Sequence[T]) -> None:
        """Show these rows. If they are the same as before, the selection and the scroll position stay."""
        id_of = self._roles[ID_ROLE]
        if [id_of(entry) for entry in rows] == [id_of(entry) for entry in self._rows]:
            self._rows = list(rows)
            if rows:
                self.dataChanged.emit(self.index(0), self.index(len(rows) - 1))
            return
        self.beginResetModel()
        self._rows = list(rows)
        self.endResetModel()


class DocumentRows(RowsModel[DocumentRecord]):
    def __init__(self, parent: QWidget, *, by_name: bool = False) -> None:
        roles: dict[int, Callable[[DocumentRecord], object]] = {
            Qt.ItemDataRole.DisplayRole: lambda document: document.name,
            Qt.ItemDataRole.ToolTipRole: lambda document: plain_tip(f"{file_of(document)}\n{line_of(document)}"),
            Qt.ItemDataRole.AccessibleTextRole: lambda document: ", ".join(
                filter(None, (subject_of(document), document.name, line_of(document)))
            ),
            ID_ROLE: lambda document: document.id,
            LINE_ROLE: line_of if by_name else below_of,
            SUBJECT_ROLE: lambda document: "" if by_name else subject_of(document),
        }
        super().__init__(parent, roles)
        self._by_name = by_name
        self._all: list[DocumentRecord] = []
        self._words = ""
        self._folded: dict[str, str] = {}
        """Folded names and subjects of the documents. Folding thousands at each key press would be noticeable."""

    def show_records(self, records: Sequence[DocumentRecord]) -> None:
        for record in records:
            if record.name not in self._folded:
                self._folded[record.name] = fold(record.name)
        if self._by_name:
            self._all = sorted(records, key=lambda record: (self._folded[record.name], record.n))
        else:
            self._all = sorted(
                records, key=lambda record: (not is_unreadable(record), record.opened, record.n), reverse=True
            )
        self._filter()

    def filter_by(self, words: str) -> None:
        self._words = words
        self._filter()

    def sort_by_name(self, by_name: bool) -> None:
        self._by_name = by_name
        self.show_records(self._all)

    def has(self, document: str) -> bool:
        """Return whether a document is in the list, or would be without the filter."""
        return any(record.id == document for record in self._all)

    @property
    def total(self) -> int:
        """The number of documents, including documents that the filter hides."""
        return len(self._all)

    def _filter(self) -> None:
        words = fold(self._words).split()
        self.show([document for document in self._all if all(word in self._words_of(document) for word in words)])

    def _words_of(self, document: DocumentRecord) -> str:
        subject = subject_of(document)
        if subject and subject not in self._folded:
            self._folded[subject] = fold(subject)
        return f"{self._folded[document.name]} {self._folded.get(subject, '')}"


FOLDER_ROLES: Mapping[int, Callable[[CollectionState], object]] = {
    Qt.ItemDataRole.DisplayRole: lambda state: state.record.name,
    Qt.ItemDataRole.ToolTipRole: lambda state: plain_tip(str(folder_of(state.record))),
    Qt.ItemDataRole.AccessibleTextRole: lambda state: _("Folder {name}, {folder}").format(
        name=state.record.name, folder=folder_words(state)
    ),
    ID_ROLE: lambda state: state.record.id,
    LINE_ROLE: folder_words,
    ICON_ROLE: lambda _state: "folder-open",
}
HIT_ROLES: Mapping[int, Callable[[TextHit], object]] = {
    Qt.ItemDataRole.DisplayRole: lambda hit: f"{page_sign('page')} {hit.page}  \u00b7  {hit.name}",
    Qt.ItemDataRole.ToolTipRole: lambda hit: plain_tip(hit.words),
    Qt.ItemDataRole.AccessibleTextRole: lambda hit: _("{name}, page {page}: {words}").format(
        name=hit.name, page=hit.page, words=hit.words
    ),
    ID_ROLE: lambda hit: hit,
    LINE_ROLE: lambda hit: hit.words,
}


ROW_HEIGHT, TALL_ROW_HEIGHT = 32, 46


class DocumentPainter(QStyledItemDelegate):
    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        painter.save()
        is_chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        colours = theme.current()
        view = option.widget
        area = paint_ground(painter, option, is_chosen=is_chosen)
        size = scaled(15)
        sign = QRect(area.left() + scaled(10), area.top() + (area.height() - size) // 2, size, size)
        if isinstance(view, RowsView) and view.has_boxes:
            line = colours.colour("accent" if is_chosen else "edge")
            ground = colours.colour("sheet")
            tick = colours.colour("on_accent") if is_chosen else None
            scale = painter.device().devicePixelRatio()
            draw_box(painter, QRectF(sign), line=line, ground=ground, tick=tick, scale=scale)
        else:
            colour = colours.colour("soft_ink" if is_chosen else "ink2")
            painter.drawPixmap(sign.topLeft(), pixmap(str(index.data(ICON_ROLE) or "file-text"), colour, size=size))
        left = sign.right() + scaled(8)
        place = QRect(left, area.top(), area.right() - left - scaled(6), area.height())
        below = str(index.data(LINE_ROLE) or "")
        subject = str(index.data(SUBJECT_ROLE) or "")  # of a mail; else the name of the file is shown
        cut = partial(cut_at_word, least=0.8) if subject else cut_in_middle
        draw_lines(painter, option, place, subject or str(index.data()), below, is_chosen=is_chosen, cut=cut)
        painter.restore()

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        return QSize(80, scaled(TALL_ROW_HEIGHT if index.data(LINE_ROLE) else ROW_HEIGHT))
