"""What a screen reader gets: a list of all messages, visible or not.

Each node is a QObject of its own: Qt forgets an interface when its object goes, and one without an object is left
behind and crashes at the view's end (tests/chat/window/view/test_accessible.py).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from PySide6.QtCore import QObject, QPoint, QRect
from PySide6.QtGui import (
    QAccessible,
    QAccessibleAnnouncementEvent,
    QAccessibleEvent,
    QAccessibleInterface,
    QAccessibleObject,
    QColor,
)
from PySide6.QtWidgets import QAccessibleWidget, QWidget

from slmdesk.base.records import Status

if TYPE_CHECKING:
    from slmdesk.chat.window.view.area import ConversationView
    from slmdesk.chat.window.view.message import MessageView

Interface: TypeAlias = Any
"""A QAccessibleInterface or None: PySide's stubs forget that there may be none."""

_ENDED = {
    Status.COMPLETE: "Answer complete.",
    Status.CANCELLED: "Answer stopped.",
    Status.FAILED: "Answer failed.",
    Status.INTERRUPTED: "Answer interrupted.",
}


class MessageNode(QObject):
    """Represents one message in the accessible tree, for as long as the view lives."""

    def __init__(self, view: ConversationView, index: int) -> None:
        super().__init__(view, objectName=f"message_node_{index}")
        self.view = view
        self.index = index

    @property
    def is_here(self) -> bool:
        return self.index < len(self.view.rows)


class ConversationAccessible(QAccessibleWidget):
    def __init__(self, view: ConversationView) -> None:
        super().__init__(view, QAccessible.Role.List, "Conversation")
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
        """The text first, then the actions."""
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
        version = f"Version {message.version_words}" if message.version_words else ""
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


def install_factory() -> None:
    """Make Qt ask us for the interfaces of the view and its nodes.  Calling it again changes nothing."""
    QAccessible.installFactory(_make)


def _make(_name: str, thing: QObject) -> Interface:
    from slmdesk.chat.window.view.area import ConversationView  # here: the view imports this module

    if isinstance(thing, ConversationView):
        return ConversationAccessible(thing)
    return MessageAccessible(thing) if isinstance(thing, MessageNode) else None


def focus_moved(view: ConversationView, index: int) -> None:
    if QAccessible.isActive():
        event = QAccessibleEvent(view, QAccessible.Event.Focus)
        event.setChild(index)
        QAccessible.updateAccessibility(event)


def announce(view: ConversationView, message: MessageView) -> None:
    """Announce an ended answer once, instead of every piece as it came."""
    if QAccessible.isActive():
        words = " ".join(part for part in (_ENDED.get(message.status, ""), message.note, message.text) if part)
        QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(view, words))
