"""A button with an icon leaves room for it: the ellipsis is seen whole."""

from __future__ import annotations

import pytest
from PySide6.QtGui import QIcon, QPixmap
from PySide6.QtWidgets import QStyle, QStyleOptionButton

from slmdesk.window.widgets.build import ElidedButton

pytestmark = pytest.mark.gui


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
