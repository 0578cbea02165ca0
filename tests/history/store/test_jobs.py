from __future__ import annotations

from contextlib import closing

import pytest

from slmdesk.base.errors import KnownError
from slmdesk.base.records import JobStatus, StepStatus
from slmdesk.history.store import open_store

pytestmark = pytest.mark.pure

REQUESTED = [(f"key{number}", {"text": f"words {number}"}) for number in range(5)]


def add(store, steps=REQUESTED, **more):
    return store.jobs.add("exam", "An exam", model_sha256="aa", steps=steps, **more)


def test_a_job_is_open_with_its_steps(store):
    job = add(store, settings={"version": "1"})
    assert (job.status, job.owner, job.done, job.failed, job.total) == (JobStatus.OPEN, None, 0, 0, 5)
    assert store.jobs.get(job.id[:6]) == job == store.jobs.page()[0]
    assert [step.key for step in store.jobs.steps(job.id)] == [key for key, _ in REQUESTED]
    with pytest.raises(KnownError, match=r"job\.unknown"):
        store.jobs.get("nothing")


def test_a_result_is_kept_once_and_only_by_the_owner(store):
    job = add(store)
    assert not store.jobs.save_step(job.id, "key1", {"answer": "too early"})
    assert store.jobs.claim(job.id).owner == "test"
    assert store.jobs.save_step(job.id, "key1", {"answer": "first"})
    assert not store.jobs.save_step(job.id, "key1", {"answer": "second"})
    assert not store.jobs.save_step(job.id, "no such key", {})
    done = next(step for step in store.jobs.steps(job.id) if step.status is StepStatus.DONE)
    assert (done.key, done.value) == ("key1", {"answer": "first"})
    assert store.jobs.get(job.id).done == 1
    assert [step.key for step in store.jobs.open_steps(job.id, 2, but={"key0"})] == ["key2", "key3"]


def test_no_two_desks_run_one_job_until_its_owner_is_gone(store, paths):
    job = add(store)
    other = open_store(paths, instance_id="other").store
    assert other.jobs.claim(job.id)
    assert store.jobs.claim(job.id) is None
    assert not store.jobs.save_step(job.id, "key0", {})
    with pytest.raises(KnownError, match=r"job\.elsewhere"):
        store.jobs.change(job.id, JobStatus.OPEN)
    assert other.jobs.save_step(job.id, "key0", {"answer": "kept"})
    other.close()
    assert store.jobs.claim(job.id).done == 1


def test_whoever_pauses_or_cancels_the_owner_can_save_no_more(store, paths):
    job = add(store)
    with closing(open_store(paths, instance_id="other").store) as other:
        assert other.jobs.claim(job.id)
        assert store.jobs.change(job.id, JobStatus.PAUSED).owner is None
        assert not other.jobs.save_step(job.id, "key0", {})
        assert other.jobs.leave(job.id, JobStatus.DONE).status is JobStatus.PAUSED
        assert other.jobs.claim(job.id) is None
        store.jobs.change(job.id, JobStatus.CANCELLED)
        with pytest.raises(KnownError, match=r"job\.ended"):
            other.jobs.change(job.id, JobStatus.OPEN)


def test_what_was_done_under_a_key_is_not_done_again(store):
    first = add(store)
    store.jobs.claim(first.id)
    store.jobs.save_step(first.id, "key3", {"answer": "known"})
    second = add(store, [*REQUESTED, ("key9", {})])
    assert (second.done, second.total) == (1, 6)
    assert {step.key: step.value for step in store.jobs.steps(second.id) if step.value} == {"key3": {"answer": "known"}}


def test_steps_under_suspicion_come_last_and_a_failed_job_tries_them_anew(store):
    job = add(store)
    store.jobs.claim(job.id)
    store.jobs.note_deaths(job.id, ["key0", "key1"])
    store.jobs.note_deaths(job.id, ["key0"])
    assert [step.key for step in store.jobs.open_steps(job.id, 9)] == ["key1", "key2", "key3", "key4", "key0"]
    assert store.jobs.fail_step(job.id, "key0", "child.died", {"how": "aborted"})
    assert store.jobs.get(job.id).failed == 1
    store.jobs.leave(job.id, JobStatus.FAILED, error_code="child.died", error_args={"how": "aborted"})
    reopened = store.jobs.change(job.id, JobStatus.OPEN)
    assert (reopened.failed, reopened.error_code) == (0, None)
    assert store.jobs.open_steps(job.id, 1)[0].deaths == 0


def test_jobs_go_for_good_with_what_they_work_for(store, paths):
    item = store.items.add("chat", "one")
    job = add(store, [("key", {"text": "a secret word"})], item=item.id)
    store.delete_for_good(item.id)
    with pytest.raises(KnownError):
        store.jobs.get(job.id)
    assert b"a secret word" not in paths.database.read_bytes()


def ended(store, status=JobStatus.DONE):
    job = add(store, [])
    store.jobs.claim(job.id)
    return store.jobs.leave(job.id, status)


def test_those_that_have_ended_come_page_by_page_the_last_first(store):
    requested = [ended(store, status).id for status in (JobStatus.DONE, JobStatus.FAILED, JobStatus.CANCELLED) * 3]
    add(store)
    seen, page = [], store.jobs.ended(limit=4)
    while page:
        seen += [job.id for job in page]
        page = store.jobs.ended(before=(page[-1].updated, page[-1].n), limit=4)
    assert seen == requested[::-1]
    assert [job.status for job in store.jobs.unfinished()] == [JobStatus.OPEN]


def test_what_was_cleared_is_listed_no_more_and_its_steps_are_still_known(store):
    job = add(store)
    store.jobs.claim(job.id)
    store.jobs.save_step(job.id, "key0", {"answer": "kept"})
    until = store.jobs.leave(job.id, JobStatus.DONE).updated
    assert store.jobs.cleared_at() == 0.0
    store.jobs.clear(until)
    assert store.jobs.ended(after=store.jobs.cleared_at()) == []
    assert add(store).done == 1
    store.jobs.clear(0.0)
    assert [task.id for task in store.jobs.ended(after=store.jobs.cleared_at())] == [job.id]


def test_the_page_of_jobs_reads_a_page_and_not_all_that_have_ended(store):
    with store.database.writing():
        store.database.conn.executemany(
            "insert into jobs (id, kind, title, status, model_sha256, settings, error_args, created, updated)"
            " values (?, 'summary', 'A title', 'done', 'aa', '{}', '{}', ?, ?)",
            [(f"{number:016x}", number, number) for number in range(10_000)],
        )
    steps = []
    store.database.conn.set_progress_handler(lambda: steps.append(1) or 0, 100)  # every 100 operations
    page = store.jobs.ended(limit=30)
    after = store.jobs.ended(before=(5_000.0, 1 << 60), limit=30)
    active = store.jobs.unfinished()
    assert (page[0].updated, after[0].updated, active) == (9_999.0, 5_000.0, [])
    assert len(steps) < 8_000, "steps are counted for the jobs of the page alone"
