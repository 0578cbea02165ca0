"""Examples of a preset: read once, tried by leaving each out, made of what a person corrected, forgotten with it."""

from __future__ import annotations

import json
from contextlib import closing

import pytest
from chat.sending import ask, call
from fakes.recorder import Recorder, add_model, open_echo, result_of, wait_until

from slmdesk.base.errors import KnownError
from slmdesk.base.paths import find_paths
from slmdesk.base.record import changed
from slmdesk.base.records import JobStatus
from slmdesk.base.saved_states import states_in
from slmdesk.chat import service
from slmdesk.chat.examples import likeness
from slmdesk.chat.types import ChatOptions, ContextMeasured, Example
from slmdesk.tasks.jobs.types import JobChanged

pytestmark = pytest.mark.process
WORDS = ("one", "two", "three", "four", "five", "six")
PAIRS = tuple((f"Say {word}", f"It is {word.upper()}.") for word in WORDS)

MANY = tuple((f"Say {number}", f"It is {number}.") for number in range(30))


def add(recorder, name="Say it", pairs=PAIRS, **options):
    presets = recorder.services.chats.presets
    examples = tuple(Example(*pair) for pair in pairs)
    return call(recorder, lambda: presets.add(name, ChatOptions(examples=examples, **options)))


def tried(recorder, preset, begin=0):
    job = recorder.calls.examples.begin(preset.id)
    recorder.wait(JobChanged, lambda event: event.id == job.id and event.status is JobStatus.DONE, begin)
    return recorder.calls.examples.score(preset.id)


def known(*right):
    """The echo engine's answers: right ones for these words, others for the rest."""
    return {f"Say {word}": f" it  is {word}. " if word in right else "No idea" for word in WORDS}


def test_each_is_left_out_once_and_asked_with_all_others(opened, asked) -> None:
    recorder = opened(known=known("one", "two", "three", "four"))
    preset = add(recorder, pairs=(PAIRS[0], *PAIRS), system="Say what it is.")  # one stands there twice
    score = tried(recorder, preset)
    assert score.words == "4 of 6 as you wrote them"
    assert [trial.is_same for trial in score.tried] == [True] * 4 + [False] * 2
    assert (score.tried[4].wanted, score.tried[4].answer) == ("It is FIVE.", "No idea")
    assert 0 < score.tried[4].likeness < 0.5
    prompts = [
        [[part["text"] for part in turn["parts"]] for turn in payload["messages"]]
        for payload in json.loads(asked())
        if "messages" in payload
    ]
    assert len(prompts) == len(WORDS)
    for word, turns in zip(WORDS, prompts, strict=True):
        said = [text for turn in turns for text in turn]
        others = [side.casefold() for pair in PAIRS if not pair[0].endswith(word) for side in pair]
        assert said == ["say what it is.", *others, f"say {word}"]


def test_what_was_tried_is_not_asked_again_and_goes_with_a_change(opened) -> None:
    recorder = opened(known=known(*WORDS))
    preset = add(recorder)
    assert tried(recorder, preset).words == "6 of 6 as you wrote them"
    begin = len(recorder.events)
    assert tried(recorder, preset, begin)
    assert [change.done for change in recorder.of(JobChanged, begin) if change.status is JobStatus.RUNNING] == [6]
    assert len(call(recorder, lambda: recorder.services.store.jobs.page(kind="examples"))) == 1
    presets = recorder.services.chats.presets
    call(recorder, lambda: presets.change(preset.id, "Other name", preset.options))
    assert recorder.calls.examples.score(preset.id)
    call(recorder, lambda: presets.change(preset.id, "Other name", changed(preset.options, system="Other.")))
    assert recorder.calls.examples.score(preset.id) is None
    tried(recorder, preset, len(recorder.events))
    call(recorder, lambda: presets.delete(preset.id))
    assert call(recorder, lambda: recorder.services.store.jobs.page(kind="examples")) == []


def test_broken_off_it_goes_on_where_it_was(opened) -> None:
    recorder = opened(known=dict(MANY), slow=0.05)
    preset = add(recorder, pairs=MANY)
    job = recorder.calls.examples.begin(preset.id)
    recorder.wait(JobChanged, lambda event: event.done >= 5)
    assert "(" in recorder.calls.examples.score(preset.id).words
    recorder.services.close()
    again = opened(answer="No idea")  # what is asked from now on is answered wrongly
    kept = call(again, lambda: again.services.store.jobs.get(job.id)).done
    assert 5 <= kept < len(MANY)
    assert [job.id for job in call(again, again.services.jobs.take_up)] == [job.id]
    again.wait(JobChanged, lambda event: event.id == job.id and event.status is JobStatus.DONE)
    assert again.calls.examples.score(preset.id).words == f"{kept} of {len(MANY)} as you wrote them"
    other = add(again, "Other", MANY, system="Other.")
    begin, job = len(again.events), again.calls.examples.begin(other.id)
    call(again, lambda: again.services.chats.presets.delete(other.id))
    again.wait(JobChanged, lambda event: event.id == job.id and event.status is JobStatus.CANCELLED, begin)


def test_too_few_too_many_and_a_model_that_is_not_asked(opened) -> None:
    recorder = opened()
    few = add(recorder, "Few", PAIRS[:4])
    with pytest.raises(KnownError, match=r"request\.invalid"):
        call(recorder, lambda: recorder.services.examples.begin(few.id))
    examples = recorder.calls.examples
    many = [(f"q{number}", "a") for number in range(50)]
    full = examples.add("Few", many[:-4])
    assert (len(full.preset.options.examples), full.added) == (50, 46)
    assert examples.add("few", many[:3]).added == 0
    with pytest.raises(KnownError, match=r"request\.invalid"):
        call(recorder, lambda: recorder.services.examples.add("Few", [("more", "a")]))
    examples.take_back(full)
    assert recorder.calls.chats.presets.get("Few").options.examples == few.options.examples
    new, copy = examples.add("New task", PAIRS), examples.add("Code", PAIRS)
    assert (new.preset.name, copy.preset.name, copy.preset.is_shipped) == ("New task", "Code (copy)", False)
    assert copy.preset.options.system
    assert examples.add("Code", [*PAIRS, ("Say seven", "7")]).preset.id == copy.preset.id
    examples.take_back(new)
    with pytest.raises(KnownError, match=r"preset\.unknown"):
        call(recorder, lambda: recorder.services.chats.presets.get("New task"))


def test_their_tokens_are_counted_and_what_does_not_fit_is_said(opened) -> None:
    recorder = opened()
    preset = add(recorder)
    room = recorder.calls.examples.room(preset.options)
    assert f"{room.tokens:,} of {room.context:,} tokens" in room.words
    assert "too long" not in room.words
    long = changed(preset.options, examples=tuple(Example(f"{n} " * 1500, "a") for n in range(8)))
    assert "too long for the model" in recorder.calls.examples.room(long).words
    call(recorder, lambda: recorder.services.chats.measure(None, "Say seven", (), preset.options))
    measured = recorder.wait(ContextMeasured)
    tokens = {part.kind: part.tokens for part in measured.parts}
    assert tokens["examples"] > 50
    assert tokens["question"] < 30


def test_three_corrections_are_offered_and_become_examples(opened) -> None:
    recorder = opened()
    examples, edits = recorder.calls.examples, recorder.calls.chats.edits
    preset = add(recorder, "Say it", PAIRS[:1])
    chat = None
    for number, (question, answer) in enumerate(PAIRS[1:4], 1):
        sent, ended = ask(recorder, question, chat, changes={"preset": preset.id})
        chat = chat if number == 2 else None  # in the same chat or in another one
        edits.edit_answer(ended.message.id, answer)
        offered = examples.offer(sent.item.id)
        assert offered == (None if number < 3 else offered)
    assert offered == (preset, 3)
    ask(recorder, "Not corrected", changes={"preset": preset.id})
    plain, ended = ask(recorder, "Without a preset")
    edits.edit_answer(ended.message.id, "x")
    assert examples.offer(plain.item.id) is None
    taught = examples.teach(preset.id)
    assert taught.added == 3
    assert taught.preset.options.examples == tuple(Example(*pair) for pair in PAIRS[:4])
    assert examples.offer(sent.item.id) is None
    examples.take_back(taught)
    assert examples.offer(sent.item.id) == offered
    private, ended = ask(recorder, "Say seven", changes={"preset": preset.id}, save=False)
    edits.edit_answer(ended.message.id, "Seven")
    assert examples.offer(private.item.id) is None
    recorder.calls.history.trash(sent.item.id)
    assert len(examples.corrections(preset)) == 2


@pytest.mark.pure
def test_likeness_counts_neither_spaces_nor_capitals() -> None:
    assert likeness("A  b\n", " a B") == 1.0
    assert likeness("It is red.", "It is read.") > 0.8
    assert likeness("a" * 9999, "a" * 9998 + "b") < 1.0
    assert likeness("abc", "") == 0.0


def states():
    return states_in(find_paths().states)


LONG = tuple((f"Shorten {word}: {' '.join(f'{word}{n}' for n in range(40))}", word) for word in WORDS)


def test_another_day_a_new_chat_need_not_read_the_examples_again(home, monkeypatch, tmp_path) -> None:
    monkeypatch.setattr(service, "REST_S", 0.05)
    monkeypatch.setenv("SLMDESK_ECHO", json.dumps({"answer": "It does."}))
    with closing(open_echo()) as services:
        add_model(services, tmp_path / "home" / "models" / "echo.gguf")
        recorder = Recorder(services)
        preset = add(recorder, pairs=LONG)
        ask(recorder, "Shorten this", changes={"preset": preset.id})
        wait_until(lambda: preset.id in [owner for state in states() for owner in state.head.documents])
        result_of(services, services.states.when_quiet)
    with closing(open_echo()) as services:
        recorder = Recorder(services)
        _sent, ended = ask(recorder, "Shorten that", changes={"preset": preset.id})
        assert ended.usage.prompt_tokens - ended.usage.cached_tokens < 20
        assert ended.usage.cached_tokens > 240
        call(recorder, lambda: services.chats.presets.delete(preset.id))
        assert all(preset.id not in state.head.documents for state in states())
