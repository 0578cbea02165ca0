"""A chat of many turns with the real starter model and a small context: it goes on answering, whatever was chosen."""

from __future__ import annotations

import pytest
from fakes.recorder import result_of

from slmdesk.base.records import Status
from slmdesk.base.types import Sampling
from slmdesk.chat.attachment_text import space_for_answer
from slmdesk.chat.conversation import window_of
from slmdesk.chat.types import ChatOptions, SendRequest, TurnsLeftOut

pytestmark = [pytest.mark.model, pytest.mark.soak]

CONTEXT, MOST = 384, 16
FACTS = (
    "My name is Vera Adler and I rent a flat in Bern.",
    "The rent is 1,240 francs a month, and the deposit was 2,480 francs.",
    "The lease began on 1 May 2021, and the landlord is Mr. Brandt.",
    "The kitchen was renewed in 2022, and I paid half of it.",
    "I want to move out on 30 September.",
    "The washing machine in the cellar belongs to me.",
    "There are two keys, and I have lost one of them.",
    "My neighbour Mrs. Kunz would like to take the flat.",
    "What should I write to the landlord?",
    "And what should I bring when I hand the flat over?",
)


@pytest.fixture
def recorder(over_llama):
    over_llama.calls.settings.change(context_tokens=CONTEXT)
    return over_llama


@pytest.mark.parametrize("way", ["leave_out", "summarize"])
def test_a_long_chat_goes_on_and_reads_little_anew(recorder, way) -> None:
    services = recorder.services
    chats, call = services.chats, services.service_thread.call
    options = ChatOptions(temperature=0.0, when_full=way)
    chat, answers = None, []
    for fact in FACTS:
        request = SendRequest(fact, chat=chat, options=options, sampling=Sampling(max_tokens=MOST))
        sent = call(lambda request=request: chats.send(request))
        if chat is None:
            call(lambda sent=sent: chats.window.pin(sent.user_message.id, pinned=True))
        chat = sent.item.id
        answers.append(recorder.end_of(sent.answer.id).message)
    assert {answer.status for answer in answers} == {Status.COMPLETE}, [answer.error_code for answer in answers]
    bites = {bite.message for bite in recorder.of(TurnsLeftOut)}
    assert 1 <= len(bites) <= 4
    for answer in answers:
        assert answer.tokens_in + space_for_answer(CONTEXT, MOST) <= CONTEXT
        if answer.id not in bites | {answers[0].id}:
            assert answer.tokens_reused > answer.tokens_in / 3  # the beginning stays as it was
    opened = call(lambda: chats.open(chat))
    gone = window_of(opened.item).left_out(opened.messages)
    assert gone
    assert opened.messages[0].id not in gone
    seen = result_of(services, lambda: chats.seen_by_model(answers[-1].id))
    assert FACTS[0] in seen.text
    assert FACTS[1] not in seen.text or way == "summarize"
    assert seen.left_out == len(gone)
    assert seen.tokens == answers[-1].tokens_in
    notes = opened.item.settings.get("earlier_notes", "")
    assert bool(notes) == (way == "summarize")
    assert notes in seen.text.replace("\u2060", "")  # what looks like a turn is broken for the model
