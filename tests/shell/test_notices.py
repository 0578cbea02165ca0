"""The quiet bars: never the same twice, never more than a part of the window, gone when they are over."""

from __future__ import annotations

from functools import partial
from itertools import product
from pathlib import Path

import pytest
from fakes.contracts import OLD, write_docx
from fakes.dropping import drop
from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, Qt
from PySide6.QtGui import QEnterEvent
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QPushButton,
    QTabBar,
    QToolButton,
    QWidget,
)  # fmt: skip
from shell.test_layout import VIEWS

from slmdesk.library.window.controller import unread_notice
from slmdesk.runtime.messages import problem_of
from slmdesk.shell.main_window import MainWindow
from slmdesk.window.widgets.dialogs import TextDialog, fitted
from slmdesk.window.widgets.notices import CARD_TOP, Notice, NoticeArea

pytestmark = pytest.mark.gui
LONG = "Many words that say the same thing over and over. " * 20


@pytest.fixture
def area(qtbot) -> NoticeArea:
    page = QWidget()
    qtbot.addWidget(page)
    page.resize(800, 600)
    area = NoticeArea(page)
    area.set_space(page.rect())
    page.show()
    area.page = page  # else it would be deleted
    return area


def test_the_same_sentence_is_shown_once(area):
    area.show_notice(Notice("The disk is full.", key="one"))
    area.show_notice(Notice("The disk is full.", key="two", action="Do it"))
    assert [bar.notice.action for bar in area.bars] == ["Do it"]


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


def test_the_newest_lies_above_the_page_and_the_others_wait(qtbot, area):
    area.show_notice(Notice("The first."))
    area.show_notice(Notice(LONG + "And more.", action="Do it"))
    first, second = area.bars
    assert not first.isVisible()
    assert second.isVisible()
    assert area.geometry().top() == CARD_TOP
    assert abs(area.geometry().center().x() - 400) <= 1
    more = second.findChild(QPushButton, "notice_more")
    qtbot.waitUntil(more.isVisible)
    assert area.height() < 200
    more.click()
    dialog = area.window().findChild(TextDialog)
    assert dialog.findChild(QPlainTextEdit).toPlainText() == LONG + "And more."
    dialog.close()
    second.findChild(QToolButton, "notice_close").click()
    assert first.isVisible()


def test_the_key_reaches_the_undo_below_other_notices(area):
    done = []
    area.show_notice(Notice("3 documents were removed.", action="Undo", on_action=partial(done.append, "back")))
    area.show_notice(Notice("The file was written."))
    assert area.undo()
    assert done == ["back"]
    assert not area.undo()


def test_a_card_covers_neither_a_title_nor_a_button(program, tmp_path):
    path = tmp_path / "Brief zur Modernisierung der Heizung in der Lindenstraße.txt"
    path.write_text("Ihre Miete steigt.")
    program.open_documents(1280, 800)
    program.window.notices.show_notice(Notice("The translation was written to the folder.", action="Open folder"))
    program.wait(lambda: program.window.notices.isVisible())
    middle = program.window.notices.x()
    drop(program.documents, path)
    program.wait(lambda: program.coverage.startswith("1 of 1"))
    program.wait(lambda: program.window.notices.x() != middle)  # it gives way to the title
    card = program.window.notices.geometry()
    area = program.window.notices.parentWidget()
    for name in ("document_title", "document_tabs"):
        part = program.find(name)
        assert not card.intersects(QRect(part.mapTo(area, QPoint()), part.size())), name
    covered = [one for one in program.documents.findChildren(QToolButton) if one.isVisible()
               and card.intersects(QRect(one.mapTo(area, QPoint()), one.size()))]  # fmt: skip
    assert covered == []


TWO_LINES = (
    "email_schoenfeld_kein_folgevertrag_jan_2026.txt wurde aus der Liste entfernt. Die Datei bleibt, wo sie ist."
)


@pytest.mark.parametrize("scale", [100, 150])
def test_no_card_covers_a_title_a_button_or_the_line_that_is_typed_in(program, qtbot, tmp_path, scale):
    """Also cards of three lines: two of words, and the buttons below them."""
    lease = write_docx(tmp_path / "Brief zur Modernisierung der Heizung in der Lindenstraße.docx", OLD)
    program.open_documents(1280, 800)
    drop(program.documents, lease)
    program.wait(lambda: program.coverage.startswith("1 of 1"))
    program.frame.keeper.set_font_scale(scale)
    notices = program.window.notices
    around = notices.parentWidget()
    actions = (("", ""), ("Rückgängig", ""), ("Im Ordner zeigen", "Noch einmal lesen"))
    cards = [Notice(words, action=action, other=other) for words in ("Geschrieben.", 2 * TWO_LINES)
             for action, other in actions]  # fmt: skip

    def nothing_is_covered(where: str) -> None:
        covered = [f"{where}: {part.objectName()}"
                   for part in program.window._stack.currentWidget().findChildren(QWidget)
                   if (place := words_of(part)).isValid()
                   and notices.geometry().intersects(place.translated(part.mapTo(around, QPoint())))]  # fmt: skip
        covered += [f"{where}: {button.text()} is cut" for button in notices.findChildren(QPushButton)
                    if button.isVisible() and button.width() < button.sizeHint().width()]  # fmt: skip
        assert not covered, "\n".join(covered)

    for width, (name, show), card in product((1024, 1440, 1920), VIEWS.items(), cards):
        program.window.resize(width, 768)
        show(program)
        notices.show_notice(card)
        for _turn in range(4):
            QApplication.processEvents()
        notices.set_space(around.rect(), program.window._stack)  # as its timer does
        for _turn in range(4):
            QApplication.processEvents()
        where = f"{name}, {width}, {len(card.text)}{bool(card.action)}"
        qtbot.waitUntil(partial(nothing_is_covered, where))  # its timer gives way also to words that come late
        notices.bars[-1].closed.emit()
    program.frame.keeper.set_font_scale(100)


def words_of(part: QWidget) -> QRect:
    """Where something can be read or typed in it, in its own coordinates: empty where nothing is."""
    is_typed = isinstance(part, QPlainTextEdit) and not part.isReadOnly()
    if not part.isVisible() or not (is_typed or isinstance(part, (QLabel, QAbstractButton, QTabBar, QLineEdit))):
        return QRect()
    place = part.visibleRegion().boundingRect()
    if isinstance(part, QLabel) and part.alignment() & Qt.AlignmentFlag.AlignLeft:
        long = part.fontMetrics().horizontalAdvance(part.text()) if part.wordWrap() else part.sizeHint().width()
        place.setWidth(min(place.width(), long))
    if isinstance(part, QPlainTextEdit):
        hint = part.fontMetrics().boundingRect(part.rect(), Qt.TextFlag.TextWordWrap, part.placeholderText())
        place &= part.cursorRect() | hint
    return place


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
    assert bar.heightForWidth(area.width()) < 4 * bar.fontMetrics().height()
    bar.findChild(QPushButton, "notice_more").click()
    shown = area.window().findChild(QPlainTextEdit, "text_dialog_text")
    assert all(f"report {number}.pdf is damaged" in shown.toPlainText() for number in range(5))
    shown.window().close()
    bar.findChild(QToolButton, "notice_close").click()
    assert not area.bars


def test_a_notice_that_is_pointed_at_stays_and_goes_afterwards(qtbot, area):
    gone = []
    area.show_notice(Notice("Moved to the trash.", action="Undo", life_ms=50))
    (bar,) = area.bars
    bar.closed.connect(lambda: gone.append(True))
    QApplication.sendEvent(bar, QEnterEvent(QPointF(1, 1), QPointF(1, 1), QPointF(1, 1)))
    qtbot.wait(200)
    assert not gone
    QApplication.sendEvent(bar, QEvent(QEvent.Type.Leave))
    qtbot.waitUntil(lambda: bool(gone))
