"""A model that thinks aloud, in the window: a line above the answer, which opens; a button that ends the thought."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QApplication, QLabel, QToolButton, QWidget

from slmdesk.base.records import Status

pytestmark = pytest.mark.gui
STEPS = " ".join(f"step{number}" for number in range(400))


@pytest.fixture
def thinker(start, model_file):
    return start(thought="Hello is a greeting. I greet back.").with_model(model_file)


def lines(program) -> list[QToolButton]:
    buttons = program.page.view.findChildren(QToolButton, "message_thought")
    return [button for button in buttons if button.isVisible()]


def opened_text(program) -> str:
    labels = program.page.view.findChildren(QLabel, "message_thought_text")
    return "".join(label.text() for label in labels if label.isVisible())


def test_the_thought_is_a_closed_line_that_opens_is_in_no_copy_and_can_be_switched_off(thinker):
    program = thinker
    program.say("hello")
    program.wait(lambda: len(lines(program)) == 1)
    assert lines(program)[0].text().startswith("Thought")
    assert opened_text(program) == ""
    height = program.page.view.findChildren(QWidget, "message")[-1].height()
    program.click(lines(program)[0])
    program.wait(lambda: opened_text(program) == "Hello is a greeting. I greet back.")
    assert lines(program)[0].isChecked(), "read as open"
    program.wait(lambda: program.page.view.findChildren(QWidget, "message")[-1].height() > height)
    program.act("copy")
    assert QApplication.clipboard().text() == program.last().text
    assert "greeting" not in program.last().text
    program.click(lines(program)[0])
    program.wait(lambda: opened_text(program) == "")
    program.click("new_chat_button")
    program.click("panel_button")
    program.click("option_more_button")
    box = program.find("option_thinking", program.page.panel)
    program.wait(box.isVisible)
    assert [box.itemData(at) for at in range(box.count())] == ["", "off", "on"]
    box.setCurrentIndex(box.findData("off"))
    box.activated.emit(box.currentIndex())
    program.say("hello")
    assert program.last().thought == ""
    assert lines(program) == []


def test_it_streams_while_open_and_answer_now_ends_it(thinker):
    program = thinker
    program.send("hello", slow=0.05, thought=STEPS, answer="You said: hello")
    program.wait(lambda: lines(program) and lines(program)[0].text().startswith("Thinking…"))
    program.click(lines(program)[0])
    program.wait(lambda: "step3" in opened_text(program))
    buttons = program.page.view.findChildren(QToolButton, "message_answer_now")
    button = next(button for button in buttons if button.isVisible())
    program.click(button)
    program.wait_idle()
    answer = program.last()
    assert answer.status is Status.COMPLETE
    assert answer.text.startswith("You said:")
    assert "step399" not in answer.thought
    program.wait(lambda: lines(program)[0].text().startswith("Thought"))
    assert not button.isVisible()
    assert "step3" in opened_text(program), "it stays open"
