"""What the page of settings says of the walls around each child: what the child said, and nothing before that."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QLabel, QWidget

from slmdesk.core.walls import Wall, walls_of
from slmdesk.gui.settings.walls import NOT_YET, PARTS, WallsSection

pytestmark = pytest.mark.gui


def said(program) -> dict[str, str]:
    section = program.frame.settings_page.findChild(WallsSection, "walls_section")
    rows = {role: section.findChild(QLabel, f"walls_{role}") for role in PARTS}
    assert all(row.isVisible() for row in rows.values())
    return {role: row.text().removeprefix(f"{PARTS[role]}: ") for role, row in rows.items()}


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
