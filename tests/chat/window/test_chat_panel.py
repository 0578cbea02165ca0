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

from slmdesk.chat.types import ChatOptions
from slmdesk.ui.chat.messages import all_details_of

pytestmark = [pytest.mark.gui, pytest.mark.qt_log_ignore("This plugin does not support", extend=True)]


def open_panel(program):
    program.click("panel_button")
    program.wait(lambda: program.page.panel.isVisible())
    return program.page.panel


def choose(program, name: str, value: object) -> None:
    """As a person does: the list is opened, a row is taken."""
    box = program.find(f"option_{name}", program.page.panel)
    assert box.isEnabled(), name
    at = next(index for index in range(box.count()) if box.itemData(index) == value)
    box.setCurrentIndex(at)
    box.activated.emit(at)


def options_of(program) -> ChatOptions:
    chat = program.chat.chat
    return program.ask(lambda services: services.chats.options(chat))


def test_the_panel_opens_over_the_chat_with_the_first_settings_in_the_order_of_tab_and_closes(program):
    panel = program.page.panel
    assert not panel.isVisible()
    before = program.page.view.geometry()
    QTest.keyClick(
        program.window, Qt.Key.Key_B, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    )
    program.wait(panel.isVisible)
    program.wait(panel.focus_target().hasFocus)
    assert program.find("panel_button").isChecked()
    assert program.page.view.geometry() == before
    shown = {field.objectName() for field in panel.in_order if field.isVisible()}
    assert shown == {
        "option_system", "option_preset", "preset_save_as", "preset_manage", "option_model", "option_creativity",
        "option_answer_length", "option_answer_language", "option_more_button", "options_defaults",
    }  # fmt: skip
    name = program.ask(lambda services: services.models.state.name)
    program.wait(lambda: name and program.find("option_model", panel).itemText(0) == f"Same as now ({name})")
    program.click("option_more_button")
    assert program.find("option_temperature", panel).isVisible()
    assert not program.find("option_lora", panel).isVisible(), "no adapter fits"
    panel.focus_target().setFocus()
    reached = {panel.focus_target().objectName()}
    for _ in range(60):
        QTest.keyClick(program.window.focusWidget(), Qt.Key.Key_Tab)
        reached.add(program.window.focusWidget().objectName())
    missed = [
        field
        for field in panel.in_order
        if field.objectName() not in reached and field.isEnabled() and field.isVisible()
    ]
    assert not missed
    context = program.find("option_context", panel)
    program.wait(lambda: "made for" in context.toolTip())
    assert all("B" in context.itemText(at) for at in range(context.count()))
    choose(program, "context", context.itemData(0))
    program.wait(lambda: program.frame.settings.current.context_tokens == context.itemData(0))
    panel.focus_target().setFocus()
    QTest.keyClick(panel.focus_target(), Qt.Key.Key_Escape)
    program.wait(lambda: not panel.isVisible())
    program.wait(program.find("panel_button").hasFocus)
    assert not program.find("panel_button").isChecked()


def test_values_of_an_empty_chat_go_to_the_new_one_and_others_keep_theirs(program):
    panel = open_panel(program)
    choose(program, "temperature", 0.2)
    choose(program, "max_tokens", 64)
    program.find("option_system", panel).setPlainText("Be short.")
    program.say("hello")
    first = program.chat.chat
    assert options_of(program) == ChatOptions(temperature=0.2, max_tokens=64, system="Be short.")
    assert program.last().sampling["temperature"] == 0.2
    details = all_details_of(program.last())
    assert "Temperature: 0.2" in details
    assert any(line.startswith("Same answer again: ") for line in details)

    program.chat.new_chat()
    assert program.find("option_temperature", panel).currentData() is None
    program.says("option_system", "", panel)
    program.say("again")
    assert options_of(program) == ChatOptions()
    program.chat.open_chat(first)
    program.wait(lambda: program.find("option_temperature", panel).currentData() == 0.2)
    program.says("option_system", "Be short.", panel)


def test_creativity_length_and_seed_hold_from_the_next_answer_and_back_to_defaults_takes_all_back(program):
    panel = open_panel(program)
    assert not program.find("options_defaults").isEnabled()
    slider = program.find("option_creativity", panel)
    slider.setFocus()
    QTest.keyClick(slider, Qt.Key.Key_Left)
    parts = program.find("option_answer_length", panel)
    program.click(parts, lambda: parts.tabRect(0).center())
    program.say("hello")
    assert options_of(program) == ChatOptions(temperature=0.2, answer_length="short")
    message = program.last().id
    seen = []
    program.bridge.follow(lambda services: services.chats.seen_by_model(message), seen.append)
    program.wait(lambda: seen)
    assert "hello\n\nAnswer in one to three sentences." in seen[0].text
    choose(program, "temperature", 1.2)
    assert slider.value() == 2
    choose(program, "seed", True)
    box = program.find("option_seed_number", panel)
    assert box.isEnabled()
    box.setText("77")
    QTest.keyClick(box, Qt.Key.Key_Return)
    program.wait(lambda: options_of(program).seed == 77)
    assert "same question" in program.find("option_seed", panel).toolTip()
    program.say("again")
    assert program.last().seed == 77
    program.click("options_defaults")
    program.wait(lambda: options_of(program) == ChatOptions())
    assert not box.isEnabled()
    assert "Different every time" in program.find("option_seed", panel).toolTip()


def test_what_is_set_while_the_first_words_are_on_their_way_is_set_for_their_chat(program):
    """Both were lost: they were of a chat not yet begun, which had gone out already."""
    panel, gate = open_panel(program), threading.Event()
    program.bridge.ask(lambda _services: gate.wait(30))
    program.send("hello")
    choose(program, "temperature", 0.2)
    program.find("option_system", panel).setPlainText("Be short.")
    gate.set()
    program.wait(lambda: program.chat.chat)
    program.wait(lambda: options_of(program) == ChatOptions(temperature=0.2, system="Be short."))
    assert program.find("option_temperature", panel).currentData() == 0.2
    program.says("option_system", "Be short.", panel)


def test_adapters_of_this_model_alone_are_offered_and_switched_per_chat(start_real, tmp_path):
    program = start_real()
    base = tiny_families.make("llama2", tmp_path)
    program.frame.models.import_file(base)
    program.wait(lambda: "ready" in program.page.picker.button.accessibleName())
    lora = make_lora(base, tmp_path / "lora.gguf")
    theirs = make_lora(tiny_families.make("qwen2", tmp_path), tmp_path / "t.gguf", keys={"general.name": "Theirs"})
    for path in (lora, theirs):
        program.ask(lambda services, path=path: services.models.import_file(path, link=True))
    panel = open_panel(program)
    box = program.find("option_lora", panel)
    program.wait(lambda: box.count() == 2)
    assert box.itemText(1) == "Tiny adapter"
    assert program.page.picker.button.accessibleName().startswith("Model: Tiny llama2,")  # its words may be cut
    choose(program, "max_tokens", 64)
    choose(program, "temperature", 0.0)
    program.say("hello")
    plain = program.last().text
    choose(program, "lora", box.itemData(1))
    program.act("try_again")
    program.wait(lambda: not program.chat.is_busy and program.last().sampling.get("lora"))
    program.wait_idle()
    assert program.last().text != plain
    view = program.page.view.rows[len(program.page.view.rows) - 1].view
    assert "with Tiny adapter" in view.details
    choose(program, "lora_scale", 0.5)
    program.wait(lambda: options_of(program).lora_scale == 0.5)
    adapter = box.itemData(1)
    program.wait(program.is_in_front)
    open_panel(program)  # a press outside has closed it
    program.ask(lambda services: services.models.remove(adapter))
    program.mentions("option_lora_problem", "no longer in the library", panel)
    program.send("and now?")
    program.wait(lambda: any("no longer in the library" in notice for notice in program.notices()))
    assert program.page.composer.text == "and now?"
    assert Path(os.fspath(lora)).exists()


def test_settings_of_a_new_chat_that_come_once_another_is_shown_are_kept_for_the_next_new_one(program):
    program.say("hello")
    options, problems = program.frame.options, []
    program.bridge.problem_met.connect(problems.append)
    options.change("", ChatOptions(temperature=0.5))
    program.ask(lambda _services: None)
    assert (problems, program.chat.new_options.temperature) == ([], 0.5)
    assert options.chat == program.chat.chat
