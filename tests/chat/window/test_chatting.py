"""Sending, streaming, stopping, trying again: by clicks and keys, over a real echo child."""

from __future__ import annotations

import psutil
import pytest
from PySide6.QtCore import QMimeData, QPoint, Qt
from PySide6.QtGui import QInputMethodEvent, QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QPlainTextEdit

from slmdesk.base.errors import KnownError
from slmdesk.base.records import Status
from slmdesk.base.runtime.events import ModelsChanged, ModelState, ModelStateChanged
from slmdesk.base.runtime.messages import Problem, problem_of
from slmdesk.ui.chat.context import Offer

pytestmark = [pytest.mark.gui, pytest.mark.qt_log_ignore("This plugin does not support", extend=True)]
LONG = " ".join(f"word{number}" for number in range(150))
"""Stopped long before its end, however busy the machine is: 15 s where a word takes 0.1 s."""


def test_an_answer_is_stopped_by_button_and_key_and_the_next_message_waits_for_its_end(program):
    program.send("hello", slow=0.1, answer=LONG)
    program.wait(lambda: program.chat.is_busy and program.words().startswith("word0 word1"))
    assert program.page.composer.button.accessibleName() == "Stop (Esc)"
    program.send("too early")
    assert program.page.composer.text == "too early"
    program.page.view.setFocus()
    QTest.keyClick(program.page.view, Qt.Key.Key_Escape)
    program.wait_idle()
    answer = program.last()
    assert answer.status is Status.CANCELLED
    assert answer.text.startswith("word0 word1")
    assert len(answer.text) < len(LONG)
    assert program.page.composer.button.accessibleName() == "Send (Enter)"
    QTest.keyClicks(program.page.view, "!")
    assert program.page.composer.text == "too early!"
    assert program.page.composer.input_box.hasFocus()
    program.enter()
    program.wait(lambda: len(program.messages()) == 4)
    program.wait_idle()
    assert program.words() == "You said: too early!"
    program.click("new_chat_button")
    program.send("hello", slow=0.1, answer=LONG)
    program.wait(lambda: program.chat.is_busy)
    program.click("send_button")
    program.wait_idle()
    assert program.last().status is Status.CANCELLED


def test_what_is_typed_and_pasted_is_sent_by_enter(program):
    box = program.page.composer.input_box
    low = box.height()
    program.put("a\nb\nc")
    three = box.height()
    program.put("\n" * 50)
    assert low < three < box.height() <= box.fontMetrics().lineSpacing() * 11
    box.clear()
    data = QMimeData()
    data.setHtml('<b>bold</b><img src="file:///etc/hostname">')
    data.setText("bold")
    QApplication.clipboard().setMimeData(data)
    box.paste()
    assert program.page.composer.text == "bold"
    assert "<img" not in box.toHtml()
    QTest.keyClick(box, Qt.Key.Key_Return, Qt.KeyboardModifier.ShiftModifier)
    program.type("two")
    assert program.page.composer.text == "bold\ntwo"
    QApplication.sendEvent(box, QInputMethodEvent("にほ", []))
    program.enter()
    assert not program.chat.is_busy, "a word is being composed"
    commit = QInputMethodEvent("", [])
    commit.setCommitString("日本")
    QApplication.sendEvent(box, commit)
    program.enter()
    program.wait_idle()
    text = program.messages()[0].parts[0].text
    assert text.startswith("bold\ntwo")
    assert text.endswith("日本")
    assert program.page.composer.text == ""


def test_what_is_not_sent_stays_with_its_chat_and_outlives_the_window(start, model_file):
    program = start().with_model(model_file)
    program.say("first chat")
    program.type("a draft here")
    first = program.chat.chat
    program.click("new_chat_button")
    assert program.page.composer.text == ""
    program.type("not yet begun")
    program.click_item(program.page.chat_list.view, 0)
    program.wait(lambda: program.chat.chat == first)
    assert program.page.composer.text == "a draft here"
    program.click("new_chat_button")
    assert program.page.composer.text == "not yet begun"
    program.close()
    again = start()
    again.wait(lambda: again.chat.chat)
    assert again.chat.chat != first
    assert again.page.composer.text == "not yet begun"
    again.chat.open_chat(first)
    again.wait(lambda: again.chat.chat == first)
    assert again.page.composer.text == "a draft here"


def test_a_draft_that_cannot_be_saved_is_said_and_saved_later(start, model_file, monkeypatch):
    def full(*_given):
        raise KnownError("store.full")

    def kept():
        return program.ask(lambda services: services.history.item(program.chat.chat).settings.get("draft"))

    monkeypatch.setattr("slmdesk.ui.chat.attachments.TRY_AGAIN_MS", 100)
    program = start().with_model(model_file)
    program.say("first chat")
    program.type("an old draft")
    program.wait(lambda: kept() == "an old draft")
    with monkeypatch.context() as patch:
        patch.setattr(program.services.chats, "keep_draft", full)
        QTest.keySequence(program.page.composer.input_box, QKeySequence.StandardKey.SelectAll)
        QTest.keyClick(program.page.composer.input_box, Qt.Key.Key_Delete)
        program.wait(lambda: any("The disk is full" in words for words in program.notices()))
        assert kept() == "an old draft", "the control: it was not saved"
    program.wait(lambda: kept() is None)
    program.wait(lambda: not any("The disk is full" in words for words in program.notices()))


def test_what_is_written_before_the_services_are_there_is_not_pushed_aside(start, model_file):
    program = start().with_model(model_file)
    program.say("first chat")
    program.close()
    again = start(before=lambda early: early.put("a fast typist"))
    again.wait(lambda: again.page.chat_list.view.model().rowCount() == 1)
    again.ask(lambda services: services.models.list())
    assert again.page.composer.text == "a fast typist"
    assert again.chat.chat == ""


def test_a_message_refused_comes_back_into_the_composer(start):
    program = start()
    program.page.composer.set_can_send(True)
    program.type("do not lose me")
    program.enter()
    program.wait(lambda: program.notices())
    assert program.page.composer.text == "do not lose me"
    assert "There is no model yet" in program.notices()[0]


@pytest.mark.real_child
def test_w1_a_crash_keeps_the_text_and_a_model_that_died_idle_is_said_until_it_is_ready_again(program):
    program.say("hello", fault="abort", at=5, answer=LONG)
    failed = program.last()
    assert failed.status is Status.FAILED
    assert failed.text.startswith("word0")
    program.wait(lambda: "crashed" in program.page.picker.button.accessibleName())
    assert "ended itself" in _shown(program, failed.id).note
    assert "try_again" in _shown(program, failed.id).actions
    assert program.notices() == []  # said once, under the message
    assert program.messages()[-1].id == failed.id
    program.send("still alive?")
    program.wait(lambda: len(program.messages()) == 4)
    program.wait_idle()
    assert program.last().status is Status.COMPLETE
    psutil.Process(program.ask(lambda services: services.engine.pid)).kill()
    program.wait(lambda: program.notices())
    program.click("notice_action")
    program.wait(lambda: "ready" in program.page.picker.button.accessibleName())
    assert program.notices() == []
    for _ in range(2):
        program.frame.notices.show_problem(problem_of("child.died", {"how": "killed", "detail": ""}))
    assert len(program.notices()) == 1


def test_the_meter_is_shown_from_60_percent_on_and_moves_nothing(program):
    names = ("input_box", "attach_button", "send_button")

    def places():
        return [program.find(name, program.page.composer).geometry() for name in names]

    program.put("word\n" * 30)
    program.wait(lambda: program.page.meter.sentence not in ("", "0 % full"))
    before = places()
    program.page.meter.show_offer(Offer(percent=59))
    assert not program.page.meter.isVisible()
    program.page.meter.show_offer(Offer(percent=60))
    assert program.page.meter.isVisible()
    program.wait(lambda: program.page.meter.x() > program.find("attach_button").x())
    assert places() == before
    program.page.meter.show_offer(Offer(percent=100, is_urgent=True))
    assert places() == before


def test_a_chat_is_read_while_its_next_question_is_typed(start, model_file):
    program = start(slow_read=0.2, answer="Yes.").with_model(model_file)

    program.say("one two three " * 120)
    first = program.chat.chat
    program.chat.new_chat()
    program.say("four five six " * 120)
    program.chat.open_chat(first)
    program.wait(lambda: program.chat.chat == first and len(program.messages()) == 2)
    program.type("A")
    program.wait(lambda: program.ask(lambda services: services.loader.is_busy))


def test_m5_a_model_too_large_for_this_pc_can_be_loaded_anyway(start, model_file):
    program = start(at=-1, fail="model.out_of_memory")
    program.frame.models.import_file(model_file)
    program.wait(lambda: program.notices())
    bar = program.window.notices.bars[0]
    assert bar.notice.action == "Load anyway"
    assert "memory" in bar.notice.text
    program.click("notice_action")
    program.wait(lambda: "ready" in program.page.picker.button.accessibleName())
    assert program.notices() == []
    program.say("hello")
    assert "hello" in program.words()


@pytest.mark.parametrize("is_listed", [False, True])
def test_a_model_that_cannot_be_loaded_is_told_of_before_the_list_has_it(program, is_listed):
    """On a slow PC an imported model is tried before the list is read again. One that was removed is not told of."""
    problem = Problem("model.out_of_memory", {}, "It needs more memory.")
    if not is_listed:
        program.bridge.deliver(ModelsChanged())
    program.bridge.deliver(ModelStateChanged(ModelState.NOT_LOADED, "new", "New", problem=problem))
    assert [bar.notice.action for bar in program.window.notices.bars] == ([] if is_listed else ["Load anyway"])


def test_what_the_model_saw_is_shown_as_plain_text(program):
    program.say("<b>hello</b>")
    program.act("more")
    program.choose("Details")
    program.click("details_seen")

    def shown_text() -> QPlainTextEdit | None:
        texts = program.window.findChildren(QPlainTextEdit, "text_dialog_text")
        return next((text for text in texts if "<b>hello</b>" in text.toPlainText()), None)

    program.wait(shown_text)
    shown = shown_text()
    assert shown.isReadOnly()
    assert not program.find("text_dialog_translate", shown.window()).isVisible(), "a prompt is no prose"


@pytest.mark.qt_log_ignore("This plugin does not support")
def test_code_is_saved_as_a_file(program, tmp_path):
    program.say("code", answer="So:\n\n```python\nprint('ä')\n```")
    view = program.page.view
    message = program.messages()[-1].id
    text = view.rows[view.rows.index_of(message)].widget.text
    program.wait(lambda: not text.document().find("Save as").isNull())
    program.click(text.viewport(), lambda: text.cursorRect(text.document().find("Save as")).center() - QPoint(6, 0))
    dialog = program.page.findChild(QFileDialog, "save_code_dialog")
    assert dialog.selectedFiles()[0].endswith("code.py")
    assert not dialog.testOption(QFileDialog.Option.DontConfirmOverwrite)
    target = tmp_path / "area.py"
    dialog.fileSelected.emit(str(target))
    program.wait(lambda: f"Written to {target}." in program.notices())
    assert target.read_bytes() == "print('ä')\n".encode()
    dialog.fileSelected.emit(str(tmp_path / "none" / "area.py"))
    program.wait(lambda: len(program.notices()) == 2)
    dialog.close()
    assert target.read_bytes() == "print('ä')\n".encode()


def _shown(program, message: str):
    from slmdesk.ui.chat.messages import view_of

    return view_of(program.chat.shown.by_id[message])
