"""A list of values shows the chosen one whole where it has the room it asks for, and an ellipsis where it has not."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QStyleOptionComboBox, QWidget

from slmdesk.window.base.theme import ThemeKeeper
from slmdesk.window.widgets.rows import Choice

pytestmark = pytest.mark.gui


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
