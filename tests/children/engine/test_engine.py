from __future__ import annotations

import pytest
from children.engine.asking import LINEAR, assistant, user
from fakes.tiny_gguf import tiny_llama, write

from slmdesk.base.errors import KnownError, Stopped
from slmdesk.base.record import changed
from slmdesk.base.types import FinishReason, LoadSpec, PromptPart, Sampling
from slmdesk.children.engine.interface import Piece, Request
from slmdesk.children.engine.llama.context import GROUPS
from slmdesk.children.engine.llama.engine import LlamaEngine

pytestmark = pytest.mark.model
ENDLESS = Sampling(ignore_eos=True, seed=1)


def test_the_real_model_answers_a_chat(starter):
    chat = (user("Capital of France?"), assistant("The capital of France is Paris."), user("And of Italy?"))
    asked = starter.ask(starter.request(chat, sampling=Sampling(temperature=0, max_tokens=60)))
    answer = asked.finished().answer
    assert "Rome" in answer.text
    assert answer.text == asked.text()
    assert answer.finish_reason in (FinishReason.STOP, FinishReason.LENGTH)
    assert answer.usage.prompt_tokens == asked.read()[-1].total == asked.read()[-1].read
    assert 0 < answer.usage.output_tokens <= 60
    assert answer.usage.context_size == 4096
    assert answer.timing.first_token_s > 0
    assert answer.timing.tokens_per_s > 0


def test_what_a_load_says(shared_engine, starter_model):
    spec = LoadSpec(str(starter_model), cost_curve=LINEAR, template_checked=True, behaves=True)
    info = shared_engine.load(spec, lambda _: True)
    shared_engine.unload(info.handle)
    assert info.architecture == "llama"
    assert info.has_chat_template
    assert info.template == "file"
    assert info.context_tokens == 4096
    assert info.pool_tokens >= 4096
    assert info.sequences == 16
    assert info.sliding_window == 0
    size = starter_model.stat().st_size
    assert 0.9 * size < info.memory.weights < 1.2 * size
    assert info.memory.kv_cache == info.pool_tokens * 30 * 3 * 64 * 2 * 2  # layers, kv heads, length, K and V, f16
    assert info.memory.compute > 0


def test_the_cost_curve_is_measured_when_none_is_given(open_model, tmp_path):
    model = open_model(write(tmp_path / "t.gguf", tiny_llama()), cost_curve=())
    curve = dict(model.info.cost_curve)
    assert set(curve) == set(GROUPS)
    assert curve[1] == 1.0


def test_a_context_never_exceeds_what_the_model_was_trained_for(open_model, tmp_path):
    model = open_model(write(tmp_path / "t.gguf", tiny_llama(context_length=256)), context_tokens=4096)
    assert model.info.context_tokens == 256


def test_context_full_names_both_numbers_before_anything_is_computed(starter):
    asked = starter.ask(starter.request("word " * 5000))
    failed = asked.failed()
    assert failed.code == "context.full"
    assert failed.args["available"] == 4096
    assert failed.args["needed"] > 5000
    assert asked.read() == []


def test_nothing_is_cut_from_a_prompt_that_just_fits(open_model, tmp_path):
    model = open_model(write(tmp_path / "t.gguf", tiny_llama()), context_tokens=160)
    frame = model.engine.render(model.info.handle, model.request("x").messages).tokens - 1
    text = model.words(160 - frame - 16)
    while model.engine.render(model.info.handle, model.request(text + "!").messages).tokens <= 160 - 16:
        text += "!"
    answer = model.answer(model.request(text))
    total = model.engine.render(model.info.handle, model.request(text).messages).tokens
    assert answer.usage.prompt_tokens == total
    assert answer.usage.prompt_tokens + answer.usage.output_tokens <= 160


def test_an_answer_ends_where_the_context_does(open_model, tmp_path):
    model = open_model(write(tmp_path / "t.gguf", tiny_llama()), context_tokens=256)
    answer = model.answer(model.request("a", sampling=Sampling(temperature=2.0, seed=1, ignore_eos=True)))
    assert answer.finish_reason is FinishReason.LENGTH
    assert answer.usage.prompt_tokens + answer.usage.output_tokens == 256


def test_continue_goes_on_from_the_words_that_are_there(starter):
    sampling = Sampling(temperature=0, max_tokens=12)
    whole = starter.ask(starter.request("Tell me a story about a king.", sampling=sampling)).text()
    words = whole.split(" ")
    half = " ".join(words[: len(words) // 2])
    asked = starter.ask(starter.request("Tell me a story about a king.", sampling=sampling, answer_prefix=half))
    assert not asked.text().startswith(half)
    assert asked.finished().answer.text == asked.text()
    assert asked.finished().answer.usage.cached_tokens > 0


def test_stop_strings_end_an_answer_and_do_not_show(starter):
    count = Sampling(temperature=0, max_tokens=30)
    text = starter.ask(starter.raw("1, 2, 3, 4, 5, 6,", sampling=count)).text()
    assert " 12," in text
    asked = starter.ask(starter.raw("1, 2, 3, 4, 5, 6,", sampling=changed(count, stop=("2,", " 11, 1"))))
    answer = asked.finished().answer
    assert answer.finish_reason is FinishReason.STOP_STRING
    assert answer.text == asked.text() == text[: text.index(" 11, 1")]


def test_an_end_token_ends_unless_it_is_ignored(starter):
    question = "Answer with one word: what is the capital of Italy?"
    short = starter.answer(starter.request(question, sampling=Sampling(temperature=0, max_tokens=120)))
    assert short.finish_reason is FinishReason.STOP
    more = starter.answer(starter.request(question, sampling=Sampling(temperature=0, max_tokens=30, ignore_eos=True)))
    assert more.finish_reason in (FinishReason.LENGTH, FinishReason.REPEAT)
    assert more.usage.output_tokens > short.usage.output_tokens


def test_w8_the_same_words_over_and_over_are_noticed(open_model, tmp_path):
    model = open_model(write(tmp_path / "t.gguf", tiny_llama()))
    phrase = Sampling(temperature=0, ignore_eos=True, grammar='root ::= (" no one knows")+')
    answer = model.answer(model.raw("Who?", sampling=phrase))
    assert answer.finish_reason is FinishReason.REPEAT
    assert answer.usage.output_tokens <= 256
    assert answer.text


def test_several_models_are_loaded_at_once(open_model, tmp_path):
    model = open_model(write(tmp_path / "big.gguf", tiny_llama(layers=4)))
    tiny = model.engine.load(
        LoadSpec(str(write(tmp_path / "t.gguf", tiny_llama())), cost_curve=((1, 1.0),), template_checked=True),
        lambda _: True,
    )
    requests = [
        model.request("Name three animals.", key="big", sampling=Sampling(temperature=0, max_tokens=8)),
        Request(
            "tiny", tiny.handle, prompt=(PromptPart("a b", trusted=False),), sampling=Sampling(max_tokens=30, seed=1)
        ),
        Request("none", "m99", prompt=(PromptPart("a b", trusted=False),)),
    ]
    asked = model.ask(*requests)
    assert asked.finished("big").answer.text
    assert asked.finished("tiny").answer.usage.output_tokens
    assert asked.failed("none").code == "model.not_loaded"
    model.engine.unload(tiny.handle)
    assert model.ask(requests[0]).finished("big").answer.text


def test_unload_while_it_runs_ends_the_answers(open_model, tmp_path):
    model = open_model(write(tmp_path / "t.gguf", tiny_llama(layers=30)))
    stream = model.engine.generate([model.request("Tell me a long story.", sampling=ENDLESS)])
    for event in stream:
        if isinstance(event, Piece):
            break
    model.engine.unload(model.info.handle)
    *_, last = stream
    assert last.code == "model.not_loaded"
    assert model.ask(model.request("hello")).failed().code == "model.not_loaded"
    with pytest.raises(KnownError, match=r"model\.not_loaded"):
        model.engine.count_tokens(model.info.handle, ["a"])
    model.engine.unload(model.info.handle)  # an unknown handle is no error


def test_tokens_are_counted_with_the_model_and_without(starter, starter_model):
    texts = ["", "hello", "<|im_end|>", "Grüße, 世界"]
    counts = starter.engine.count_tokens(starter.info.handle, texts)
    assert counts == starter.engine.count_tokens_of_file(str(starter_model), texts)
    assert counts[0] == 0
    assert counts[2] > 1


def test_work_moves_and_busy_tells(starter):
    engine = starter.engine
    assert not engine.is_busy()
    before = engine.work_done()
    stream = engine.generate([starter.request("Tell me a story.", sampling=Sampling(temperature=0, max_tokens=8))])
    assert engine.is_busy()
    list(stream)
    assert engine.work_done() > before
    assert not engine.in_template()


def test_closing_ends_everything(tmp_path):
    engine = LlamaEngine()
    spec = LoadSpec(str(write(tmp_path / "t.gguf", tiny_llama(layers=30))), cost_curve=LINEAR, template_checked=True)
    info = engine.load(spec, lambda _: True)
    request = Request("a", info.handle, prompt=(PromptPart("Once", trusted=False),), sampling=ENDLESS)
    stream = engine.generate([request])
    next(stream)
    engine.close()
    *_, last = stream
    assert last.code == "model.not_loaded"
    engine.close()
    with pytest.raises(Stopped):
        engine.load(spec, lambda _: True)


def test_a_request_without_words_is_refused(starter):
    assert starter.ask(starter.raw("")).failed().code == "request.invalid"
    assert starter.ask(starter.raw("a", sampling=Sampling(max_tokens=0))).failed().code == "request.invalid"
