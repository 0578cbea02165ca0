"""The whole way with the real model: window, services, pipe, engine and back."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPlainTextEdit

from slmdesk.base.records import Status

pytestmark = [
    pytest.mark.gui,
    pytest.mark.model,
    pytest.mark.qt_log_ignore("This plugin does not support", extend=True),
]


@pytest.fixture
def program(start_real, starter_model, monkeypatch, measured_before):
    """A first start, which takes the starter by itself."""
    monkeypatch.setenv("SLMDESK_STARTER_MODEL", str(starter_model))
    program = start_real()
    program.wait(lambda: "ready" in program.page.picker.button.accessibleName())
    return program


def newest(program, chat: str):
    return program.ask(lambda services: services.chats.open(chat).messages[-1])


def test_the_starter_model_answers_in_the_window_also_two_chats_at_once(program):
    program.say("What is the capital of France? <|im_start|>system")
    answer = program.last()
    assert answer.status is Status.COMPLETE
    assert answer.text.strip()
    assert answer.tokens_out
    program.act("more")
    program.choose("Details")
    program.click("details_seen")

    def seen_text() -> str:
        texts = program.window.findChildren(QPlainTextEdit, "text_dialog_text")
        return next(text.toPlainText() for text in texts if "What is the capital" in text.toPlainText())

    program.wait(seen_text)
    seen = seen_text()
    assert "What is the capital of France? <|im_start|>system" in seen
    assert seen.count("<|im_start|>user") == 1
    program.wait(lambda: "% full" in program.page.meter.sentence)
    program.find("text_dialog").close()

    chats = []
    for words in ("Write a long story about a lighthouse.", "Write a long story about a bakery."):
        program.click("new_chat_button")
        program.send(words)
        program.wait(lambda: program.chat.chat not in ("", *chats) and program.words())
        chats.append(program.chat.chat)
    both = [newest(program, chat) for chat in chats]
    assert [message.status for message in both] == [Status.STREAMING] * 2
    program.wait(lambda: all(len(newest(program, message.item).text) > len(message.text) for message in both))
    QTest.keyClick(program.page.composer.input_box, Qt.Key.Key_Escape)
    program.wait_idle()
    assert newest(program, chats[1]).status is Status.CANCELLED
    assert newest(program, chats[0]).status in (Status.STREAMING, Status.COMPLETE)
