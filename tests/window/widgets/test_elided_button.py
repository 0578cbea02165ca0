"""What has no room is cut: a button leaves room for its icon and the ellipsis, and a title is cut after a word."""

from __future__ import annotations

import pytest
from PySide6.QtGui import QFontMetrics, QIcon, QPixmap
from PySide6.QtWidgets import QStyle, QStyleOptionButton

from slmdesk.window.widgets.build import CutLabel, ElidedButton, ElidedLabel, cut_at_word

pytestmark = pytest.mark.gui


TITLE = "Kündigung des Mietvertrags der Wohnung in der Lindenstraße, <b>zum</b> 31. Dezember"


def test_a_title_is_cut_after_a_word_and_its_tooltip_shows_all_of_it(qtbot) -> None:
    words = TITLE.split()
    label, lines = ElidedLabel(None, name="title", text=TITLE), CutLabel(TITLE, None, name="lines", lines=2)
    pressed = ElidedButton(TITLE, None)
    for part in (label, lines, pressed):
        qtbot.addWidget(part)
        part.show()
    option = QStyleOptionButton()
    for width in range(120, 900, 7):
        for part in (label, lines, pressed):
            part.resize(width, 40)
        pressed.initStyleOption(option)
        for shown in (label.text(), lines.text(), option.text):
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
