"""Notices: never the same twice, never on what a person works with, gone when they are over."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, QObject, QPoint, QPointF, QRect, Qt, QTimer
from PySide6.QtGui import QEnterEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QDialog,
    QLabel,
    QPlainTextEdit,
    QPushButton,
    QToolButton,
    QWidget,
)  # fmt: skip

from slmdesk.base.runtime.messages import problem_of
from slmdesk.ui.documents.controller import unread_notice
from slmdesk.ui.kit.widgets.dialogs import TextDialog
from slmdesk.ui.kit.widgets.notices import Notice, NoticeArea
from slmdesk.ui.shell.main_window import MainWindow, fitted

pytestmark = pytest.mark.gui
PLACE, LINE = QRect(100, 560, 600, 36), QRect(0, 560, 800, 36)
LONG = "Many words that say the same thing over and over. " * 20


@pytest.fixture
def area(qtbot) -> NoticeArea:
    page = QWidget()
    qtbot.addWidget(page)
    page.resize(800, 600)
    area = NoticeArea(page)
    area.set_place(PLACE, LINE)
    page.show()
    area.page = page  # else it would be deleted
    return area


def test_the_same_sentence_is_shown_once(area):
    area.show_notice(Notice("The disk is full.", key="one"))
    area.show_notice(Notice("The disk is full.", key="two", action="Do it"))
    assert [bar.notice.action for bar in area.bars] == ["Do it"]


def test_a_notice_at_rest_lays_nothing_out(qtbot, area):
    """Each layout asked for the next one, so that a window computed as long as it showed a notice."""
    area.show_notice(Notice("The disk is full."))
    area.show_notice(Notice("Another thing."))
    qtbot.waitUntil(area.bars[-1].isVisible)
    laid_out = []

    class Watch(QObject):
        def eventFilter(self, _watched, event):
            laid_out.append(event.type() == QEvent.Type.LayoutRequest)
            return False

    for _turn in range(20):
        QApplication.processEvents()
    watch = Watch()
    area.installEventFilter(watch)
    for _turn in range(20):
        QApplication.processEvents()
    area.removeEventFilter(watch)
    assert not any(laid_out)


def test_each_act_keeps_its_undo_until_it_is_over(area):
    over = []
    for key in ("first", "second"):
        area.show_notice(Notice("3 documents were removed.", action="Undo", on_gone=partial(over.append, key), key=key))
    assert (len(area.bars), over) == (2, [])
    area.show_notice(Notice("Something else.", action="Undo", on_gone=partial(over.append, "third"), key="second"))
    assert over == ["second"]


def test_what_is_over_goes_and_the_rest_stays(area):
    area.show_notice(Notice("The disk is full.", topic="store.full"))
    area.show_notice(Notice("Another thing."))
    area.drop_topic("store.full")
    assert [bar.notice.text for bar in area.bars] == ["Another thing."]


def test_the_newest_stands_in_its_place_and_the_others_wait(qtbot, area):
    area.show_notice(Notice("The first."))
    area.show_notice(Notice(LONG + "And more.", action="Do it"))
    first, second = area.bars
    assert not first.isVisible()
    assert second.isVisible()
    assert area.geometry() == LINE, "so many words take the line"
    more = second.findChild(QPushButton, "notice_more")
    qtbot.waitUntil(more.isVisible)
    more.click()
    dialog = area.window().findChild(QDialog, "text_dialog")
    assert dialog.findChild(QPlainTextEdit).toPlainText() == LONG + "And more."
    dialog.close()
    second.findChild(QToolButton, "notice_close").click()
    assert first.isVisible()


def test_words_that_fit_are_not_cut(area):
    words = "Some Model 1.5B Instruct GGUF was added to this PC."
    area.show_notice(Notice(words, action="Use this from now on"))
    for _turn in range(4):
        QApplication.processEvents()
    (bar,) = area.bars
    assert area.width() < PLACE.width()
    assert bar.findChild(QLabel, "notice_text").text() == words
    assert not bar.findChild(QPushButton, "notice_more").isVisible()


MEDIUM = "Qwen2.5 Coder 1.5B Instruct cannot see pictures, so the message was not sent. Attach the text of the picture."


def test_words_too_long_for_a_line_stand_on_two(area):
    area.show_notice(Notice(MEDIUM, "details", action="Undo", is_error=True))
    for _turn in range(4):
        QApplication.processEvents()
    (bar,) = area.bars
    words = bar.findChild(QLabel, "notice_text")
    assert words.text() == MEDIUM
    assert words.fontMetrics().horizontalAdvance(MEDIUM) > words.width(), "on two lines"
    assert not bar.findChild(QPushButton, "notice_more").isVisible()
    needed = words.fontMetrics().boundingRect(QRect(0, 0, words.width(), 999), Qt.TextFlag.TextWordWrap, MEDIUM)
    assert needed.height() <= words.height()
    area.set_place(QRect(300, 560, 200, 36), LINE)  # no room: they take the line
    for _turn in range(4):
        QApplication.processEvents()
    assert words.text() == MEDIUM
    area.show_notice(Notice(f"{MEDIUM} {MEDIUM} {MEDIUM}"))
    for _turn in range(4):
        QApplication.processEvents()
    cut = area.bars[-1].findChild(QLabel, "notice_text")
    assert cut.text().endswith("…")
    assert MEDIUM in cut.toolTip()


def test_two_notices_beside_each_other_are_both_read_or_one_waits(area):
    area.show_notice(Notice("Pasted picture is not attached any more.", action="Undo"))
    area.show_notice(Notice(MEDIUM, "details", is_error=True))
    for _turn in range(4):
        QApplication.processEvents()
    shown = [bar.findChild(QLabel, "notice_text").text() for bar in area.bars if bar.isVisible()]
    assert not [words for words in shown if words.endswith("…")]


def test_an_error_goes_where_the_page_says_the_same(program):
    program.window.show_page("Start")
    on_page = program.find("start_stays").text()
    program.bridge.notice_raised.emit(Notice("Another thing failed.", is_error=True))
    program.bridge.notice_raised.emit(Notice(on_page, is_error=True))
    assert program.notices() == ["Another thing failed."]
    program.bridge.notice_raised.emit(Notice(on_page, is_error=True, action="Try again"))
    assert on_page in program.notices(), "it asks something"
    two = Notice("2 of them failed.", is_error=True, details=f"{on_page}\nb.pdf is damaged.")
    program.bridge.notice_raised.emit(two)
    assert two.text in program.notices(), "the page says one of both"
    program.window.notices.drop_text(two.text)
    label = program.find("start_hint")
    label.setText("Another thing failed.")  # the page says it a moment later
    program.wait(lambda: program.notices() == [on_page])


def test_an_error_that_asks_nothing_does_not_cover_what_asks(area):
    taken = []
    watch = partial(taken.append, "watched")
    area.show_notice(Notice("“Papers” holds 4 documents.", action="Watch this folder", on_action=watch))
    area.show_notice(Notice("Another thing."))
    area.show_notice(Notice("a.pdf is damaged.", is_error=True, life_ms=60_000, key="unread"))
    area.show_notice(Notice("a.pdf and b.pdf are damaged.", is_error=True, life_ms=60_000, key="unread"))
    offer, other, error = area.bars
    assert [bar.isVisible() for bar in area.bars] == [True, False, True]
    assert PLACE.contains(area.geometry())
    assert offer.geometry().right() < error.geometry().left()
    narrow = QRect(100, 560, 430, 36)
    area.set_place(narrow, LINE)  # no room for both: they take the line
    assert [bar.isVisible() for bar in area.bars] == [True, False, True]
    assert narrow.width() < area.width() <= LINE.width()
    area.set_place(narrow, narrow)
    assert [bar.isVisible() for bar in area.bars] == [False, False, True], "no page is covered"
    area.set_place(PLACE, LINE)
    offer.findChild(QPushButton, "notice_action").click()
    assert taken
    assert [bar.isVisible() for bar in (other, error)] == [False, True]
    assert PLACE.contains(area.geometry())
    area.show_notice(Notice("The disk is full.", is_error=True, action="Choose a folder"))
    area.show_notice(Notice("Written."))
    assert [bar.isVisible() for bar in area.bars] == [False, False, False, True]


def test_the_key_reaches_the_undo_below_other_notices(area):
    done = []
    area.show_notice(Notice("3 documents were removed.", action="Undo", on_action=partial(done.append, "back")))
    area.show_notice(Notice("The file was written."))
    assert area.undo()
    assert done == ["back"]
    assert not area.undo()


def test_a_notice_covers_neither_the_page_nor_what_stands_in_its_line(program):
    notices, status = program.window.notices, program.window.status
    for width, scale in ((1280, 100), (512, 100), (1024, 150)):
        program.frame.keeper.set_font_scale(scale)
        program.window.resize(width, 768)
        for words, action, other in (("Written.", "", ""), (LONG, "Undo", ""), (LONG, "Show in the folder", "Again")):
            notices.show_notice(Notice(words, action=action, other=other))
            for _turn in range(4):
                QApplication.processEvents()
            line = QRect(status.mapTo(program.window, QPoint()), status.size())
            assert notices.isVisible()
            assert line.contains(notices.geometry())
            is_alone = notices.geometry().width() == line.width()
            for part in status.findChildren(QAbstractButton):
                place = QRect(part.mapTo(program.window, QPoint()), part.size())
                assert is_alone or not part.isVisible() or not notices.geometry().intersects(place), part.objectName()
            for part in notices.findChildren(QAbstractButton):
                assert not part.isVisible() or part.width() >= part.minimumSizeHint().width(), part.objectName()
    program.frame.keeper.set_font_scale(100)


def test_what_was_just_done_is_undone_over_a_sheet(program):
    undone = []
    TextDialog(program.window, title="Read", intro="", text="Words").show()
    notice = Notice("A term was deleted.", action="Undo", on_action=partial(undone.append, "back"))
    for act in ("mouse", "key"):
        program.window.notices.show_notice(notice)
        (bar,) = program.window.notices.bars
        undo = bar.findChild(QPushButton, "notice_action")
        if act == "mouse":
            assert program.window.childAt(undo.mapTo(program.window, undo.rect().center())) is undo
            program.click(undo)
        else:
            QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
        program.wait(lambda: not program.window.notices.bars)
    assert undone == ["back", "back"]


def test_a_restored_window_fits_the_screen_and_a_maximised_one_stays_so(qtbot):
    first = MainWindow(())
    qtbot.addWidget(first)
    screen = first.screen().availableGeometry()
    assert screen.contains(first.geometry().adjusted(-8, -40, 8, 8))
    first.setGeometry(QRect(0, 0, 3000, 2000))
    again = MainWindow((), geometry=first.geometry_state)
    qtbot.addWidget(again)
    assert screen.contains(again.geometry().adjusted(-8, -40, 8, 8))
    first.setWindowState(Qt.WindowState.WindowMaximized)
    again = MainWindow((), geometry=first.geometry_state)
    qtbot.addWidget(again)
    assert again.isMaximized()


@pytest.mark.parametrize(
    "requested", [QRect(0, 0, 1100, 760), QRect(900, 500, 640, 480), QRect(-3000, -50, 3000, 2000)]
)
def test_a_window_lies_with_its_frame_on_the_screen(requested):
    screen = QRect(0, 0, 1366, 728)
    place = fitted(requested, screen)
    assert screen.contains(place.adjusted(-8, -40, 8, 8))
    assert place.width() == min(requested.width(), 1366 - 16)


def test_many_files_that_cannot_be_read_take_one_line_and_go_by_themselves(qtbot, area):
    unread = {}
    for number in range(5):
        path = Path(f"/papers/report {number}.pdf")
        unread[path] = problem_of("document.damaged", {"path": str(path), "reason": "it has no pages"})
        area.show_notice(unread_notice(unread))
    (bar,) = area.bars
    assert bar.notice.text == "5 files cannot be read: report 0.pdf, report 1.pdf and 3 more."
    assert bar.notice.life_ms
    assert PLACE.contains(area.geometry())
    bar.findChild(QPushButton, "notice_more").click()
    shown = area.window().findChild(QPlainTextEdit, "text_dialog_text")
    assert all(f"report {number}.pdf is damaged" in shown.toPlainText() for number in range(5))
    area.window().findChild(QDialog, "text_dialog").close()
    bar.findChild(QToolButton, "notice_close").click()
    assert not area.bars


def test_a_notice_that_is_pointed_at_stays_and_goes_afterwards(qtbot, area):
    gone = []
    area.show_notice(Notice("Moved to the trash.", action="Undo", life_ms=50))
    (bar,) = area.bars
    bar.closed.connect(lambda: gone.append(True))
    QApplication.sendEvent(bar, QEnterEvent(QPointF(1, 1), QPointF(1, 1), QPointF(1, 1)))
    assert not bar.findChild(QTimer).isActive()
    assert not gone
    QApplication.sendEvent(bar, QEvent(QEvent.Type.Leave))
    qtbot.waitUntil(lambda: bool(gone))
