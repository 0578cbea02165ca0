"""Marks: what a model that cannot cut what it has read goes back to, instead of reading it again."""

from __future__ import annotations

import pytest
from children.engine.asking import Model, OpenModel, assistant, user
from fakes.tiny_families import make
from fakes.tiny_gguf import CHATML

from slmdesk.base.types import Answer, ChatMessage, Origin, Priority, Role, Sampling, TextPart
from slmdesk.children.engine.llama import slots as slots_module
from slmdesk.children.engine.llama.sequence import marks_among

SHORT = Sampling(temperature=0.0, max_tokens=8)
KINDS = ("lfm2", "mamba", "gemma3", "qwen2")
"""A hybrid, a recurrent one, one with a sliding window, a plain one."""
MORE_KINDS = ("qwen35", "granite-hybrid", "falcon-h1", "nemotron-h", "gemma4", "gpt-oss")
each_kind = pytest.mark.parametrize(
    "name", [*KINDS, *(pytest.param(kind, marks=pytest.mark.soak) for kind in MORE_KINDS)]
)
TEXT = " ".join(f"On day {day} the clerk wrote {day * 7} letters." for day in range(40))
LONG = "What did she do? " + "Look at all of it, please. " * 12
OTHER = "How many on day 3?"


@pytest.mark.pure
@pytest.mark.parametrize(
    ("edges", "kept"),
    [
        ((), []),
        ((10, 31), []),
        ((40, 60, 90), [40, 90]),
        ((900, 4000, 4150, 4300), [4000, 4150, 4300]),
        ((900, 1000, 4000, 4150, 4300), [4000, 4150, 4300]),
        ((900, 1000, 4150, 4300), [900, 4150, 4300]),
    ],
)
def test_marks_stand_where_least_is_read_again(edges, kept):
    assert marks_among(edges) == kept


def about(question: str = "") -> tuple[ChatMessage, ...]:
    """A document and a question to it."""
    document = (TextPart(TEXT, Origin.DOCUMENT), TextPart("\n---\n\n", Origin.PROGRAM))
    instructions = ChatMessage(Role.SYSTEM, (TextPart("Answer from the text.", Origin.PROGRAM),))
    return instructions, ChatMessage(Role.USER, (*document, *([TextPart(question)] if question else [])))


def read_anew(model: Model, answer: Answer, question: str) -> float:
    """The share of a prompt that was read although it had been read before."""
    usage = answer.usage
    return (usage.prompt_tokens - usage.cached_tokens - model.count(question)) / usage.prompt_tokens


def judged(model: Model, messages: tuple[ChatMessage, ...]) -> tuple[float, ...]:
    """How likely some answers are: other slices round differently, which may choose other words."""
    return model.ask(model.request(messages, choices=("a", "k", "t", "Z"))).finished().scores


def afresh(open_model: OpenModel, path, messages: tuple[ChatMessage, ...]) -> object:
    return pytest.approx(judged(open_model(path), messages), abs=0.1)


@pytest.mark.model
@each_kind
def test_a_document_is_read_once_for_all_questions_and_after_a_restart(open_model, tmp_path, name):
    path = make(name, tmp_path, template=CHATML)
    model, later = open_model(path), open_model(path)
    expected = afresh(open_model, path, about(OTHER))
    assert judged(open_model(path), about(LONG)) != expected
    model.ask(model.request(about(LONG), sampling=SHORT))
    second = model.answer(model.request(about(OTHER), sampling=SHORT))
    assert read_anew(model, second, OTHER) < 0.03
    assert judged(model, about(OTHER)) == expected
    state = model.engine.state_of(model.info.handle, about())
    assert state is not None
    assert later.engine.restore(later.info.handle, state.tokens, lambda: state.data) == len(state.tokens) // 4
    restored = later.answer(later.request(about(OTHER), sampling=SHORT))
    assert read_anew(later, restored, OTHER) < 0.03
    assert judged(later, about(OTHER)) == expected


@pytest.mark.model
@each_kind
def test_a_chat_goes_on_and_an_edited_question_reads_only_itself(open_model, tmp_path, name):
    """Also where each turn moves the window past the one before, and its cells are full."""
    path = make(name, tmp_path, template=CHATML)
    model = open_model(path)
    turns: list[ChatMessage] = []
    for number in range(8):
        question = f"Question {number}. {LONG}"
        turns.append(user(question))
        answer = model.answer(model.request(tuple(turns), sampling=SHORT))
        turns.append(assistant(answer.text))
    assert read_anew(model, answer, question) < 0.1
    edited = (*turns[:-2], user(OTHER))
    again = model.answer(model.request(edited, sampling=SHORT))
    assert read_anew(model, again, OTHER) < 0.03
    expected = afresh(open_model, path, edited)
    assert judged(model, edited) == expected
    other_chat = model.answer(model.request("Something else. " + LONG, sampling=SHORT))
    assert other_chat.usage.cached_tokens < 60
    back = model.answer(model.request(edited, sampling=SHORT))
    assert read_anew(model, back, OTHER) < 0.03, "what another chat put aside comes back with its marks"
    assert judged(model, edited) == expected


@pytest.mark.model
@each_kind
def test_jobs_read_their_instructions_once(open_model, tmp_path, name):
    model = open_model(make(name, tmp_path, template=CHATML))
    instructions = ChatMessage(Role.SYSTEM, (TextPart("Translate what is given. " * 20, Origin.PROGRAM),))
    requests = [
        model.request((instructions, user(f"Sentence {number}.")), key=str(number), sampling=SHORT)
        for number in range(8)
    ]
    asked = model.ask(*requests, priority=Priority.BACKGROUND)
    usages = [asked.finished(str(number)).answer.usage for number in range(8)]
    anew = sum(usage.prompt_tokens - usage.cached_tokens for usage in usages)
    assert anew < usages[0].prompt_tokens + 8 * 60


@pytest.mark.model
def test_marks_keep_within_their_space(open_model, tmp_path, monkeypatch):
    model = open_model(make("mamba", tmp_path, template=CHATML))
    model.ask(model.request(about(LONG), sampling=SHORT))
    slots = model.engine.model(model.info.handle).scheduler.slots
    size = max(len(mark.data) for kept in slots.idle for mark in kept.marks)
    monkeypatch.setattr(slots_module, "MOST_BYTES", 2 * size)
    model.ask(model.request("Something else. " + LONG, sampling=SHORT))
    held = {id(mark): len(mark.data) for kept in slots.idle for mark in kept.marks}
    assert 0 < sum(held.values()) <= 2 * size
    turns: list[ChatMessage] = []
    for number in range(5):
        turns.append(user(f"Question {number}. {LONG}"))
        turns.append(assistant(model.answer(model.request(tuple(turns), sampling=SHORT)).text))
    edited = model.answer(model.request((*turns[:-2], user(OTHER)), sampling=SHORT))
    assert read_anew(model, edited, OTHER) < 0.1, "the newest takes the place of its older ones"
    monkeypatch.setattr(slots_module, "MOST_BYTES", 0)
    assert model.ask(model.request(about(OTHER), sampling=SHORT)).finished(), "without a mark it is read again"
