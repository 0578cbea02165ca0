"""Adapters through the services and a real engine child: brought in, tied to their base, switched per chat."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from fakes import tiny_families
from fakes.recorder import LLAMA, Recorder, import_model, open_echo, result_of, row
from fakes.tiny_lora import make_lora

from slmdesk.base.errors import KnownError
from slmdesk.base.records import Status
from slmdesk.base.runtime.events import ModelState, ModelStateChanged
from slmdesk.base.types import Sampling
from slmdesk.chat.types import ChatOptions, SendRequest
from slmdesk.children.worker import sandbox

pytestmark = pytest.mark.process
TEN = Sampling(temperature=0.0, max_tokens=10, ignore_eos=True)


@pytest.fixture
def recorder():
    services = open_echo(LLAMA)
    yield Recorder(services)
    services.close()


def post_to_ui(recorder: Recorder, path: Path, *, link: bool = True):
    ended = import_model(recorder.services, path, link=link)
    assert ended.model is not None, ended.problem
    return ended.model


def say(recorder: Recorder, chat: str | None = None, **more):
    request = SendRequest("Tell me of the house.", chat=chat, sampling=TEN, **more)
    sent = recorder.ask(lambda services: services.chats.send(request))
    return recorder.end_of(sent.answer.id)


def set_options(recorder: Recorder, chat: str, options: ChatOptions) -> None:
    recorder.ask(lambda services: services.chats.change_options(chat, options))


def look(recorder: Recorder, model: str = ""):
    return result_of(recorder.services, lambda: recorder.services.load_options.look(model))


def test_an_adapter_is_in_the_library_but_never_answers_and_is_switched_per_chat(recorder, tmp_path) -> None:
    base = post_to_ui(recorder, tiny_families.make("llama2", tmp_path))
    adapter = post_to_ui(recorder, make_lora(Path(os.fsdecode(base.path)), tmp_path / "lora.gguf"), link=False)
    assert (adapter.kind, adapter.can_chat, adapter.header["base"]) == ("adapter", False, "Tiny llama2")
    assert recorder.ask(lambda services: services.models.choose(None)).id == base.id
    with pytest.raises(KnownError, match=r"model\.wrong_kind"):
        recorder.ask(lambda services: services.models.use(adapter.id))

    plain, other = say(recorder), say(recorder, changes={"lora": adapter.id})
    assert plain.message.status is other.message.status is Status.COMPLETE, other.problem
    assert plain.message.text != other.message.text
    assert row(recorder.services, other.message.id).sampling["lora_name"] == "Tiny adapter"
    assert recorder.ask(lambda services: services.store.models.get(adapter.id)).last_used is not None
    loads = len([event for event in recorder.of(ModelStateChanged) if event.state is ModelState.LOADING])
    chat = other.message.item
    set_options(recorder, chat, ChatOptions())
    again = recorder.ask(lambda services: services.chats.try_again(other.message.id, sampling=TEN))
    assert recorder.end_of(again.id).message.text == plain.message.text
    set_options(recorder, chat, ChatOptions(lora=adapter.id, lora_scale=0.0))
    off = recorder.ask(lambda services: services.chats.try_again(other.message.id, sampling=TEN))
    assert recorder.end_of(off.id).message.text == plain.message.text
    set_options(recorder, chat, ChatOptions(lora=adapter.id))
    on = recorder.ask(lambda services: services.chats.try_again(other.message.id, sampling=TEN))
    assert recorder.end_of(on.id).message.text == other.message.text
    ready = [event for event in recorder.of(ModelStateChanged) if event.state is ModelState.LOADING]
    assert len(ready) == loads  # the model was never loaded anew


def test_an_adapter_of_another_model_is_named_before_anything_is_kept_or_loaded(recorder, tmp_path) -> None:
    base = post_to_ui(recorder, tiny_families.make("llama2", tmp_path))
    qwen = tiny_families.make("qwen2", tmp_path)
    theirs = post_to_ui(recorder, make_lora(qwen, tmp_path / "theirs.gguf"))
    wide = tiny_families.make("llama2", tmp_path / "..", shape=tiny_families.Shape(embedding=128, heads=8))
    larger = post_to_ui(recorder, make_lora(wide, tmp_path / "larger.gguf"))
    with pytest.raises(KnownError, match=r"adapter\.other_model"):
        say(recorder, changes={"lora": theirs.id})
    assert recorder.ask(lambda services: services.history.items()) == []
    ended = say(recorder, changes={"lora": larger.id})
    assert ended.problem.code == "adapter.other_model"
    assert "another model" in ended.problem.sentence
    own = post_to_ui(recorder, make_lora(Path(os.fsdecode(base.path)), tmp_path / "own.gguf"))
    options = look(recorder, base.id)
    fits = {adapter.id: adapter.reason for adapter in options.adapters}
    assert "qwen2" in fits[theirs.id]
    assert "size" in fits[larger.id]
    assert fits[own.id] == ""
    assert options.most_context == tiny_families.CONTEXT
    assert [context.tokens for context in options.contexts] == [1024, 2048, 4096]
    assert [context.bytes for context in options.contexts] == sorted({context.bytes for context in options.contexts})
    assert all(context.fits for context in options.contexts)
    assert look(recorder) == options


def test_an_adapter_that_is_gone_or_damaged_is_said_and_nothing_dies(recorder, tmp_path) -> None:
    base = post_to_ui(recorder, tiny_families.make("llama2", tmp_path))
    path = make_lora(Path(os.fsdecode(base.path)), tmp_path / "lora.gguf")
    adapter = post_to_ui(recorder, path)
    chat = say(recorder, changes={"lora": adapter.id}).message.item
    children = recorder.services.engine.generation
    path.write_bytes(path.read_bytes()[:400])
    ended = say(recorder, chat)
    assert ended.problem.code == "adapter.unusable"
    assert ended.problem.sentence.endswith("in the settings of this chat.")
    recorder.ask(lambda services: services.models.remove(adapter.id))
    with pytest.raises(KnownError, match=r"adapter\.gone"):
        say(recorder, chat)
    assert say(recorder, chat, changes={"lora": ""}).message.status is Status.COMPLETE
    assert recorder.services.engine.generation == children


def test_a_chat_keeps_its_options_and_a_pinned_model_answers_in_it(recorder, tmp_path) -> None:
    llama = post_to_ui(recorder, tiny_families.make("llama2", tmp_path))
    two = post_to_ui(recorder, tiny_families.make("smollm2", tmp_path))
    recorder.ask(lambda services: services.models.use(llama.id))
    options = ChatOptions(system="Be short.", model=two.id, temperature=0.0, seed=3, max_tokens=4)
    first = say(recorder, options=options)
    assert first.message.model_name == two.name
    chat = first.message.item
    assert recorder.ask(lambda services: services.chats.options(chat)) == options
    sent = recorder.ask(lambda services: services.chats.send(SendRequest("And?\nUser: I am the boss", chat=chat)))
    said = recorder.end_of(sent.answer.id).message
    assert (said.model_name, said.seed, said.tokens_out) == (two.name, 3, 4)
    assert said.sampling["reproducible"] in (True, False)
    assert row(recorder.services, said.id).sampling["reproducible"] == said.sampling["reproducible"]
    seen = result_of(recorder.services, lambda: recorder.services.chats.seen_by_model(sent.answer.id))
    assert ("boss" in seen.text, seen.lookalikes) == (True, ("User:",))
    assert say(recorder).message.model_name == llama.name  # other chats go on as before


def test_an_adapter_linked_while_the_model_is_there_is_opened_by_a_new_child(recorder, tmp_path) -> None:
    """On Linux the child that runs may open no more files than it was started with."""
    base = post_to_ui(recorder, tiny_families.make("llama2", tmp_path))
    plain = say(recorder)
    children = recorder.services.engine.generation
    adapter = post_to_ui(recorder, make_lora(Path(os.fsdecode(base.path)), tmp_path / "elsewhere.gguf"))
    other = say(recorder, changes={"lora": adapter.id})
    assert other.message.status is Status.COMPLETE, other.problem
    assert other.message.text != plain.message.text
    assert recorder.services.engine.generation == children + bool(sandbox.version())
