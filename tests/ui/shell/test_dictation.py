"""Dictation in the window: the message, the sheet of Write, questions and notes, the line at the foot, the policy."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget

from slmdesk.base.runtime.events import Pending
from slmdesk.documents.voice.events import DictationEnded, DictationGrew
from slmdesk.documents.voice.service import VoiceService
from slmdesk.ui.kit.widgets.dictation import Microphone

pytestmark = pytest.mark.gui


@pytest.fixture
def heard(monkeypatch):
    """The calls of the service. Nothing is heard but what the test says."""
    calls = []

    def dictate(_service, language=None):
        calls.append(("dictate", language))
        pending = Pending()
        pending.end("spoken")
        return pending

    monkeypatch.setattr(VoiceService, "dictate", dictate)
    monkeypatch.setattr(VoiceService, "finish", lambda _service, id: calls.append(("finish", id)))
    monkeypatch.setattr(VoiceService, "cancel", lambda _service, id: calls.append(("cancel", id)))
    monkeypatch.setattr(Microphone, "start", lambda _microphone: calls.append(("microphone",)))
    return calls


def begin(program, heard, button):
    del heard[:]
    program.click(program.find(button))
    program.wait(lambda: ("microphone",) in heard)


def say(program, text, *, is_final=False):
    program.bridge.deliver(DictationGrew("spoken", text, is_final))


def end(program):
    program.bridge.deliver(DictationEnded("spoken"))


def is_listening(program) -> bool:
    """Whether the line at the foot shows a microphone."""
    return program.window.findChild(QWidget, "microphone_button") is not None


def test_a_message_is_spoken_and_sent_with_the_words_being_said(program, heard):
    begin(program, heard, "dictate_button")
    say(program, "What is a lien?", is_final=True)
    say(program, "briefly")
    box = program.page.composer.input_box
    assert box.toPlainText() == "What is a lien?"
    QTest.keyClick(box, Qt.Key.Key_Return)
    program.wait(lambda: len(program.messages()) == 2)
    assert program.messages()[0].words == "What is a lien? briefly"
    assert ("cancel", "spoken") in heard
    assert box.toPlainText() == ""
    program.wait_idle()


def test_a_letter_and_notes_are_dictated_and_the_line_at_the_foot_ends_it(program, heard):
    saved = []
    program.page.edit("The tenant", ("Edit the notes", ""), saved.append)
    begin(program, heard, "edit_dictate_button")
    say(program, "moves out", is_final=True)
    QTest.keyClick(program.find("edit_text"), Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert saved == ["The tenant moves out"]
    end(program)
    program.window.show_page("Write")
    program.wait(lambda: not is_listening(program))
    begin(program, heard, "writing_dictate_button")
    say(program, "Dear Ms Roth,\n", is_final=True)
    say(program, "the rent rises.", is_final=True)
    editor = program.frame.writing_page.editor
    assert editor.toPlainText() == "Dear Ms Roth,\nthe rent rises."
    editor.undo()
    assert editor.toPlainText() == "Dear Ms Roth,\n"
    program.click(program.find("microphone_button"))
    program.wait(lambda: not is_listening(program))
    program.wait(lambda: ("finish", "spoken") in heard)


def test_without_a_speech_model_one_line_says_where_there_is_one(start):
    program = start()
    program.click(program.find("dictate_button"))
    program.wait(lambda: any("speech model" in notice for notice in program.notices()))
    program.wait(lambda: not is_listening(program))
    assert not program.window.notices.bars[-1].notice.is_error, "nothing failed"
    program.click(program.find("notice_action"))
    program.wait(lambda: program.window.current_page == "Models")


def test_an_organisation_can_switch_it_off(start, paths):
    paths.policy_file.write_text('[features]\nhidden = ["microphone"]\n')
    program = start()
    program.wait(lambda: program.page.composer.dictate.isHidden())
    program.window.show_page("Write")
    assert program.find("writing_dictate_button").isHidden()
    program.page.edit("The tenant", ("Edit the notes", ""), print)
    assert (
        program.find("edit_text")
        .window()
        .findChild(type(program.page.composer.dictate), "edit_dictate_button")
        .isHidden()
    )
