"""Working offline enforced by the system: chosen in the settings, and said in the window while it is in force."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from slmdesk.models.hub import barriers
from slmdesk.models.hub.barriers import can_enforce
from slmdesk.ui.kit.widgets import bars
from slmdesk.ui.online import network

pytestmark = pytest.mark.gui


@pytest.mark.skipif(not can_enforce(), reason="no such filter here")
def test_a_person_has_the_system_enforce_offline_from_the_next_start_on(start) -> None:
    program = start()
    switch = program.setting("offline_enforced")
    assert (switch.isEnabled(), switch.isChecked()) == (True, False)
    program.click(switch)
    program.wait(lambda: program.ask(lambda services: services.settings.current.offline_enforced))
    told = program.ask(lambda services: services.network.enforcement)
    assert (told.by_system, "from the next start on" in told.words) == (False, True)
    assert program.find("offline_switch").isEnabled(), "nothing is in force yet"


def test_while_it_is_in_force_the_window_says_so_and_offers_no_way_out(start, monkeypatch) -> None:
    monkeypatch.setattr(barriers, "is_enforced", lambda: True)
    for module in (bars, network):
        monkeypatch.setattr(module, "is_enforced", lambda: True)
    program = start()
    program.window.show_page("Settings")
    assert not program.find("offline_switch").isEnabled()
    assert not program.find("setting_offline").isEnabled()
    program.mentions("network_words", bars.ENFORCED)
    program.mentions("offline_sentence", bars.ENFORCED)
    panel, opens = program.find("network_panel"), program.find("network_button")
    assert not program.find("once_button").isVisibleTo(panel)
    program.click(opens)
    assert panel.isAncestorOf(QApplication.focusWidget())
    QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_Escape)
    assert not panel.isVisible()
    assert QApplication.focusWidget() is opens
