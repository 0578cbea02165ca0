"""A conversation view on a window of a known size."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt

from slmdesk.ui.chat.view import ConversationView
from slmdesk.ui.kit.base.theme import LIGHT, window_fonts
from slmdesk.ui.kit.markdown.selected import Parser, ViewStyle


@pytest.fixture
def style(qapp):
    return ViewStyle(LIGHT, window_fonts())


@pytest.fixture
def parser():
    return Parser(limit_s=60)  # what is compared must not depend on how busy the machine is


@pytest.fixture
def view(qtbot):
    made = ConversationView()
    qtbot.addWidget(made)
    made.resize(900, 700)
    with qtbot.waitExposed(made):
        made.show()
    made.setFocus(Qt.FocusReason.TabFocusReason)
    return made


@pytest.fixture
def settled(qtbot):
    """Wait until a view shows all the text of what is in sight."""

    def wait(view):
        qtbot.waitUntil(
            lambda: not view.pending and not any(row.has_more for row in view.rows if row.widget), timeout=60_000
        )

    return wait
