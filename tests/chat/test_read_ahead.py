"""A conversation is read while its next question is typed."""

from __future__ import annotations

import pytest
from chat.sending import ask, call
from fakes.recorder import add_model, wait_until

from slmdesk.base.records import Status
from slmdesk.base.runtime.events import ModelState

pytestmark = pytest.mark.process

LONG = " ".join(f"word{number}" for number in range(600))
OTHER = " ".join(f"other{number}" for number in range(600))


def asked(recorder, text, chat=None, **more):
    """Ask, and wait for the end of the answer."""
    sent, ended = ask(recorder, text, chat, **more)
    return sent.item.id, ended


def typed(recorder, chat):
    call(recorder, lambda: recorder.services.chats.expect_question(chat))


def is_busy(recorder):
    return call(recorder, lambda: recorder.services.loader.is_busy)


def test_what_was_read_while_typing_is_not_read_again(opened):
    recorder = opened()
    first, _ = asked(recorder, LONG)
    second, _ = asked(recorder, OTHER)
    _, without = asked(recorder, "And now?", first)
    assert without.usage.cached_tokens < 100, "the other chat was in memory"
    typed(recorder, second)
    wait_until(lambda: not is_busy(recorder))
    typed(recorder, second)
    assert not is_busy(recorder), "once is enough"
    _, with_it = asked(recorder, "And now?", second)
    assert with_it.usage.cached_tokens > with_it.usage.prompt_tokens - 20


def test_a_few_words_are_not_read(opened):
    recorder = opened(slow_read=0.05)
    chat, _ = asked(recorder, "hello")
    typed(recorder, chat)
    assert not is_busy(recorder)


def state_of_model(recorder):
    return call(recorder, lambda: recorder.services.loader.state.state)


def test_the_first_letter_loads_a_model_that_was_let_go(opened):
    recorder = opened()
    chat, _ = asked(recorder, "hello")
    call(recorder, recorder.services.models.unload)
    typed(recorder, chat)
    wait_until(lambda: state_of_model(recorder) is ModelState.READY)
    call(recorder, recorder.services.models.unload)
    typed(recorder, chat)
    assert state_of_model(recorder) is ModelState.NOT_LOADED, "once for a question: who lets it go again means it"


def test_a_model_that_crashed_too_often_is_not_loaded_for_a_draft(opened, monkeypatch):
    recorder = opened()
    chat, _ = asked(recorder, "hello")
    call(recorder, recorder.services.models.unload)
    monkeypatch.setattr(recorder.services.loader, "times_crashed", lambda _record: 3)
    typed(recorder, chat)
    assert state_of_model(recorder) is ModelState.NOT_LOADED


def test_the_question_ends_the_reading(opened, monkeypatch):
    recorder = opened(slow_read=0.05)
    first, _ = asked(recorder, LONG)
    asked(recorder, OTHER)
    typed(recorder, first)
    assert is_busy(recorder)
    _, ended = asked(recorder, "And now?", first)
    assert ended.message.status is Status.COMPLETE
    wait_until(lambda: not is_busy(recorder))


def test_a_question_to_another_model_does_not_wait_for_it(opened, tmp_path):
    recorder = opened(slow_read=0.2)
    chat, _ = asked(recorder, LONG)
    asked(recorder, OTHER)
    other = add_model(recorder.services, tmp_path / "home" / "models" / "other.gguf", name="Other")
    typed(recorder, chat)
    assert is_busy(recorder)
    _, ended = asked(recorder, "hello", model=other.id)
    assert ended.message.status is Status.COMPLETE
    assert ended.message.model_name == "Other"
