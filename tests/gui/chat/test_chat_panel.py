"""The settings panel of a chat: kept per chat, in force with the next answer, reachable by keyboard."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest
from fakes import tiny_families
from fakes.tiny_lora import make_lora
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel

from slmdesk.services.chat.options import ChatOptions

pytestmark = pytest.mark.gui


def open_panel(desk):
    desk.click("panel_button")
    desk.wait(lambda: desk.page.panel.isVisible())
    return desk.page.panel


def choose(desk, name: str, value: object) -> None:
    """As a person does: the list is opened, a row is taken."""
    box = desk.find(f"option_{name}", desk.page.panel)
    assert box.isEnabled(), name
    at = next(one for one in range(box.count()) if box.itemData(one) == value)
    box.setCurrentIndex(at)
    box.activated.emit(at)


def options_of(desk) -> ChatOptions:
    chat = desk.chat.chat
    return desk.ask(lambda services: services.chats.options(chat))


def test_the_panel_opens_closes_and_is_remembered(start, model_file):
    desk = start()
    desk.frame.models.import_file(model_file)
    desk.wait(lambda: "ready" in desk.page.picker.button.text())
    assert not desk.page.panel.isVisible()
    QTest.keyClick(desk.window, Qt.Key.Key_B, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier)
    desk.wait(lambda: desk.page.panel.isVisible())
    desk.wait(lambda: desk.page.panel.first_field.hasFocus())
    QTest.keyClick(desk.page.panel.first_field, Qt.Key.Key_Escape)
    desk.wait(lambda: not desk.page.panel.isVisible())
    desk.wait(lambda: desk.page.composer.input_box.hasFocus())
    desk.click("panel_button")
    desk.frame.keep_layout()
    desk.wait(lambda: desk.frame.settings.current.chat_panel_visible)
    desk.close()
    again = start()
    assert again.page.panel.isVisible()
    assert again.find("panel_button").isChecked()


def test_values_of_an_empty_chat_go_to_the_new_one_and_others_keep_theirs(desk):
    panel = open_panel(desk)
    choose(desk, "temperature", 0.2)
    choose(desk, "max_tokens", 64)
    desk.find("option_system", panel).setPlainText("Be short.")
    desk.send("hello")
    desk.wait_idle()
    first = desk.chat.chat
    assert options_of(desk) == ChatOptions(temperature=0.2, max_tokens=64, system="Be short.")
    assert desk.last().sampling["temperature"] == 0.2
    view = desk.page.view.rows[len(desk.page.view.rows) - 1].view
    assert "temperature 0.2" in view.details_tip
    assert "reproducible" in view.details_tip

    desk.chat.new_chat()
    assert desk.find("option_temperature", panel).currentData() is None
    assert desk.find("option_system", panel).toPlainText() == ""
    desk.send("again")
    desk.wait_idle()
    assert options_of(desk) == ChatOptions()
    desk.chat.open_chat(first)
    desk.wait(lambda: desk.find("option_temperature", panel).currentData() == 0.2)
    assert desk.find("option_system", panel).toPlainText() == "Be short."


def test_a_change_holds_from_the_next_answer_and_back_to_defaults_takes_all_back(desk):
    desk.send("hello")
    desk.wait_idle()
    panel = open_panel(desk)
    assert not desk.find("options_defaults").isEnabled()
    choose(desk, "seed", True)
    box = desk.find("option_seed_number", panel)
    assert box.isEnabled()
    box.setText("77")
    QTest.keyClick(box, Qt.Key.Key_Return)
    desk.wait(lambda: options_of(desk).seed == 77)
    assert "same question" in desk.find("seed_words", panel).text()
    desk.send("again")
    desk.wait(lambda: len(desk.messages()) == 4)
    desk.wait_idle()
    assert desk.last().seed == 77
    desk.click("options_defaults")
    desk.wait(lambda: options_of(desk) == ChatOptions())
    assert not box.isEnabled()
    assert "Different every time" in desk.find("seed_words", panel).text()


def test_words_being_written_are_kept_when_another_chat_is_opened(desk):
    desk.send("one")
    desk.wait_idle()
    first = desk.chat.chat
    panel = open_panel(desk)
    desk.chat.new_chat()
    desk.send("two")
    desk.wait(lambda: desk.chat.chat not in ("", first))
    desk.wait_idle()
    second = desk.chat.chat
    desk.find("option_system", panel).setPlainText("Only here.")
    desk.chat.open_chat(first)
    desk.wait(lambda: desk.chat.chat == first and desk.find("option_system", panel).toPlainText() == "")
    desk.wait(lambda: desk.ask(lambda services: services.chats.options(second)).system == "Only here.")
    assert options_of(desk).system == ""


def hold_desk(desk) -> threading.Event:
    """The desk thread does nothing until this is set."""
    gate = threading.Event()
    desk.bridge.ask(lambda services: gate.wait(30))
    return gate


def test_what_is_set_while_the_first_words_are_on_their_way_is_set_for_their_chat(desk):
    """Both were lost: they were of a chat not yet begun, which had gone out already."""
    panel = open_panel(desk)
    gate = hold_desk(desk)
    desk.send("hello")
    choose(desk, "temperature", 0.2)
    desk.find("option_system", panel).setPlainText("Be short.")
    gate.set()
    desk.wait(lambda: desk.chat.chat)
    desk.wait(lambda: options_of(desk) == ChatOptions(temperature=0.2, system="Be short."))
    assert desk.find("option_temperature", panel).currentData() == 0.2
    assert desk.find("option_system", panel).toPlainText() == "Be short."


def test_an_earlier_change_that_comes_back_takes_no_later_one_back(desk):
    desk.send("hello")
    desk.wait_idle()
    panel = open_panel(desk)
    shown = []
    desk.frame.options.options_shown.connect(lambda _chat, options: shown.append(options))
    gate = hold_desk(desk)
    choose(desk, "temperature", 0.2)
    choose(desk, "max_tokens", 64)
    gate.set()
    desk.wait(lambda: options_of(desk) == ChatOptions(temperature=0.2, max_tokens=64))
    assert shown == []
    assert desk.find("option_max_tokens", panel).currentData() == 64
    chat = desk.chat.chat
    desk.ask(lambda services: services.chats.change_options(chat, ChatOptions(temperature=0.0)))  # another window
    desk.wait(lambda: desk.find("option_temperature", panel).currentData() == 0.0)


def test_every_field_has_a_name_a_sentence_and_a_place_in_the_order(desk):
    panel = open_panel(desk)
    for field in panel.in_order:
        assert field.accessibleName() or field.text(), field.objectName()
        assert field.objectName()
    QTest.qWait(0)
    names = [label.text() for label in panel.findChildren(QLabel) if label.objectName().endswith("_words")]
    assert len(names) >= 8
    assert all(names)
    at = panel.first_field
    at.setFocus()
    reached = set()
    for _ in range(20):
        QTest.keyClick(desk.window.focusWidget() or at, Qt.Key.Key_Tab)
        reached.add(desk.window.focusWidget().objectName())
    for field in panel.in_order:
        assert not field.isEnabled() or field.objectName() in reached | {at.objectName(), "chat_panel_close"}


def test_the_context_says_what_it_costs_and_the_most_there_is(desk):
    panel = open_panel(desk)
    box = desk.find("option_context", panel)
    desk.wait(lambda: "made for" in desk.find("context_words", panel).text())
    rows = [box.itemText(at) for at in range(box.count())]
    assert all("B" in row for row in rows)
    choose(desk, "context", box.itemData(0))
    desk.wait(lambda: desk.frame.settings.current.context_tokens == box.itemData(0))


def test_adapters_of_this_model_alone_are_offered_and_switched_per_chat(start_real, tmp_path):
    desk = start_real()
    base = tiny_families.make("llama2", tmp_path)
    desk.frame.models.import_file(base)
    desk.wait(lambda: "ready" in desk.page.picker.button.text())
    lora = make_lora(base, tmp_path / "lora.gguf")
    theirs = make_lora(tiny_families.make("qwen2", tmp_path), tmp_path / "t.gguf", keys={"general.name": "Theirs"})
    for path in (lora, theirs):
        desk.ask(lambda services, path=path: services.models.import_file(path, link=True))
    panel = open_panel(desk)
    box = desk.find("option_lora", panel)
    desk.wait(lambda: box.count() == 2)
    assert box.itemText(1) == "Tiny adapter"
    assert desk.page.picker.button.accessibleName().startswith("Model: Tiny llama2,")  # its words may be cut
    choose(desk, "max_tokens", 64)
    choose(desk, "temperature", 0.0)
    desk.send("hello")
    desk.wait_idle()
    plain = desk.last().text
    choose(desk, "lora", box.itemData(1))
    desk.act("try_again")
    desk.wait(lambda: not desk.chat.is_busy and desk.last().sampling.get("lora"))
    desk.wait_idle()
    assert desk.last().text != plain
    view = desk.page.view.rows[len(desk.page.view.rows) - 1].view
    assert "with Tiny adapter" in view.details
    choose(desk, "lora_scale", 0.5)
    desk.wait(lambda: options_of(desk).lora_scale == 0.5)
    adapter = box.itemData(1)
    desk.ask(lambda services: services.models.remove(adapter))
    desk.wait(lambda: "no longer in the library" in desk.find("lora_note", panel).text())
    desk.send("and now?")
    desk.wait(lambda: any("no longer in the library" in one for one in desk.notices()))
    assert desk.page.composer.text == "and now?"
    assert Path(os.fspath(lora)).exists()


def test_on_a_narrow_page_the_list_makes_room(desk):
    desk.window.resize(900, 600)
    desk.wait(lambda: desk.page.chat_list.isVisible())
    open_panel(desk)
    desk.wait(lambda: not desk.page.chat_list.isVisible())
    assert desk.page.is_list_shown
    desk.wait(lambda: desk.page.composer.width() > 400)
    desk.click("panel_button")
    desk.wait(lambda: desk.page.chat_list.isVisible())


def test_the_model_that_is_taken_by_itself_is_named(desk):
    panel = open_panel(desk)
    name = desk.ask(lambda services: services.models.state.name)
    desk.wait(lambda: name and desk.find("option_model", panel).itemText(0) == f"Same as now ({name})")
