"""Widgets that every page uses: what has no room is cut, lines wrap, and rows of a list stay the same widgets."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, QPointF, QRect, Qt
from PySide6.QtGui import QFontMetrics, QIcon, QPixmap, QWheelEvent
from PySide6.QtWidgets import (
    QApplication,
    QFrame,
    QLabel,
    QPushButton,
    QStyle,
    QStyleOptionButton,
    QStyleOptionComboBox,
    QWidget,
)

from slmdesk.ui.kit.base.theme import ThemeKeeper
from slmdesk.ui.kit.widgets.build import ElidedButton, ElidedLabel, FlowLayout, column, cut_at_word, row
from slmdesk.ui.kit.widgets.parts import Segments
from slmdesk.ui.kit.widgets.rows import Choice, Rows

pytestmark = pytest.mark.gui


TITLE = "Kündigung des Mietvertrags der Wohnung in der Lindenstraße, <b>zum</b> 31. Dezember"


def test_a_title_is_cut_after_a_word_and_its_tooltip_shows_all_of_it(qtbot) -> None:
    words = TITLE.split()
    label, pressed = ElidedLabel(None, name="title", text=TITLE), ElidedButton(TITLE, None)
    for part in (label, pressed):
        qtbot.addWidget(part)
        part.show()
    option = QStyleOptionButton()
    for width in range(120, 900, 7):
        for part in (label, pressed):
            part.resize(width, 40)
        pressed.initStyleOption(option)
        for shown in (label.text(), option.text):
            whole = shown.removesuffix("…").split()
            assert [word.rstrip(",.") for word in whole] == [word.rstrip(",.") for word in words[: len(whole)]]
            assert whole
            assert shown.endswith("…") or shown == TITLE
        assert label.fontMetrics().horizontalAdvance(label.text()) <= width
        assert bool(label.toolTip()) == (label.text() != TITLE)
        assert "<b>" not in label.toolTip()
    assert label.text() == TITLE


def test_a_word_that_is_longer_than_the_room_is_cut_itself(qtbot) -> None:
    metrics = QFontMetrics(ElidedButton("", None).font())
    assert len(cut_at_word("Donaudampfschifffahrtsgesellschaft am Ufer", metrics, 90)) > 6
    assert cut_at_word("Miete", metrics, 900) == "Miete"


@pytest.mark.parametrize("has_icon", [True, False])
def test_icon_and_text_fit_into_the_button(qtbot, has_icon) -> None:
    made = ElidedButton("Private chat: a title that is much longer than the button is wide", None)
    qtbot.addWidget(made)
    if has_icon:
        made.setIcon(QIcon(QPixmap(18, 18)))
    made.resize(160, 30)
    option = QStyleOptionButton()
    made.initStyleOption(option)
    assert option.text.endswith("…")
    space = made.style().subElementRect(QStyle.SubElement.SE_PushButtonContents, option, made).width()
    taken = made.fontMetrics().horizontalAdvance(option.text) + (made.iconSize().width() + 4 if has_icon else 0)
    assert taken <= space


def test_lower_items_stand_in_the_middle_of_their_line_and_lines_below_each_other(qtbot):
    holder = QFrame()
    qtbot.addWidget(holder)
    flow = FlowLayout(holder, gap=10)
    boxes = []
    for width, height in ((50, 40), (30, 20), (60, 30)):
        box = QFrame(holder)
        box.setFixedSize(width, height)
        flow.addWidget(box)
        boxes.append(box)
    flow.setGeometry(QRect(0, 0, 100, 200))
    assert [box.geometry().getRect() for box in boxes] == [(0, 0, 50, 40), (60, 10, 30, 20), (0, 50, 60, 30)]
    assert flow.heightForWidth(100) == 80
    assert flow.heightForWidth(1000) == 40


@pytest.mark.parametrize("scale", [100, 150])
@pytest.mark.parametrize("words", ["100 %", "15 minutes", "Formality: automatic"])
def test_a_value_is_whole_at_its_own_width_and_ends_in_an_ellipsis_below_it(qapp, qtbot, words, scale):
    keeper = ThemeKeeper(qapp, choice="light", scale=scale)
    parent = QWidget()
    qtbot.addWidget(parent)
    choice = Choice([(0, words)], parent)
    parent.show()
    qtbot.waitExposed(parent)
    for width, is_whole in ((choice.sizeHint().width(), True), (choice.sizeHint().width() - 12, False)):
        choice.resize(width, choice.sizeHint().height())
        option = QStyleOptionComboBox()
        choice.initStyleOption(option)
        assert (option.currentText == words) is is_whole
        assert option.currentText.endswith("…") is not is_whole
    keeper.deleteLater()


def test_rows_stay_move_go_and_give_their_focus_to_a_neighbour(qtbot):
    holder = QWidget()
    qtbot.addWidget(holder)
    end = QLabel("End", holder)
    layout = column(end, into=holder)

    def make(_item: str) -> QWidget:
        widget = QWidget(holder)
        row(QPushButton(widget), into=widget)
        return widget

    rows = Rows(layout, lambda item: item[0], make, lambda widget, item: widget.setObjectName(item))
    rows.show(["a1", "b1", "c1"])
    holder.show()
    before = dict(rows.rows)
    rows.show(["c2", "a1", "b1"])
    assert rows.rows == before
    assert [layout.itemAt(at).widget().objectName() for at in (0, 1, 2, 3)] == ["c2", "a1", "b1", ""]
    assert layout.itemAt(3).widget() is end
    assert list(rows.rows) == ["c", "a", "b"]
    before["a"].findChild(QPushButton).setFocus()
    qtbot.waitUntil(before["a"].findChild(QPushButton).hasFocus)
    rows.show(["c2", "b1", "d1"])
    assert before["b"].findChild(QPushButton).hasFocus()
    assert [layout.itemAt(at).widget() for at in (0, 1, 2)] == list(rows.rows.values())
    assert before["a"].isHidden()
    rows.show([])
    assert layout.count() == 1


def test_the_wheel_scrolls_the_page_and_changes_no_value(qtbot) -> None:
    page = QWidget()
    qtbot.addWidget(page)
    bar, box = Segments(page, "bar"), Choice([], page)
    for words in ("Short", "Normal", "Long"):
        bar.addTab(words)
        box.addItem(words, words)
    for chosen in (bar, box):
        turned = QWheelEvent(
            QPointF(5, 5), QPointF(5, 5), QPoint(), QPoint(0, -120), Qt.MouseButton.NoButton,
            Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
        )  # fmt: skip
        QApplication.sendEvent(chosen, turned)
        assert (chosen.currentIndex(), turned.isAccepted()) == (0, False)


def test_tabs_come_closer_where_there_is_no_room_for_all(qtbot) -> None:
    page = QWidget()
    qtbot.addWidget(page)
    bar = Segments(page, "bar")
    for words in ("Zusammenfassung", "Fragen", "Tabelle"):
        bar.addTab(words)
    usual = bar.sizeHint().width()
    for room in (usual, usual - 30):
        bar.resize(room, 40)
        assert bar.tabRect(2).right() < room


@pytest.mark.qt_log_ignore("This plugin does not support", extend=True)
def test_the_list_below_a_field_is_round_as_a_menu_is(qapp, qtbot) -> None:
    page = QWidget()
    qtbot.addWidget(page)
    ThemeKeeper(qapp, choice="light").dress(page)
    box = Choice([(words, words) for words in ("Light", "Dark", "A rather long name of a theme")], page)
    page.show()
    box.showPopup()
    around = box.view().window()
    assert not around.mask().contains(QPoint(0, 0))
    assert around.mask().contains(around.rect().center())
    assert box.view().sizeHintForRow(0) >= 28, "as high as the entries of a menu"
    box.hidePopup()
