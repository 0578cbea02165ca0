"""Examples of a preset in the window: pasted, dropped, taken back, tried, and made of corrections; by real clicks."""

from __future__ import annotations

import pytest
from fakes.dropping import drop
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPlainTextEdit

from slmdesk.chat.types import ChatOptions, Example

pytestmark = [pytest.mark.gui, pytest.mark.qt_log_ignore("This plugin does not support", extend=True)]
PAIRS = tuple((f"Say {n}", f"You said: {'say' if n < 4 else 'never'} {n}") for n in range(6))


def add(program, name="Say it", pairs=PAIRS, **options):
    examples = tuple(Example(*pair) for pair in pairs)
    preset = program.ask(lambda services: services.chats.presets.add(name, ChatOptions(examples=examples, **options)))
    program.wait(lambda: program.frame.options.presets.of(preset.id))
    return preset


def open_window(program):
    if not program.page.is_panel_shown:
        program.click("panel_button")
    program.click("preset_manage")
    window = program.find("presets_window")
    program.wait(lambda: window.current is not None)
    return window


def rows(table) -> list[tuple[str, str]]:
    return [tuple(table.item(at, side).text() for side in (0, 1)) for at in range(table.rowCount())]


def test_examples_are_pasted_dropped_and_taken_back(program, tmp_path):
    window = open_window(program)
    program.click(program.find("presets_new", window))
    editor = program.find("preset_editor")
    program.type_into(program.find("preset_name", editor), "Mine")
    table = program.find("preset_examples", editor)
    QGuiApplication.clipboard().setText('It rains\tRain\n"It\nsnows"\tSnow\nalone\n')
    program.click(program.find("preset_example_paste", editor))
    assert rows(table) == [("It rains", "Rain"), ("It\nsnows", "Snow")]
    program.mentions("preset_examples_said", "3: not two columns", editor)
    program.mentions("preset_examples_room", "2 examples, ", editor)
    program.mentions("preset_examples_room", "tokens of the context", editor)
    file = tmp_path / "more.jsonl"
    file.write_text('{"input": "It hails", "output": "Hail"}\n{"input": "It rains", "output": "Rain"}\n')
    drop(editor, file)
    program.wait(lambda: len(rows(table)) == 3)
    table.setFocus()
    table.setCurrentCell(0, 0)
    QTest.keyClick(table, Qt.Key.Key_Delete)
    assert [first for first, _second in rows(table)] == ["It\nsnows", "It hails"]
    table.item(0, 1).setText("Snow!")
    for before in (["Snow", "Hail"], ["Rain", "Snow", "Hail"]):
        program.click(program.find("preset_example_undo", editor))
        assert [second for _first, second in rows(table)] == before
    QTest.keyClick(table, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert len(rows(table)) == 2
    QGuiApplication.clipboard().setText("\n".join(f"q{n}\ta" for n in range(60)))
    QTest.keyClick(table, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)
    assert len(rows(table)) == 50
    program.mentions("preset_examples_said", "12 were left out", editor)
    assert not program.find("preset_example_add", editor).isEnabled()
    program.click(program.find("preset_save", editor))
    program.wait(lambda: window.current.name == "Mine")
    assert len(window.current.options.examples) == 50
    program.says("presets_examples", "50 examples", window)


def test_they_are_tried_and_the_others_stand_side_by_side(program):
    add(program)
    add(program, "Few", PAIRS[:2])
    add(program, "Long", [(f"{n} " * 1500, "a") for n in range(8)])
    window = open_window(program)
    button, listed = program.find("presets_try", window), program.find("presets_list", window)
    listed.setCurrentRow(1)
    assert (window.current.name, button.isEnabled()) == ("Few", False)
    assert "5 examples" in button.toolTip()
    listed.setCurrentRow(0)
    program.click(button)
    sheet = program.find("examples_try")
    program.click(program.find("try_begin", sheet))
    words = program.find("try_words", sheet)
    program.wait(lambda: words.text().endswith(": 4 of 6 as you wrote them"))
    program.wait(program.find("try_begin", sheet).isVisible)
    table = program.find("try_others", sheet)
    shown = [[table.item(at, side).text() for side in range(3)] for at in range(table.rowCount())]
    assert shown == [[question, wanted, f"You said: {question}"] for question, wanted in PAIRS[4:]]
    assert "alike" in table.item(0, 2).toolTip()
    sheet.close()
    program.mentions("presets_examples", "4 of 6", window)
    listed.setCurrentRow(2)
    program.click(program.find("presets_edit", window))
    room = program.find("preset_examples_room", program.find("preset_editor"))
    program.wait(lambda: "too long for the model" in room.text())
    assert room.property("kind") == "warn"


def test_it_is_cancelled_and_goes_on(program, monkeypatch):
    slow = "#echo " + '{"slow": 0.05}' + "\n"
    add(program, pairs=[(f"{slow}Say {n}", "x") for n in range(8)])
    window = open_window(program)
    program.click(program.find("presets_try", window))
    sheet = program.find("examples_try")
    program.click(program.find("try_begin", sheet))
    program.click(program.find("cancel_score_button", sheet))
    program.says("try_begin", "Try again", sheet)
    program.click(program.find("try_begin", sheet))
    program.mentions("try_words", "0 of 8 as you wrote them", sheet)


def correct(program, words: str, text: str) -> None:
    program.chat.new_chat()
    program.say(words)
    program.act_at(1, "more")
    program.choose("Edit answer")
    box = program.find("edit_text")
    assert isinstance(box, QPlainTextEdit)
    box.selectAll()
    program.type_into(box, text)
    program.click("edit_save")
    program.wait(lambda: program.last().text == text)


def test_after_three_corrections_it_is_offered_to_teach_by_them(program):
    preset = add(program, pairs=())
    program.ask(lambda services: services.settings.change(default_preset=preset.id))
    program.wait(lambda: program.chat.default_options.preset == preset.id)
    for word in ("one", "two"):
        correct(program, f"Say {word}", word)
    program.ask(lambda _services: None)
    assert not program.is_said("You have corrected")
    correct(program, "Say three", "three")
    program.wait(lambda: program.is_said("You have corrected 3 answers of the preset “Say it”."))
    program.click("notice_action")
    program.wait(lambda: program.is_said("3 answers are examples of “Say it” now."))
    examples = program.ask(lambda services: services.chats.presets.get(preset.id)).options.examples
    assert examples == tuple(Example(f"Say {word}", word) for word in ("one", "two", "three"))
    program.click("notice_action")  # Undo
    program.wait(lambda: not program.ask(lambda s: s.chats.presets.get(preset.id)).options.examples)
    window = open_window(program)
    corrected = program.find("presets_corrected", window)
    program.wait(lambda: corrected.text() == "You corrected 3 answers in chats with it.")
    program.click(program.find("presets_teach", window))
    program.wait(lambda: len(window.current.options.examples) == 3)
    program.wait(lambda: not corrected.isVisible())
