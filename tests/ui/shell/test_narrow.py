"""What a narrow window with large letters still shows: words are cut with an ellipsis, and none takes all the room."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QComboBox, QStyle, QStyleOptionComboBox, QWidget

from slmdesk.base.record import changed
from slmdesk.base.runtime.events import ModelState, ModelStateChanged
from slmdesk.tasks.summarize import TASK
from slmdesk.ui.chat.header import ModelPicker, ModelsController
from slmdesk.ui.kit.base.bridge import Bridge
from slmdesk.ui.kit.base.theme import scaled
from slmdesk.ui.kit.widgets.build import column
from slmdesk.ui.kit.widgets.model_rows import SpeedMark
from slmdesk.ui.models.found import NameBox
from slmdesk.ui.tasks.form import TaskForm

pytestmark = pytest.mark.gui

READY = ModelStateChanged(ModelState.READY, "m", "A model with quite a long name", memory_bytes=424_000_000)


def large(widget) -> None:
    font = widget.font()
    font.setPointSize(16)
    widget.setFont(font)


def test_the_foot_of_the_window_cuts_the_name_of_the_model(qtbot) -> None:
    models = ModelsController(Bridge(), None)
    models.state = changed(READY, name=f"{READY.name} and a longer end")
    picker = ModelPicker(models)
    qtbot.addWidget(picker)
    assert picker.button.text().endswith("…")
    assert "424 MB memory" in picker.button.toolTip()
    assert "a longer end" in picker.button.accessibleName()


def test_what_a_summary_is_like_can_be_read_in_large_letters(qtbot) -> None:
    around = QWidget()
    qtbot.addWidget(around)
    form = TaskForm(TASK, around)
    column(*form.parts, into=around)
    around.resize(300, 400)
    around.show()
    qtbot.waitExposed(around)
    large(around)
    kinds = next(field.values for field in TASK.fields if field.name == "kind")
    qtbot.waitUntil(lambda: all(fits(form.part("kind").widget, words) for _, words in kinds))


def test_the_name_of_a_model_has_room_beside_its_box_in_large_letters(start) -> None:
    program = start()
    for scale in (100, 150, 200):
        program.frame.keeper.set_font_scale(scale)
        box = NameBox("A model & with quite a long name", program.window)
        box.show()
        for width in range(200, 900, 50):
            box.resize(width, 40)
            assert box.sizeHint().width() <= width
        assert box.text() == "A model && with quite a long name"
    program.frame.keeper.set_font_scale(100)


def test_the_words_of_a_speed_stand_behind_its_bar_in_large_letters(start) -> None:
    program = start()
    mark = SpeedMark(program.window)
    mark.show()
    for scale in (100, 200):
        program.frame.keeper.set_font_scale(scale)
        mark.resize(scaled(200), scaled(30))
        mark.layout().activate()
        assert mark.findChild(QWidget, "speed_words").x() >= scaled(64)
    program.frame.keeper.set_font_scale(100)


def fits(choice: QComboBox, words: str) -> bool:
    option = QStyleOptionComboBox()
    choice.initStyleOption(option)
    field = choice.style().subControlRect(
        QStyle.ComplexControl.CC_ComboBox, option, QStyle.SubControl.SC_ComboBoxEditField, choice
    )
    return choice.fontMetrics().horizontalAdvance(words) <= field.width()
