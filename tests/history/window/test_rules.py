"""Rules and holds in the window: set, shown and released by clicks; a held chat says so and cannot be deleted."""

from __future__ import annotations

import time

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QListWidget, QMenu, QMessageBox, QPushButton, QWidget

from slmdesk.base.records import SetBy, Then
from slmdesk.chat.window.list_rows import HELD_ROLE, ID_ROLE
from slmdesk.history.window import DeletedChats, RulesWindow

pytestmark = pytest.mark.gui


def open_rules(program) -> RulesWindow:
    program.click(program.setting("rules"))
    program.wait(lambda: program.window.findChild(RulesWindow))
    window = program.window.findChild(RulesWindow)
    program.wait(window.isVisible)
    return window


def lines(window) -> list[str]:
    listed = window.findChild(QListWidget, "rules_list")
    return [listed.item(at).text() for at in range(listed.count())]


def choose(window, at: int) -> None:
    window.findChild(QListWidget, "rules_list").setCurrentRow(at)


def test_a_rule_is_added_and_removed(program):
    window = open_rules(program)
    program.click(program.find("rule_add_button", window))
    program.wait(lambda: lines(window))
    assert lines(window) == [
        "Rule: everything but documents, not changed for 90 days: to the trash for 30 days, then deleted for good. "
        "Set by you."
    ]
    choose(window, 0)
    program.click(program.find("rules_remove_button", window))
    program.wait(lambda: not lines(window))
    assert program.ask(lambda services: services.retention.rules()) == []
    program.click("notice_action")
    program.wait(lambda: lines(window))
    assert program.ask(lambda services: services.retention.rules())[0].days == 90


def add_old(services, count: int) -> list[str]:
    """Chats that were here, and not changed, for 70 days."""
    ids = [services.store.items.add("chat", str(number)).id for number in range(count)]
    with services.store.together():
        services.store.database.run("update items set updated = ?1, arrived = ?1", (time.time() - 70 * 86_400,))
    return ids


def test_what_a_rule_moved_comes_back_from_its_notice_and_stays(program):
    ids = program.ask(lambda services: add_old(services, 3))
    program.ask(lambda services: services.retention.add_rule("chat", days=60))
    program.ask(lambda services: services.retention.run() and None)
    program.wait(lambda: program.is_said("3 chats, not changed for 60 days"))
    program.ask(lambda services: services.history.delete_for_good(ids[0]))
    (bar,) = program.window.notices.bars
    shown = {one.objectName() for one in bar.findChildren(QWidget) if one.isVisibleTo(bar)}
    assert shown.isdisjoint({"notice_sign", "copy_details_button"}), "it is no fault"
    program.click(program.find("notice_action", bar))
    program.wait(lambda: program.window.notices.bars == [])
    program.ask(lambda services: services.retention.run() and None)
    left = program.ask(lambda services: {one.id for one in services.history.items("chat")})
    assert left >= set(ids[1:])
    assert ids[0] not in left


def test_the_trash_is_shown_from_the_notice_of_a_rule(program):
    program.ask(lambda services: add_old(services, 1))
    program.ask(lambda services: services.retention.add_rule("chat", days=60))
    program.ask(lambda services: services.retention.run() and None)
    program.click("notice_other_action")
    program.wait(lambda: program.window.findChild(DeletedChats))


def test_what_a_rule_would_take_is_said_before_it_is_added_and_before_it_is_carried_out(program):
    program.ask(lambda services: add_old(services, 3))
    window = open_rules(program)
    due, days = program.find("rule_due", window), program.find("rule_days", window)
    program.wait(lambda: due.text() == "This rule would move nothing to the trash now.")
    days.setCurrentIndex(days.findData(60))
    days.activated.emit(days.currentIndex())
    program.wait(lambda: due.text() == "This rule would move 3 items to the trash now.")
    program.click(program.find("rule_add_button", window))
    program.wait(lambda: lines(window))
    assert lines(window)[0].endswith("; would move 3 items to the trash at its next run. Set by you.")


def test_a_rule_that_deletes_at_once_is_asked_about(program):
    program.ask(lambda services: add_old(services, 3))
    window = open_rules(program)
    program.wait(program.find("rule_due", window).text)
    program.find("rule_then", window).show_value(0)
    program.find("rule_days", window).show_value(60)
    program.click(program.find("rule_add_button", window))
    box = program.find("rule_for_good_dialog", window)
    assert box.text() == (
        "From the next start on, what was not changed for 60 days is deleted for good: everything but documents."
    )
    assert box.informativeText() == "This rule would delete 3 items for good now. This cannot be undone."
    assert program.ask(lambda services: services.retention.rules()) == []
    program.click(box.findChild(QPushButton, "rule_sure_button"))
    program.wait(lambda: lines(window))
    (rule,) = program.ask(lambda services: services.retention.rules())
    assert rule.then is Then.DELETE


def test_nothing_is_said_to_be_there_and_enter_changes_nothing(program):
    window = open_rules(program)
    nothing, listed = program.find("rules_nothing", window), window.findChild(QListWidget, "rules_list")
    program.wait(nothing.isVisible)
    program.click(program.find("rule_add_button", window))
    program.wait(lambda: lines(window))
    assert not nothing.isVisible()
    choose(window, 0)
    listed.setFocus()
    QTest.keyClick(listed, Qt.Key.Key_Return)
    program.wait(lambda: program.window.findChild(RulesWindow) is None)
    assert program.ask(lambda services: services.retention.holds()) == []
    assert len(program.ask(lambda services: services.retention.rules())) == 1


def test_documents_have_words_of_their_own(program):
    window = open_rules(program)
    kind, then = program.find("rule_kind", window), program.find("rule_then", window)
    kind.setCurrentIndex(kind.findData("document"))
    kind.activated.emit(kind.currentIndex())
    assert program.find("rule_form_words", window).text() == "not opened for"
    assert not then.isEnabled()
    program.click(program.find("rule_add_button", window))
    box = program.find("rule_for_good_dialog", window)
    assert "not opened for 90 days is deleted for good: documents that nothing uses" in box.text()
    box.reject()


def test_a_wrong_date_is_shown_and_confirmed(program):
    program.ask(lambda services: services.retention.add_rule("chat", days=30))
    program.ask(lambda services: services.store.rules.keep_time("retention_seen", time.time() - 30 * 86_400))
    window = open_rules(program)
    program.wait(lambda: program.find("rules_doubt", window).isVisible())
    program.click(program.find("rules_date_button", window))
    program.wait(lambda: not program.find("rules_doubt", window).isVisible())
    assert program.ask(lambda services: services.retention.doubt()) is None


def test_what_the_organisation_set_cannot_be_removed(program):
    rule = {"folder": "", "days": 30, "then": Then.TRASH, "trash_days": 7, "set_by": SetBy.POLICY}
    program.ask(lambda services: services.store.rules.add("", **rule))
    window = open_rules(program)
    program.wait(lambda: lines(window))
    choose(window, 0)
    assert lines(window)[0].endswith("Set by your organisation.")
    assert not program.find("rules_remove_button", window).isEnabled()


def marked(listed) -> list[str]:
    """The chats in the list with a lock."""
    rows = listed.view.model()
    found = [index for at in range(rows.rowCount()) if (index := rows.index(at, 0)).data(HELD_ROLE)]
    for index in found:
        assert "On hold" in index.data(Qt.ItemDataRole.ToolTipRole)
        assert "On hold" in index.data(Qt.ItemDataRole.AccessibleDescriptionRole)
    return [index.data(ID_ROLE) for index in found]


def test_a_chat_is_held_from_its_menu_and_says_so(program):
    program.say("hello")
    chat, badge = program.chat.chat, program.find("chat_hold")
    assert not badge.isVisible()
    listed = program.page.chat_list
    program.wait(lambda: listed.view.model().rowCount() > 0)
    for row in range(listed.view.model().rowCount()):
        listed.view.setCurrentIndex(listed.view.model().index(row, 0))
    menu = QMenu()
    listed._fill_menu(menu)
    next(action for action in menu.actions() if action.objectName() == "hold_action").trigger()
    program.wait(badge.isVisible)
    assert badge.toolTip().find("You have put this chat on hold") >= 0
    program.wait(lambda: marked(listed))
    program.ask(lambda services: services.retention.toggle_hold(chat))
    program.wait(lambda: not marked(listed) and not badge.isVisible())
    everything = program.ask(lambda services: services.retention.hold())
    program.wait(lambda: marked(listed) and badge.isVisible())
    program.ask(lambda services: services.retention.release(everything.id))
    program.wait(lambda: not marked(listed) and not badge.isVisible())
    program.ask(lambda services: services.retention.toggle_hold(chat))
    program.wait(lambda: marked(listed) and badge.isVisible())
    program.ask(lambda services: services.history.trash(chat))
    trash = DeletedChats(program.bridge, program.window)
    trash.show()
    shown = trash.findChild(QListWidget, "deleted_list")
    program.wait(lambda: shown.count() == 1 and "on hold" in shown.item(0).text())
    shown.item(0).setSelected(True)
    program.click(program.find("delete_for_good_button", trash))
    program.wait(lambda: trash.findChild(QMessageBox, "delete_for_good_dialog"))
    program.click(trash.findChild(QMessageBox, "delete_for_good_dialog").findChild(QPushButton, "delete_sure_button"))
    program.wait(lambda: any("is on hold" in notice for notice in program.notices()))
    assert program.ask(lambda services: services.history.item(chat)).id == chat
    assert shown.item(0).data(Qt.ItemDataRole.UserRole).id == chat
