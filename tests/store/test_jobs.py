from __future__ import annotations

import time
from contextlib import closing

import pytest

from slmdesk.core.errors import KnownError
from slmdesk.core.records import JobStatus, StepStatus
from slmdesk.store import open_store
from slmdesk.store.schema import STEPS

pytestmark = pytest.mark.pure

REQUESTED = [(f"key{number}", {"text": f"words {number}"}) for number in range(5)]


def add(store, steps=REQUESTED, **more):
    return store.add_job("exam", "An exam", model_sha256="aa", steps=steps, **more)


def test_a_job_is_open_with_its_steps(store):
    job = add(store, settings={"version": "1"})
    assert (job.status, job.owner, job.done, job.failed, job.total) == (JobStatus.OPEN, None, 0, 0, 5)
    assert store.job(job.id[:6]) == job == store.jobs()[0]
    assert [step.key for step in store.steps(job.id)] == [key for key, _ in REQUESTED]
    with pytest.raises(KnownError, match=r"job\.unknown"):
        store.job("nothing")


def test_a_result_is_kept_once_and_only_by_the_owner(store):
    job = add(store)
    assert not store.save_step(job.id, "key1", {"answer": "too early"})
    assert store.claim_job(job.id).owner == "test"
    assert store.save_step(job.id, "key1", {"answer": "first"})
    assert not store.save_step(job.id, "key1", {"answer": "second"})
    assert not store.save_step(job.id, "no such key", {})
    done = next(step for step in store.steps(job.id) if step.status is StepStatus.DONE)
    assert (done.key, done.value) == ("key1", {"answer": "first"})
    assert store.job(job.id).done == 1
    assert [step.key for step in store.open_steps(job.id, 2, but={"key0"})] == ["key2", "key3"]


def test_no_two_desks_run_one_job_until_its_owner_is_gone(store, paths):
    job = add(store)
    other = open_store(paths, instance_id="other").store
    assert other.claim_job(job.id)
    assert store.claim_job(job.id) is None
    assert not store.save_step(job.id, "key0", {})
    with pytest.raises(KnownError, match=r"job\.elsewhere"):
        store.change_job(job.id, JobStatus.OPEN)
    assert other.save_step(job.id, "key0", {"answer": "kept"})
    other.close()
    assert store.claim_job(job.id).done == 1


def test_whoever_pauses_or_cancels_the_owner_can_save_no_more(store, paths):
    job = add(store)
    with closing(open_store(paths, instance_id="other").store) as other:
        assert other.claim_job(job.id)
        assert store.change_job(job.id, JobStatus.PAUSED).owner is None
        assert not other.save_step(job.id, "key0", {})
        assert other.leave_job(job.id, JobStatus.DONE).status is JobStatus.PAUSED
        assert other.claim_job(job.id) is None
        store.change_job(job.id, JobStatus.CANCELLED)
        with pytest.raises(KnownError, match=r"job\.ended"):
            other.change_job(job.id, JobStatus.OPEN)


def test_what_was_done_under_a_key_is_not_done_again(store):
    first = add(store)
    store.claim_job(first.id)
    store.save_step(first.id, "key3", {"answer": "known"})
    second = add(store, [*REQUESTED, ("key9", {})])
    assert (second.done, second.total) == (1, 6)
    assert {step.key: step.value for step in store.steps(second.id) if step.value} == {"key3": {"answer": "known"}}


def test_steps_under_suspicion_come_last_and_a_failed_job_tries_them_anew(store):
    job = add(store)
    store.claim_job(job.id)
    store.note_deaths(job.id, ["key0", "key1"])
    store.note_deaths(job.id, ["key0"])
    assert [step.key for step in store.open_steps(job.id, 9)] == ["key1", "key2", "key3", "key4", "key0"]
    assert store.fail_step(job.id, "key0", "child.died", {"how": "aborted"})
    assert store.job(job.id).failed == 1
    store.leave_job(job.id, JobStatus.FAILED, error_code="child.died", error_args={"how": "aborted"})
    reopened = store.change_job(job.id, JobStatus.OPEN)
    assert (reopened.failed, reopened.error_code) == (0, None)
    assert store.open_steps(job.id, 1)[0].deaths == 0


def test_jobs_go_for_good_with_what_they_work_for(store, paths):
    item = store.add_item("chat", "one")
    job = add(store, [("key", {"text": "a secret word"})], item=item.id)
    store.delete_for_good(item.id)
    with pytest.raises(KnownError):
        store.job(job.id)
    assert b"a secret word" not in paths.database.read_bytes()


def test_a_history_from_before_jobs_is_brought_along(paths):
    open_store(paths, instance_id="d", steps=STEPS[:2]).store.close()
    with closing(open_store(paths, instance_id="d").store) as store:
        assert store.jobs() == []
        add(store)
        store.read_everything()


def ended(store, status=JobStatus.DONE):
    job = add(store, [])
    store.claim_job(job.id)
    return store.leave_job(job.id, status)


def test_those_that_have_ended_come_page_by_page_the_last_first(store):
    requested = [ended(store, status).id for status in (JobStatus.DONE, JobStatus.FAILED, JobStatus.CANCELLED) * 3]
    add(store)
    seen, page = [], store.ended_jobs(limit=4)
    while page:
        seen += [one.id for one in page]
        page = store.ended_jobs(before=(page[-1].updated, page[-1].n), limit=4)
    assert seen == requested[::-1]
    assert [one.status for one in store.unfinished_jobs()] == [JobStatus.OPEN]


def test_what_was_cleared_is_listed_no_more_and_its_steps_are_still_known(store):
    job = add(store)
    store.claim_job(job.id)
    store.save_step(job.id, "key0", {"answer": "kept"})
    until = store.leave_job(job.id, JobStatus.DONE).updated
    assert store.jobs_cleared() == 0.0
    store.clear_jobs(until)
    assert store.ended_jobs(after=store.jobs_cleared()) == []
    assert add(store).done == 1
    store.clear_jobs(0.0)
    assert [one.id for one in store.ended_jobs(after=store.jobs_cleared())] == [job.id]


def test_the_page_of_jobs_is_quick_with_100_000_that_have_ended(store):
    with store._db.writing():
        store._db.conn.executemany(
            "insert into jobs (id, kind, title, status, model_sha256, settings, error_args, created, updated)"
            " values (?, 'summary', 'A title', 'done', 'aa', '{}', '{}', ?, ?)",
            [(f"{number:016x}", number, number) for number in range(100_000)],
        )
    begin = time.perf_counter()
    page = store.ended_jobs(limit=30)
    after = store.ended_jobs(before=(50_000.0, 1 << 60), limit=30)
    active = store.unfinished_jobs()
    seconds = time.perf_counter() - begin
    assert (page[0].updated, after[0].updated, active) == (99_999.0, 50_000.0, [])
    assert seconds < 1.0, seconds
