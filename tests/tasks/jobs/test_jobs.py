from __future__ import annotations

import json
import os
import signal
from contextlib import suppress

import pytest
from fakes.matrix import counts
from fakes.recorder import add_model

from slmdesk.base.records import JobStatus
from slmdesk.base.types import ChatMessage, Role, Sampling, TextPart
from slmdesk.chat.types import SendRequest
from slmdesk.tasks.jobs import runner
from slmdesk.tasks.jobs.runner import step_key, step_of
from slmdesk.tasks.jobs.types import JobChanged

pytestmark = pytest.mark.process


ENDS = (JobStatus.PAUSED, JobStatus.DONE)


def step(text: str, **options):
    words = f"#echo {json.dumps(options)}\n{text}" if options else text
    return step_of([ChatMessage(Role.USER, (TextPart(words),))], Sampling(temperature=0.0))


def add(recorder, steps, kind="test"):
    services = recorder.services
    record = services.service_thread.call(lambda: services.models.choose(None))
    return services.service_thread.call(lambda: services.jobs.add(kind, "A test", record, steps, prompt_version="1"))


def until(recorder, job, status, begin=0):
    return recorder.wait(JobChanged, lambda event: event.id == job.id and event.status is status, begin)


def stored(recorder, job):
    return recorder.calls.store.jobs.steps(job.id)


def row(recorder, job):
    return recorder.calls.store.jobs.get(job.id)


def request(recorder, name, job):
    return recorder.services.service_thread.call(lambda: getattr(recorder.services.jobs, name)(job.id))


def count_saves(recorder):
    """How often each step was computed and given to the store."""
    seen = []
    real = recorder.services.store.jobs.save_step

    def save(job, key, value):
        seen.append((key, real(job, key, value)))
        return seen[-1][1]

    recorder.services.store.jobs.save_step = save
    return seen


def test_a_job_does_its_steps_and_keeps_each_once(opened) -> None:
    recorder = opened()
    seen = count_saves(recorder)
    job = add(recorder, [step(f"step {number}") for number in range(40)])
    end = until(recorder, job, JobStatus.DONE)
    assert (end.done, end.total, end.failed) == (40, 40, 0)
    assert [record.value["text"] for record in stored(recorder, job)] == [
        f"You said: step {number}" for number in range(40)
    ]
    assert len(seen) == 40
    running = [change for change in recorder.of(JobChanged) if change.status is JobStatus.RUNNING and change.done > 0]
    assert sorted({change.done for change in running}) == list(range(1, 41))
    assert running[-2].eta_s is not None


def test_pause_and_resume_lose_nothing(opened) -> None:
    recorder = opened(slow=0.02)
    seen = count_saves(recorder)
    job = add(recorder, [step(f"step {number}") for number in range(30)])
    recorder.wait(JobChanged, lambda event: event.done >= 3)
    request(recorder, "pause", job)
    until(recorder, job, JobStatus.PAUSED)
    kept = row(recorder, job).done
    assert 3 <= kept < 30
    begin = len(recorder.events)
    request(recorder, "resume", job)
    assert until(recorder, job, JobStatus.DONE, begin).done == 30
    assert len(seen) == len({key for key, _ in seen}) == 30


def test_a_plan_that_fails_while_it_catches_up_takes_no_open_step_along(opened) -> None:
    recorder = opened()
    seen = count_saves(recorder)
    job = add(recorder, [step(f"step {number}") for number in range(12)], kind="translation")  # of nothing: it fails
    end = until(recorder, job, JobStatus.FAILED)
    assert (end.done, len(seen)) == (12, 12)


def test_cancel_ends_it_and_keeps_what_was_done(opened) -> None:
    recorder = opened(slow=0.08)
    job = add(recorder, [step(f"step {number}") for number in range(30)])
    recorder.wait(JobChanged, lambda event: event.done >= 2)
    assert request(recorder, "cancel", job).status is JobStatus.CANCELLED
    done = row(recorder, job).done
    assert 2 <= done < 30
    assert request(recorder, "resume", job).done == done, "it can be taken up again"
    assert request(recorder, "cancel", job).status is JobStatus.CANCELLED
    after = add(recorder, [step("another")])
    until(recorder, after, JobStatus.DONE)


@pytest.mark.real_child
@counts("w1_jobs")
def test_w1_kills_lose_no_stored_step_and_no_stored_step_runs_twice(opened, count) -> None:
    recorder = opened(slow=0.01)
    seen = count_saves(recorder)
    job = add(recorder, [step(f"step {number} " + "word " * (number % 7)) for number in range(40 + 12 * count)])
    kept, begin, due, left = {}, 0, 5, count

    def is_news(event) -> bool:
        return event.status in ENDS or (event.done >= due and left > 0)

    while (news := recorder.wait(JobChanged, is_news, begin)).status is not JobStatus.DONE:
        begin = recorder.events.index(news, begin) + 1
        pid = recorder.services.engine.pid
        if news.status is JobStatus.PAUSED:  # three deaths in a minute: it goes on because a person says so
            assert row(recorder, job).error_code == "model.crashes"
            request(recorder, "resume", job)
        elif pid is not None:
            kept |= {record.key: record.value for record in stored(recorder, job) if record.value}
            with suppress(ProcessLookupError):  # the last kill's: its last words came after it
                os.kill(pid, signal.SIGKILL)
                left -= 1
            due = news.done + 5
    assert left == 0
    assert row(recorder, job).status is JobStatus.DONE
    after = {record.key: record.value for record in stored(recorder, job)}
    assert all(after[key] == value for key, value in kept.items())
    assert all(kept_now for _, kept_now in seen)
    assert len(seen) == len({key for key, _ in seen}) == len(after) == row(recorder, job).done


@pytest.mark.real_child
def test_w1_a_step_that_kills_is_run_alone_twice_then_listed_and_the_rest_goes_on(opened) -> None:
    recorder = opened()
    steps = [step(f"step {number}") for number in range(20)]
    steps[4] = step("poison", fault="abort", at=1)
    job = add(recorder, steps)
    end = until(recorder, job, JobStatus.DONE)
    assert (end.done, end.failed) == (20, 1)
    (failed,) = recorder.calls.jobs.failed_steps(job.id)
    assert "poison" in json.dumps(failed.input)
    assert (failed.error_code, failed.error_args["how"]) == ("child.died", "aborted")
    assert failed.deaths == runner.GIVEN_UP_AFTER - 1
    assert row(recorder, job).done == 19


@pytest.mark.real_child
def test_a_step_with_which_the_child_is_killed_from_outside_is_not_given_up(opened, monkeypatch) -> None:
    recorder = opened(slow=0.05)
    feed, killed = runner.JobRun.feed, []

    def feed_and_kill(run) -> None:
        feed(run)
        if run.in_hand and len(killed) <= runner.ALONE_AFTER:  # the last time while it runs alone
            killed.append(recorder.services.engine.pid)
            os.kill(killed[-1], signal.SIGKILL)

    monkeypatch.setattr(runner.JobRun, "feed", feed_and_kill)
    job = add(recorder, [step("in hand at every death of the child")])
    assert until(recorder, job, JobStatus.DONE).failed == 0
    assert len(set(killed)) == runner.ALONE_AFTER + 1
    assert stored(recorder, job)[0].deaths == runner.ALONE_AFTER + 1


def test_a_step_that_fails_by_itself_is_listed(opened) -> None:
    recorder = opened()
    job = add(recorder, [step("good"), step("bad", fail="model.damaged")])
    assert until(recorder, job, JobStatus.DONE).failed == 1
    assert [record.error_code for record in stored(recorder, job)] == [None, "model.damaged"]


def test_a_job_of_which_nothing_can_be_done_has_failed_and_says_why(opened) -> None:
    recorder = opened(fail="model.damaged")
    job = add(recorder, [step("one"), step("two")])
    assert until(recorder, job, JobStatus.FAILED).problem.code == "model.damaged"
    assert row(recorder, job).error_code == "model.damaged"


def test_a_job_lets_a_chat_with_another_model_go_first(opened, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(runner, "STAND_BACK_S", 0.1)
    recorder = opened(slow=0.02)
    job = add(recorder, [step(f"step {number}") for number in range(120)])
    recorder.wait(JobChanged, lambda event: event.done >= 2)
    other = add_model(recorder.services, tmp_path / "home" / "models" / "other.gguf", "Other")
    sent = recorder.calls.chats.send(SendRequest("hello", model=other.id))
    assert recorder.end_of(sent.answer.id).message.text == "You said: hello"
    assert row(recorder, job).done < 120
    assert until(recorder, job, JobStatus.DONE).done == 120


def test_a_model_that_is_gone_pauses_the_job_and_says_so(opened) -> None:
    recorder = opened()
    services = recorder.services
    record = services.service_thread.call(lambda: services.models.choose(None))
    services.service_thread.call(lambda: services.models.remove(record.id))
    steps = [step("one")]
    job = services.service_thread.call(lambda: services.jobs.add("test", "A test", record, steps, prompt_version="1"))
    assert until(recorder, job, JobStatus.PAUSED).problem.code == "model.unknown"


def test_the_key_of_a_step_knows_model_prompt_and_input() -> None:
    keys = {
        step_key("aa", "1", step("one")), step_key("ab", "1", step("one")),
        step_key("aa", "2", step("one")), step_key("aa", "1", step("two \ud800")),
    }  # fmt: skip
    assert len(keys) == 4
    assert step_key("aa", "1", step("one")) in keys
