"""What a model thinks aloud: told while it comes, kept beside the answer, never part of it; switched per chat."""

from __future__ import annotations

import pytest
from chat.sending import send
from fakes.echo.writer import MARKS
from fakes.recorder import row

from slmdesk.base.records import Status
from slmdesk.base.runtime.events import MessageGrew, ThoughtGrew
from slmdesk.base.types import Sampling
from slmdesk.chat.conversation import turns_for_engine
from slmdesk.chat.types import ChatOptions

pytestmark = pytest.mark.process
THOUGHT = "She says hello.\nSo I say it too: é€👩‍👧."


def told(recorder, kind: type, message: str) -> str:
    return "".join(event.text for event in recorder.of(kind) if event.message == message)


@pytest.mark.parametrize("marks", MARKS)
@pytest.mark.parametrize("by_byte", [False, True], ids=["words", "bytes"])
def test_a_thought_is_told_kept_and_no_part_of_the_answer(opened, marks, by_byte) -> None:
    recorder = opened(thought=THOUGHT, marks=marks, odd_utf8=by_byte)
    sent = send(recorder)
    ended = recorder.end_of(sent.answer.id).message
    kept = row(recorder.services, sent.answer.id)
    assert kept.thought == ended.thought == told(recorder, ThoughtGrew, kept.id) == THOUGHT
    assert kept.text == ended.text == told(recorder, MessageGrew, kept.id)
    assert kept.text.startswith("You said: hello")
    assert not any(mark in kept.text + kept.thought for mark in MARKS[marks].all)
    assert kept.thought_seconds == ended.thought_seconds is not None
    assert kept.status is Status.COMPLETE


def test_it_is_sent_back_to_no_model_and_found_by_no_search(opened) -> None:
    recorder = opened(thought="A secret thought.")
    sent = send(recorder)
    recorder.end_of(sent.answer.id)
    services = recorder.services
    conversation = services.service_thread.call(lambda: services.chats.open(sent.item.id))
    turns, _ids = turns_for_engine("", conversation.messages)
    assert [turn.text for turn in turns] == ["hello", "You said: hello"]
    assert services.service_thread.call(lambda: services.history.search("secret")) == []
    assert services.service_thread.call(lambda: services.history.search("hello"))


def test_off_is_off_for_the_chat_from_then_on(opened) -> None:
    recorder = opened(thought=THOUGHT)
    sent = send(recorder, changes={"thinking": "off"})
    assert recorder.end_of(sent.answer.id).message.thought == ""
    again = send(recorder, "and now?", chat=sent.item.id)
    message = recorder.end_of(again.answer.id).message
    assert (message.thought, message.text) == ("", "You said: and now?")
    assert message.thought_seconds is None
    options = recorder.calls.chats.options(sent.item.id)
    assert options == ChatOptions(thinking="off")
    third = send(recorder, "think!", chat=sent.item.id, changes={"thinking": "on"})
    assert recorder.end_of(third.answer.id).message.thought == THOUGHT


def test_what_bounds_an_answer_and_what_goes_on_with_one_has_no_thought(opened) -> None:
    recorder = opened(thought=THOUGHT)
    sent = send(recorder, sampling=Sampling(grammar='root ::= "a"'))
    assert recorder.end_of(sent.answer.id).message.thought == ""
    cut = send(recorder, " ".join(f"word{n}" for n in range(40)), sampling=Sampling(max_tokens=20))
    first = recorder.end_of(cut.answer.id).message
    begin = len(recorder.events)
    services = recorder.services
    services.service_thread.call(lambda: services.chats.continue_answer(first.id))
    whole = recorder.end_of(first.id, begin).message
    assert whole.text.startswith(first.text)
    assert (whole.thought, whole.thought_seconds) == (first.thought, first.thought_seconds)


def test_answer_now_ends_the_thought_and_the_answer_comes(opened) -> None:
    recorder = opened(thought=" ".join(f"step{n}" for n in range(2000)), slow=0.02)
    sent = send(recorder)
    recorder.wait(ThoughtGrew)
    services = recorder.services
    services.service_thread.call(lambda: services.chats.answers.answer_now(sent.answer.id))
    message = recorder.end_of(sent.answer.id).message
    assert message.text == "You said: hello"
    assert 0 < len(message.thought) < 5000


def test_a_stopped_thought_is_kept(opened) -> None:
    recorder = opened(thought=" ".join(f"step{n}" for n in range(2000)), slow=0.02)
    sent = send(recorder)
    recorder.wait(ThoughtGrew)
    services = recorder.services
    services.service_thread.call(lambda: services.chats.stop(sent.answer.id))
    message = recorder.end_of(sent.answer.id).message
    assert (message.status, message.text) == (Status.CANCELLED, "")
    assert row(services, message.id).thought == message.thought != ""
