from __future__ import annotations

from types import SimpleNamespace

import pytest
from fakes.recorder import on_service_thread

from slmdesk.base.records import JobStatus
from slmdesk.evaluation.exams import SKILLS, Skill, is_weak, items, known_skills, result_of, skills_of
from slmdesk.evaluation.model_cards import sentence_of
from slmdesk.jobs.types import JobChanged
from slmdesk.summaries.exam import SummaryPapers

PAPERS = len(SummaryPapers().steps())


def done(recorder, job, begin=0):
    return recorder.wait(JobChanged, lambda event: event.id == job.id and event.status is JobStatus.DONE, begin)


def result(recorder):
    services = recorder.services
    return on_service_thread(recorder, lambda: result_of(services.models.choose(None)))


@pytest.mark.process
def test_an_exam_runs_as_a_job_and_its_result_is_kept_with_the_model(opened) -> None:
    recorder = opened()
    assert result(recorder) is None
    job = on_service_thread(recorder, recorder.services.exams.take)
    assert done(recorder, job).total == len(items()[1]) + PAPERS == 80
    exam = result(recorder)
    assert {skill.skill for skill in exam.skills} == set(Skill)
    assert exam.of(Skill.TRUTH).auc == 0.5  # the fake always says Yes
    assert "short chats" in sentence_of("Echo", exam)
    recorder.services.close()
    assert result(opened()) == exam


@pytest.mark.process
def test_an_exam_broken_off_goes_on_where_it_was(opened) -> None:
    recorder = opened(slow=0.05)
    job = on_service_thread(recorder, recorder.services.exams.take)
    recorder.wait(JobChanged, lambda event: event.done >= 5)
    recorder.services.close()
    again = opened()
    kept = on_service_thread(again, lambda: again.services.store.jobs.get(job.id)).done
    assert kept >= 5
    assert on_service_thread(again, again.services.exams.take).id == job.id
    done(again, job)
    begin = len(again.events)
    third = on_service_thread(again, again.services.exams.take)  # sat already: no item is asked twice
    done(again, third, begin)
    assert [change.done for change in again.of(JobChanged, begin) if change.status is JobStatus.RUNNING] == [80]


@pytest.mark.process
def test_other_items_mean_another_exam_and_the_old_one_says_nothing(opened, monkeypatch) -> None:
    recorder = opened()
    services = recorder.services
    questions = items()[1]
    job = on_service_thread(recorder, services.exams.take)
    done(recorder, job)
    old = on_service_thread(recorder, lambda: services.store.models.all()[0].info["exam"])
    with monkeypatch.context() as newer:
        newer.setattr("slmdesk.evaluation.exams.items", lambda: ("next", questions))
        assert result(recorder) is None  # due again

        def begin_and_pause():
            return services.jobs.pause(services.exams.take().id)

        again = on_service_thread(recorder, begin_and_pause)
        assert again.id != job.id
    begin = len(recorder.events)
    on_service_thread(recorder, lambda: services.jobs.resume(again.id))  # an older program's, taken up by this one
    done(recorder, again, begin)
    assert on_service_thread(recorder, lambda: services.store.models.all()[0].info["exam"]) == old


@pytest.mark.process
def test_an_open_exam_of_older_items_is_not_gone_on_with(opened, monkeypatch) -> None:
    recorder = opened()
    services = recorder.services
    with monkeypatch.context() as older:
        older.setattr("slmdesk.evaluation.exams.items", lambda: ("0", items()[1]))
        old = on_service_thread(recorder, lambda: services.jobs.pause(services.exams.take().id))
    new = on_service_thread(recorder, services.exams.take)
    assert new.id != old.id
    assert on_service_thread(recorder, lambda: services.store.jobs.get(old.id).status) is JobStatus.CANCELLED


@pytest.mark.pure
def test_of_a_published_file_it_is_known_what_it_showed_until_its_own_exam() -> None:
    known = known_skills()
    assert known, "the version of the items has changed: examine these models again"
    sha256, skills = next(iter(known.items()))
    assert skills[Skill.TRUTH].threshold is not None
    assert {skill.level for skill in skills.values()} <= {"good", "fair", "weak"}
    there = SimpleNamespace(sha256=sha256, info={}, header={"parameters": 1})
    assert skills_of(there) == skills
    assert not is_weak(there)
    own = {"version": items()[0], "skills": [{"skill": "format", "level": "weak", "passed": 1, "total": 12}]}
    examined = SimpleNamespace(sha256=sha256, info={SKILLS: own}, header={})
    assert [skill.level for skill in skills_of(examined).values()] == ["weak"]
    assert is_weak(examined)
    assert skills_of(SimpleNamespace(sha256="0" * 64, info={}, header={})) == {}
