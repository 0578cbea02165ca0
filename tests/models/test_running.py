"""This PC is measured once, in a quiet moment, and the answers written here make the figures exact."""

from __future__ import annotations

import os
import threading
from functools import partial

import pytest
from fakes.recorder import TIMEOUT_S, import_model, on_service_thread, result_of
from fakes.tiny_families import make
from fakes.tiny_gguf import tiny_llama, write

from slmdesk.base.errors import KnownError
from slmdesk.base.protocol import Done
from slmdesk.base.record import changed
from slmdesk.base.records import Status
from slmdesk.base.runtime.events import MessageEnded, ModelState, ModelStateChanged, Noticed
from slmdesk.base.types import Device, PcMeasurement, Usage
from slmdesk.chat.service import SendRequest
from slmdesk.doctor import examine
from slmdesk.models import running
from slmdesk.models.gguf.memory import Pace
from slmdesk.models.gguf.read import read_header
from slmdesk.models.loader import model_loader
from slmdesk.models.loader.energy import OtherPrograms
from slmdesk.models.loader.model_loader import CrashHistory, crashed_card
from slmdesk.models.service import PaceChanged, Pc, fit_header

pytestmark = [pytest.mark.process, pytest.mark.usefixtures("short_measurement")]


def measured(recorder):
    return result_of(recorder.services, recorder.services.measuring.measure)


def test_the_bandwidth_is_measured_in_a_child_of_its_own_and_kept(opened) -> None:
    recorder = opened(gpu_bytes=8 << 30)
    service = recorder.services.measuring
    assert on_service_thread(recorder, lambda: (service.measured, service.pace)) == (None, Pace())
    speed = measured(recorder)
    assert isinstance(speed, PcMeasurement), speed
    assert 1e8 < speed.bytes_per_s < 1e13
    assert 1 <= speed.threads <= (os.cpu_count() or 1)
    assert speed.devices == (Device("Echo card", 8 << 30),)
    assert recorder.services.engine.pid is None  # the child that answers was not needed
    assert on_service_thread(recorder, lambda: service.pace).bandwidth == speed.bytes_per_s
    recorder.wait(PaceChanged)
    recorder.services.close()
    again = opened()
    assert on_service_thread(again, lambda: again.services.measuring.measured) == speed
    assert on_service_thread(again, lambda: again.services.measuring.pc()).devices == speed.devices


def test_a_fault_of_ours_while_a_model_is_looked_at_is_told_once(opened, tmp_path, monkeypatch) -> None:
    def fail(*_args):
        raise RuntimeError("odd")

    recorder = opened(model=False)
    model = import_model(recorder.services, write(tmp_path / "a.gguf", tiny_llama())).model
    monkeypatch.setattr(running, "plain_bytes", fail)
    for _ in range(2):
        on_service_thread(recorder, lambda: recorder.services.measuring.note(model, 10.0, 100))
        recorder.wait(Noticed)
    on_service_thread(recorder, lambda: None)
    (notice,) = recorder.of(Noticed)
    assert "RuntimeError" in notice.problem.report


def test_another_processor_or_memory_is_another_pc(opened, monkeypatch) -> None:
    recorder = opened()
    measured(recorder)
    recorder.services.close()
    monkeypatch.setattr(running, "hardware_key", lambda: "another")
    again = opened()
    assert on_service_thread(again, lambda: again.services.measuring.measured) is None
    assert on_service_thread(again, lambda: again.services.measuring.pace) == Pace()
    assert model_loader.processor() in model_loader.hardware_key()


def test_it_is_measured_by_itself_when_it_is_quiet_and_only_once(opened, monkeypatch) -> None:
    quiet: list[bool] = []
    monkeypatch.setattr(OtherPrograms, "are_quiet", lambda _: bool(quiet))

    def pass_some_looks() -> None:
        passed = threading.Event()
        later = recorder.services.service_thread.call_later
        on_service_thread(recorder, lambda: later(4 * service.quiet_s, passed.set))
        assert passed.wait(TIMEOUT_S)

    recorder = opened(slow=0.05, repeat="word")
    service = recorder.services.measuring
    message = on_service_thread(recorder, lambda: recorder.services.chats.send(SendRequest("hello"))).answer
    recorder.words_of(message.id)
    service.quiet_s = 0.05
    on_service_thread(recorder, service.begin)
    assert not recorder.of(PaceChanged)
    on_service_thread(recorder, lambda: recorder.services.chats.stop(message.id))
    end = recorder.end_of(message.id)
    pass_some_looks()
    assert not recorder.of(PaceChanged), "other programs are at work"
    quiet.append(True)
    recorder.wait(PaceChanged)
    assert recorder.events.index(end) < recorder.events.index(recorder.of(PaceChanged)[0])
    started: list = []
    monkeypatch.setattr(service, "measure", started.append)
    on_service_thread(recorder, service.begin)
    pass_some_looks()
    assert started == []


def test_a_pc_that_is_never_quiet_is_measured_in_the_end(opened, monkeypatch) -> None:
    monkeypatch.setattr(OtherPrograms, "are_quiet", lambda _: False)
    recorder = opened()
    recorder.services.measuring.quiet_s = 0.01
    on_service_thread(recorder, recorder.services.measuring.begin)
    recorder.wait(PaceChanged)


def test_two_measurements_at_once_would_spoil_each_other(opened) -> None:
    recorder = opened()
    service = recorder.services.measuring
    ended = threading.Event()
    on_service_thread(recorder, lambda: service.measure().then(lambda _one: ended.set()))
    with pytest.raises(KnownError):
        on_service_thread(recorder, service.measure)
    assert ended.wait(TIMEOUT_S)


def test_a_child_that_dies_or_lies_is_a_problem_and_nothing_is_kept(opened) -> None:
    class Child:
        def __init__(self, _log_name) -> None: ...

        def start(self, _kind, _payload, on_event, **_more) -> None:
            on_event(Done("1", results.pop()))

        def close(self) -> None: ...

    recorder = opened()
    services = recorder.services
    results = [{}, {"bytes_per_s": -1.0, "threads": 1}, {"bytes_per_s": 1.0, "threads": "x"}]
    service = running.SpeedService(services.runtime, services.loader, Child)
    assert [result_of(services, service.measure).code for _ in range(3)] == ["request.invalid"] * 3
    assert on_service_thread(recorder, lambda: service.measured) is None
    assert not recorder.of(PaceChanged)


def test_answers_say_how_fast_a_model_is_here(opened, tmp_path) -> None:
    recorder = opened(model=False)
    services, service = recorder.services, recorder.services.measuring
    path = make("llama2", tmp_path)
    record = import_model(services, path, link=True).model
    other = on_service_thread(recorder, lambda: services.models.choose(None))
    assert other == record
    measured(recorder)
    recorder.wait(PaceChanged)
    header = read_header(path)
    plain = on_service_thread(recorder, lambda: service.pace).of_header(header)
    begin = len(recorder.events)
    on_service_thread(recorder, lambda: service.note(record, plain.tokens_per_s / 2, 512))
    recorder.wait(PaceChanged, begin=begin)
    pace = on_service_thread(recorder, lambda: service.pace)
    assert pace.calibration == pytest.approx(0.5, rel=0.01)
    assert pace.measured == {record.sha256: pytest.approx(0.5, rel=0.01)}
    assert pace.of_header(header, sha256=record.sha256).tokens_per_s == pytest.approx(plain.tokens_per_s / 2, rel=0.01)
    # the next ones count in part, and a small change is no news
    begin = len(recorder.events)
    on_service_thread(recorder, lambda: service.note(record, plain.tokens_per_s, 512))
    assert on_service_thread(recorder, lambda: service.pace).calibration == pytest.approx(0.65, rel=0.01)
    on_service_thread(recorder, lambda: service.note(record, plain.tokens_per_s * 0.66, 512))
    assert len(recorder.of(PaceChanged, begin)) == 1
    recorder.services.close()
    again = opened(model=False)
    assert on_service_thread(again, lambda: again.services.measuring.pace).calibration == pytest.approx(0.65, rel=0.02)


def test_the_speed_after_a_long_past_is_brought_to_that_of_a_short_one() -> None:
    written = running.GenerationSpeed("pc", 10.0, read_bytes=1e9, past_bytes=1e6, step_s=0.0003)
    assert written.at_usual_past(10.0, 512, 20e9) == 10.0
    assert written.at_usual_past(10.0, 1512, 20e9) == pytest.approx(10.0 * 2.006 / 1.006)


def test_an_answer_that_ends_is_heard(opened, monkeypatch) -> None:
    monkeypatch.setattr(OtherPrograms, "are_quiet", lambda _: True)
    recorder = opened(answer="word " * 40)
    noted: list = []
    monkeypatch.setattr(recorder.services.measuring, "note", lambda *recorder: noted.append(recorder))
    message = on_service_thread(recorder, lambda: recorder.services.chats.send(SendRequest("hello"))).answer
    end = recorder.end_of(message.id)
    assert isinstance(end, MessageEnded)
    assert end.problem is None
    assert end.usage is not None
    assert end.usage.output_tokens >= running.LEAST_TOKENS
    ((record, tokens_per_s, past),) = noted
    assert record.sha256 == end.message.model_sha256
    assert tokens_per_s == end.timing.tokens_per_s
    assert past == end.usage.prompt_tokens + end.usage.output_tokens // 2
    short = Usage(5, running.LEAST_TOKENS - 1, 0, 4096)
    for ended in (changed(end, usage=short), changed(end, was_quiet=False)):
        on_service_thread(recorder, partial(recorder.services.measuring.on_message_ended, ended))
    assert len(noted) == 1


def test_a_model_without_a_header_to_read_tells_nothing(opened) -> None:
    recorder = opened()
    service = recorder.services.measuring
    record = on_service_thread(recorder, lambda: recorder.services.models.choose(None))
    measured(recorder)
    on_service_thread(recorder, lambda: service.note(record, 10.0, 100))
    for thread in threading.enumerate():
        if thread.name == "measured-model":
            thread.join(TIMEOUT_S)
    assert on_service_thread(recorder, lambda: service.pace).measured == {}


def test_a_graphics_card_counts_where_it_holds_the_whole_model(tmp_path) -> None:
    header = read_header(make("llama2", tmp_path))
    needed = fit_header(header, 4096, Pc(1 << 40)).memory.total
    tight = Pc(round(needed * 1.1))
    assert fit_header(header, 4096, tight).verdict == "tight"
    card = Device("Card", needed * 2)
    on_card = fit_header(header, 4096, Pc(tight.available_bytes, devices=(Device("Small", needed // 2), card)))
    assert (on_card.verdict, on_card.device, on_card.available_bytes) == (
        "fits",
        "Card",
        round(card.memory_bytes * 0.9),
    )
    small = fit_header(header, 4096, Pc(tight.available_bytes, devices=(Device("Small", needed // 2),)))
    assert (small.verdict, small.device) == ("tight", "")
    assert Pc(1000, devices=(Device("Card", 10_000),)).best_bytes == 9000
    assert Pc(10_000, devices=(Device("Card", 1000),)).best_bytes == 10_000


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
