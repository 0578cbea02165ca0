"""What a screen reader is told: a list with every message, where the keyboard is, and the end of an answer."""

from __future__ import annotations

import pytest
from chat.window.view.made_up import answer, chat
from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtGui import QAccessible

from slmdesk.base.records import Status
from slmdesk.ui.chat.view import ConversationView

pytestmark = pytest.mark.gui


@pytest.fixture
def reported(view, monkeypatch):
    """Events as the view sends them, while a client is there."""
    events = []
    monkeypatch.setattr(QAccessible, "isActive", staticmethod(lambda: True))
    monkeypatch.setattr(QAccessible, "updateAccessibility", staticmethod(events.append))
    return events


def test_the_list_holds_all_messages_with_their_texts(view):
    view.show_conversation(chat(2000))
    tree = QAccessible.queryAccessibleInterface(view)
    assert tree.role() == QAccessible.Role.List
    assert tree.childCount() == 2000
    item = tree.child(1000)
    assert item.role() == QAccessible.Role.ListItem
    assert item.text(QAccessible.Text.Name).startswith("You: message number 1000")
    assert item.rect().isEmpty()
    assert tree.indexOfChild(item) == 1000
    assert item.parent().role() == QAccessible.Role.List
    last = tree.child(1999)
    assert not last.rect().isEmpty()
    assert last.childCount() >= 1
    assert last.child(0).role() in (
        QAccessible.Role.EditableText,
        QAccessible.Role.StaticText,
        QAccessible.Role.Document,
    )


def test_nodes_outlive_nothing_they_should_not(view):
    view.show_conversation(chat(20))
    tree = QAccessible.queryAccessibleInterface(view)
    item = tree.child(15)
    view.remove_after("m5")
    assert tree.childCount() == 6
    assert not item.isValid()
    assert item.text(QAccessible.Text.Name) == ""
    assert tree.child(15) is None


def test_a_view_goes_with_its_nodes(qtbot):
    for _ in range(5):
        view = ConversationView()
        view.resize(600, 400)
        view.show()
        view.show_conversation(chat(30))
        tree = QAccessible.queryAccessibleInterface(view)
        for index in range(30):
            assert tree.child(index).text(QAccessible.Text.Name)
        del tree
        view.deleteLater()
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)


def test_moving_and_ending_are_told_once(view, reported, settled):
    view.show_conversation([*chat(4), answer("new", "", Status.STREAMING)])
    view.set_current(2)
    assert [(event.type(), event.child()) for event in reported] == [(QAccessible.Event.Focus, 2)]
    reported.clear()
    view.append_text("new", "some words")
    settled(view)
    assert reported == []
    view.update_message(answer("new", "some words"))
    assert [event.message() for event in reported] == ["Answer complete. some words"]
