from __future__ import annotations

import time
from pathlib import Path

import pytest
from fakes.recorder import add_model, import_model, on_service_thread
from fakes.tiny_gguf import tiny_bert, tiny_llama, write

from slmdesk.base.errors import KnownError
from slmdesk.base.records import Status
from slmdesk.base.runtime.events import ModelState, ModelStateChanged
from slmdesk.chat.types import SendRequest
from slmdesk.models import service
from slmdesk.models.service import DefaultUse, lost_words

pytestmark = pytest.mark.process


@pytest.fixture
def recorder(opened, tmp_path):
    """Two models that chat, and an encoder."""
    recorder = opened(model=False)
    recorder.models = [add_model(recorder.services, tmp_path / f"{name}.gguf", name) for name in ("One", "Two")]
    recorder.encoder = add_model(recorder.services, tmp_path / "vectors.gguf", "Vectors")
    on_service_thread(
        recorder, lambda: recorder.services.store.models.change(recorder.encoder.id, header={"kind": "encoder"})
    )
    return recorder


def test_the_default_for_chat_is_taken_before_the_last_used(recorder) -> None:
    services, (first, two) = recorder.services, recorder.models
    on_service_thread(recorder, lambda: services.store.models.change(first.id, last_used=5.0))
    assert on_service_thread(recorder, lambda: services.models.choose(None)).id == first.id
    assert on_service_thread(recorder, lambda: services.uses.set_default(DefaultUse.CHAT, two.id)).id == two.id
    assert on_service_thread(recorder, lambda: services.models.choose(None)).id == two.id
    assert on_service_thread(recorder, lambda: services.uses.uses_of(two.id)) == (DefaultUse.CHAT,)
    on_service_thread(recorder, lambda: services.uses.set_default(DefaultUse.CHAT, None))
    assert on_service_thread(recorder, lambda: services.models.choose(None)).id == first.id


def test_a_model_that_was_chosen_holds_until_a_default_is_set(recorder) -> None:
    services, (first, two) = recorder.services, recorder.models
    on_service_thread(recorder, lambda: services.uses.set_default(DefaultUse.CHAT, first.id))
    on_service_thread(recorder, lambda: services.models.use(two.id))
    assert on_service_thread(recorder, lambda: services.models.choose(None)).id == two.id
    on_service_thread(recorder, lambda: services.uses.set_default(DefaultUse.CHAT, None))
    on_service_thread(recorder, lambda: services.uses.set_default(DefaultUse.CHAT, first.id))
    assert on_service_thread(recorder, lambda: services.models.choose(None)).id == first.id


@pytest.mark.parametrize(
    ("use", "is_encoder"), [(DefaultUse.CHAT, True), (DefaultUse.SUMMARIZE, True), (DefaultUse.EMBED, False)]
)
def test_m9_only_models_of_the_right_kind(recorder, use, is_encoder) -> None:
    wrong = recorder.encoder if is_encoder else recorder.models[0]
    with pytest.raises(KnownError, match=r"^model\.wrong_job "):
        on_service_thread(recorder, lambda: recorder.services.uses.set_default(use, wrong.id))
    assert on_service_thread(recorder, lambda: recorder.services.uses.default(use)) is None


def test_a_default_written_by_hand_of_the_wrong_kind_is_passed_over(recorder) -> None:
    services = recorder.services
    on_service_thread(recorder, lambda: services.settings.change(model_for_chat=recorder.encoder.id))
    assert on_service_thread(recorder, lambda: services.uses.default(DefaultUse.CHAT)) is None
    on_service_thread(recorder, lambda: services.store.models.change(recorder.models[0].id, last_used=5.0))
    assert on_service_thread(recorder, lambda: services.models.choose(None)).id == recorder.models[0].id


def test_a_removed_model_is_the_default_no_more(recorder) -> None:
    services, (first, _two) = recorder.services, recorder.models
    for use in (DefaultUse.CHAT, DefaultUse.TRANSLATE):
        on_service_thread(recorder, lambda use=use: services.uses.set_default(use, first.id))
    lost = on_service_thread(recorder, lambda: services.uses.uses_of(first.id))
    assert lost_words(lost).startswith("It was the default for chat and translation;")
    on_service_thread(recorder, lambda: services.models.remove(first.id))
    assert on_service_thread(recorder, lambda: services.settings.current.model_for_chat) == ""
    assert on_service_thread(recorder, lambda: services.uses.default(DefaultUse.TRANSLATE)) is None
    assert lost_words(()) == ""


@pytest.fixture
def starter(opened, tmp_path):
    """A window's services with the starter loaded, as after the first set-up."""
    recorder = opened(model=False, slow=0.01)
    named = {"general.name": ("string", "SmolLM2 Tiny")}
    recorder.starter = import_model(recorder.services, write(tmp_path / "smol.gguf", tiny_llama(change=named))).model
    on_service_thread(recorder, recorder.services.models.warm_up)
    recorder.wait(ModelStateChanged, lambda event: event.state is ModelState.READY)
    return recorder


def usual(recorder):
    return on_service_thread(recorder, lambda: recorder.services.models.choose(None))


def step_up(recorder):
    return on_service_thread(recorder, recorder.services.models.step_up)


def test_the_starter_gives_way_to_the_first_model_that_is_added(starter, tmp_path) -> None:
    assert import_model(starter.services, write(tmp_path / "finder.gguf", tiny_bert())).model
    assert (usual(starter).id, step_up(starter)) == (starter.starter.id, None)
    better = import_model(starter.services, write(tmp_path / "better.gguf", tiny_llama())).model
    later = time.time() + 60  # it was just being loaded
    on_service_thread(starter, lambda: starter.services.store.models.change(starter.starter.id, last_used=later))
    assert usual(starter).id == step_up(starter).id == better.id
    starter.wait(ModelStateChanged, lambda event: (event.state, event.model) == (ModelState.READY, better.id))
    assert step_up(starter) is None
    named = {"general.name": ("string", "Another")}
    import_model(starter.services, write(tmp_path / "other.gguf", tiny_llama(change=named)))
    assert usual(starter).id == better.id, "only the starter gives way"


def test_an_answer_that_the_starter_is_writing_is_finished_first(starter, tmp_path) -> None:
    question = " ".join(f"word{number}" for number in range(100))
    sent = starter.ask(lambda services: services.chats.send(SendRequest(question)))
    starter.words_of(sent.answer.id)
    better = import_model(starter.services, write(tmp_path / "better.gguf", tiny_llama())).model
    assert step_up(starter).id == better.id
    answer = starter.end_of(sent.answer.id).message
    assert (answer.status, answer.model_name) == (Status.COMPLETE, "SmolLM2 Tiny")
    starter.wait(ModelStateChanged, lambda event: (event.state, event.model) == (ModelState.READY, better.id))


def test_a_starter_that_a_person_has_made_the_default_stays(starter, tmp_path) -> None:
    on_service_thread(starter, lambda: starter.services.uses.set_default(DefaultUse.CHAT, starter.starter.id))
    import_model(starter.services, write(tmp_path / "better.gguf", tiny_llama()))
    assert (usual(starter).id, step_up(starter)) == (starter.starter.id, None)


def test_a_starter_that_a_person_has_chosen_instead_stays(starter, opened, tmp_path) -> None:
    import_model(starter.services, write(tmp_path / "better.gguf", tiny_llama()))
    on_service_thread(starter, lambda: starter.services.models.use(starter.starter.id))
    assert (usual(starter).id, step_up(starter)) == (starter.starter.id, None)
    assert usual(opened(model=False)).id == starter.starter.id, "at the next start too"


def test_a_model_that_does_not_fit_into_memory_does_not_take_over(starter, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(service, "available_bytes", lambda: 1 << 20)
    import_model(starter.services, write(tmp_path / "better.gguf", tiny_llama()))
    assert usual(starter).id == starter.starter.id
