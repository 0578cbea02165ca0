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


def test_a_question_is_answered_and_both_are_kept(service_thread):
    service_thread.type("Hello there")
    service_thread.click("send_button")
    service_thread.wait_idle()
    question, answer = service_thread.messages()
    assert question.parts[0].text == "Hello there"
    assert "Hello there" in answer.text
    assert answer.status is Status.COMPLETE
    assert service_thread.page.composer.text == ""
    assert [row.title for row in service_thread.page.chat_list.view.model().rows] == ["Hello there"]


def test_stopping_keeps_the_words_already_shown(service_thread):
    service_thread.send("hello", slow=0.1, answer=LONG)
    service_thread.wait(lambda: service_thread.chat.is_busy and "word1" in service_thread.words())
    assert service_thread.page.composer.button.accessibleName() == "Stop (Esc)"
    service_thread.click("send_button")
    service_thread.wait_idle()
    answer = service_thread.last()
    assert answer.status is Status.CANCELLED
    assert answer.text.startswith("word0 word1")
    assert len(answer.text) < len(LONG)
    assert service_thread.page.composer.button.accessibleName() == "Send (Enter)"


def test_escape_stops(service_thread):
    service_thread.send("hello", slow=0.1, answer=LONG)
    service_thread.wait(lambda: service_thread.chat.is_busy)
    QTest.keyClick(service_thread.page.composer.input_box, Qt.Key.Key_Escape)
    service_thread.wait_idle()
    assert service_thread.last().status is Status.CANCELLED


def test_keys_pressed_in_the_conversation_reach_the_page(service_thread):
    service_thread.send("hello", slow=0.1, answer=LONG)
    service_thread.wait(lambda: service_thread.chat.is_busy)
    service_thread.page.view.setFocus()
    QTest.keyClick(service_thread.page.view, Qt.Key.Key_Escape)
    service_thread.wait_idle()
    assert service_thread.last().status is Status.CANCELLED
    QTest.keyClicks(service_thread.page.view, "x")
    assert service_thread.page.composer.text == "x"
    assert service_thread.page.composer.input_box.hasFocus()


def test_a_second_message_waits_until_the_answer_has_ended(service_thread):
    service_thread.send("hello", slow=0.02, answer=LONG)
    service_thread.wait(lambda: service_thread.chat.is_busy)
    service_thread.send("too early")
    assert service_thread.page.composer.text == "too early"
    QTest.keyClick(service_thread.page.composer.input_box, Qt.Key.Key_Escape)
    service_thread.wait_idle()
    service_thread.enter()
    service_thread.wait(lambda: len(service_thread.messages()) == 4)
    service_thread.wait_idle()


def test_try_again_adds_a_version_and_shows_the_newest(service_thread):
    service_thread.send("hello")
    service_thread.wait_idle()
    first = service_thread.last()
    service_thread.act("try_again")
    service_thread.wait(lambda: service_thread.last().id != first.id)
    service_thread.wait_idle()
    chat = service_thread.chat.chat
    assert len(service_thread.messages()) == 2
    assert len(service_thread.ask(lambda services: services.chats.messages(chat))) == 3
    assert list(service_thread.chat.message_ids) == [one.id for one in service_thread.messages()]


def test_continue_goes_on_behind_the_words_that_were_kept(service_thread):
    service_thread.send("hello", slow=0.02, answer=LONG)
    service_thread.wait(lambda: service_thread.chat.is_busy and "word3" in service_thread.words())
    QTest.keyClick(service_thread.page.composer.input_box, Qt.Key.Key_Escape)
    service_thread.wait_idle()
    cut = service_thread.last()
    service_thread.act("continue")
    service_thread.wait(lambda: service_thread.chat.is_busy)
    service_thread.wait(lambda: len(service_thread.chat.text_of(cut.id)) > len(cut.text))
    service_thread.wait(lambda: not service_thread.chat.is_busy)
    assert service_thread.last().id == cut.id
    assert service_thread.last().text.startswith(cut.text)


def test_shift_enter_breaks_the_line_and_enter_sends(service_thread):
    service_thread.type("one")
    QTest.keyClick(service_thread.page.composer.input_box, Qt.Key.Key_Return, Qt.KeyboardModifier.ShiftModifier)
    service_thread.type("two")
    assert service_thread.page.composer.text == "one\ntwo"
    assert not service_thread.chat.is_busy
    service_thread.enter()
    service_thread.wait_idle()
    assert service_thread.messages()[0].parts[0].text == "one\ntwo"


def test_enter_while_a_word_is_composed_does_not_send(service_thread):
    box = service_thread.page.composer.input_box
    service_thread.type("abc")
    QApplication.sendEvent(box, QInputMethodEvent("にほ", []))
    service_thread.enter()
    assert not service_thread.chat.is_busy
    commit = QInputMethodEvent("", [])
    commit.setCommitString("日本")
    QApplication.sendEvent(box, commit)
    service_thread.enter()
    service_thread.wait_idle()
    assert "日本" in service_thread.messages()[0].parts[0].text


def test_the_composer_grows_up_to_a_limit(service_thread):
    box = service_thread.page.composer.input_box
    low = box.height()
    service_thread.put("a\nb\nc")
    three = box.height()
    service_thread.put("\n" * 50)
    assert low < three < box.height() <= box.fontMetrics().lineSpacing() * 11


def test_only_words_are_pasted(service_thread):
    from PySide6.QtCore import QMimeData

    data = QMimeData()
    data.setHtml('<b>bold</b><img src="file:///etc/hostname">')
    data.setText("bold")
    QApplication.clipboard().setMimeData(data)
    service_thread.page.composer.input_box.paste()
    assert service_thread.page.composer.text == "bold"
    assert "<img" not in service_thread.page.composer.input_box.toHtml()


def test_what_is_not_sent_stays_with_its_chat(service_thread):
    service_thread.send("first chat")
    service_thread.wait_idle()
    service_thread.type("a draft here")
    first = service_thread.chat.chat
    service_thread.click("new_chat_button")
    assert service_thread.page.composer.text == ""
    service_thread.type("another draft")
    view = service_thread.page.chat_list.view
    place = view.visualRect(view.model().index(0)).center()
    QTest.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, QPoint(place))
    service_thread.wait(lambda: service_thread.chat.chat == first)
    assert service_thread.page.composer.text == "a draft here"
    service_thread.click("new_chat_button")
    assert service_thread.page.composer.text == "another draft"


def test_a_draft_outlives_the_window(start, model_file):
    service_thread = start()
    service_thread.frame.models.import_file(model_file)
    service_thread.wait(lambda: "ready" in service_thread.page.picker.button.text())
    service_thread.send("first chat")
    service_thread.wait_idle()
    service_thread.type("a draft here")
    first = service_thread.chat.chat
    service_thread.click("new_chat_button")
    service_thread.type("not yet begun")
    service_thread.close()
    again = start()
    again.wait(lambda: again.chat.chat)
    assert again.chat.chat != first
    assert again.page.composer.text == "not yet begun"
    again.chat.open_chat(first)
    again.wait(lambda: again.chat.chat == first)
    assert again.page.composer.text == "a draft here"


def test_what_is_written_before_the_services_are_there_is_not_pushed_aside(start, model_file):
    service_thread = start()
    service_thread.frame.models.import_file(model_file)
    service_thread.wait(lambda: "ready" in service_thread.page.picker.button.text())
    service_thread.send("first chat")
    service_thread.wait_idle()
    service_thread.close()
    again = start(before=lambda early: early.put("a fast typist"))
    again.wait(lambda: again.page.chat_list.view.model().rowCount() == 1)
    again.ask(lambda services: services.models.list())
    assert again.page.composer.text == "a fast typist"
    assert again.chat.chat == ""


def test_a_message_refused_comes_back_into_the_composer(start):
    service_thread = start()
    service_thread.page.composer.set_can_send(True)
    service_thread.page._stack.setCurrentIndex(0)
    service_thread.type("do not lose me")
    service_thread.enter()
    service_thread.wait(lambda: service_thread.notices())
    assert service_thread.page.composer.text == "do not lose me"
    assert "There is no model yet" in service_thread.notices()[0]


def test_a_failed_answer_says_why_and_can_be_tried_again(service_thread):
    service_thread.send("hello", fail="model.damaged", at=3)
    service_thread.wait_idle()
    failed = service_thread.last()
    assert failed.status is Status.FAILED
    assert "try_again" in _shown(service_thread, failed.id).actions
    assert "damaged" in _shown(service_thread, failed.id).note


def test_w1_a_crash_keeps_the_text_and_try_again_answers(service_thread):
    service_thread.send("hello", fault="abort", at=5, answer=LONG)
    service_thread.wait_idle()
    failed = service_thread.last()
    assert failed.status is Status.FAILED
    assert failed.text.startswith("word0")
    service_thread.wait(lambda: "crashed" in service_thread.page.picker.button.text())
    assert "ended itself" in _shown(service_thread, failed.id).note
    assert service_thread.notices() == []  # said once, under the message
    chat = service_thread.chat.chat
    system = service_thread.ask(lambda services: services.chats.open(chat))
    assert system.messages[-1].id == failed.id
    service_thread.send("still alive?")
    service_thread.wait(lambda: len(service_thread.messages()) == 4)
    service_thread.wait_idle()
    assert service_thread.last().status is Status.COMPLETE


def test_a_full_context_is_said_once_under_the_message(service_thread):
    service_thread.send("x", fail="context.full")
    service_thread.wait_idle()
    assert "Start a new chat" in _shown(service_thread, service_thread.last().id).note
    assert service_thread.notices() == []


def test_a_chat_that_is_too_long_is_said_until_another_one_is_opened(service_thread):
    service_thread.put("one two three " * 2000)
    service_thread.wait(lambda: "Too long for the model" in service_thread.page.meter.sentence)
    service_thread.enter()
    service_thread.wait(lambda: service_thread.notices())
    assert "This chat needs" in service_thread.notices()[0]
    service_thread.click("context_new_chat")
    service_thread.send("hello")
    service_thread.wait_idle()
    assert service_thread.notices() == []


def test_w1_a_model_that_died_idle_is_said_until_it_is_ready_again(service_thread):
    process = psutil.Process(service_thread.ask(lambda services: services.engine.pid))
    process.kill()
    service_thread.wait(lambda: service_thread.notices())
    service_thread.click("notice_action")
    service_thread.wait(lambda: "ready" in service_thread.page.picker.button.text())
    assert service_thread.notices() == []
    service_thread.frame._on_problem(problem_of("child.died", {"how": "killed", "detail": ""}))
    service_thread.frame._on_problem(problem_of("child.died", {"how": "killed", "detail": ""}))
    assert len(service_thread.notices()) == 1


def test_m5_a_model_too_large_for_this_pc_can_be_loaded_anyway(start, model_file):
    service_thread = start(at=-1, fail="model.out_of_memory")
    service_thread.frame.models.import_file(model_file)
    service_thread.wait(lambda: service_thread.notices())
    bar = service_thread.window.notices.bars[0]
    assert bar.notice.action == "Load it anyway"
    assert "memory" in bar.notice.text
    service_thread.click("notice_action")
    service_thread.wait(lambda: "ready" in service_thread.page.picker.button.text())
    assert service_thread.notices() == []
    service_thread.send("hello")
    service_thread.wait_idle()
    assert "hello" in service_thread.words()


def test_the_meter_says_how_much_is_taken(service_thread):
    service_thread.put("one two three " * 100)
    service_thread.wait(lambda: "% used" in service_thread.page.meter.sentence)
    service_thread.put("one two three " * 2000)
    service_thread.wait(lambda: "Too long for the model" in service_thread.page.meter.sentence)
    assert service_thread.find("context_new_chat").isVisible()


def test_what_the_model_saw_is_shown_as_plain_text(service_thread):
    service_thread.send("<b>hello</b>")
    service_thread.wait_idle()
    service_thread.act("seen")
    service_thread.wait(lambda: service_thread.window.findChild(QPlainTextEdit, "text_dialog_text"))
    shown = service_thread.window.findChild(QPlainTextEdit, "text_dialog_text")
    assert "<b>hello</b>" in shown.toPlainText()
    assert shown.isReadOnly()
    assert not service_thread.find("text_dialog_translate", shown.window()).isVisible(), "a prompt is no prose"


def test_copy_puts_the_words_on_the_clipboard(service_thread):
    service_thread.send("copy me")
    service_thread.wait_idle()
    service_thread.page.view.copy_requested.emit(service_thread.messages()[0].id)
    assert QApplication.clipboard().text() == "copy me"


def _shown(service_thread, message: str):
    from slmdesk.gui.chat.conversation.messages import view_of

    return view_of(service_thread.chat._shown.by_id[message])
