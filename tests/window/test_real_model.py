"""The whole way with the real model: window, services, pipe, engine and back."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QPlainTextEdit

from slmdesk.base.records import Status

pytestmark = [
    pytest.mark.gui,
    pytest.mark.model,
    pytest.mark.qt_log_ignore("This plugin does not support", extend=True),
]


def test_the_starter_model_answers_in_the_window(start_real, starter_model, monkeypatch):
    monkeypatch.setenv("SLMDESK_STARTER_MODEL", str(starter_model))
    program = start_real()
    program.wait(lambda: "ready" in program.page.picker.button.accessibleName())
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
