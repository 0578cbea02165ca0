from __future__ import annotations

import pytest
from fakes.recorder import add_model, on_service_thread

from slmdesk.base.errors import KnownError
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
    services, (one, two) = recorder.services, recorder.models
    on_service_thread(recorder, lambda: services.store.models.change(one.id, last_used=5.0))
    assert on_service_thread(recorder, lambda: services.models.choose(None)).id == one.id
    assert on_service_thread(recorder, lambda: services.uses.set_default(DefaultUse.CHAT, two.id)).id == two.id
    assert on_service_thread(recorder, lambda: services.models.choose(None)).id == two.id
    assert on_service_thread(recorder, lambda: services.uses.uses_of(two.id)) == (DefaultUse.CHAT,)
    on_service_thread(recorder, lambda: services.uses.set_default(DefaultUse.CHAT, None))
    assert on_service_thread(recorder, lambda: services.models.choose(None)).id == one.id


def test_a_model_that_was_chosen_holds_until_a_default_is_set(recorder) -> None:
    services, (one, two) = recorder.services, recorder.models
    on_service_thread(recorder, lambda: services.uses.set_default(DefaultUse.CHAT, one.id))
    on_service_thread(recorder, lambda: services.models.use(two.id))
    assert on_service_thread(recorder, lambda: services.models.choose(None)).id == two.id
    on_service_thread(recorder, lambda: services.uses.set_default(DefaultUse.CHAT, None))
    on_service_thread(recorder, lambda: services.uses.set_default(DefaultUse.CHAT, one.id))
    assert on_service_thread(recorder, lambda: services.models.choose(None)).id == one.id


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
    services, (one, _two) = recorder.services, recorder.models
    for use in (DefaultUse.CHAT, DefaultUse.TRANSLATE):
        on_service_thread(recorder, lambda use=use: services.uses.set_default(use, one.id))
    lost = on_service_thread(recorder, lambda: services.uses.uses_of(one.id))
    assert lost_words(lost).startswith("It was the default for chat and translation;")
    on_service_thread(recorder, lambda: services.models.remove(one.id))
    assert on_service_thread(recorder, lambda: services.settings.current.model_for_chat) == ""
    assert on_service_thread(recorder, lambda: services.uses.default(DefaultUse.TRANSLATE)) is None
    assert lost_words(()) == ""
