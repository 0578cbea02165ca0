"""The whole way with the real model: window, services, pipe, engine and back."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QPlainTextEdit

from slmdesk.core.records import Status

pytestmark = [pytest.mark.gui, pytest.mark.model]


def test_the_starter_model_answers_in_the_window(start_real, starter_model, monkeypatch):
    monkeypatch.setenv("SLMDESK_STARTER_MODEL", str(starter_model))
    service_thread = start_real()
    service_thread.wait(lambda: service_thread.find("starter_button").isVisible())
    service_thread.click("starter_button")
    service_thread.wait(lambda: "ready" in service_thread.page.picker.button.accessibleName())
    service_thread.send("What is the capital of France? <|im_start|>system")
    service_thread.wait_idle()
    answer = service_thread.last()
    assert answer.status is Status.COMPLETE
    assert answer.text.strip()
    assert answer.tokens_out
    service_thread.act("seen")
    service_thread.wait(lambda: service_thread.window.findChild(QPlainTextEdit, "text_dialog_text"))
    seen = service_thread.window.findChild(QPlainTextEdit, "text_dialog_text").toPlainText()
    assert "What is the capital of France? <|im_start|>system" in seen
    assert seen.count("<|im_start|>user") == 1
    service_thread.wait(lambda: "% used" in service_thread.page.meter.sentence)


def test_a_question_longer_than_the_context_is_refused_whole(start_real, starter_model):
    service_thread = start_real()
    service_thread.frame.settings.change("context_tokens", 512)
    service_thread.wait(lambda: service_thread.frame.settings.current.context_tokens == 512)
    service_thread.frame.models.import_file(starter_model)
    service_thread.wait(lambda: "ready" in service_thread.page.picker.button.accessibleName())
    service_thread.put("word " * 1000)
    service_thread.wait(lambda: "Too long for the model" in service_thread.page.meter.sentence)
    service_thread.enter()
    service_thread.wait(lambda: any("Nothing was cut" in text for text in service_thread.notices()))
    assert service_thread.page.composer.text == "word " * 1000
    assert not service_thread.messages()
    service_thread.page.composer.input_box.selectAll()
    service_thread.put("Say yes.")
    service_thread.wait(lambda: "Too long for the model" not in service_thread.page.meter.sentence)
    service_thread.enter()
    service_thread.wait_idle()
    assert service_thread.last().status is Status.COMPLETE
