"""A chat that becomes longer than the context: by real clicks, over a real echo child with a small context."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPlainTextEdit, QToolButton

from slmdesk.base.records import Status
from slmdesk.chat.conversation import window_of
from slmdesk.chat.types import ChatOptions
from slmdesk.ui.chat.messages import EARLIER_CHAT

pytestmark = [pytest.mark.gui, pytest.mark.qt_log_ignore("This plugin does not support", extend=True)]
CONTEXT = 256
SYSTEM = "Be short."


def words(number: int, count: int = 20) -> str:
    return " ".join(f"q{number}w{at}" for at in range(count))


@pytest.fixture
def small(program):
    program.ask(lambda services: services.settings.change(context_tokens=CONTEXT))
    chat = program.ask(lambda services: services.chats.new_chat("Long"))
    chat = program.ask(lambda services: services.chats.change_options(chat.id, ChatOptions(system=SYSTEM)))
    program.chat.open_chat(chat.id)
    program.wait(lambda: program.chat.chat == chat.id)
    return program


def fill(program, turns: int, begin: int = 0) -> None:
    for number in range(begin, begin + turns):
        program.say(words(number))


def rows(program):
    return [row.view for row in program.page.view.rows]


def line(program):
    return next((row for row in rows(program) if row.id == "context_line"), None)


def refuse(program) -> None:
    """Ask until the chat is full, and once more, which is refused before it is sent."""
    fill(program, 4)
    program.put(words(4, 80))
    program.wait(lambda: program.chat.context.too_long)
    program.enter()
    program.wait(lambda: program.page.meter.ways.isVisible())


def go_on(program, button: str) -> None:
    """Choose what shall be done about it; what was refused is sent and answered."""
    program.click(button)
    program.chat.context.measured.emit(0, CONTEXT)  # may come before the choice is stored
    program.chat.context.too_long = (CONTEXT + 1, CONTEXT)  # so may one that was asked for before
    program.wait(lambda: len(program.chat.message_ids) == 10)
    program.wait_idle()


def choose_in_menu(program, message: str, text: str) -> None:
    program.act_at(program.page.view.rows.index_of(message), "more")
    program.choose(text)


def click_extra(program, words: str) -> None:
    view = program.page.view
    for _turn in range(2):  # a row that is shown anew has other buttons
        program.ask(lambda _services: None)
    view.scroll_to("context_line")
    buttons = view.rows[view.rows.index_of("context_line")].widget.findChildren(QToolButton, "message_extra")
    program.click(next(button for button in buttons if button.accessibleName() == words and button.isVisible()))


def left_out(program) -> list[str]:
    return [row.id for row in rows(program) if row.is_left_out]


def test_a_full_chat_goes_on_without_its_oldest_turns_which_are_grey_also_after_reopening_it(small, start):
    program = small
    refuse(program)
    assert program.page.composer.text == words(4, 80)  # nothing is lost
    assert "too long for the model" in program.page.meter.ways.sentence
    assert program.notices() == []
    go_on(program, "full_leave_out")
    assert program.last().status is Status.COMPLETE
    assert program.page.composer.text == ""
    program.wait(lambda: not program.page.meter.ways.isVisible())
    program.wait(lambda: line(program))
    gone = left_out(program)
    assert gone == [row.id for row in rows(program)][: len(gone)] != []
    assert (rows(program)[len(gone)].id, line(program).label) == ("context_line", "The model sees the chat from here")
    assert f"{len(gone)} messages above" in line(program).text
    assert rows(program)[0].label == "You · not seen by the model"
    shown, chat = [(row.id, row.is_left_out, row.text) for row in rows(program)], program.chat.chat
    program.chat.new_chat()
    assert line(program) is None
    program.chat.open_chat(chat)
    program.wait(lambda: program.chat.chat == chat)
    assert [(row.id, row.is_left_out, row.text) for row in rows(program)] == shown
    program.close()
    later = start()
    later.chat.open_chat(chat)
    later.wait(lambda: later.chat.chat == chat)
    assert [(row.id, row.is_left_out, row.text) for row in rows(later)] == shown
    conversation = later.ask(lambda services: services.chats.open(chat))
    assert set(left_out(later)) == window_of(conversation.item).left_out(conversation.messages)
    click_extra(later, "Let the model see all of the chat again")
    later.wait(lambda: line(later) is None)
    assert left_out(later) == []


def test_notes_stand_for_what_is_left_out_and_can_be_edited_and_removed(small):
    program = small
    refuse(program)
    go_on(program, "full_summarize")
    program.wait(lambda: line(program))
    assert line(program).text.startswith("You said:")
    assert "the model reads these notes instead" in line(program).note
    click_extra(program, "Edit the notes")
    box = program.find("edit_text")
    assert isinstance(box, QPlainTextEdit)
    box.selectAll()
    program.type_into(box, "The rent is 900.")
    program.click("edit_save")
    program.wait(lambda: line(program).text == "The rent is 900.")
    program.wait(program.is_in_front)
    click_extra(program, "Remove the notes")
    program.wait(lambda: "left out of what the model reads" in line(program).text)
    click_extra(program, "Summarize what is left out")
    program.wait(lambda: line(program).text.startswith("You said:"))


def test_a_pinned_message_says_so_and_is_not_left_out(small):
    program = small
    program.say(words(0))
    first = program.chat.message_ids[0]
    choose_in_menu(program, first, "Keep in context")
    program.wait(lambda: rows(program)[0].label == "You · kept in context")
    fill(program, 3, begin=1)
    program.put(words(4, 70))
    program.wait(lambda: program.chat.context.too_long)
    program.enter()
    go_on(program, "full_leave_out")
    program.wait(lambda: line(program))
    assert not {program.chat.message_ids[0], program.chat.message_ids[1]} & set(left_out(program))
    assert program.chat.message_ids[2] in left_out(program)
    choose_in_menu(program, first, "Do not keep in context")
    program.wait(lambda: first in left_out(program))


def test_a_new_chat_can_begin_with_a_summary_and_takes_what_is_being_written(small):
    program = small
    refuse(program)
    old = program.chat.chat
    program.click("full_new_chat")
    program.wait(lambda: program.chat.chat != old)
    assert program.page.composer.text == words(4, 80)
    assert [row.label for row in rows(program)] == [EARLIER_CHAT]
    assert rows(program)[0].text.startswith("You said:")
    program.enter()
    program.wait_idle()
    assert program.last().status is Status.COMPLETE
    assert [row.id for row in rows(program)] == ["context_line", *program.chat.message_ids]


def test_a_larger_context_is_one_click_away_and_says_what_it_costs(small):
    program = small
    refuse(program)
    program.wait(lambda: program.find("full_larger").isVisible())
    program.mentions("full_larger", "of memory")
    go_on(program, "full_larger")
    assert program.last().status is Status.COMPLETE
    assert program.ask(lambda services: services.settings.current.context_tokens) > CONTEXT
    assert left_out(program) == []


def test_before_it_is_full_it_is_said_and_asked_what_then(small):
    program = small
    fill(program, 4)
    program.put(words(4, 46))
    program.wait(lambda: program.page.meter.isVisible() and program.page.meter.property("kind") == "meter_warn")
    program.click(program.page.meter)
    program.wait(lambda: "almost full" in program.page.meter.ways.sentence)  # once all that was typed is counted
    QTest.keyClick(program.window.focusWidget(), Qt.Key.Key_Escape)
    assert not program.page.meter.ways.isVisible()
    assert program.page.meter.hasFocus()
    program.page.panel.show()
    choice = program.find("option_when_full")
    choice.setCurrentIndex(1)
    choice.activated.emit(1)
    program.wait(lambda: "the oldest messages are forgotten" in program.page.meter.ways.sentence)
    program.enter()
    program.wait(lambda: line(program))
    program.wait_idle()


def test_a_question_that_the_model_refused_is_asked_again_once_it_is_decided(small):
    program = small
    fill(program, 4)
    program.send(words(4, 80))  # before it is known to be too long
    program.wait(lambda: len(program.chat.message_ids) == 10)
    program.wait(lambda: program.page.meter.ways.isVisible())
    assert program.last().error_code == "context.full"
    assert "Start a new chat" in rows(program)[-1].note
    assert program.notices() == [], "said once, under the message"
    program.click("full_leave_out")
    program.wait(lambda: program.last().status is Status.COMPLETE)
    assert len(program.chat.message_ids) == 10
    program.wait(lambda: line(program))
    program.wait(lambda: not program.page.meter.ways.isVisible())
    program.put(words(5, 400))  # nothing that is left out helps
    program.wait(lambda: program.chat.context.too_long)
    program.enter()
    program.wait(lambda: program.page.meter.ways.isVisible())
    assert program.page.composer.text == words(5, 400)
    assert not program.find("full_leave_out").isVisible()


def test_it_is_said_that_the_earlier_part_is_being_summarized(start, model_file, tmp_path):
    held = tmp_path / "go on"
    held.touch()
    program = start(until=str(held)).with_model(model_file)
    program.ask(lambda services: services.settings.change(context_tokens=CONTEXT))
    for number in range(3):
        program.say(words(number, 35))
    program.put(words(4, 60))
    program.wait(lambda: program.chat.context.too_long)
    program.enter()
    held.unlink()
    program.click("full_summarize")
    program.wait(lambda: rows(program)[-1].note == "Summarizing the earlier part of this chat…")
    program.chat.stop()
    program.wait(lambda: program.last().status is Status.CANCELLED)
    assert line(program) is None  # nothing was decided yet
