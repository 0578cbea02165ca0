"""The window opens a home of the version before format 1, and each item in it: see fakes.older_homes."""

from __future__ import annotations

import pytest
from fakes.older_homes import unpack
from PySide6.QtWidgets import QDialog

from slmdesk.history.service import ItemTitle

pytestmark = pytest.mark.gui

PANES = {"summary": "summary", "question": "questions", "extraction": "table", "versions": "versions"}
"""Of a result: its pane beside the document."""
PAGES = {"chat": "Chat", "space": "Chat", "translation": "Translate", "writing": "Write", "comparison": "Chat"}
ENDED = "Retention rules (2) and holds (2) ended"
MISSING = ("is not where it was", "is not there", ENDED)
"""The documents and models of this home are gone, and what ended is told."""


def test_each_item_of_an_older_home_is_shown(start, tmp_path) -> None:
    items = unpack(tmp_path)
    program = start()
    program.wait(lambda: program.is_said(ENDED))
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
        assert [one.windowTitle() for one in program.window.findChildren(QDialog) if one.isVisible()] == []
        assert [notice for notice in program.notices() if not any(words in notice for words in MISSING)] == []
    for page in ("Jobs", "Settings", "Models"):
        program.window.show_page(page)
    assert program.ask(lambda services: services.settings.problems) == []
