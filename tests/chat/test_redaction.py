"""Chats whose model sees substitutes: nothing private is in what it is given, in states or logs; answers have it."""

from __future__ import annotations

import json

import pytest
from chat import sending
from chat.sending import call
from fakes.recorder import result_of, wait_until

from slmdesk.base.errors import KnownError
from slmdesk.base.records import AnswerEnding, Status
from slmdesk.chat.conversation import NOTES, REDACTION
from slmdesk.chat.types import ChatOptions, SendRequest
from slmdesk.redaction.service import Decisions, kept_from
from slmdesk.text.redaction import Kind, Listed

pytestmark = pytest.mark.process
LETTER = "Dear Ms Ashworth, the account GB33 BUKB 2020 1555 5555 55 of Colin Ashworth is closed. Call 020 7946 0123."
PRIVATE = ("Ashworth", "Colin", "BUKB", "1555", "7946 0123")


def ask(recorder, text=LETTER, **more):
    return sending.ask(recorder, text, **{"redact": True, **more})


@pytest.fixture
def given(opened, monkeypatch):
    """A recorder, and all that its engine child was given, as JSON."""
    from slmdesk.children.client.client import ChildClient

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
    from slmdesk.runtime.events import MessageGrew

    recorder, _ = given
    _, ended = ask(recorder)
    shown = "".join(event.text for event in recorder.events if isinstance(event, MessageGrew))
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
    wait_until(lambda: not call(recorder, lambda: services.loader.is_busy))
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


def test_what_was_marked_is_hidden_with_other_endings_and_in_any_case(given):
    recorder, lines = given
    decisions = Decisions(added=((Kind.OTHER, "Bluebird"), (Kind.OTHER, "secret")))
    sent, ended = ask(recorder, "The Bluebird, secret, is late.", decisions=decisions)
    assert "The Bluebird, secret, is late." in ended.message.text
    ask(recorder, "Is the BLUEBIRD, Secret, one of the bluebirds?", chat=sent.item.id)
    whole = "".join(lines).casefold()
    assert "bluebird" not in whole
    assert "secret" not in whole


def test_what_would_still_stand_there_is_not_sent(given, monkeypatch):
    recorder, lines = given
    service = recorder.services.redaction
    monkeypatch.setattr(service, "_replaced", lambda _text, _state: [])  # as if nothing were found
    _, ended = ask(recorder, "The Bluebird.", decisions=Decisions(added=((Kind.OTHER, "Bluebird"),)))
    assert ended.problem.code == "redaction.still_there"
    assert "Bluebird" not in "".join(lines)


def test_words_that_could_not_be_put_back_are_not_sent(given):
    recorder, lines = given
    decisions = Decisions(added=((Kind.OTHER, ", secret"),))  # a sign that stands at a word
    _, ended = ask(recorder, "The Bluebird, secret, is late.", decisions=decisions)
    assert ended.problem.code == "redaction.not_reversible"
    assert "“, secret”" in ended.problem.sentence
    assert "secret" not in "".join(lines)


def test_texts_are_looked_through_once_while_nothing_changes(given, monkeypatch):
    from slmdesk.text.redaction import replacing

    recorder, _ = given
    sent, _ = ask(recorder)
    service = recorder.services.redaction
    made = []
    real = replacing._replaced
    monkeypatch.setattr(replacing, "_replaced", lambda text, *rest: made.append(text) or real(text, *rest))

    def hidden(*texts):
        return call(recorder, lambda: service.hidden(sent.item.id, texts, keeps=True))

    first = hidden(LETTER, "And Colin?")
    assert hidden(LETTER, "And Colin?") == first
    assert hidden(LETTER, "And Ashworth?")[0] == first[0]
    asked = [one for one in made if one in (LETTER, "And Colin?", "And Ashworth?")]
    assert asked == ["And Colin?", "And Ashworth?"]  # the letter was remembered from the question
    call(recorder, lambda: service.decide(sent.item.id, Decisions(left=("Colin",))))
    assert hidden("And Colin?") == ["And Colin?"]
    call(recorder, lambda: service.change_names([Listed("letter")]))
    assert hidden("a letter") != ["a letter"]


def test_names_of_the_list_are_hidden(given):
    recorder, lines = given
    recorder.calls.redaction.change_names([Listed("Nightjar"), Listed("  "), Listed("Nightjar")])
    assert len(call(recorder, recorder.services.redaction.names)) == 1
    ask(recorder, "the Nightjar budget")
    assert "Nightjar" not in "".join(lines)
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


def continued(recorder, answer: str, begun: str):
    """How an answer that was cut after these words ends."""

    def cut():
        messages = recorder.services.store.messages
        messages.end(messages.reopen(answer).id, begun, AnswerEnding(Status.CANCELLED), "")
        return recorder.services.chats.continue_answer(answer)

    begin = len(recorder.events)
    call(recorder, cut)
    return recorder.end_of(answer, begin)


def test_an_answer_that_is_continued_is_given_substitutes(given):
    recorder, lines = given
    sent, _ = ask(recorder)
    ended = continued(recorder, sent.answer.id, "Ashworth is a client of")
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


def test_an_answer_that_broke_off_inside_a_substitute_goes_on_to_the_whole_name(given):
    recorder, _ = given
    text = '#echo {"odd_utf8": true}\nDear Ms Ashworth, thank you.'  # tokens of one letter
    begun = f"You said: {text}"[: len(f"You said: {text}") - len("Ashworth, thank you.")]
    sent, ended = ask(recorder, text, options=ChatOptions(max_tokens=len(begun) + 3))
    assert ended.message.finish_reason == "length"
    assert ended.message.text == begun  # without the three letters of the substitute
    begin = len(recorder.events)
    call(recorder, lambda: recorder.services.chats.continue_answer(sent.answer.id))
    assert recorder.end_of(sent.answer.id, begin).message.text.startswith(f"{begun}Ashworth, thank you.")


def test_the_originals_come_back_though_the_table_changes_meanwhile(given):
    recorder, _ = given
    chats, service = recorder.services.chats, recorder.services.redaction
    text = '#echo {"slow": 0.05}\n' + LETTER
    sent = call(recorder, lambda: chats.send(SendRequest(text, redact=True)))
    recorder.words_of(sent.answer.id)
    before = call(recorder, lambda: service.table(sent.item.id))
    words = [f"{substitute}ish" for entry in before for _, substitute in entry.pairs]
    call(recorder, lambda: service.hidden(sent.item.id, words, keeps=True))
    assert call(recorder, lambda: service.table(sent.item.id)) != before
    assert "Ms Ashworth" in recorder.end_of(sent.answer.id).message.text


def test_what_is_continued_has_one_table_with_what_came_before(given):
    """A substitute that stands in the begun answer by chance is made anew, in the turns too."""
    recorder, lines = given
    sent, _ = ask(recorder)
    service = recorder.services.redaction
    old = call(recorder, lambda: service.table(sent.item.id))
    words = " ".join(f"{substitute.lower()}ish" for entry in old for _, substitute in entry.pairs)
    lines.clear()
    continued(recorder, sent.answer.id, f"Ashworth is {words}")
    asked = next(payload for kind, payload in map(json.loads, lines) if kind == "chat")
    name = next(sub for entry in call(recorder, lambda: service.table(sent.item.id)) for one, sub in entry.pairs
                if one == "Ashworth")  # fmt: skip
    assert asked["answer_prefix"].startswith(f"{name} is ")
    assert f"Ms {name}" in json.dumps(asked["messages"], ensure_ascii=False)
    assert holds(lines) == []


@pytest.mark.parametrize("way", ["fork", "save", "notes"])
def test_a_chat_made_of_a_redacted_one_hides_what_was_marked_in_that(given, way):
    recorder, lines = given
    chats = recorder.services.chats
    first = call(recorder, lambda: chats.private.begin(ChatOptions())).id if way == "save" else None
    decisions = Decisions(added=((Kind.OTHER, "Nightjar"),), left=("020 7946 0123",))
    sent, _ = ask(recorder, LETTER + " Project Nightjar.", chat=first, decisions=decisions)
    if way == "fork":
        item = call(recorder, lambda: chats.edits.fork(sent.answer.id))
    elif way == "save":
        item = call(recorder, lambda: chats.private.save(sent.item.id))
    else:
        item = result_of(recorder.services, lambda: chats.window.new_chat_with_notes(sent.item.id))
        assert "Nightjar" in item.settings[NOTES]
    lines.clear()
    ask(recorder, "And now?", chat=item.id, redact=None)
    assert any("You said" in line for line in lines)  # what came before is sent
    assert "Nightjar" not in "".join(lines)
    assert "020 7946 0123" in "".join(lines)


def test_a_fault_in_putting_back_ends_the_answer(given, monkeypatch):
    from slmdesk.text.redaction.replacing import Restorer

    def broken(_self, _text):
        raise RuntimeError("broken")

    recorder, _ = given
    monkeypatch.setattr(Restorer, "restored", broken)
    _, ended = ask(recorder)
    assert ended.message.status is Status.FAILED
    assert ended.problem is not None
    assert "Ashworth" in ended.message.text  # what was shown stays
    assert not call(recorder, lambda: recorder.services.chats.answers.count)
    wait_until(lambda: not call(recorder, lambda: recorder.services.loader.is_busy))
