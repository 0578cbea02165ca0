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


def open_panel(service_thread):
    service_thread.click("panel_button")
    service_thread.wait(lambda: service_thread.page.panel.isVisible())
    return service_thread.page.panel


def choose(service_thread, name: str, value: object) -> None:
    """As a person does: the list is opened, a row is taken."""
    box = service_thread.find(f"option_{name}", service_thread.page.panel)
    assert box.isEnabled(), name
    at = next(one for one in range(box.count()) if box.itemData(one) == value)
    box.setCurrentIndex(at)
    box.activated.emit(at)


def options_of(service_thread) -> ChatOptions:
    chat = service_thread.chat.chat
    return service_thread.ask(lambda services: services.chats.options(chat))


def test_the_panel_opens_closes_and_is_remembered(start, model_file):
    service_thread = start()
    service_thread.frame.models.import_file(model_file)
    service_thread.wait(lambda: "ready" in service_thread.page.picker.button.text())
    assert not service_thread.page.panel.isVisible()
    QTest.keyClick(
        service_thread.window, Qt.Key.Key_B, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    )
    service_thread.wait(lambda: service_thread.page.panel.isVisible())
    service_thread.wait(lambda: service_thread.page.panel.first_field.hasFocus())
    QTest.keyClick(service_thread.page.panel.first_field, Qt.Key.Key_Escape)
    service_thread.wait(lambda: not service_thread.page.panel.isVisible())
    service_thread.wait(lambda: service_thread.page.composer.input_box.hasFocus())
    service_thread.click("panel_button")
    service_thread.frame.keep_layout()
    service_thread.wait(lambda: service_thread.frame.settings.current.chat_panel_visible)
    service_thread.close()
    again = start()
    assert again.page.panel.isVisible()
    assert again.find("panel_button").isChecked()


def test_values_of_an_empty_chat_go_to_the_new_one_and_others_keep_theirs(service_thread):
    panel = open_panel(service_thread)
    choose(service_thread, "temperature", 0.2)
    choose(service_thread, "max_tokens", 64)
    service_thread.find("option_system", panel).setPlainText("Be short.")
    service_thread.send("hello")
    service_thread.wait_idle()
    first = service_thread.chat.chat
    assert options_of(service_thread) == ChatOptions(temperature=0.2, max_tokens=64, system="Be short.")
    assert service_thread.last().sampling["temperature"] == 0.2
    view = service_thread.page.view.rows[len(service_thread.page.view.rows) - 1].view
    assert "temperature 0.2" in view.details_tip
    assert "reproducible" in view.details_tip

    service_thread.chat.new_chat()
    assert service_thread.find("option_temperature", panel).currentData() is None
    assert service_thread.find("option_system", panel).toPlainText() == ""
    service_thread.send("again")
    service_thread.wait_idle()
    assert options_of(service_thread) == ChatOptions()
    service_thread.chat.open_chat(first)
    service_thread.wait(lambda: service_thread.find("option_temperature", panel).currentData() == 0.2)
    assert service_thread.find("option_system", panel).toPlainText() == "Be short."


def test_a_change_holds_from_the_next_answer_and_back_to_defaults_takes_all_back(service_thread):
    service_thread.send("hello")
    service_thread.wait_idle()
    panel = open_panel(service_thread)
    assert not service_thread.find("options_defaults").isEnabled()
    choose(service_thread, "seed", True)
    box = service_thread.find("option_seed_number", panel)
    assert box.isEnabled()
    box.setText("77")
    QTest.keyClick(box, Qt.Key.Key_Return)
    service_thread.wait(lambda: options_of(service_thread).seed == 77)
    assert "same question" in service_thread.find("seed_words", panel).text()
    service_thread.send("again")
    service_thread.wait(lambda: len(service_thread.messages()) == 4)
    service_thread.wait_idle()
    assert service_thread.last().seed == 77
    service_thread.click("options_defaults")
    service_thread.wait(lambda: options_of(service_thread) == ChatOptions())
    assert not box.isEnabled()
    assert "Different every time" in service_thread.find("seed_words", panel).text()


def test_words_being_written_are_kept_when_another_chat_is_opened(service_thread):
    service_thread.send("one")
    service_thread.wait_idle()
    first = service_thread.chat.chat
    panel = open_panel(service_thread)
    service_thread.chat.new_chat()
    service_thread.send("two")
    service_thread.wait(lambda: service_thread.chat.chat not in ("", first))
    service_thread.wait_idle()
    second = service_thread.chat.chat
    service_thread.find("option_system", panel).setPlainText("Only here.")
    service_thread.chat.open_chat(first)
    service_thread.wait(
        lambda: service_thread.chat.chat == first and service_thread.find("option_system", panel).toPlainText() == ""
    )
    service_thread.wait(
        lambda: service_thread.ask(lambda services: services.chats.options(second)).system == "Only here."
    )
    assert options_of(service_thread).system == ""


def hold_instance(service_thread) -> threading.Event:
    """The service thread does nothing until this is set."""
    gate = threading.Event()
    service_thread.bridge.ask(lambda services: gate.wait(30))
    return gate


def test_what_is_set_while_the_first_words_are_on_their_way_is_set_for_their_chat(service_thread):
    """Both were lost: they were of a chat not yet begun, which had gone out already."""
    panel = open_panel(service_thread)
    gate = hold_instance(service_thread)
    service_thread.send("hello")
    choose(service_thread, "temperature", 0.2)
    service_thread.find("option_system", panel).setPlainText("Be short.")
    gate.set()
    service_thread.wait(lambda: service_thread.chat.chat)
    service_thread.wait(lambda: options_of(service_thread) == ChatOptions(temperature=0.2, system="Be short."))
    assert service_thread.find("option_temperature", panel).currentData() == 0.2
    assert service_thread.find("option_system", panel).toPlainText() == "Be short."


def test_an_earlier_change_that_comes_back_takes_no_later_one_back(service_thread):
    service_thread.send("hello")
    service_thread.wait_idle()
    panel = open_panel(service_thread)
    shown = []
    service_thread.frame.options.options_shown.connect(lambda _chat, options: shown.append(options))
    gate = hold_instance(service_thread)
    choose(service_thread, "temperature", 0.2)
    choose(service_thread, "max_tokens", 64)
    gate.set()
    service_thread.wait(lambda: options_of(service_thread) == ChatOptions(temperature=0.2, max_tokens=64))
    assert shown == []
    assert service_thread.find("option_max_tokens", panel).currentData() == 64
    chat = service_thread.chat.chat
    service_thread.ask(
        lambda services: services.chats.change_options(chat, ChatOptions(temperature=0.0))
    )  # another window
    service_thread.wait(lambda: service_thread.find("option_temperature", panel).currentData() == 0.0)


def test_every_field_has_a_name_a_sentence_and_a_place_in_the_order(service_thread):
    panel = open_panel(service_thread)
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
        QTest.keyClick(service_thread.window.focusWidget() or at, Qt.Key.Key_Tab)
        reached.add(service_thread.window.focusWidget().objectName())
    for field in panel.in_order:
        assert not field.isEnabled() or field.objectName() in reached | {at.objectName(), "chat_panel_close"}


def test_the_context_says_what_it_costs_and_the_most_there_is(service_thread):
    panel = open_panel(service_thread)
    box = service_thread.find("option_context", panel)
    service_thread.wait(lambda: "made for" in service_thread.find("context_words", panel).text())
    rows = [box.itemText(at) for at in range(box.count())]
    assert all("B" in row for row in rows)
    choose(service_thread, "context", box.itemData(0))
    service_thread.wait(lambda: service_thread.frame.settings.current.context_tokens == box.itemData(0))


def test_adapters_of_this_model_alone_are_offered_and_switched_per_chat(start_real, tmp_path):
    service_thread = start_real()
    base = tiny_families.make("llama2", tmp_path)
    service_thread.frame.models.import_file(base)
    service_thread.wait(lambda: "ready" in service_thread.page.picker.button.text())
    lora = make_lora(base, tmp_path / "lora.gguf")
    theirs = make_lora(tiny_families.make("qwen2", tmp_path), tmp_path / "t.gguf", keys={"general.name": "Theirs"})
    for path in (lora, theirs):
        service_thread.ask(lambda services, path=path: services.models.import_file(path, link=True))
    panel = open_panel(service_thread)
    box = service_thread.find("option_lora", panel)
    service_thread.wait(lambda: box.count() == 2)
    assert box.itemText(1) == "Tiny adapter"
    assert service_thread.page.picker.button.accessibleName().startswith("Model: Tiny llama2,")  # its words may be cut
    choose(service_thread, "max_tokens", 64)
    choose(service_thread, "temperature", 0.0)
    service_thread.send("hello")
    service_thread.wait_idle()
    plain = service_thread.last().text
    choose(service_thread, "lora", box.itemData(1))
    service_thread.act("try_again")
    service_thread.wait(lambda: not service_thread.chat.is_busy and service_thread.last().sampling.get("lora"))
    service_thread.wait_idle()
    assert service_thread.last().text != plain
    view = service_thread.page.view.rows[len(service_thread.page.view.rows) - 1].view
    assert "with Tiny adapter" in view.details
    choose(service_thread, "lora_scale", 0.5)
    service_thread.wait(lambda: options_of(service_thread).lora_scale == 0.5)
    adapter = box.itemData(1)
    service_thread.ask(lambda services: services.models.remove(adapter))
    service_thread.wait(lambda: "no longer in the library" in service_thread.find("lora_note", panel).text())
    service_thread.send("and now?")
    service_thread.wait(lambda: any("no longer in the library" in one for one in service_thread.notices()))
    assert service_thread.page.composer.text == "and now?"
    assert Path(os.fspath(lora)).exists()


def test_on_a_narrow_page_the_list_makes_room(service_thread):
    service_thread.window.resize(900, 600)
    service_thread.wait(lambda: service_thread.page.chat_list.isVisible())
    open_panel(service_thread)
    service_thread.wait(lambda: not service_thread.page.chat_list.isVisible())
    assert service_thread.page.is_list_shown
    service_thread.wait(lambda: service_thread.page.composer.width() > 400)
    service_thread.click("panel_button")
    service_thread.wait(lambda: service_thread.page.chat_list.isVisible())


def test_the_model_that_is_taken_by_itself_is_named(service_thread):
    panel = open_panel(service_thread)
    name = service_thread.ask(lambda services: services.models.state.name)
    service_thread.wait(
        lambda: name and service_thread.find("option_model", panel).itemText(0) == f"Same as now ({name})"
    )
