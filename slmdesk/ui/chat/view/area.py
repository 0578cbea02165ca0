"""The complete conversation view, with mouse, keyboard, selection, actions and search."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any, TypeAlias

from PySide6.QtCore import QObject, QPoint, QRect, Qt, Signal, SignalInstance
from PySide6.QtGui import (
    QAccessible,
    QAccessibleAnnouncementEvent,
    QAccessibleEvent,
    QAccessibleInterface,
    QAccessibleObject,
    QColor,
    QContextMenuEvent,
    QFocusEvent,
    QKeyEvent,
    QKeySequence,
    QMouseEvent,
    QTextCursor,
    QTextDocument,
)
from PySide6.QtWidgets import QAccessibleWidget, QApplication, QTextEdit, QToolButton, QWidget

from slmdesk.base.record import Record
from slmdesk.base.records import Status
from slmdesk.base.texts import _
from slmdesk.ui.chat.view.message import (
    AGAIN,
    DELETIONS,
    MENU,
    OTHER_MODEL,
    REWRITES,
    VERSION_STEPS,
    MessageView,
    MessageWidget,
)  # fmt: skip
from slmdesk.ui.chat.view.scroll import EDGE, WHOLE, MessageArea, Row
from slmdesk.ui.chat.view.selection import Entry, SelectableArea, plain_text_of, show_menu
from slmdesk.ui.kit.base.clipboard import copy_text
from slmdesk.ui.kit.markdown.builder import COPY_CODE, SAVE_CODE, SHOW_ALL_ROWS
from slmdesk.ui.kit.markdown.message import MessageText
from slmdesk.ui.kit.markdown.selected import FORMULA_SOURCE, ViewStyle
from slmdesk.ui.kit.widgets.opening import judge_link
from slmdesk.ui.kit.widgets.requests import (
    READ_ALOUD,
    can_read,
    request_nameless,
    request_reading,
    request_translation,
    request_writing,
)

_KEYBOARD_REASONS = (
    Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason,
    Qt.FocusReason.ShortcutFocusReason, Qt.FocusReason.OtherFocusReason,
)  # fmt: skip


class ConversationView(SelectableArea):
    """The conversation view. Its request signals carry a message's id. `link_activated` carries an http or https
    address; the receiver asks whether to open it.
    """

    try_again_requested = Signal(str)
    continue_requested = Signal(str)
    menu_chosen = Signal(str, str)
    """Emitted with a message's id and a key of MENU, REWRITES or DELETIONS, or OTHER_MODEL followed by a model's id."""
    extra_requested = Signal(str, str)
    extra_pointed = Signal(str, str)
    version_requested = Signal(str, int)
    """Emitted with a message's id and the number of versions to go forward or back. Call `show_flipped` afterwards."""
    link_activated = Signal(str)
    question_edited = Signal(str, str)
    clicked_away = Signal()
    """Emitted when an action that changes the messages was clicked, so that the keyboard focus can leave the view."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("conversation")
        self._by_keyboard = False
        self._finder = Finder(self)
        self._nodes: list[MessageNode] = []
        self._flip = ("", 0, False)
        self.models: Sequence[tuple[str, str]] = ()
        self.setAccessibleName(_("Conversation"))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        QAccessible.installFactory(_make)  # calls after the first have no effect
        QApplication.instance().focusChanged.connect(self._on_focus_changed)  # type: ignore[union-attr]

    # what is shown -------------------------------------------------------------------------------------------------

    def show_conversation(self, messages: Sequence[MessageView]) -> None:
        self._selecting.end()
        self.current = -1
        super().show_conversation(messages)

    def add_before(self, messages: Sequence[MessageView]) -> None:
        """Add older messages before the present ones. The visible text stays in place. If everything was selected, the
        new messages are selected too.
        """
        self._selecting.shift(len(messages))
        if self.current >= 0:
            self.current += len(messages)
        is_all = len(self.rows) > 0 and self.rows[0].selection == self.rows[len(self.rows) - 1].selection == WHOLE
        super().add_before(messages)
        if is_all:
            self.select_all()

    def update_message(self, message: MessageView) -> None:
        """Update a message, and announce to screen readers when it has ended. Raises KeyError for an unknown id."""
        row = self.rows[self._index(message.id)]
        was_growing = row.view.is_growing
        super().update_message(message)
        if was_growing and not message.is_growing:
            announce(self, message)

    def remove_after(self, message_id: str) -> None:
        self._selecting.end()
        self.current = min(self.current, self._index(message_id))
        super().remove_after(message_id)

    def show_flipped(self, message_id: str) -> None:
        """Show the requested version, with its buttons and the focus where those of the previous version were."""
        key, bottom, is_at_button = self._flip
        index = self._index(message_id)
        self._go_to(index, self._measured(index) - bottom)
        self.current = index
        self._show_current()
        focus_moved(self, index)
        widget = self.rows[index].widget
        if is_at_button and self.hasFocus() and widget is not None:
            widget.focus_version(key)

    def focus_message(self, message_id: str) -> None:
        """Make a message current, if this view has the focus."""
        if self.window().focusWidget() is self:  # it has it again when a menu has closed
            self.set_current(self._index(message_id))

    def find(self, words: str) -> tuple[Hit, ...]:  # type: ignore[override]  # QWidget.find is static, for handles
        """Highlight the words and return the messages that contain them. An empty text removes the highlights."""
        return self._finder.find(words, self._style)

    def find_again(self) -> tuple[Hit, ...]:
        """Search again and return the messages that contain the words now. The current hit stays current."""
        return self._finder.renew(self._style)

    def show_hit(self, message_id: str, number: int) -> None:
        """Scroll to hit number `number` of a message and highlight it. Does nothing if the message is gone."""
        index = self.rows.index_of(message_id)
        if index is not None:
            self._unfold(index)
            self._finder.show_hit(self.rows[index], number, self._style)

    def edit_question(self, message_id: str, text: str) -> None:
        """Let a person edit a question in its place. Emits `question_edited` if it was changed."""
        row = self.rows[self._index(message_id)]
        if row.widget is None:
            self.scroll_to(message_id)
        if row.widget is not None:
            row.widget.edit(text)

    # the keyboard --------------------------------------------------------------------------------------------------

    def set_current(self, index: int) -> None:
        if not len(self.rows):
            return
        index = min(max(index, 0), len(self.rows) - 1)
        self.current, self._by_keyboard = index, True
        self._scroll_into_view(index)
        self._show_current()
        focus_moved(self, index)

    def enter_text(self, index: int) -> None:
        self.set_current(index)
        self._unfold(index)
        widget = self.rows[index].widget
        if widget is not None:
            widget.text.has_caret = True
            widget.text.setFocus(Qt.FocusReason.OtherFocusReason)

    def node(self, index: int) -> MessageNode:
        while len(self._nodes) <= index:
            self._nodes.append(MessageNode(self, len(self._nodes)))
        return self._nodes[index]

    # handlers ------------------------------------------------------------------------------------------------------

    def _on_focus_changed(self, before: QWidget | None, now: QWidget | None) -> None:
        for index, _row, widget in self.live_rows:
            if now is not None and widget.isAncestorOf(now):
                self.current = index
            if any(thing is not None and widget.isAncestorOf(thing) for thing in (before, now)):
                widget.show_actions()
        self._show_current()

    def _on_pressed(self, message_id: str) -> None:
        self._selecting.begin(self._index(message_id))

    def _on_action(self, message_id: str, key: str) -> None:
        row = self.rows[self._index(message_id)]
        is_writing = key in (AGAIN, "continue", *VERSION_STEPS, *REWRITES) or key.startswith(OTHER_MODEL)
        if is_writing and not (row.widget and row.widget.has_focused_button):
            self.clicked_away.emit()
        do = self._own_actions.get(key)
        if do is not None:
            do(row.view, key)
            return
        self._keep_keyboard(message_id)
        requested = self._request_signals.get(key)
        if requested is not None:
            requested.emit(message_id)
        else:
            self.menu_chosen.emit(message_id, key)

    @property
    def _own_actions(self) -> dict[str, Callable[[MessageView, str], object]]:
        return {
            "copy": lambda view, _key: self.copy_message(view.id),
            "translate": lambda view, _key: request_translation(self, self.selected_text() or view.text),
            "write": lambda view, _key: request_writing(self, self.selected_text() or view.text),
            "nameless": lambda view, _key: request_nameless(self, self.selected_text() or view.text),
            "try_again": lambda view, key: self._open_under(view.id, key, self._ways_again(view)),
            "more": lambda view, key: self._open_under(view.id, key, self._entries_of(view)),
            **dict.fromkeys(VERSION_STEPS, lambda view, key: self._flip_from(view.id, key)),
        }

    @property
    def _request_signals(self) -> dict[str, SignalInstance]:
        return {AGAIN: self.try_again_requested, "continue": self.continue_requested}

    def _open_under(self, message_id: str, key: str, entries: Sequence[Entry]) -> None:
        """Open a menu under a button of a message. A single entry is run at once."""
        widget = self.rows[self._index(message_id)].widget
        button = widget.findChild(QToolButton, f"action_{key}") if widget is not None else None
        if len(entries) == 1 and callable(entries[0].do):
            entries[0].do()
        elif button is not None:
            show_menu(self, button.mapToGlobal(button.rect().bottomLeft()), entries)

    def _on_fold(self, message_id: str) -> None:
        index = self._index(message_id)
        self._fold(index, is_unfolded=not self.rows[index].is_unfolded)

    def _unfold(self, index: int) -> None:
        """Show all of a long question, because something in its hidden part is looked at."""
        row = self.rows[index]
        if row.widget is None:
            row.is_unfolded = True
        elif row.widget.is_folded:
            self._fold(index, is_unfolded=True)

    def _fold(self, index: int, *, is_unfolded: bool) -> None:
        row = self.rows[index]
        row.is_unfolded = is_unfolded
        if row.widget is not None:
            row.widget.is_unfolded = is_unfolded
            self._on_widget_reshaped(row.view.id)

    def _on_widget_reshaped(self, message_id: str) -> None:
        self._leave_end()  # what is above keeps its place
        self._measure_again(self._index(message_id))
        self.relay()

    def _on_edit_ended(self, message_id: str, text: str) -> None:
        self.clicked_away.emit()
        if text:
            self.question_edited.emit(message_id, text)

    def _flip_from(self, message_id: str, key: str) -> None:
        index = self._index(message_id)
        row, step = self.rows[index], VERSION_STEPS[key]
        top = self.top_of(index)
        if 1 <= row.view.version + step <= row.view.versions and top is not None:
            self._flip = (key, top + row.height, not self.hasFocus())
            self.version_requested.emit(message_id, step)

    def _keep_keyboard(self, message_id: str) -> None:
        """Keep the focus in the view when a button that was pressed by a key is removed."""
        widget = self.rows[self._index(message_id)].widget
        if widget is not None and widget.has_focused_button:
            self.setFocus(Qt.FocusReason.MouseFocusReason)
            self.current = self._index(message_id)

    def _on_anchor(self, message_id: str, address: str) -> None:
        index = self._index(message_id)
        row = self.rows[index]
        if row.widget is None:
            return
        if address.startswith(COPY_CODE):
            self._copy_code(message_id, int(address.removeprefix(COPY_CODE)))
        elif address.startswith(SAVE_CODE):
            self._save_code(message_id, int(address.removeprefix(SAVE_CODE)))
        elif address == SHOW_ALL_ROWS:
            self._leave_end()  # the reader looks at the table, not below it
            row.has_more = row.widget.writer.show_all_rows(row.view.text)
            self._measure_again(index)
            self.relay()
        elif judge_link(address).openable:
            self.link_activated.emit(address)

    def _on_menu(self, message_id: str, place: QPoint, address: str) -> None:
        """Open the menu of a place in a text. Its first entries act on the selection, or else on the message."""
        row = self.rows[self._index(message_id)]
        copy = self.copy_selection if self.selected_text() else partial(self._on_action, message_id, "copy")
        entries = [Entry(_("Copy"), copy, "Ctrl+C", "copy"), Entry(_("Select all"), self.select_all, "Ctrl+A")]
        entries[1:1] = [self._entry(row.view, key) for key in ("translate", "write", "nameless")]
        if can_read():
            read = partial(self._read_aloud, row.view)
            entries.insert(3, Entry(READ_ALOUD, read, icon="volume-2"))
        if judge_link(address).openable:
            entries.append(Entry(_("Copy link address"), lambda: copy_text(address)))
        if row.widget is not None:
            entries += self._parts_at(row.widget, message_id)
        if rest := self._entries_of(row.view):
            entries += [Entry(), Entry(_("Message"), rest)]
        show_menu(self, place, entries)

    def _read_aloud(self, view: MessageView) -> None:
        request_reading(self, self.selected_text() or plain_text_of(view, self._style, self._parser))

    def _entry(self, view: MessageView, key: str) -> Entry:
        name, words = MENU[key]
        return Entry(words, partial(self._on_action, view.id, key), icon=name)

    def _entries_of(self, view: MessageView) -> list[Entry]:
        """Return the entries behind the button *More*: nine at most."""
        is_last = self._index(view.id) == len(self.rows) - 1
        shown = view.actions | ({"write", "copy_as"} if "copy" in view.actions else set())
        if view.role == "user":
            shown -= {"edit"}  # it has a button
        entries = []
        for key in MENU:
            if key not in shown:
                continue
            entry = self._entry(view, key)
            if key == "copy_as":
                entry = entry._replace(do=[*self._copies_of(view.id), self._entry(view, "nameless")])
            elif key == "delete" and not is_last:
                do = [Entry(words, partial(self._on_action, view.id, each)) for each, words in DELETIONS.items()]
                entry = entry._replace(do=do)
            entries += [Entry(), entry] if key == "details" else [entry]
        return entries

    def _ways_again(self, view: MessageView) -> list[Entry]:
        entries = [Entry(_("Again"), partial(self._on_action, view.id, AGAIN), icon="refresh-cw")]
        entries += [Entry(words, partial(self._on_action, view.id, key)) for key, words in REWRITES.items()
                    if key in view.actions]  # fmt: skip
        if len(self.models) > 1:
            models = [Entry(name, partial(self._on_action, view.id, OTHER_MODEL + id)) for id, name in self.models]
            entries += [Entry(), Entry(_("Other model"), models)]
        return entries

    def _on_caret_moved(self, widget: MessageWidget) -> None:
        rect = widget.text.cursorRect()
        place = widget.text.viewport().mapTo(self.viewport(), rect.topLeft())
        if place.y() < EDGE:
            self.scroll_by(place.y() - EDGE)
        elif place.y() + rect.height() > self.viewport().height() - EDGE:
            self.scroll_by(place.y() + rect.height() - self.viewport().height() + EDGE)

    # hooks of the ground -------------------------------------------------------------------------------------------

    def _widget_made(self, index: int, row: Row, widget: MessageWidget) -> None:
        message_id, text = row.view.id, widget.text
        widget.action_chosen.connect(partial(self._on_action, message_id))
        widget.extra_chosen.connect(partial(self.extra_requested.emit, message_id))
        widget.extras.pointed.connect(partial(self.extra_pointed.emit, message_id))
        widget.fold_chosen.connect(partial(self._on_fold, message_id))
        widget.reshaped.connect(partial(self._on_widget_reshaped, message_id))
        widget.edit_ended.connect(partial(self._on_edit_ended, message_id))
        widget.set_current(self.hasFocus() and self._by_keyboard and index == self.current)
        text.anchor_chosen.connect(partial(self._on_anchor, message_id))
        text.menu_requested.connect(partial(self._on_menu, message_id))
        text.pressed.connect(partial(self._on_pressed, message_id))
        text.dragged.connect(self._selecting.drag_to)
        text.released.connect(self._selecting.end)
        text.copy_requested.connect(self.copy_selection)
        text.all_requested.connect(self.select_all)
        text.left.connect(partial(self.setFocus, Qt.FocusReason.ShortcutFocusReason))
        text.caret_moved.connect(partial(self._on_caret_moved, widget))
        self._widget_grown(row)

    def _widget_grown(self, row: Row) -> None:
        super()._widget_grown(row)
        if row.widget is not None:
            self._finder.mark(row, row.widget, self._style)

    # Qt's own ------------------------------------------------------------------------------------------------------

    def keyPressEvent(self, event: QKeyEvent) -> None:
        page = self.viewport().height() - 40
        moves: dict[int, Callable[[], None]] = {
            Qt.Key.Key_Down: partial(self._step, 1),
            Qt.Key.Key_Up: partial(self._step, -1),
            Qt.Key.Key_Home: partial(self.set_current, 0),
            Qt.Key.Key_End: self._go_to_last,
            Qt.Key.Key_PageDown: partial(self._turn_page, page),
            Qt.Key.Key_PageUp: partial(self._turn_page, -page),
            Qt.Key.Key_Left: partial(self._flip_current, "previous_version"),
            Qt.Key.Key_Right: partial(self._flip_current, "next_version"),
            Qt.Key.Key_Return: self._enter_current,
            Qt.Key.Key_Enter: self._enter_current,
        }
        self._by_keyboard = True
        self._settle_current()
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copy_selection()
        elif event.matches(QKeySequence.StandardKey.SelectAll):
            self.select_all()
        elif event.key() in moves and len(self.rows):
            moves[event.key()]()
        else:
            event.ignore()  # the page handles Escape and letters

    def focusNextPrevChild(self, forward: bool) -> bool:
        """Move the focus with Tab from the view into the current message, through its text and actions, and out."""
        self._settle_current()
        chain: list[QWidget] = [self]
        widget = self.rows[self.current].widget if 0 <= self.current < len(self.rows) else None
        if widget is not None:
            chain += [widget.text, *widget.buttons]
        now = self.window().focusWidget()
        at = next((i for i, thing in enumerate(chain) if thing is now), -1)
        if at < 0:  # a control of the empty widget: Qt knows its place
            return super().focusNextPrevChild(forward)
        following = at + (1 if forward else -1)
        if 0 <= following < len(chain):
            thing = chain[following]
            if widget is not None and thing is widget.text:
                widget.text.has_caret = True
            thing.setFocus(Qt.FocusReason.TabFocusReason if forward else Qt.FocusReason.BacktabFocusReason)
            return True
        self.setFocus(Qt.FocusReason.OtherFocusReason)  # from here Qt knows what comes before and behind
        return super().focusNextPrevChild(forward)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Show the current message. If there is none, the lowest visible message becomes current."""
        super().focusInEvent(event)
        self._by_keyboard = event.reason() in _KEYBOARD_REASONS
        self._settle_current()
        self._show_current()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self._show_current()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._selecting.clear()
        super().mousePressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        if 0 <= self.current < len(self.rows) and (entries := self._entries_of(self.rows[self.current].view)):
            show_menu(self, event.globalPos(), entries)

    # private -------------------------------------------------------------------------------------------------------

    def _settle_current(self) -> None:
        if len(self.rows) and not 0 <= self.current < len(self.rows):
            self.current = self.row_at(self.viewport().height() - EDGE)

    def _step(self, way: int) -> None:
        """Go to the next message (`way` 1) or previous (-1). One higher than the viewport is scrolled through first."""
        index = self.current
        top = self.top_of(index) if 0 <= index < len(self.rows) else None
        if top is not None:
            beyond = top + self.rows[index].height - self.viewport().height() if way > 0 else -top
            if beyond > EDGE:
                self.scroll_by(way * min(beyond, round(self._style.line_height * 3)))
                return
        self.set_current(index + way)

    def _turn_page(self, distance: int) -> None:
        self.scroll_by(distance)
        self.current = self.row_at(EDGE if distance < 0 else self.viewport().height() - EDGE)
        self._show_current()

    def _go_to_last(self) -> None:
        self.set_current(len(self.rows) - 1)
        self.scroll_to_end()  # last: a message higher than the view is shown by its end

    def _enter_current(self) -> None:
        if 0 <= self.current < len(self.rows):
            self.enter_text(self.current)

    def _flip_current(self, key: str) -> None:
        if 0 <= self.current < len(self.rows):
            self._flip_from(self.rows[self.current].view.id, key)

    def _scroll_into_view(self, index: int) -> None:
        top = self.top_of(index)
        height, space = self.rows[index].height, self.viewport().height()
        if top is None:
            self._go_to(index, -EDGE)
        elif top < 0 and top + height < space:
            self.scroll_by(top - EDGE)
        elif top + height > space and top > EDGE:
            if index == len(self.rows) - 1 and height <= space:
                self.scroll_to_end()
            else:
                self.scroll_by(min(top + height - space + EDGE, top - EDGE))

    def _show_current(self) -> None:
        here = self.hasFocus() and self._by_keyboard
        for index, _row, widget in self.live_rows:
            inside = widget.text.hasFocus() and widget.text.has_caret
            widget.set_current(index == self.current and (here or inside))


Interface: TypeAlias = Any
"""A QAccessibleInterface or None. PySide's type stubs do not mention None."""

_ENDED = {
    Status.COMPLETE: _("Answer complete."),
    Status.CANCELLED: _("Answer stopped."),
    Status.FAILED: _("Answer failed."),
    Status.INTERRUPTED: _("Answer interrupted."),
}


class MessageNode(QObject):
    """Represents a message in the accessibility tree, visible or not, as long as the view exists.

    It is a QObject of its own, because Qt drops an interface when its object is deleted. An interface without an object
    would stay and crash when the view is deleted (tests/chat/window/view/test_accessible.py).
    """

    def __init__(self, view: ConversationView, index: int) -> None:
        super().__init__(view, objectName=f"message_node_{index}")
        self.view = view
        self.index = index

    @property
    def is_here(self) -> bool:
        return self.index < len(self.view.rows)


class ConversationAccessible(QAccessibleWidget):
    """What a screen reader gets: a list of all messages."""

    def __init__(self, view: ConversationView) -> None:
        super().__init__(view, QAccessible.Role.List, _("Conversation"))
        self._view = view

    def childCount(self) -> int:
        return len(self._view.rows)

    def child(self, index: int) -> Interface:
        if not 0 <= index < len(self._view.rows):
            return None
        return QAccessible.queryAccessibleInterface(self._view.node(index))

    def indexOfChild(self, child: QAccessibleInterface) -> int:
        thing = child.object()
        return thing.index if isinstance(thing, MessageNode) else -1

    def childAt(self, x: int, y: int) -> Interface:
        place = self._view.viewport().mapFromGlobal(QPoint(x, y))
        return self.child(self._view.row_at(place.y())) if len(self._view.rows) else None

    def focusChild(self) -> Interface:
        return self.child(self._view.current)


class MessageAccessible(QAccessibleObject):
    def __init__(self, node: MessageNode) -> None:
        super().__init__(node)
        self._node = node

    def isValid(self) -> bool:
        return self._node.is_here

    def parent(self) -> Interface:
        return QAccessible.queryAccessibleInterface(self._node.view)

    def role(self) -> QAccessible.Role:
        return QAccessible.Role.ListItem

    def childCount(self) -> int:
        return len(self._parts())

    def child(self, index: int) -> Interface:
        """Return a child of the message: the text first, then the actions."""
        parts = self._parts()
        return QAccessible.queryAccessibleInterface(parts[index]) if 0 <= index < len(parts) else None

    def indexOfChild(self, child: QAccessibleInterface) -> int:
        thing = child.object()
        return next((i for i, part in enumerate(self._parts()) if part is thing), -1)

    def rect(self) -> QRect:
        view = self._node.view
        if not self._node.is_here or view.top_of(self._node.index) is None:
            return QRect()
        widget = view.rows[self._node.index].widget
        return QRect(widget.mapToGlobal(QPoint(0, 0)), widget.size()) if widget is not None else QRect()

    def text(self, kind: QAccessible.Text) -> str:
        if not self._node.is_here:
            return ""
        message = self._node.view.rows[self._node.index].view
        if kind == QAccessible.Text.Name:
            return ": ".join(part for part in (message.label, message.text, message.note) if part)
        if kind != QAccessible.Text.Description:
            return ""
        version = (
            _("Version {version_words}").format(version_words=message.version_words) if message.version_words else ""
        )
        return ". ".join(part for part in (version, message.details) if part)

    def state(self) -> QAccessible.State:
        made = QAccessible.State()
        made.focusable = True
        view = self._node.view
        if self._node.is_here:
            made.focused = view.hasFocus() and view.current == self._node.index
            made.offscreen = view.top_of(self._node.index) is None
        return made

    def foregroundColor(self) -> QColor:
        return QColor()

    def _parts(self) -> list[QWidget]:
        if not self._node.is_here:
            return []
        widget = self._node.view.rows[self._node.index].widget
        return [] if widget is None else [widget.text, *widget.buttons]


def _make(_name: str, thing: QObject) -> Interface:
    if isinstance(thing, ConversationView):
        return ConversationAccessible(thing)
    return MessageAccessible(thing) if isinstance(thing, MessageNode) else None


def focus_moved(view: ConversationView, index: int) -> None:
    if QAccessible.isActive():
        event = QAccessibleEvent(view, QAccessible.Event.Focus)
        event.setChild(index)
        QAccessible.updateAccessibility(event)


def announce(view: ConversationView, message: MessageView) -> None:
    """Announce an answer once when it has ended, instead of every piece of text as it arrives."""
    if QAccessible.isActive():
        words = " ".join(part for part in (_ENDED.get(message.status, ""), message.note, message.text) if part)
        QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(view, words))


MOST_MARKS = 2000
"""Most highlights in one message."""


class Hit(Record):
    id: str
    count: int


class Finder:
    def __init__(self, area: MessageArea) -> None:
        self._area = area
        self._words = ""
        self._gone_to = ("", 0)

    def find(self, words: str, style: ViewStyle) -> tuple[Hit, ...]:
        self._words, self._gone_to = words, ("", 0)
        self._mark_all(style)
        return find_in((row.view for row in self._area.rows), words)

    def renew(self, style: ViewStyle) -> tuple[Hit, ...]:
        self._mark_all(style)
        return find_in((row.view for row in self._area.rows), self._words)

    def show_hit(self, row: Row, number: int, style: ViewStyle) -> None:
        area = self._area
        area.scroll_to(row.view.id)
        self._gone_to = (row.view.id, number)
        self._mark_all(style)
        if row.widget is None:
            return
        text = row.widget.text
        shown = text.extraSelections()
        if not shown:
            return
        rect = text.cursorRect(shown[min(number, len(shown) - 1)].cursor)
        y = text.viewport().mapTo(area.viewport(), rect.center()).y()
        if not EDGE <= y <= area.viewport().height() - EDGE:
            area.scroll_by(y - area.viewport().height() // 2)

    def mark(self, row: Row, widget: MessageWidget, style: ViewStyle) -> None:
        message, number = self._gone_to
        mark(widget.text, self._words, style, number if message == row.view.id else -1)

    def _mark_all(self, style: ViewStyle) -> None:
        for _index, row, widget in self._area.live_rows:
            self.mark(row, widget, style)


def find_in(messages: Iterable[MessageView], words: str) -> tuple[Hit, ...]:
    """Return the messages that contain the words, in order. Case is ignored."""
    if not words.strip():
        return ()
    pattern = _pattern(words)
    counted = ((view.id, sum(1 for __ in pattern.finditer(view.text))) for view in messages)
    return tuple(Hit(message_id, count) for message_id, count in counted if count)


def mark(text: MessageText, words: str, style: ViewStyle, current: int = -1) -> None:
    """Highlight words in a shown message, occurrence `current` in another colour. Empty text removes the highlights."""
    marks: list[QTextEdit.ExtraSelection] = []
    if words.strip():
        shown = ShownWords(text.document())
        for hit in _pattern(words).finditer(shown.words):
            marks.append(_mark(text, *shown.places(*hit.span()), style))
            if len(marks) == MOST_MARKS:
                break
    if marks and current >= 0:
        form = marks[min(current, len(marks) - 1)].format
        form.setBackground(style.theme.colour("accent"))
        form.setForeground(style.theme.colour("on_accent"))
    if marks or text.extraSelections():
        text.setExtraSelections(marks)


def _pattern(words: str) -> re.Pattern[str]:
    return re.compile(r"\s+".join(re.escape(word) for word in words.split()), re.IGNORECASE)


class ShownWords:
    """The text of a document with the sources of its formulas, and the position of each character in the document."""

    def __init__(self, document: QTextDocument) -> None:
        self._shown = document.toPlainText()
        self._wide = not self._shown.isascii() and max(self._shown) > "\uffff"
        self._starts, self._formulas = [0], [(0, 0)]
        pieces, done = [], 0
        cursor = QTextCursor(document)
        for match in re.finditer("\ufffc", self._shown):
            cursor.setPosition(self._units(match.start()) + 1)
            source = str(cursor.charFormat().property(FORMULA_SOURCE) or "\ufffc")
            pieces += [self._shown[done : match.start()], source]
            done = match.end()
            start = self._starts[-1] + self._formulas[-1][1] + len(pieces[-2])
            self._starts.append(start)
            self._formulas.append((match.start(), len(source)))
        self.words = "".join([*pieces, self._shown[done:]])

    def places(self, start: int, end: int) -> tuple[int, int]:
        """Return the document positions of a part of `words`. A formula is a single character in the document."""
        return self._place(start, end=False), self._place(end, end=True)

    def _place(self, at: int, *, end: bool) -> int:
        behind = bisect_left(self._starts, at) if end else bisect_right(self._starts, at)
        number = behind - 1
        place, length = self._formulas[max(number, 0)]
        within = at - self._starts[max(number, 0)]
        if number <= 0:
            return self._units(at)
        return self._units(place + (int(end) if within < length else 1 + within - length))

    def _units(self, place: int) -> int:
        """Return a position in UTF-16 units, as Qt counts, in which some characters count twice."""
        return len(self._shown[:place].encode("utf-16-le", "surrogatepass")) // 2 if self._wide else place


def _mark(text: MessageText, start: int, end: int, style: ViewStyle) -> QTextEdit.ExtraSelection:
    made = QTextEdit.ExtraSelection()
    made.cursor = _cursor(text, start, end)
    form = made.format
    form.setBackground(style.theme.colour("mark"))
    form.setForeground(style.theme.colour("ink"))
    made.format = form
    return made


def _cursor(text: MessageText, start: int, end: int) -> QTextCursor:
    cursor = QTextCursor(text.document())
    cursor.setPosition(start)
    cursor.setPosition(end, QTextCursor.MoveMode.KeepAnchor)
    return cursor
