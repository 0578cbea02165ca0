"""A state put back is as good as having read: saved by one engine, used by another one."""

from __future__ import annotations

import pytest
from children.engine.asking import Model, OpenModel, user
from fakes.tiny_gguf import tiny_gemma3, tiny_llama, write

from slmdesk.base.types import ChatMessage, Origin, Role, Sampling, TextPart
from slmdesk.children.engine.interface import ReadState

pytestmark = pytest.mark.model
SHORT = Sampling(temperature=0.0, max_tokens=8)


@pytest.fixture
def tiny(open_model: OpenModel, tmp_path) -> Model:
    return open_model(write(tmp_path / "tiny.gguf", tiny_llama()), context_tokens=1024, pool_tokens=1024)


def turns(text: str, question: str = "") -> tuple[ChatMessage, ...]:
    parts = [TextPart(text, Origin.DOCUMENT), *([TextPart(question)] if question else [])]
    return ChatMessage(Role.SYSTEM, (TextPart("Answer from the text."),)), ChatMessage(Role.USER, tuple(parts))


def saved(model: Model, text: str, question: str = "What does it say?") -> ReadState:
    """Of a text that the model was just asked about."""
    model.ask(model.request(turns(text, question), sampling=SHORT))
    state = model.engine.state_of(model.info.handle, turns(text))
    assert state is not None
    return state


def put(model: Model, state: ReadState) -> int:
    return model.engine.restore(model.info.handle, state.tokens, lambda: state.data)


def test_a_failure_on_the_engine_thread_reaches_the_caller_and_the_engine_goes_on(tiny, monkeypatch):
    def fail(_tokens: list[int]) -> bool:
        raise MemoryError("odd")

    state = saved(tiny, "A house has a door.\n\n" * 6)
    with monkeypatch.context() as patched:
        patched.setattr(tiny.engine.model(tiny.info.handle).scheduler.slots, "holds", fail)
        with pytest.raises(MemoryError):
            put(tiny, state)
    assert put(tiny, state) == len(state.tokens) // 4


def test_the_same_answer_with_it_and_without(open_model, starter_model):
    first, second = open_model(starter_model), open_model(starter_model)
    text = first.words(60, "Notes.\n\n") + "\n\n"
    state = saved(first, text)
    count = len(state.tokens) // 4
    assert count > 50
    continued = first.answer(first.request(turns(text, "How many houses are there?"), sampling=SHORT))
    assert put(second, state) == count
    restored = second.answer(second.request(turns(text, "How many houses are there?"), sampling=SHORT))
    assert restored.text == continued.text
    assert restored.usage.cached_tokens == count
    assert not restored.reproducible
    third = open_model(starter_model)
    anew = third.answer(third.request(turns(text, "How many houses are there?"), sampling=SHORT))
    assert anew.usage.cached_tokens == 0
    assert anew.text == restored.text


def test_it_ends_before_the_question(tiny):
    text = tiny.words(200) + "\n\n"
    state = saved(tiny, text, "Zebra fish?")
    other = saved(tiny, text, "Who is the king of France?")
    assert state.tokens == other.tokens


def test_what_is_in_memory_is_not_loaded(tiny):
    state = saved(tiny, tiny.words(200))

    def load() -> bytes:
        raise AssertionError

    assert tiny.engine.restore(tiny.info.handle, state.tokens, load) == len(state.tokens) // 4


def test_nothing_was_read_nothing_can_be_kept(tiny):
    assert tiny.engine.state_of(tiny.info.handle, turns("Never seen.")) is None


def test_cells_that_do_not_fit_the_model_are_refused(tiny, open_model, tmp_path):
    state = saved(tiny, "A short text about houses. " * 8)
    other = open_model(write(tmp_path / "other.gguf", tiny_llama(layers=3)), context_tokens=512)
    assert put(other, state) == 0
    short = ReadState(state.tokens, bytes(state.data)[: len(state.data) // 2])
    fresh = open_model(tmp_path / "tiny.gguf", context_tokens=1024)
    assert put(fresh, short) == 0
    assert put(fresh, ReadState(state.tokens[:-4], state.data)) == 0
    assert put(fresh, state) == len(state.tokens) // 4
    assert fresh.ask(fresh.request("Hello", sampling=SHORT)).finished()


def test_a_state_larger_than_the_pool_is_refused(tiny, open_model, tmp_path):
    state = saved(tiny, "a b c d e f g h " * 30)
    small = open_model(tmp_path / "tiny.gguf", context_tokens=256, pool_tokens=256)
    assert put(small, state) == 0
    assert small.ask(small.request("Hello", sampling=SHORT)).finished()


def test_a_state_makes_room(tiny):
    text = "a b c d e f g h " * 30
    state = saved(tiny, text)
    for n in range(6):
        tiny.ask(tiny.request((user(f"{n} x y z " * 60),), sampling=SHORT))
    assert put(tiny, state) == len(state.tokens) // 4 > 200
    answer = tiny.answer(tiny.request(turns(text, "What?"), sampling=SHORT))
    assert answer.usage.cached_tokens >= len(state.tokens) // 4
    for n in range(6):
        assert tiny.ask(tiny.request((user(f"{n} u v w " * 100),), sampling=SHORT)).finished()


def test_a_sliding_window_either_keeps_its_past_or_nothing(open_model, tmp_path):
    path = write(tmp_path / "gemma.gguf", tiny_gemma3())
    model, two = open_model(path, context_tokens=1024), open_model(path, context_tokens=1024)
    text = "a b c d e f g h " * 20
    first = model.ask(model.request((user(text + "and?"),), sampling=SHORT))
    assert first.finished()
    state = model.engine.state_of(model.info.handle, (user(text),))
    if state is None:
        return
    continued = model.ask(model.request((user(text + "or?"),), sampling=SHORT)).text()
    assert put(two, state) in (0, len(state.tokens) // 4)
    assert two.ask(two.request((user(text + "or?"),), sampling=SHORT)).text() == continued


def test_the_version_names_the_library(tiny):
    version = tiny.engine.state_version(tiny.info.handle)
    assert "llama-cpp-python" in version
    assert "f16" in version
