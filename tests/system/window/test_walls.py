"""What the page of settings says of the walls around each child: what the child said, and nothing before that."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QWidget

from slmdesk.base.walls import Wall, walls_of
from slmdesk.hub import barriers
from slmdesk.hub.barriers import can_enforce
from slmdesk.online.window import network
from slmdesk.system.window.page import NOT_YET, PARTS, WallsSection
from slmdesk.window.widgets import bars

pytestmark = pytest.mark.gui


def said(program) -> dict[str, str]:
    section = program.frame.settings_page.findChild(WallsSection, "walls_section")
    rows = {role: section.findChild(QLabel, f"walls_{role}") for role in PARTS}
    assert all(row.isVisible() for row in rows.values())
    return {role: row.text().removeprefix(f"{PARTS[role]}: ") for role, row in rows.items()}


@pytest.mark.real_child
def test_the_walls_of_a_child_are_shown_once_it_has_said_them(start, tmp_path) -> None:
    program = start()
    program.window.show_page("Settings")
    program.wait(lambda: said(program)["reader"] == NOT_YET)
    (document := tmp_path / "note.txt").write_text("words")
    program.ask(lambda services: services.documents.open(document) and None)
    program.wait(lambda: program.services.reader.capabilities)
    program.window.show_page("Chat")
    program.window.show_page("Settings")
    walls = walls_of(program.services.reader.capabilities)
    program.wait(lambda: said(program)["reader"] == walls.words)
    assert said(program)["helper"] == NOT_YET, "the echo engine has none"


class FakeController(QObject):
    """Says that the reader reported these facts."""

    walls_shown = Signal(object)

    def __init__(self, *facts: str) -> None:
        super().__init__()
        self.walls = walls_of(facts)

    def look_at_walls(self) -> None:
        self.walls_shown.emit({"reader": self.walls, "helper": None})


@pytest.mark.parametrize("facts", [(), ("no_network", "no_exec", "no_signals"), ("files_limited",)])
def test_less_than_all_is_shown_as_less(qtbot, facts) -> None:
    controller, holder = FakeController(*facts), QWidget()
    qtbot.addWidget(holder)
    section = WallsSection(controller, holder)
    holder.show()
    assert controller.walls.wall is not Wall.WALLED
    assert section.findChild(QLabel, "walls_reader").text() == f"Documents: {controller.walls.words}"
    assert section.findChild(QLabel, "walls_engine").text() == f"Models: {NOT_YET}"


@pytest.mark.skipif(not can_enforce(), reason="no such filter here")
def test_a_person_has_the_system_enforce_offline_from_the_next_start_on(start) -> None:
    program = start()
    program.window.show_page("Settings")
    choice = program.find("setting_offline_enforced")
    assert (choice.isEnabled(), choice.currentData()) == (True, False)
    QTest.keyClick(choice, Qt.Key.Key_Down)
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
    assert bars.ENFORCED in program.find("network_words").text()
    assert bars.ENFORCED in program.find("offline_sentence").text()
    assert not program.find("once_button").isVisibleTo(program.find("network_panel"))
    refused: list = []
    program.bridge.ask(lambda services: services.network.allow_once(), None, refused.append)
    program.wait(lambda: refused)
    assert refused[0].code == "network.enforced"
    assert program.ask(lambda services: services.network.is_offline)
