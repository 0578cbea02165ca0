"""The palette: each of its groups by real keys, what the organisation hides, nothing found, Esc, the focus.

How a name matches what is typed is in test_matching.py.
"""

from __future__ import annotations

import gettext
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog, QWidget

from slmdesk.base import texts
from slmdesk.base.runtime.events import ItemChanged
from slmdesk.base.text.folding import HIT_BEGIN, HIT_END
from slmdesk.chat.spaces import Space
from slmdesk.tasks.summaries.types import SummaryRequest
from slmdesk.ui.kit.palette import ENTRY_ROLE

pytestmark = pytest.mark.gui
CTRL = Qt.KeyboardModifier.ControlModifier


def press(program, key, modifiers=Qt.KeyboardModifier.NoModifier) -> None:
    """A key, to where the keyboard is."""
    QTest.keyClick(program.window.focusWidget() or program.window, key, modifiers)


def panel(program):
    return program.frame.palette.panel


def open_palette(program, words: str = ""):
    program.wait(program.is_in_front)
    press(program, Qt.Key.Key_K, CTRL)
    program.wait(panel(program).isVisible)
    program.wait(panel(program).line.hasFocus)
    program.wait(lambda: not program.frame.palette.controller.names.is_coming)
    QTest.keyClicks(panel(program).line, words)
    return panel(program)


def rows(program) -> list[str]:
    """What is listed: headings in capitals."""
    listed = panel(program).list
    items = [listed.item(at) for at in range(listed.count())]
    return [item.text() if item.data(ENTRY_ROLE) else item.text().upper() for item in items]


def entries(program, heading: str) -> list:
    """What is listed under a heading."""
    listing = panel(program).listing
    return [entry for section in listing.sections if section.heading.startswith(heading) for entry in section.entries]


def chosen(program) -> str:
    item = panel(program).list.currentItem()
    return item.text() if item else ""


def enter(program) -> None:
    press(program, Qt.Key.Key_Return)
    assert panel(program).isHidden()


def choose(program, is_it) -> None:
    """Go down to an entry, and choose it."""
    while not is_it(panel(program).list.currentItem().data(ENTRY_ROLE)):
        press(program, Qt.Key.Key_Down)
    enter(program)


def read(program, path, text: str):
    path.write_text(text)
    got = []
    program.bridge.follow(lambda services: services.documents.open(path), got.append)
    program.wait(lambda: got)
    return got[0]


def test_nothing_typed_lists_what_is_useful_and_what_was_used_last(program, tmp_path):
    program.say("<b>What</b> is the rent?")
    read(program, tmp_path / "lease.txt", "The rent is 900 euros.")
    open_palette(program)
    shown = rows(program)
    assert shown[:4] == ["ACTIONS", "New chat", "Open documents", "Translate"]
    assert shown[shown.index("RECENT") + 1 :] == ["<b>What</b> is the rent?", "lease.txt"]
    item = panel(program).list.currentItem()
    assert item.data(Qt.ItemDataRole.AccessibleTextRole) == "New chat, Actions, Chat, Ctrl+N"
    assert panel(program).line.accessibleName()
    assert panel(program).list.accessibleName()
    QTest.keyClicks(panel(program).line, "<b>what")
    item = panel(program).list.currentItem()
    assert item.text().startswith("<b>What</b>")
    assert "<b>" not in item.toolTip(), "names are plain text"


def test_only_what_can_be_done_now_is_offered_and_its_page_is_shown_first(program):
    open_palette(program, "rename")
    assert "Rename the chat" not in rows(program)
    press(program, Qt.Key.Key_Escape)
    program.say("hello")
    open_palette(program, "rename")
    assert chosen(program) == "Rename the chat"
    press(program, Qt.Key.Key_Escape)
    program.window.show_page("Jobs")
    open_palette(program, "new ch")
    enter(program)
    assert program.window.current_page == "Chat"
    program.wait(lambda: not program.chat.chat)
    assert program.page.composer.input_box.hasFocus()


def test_a_setting_is_gone_to(program):
    open_palette(program, "parallel downloads")
    assert rows(program)[:2] == ["SETTINGS", "Parallel downloads"]
    assert entries(program, "Settings")[0].detail == "Models"
    enter(program)
    assert program.window.current_page == "Settings"
    setting = program.find("setting_downloads_at_once")
    program.wait(setting.hasFocus)
    area = program.frame.settings_page
    place = setting.mapTo(area, QPoint(0, 0)).y()
    assert 0 <= place < area.height()


def test_values_of_settings_and_other_words_find_what_they_mean(program):
    program.frame.settings_page  # noqa: B018  made
    open_palette(program)
    for typed, found in {
        "dark": "Colours",
        "password": "Encrypt history",
        "125": "Text size",
        "licence": "Help: shortcuts, your data, about slmdesk",
        "excel": "Make a table of documents",
        "calendar": "Deadlines",
        "mood": "Label texts",
        "comparison": "Compare two versions",
        "anonym": "Redact a document",
    }.items():
        panel(program).line.clear()
        QTest.keyClicks(panel(program).line, typed)
        assert found in rows(program)[:4], typed


def test_a_way_for_documents_shows_its_pane_or_asks_for_a_document(program, tmp_path):
    open_palette(program, "excel")
    enter(program)
    program.wait(lambda: program.window.findChild(QFileDialog, "documents_dialog"))
    program.window.findChild(QFileDialog, "documents_dialog").reject()
    record = read(program, tmp_path / "lease.txt", "The rent is 900 euros.")
    program.frame.documents.show_document(record.id)
    program.wait(lambda: program.frame.documents.current)
    open_palette(program, "black out")
    enter(program)
    assert program.frame.documents_page.side.current == "redact"


def test_titles_and_places_of_results_are_told_in_the_language_of_the_window(program, tmp_path, monkeypatch):
    record = read(program, tmp_path / "lease.txt", "The rent of the flat is 900 euros. It is due on the first of May.")
    got = []
    begun = lambda services: services.tasks.begin("summary", SummaryRequest((record.id,)))  # noqa: E731
    program.bridge.follow(begun, got.append)
    program.wait(lambda: got and "900" in str(program.ask(lambda services: services.history.search("rent"))))
    german = gettext.translation("slmdesk", Path(texts.__file__).parents[1] / "locale", ["de"])
    monkeypatch.setattr(texts, "_catalogue", german)
    program.bridge.publish(ItemChanged(got[0]))
    program.wait(lambda: program.frame.palette.controller.names.is_coming is False)
    open_palette(program, "zusammenfassung: lease")
    assert "Zusammenfassung: lease.txt" in rows(program)
    panel(program).line.clear()
    QTest.keyClicks(panel(program).line, "euros")
    program.wait(lambda: entries(program, "In Chats"))
    snippets = [entry.snippet for entry in entries(program, "In Chats")]
    assert [snippet for snippet in snippets if "[S. 1]" in snippet], snippets


def test_a_model_is_used_and_a_space_shown(program):
    def make(services):
        space = services.chats.spaces.add(Space("", "Pumps"))
        services.chats.places.change([services.chats.new_chat("Valve").id], space=space.id)
        return services.models.list()

    program.frame.models.unload()
    program.wait(lambda: "ready" not in program.page.picker.button.accessibleName())
    (model,) = program.ask(make)
    open_palette(program, model.name)
    assert [entry.name for entry in entries(program, "Models")] == [model.name]
    choose(program, lambda entry: entry.detail == "Use this model")
    program.wait(lambda: "ready" in program.page.picker.button.accessibleName())
    program.window.show_page("Jobs")
    open_palette(program, "pum")
    assert [entry.name for entry in entries(program, "Spaces")] == ["Pumps"]
    choose(program, lambda entry: entry.name == "Pumps")
    program.wait(lambda: program.window.current_page == "Chat")
    program.wait(lambda: [row.title for row in program.page.chat_list.view.model().rows] == ["Valve"])


def test_a_document_a_passage_and_a_folder_are_opened(program, tmp_path):
    folder = tmp_path / "contracts"
    folder.mkdir()
    (folder / "pump agreement.txt").write_text("The pump stops at 12 bar.")
    lease = read(program, tmp_path / "lease.txt", "The rent is 900 euros.\n\nThe deposit is three months.\n")
    program.frame.documents_area.folders.add(folder)
    program.wait(lambda: any(name.folder for name in program.ask(lambda services: services.documents.names())))
    program.window.show_page("Chat")
    open_palette(program, "lease")
    assert rows(program)[:2] == ["DOCUMENTS", "lease.txt"]
    enter(program)
    program.wait(lambda: program.window.current_page == "Documents")
    program.wait(lambda: program.frame.documents.current == lease.id)
    open_palette(program, "contracts")
    program.wait(lambda: chosen(program) == "contracts")
    enter(program)
    program.wait(lambda: program.frame.documents_area.folders.current)
    open_palette(program, "deposit is th")
    program.wait(lambda: entries(program, "In documents"))
    (hit,) = entries(program, "In documents")
    assert (hit.name, hit.detail) == ("lease.txt", "Page 1")
    assert f"{HIT_BEGIN}deposit{HIT_END}" in hit.snippet
    enter(program)
    program.wait(lambda: program.frame.documents.current == lease.id)


def test_a_chat_is_opened_by_its_title_and_at_a_hit(program):
    program.say("alpha first\n" + "filler\n" * 80)
    first = program.chat.chat
    program.say("the invoice of the harbour authority")
    program.click("new_chat_button")
    program.say("beta")
    open_palette(program, "alpha fi")
    assert rows(program)[0] == "CHATS"
    enter(program)
    program.wait(lambda: program.chat.chat == first)
    program.click("new_chat_button")
    program.window.show_page("Models")
    open_palette(program, "harbour auth")
    program.wait(lambda: entries(program, "In chats and results"))
    hit = entries(program, "In chats and results")[-1]
    assert f"{HIT_BEGIN}harbour{HIT_END} {HIT_BEGIN}authority{HIT_END}" in hit.snippet
    choose(program, lambda entry: entry is hit)
    program.wait(lambda: program.chat.chat == first)
    assert program.window.current_page == "Chat"
    program.wait(lambda: len(program.page.view.rows) > 2)
    program.wait(lambda: program.page.view.rows[2].widget is not None)
    program.wait(lambda: program.page.view.rows[2].widget.text.extraSelections())
    assert program.page.composer.input_box.hasFocus()


def test_an_answer_to_older_words_is_dropped(program):
    """One search at a time: while it is under way only the newest words wait."""
    program.say("the harbour authority")
    open_palette(program)
    controller = program.frame.palette.controller
    seen = []
    controller.listed.connect(lambda listing: seen.append(listing))
    QTest.keyClicks(panel(program).line, "harbour xyz")
    for _ in "xyz":
        press(program, Qt.Key.Key_Backspace)
    program.wait(lambda: panel(program).listing.is_complete)
    assert panel(program).listing.words == "harbour"
    assert entries(program, "In chats and results")
    for answer in seen:
        hits = [entry for part in answer.sections if part.heading.startswith("In ") for entry in part.entries]
        assert not (hits and "xyz" in answer.words)


def test_keys_and_mouse_move_choose_and_close(program):
    program.window.show_page("Documents")
    before = program.window.focusWidget()
    opened = open_palette(program, "qqzzqq")
    program.wait(lambda: rows(program) == ["NOTHING FOUND FOR “QQZZQQ”"])
    press(program, Qt.Key.Key_Return)
    assert opened.isVisible()
    press(program, Qt.Key.Key_Escape)
    assert opened.isHidden()
    assert program.window.focusWidget() is before
    open_palette(program)
    press(program, Qt.Key.Key_K, CTRL)
    assert opened.isHidden()
    open_palette(program)
    press(program, Qt.Key.Key_Down)
    assert chosen(program) == "Open documents"
    press(program, Qt.Key.Key_Tab)
    assert chosen(program) == "Translate"
    press(program, Qt.Key.Key_Backtab)
    press(program, Qt.Key.Key_Up)
    press(program, Qt.Key.Key_Up)
    assert chosen(program) == [row for row in rows(program) if row != row.upper()][-1]
    QTest.mouseClick(opened, Qt.MouseButton.LeftButton, pos=QPoint(3, 3))
    assert opened.isHidden()
    assert program.window.focusWidget() is before
    open_palette(program, "models")
    item = next(opened.list.item(at) for at in range(opened.list.count()) if opened.list.item(at).text() == "Models")
    program.click_item(opened.list, opened.list.indexFromItem(item))
    assert opened.isHidden()
    assert program.window.current_page == "Models"
    open_palette(program)
    QTest.keyClick(opened.line, Qt.Key.Key_3, CTRL)
    program.wait(lambda: program.window.current_page == "Documents")
    assert opened.isHidden()


def test_the_key_works_from_a_line_with_text(program):
    """Qt's own meaning of Ctrl+K in lines, on some systems: delete the rest of the line."""
    program.type("a draft")
    QTest.keyClick(program.page.composer.input_box, Qt.Key.Key_Home)
    open_palette(program)
    press(program, Qt.Key.Key_Escape)
    assert program.page.composer.text == "a draft"
    box = program.page.chat_list.search_box
    box.setFocus()
    QTest.keyClicks(box, "words")
    QTest.keyClick(box, Qt.Key.Key_Home)
    open_palette(program)
    press(program, Qt.Key.Key_Escape)
    assert (box.text(), box.hasFocus()) == ("words", True)


def test_what_the_organisation_hides_is_not_offered(start, paths):
    wanted = ("Proxy", "Access token", "Work offline")
    program = start()
    for words in wanted:
        open_palette(program, words)
        assert chosen(program) == words, "the control"
        press(program, Qt.Key.Key_Escape)
    program.close()
    paths.policy_file.write_text('[features]\nhidden = ["settings.network", "token"]\n')
    program = start()
    program.wait(lambda: program.find("network_body").isHidden())
    for words in wanted[:2]:
        open_palette(program, words)
        program.wait(lambda: panel(program).listing.is_complete)
        listed = [entry.name for part in ("Actions", "Settings") for entry in entries(program, part)]
        assert words not in listed
        press(program, Qt.Key.Key_Escape)


def test_it_fits_a_small_window_with_large_text(program):
    program.frame.keeper.set_font_scale(200)
    program.window.resize(700, 450)
    opened = open_palette(program, "e")
    frame = opened.findChild(QWidget, "palette_panel")
    program.wait(lambda: opened.rect() == program.window.rect())
    assert opened.rect().contains(frame.geometry())
    assert opened.list.horizontalScrollBar().maximum() == 0
    assert frame.geometry().contains(opened.list.mapTo(opened, opened.list.rect().center()))
    for _ in range(opened.list.count()):
        press(program, Qt.Key.Key_Down)
        assert opened.list.viewport().rect().contains(opened.list.visualItemRect(opened.list.currentItem()))
    program.frame.keeper.set_font_scale(100)
