"""The queue of jobs: order, what the page is told, what a restart leaves, and what an earlier job taught."""

from __future__ import annotations

import json
from contextlib import suppress

import pytest

from slmdesk.core.errors import KnownError
from slmdesk.core.records import JobStatus
from slmdesk.core.types import ChatMessage, Role, Sampling, TextPart
from slmdesk.services.jobs.events import JobChanged
from slmdesk.services.jobs.overview import Stand
from slmdesk.services.jobs.steps import step_of

pytestmark = pytest.mark.process


def step(text: str, **options):
    words = f"#echo {json.dumps(options)}\n{text}" if options else text
    return step_of([ChatMessage(Role.USER, (TextPart(words),))], Sampling(temperature=0.0))


def call(told, request):
    return told.services.service_thread.call(lambda: request(told.services))


def add(told, title, count=20, kind="test"):
    steps = [step(f"{title} {number}") for number in range(count)]
    record = call(told, lambda services: services.models.choose(None))
    return call(told, lambda services: services.jobs.add(kind, title, record, steps, prompt_version="1")).id


def until(told, job, status, begin=0):
    return told.wait(JobChanged, lambda event: event.id == job and event.status is status, begin)


def active(told):
    """What has not ended.  A desk that writes without a pause on a slow disk may keep another from reading for long."""
    for _ in range(20):
        with suppress(KnownError):
            return call(told, lambda services: services.job_views.active())
    raise AssertionError("nothing can be read")


def test_jobs_take_their_turns_in_the_order_a_person_gave_them(opened) -> None:
    told = opened(slow=0.02)
    first, *others = [add(told, title, 60 if title == "a" else 3) for title in "abcd"]
    until(told, first, JobStatus.RUNNING)
    views = active(told)
    assert [(one.title, one.stand, one.place, one.last_place) for one in views] == [
        ("a", Stand.RUNNING, 0, 0),
        ("b", Stand.WAITING, 1, 3),
        ("c", Stand.WAITING, 2, 3),
        ("d", Stand.WAITING, 3, 3),
    ]
    call(told, lambda services: services.jobs.move(others[2], "first"))
    call(told, lambda services: services.jobs.move(others[0], "down"))
    assert [one.title for one in active(told)] == list("adcb")
    for job in others:
        until(told, job, JobStatus.DONE)
    ends = [event.title for event in told.of(JobChanged) if event.status is JobStatus.DONE]
    assert ends == list("adcb")


def test_what_ran_goes_on_at_the_next_start_in_order_and_what_was_paused_stays_so(opened) -> None:
    told = opened(slow=0.1)
    ran, waits, paused = add(told, "ran", 30), add(told, "waits", 2), add(told, "paused", 2)
    told.wait(JobChanged, lambda event: event.id == ran and event.done >= 3)
    call(told, lambda services: services.jobs.pause(paused))
    told.services.close()
    after = opened(slow=0.0)
    taken = call(after, lambda services: services.jobs.take_up())
    assert [one.id for one in taken] == [ran], "what had not begun is no news"
    until(after, waits, JobStatus.DONE)
    ends = [event.id for event in after.of(JobChanged) if event.status is JobStatus.DONE]
    assert ends == [ran, waits]
    (left,) = active(after)
    assert (left.id, left.stand, left.is_left) == (paused, Stand.PAUSED, False)


def test_an_old_job_is_taken_up_behind_hundreds_of_newer_ones(opened) -> None:
    told = opened(slow=0.1)
    old = add(told, "old", 30)
    told.wait(JobChanged, lambda event: event.id == old and event.done >= 1)
    told.services.close()
    after = opened(slow=0.0)
    for number in range(150):
        job = call(after, lambda services, n=number: services.store.add_job("test", str(n), model_sha256="x", steps=()))
        call(after, lambda services, id=job.id: services.jobs.cancel(id))
    assert [one.id for one in call(after, lambda services: services.jobs.take_up())] == [old]
    until(after, old, JobStatus.DONE)


def test_a_job_of_another_desk_is_seen_with_its_time_and_paused_from_here(opened) -> None:
    told = opened(slow=0.1)
    job = add(told, "there", 3000)
    other = opened()

    told.wait(JobChanged, lambda event: event.done >= 16)
    while not call(told, lambda services: services.store.job(job).settings.get("pace", {}).get("share")):
        told.wait(JobChanged, begin=len(told.facts))  # what is noted first may be of the very beginning
    (seen,) = active(other)
    assert (seen.stand, seen.is_elsewhere, seen.is_left) == (Stand.RUNNING, True, False)
    assert seen.share is not None
    assert 0 < seen.share < 1
    while active(other)[0].stand is Stand.RUNNING:
        with suppress(KnownError):
            call(other, lambda services: services.jobs.pause(job))
    until(told, job, JobStatus.PAUSED)
    assert active(other)[0].stand is Stand.PAUSED
    assert active(other)[0].left is None


def test_what_has_ended_can_be_cleared_and_given_back(opened) -> None:
    told = opened()
    jobs = [add(told, title, 1) for title in ("one", "two")]
    for job in jobs:
        until(told, job, JobStatus.DONE)
    assert [one.title for one in call(told, lambda services: services.job_views.ended())] == ["two", "one"]
    before = call(told, lambda services: services.job_views.clear())
    assert call(told, lambda services: services.job_views.ended()) == []
    later = add(told, "three", 1)
    until(told, later, JobStatus.DONE)
    assert [one.title for one in call(told, lambda services: services.job_views.ended())] == ["three"]
    call(told, lambda services: services.job_views.show_again(before))
    assert [one.title for one in call(told, lambda services: services.job_views.ended())] == ["three", "two", "one"]


def test_a_job_knows_how_long_its_steps_take_from_the_one_before(opened) -> None:
    told = opened(slow=0.03)
    until(told, add(told, "first", 120), JobStatus.DONE)
    begin = len(told.facts)
    second = add(told, "second", 121)
    event = told.wait(JobChanged, lambda event: event.id == second and event.eta_s is not None, begin)
    assert event.done == 0 or event.done <= 121 // 4, "before much of it was done"
    call(told, lambda services: services.jobs.cancel(second))


def test_a_kind_nobody_knows_and_a_job_nobody_runs_are_shown_sensibly(opened) -> None:
    told = opened()
    call(told, lambda services: services.store.add_job("tea_making", "Tea", model_sha256="", steps=()))
    (view,) = active(told)
    assert (view.kind, view.title, view.stand, view.is_left, view.opens) == (
        "tea_making", "Tea", Stand.WAITING, True, "",
    )  # fmt: skip
