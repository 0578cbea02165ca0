"""What a narrow window with large letters still shows: words are cut with an ellipsis, and none takes all the room."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QComboBox, QStyle, QStyleOptionComboBox, QVBoxLayout, QWidget

from slmdesk.chat.window.header import ChatHeader, ModelsController
from slmdesk.runtime.events import ModelState, ModelStateChanged
from slmdesk.summaries.window import KINDS, SummaryForm
from slmdesk.window.base.bridge import Bridge
from slmdesk.window.widgets.bars import StatusBar

pytestmark = pytest.mark.gui

READY = ModelStateChanged(ModelState.READY, "m", "A model with quite a long name", memory_bytes=424_000_000)


def large(widget) -> None:
    font = widget.font()
    font.setPointSize(16)
    widget.setFont(font)


def test_the_foot_of_the_window_cuts_what_the_model_does_with_an_ellipsis(qtbot) -> None:
    bar = StatusBar()
    qtbot.addWidget(bar)
    large(bar)
    bar.show_requests(12)
    bar.show_model(READY)
    bar.resize(560, 40)
    bar.show()
    shown = bar.findChild(object, "model_status")
    qtbot.waitUntil(lambda: shown.text().endswith("…"))
    assert "424 MB memory" in shown.toolTip()


def test_the_title_of_a_chat_is_not_squeezed_out_by_its_model(qtbot) -> None:
    header = ChatHeader(ModelsController(Bridge(), None), None)
    qtbot.addWidget(header)
    for one in (header.title, header.picker.button):
        large(one)
    header.picker.show_state(READY)
    header.title.set_full_text("The lease of the house and of the garden behind it")
    header.resize(520, 60)
    header.show()
    qtbot.waitUntil(lambda: header.title.text().startswith("The le"))
    assert header.picker.button.text().endswith("…")
    assert header.title.width() > header.picker.width()
    assert header.picker.button.accessibleName().endswith(", ready")


def test_in_the_usual_window_the_title_has_more_room_than_the_model(qtbot) -> None:
    header = ChatHeader(ModelsController(Bridge(), None), None)
    qtbot.addWidget(header)
    header.picker.show_state(READY)
    header.title.set_full_text("The lease of the house and of the garden behind it, and what it says of pets")
    header.resize(730, 50)
    header.show()
    qtbot.waitUntil(lambda: header.title.width() > header.picker.width())
    qtbot.waitUntil(lambda: len(header.title.text()) > len(header.picker.button.text()))
    qtbot.waitUntil(lambda: header.picker.button.text().startswith("A model with quite a long"))


def test_what_a_summary_is_like_can_be_read_in_large_letters(qtbot) -> None:
    around = QWidget()
    qtbot.addWidget(around)
    QVBoxLayout(around).addWidget(SummaryForm(around))
    around.resize(300, 400)
    around.show()
    qtbot.waitExposed(around)
    large(around)
    around.findChild(object, "summary_other_button").click()
    kind = around.findChild(object, "summary_kind")
    qtbot.waitUntil(lambda: all(fits(kind, words) for _, words in KINDS))


def fits(choice: QComboBox, words: str) -> bool:
    option = QStyleOptionComboBox()
    choice.initStyleOption(option)
    field = choice.style().subControlRect(
        QStyle.ComplexControl.CC_ComboBox, option, QStyle.SubControl.SC_ComboBoxEditField, choice
    )
    return choice.fontMetrics().horizontalAdvance(words) <= field.width()
