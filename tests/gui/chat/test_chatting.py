"""Sending, streaming, stopping, trying again, continuing: by clicks and keys, over a real echo child."""

from __future__ import annotations

import psutil
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QInputMethodEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QPlainTextEdit

from slmdesk.core.records import Status
from slmdesk.services.base.messages import problem_of

pytestmark = pytest.mark.gui
LONG = " ".join(f"word{number}" for number in range(150))
"""Stopped long before its end, however busy the machine is: 15 s where a word takes 0.1 s."""


def test_a_question_is_answered_and_both_are_kept(desk):
    desk.type("Hello there")
    desk.click("send_button")
    desk.wait_idle()
    question, answer = desk.messages()
    assert question.parts[0].text == "Hello there"
    assert "Hello there" in answer.text
    assert answer.status is Status.COMPLETE
    assert desk.page.composer.text == ""
    assert [row.title for row in desk.page.chat_list.view.model().rows] == ["Hello there"]


def test_stopping_keeps_the_words_already_shown(desk):
    desk.send("hello", slow=0.1, answer=LONG)
    desk.wait(lambda: desk.chat.is_busy and "word1" in desk.words())
    assert desk.page.composer.button.accessibleName() == "Stop (Esc)"
    desk.click("send_button")
    desk.wait_idle()
    answer = desk.last()
    assert answer.status is Status.CANCELLED
    assert answer.text.startswith("word0 word1")
    assert len(answer.text) < len(LONG)
    assert desk.page.composer.button.accessibleName() == "Send (Enter)"


def test_escape_stops(desk):
    desk.send("hello", slow=0.1, answer=LONG)
    desk.wait(lambda: desk.chat.is_busy)
    QTest.keyClick(desk.page.composer.input_box, Qt.Key.Key_Escape)
    desk.wait_idle()
    assert desk.last().status is Status.CANCELLED


def test_keys_pressed_in_the_conversation_reach_the_page(desk):
    desk.send("hello", slow=0.1, answer=LONG)
    desk.wait(lambda: desk.chat.is_busy)
    desk.page.view.setFocus()
    QTest.keyClick(desk.page.view, Qt.Key.Key_Escape)
    desk.wait_idle()
    assert desk.last().status is Status.CANCELLED
    QTest.keyClicks(desk.page.view, "x")
    assert desk.page.composer.text == "x"
    assert desk.page.composer.input_box.hasFocus()


def test_a_second_message_waits_until_the_answer_has_ended(desk):
    desk.send("hello", slow=0.02, answer=LONG)
    desk.wait(lambda: desk.chat.is_busy)
    desk.send("too early")
    assert desk.page.composer.text == "too early"
    QTest.keyClick(desk.page.composer.input_box, Qt.Key.Key_Escape)
    desk.wait_idle()
    desk.enter()
    desk.wait(lambda: len(desk.messages()) == 4)
    desk.wait_idle()


def test_try_again_adds_a_version_and_shows_the_newest(desk):
    desk.send("hello")
    desk.wait_idle()
    first = desk.last()
    desk.act("try_again")
    desk.wait(lambda: desk.last().id != first.id)
    desk.wait_idle()
    chat = desk.chat.chat
    assert len(desk.messages()) == 2
    assert len(desk.ask(lambda services: services.chats.messages(chat))) == 3
    assert list(desk.chat.message_ids) == [one.id for one in desk.messages()]


def test_continue_goes_on_behind_the_words_that_were_kept(desk):
    desk.send("hello", slow=0.02, answer=LONG)
    desk.wait(lambda: desk.chat.is_busy and "word3" in desk.words())
    QTest.keyClick(desk.page.composer.input_box, Qt.Key.Key_Escape)
    desk.wait_idle()
    cut = desk.last()
    desk.act("continue")
    desk.wait(lambda: desk.chat.is_busy)
    desk.wait(lambda: len(desk.chat.text_of(cut.id)) > len(cut.text))
    desk.wait(lambda: not desk.chat.is_busy)
    assert desk.last().id == cut.id
    assert desk.last().text.startswith(cut.text)


def test_shift_enter_breaks_the_line_and_enter_sends(desk):
    desk.type("one")
    QTest.keyClick(desk.page.composer.input_box, Qt.Key.Key_Return, Qt.KeyboardModifier.ShiftModifier)
    desk.type("two")
    assert desk.page.composer.text == "one\ntwo"
    assert not desk.chat.is_busy
    desk.enter()
    desk.wait_idle()
    assert desk.messages()[0].parts[0].text == "one\ntwo"


def test_enter_while_a_word_is_composed_does_not_send(desk):
    box = desk.page.composer.input_box
    desk.type("abc")
    QApplication.sendEvent(box, QInputMethodEvent("にほ", []))
    desk.enter()
    assert not desk.chat.is_busy
    commit = QInputMethodEvent("", [])
    commit.setCommitString("日本")
    QApplication.sendEvent(box, commit)
    desk.enter()
    desk.wait_idle()
    assert "日本" in desk.messages()[0].parts[0].text


def test_the_composer_grows_up_to_a_limit(desk):
    box = desk.page.composer.input_box
    low = box.height()
    desk.put("a\nb\nc")
    three = box.height()
    desk.put("\n" * 50)
    assert low < three < box.height() <= box.fontMetrics().lineSpacing() * 11


def test_only_words_are_pasted(desk):
    from PySide6.QtCore import QMimeData

    data = QMimeData()
    data.setHtml('<b>bold</b><img src="file:///etc/hostname">')
    data.setText("bold")
    QApplication.clipboard().setMimeData(data)
    desk.page.composer.input_box.paste()
    assert desk.page.composer.text == "bold"
    assert "<img" not in desk.page.composer.input_box.toHtml()


def test_what_is_not_sent_stays_with_its_chat(desk):
    desk.send("first chat")
    desk.wait_idle()
    desk.type("a draft here")
    first = desk.chat.chat
    desk.click("new_chat_button")
    assert desk.page.composer.text == ""
    desk.type("another draft")
    view = desk.page.chat_list.view
    place = view.visualRect(view.model().index(0)).center()
    QTest.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, QPoint(place))
    desk.wait(lambda: desk.chat.chat == first)
    assert desk.page.composer.text == "a draft here"
    desk.click("new_chat_button")
    assert desk.page.composer.text == "another draft"


def test_a_draft_outlives_the_window(start, model_file):
    desk = start()
    desk.frame.models.import_file(model_file)
    desk.wait(lambda: "ready" in desk.page.picker.button.text())
    desk.send("first chat")
    desk.wait_idle()
    desk.type("a draft here")
    first = desk.chat.chat
    desk.click("new_chat_button")
    desk.type("not yet begun")
    desk.close()
    again = start()
    again.wait(lambda: again.chat.chat)
    assert again.chat.chat != first
    assert again.page.composer.text == "not yet begun"
    again.chat.open_chat(first)
    again.wait(lambda: again.chat.chat == first)
    assert again.page.composer.text == "a draft here"


def test_what_is_written_before_the_services_are_there_is_not_pushed_aside(start, model_file):
    desk = start()
    desk.frame.models.import_file(model_file)
    desk.wait(lambda: "ready" in desk.page.picker.button.text())
    desk.send("first chat")
    desk.wait_idle()
    desk.close()
    again = start(before=lambda early: early.put("a fast typist"))
    again.wait(lambda: again.page.chat_list.view.model().rowCount() == 1)
    again.ask(lambda services: services.models.list())
    assert again.page.composer.text == "a fast typist"
    assert again.chat.chat == ""


def test_a_message_refused_comes_back_into_the_composer(start):
    desk = start()
    desk.page.composer.set_can_send(True)
    desk.page._stack.setCurrentIndex(0)
    desk.type("do not lose me")
    desk.enter()
    desk.wait(lambda: desk.notices())
    assert desk.page.composer.text == "do not lose me"
    assert "There is no model yet" in desk.notices()[0]


def test_a_failed_answer_says_why_and_can_be_tried_again(desk):
    desk.send("hello", fail="model.damaged", at=3)
    desk.wait_idle()
    failed = desk.last()
    assert failed.status is Status.FAILED
    assert "try_again" in _shown(desk, failed.id).actions
    assert "damaged" in _shown(desk, failed.id).note


def test_w1_a_crash_keeps_the_text_and_try_again_answers(desk):
    desk.send("hello", fault="abort", at=5, answer=LONG)
    desk.wait_idle()
    failed = desk.last()
    assert failed.status is Status.FAILED
    assert failed.text.startswith("word0")
    desk.wait(lambda: "crashed" in desk.page.picker.button.text())
    assert "ended itself" in _shown(desk, failed.id).note
    assert desk.notices() == []  # said once, under the message
    chat = desk.chat.chat
    system = desk.ask(lambda services: services.chats.open(chat))
    assert system.messages[-1].id == failed.id
    desk.send("still alive?")
    desk.wait(lambda: len(desk.messages()) == 4)
    desk.wait_idle()
    assert desk.last().status is Status.COMPLETE


def test_a_full_context_is_said_once_under_the_message(desk):
    desk.send("x", fail="context.full")
    desk.wait_idle()
    assert "Start a new chat" in _shown(desk, desk.last().id).note
    assert desk.notices() == []


def test_a_chat_that_is_too_long_is_said_until_another_one_is_opened(desk):
    desk.put("one two three " * 2000)
    desk.wait(lambda: "Too long for the model" in desk.page.meter.sentence)
    desk.enter()
    desk.wait(lambda: desk.notices())
    assert "This chat needs" in desk.notices()[0]
    desk.click("context_new_chat")
    desk.send("hello")
    desk.wait_idle()
    assert desk.notices() == []


def test_w1_a_model_that_died_idle_is_said_until_it_is_ready_again(desk):
    process = psutil.Process(desk.ask(lambda services: services.engine.pid))
    process.kill()
    desk.wait(lambda: desk.notices())
    desk.click("notice_action")
    desk.wait(lambda: "ready" in desk.page.picker.button.text())
    assert desk.notices() == []
    desk.frame._on_problem(problem_of("child.died", {"how": "killed", "detail": ""}))
    desk.frame._on_problem(problem_of("child.died", {"how": "killed", "detail": ""}))
    assert len(desk.notices()) == 1


def test_m5_a_model_too_large_for_this_pc_can_be_loaded_anyway(start, model_file):
    desk = start(at=-1, fail="model.out_of_memory")
    desk.frame.models.import_file(model_file)
    desk.wait(lambda: desk.notices())
    bar = desk.window.notices.bars[0]
    assert bar.notice.action == "Load it anyway"
    assert "memory" in bar.notice.text
    desk.click("notice_action")
    desk.wait(lambda: "ready" in desk.page.picker.button.text())
    assert desk.notices() == []
    desk.send("hello")
    desk.wait_idle()
    assert "hello" in desk.words()


def test_the_meter_says_how_much_is_taken(desk):
    desk.put("one two three " * 100)
    desk.wait(lambda: "% used" in desk.page.meter.sentence)
    desk.put("one two three " * 2000)
    desk.wait(lambda: "Too long for the model" in desk.page.meter.sentence)
    assert desk.find("context_new_chat").isVisible()


def test_what_the_model_saw_is_shown_as_plain_text(desk):
    desk.send("<b>hello</b>")
    desk.wait_idle()
    desk.act("seen")
    desk.wait(lambda: desk.window.findChild(QPlainTextEdit, "text_dialog_text"))
    shown = desk.window.findChild(QPlainTextEdit, "text_dialog_text")
    assert "<b>hello</b>" in shown.toPlainText()
    assert shown.isReadOnly()
    assert not desk.find("text_dialog_translate", shown.window()).isVisible(), "a prompt is no prose"


def test_copy_puts_the_words_on_the_clipboard(desk):
    desk.send("copy me")
    desk.wait_idle()
    desk.page.view.copy_requested.emit(desk.messages()[0].id)
    assert QApplication.clipboard().text() == "copy me"


def _shown(desk, message: str):
    from slmdesk.gui.chat.conversation.messages import view_of

    return view_of(desk.chat._shown.by_id[message])
