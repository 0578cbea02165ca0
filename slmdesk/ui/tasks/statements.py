"""The list of the statements of a report, one below the other or on two pages side by
side: takes what is done to them.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from PySide6.QtCore import (
    QEvent,
    QModelIndex,
    QPointF,
    QRect,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import (
    QContextMenuEvent,
    QKeyEvent,
    QKeySequence,
    QMouseEvent,
    QResizeEvent,
)
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QListView,
    QMenu,
    QWidget,
)

from slmdesk.base.texts import _
from slmdesk.tasks.report import Statement
from slmdesk.ui.kit.base import theme
from slmdesk.ui.kit.base.theme import scaled
from slmdesk.ui.kit.widgets.build import named, passing
from slmdesk.ui.kit.widgets.requests import add_ways_to, request_translation
from slmdesk.ui.tasks.painting import APPROVE, Link, StatementPainter, box_of
from slmdesk.ui.tasks.rows import Index, Passes, ReportRows, RowKind

DIGITS = frozenset("123456789")
MANY, BATCH = 200, 50
"""Of more rows than this, so many are laid out at once. The others follow while the
first can be read.
"""


class StatementList(QListView):
    """Statements to read, to go to, to copy and to change. Arrows go from one to the
    next, Enter shows the source.
    """

    statement_chosen = Signal(object)
    statement_pointed_at = Signal(object)
    """Emitted with the statement under the mouse or the keys; None
    when there is none.
    """
    copy_requested = Signal(object)
    action_requested = Signal(object, str)
    unfold_requested = Signal(object)
    """Emitted with a folded section whose statements are not known yet."""
    approve_requested = Signal(object)
    current_changed = Signal(object)
    """Emitted with the statement that a person has come to. None: there is none."""
    edited = Signal(object, str)
    ticked = Signal(str, bool)

    def __init__(self, parent: QWidget, name: str, label: str) -> None:
        super().__init__(parent)
        named(self, name, label=label)
        self.rows = ReportRows(self)
        self.rows.edited.connect(self.edited)
        self.rows.ticked.connect(self.ticked)
        self.rows.outdated.connect(self.unfold_requested)
        self.rows.dataChanged.connect(lambda *_changed: self._stay_lit())
        self.lit: list[Statement] = []
        self.pointed: Statement | None = None
        self.opened: set[Statement] = set()
        """Those that were chosen: they are shown whole, however long."""
        self.drafts: dict[str, str] = {}
        """Texts that could not be kept, by the ids of their statements. An editor
        begins with them.
        """
        self.calendar_words = ""
        """What is said beside the title of what is due by a day. Empty: it goes into no
        calendar.
        """
        self.is_approving = False
        """Whether the text that is being kept is approved too."""
        self.is_by_key = False
        """Whether the keys were used last: then it is seen where they are."""
        self._is_showing = False
        self.setModel(self.rows)
        self.painter = StatementPainter(self)
        self.setItemDelegate(self.painter)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setResizeMode(self.ResizeMode.Adjust)
        self.setBatchSize(BATCH)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setEditTriggers(QAbstractItemView.EditTrigger.EditKeyPressed)
        self.setMouseTracking(True)
        self.setMinimumSize(scaled(200), scaled(80))
        self.entered.connect(
            lambda index: self.statement_pointed_at.emit(self.rows.statement_at(index))
        )

    def look_like(self, *, is_paired: bool = False, is_compact: bool = False) -> None:
        """Show two texts of each statement side by side, or what was changed in few
        words.
        """
        self.painter.is_paired, self.painter.is_compact = is_paired, is_compact
        self._lay_out_anew()

    def light(self, statements: Iterable[Statement]) -> None:
        """Light statements, and bring the first of them into sight."""
        given = set(statements)
        self.lit = [
            statement for statement in self.rows.statements if statement in given
        ]
        if self.lit:
            self.go_to(self.lit[0])
        self.viewport().update()

    def _stay_lit(self) -> None:
        """Light what was lit, though it says something else by now."""
        lit = {statement.id for statement in self.lit}
        self.lit = [
            statement
            for statement in self.rows.statements
            if statement in self.lit or statement.id in lit
        ]

    def point_at(self, statement: Statement | None) -> None:
        """Show that a person points at a statement elsewhere."""
        self.pointed = statement
        self.viewport().update()

    def go_to(self, statement: Statement) -> None:
        """Make a statement the current one without choosing it, and bring it into
        sight.
        """
        index = self.rows.index_of(statement)
        if not index.isValid():
            return
        self._is_showing = True
        if not self.visualRect(index).isValid():  # it has not been laid out yet
            self.doItemsLayout()
        self.setCurrentIndex(index)
        self._is_showing = False
        if not self.viewport().rect().contains(self.visualRect(index)):
            self.scrollTo(index, self.ScrollHint.PositionAtCenter)

    def stay_at(self, statement: Statement, row: int) -> None:
        """Keep the keys at a statement whose row may have been made anew, or where it
        is gone, at the next one. What is in sight stays.
        """
        index = self.rows.index_of_id(statement.id)
        if not index.isValid():
            index = self._next_to(row)
        if not statement.id or not index.isValid() or index == self.currentIndex():
            return
        self._is_showing = True
        self.setAutoScroll(False)
        self.setCurrentIndex(index)
        self.setAutoScroll(True)
        self._is_showing = False

    def _next_to(self, row: int) -> QModelIndex:
        """Return the statement in a row or below, else the last one above."""
        places = [
            at
            for at, known in enumerate(self.rows.rows)
            if known.kind is RowKind.STATEMENT
        ]
        below = [at for at in places if at >= row]
        return self.rows.index(next(iter([*below, *reversed(places)]), -1))

    @property
    def current(self) -> Statement | None:
        return self.rows.statement_at(self.currentIndex())

    def step(self, by: int, passes: Passes | None = None) -> Statement | None:
        """Go from what is lit, or else from where the keys are, to the next or previous
        statement, and from the last to the first. Return it. `passes`: which ones
        count.
        """
        places = [
            at
            for at, row in enumerate(self.rows.rows)
            if row.kind is RowKind.STATEMENT
            and (passes is None or passes(row.statement))
        ]
        if not places:
            return None
        here = -1
        if self.lit:
            here = self.rows.index_of(self.lit[0]).row()
        if here < 0 and passes is not None:
            here = self.currentIndex().row()
        if by < 0:
            places.reverse()
        after = [at for at in places if (at - here) * by > 0]
        found = self.rows.rows[(after or places)[0]].statement
        self.go_to(found)
        return found

    def choose(self, index: Index) -> None:
        """Do what a press on a row does: show where it stands, or fold and unfold."""
        row = self.rows.row_at(index)
        if row is None:
            return
        if row.kind is RowKind.FOLD and self.rows.is_unread(row):
            self.unfold_requested.emit(row.section)
        elif row.kind is RowKind.FOLD:
            row.drawn = None
            self.rows.fold(row.key, is_open=not self.rows.is_unfolded(row.key))
        elif row.kind is RowKind.STATEMENT:
            if row.most_words or row.most_lines:
                self.opened.add(row.statement)
                row.drawn = None
                self.scheduleDelayedItemsLayout()
            self.light([row.statement])
            self.statement_chosen.emit(row.statement)

    def tick(self, index: Index) -> None:
        """Choose a row, or all of a title, or do so no longer."""
        role = Qt.ItemDataRole.CheckStateRole
        is_ticked = index.data(role) == Qt.CheckState.Checked
        wanted = Qt.CheckState.Unchecked if is_ticked else Qt.CheckState.Checked
        self.rows.setData(index, wanted, role)

    def is_on_box(self, place: QPointF) -> bool:
        index = self.indexAt(place.toPoint())
        row = self.rows.row_at(index)
        if row is None or row.tick is None:
            return False
        around = box_of(row, self.visualRect(index))
        return place.x() <= around.right() + scaled(theme.SPACE_4)

    def link_at(self, place: QPointF) -> tuple[Statement, Link] | None:
        index = self.indexAt(place.toPoint())
        row = self.rows.row_at(index)
        if row is None:
            return None
        inside = place - QPointF(self.visualRect(index).topLeft())
        for link in self.painter.drawn(row).links:
            if link.place.contains(inside):
                return row.statement, link
        return None

    def place_of(self, statement: Statement, action: str) -> QRect:
        """Return the row of a statement, only as wide as the words of this action in
        it.
        """
        index = self.rows.index_of(statement)
        place = self.visualRect(index)
        for link in self.painter.drawn(self.rows.rows[index.row()]).links:
            if link.action == action:
                left, right = link.place.left(), link.place.right()
                place.setRight(place.left() + int(right))
                place.setLeft(place.left() + int(left))
        return place

    def _follow(self, statement: Statement, link: Link) -> None:
        if link.choice:
            self.edited.emit(statement, link.choice)
        else:
            self.action_requested.emit(statement, link.action)

    def currentChanged(self, current: Index, previous: Index) -> None:
        super().currentChanged(current, previous)
        self.current_changed.emit(self.rows.statement_at(current))
        if not self._is_showing:
            self.statement_pointed_at.emit(self.rows.statement_at(current))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.is_by_key = False
        super().mousePressEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        super().mouseReleaseEvent(event)
        if event.button() != Qt.MouseButton.LeftButton:
            return
        found = self.link_at(event.position())
        if self.is_on_box(event.position()):
            self.tick(self.indexAt(event.position().toPoint()))
        elif found is not None:
            self._follow(*found)
        else:
            self.choose(self.indexAt(event.position().toPoint()))

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        index = self.indexAt(event.position().toPoint())
        can_be_changed = bool(index.flags() & Qt.ItemFlag.ItemIsEditable)
        if can_be_changed and self.link_at(event.position()) is None:
            self.edit(index)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        super().mouseMoveEvent(event)
        row = self.rows.row_at(self.indexAt(event.position().toPoint()))
        self.viewport().unsetCursor()
        if row is not None and row.kind in (RowKind.STATEMENT, RowKind.FOLD):
            self.viewport().setCursor(Qt.CursorShape.PointingHandCursor)

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self.statement_pointed_at.emit(None)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        self.is_by_key = True
        is_editing = self.state() == QAbstractItemView.State.EditingState
        statement = self.current
        can_be_changed = bool(self.currentIndex().flags() & Qt.ItemFlag.ItemIsEditable)
        is_enter = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        if event.keyCombination() in APPROVE and can_be_changed:
            self.approve()
        elif (
            event.key() == Qt.Key.Key_Space
            and self.currentIndex().data(Qt.ItemDataRole.CheckStateRole) is not None
        ):
            self.tick(self.currentIndex())
        elif is_enter and can_be_changed and self.painter.is_paired and not is_editing:
            self.edit(self.currentIndex())
        elif (
            event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space)
            and not is_editing
        ):
            self.choose(self.currentIndex())
        elif event.matches(QKeySequence.StandardKey.Copy) and statement is not None:
            self.copy_requested.emit(statement)
        elif event.text() in DIGITS and statement is not None and not is_editing:
            self._take_by_number(statement, int(event.text()))
        else:
            super().keyPressEvent(event)

    def _take_by_number(self, statement: Statement, number: int) -> None:
        """Choose the action of a statement that has this number, from 1."""
        if statement.chosen is not None:
            for action in statement.actions[number - 1 : number]:
                self.action_requested.emit(statement, action)

    @property
    def _can_be_approved(self) -> bool:
        """Whether the texts are approved one by one: those beside another text."""
        return self.painter.is_paired and self.rows.report.is_editable

    def approve(self) -> None:
        """Approve where the keys are, or no longer."""
        statement = self.current
        if statement is not None and self._can_be_approved:
            self.approve_requested.emit(statement)

    def edit_again(self, id: str, text: str) -> None:
        """Go on with a text that could not be kept."""
        index = self.rows.index_of_id(id)
        if index.isValid():
            self.drafts[id] = text
            self.setCurrentIndex(index)
            self.edit(index)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        index, place = self.indexAt(event.pos()), event.globalPos()
        if event.reason() == QContextMenuEvent.Reason.Keyboard:
            index = self.currentIndex()
            place = self.viewport().mapToGlobal(self.visualRect(index).bottomLeft())
        statement = self.rows.statement_at(index)
        if statement is None:
            event.ignore()  # what lies around has a menu for all of it
            return
        self.menu_of(statement, index).popup(place)

    def menu_of(self, statement: Statement, index: Index) -> QMenu:
        menu = passing(QMenu(self), "statement_menu")
        if statement.sources or statement.other_sources:
            menu.addAction(_("Show source"), lambda: self.choose(index))
        copy = menu.addAction(
            _("Copy with source"), lambda: self.copy_requested.emit(statement)
        )
        copy.setShortcut(QKeySequence(QKeySequence.StandardKey.Copy))
        if index.flags() & Qt.ItemFlag.ItemIsEditable:
            menu.addAction(_("Edit"), lambda: self.edit(index))
        if self._can_be_approved:
            menu.addAction(_("Approve"), lambda: self.approve_requested.emit(statement))
        links = self.painter.drawn(self.rows.rows[index.row()]).links
        for number, link in enumerate(links, 1):
            words = link.choice or self.rows.action_words.get(link.action, link.action)
            taken = menu.addAction(words, partial(self._follow, statement, link))
            if link.is_held is not None:
                taken.setCheckable(True)
                taken.setChecked(link.is_held)
                taken.setShortcut(QKeySequence(str(number)))
        for action in statement.menu_actions:
            words = self.rows.action_words.get(action, action)
            menu.addAction(
                words, partial(self.action_requested.emit, statement, action)
            )
        menu.addAction(
            _("Translate"), lambda: request_translation(self, statement.text)
        )
        add_ways_to(menu, self, statement.text)
        return menu

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            # Qt would wait, and draw rows of the former height meanwhile
            self.scheduleDelayedItemsLayout()

    def doItemsLayout(self) -> None:
        """Lay out all rows, or if there are many, the first ones now and the others
        soon.
        """
        self.setLayoutMode(self.LayoutMode.SinglePass)
        if len(self.rows.rows) > MANY and not self._is_showing:
            self.setLayoutMode(self.LayoutMode.Batched)
        super().doItemsLayout()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (
            QEvent.Type.FontChange,
            QEvent.Type.StyleChange,
            QEvent.Type.PaletteChange,
        ):
            self._lay_out_anew()

    def _lay_out_anew(self) -> None:
        rows = getattr(
            self, "rows", None
        )  # Qt tells of the first font before there are rows
        if rows is not None:
            rows.redraw()
            self.scheduleDelayedItemsLayout()

    def sizeHint(self) -> QSize:
        """Return the smallest useful height: it scrolls, so that what is around it need
        not.
        """
        return QSize(super().sizeHint().width(), self.minimumHeight())
