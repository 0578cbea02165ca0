"""Deleting after some days, in the window: told, taken back, and a date that is asked about."""

from __future__ import annotations

import time

import pytest
from PySide6.QtWidgets import QDialog, QWidget

pytestmark = pytest.mark.gui


def add_old(services, count: int) -> list[str]:
    """Chats that were here, and not changed, for 70 days, of which a sweep is to move all to the trash."""
    ids = [services.store.items.add("chat", str(number)).id for number in range(count)]
    with services.store.together():
        services.store.database.run("update items set updated = ?1, arrived = ?1", (time.time() - 70 * 86_400,))
    services.settings.change(delete_after_days=60)
    return ids


def sweep(program, **how: bool) -> None:
    program.ask(lambda services: services.retention.run(**how) and None)


def test_what_was_moved_comes_back_from_its_notice_and_stays(program):
    ids = program.ask(lambda services: add_old(services, 3))
    sweep(program)
    program.wait(lambda: program.is_said("3 items, not changed for 60 days"))
    program.ask(lambda services: services.history.delete_for_good(ids[0]))
    (bar,) = program.window.notices.bars
    shown = {widget.objectName() for widget in bar.findChildren(QWidget) if widget.isVisibleTo(bar)}
    assert shown.isdisjoint({"notice_sign", "copy_details_button"}), "it is no fault"
    program.click(program.find("notice_action", bar))
    program.wait(lambda: program.window.notices.bars == [])
    sweep(program)
    left = program.ask(lambda services: {chat.id for chat in services.history.items("chat")})
    assert left >= set(ids[1:])
    assert ids[0] not in left


def test_a_wrong_date_is_told_and_confirmed_and_the_trash_shown_from_the_notice(program):
    program.ask(lambda services: add_old(services, 1))
    program.ask(lambda services: services.store.retention.keep_time("retention_seen", time.time() - 30 * 86_400))
    sweep(program)
    program.wait(lambda: program.is_said("Until you confirm the date, nothing is deleted by itself."))
    program.says("notice_action", "The date is right")
    program.click("notice_action")
    program.wait(lambda: program.is_said("1 item, not changed for 60 days"))
    program.click("notice_other_action")
    program.wait(lambda: program.window.findChild(QDialog, "deleted_chats"))
