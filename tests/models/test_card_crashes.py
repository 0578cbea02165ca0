"""A driver of a graphics card that takes the model's process down."""

from __future__ import annotations

import pytest
from fakes.recorder import result_of

from slmdesk.base.records import Status
from slmdesk.chat.types import SendRequest
from slmdesk.loader.model_loader import CrashHistory, crashed_card
from slmdesk.runtime.events import ModelState, ModelStateChanged, Noticed
from slmdesk.system.doctor import examine

pytestmark = pytest.mark.process

CARD = "Echo card"


def send(recorder):
    return recorder.ask(lambda services: services.chats.send(SendRequest("hello")))


def record_of(recorder):
    return recorder.ask(lambda services: services.models.list())[0]


def change(recorder, **values):
    recorder.ask(lambda services: services.settings.change(**values))


def test_a_model_that_crashes_on_the_card_is_loaded_without_it_and_the_person_is_told(opened) -> None:
    recorder = opened(gpu_bytes=8 << 30, card_fault="abort")
    ended = recorder.end_of(send(recorder).answer.id)
    assert ended.message.status is Status.COMPLETE  # the same request, without the card
    problem = recorder.wait(Noticed).problem
    assert (problem.code, problem.args["card"]) == ("model.card_crashed", CARD)
    assert CARD in problem.sentence
    record = record_of(recorder)
    assert (crashed_card(record.info), record.info.get("offload")) == (CARD, None)
    assert not recorder.ask(lambda services: services.loader.times_crashed(record))
    children = recorder.services.engine.generation
    recorder.end_of(send(recorder).answer.id)
    assert recorder.services.engine.generation == children
    recorder.services.close()

    calm = opened(gpu_bytes=8 << 30)  # remembered, until the card is switched off and on
    calm.end_of(send(calm).answer.id)
    assert record_of(calm).info.get("offload") is None
    change(calm, use_graphics_card=False)
    change(calm, use_graphics_card=True)
    calm.end_of(send(calm).answer.id)
    assert record_of(calm).info["offload"]["device"] == CARD


def test_a_crash_in_use_on_the_card_keeps_the_model_away_from_it(opened) -> None:
    recorder = opened(gpu_bytes=8 << 30, at=1, fault="segfault")
    ended = recorder.end_of(send(recorder).answer.id)
    assert ended.problem.code == "child.died"
    recorder.wait(Noticed, lambda event: event.problem.code == "model.card_crashed")
    assert crashed_card(record_of(recorder).info) == CARD


def test_a_card_is_used_unless_it_is_switched_off(opened) -> None:
    recorder = opened(gpu_bytes=8 << 30)
    recorder.end_of(send(recorder).answer.id)
    event = recorder.wait(ModelStateChanged, lambda event: event.state is ModelState.READY)
    assert event.loaded.offload.device == CARD
    change(recorder, use_graphics_card=False)
    recorder.end_of(send(recorder).answer.id)
    assert record_of(recorder).info.get("offload") is None


def test_the_doctor_names_backends_and_cards(opened) -> None:
    recorder = opened(gpu_bytes=8 << 30)
    graphics = result_of(recorder.services, lambda: examine(recorder.services))["graphics"]
    assert graphics == {"setting": "automatic", "backends": ["Echo"], "cards": ["Echo card, 0 bytes of 8.6 GB free"]}
    recorder.services.close()
    plain = opened()
    change(plain, use_graphics_card=False)
    graphics = result_of(plain.services, lambda: examine(plain.services))["graphics"]
    assert graphics == {"setting": "off", "backends": [], "cards": []}


def test_a_crash_that_cannot_be_written_down_counts_as_any_other_and_is_not_tried_for_ever(opened, monkeypatch) -> None:
    recorder = opened(gpu_bytes=8 << 30, card_fault="abort")
    monkeypatch.setattr(CrashHistory, "remember", lambda *_args, **_more: None)  # as with a full disk
    assert recorder.end_of(send(recorder).answer.id).problem.code == "child.died"
    assert recorder.services.engine.generation == 1
