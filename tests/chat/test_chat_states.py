"""What a model has read of a chat is kept on the disk with the chat, and goes with it."""

from __future__ import annotations

import json
import time
from contextlib import closing

import pytest
from fakes.encrypted import encrypt
from fakes.recorder import ECHO, Recorder, add_model, open_echo, result_of, wait_until

from slmdesk.base.paths import find_paths
from slmdesk.base.saved_states import states_in
from slmdesk.chat import service
from slmdesk.chat.types import SendRequest
from slmdesk.documents import saved_states
from slmdesk.services import COMMANDS, open_services

pytestmark = pytest.mark.process

LONG = " ".join(f"word{number}" for number in range(900))


@pytest.fixture
def session(monkeypatch, tmp_path):
    """Opens runs of the program, one after another, over one home."""
    monkeypatch.setattr(service, "REST_S", 0.05)
    monkeypatch.setenv("SLMDESK_ECHO", json.dumps({"answer": "It does."}))

    def open_one():
        services = open_echo()
        if not services.service_thread.call(services.models.list):
            add_model(services, tmp_path / "home" / "models" / "echo.gguf")
        return closing(services)

    return open_one


def asked(services, text, chat=None, **more):
    recorder = Recorder(services)
    sent = services.service_thread.call(lambda: services.chats.send(SendRequest(text, chat=chat, **more)))
    return sent.item.id, recorder.end_of(sent.answer.id)


def states():
    return states_in(find_paths().states)


def rested(services, count):
    """Wait until so many states are there, and nothing is being saved."""
    wait_until(lambda: len(states()) == count)
    result_of(services, services.states.when_quiet)


def test_another_day_a_chat_goes_on_without_being_read_again(session):
    with session() as services:
        chat, first = asked(services, LONG)
        rested(services, 1)
        (kept,) = states()
        assert kept.head.documents == (chat,)
        assert kept.head.tokens >= first.usage.prompt_tokens
    with session() as services:
        _, ended = asked(services, "And now?", chat)
        assert ended.usage.cached_tokens == kept.head.tokens
        assert ended.usage.prompt_tokens - ended.usage.cached_tokens < 20


def test_a_chat_has_one_state_the_newest(session):
    with session() as services:
        chat, _ = asked(services, LONG)
        rested(services, 1)
        (first,) = states()
        asked(services, LONG, chat)
        wait_until(lambda: len(states()) == 1 and states()[0].path != first.path)
        (second,) = states()
        assert second.head.tokens > 1.5 * first.head.tokens


def test_what_was_typed_before_the_question_is_read_from_it_too(session):
    with session() as services:
        chat, _ = asked(services, LONG)
        rested(services, 1)
    with session() as services:
        asked(services, "hello")
        services.service_thread.call(lambda: services.chats.expect_question(chat))
        wait_until(lambda: not services.service_thread.call(lambda: services.loader.is_busy))
        for state in states():
            state.path.unlink()
        _, ended = asked(services, "And now?", chat)
        assert ended.usage.cached_tokens > 900


@pytest.mark.parametrize("how", ["for good", "bin emptied", "elsewhere"])
def test_it_goes_with_the_chat(session, how):
    with session() as services:
        chat, _ = asked(services, LONG)
        rested(services, 1)
        history = services.history
        services.service_thread.call(lambda: history.trash(chat))
        assert states(), "what is in the bin can be restored"
        if how == "for good":
            services.service_thread.call(lambda: history.delete_for_good(chat))
        elif how == "bin emptied":
            services.service_thread.call(history.empty_trash)
        else:
            with session() as beside:
                beside.service_thread.call(lambda: beside.history.delete_for_good(chat))
        assert states() == []


@pytest.mark.parametrize(("text", "most_mib", "save"), [(LONG, 512, False), ("hello", 512, True), (LONG, 0, True)])
def test_a_chat_that_is_not_kept_or_short_or_not_to_be_saved_has_none(session, text, most_mib, save):
    with session() as services:
        services.service_thread.call(lambda: services.settings.change(saved_states_mib=most_mib))
        asked(services, text, save=save)
        time.sleep(0.3)
        result_of(services, services.states.when_quiet)
        assert states() == []


def test_the_state_of_a_chat_of_an_encrypted_history_is_sealed_and_opened_again(session, monkeypatch):
    def opened(key):
        services = open_services(find_paths(), commands=COMMANDS | {"engine": ECHO}, key=key)
        return closing(services)

    with session() as services:  # the control: the echo engine's state is words
        chat, _ = asked(services, LONG)
        rested(services, 1)
        (plain,) = states()
        words = plain.path.read_bytes()
        assert b"word899" in words
        services.service_thread.call(services.states.forget_all)
    key = encrypt(find_paths())
    with opened(key) as services:
        asked(services, f"{LONG} more", chat)
        rested(services, 1)
        (kept,) = states()
        assert kept.head.documents == (chat,)
        raw = kept.path.read_bytes()
        assert raw.startswith(b"SLMDESK STATE 2\n")
        assert b"word8" not in raw
    plain.path.write_bytes(words)  # as if it had been in the writing while the history was encrypted
    monkeypatch.setattr(saved_states, "SWEEP_S", 0.0)
    with opened(key) as services:
        assert services.states  # a window sweeps
        rested(services, 1)
        assert states()[0].path == kept.path
        _, ended = asked(services, "And now?", chat)
        assert ended.usage.cached_tokens == kept.head.tokens
        services.service_thread.call(lambda: services.history.delete_for_good(chat))
        rested(services, 0)  # one that was being written goes when it is there
