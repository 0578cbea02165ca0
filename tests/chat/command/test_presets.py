from __future__ import annotations

import pytest

pytestmark = [pytest.mark.process, pytest.mark.quick]


def test_a_preset_is_used_by_its_name(run, with_model) -> None:
    *_tokens, done = run("chat", "hello", "--preset", "letter writer", "--json").lines
    chat = run("history", "show", done["chat"], "--json").json
    assert chat["messages"][-1]["preset"] == "Letter writer"
    wrong = run("chat", "hello", "--preset", "nothing of the kind")
    assert wrong.status == 1
    assert "nothing of the kind" in wrong.err
