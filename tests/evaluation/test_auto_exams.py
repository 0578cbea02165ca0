from __future__ import annotations

import threading

import pytest
from fakes import recorder as recorder_module
from fakes.recorder import add_model, on_service_thread

from slmdesk.base.records import JobStatus
from slmdesk.base.types import Timing, Usage
from slmdesk.chat.types import SendRequest
from slmdesk.evaluation.exams import (
    KIND,
    OFFERED,
    SHORT,
    AutoExams,
    items,
    note_of,
    result_of,
    seconds_for_all,
    seconds_of_all,
    seconds_told,
    skills_of,
)
from slmdesk.evaluation.model_cards import note_words
from slmdesk.jobs.types import JobChanged
from slmdesk.loader.energy import OtherPrograms
from slmdesk.runtime.events import MessageEnded, ModelsChanged
from slmdesk.summaries.exam import SummaryPapers

PAPERS = len(SummaryPapers().steps())


@pytest.fixture
def patient(monkeypatch) -> None:
    """No exam is too long for this machine, however busy it is."""
    monkeypatch.setattr("slmdesk.evaluation.exams.LONGEST_S", 1e9)


def examining(opened, name: str):
    """Opens services in which nobody works, and a model is examined soon after it was first used."""

    def make(**echo):
        recorder = opened(**echo)
        first: AutoExams = getattr(recorder.services, name)

        def begin() -> None:
            first.idle_s = 0.05
            first.is_on_battery = lambda: False
            first.is_away = lambda: True
            first.begin()

        on_service_thread(recorder, begin)
        return recorder

    return make


@pytest.fixture
def begun(patient, opened):
    return examining(opened, "first_exams")


def say(recorder, text: str = "hello", model: str | None = None) -> None:
    sent = on_service_thread(recorder, lambda: recorder.services.chats.send(SendRequest(text, model=model)))
    recorder.end_of(sent.answer.id)


def record(recorder):
    return on_service_thread(recorder, lambda: recorder.services.store.models.all()[0])


def jobs(recorder):
    return [job for job in on_service_thread(recorder, recorder.services.jobs.list) if job.kind == KIND]


def settled(recorder) -> None:
    """Whatever was to begin has begun: the time of idleness passed twice over."""
    passed = threading.Event()
    on_service_thread(recorder, lambda: recorder.services.service_thread.call_later(0.3, passed.set))
    assert passed.wait(20)


@pytest.mark.process
def test_a_model_is_examined_once_after_its_first_answer(begun) -> None:
    recorder = begun()
    say(recorder)
    recorder.wait(JobChanged, lambda event: event.status is JobStatus.DONE)
    assert result_of(record(recorder)) is not None
    say(recorder, "again")
    settled(recorder)
    assert len(jobs(recorder)) == 1


@pytest.mark.process
def test_a_model_that_does_other_work_is_examined_after_it(begun) -> None:
    recorder = begun()
    services, step = recorder.services, items()[1][0].step()
    on_service_thread(
        recorder, lambda: services.jobs.add("work", "a", services.models.choose(None), [step], prompt_version="1")
    )
    recorder.wait(JobChanged, lambda event: event.kind == KIND)


@pytest.mark.process
def test_nothing_is_examined_unless_the_window_asked_for_it(opened) -> None:
    recorder = opened()
    on_service_thread(recorder, lambda: setattr(recorder.services.first_exams, "idle_s", 0.05))
    say(recorder)
    settled(recorder)
    assert jobs(recorder) == []


@pytest.mark.process
@pytest.mark.parametrize("why", ["the setting", "on battery", "it is noise"])
def test_no_model_is_examined_where_it_may_or_should_not_be(begun, why) -> None:
    recorder = begun(is_noise=why == "it is noise")
    services = recorder.services
    if why == "the setting":
        on_service_thread(recorder, lambda: services.settings.change(exams_at_first_use=False))
    elif why == "on battery":
        on_service_thread(recorder, lambda: setattr(services.first_exams, "is_on_battery", lambda: True))
    say(recorder)
    settled(recorder)
    assert jobs(recorder) == []
    assert note_of(record(recorder)).get("reason") != OFFERED


@pytest.mark.process
def test_a_battery_in_use_meanwhile_pauses_it(begun) -> None:
    recorder = begun(slow=0.05)
    say(recorder)
    recorder.wait(JobChanged, lambda event: event.done >= 2)
    on_service_thread(recorder, lambda: setattr(recorder.services.first_exams, "is_on_battery", lambda: True))
    recorder.wait(JobChanged, lambda event: event.status is JobStatus.PAUSED)
    assert result_of(record(recorder)) is None


@pytest.mark.process
def test_a_slow_model_is_left_to_the_person_and_it_is_said(begun, monkeypatch) -> None:
    monkeypatch.setattr("slmdesk.evaluation.exams.LONGEST_S", 0.001)
    monkeypatch.setattr(OtherPrograms, "are_quiet", lambda _: True)
    recorder = begun(answer=" ".join(f"word{n}" for n in range(40)))  # an answer that repeats itself may be stopped
    begin = len(recorder.events)
    say(recorder)
    recorder.wait(ModelsChanged, begin=begin)
    assert jobs(recorder) == []
    assert note_words(record(recorder)) == "No automatic test: it would take about 1 min on this PC."
    say(recorder, "again")
    settled(recorder)
    assert jobs(recorder) == []
    on_service_thread(recorder, lambda: recorder.services.exams.take(record(recorder).id))
    recorder.wait(JobChanged, lambda event: event.status is JobStatus.DONE)
    assert note_words(record(recorder)) == ""


@pytest.mark.process
def test_of_a_slow_model_only_what_documents_need_is_examined(begun, monkeypatch) -> None:
    monkeypatch.setattr("slmdesk.evaluation.exams.LONGEST_S", 300.0)
    monkeypatch.setattr("slmdesk.evaluation.exams.seconds_told", lambda _event: 420.0)
    recorder = begun()
    say(recorder)
    recorder.wait(JobChanged, lambda event: event.status is JobStatus.DONE)
    (job,) = jobs(recorder)
    assert job.total == sum(question.skill in SHORT for question in items()[1]) + PAPERS
    assert set(skills_of(record(recorder))) == set(SHORT)
    assert result_of(record(recorder)) is None
    assert note_words(record(recorder)) == "No automatic test: it would take about 7 min on this PC."
    say(recorder, "again")
    settled(recorder)
    assert len(jobs(recorder)) == 1
    assert note_of(record(recorder)).get("reason") != OFFERED


def test_the_length_of_an_exam_is_told_only_from_enough_steps() -> None:
    assert seconds_of_all(301, 0, 480) is None, "it waited for the model, or for somebody's work"
    assert seconds_of_all(301, 1, 480) is None
    assert seconds_of_all(301, 100, 480) == pytest.approx(1444.8)


@pytest.mark.process
def test_beside_other_programs_it_is_tried_once_more_and_then_called_slow(begun, monkeypatch) -> None:
    monkeypatch.setattr("slmdesk.evaluation.exams.LONGEST_S", 0.001)
    monkeypatch.setattr("slmdesk.evaluation.exams.AGAIN_S", 0.05)
    monkeypatch.setattr(OtherPrograms, "are_quiet", lambda _: False)
    recorder = begun(slow=0.01)
    say(recorder)
    first = recorder.wait(JobChanged, lambda event: event.status is JobStatus.PAUSED)
    recorder.wait(JobChanged, lambda event: event.status is JobStatus.PAUSED, recorder.events.index(first) + 1)
    settled(recorder)
    assert note_words(record(recorder)).startswith("No automatic test: it would take")
    assert [job.status for job in jobs(recorder)] == [JobStatus.PAUSED]


@pytest.mark.process
def test_another_model_ends_it_and_the_first_ones_answer_goes_on_with_it(begun, tmp_path) -> None:
    recorder = begun(slow=0.05)
    first = record(recorder)
    other = add_model(recorder.services, tmp_path / "other.gguf", "Other")
    say(recorder, model=first.id)
    recorder.wait(JobChanged, lambda event: event.done >= 2)
    on_service_thread(recorder, lambda: recorder.services.models.use(other.id))
    recorder.wait(JobChanged, lambda event: event.status is JobStatus.PAUSED)
    settled(recorder)
    assert on_service_thread(recorder, lambda: recorder.services.models.state.model) == other.id
    read = recorder_module.result_of(recorder.services, lambda: recorder.services.cards.details(first.id))
    assert "The exam is paused: " in read.exam_note
    begin = len(recorder.events)
    say(recorder, "back", model=first.id)
    going = recorder.wait(JobChanged, lambda event: event.status is JobStatus.RUNNING, begin)
    assert going.done >= 2


@pytest.mark.process
def test_one_that_a_person_stopped_does_not_begin_again(begun) -> None:
    recorder = begun(slow=0.05)
    say(recorder)
    recorder.wait(JobChanged, lambda event: event.done >= 2)
    on_service_thread(recorder, lambda: recorder.services.exams.stop(record(recorder).id))
    recorder.wait(JobChanged, lambda event: event.status is JobStatus.CANCELLED)
    say(recorder, "again")
    settled(recorder)
    assert [job.status for job in jobs(recorder)] == [JobStatus.CANCELLED]
    assert "was stopped" in note_words(record(recorder))


@pytest.mark.process
def test_what_an_earlier_run_began_waits_for_the_next_answer(begun) -> None:
    recorder = begun(slow=0.02)
    say(recorder)
    recorder.wait(JobChanged, lambda event: event.done >= 2)
    recorder.services.close()
    again = begun(slow=0.02)
    on_service_thread(again, again.services.jobs.take_up)
    settled(again)
    assert [job.status for job in jobs(again)] == [JobStatus.PAUSED]
    say(again)
    again.wait(JobChanged, lambda event: event.status is JobStatus.RUNNING and event.done > 2)


@pytest.mark.pure
def test_the_guess_of_how_long_it_takes_follows_the_speed() -> None:
    assert seconds_for_all(100, 20) == pytest.approx(2 * seconds_for_all(200, 40))
    assert seconds_for_all(0, 0) > 3600


@pytest.mark.pure
@pytest.mark.parametrize(
    ("prompt", "cached", "written", "first_token_s", "was_quiet", "expected"),
    [
        (200, 0, 40, 2.0, True, seconds_for_all(100, 10)),
        (200, 199, 40, 20.0, True, seconds_for_all(10, 10)),
        (200, 200, 40, 20.0, True, seconds_for_all(10, 10)),
        (200, 0, 40, 2.0, False, None),
        (200, 0, 3, 2.0, True, None),
    ],
)
def test_only_an_answer_on_a_quiet_pc_tells_how_long_it_takes(
    prompt, cached, written, first_token_s, was_quiet, expected
) -> None:
    usage, timing = Usage(prompt, written, cached, 4096), Timing(first_token_s, 10.0)
    assert seconds_told(MessageEnded(None, None, usage, timing, was_quiet)) == expected


@pytest.mark.process
def test_it_waits_while_somebody_is_there_and_begins_when_nobody_is(begun) -> None:
    recorder = begun()
    first: AutoExams = recorder.services.first_exams

    def somebody() -> None:
        first.is_away, first.look_s = (lambda: False), 0.05

    on_service_thread(recorder, somebody)
    say(recorder)
    settled(recorder)
    assert jobs(recorder) == []
    assert note_of(record(recorder))["reason"] == OFFERED
    assert note_words(record(recorder)) == "Not tested yet. It runs in the background."
    on_service_thread(recorder, lambda: setattr(first, "is_away", lambda: True))
    recorder.wait(JobChanged, lambda event: event.status is JobStatus.DONE)
    assert result_of(record(recorder)) is not None


@pytest.mark.process
def test_somebody_who_comes_back_pauses_it_and_it_goes_on_when_nobody_is_there(begun) -> None:
    recorder = begun(slow=0.01)
    first: AutoExams = recorder.services.first_exams
    on_service_thread(recorder, lambda: setattr(first, "look_s", 0.05))
    say(recorder)
    recorder.wait(JobChanged, lambda event: event.done >= 2)
    on_service_thread(recorder, lambda: setattr(first, "is_away", lambda: False))
    recorder.wait(JobChanged, lambda event: event.status is JobStatus.PAUSED)
    assert result_of(record(recorder)) is None
    begin = len(recorder.events)
    on_service_thread(recorder, lambda: setattr(first, "is_away", lambda: True))
    recorder.wait(JobChanged, lambda event: event.status is JobStatus.DONE, begin=begin)
    assert len(jobs(recorder)) == 1
