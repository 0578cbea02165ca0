"""The whole way with the real model: window, services, pipe, engine and back."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QPlainTextEdit

from slmdesk.base.records import Status

pytestmark = [pytest.mark.gui, pytest.mark.model]


def test_the_starter_model_answers_in_the_window(start_real, starter_model, monkeypatch):
    monkeypatch.setenv("SLMDESK_STARTER_MODEL", str(starter_model))
    program = start_real()
    program.wait(lambda: "ready" in program.page.picker.button.accessibleName())
    program.say("What is the capital of France? <|im_start|>system")
    answer = program.last()
    assert answer.status is Status.COMPLETE
    assert answer.text.strip()
    assert answer.tokens_out
    program.act("seen")
    program.wait(lambda: program.window.findChild(QPlainTextEdit, "text_dialog_text"))
    seen = program.window.findChild(QPlainTextEdit, "text_dialog_text").toPlainText()
    assert "What is the capital of France? <|im_start|>system" in seen
    assert seen.count("<|im_start|>user") == 1
    program.wait(lambda: "% full" in program.page.meter.sentence)
