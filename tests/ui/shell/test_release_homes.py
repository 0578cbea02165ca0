"""The window opens homes that a release, and the version before format 1, made, and each item in them."""

from __future__ import annotations

import pytest
from fakes import older_homes, release_homes
from PySide6.QtWidgets import QDialog

from slmdesk.history.service import ItemTitle

pytestmark = pytest.mark.gui

PANES = {"summary": "summary", "question": "questions", "extraction": "table", "versions": "versions"}
"""Of a result: its pane beside the document."""
PAGES = {"chat": "Chat", "space": "Chat", "translation": "Translate", "writing": "Write", "comparison": "Chat"}
MISSING = ("is not where it was", "is not there")
"""The documents and models of these homes are gone."""
ENDED = "Retention rules (2) and holds (2) ended"


@pytest.mark.parametrize(
    ("made", "told"), [pytest.param(release_homes, (), marks=pytest.mark.soak), (older_homes, (ENDED,))]
)
def test_each_item_of_the_home_is_shown(start, tmp_path, made, told) -> None:
    items = made.unpack(tmp_path)
    program = start()
    for words in told:
        program.wait(lambda words=words: program.is_said(words))
    for item in reversed(items):
        program.window.show_page("Settings")
        program.frame.opener.item(ItemTitle(item["id"], item["kind"], item["title"], ""))
        page, pane = PAGES.get(item["kind"], "Documents"), PANES.get(item["kind"])
        program.wait(lambda page=page: program.window.current_page == page)
        if pane:
            program.wait(lambda pane=pane: program.frame.documents_page.side.current == pane)
        if page == "Chat" and item["kind"] != "space":
            program.wait(lambda item=item: program.chat.chat == item["id"])
            program.wait(lambda: len(program.chat.message_ids) == len(program.messages()))
        assert [dialog.windowTitle() for dialog in program.window.findChildren(QDialog) if dialog.isVisible()] == []
        assert [notice for notice in program.notices() if not any(words in notice for words in (*MISSING, *told))] == []
    for page in ("Jobs", "Settings", "Models"):
        program.window.show_page(page)
    assert program.ask(lambda services: services.settings.problems) == []
