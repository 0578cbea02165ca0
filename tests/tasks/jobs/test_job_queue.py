"""The queue of jobs: order, what the page is told, what a restart leaves, and what an earlier job taught."""

from __future__ import annotations

from contextlib import suppress

import pytest
from tasks.jobs.test_jobs import count_saves, step

from slmdesk.base.errors import KnownError
from slmdesk.base.records import JobStatus
from slmdesk.tasks.jobs.service import JobGroup
from slmdesk.tasks.jobs.types import JobChanged, name_words

pytestmark = pytest.mark.process


def add(recorder, title, count=20, kind="test"):
    steps = [step(f"{title} {number}") for number in range(count)]
    record = recorder.ask(lambda services: services.models.choose(None))
    return recorder.ask(lambda services: services.jobs.add(kind, title, record, steps, prompt_version="1")).id


def until(recorder, job, status, begin=0):
    return recorder.wait(JobChanged, lambda event: event.id == job and event.status is status, begin)


def active(recorder):
    """What has not ended.  A desk that writes without a pause on a slow disk may keep another from reading for long."""
    for _ in range(20):
        with suppress(KnownError):
            return recorder.ask(lambda services: services.jobs.active())
    raise AssertionError("nothing can be read")


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("some/Qwen3-4B-Instruct-2507-GGUF/Qwen3-4B-Instruct-2507-Q4_K_M.gguf", "Download: Qwen3 4B Instruct 2507"),
        ("some/tiny-GGUF/sub/tiny-Q8_0-00001-of-00002.gguf", "Download: tiny"),
        ("some/Qwen2.5-1.5B-GGUF/Q4_K_M", "Download: Qwen2.5 1.5B"),
        ("some/gemma_3_12b-gguf", "Download: gemma 3 12b"),
        ("some/whisper.cpp/ggml-base.bin", "Download: ggml base"),
        ("GGUF", "Download: GGUF"),
    ],
)
def test_a_download_is_named_by_its_model(address, words):
    assert name_words("download", address) == words
    assert name_words("summary", address).endswith(address), "the control: another thing keeps its title"


def test_jobs_take_their_turns_in_the_order_a_person_gave_them(opened) -> None:
    recorder = opened(slow=0.02)
    first, *others = [add(recorder, title, 60 if title == "a" else 3) for title in "abcd"]
    until(recorder, first, JobStatus.RUNNING)
    views = active(recorder)
    places = [("a", JobGroup.RUNNING, 0, 0), *((title, JobGroup.WAITING, at, 3) for at, title in enumerate("bcd", 1))]
    assert [(view.title, view.stand, view.place, view.last_place) for view in views] == places
    recorder.ask(lambda services: services.jobs.move(others[2], "first"))
    recorder.ask(lambda services: services.jobs.move(others[0], "down"))
    assert [job.title for job in active(recorder)] == list("adcb")
    for job in others:
        until(recorder, job, JobStatus.DONE)
    ends = [event.title for event in recorder.of(JobChanged) if event.status is JobStatus.DONE]
    assert ends == list("adcb")


def test_a_job_that_needs_no_model_does_not_wait_for_one_that_does(opened) -> None:
    recorder = opened(slow=0.1)
    ran, waits = add(recorder, "ran", 60), add(recorder, "waits", 2)
    until(recorder, ran, JobStatus.RUNNING)
    rules = recorder.ask(lambda services: services.jobs.add("test", "rules", None, (), prompt_version="1")).id
    until(recorder, rules, JobStatus.DONE)
    assert [(job.id, job.stand) for job in active(recorder)] == [(ran, JobGroup.RUNNING), (waits, JobGroup.WAITING)]


def test_what_ran_goes_on_at_the_next_start_in_order_and_what_was_paused_stays_so(opened) -> None:
    recorder = opened(slow=0.1)
    ran, waits, paused = add(recorder, "ran", 30), add(recorder, "waits", 2), add(recorder, "paused", 2)
    recorder.wait(JobChanged, lambda event: event.id == ran and event.done >= 3)
    recorder.ask(lambda services: services.jobs.pause(paused))
    recorder.services.close()
    after = opened(slow=0.0)
    left = after.calls.store.jobs.get(ran)
    assert (left.status, left.done >= 3) == (JobStatus.OPEN, True)
    seen = count_saves(after)
    taken = after.ask(lambda services: services.jobs.take_up())
    assert [job.id for job in taken] == [ran], "what had not begun is no news"
    until(after, waits, JobStatus.DONE)
    ends = [event.id for event in after.of(JobChanged) if event.status is JobStatus.DONE]
    assert ends == [ran, waits]
    assert len(seen) == 30 - left.done + 2, "no step twice"
    (left,) = active(after)
    assert (left.id, left.stand, left.is_left) == (paused, JobGroup.PAUSED, False)


def test_an_old_job_is_taken_up_behind_hundreds_of_newer_ones(opened) -> None:
    recorder = opened(slow=0.1)
    old = add(recorder, "old", 30)
    recorder.wait(JobChanged, lambda event: event.id == old and event.done >= 1)
    recorder.services.close()
    after = opened(slow=0.0)
    for number in range(150):
        job = after.calls.store.jobs.add("test", str(number), model_sha256="x", steps=())
        after.calls.jobs.cancel(job.id)
    assert [job.id for job in after.ask(lambda services: services.jobs.take_up())] == [old]
    until(after, old, JobStatus.DONE)


def test_a_job_of_another_desk_is_seen_with_its_time_and_paused_from_here(opened) -> None:
    recorder = opened(slow=0.1)
    job = add(recorder, "there", 3000)
    recorder.wait(JobChanged, lambda event: event.done >= 16)
    other = opened()  # only now: an engine that starts later would be as quick as this one's

    while not recorder.ask(lambda services: services.store.jobs.get(job).settings.get("pace", {}).get("share")):
        recorder.wait(JobChanged, begin=len(recorder.events))  # what is noted first may be of the very beginning
    (seen,) = active(other)
    assert (seen.stand, seen.is_elsewhere, seen.is_left) == (JobGroup.RUNNING, True, False)
    assert seen.share is not None
    assert 0 < seen.share < 1
    while active(other)[0].stand is JobGroup.RUNNING:
        with suppress(KnownError):
            other.ask(lambda services: services.jobs.pause(job))
    until(recorder, job, JobStatus.PAUSED)
    assert active(other)[0].stand is JobGroup.PAUSED
    assert active(other)[0].left is None


def test_a_job_knows_how_long_its_steps_take_from_the_one_before(opened) -> None:
    recorder = opened(slow=0.01)
    until(recorder, add(recorder, "first", 120), JobStatus.DONE)
    begin = len(recorder.events)
    second = add(recorder, "second", 121)
    event = recorder.wait(JobChanged, lambda event: event.id == second and event.eta_s is not None, begin)
    assert event.done == 0 or event.done <= 121 // 4, "before much of it was done"
    recorder.ask(lambda services: services.jobs.cancel(second))


def test_a_kind_nobody_knows_and_a_job_nobody_runs_are_shown_sensibly(opened) -> None:
    recorder = opened()
    recorder.ask(lambda services: services.store.jobs.add("tea_making", "Tea", model_sha256="", steps=()))
    (view,) = active(recorder)
    assert (view.kind, view.title, view.stand, view.is_left, view.opens) == (
        "tea_making", "Tea", JobGroup.WAITING, True, "",
    )  # fmt: skip


@pytest.mark.parametrize("kind", ["exam", "pair_exam"])
def test_a_job_of_a_kind_that_is_gone_ends_without_a_word(opened, kind) -> None:
    recorder = opened()
    job = recorder.ask(lambda services: services.store.jobs.add(kind, "Old", model_sha256="gone", steps=[("a", {})]))
    assert recorder.ask(lambda services: services.jobs.take_up()) == []
    event = recorder.wait(JobChanged, lambda event: event.id == job.id)
    assert (event.status, event.problem) == (JobStatus.CANCELLED, None)
