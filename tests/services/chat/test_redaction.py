"""Chats whose model sees substitutes: nothing private is in what it is given, in states or logs; answers have it."""

from __future__ import annotations

import json
import time

import pytest
from fakes.recorder import TIMEOUT_S, result_of

from slmdesk.core.errors import KnownError
from slmdesk.core.records import Status
from slmdesk.services.chat.answer_writer import REDACTION
from slmdesk.services.chat.requests import SendRequest
from slmdesk.services.redaction.service import Decisions, kept_from
from slmdesk.text.redaction.types import Kind, Listed

pytestmark = pytest.mark.process
LETTER = "Dear Ms Ashworth, the account GB33 BUKB 2020 1555 5555 55 of Colin Ashworth is closed. Call 020 7946 0123."
PRIVATE = ("Ashworth", "Colin", "BUKB", "1555", "7946 0123")


def call(recorder, work):
    return recorder.services.service_thread.call(work)


def ask(recorder, text=LETTER, **more):
    chats = recorder.services.chats
    sent = call(recorder, lambda: chats.send(SendRequest(text, **{"redact": True, **more})))
    return sent, recorder.end_of(sent.answer.id)


@pytest.fixture
def given(opened, monkeypatch):
    """A recorder, and all that its engine child was given, as JSON."""
    from slmdesk.client.client import ChildClient

    lines: list[str] = []
    start = ChildClient.start

    def noted(self, kind, payload, *rest, **more):
        lines.append(json.dumps([kind, payload], ensure_ascii=False))
        return start(self, kind, payload, *rest, **more)

    monkeypatch.setattr(ChildClient, "start", noted)
    return opened(), lines


def holds(lines):
    return [one for one in PRIVATE if any(one in line for line in lines)]


def test_the_model_is_given_substitutes_and_the_answer_has_the_originals(given):
    recorder, lines = given
    sent, ended = ask(recorder)
    assert ended.message.status is Status.COMPLETE
    assert any("chat" in line[:10] for line in lines)
    assert holds(lines) == []
    assert "Ms Ashworth" in ended.message.text  # the fake says what it was told
    assert "GB33 BUKB 2020 1555 5555 55" in ended.message.text
    count, marked = kept_from(ended.message.sampling[REDACTION])
    assert count >= 4
    assert marked == ()
    assert sent.user_message.words == LETTER


def test_without_it_the_model_is_given_all(given):
    """The control: the same search finds what was sent."""
    recorder, lines = given
    ask(recorder, redact=None)
    assert holds(lines) == list(PRIVATE)


def test_it_is_remembered_and_names_stay_the_same(given):
    recorder, lines = given
    sent, _ = ask(recorder)
    first = call(recorder, lambda: recorder.services.redaction.table(sent.item.id))
    _, ended = ask(recorder, "What does Ashworth owe?", chat=sent.item.id, redact=None)
    assert "Ashworth" in ended.message.text
    assert holds(lines) == []
    assert call(recorder, lambda: recorder.services.redaction.table(sent.item.id)) == first


def test_the_pieces_of_a_growing_answer_make_the_whole(given):
    from slmdesk.services.base.events import MessageGrew

    recorder, _ = given
    _, ended = ask(recorder)
    shown = "".join(one.text for one in recorder.events if isinstance(one, MessageGrew))
    assert ended.message.text.startswith(shown)
    assert "Ashworth" in shown


def test_what_the_model_saw_shows_the_substitutes(given):
    recorder, _ = given
    sent, _ = ask(recorder)
    prompt = result_of(recorder.services, lambda: recorder.services.chats.seen_by_model(sent.answer.id)).text
    assert not [one for one in PRIVATE if one in prompt]
    assert "Dear Ms" in prompt


def test_nothing_private_is_in_logs_states_or_the_title_request(given):
    recorder, lines = given
    sent, _ = ask(recorder, LETTER * 8)
    services = recorder.services

    def rest():
        services.titles.idle_s = 0.0
        services.titles.begin()
        services.chats._states._rested(services.chats.open(sent.item.id).messages[-1])
        services.chats.expect_question(sent.item.id)
        services.chats.measure(sent.item.id, "And Colin Ashworth?")

    call(recorder, rest)
    deadline = time.monotonic() + TIMEOUT_S
    while call(recorder, lambda: services.loader.is_busy):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert holds(lines) == []
    paths = services.paths
    for folder in (paths.logs, paths.states):
        for file in folder.rglob("*"):
            data = file.read_bytes() if file.is_file() else b""
            assert not [one for one in PRIVATE if one.encode() in data], file


def test_decisions_of_the_preview_are_kept(given):
    recorder, lines = given
    decisions = Decisions(added=((Kind.OTHER, "Nightjar"),), left=("020 7946 0123",))
    sent, ended = ask(recorder, LETTER + " Project Nightjar.", decisions=decisions)
    assert "Nightjar" in ended.message.text
    whole = "".join(lines)
    assert "Nightjar" not in whole
    assert "020 7946 0123" in whole
    ask(recorder, "Nightjar?", chat=sent.item.id)
    assert "Nightjar" not in "".join(lines)


def test_a_word_that_was_left_once_can_be_hidden_later(given):
    recorder, lines = given
    sent, _ = ask(recorder, decisions=Decisions(left=("Ashworth", "Colin Ashworth")))
    assert "Ashworth" in "".join(lines)
    service, added = recorder.services.redaction, Decisions(added=((Kind.OTHER, "Ashworth"),))
    seen = call(recorder, lambda: service.preview("Ashworth?", sent.item.id, added))
    assert [one.text for one in seen.finds] == ["Ashworth"]
    lines.clear()
    ask(recorder, "Ashworth?", chat=sent.item.id, decisions=added)
    assert "Ashworth" not in "".join(lines)


def test_a_word_that_was_hidden_can_be_left_later(given):
    recorder, lines = given
    sent, _ = ask(recorder)
    table = call(recorder, lambda: recorder.services.redaction.table(sent.item.id))
    left = Decisions(left=("020 7946 0123",))
    seen = call(recorder, lambda: recorder.services.redaction.preview("020 7946 0123?", sent.item.id, left))
    assert seen.redacted == "020 7946 0123?"
    _, ended = ask(recorder, "Is it 020 7946 0123?", chat=sent.item.id, decisions=left)
    assert "020 7946 0123" in "".join(lines)
    assert "020 7946 0123" in ended.message.text
    assert call(recorder, lambda: recorder.services.redaction.table(sent.item.id)) == table


def test_names_of_the_list_are_hidden(given):
    recorder, lines = given
    call(
        recorder,
        lambda: recorder.services.redaction.change_names([Listed("Nightjar"), Listed("  "), Listed("Nightjar")]),
    )
    assert len(call(recorder, recorder.services.redaction.names)) == 1
    ask(recorder, "the Nightjar budget")
    assert "Nightjar" not in "".join(lines)


def test_a_name_too_long_is_refused(given):
    recorder, _ = given
    with pytest.raises(KnownError, match=r"request\.invalid"):
        call(recorder, lambda: recorder.services.redaction.change_names([Listed("x" * 500)]))


def test_the_table_goes_with_the_chat_for_good(given):
    recorder, _ = given
    sent, _ = ask(recorder)
    store = recorder.services.runtime.store
    assert call(recorder, lambda: store.redactions.of_item(sent.item.id))
    call(recorder, lambda: store.delete_for_good(sent.item.id))
    assert call(recorder, lambda: store.redactions.of_item(sent.item.id)) == []
    assert call(recorder, lambda: store.database.number("select count(*) from redactions")) == 0


def test_an_unsaved_chat_keeps_its_table_in_memory(given):
    recorder, lines = given
    sent, ended = ask(recorder, save=False)
    assert "Ashworth" in ended.message.text
    assert holds(lines) == []
    store = recorder.services.runtime.store
    assert call(recorder, lambda: store.database.number("select count(*) from redactions")) == 0
    assert call(recorder, lambda: recorder.services.redaction.table(sent.item.id))


def test_an_answer_that_is_continued_is_given_substitutes(given):
    recorder, lines = given
    sent, _ = ask(recorder)
    store = recorder.services.runtime.store

    def cut():
        from slmdesk.core.records import AnswerEnding

        message = store.messages.reopen(sent.answer.id)
        store.messages.end(message.id, "Ashworth is a client of", AnswerEnding(Status.CANCELLED), "")
        return recorder.services.chats.continue_answer(sent.answer.id)

    begin = len(recorder.events)
    call(recorder, cut)
    ended = recorder.end_of(sent.answer.id, begin)
    assert ended.message.text.startswith("Ashworth is a client of")
    assert holds(lines) == []


def test_a_half_changed_substitute_is_marked(opened):
    recorder = opened()
    sent, _ = ask(recorder, "Dear Ms Ashworth, thank you for the letter of yesterday.")
    entry = call(recorder, lambda: recorder.services.redaction.table(sent.item.id))[0]
    back = call(
        recorder, lambda: recorder.services.redaction.veil(sent.item.id).put_back(f"{entry.substitute[:-1]} wrote.")
    )
    assert back.count == 0
    assert [back.text[start:end] for start, end in back.marked] == [entry.substitute[:-1]]
