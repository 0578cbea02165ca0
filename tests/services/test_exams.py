from __future__ import annotations

import threading
from pathlib import Path

import pytest
from fakes.told import LLAMA, TIMEOUT_S, Told, open_echo

from slmdesk.core.records import JobStatus
from slmdesk.services.bench import BenchResult, energy_between, read_energy
from slmdesk.services.exam_items import Skill, items
from slmdesk.services.exams import sentence_of
from slmdesk.services.facts import ImportEnded, JobChanged


def on_desk(told, fn):
    return told.services.desk.call(fn)


def done(told, job, begin=0):
    return told.wait(JobChanged, lambda fact: fact.id == job.id and fact.status is JobStatus.DONE, begin)


def result(told):
    services = told.services
    return on_desk(told, lambda: services.exams.result(services.models.choose(None)))


@pytest.mark.process
def test_an_exam_runs_as_a_job_and_its_result_is_kept_with_the_model(opened) -> None:
    told = opened()
    assert result(told) is None
    job = on_desk(told, told.services.exams.take)
    assert done(told, job).total == len(items()[1]) == 60
    found = result(told)
    assert {one.skill for one in found.skills} == set(Skill)
    assert found.of(Skill.TRUTH).auc == 0.5  # the fake always says Yes
    assert "short chats" in sentence_of("Echo", found)
    told.services.close()
    assert result(opened()) == found


@pytest.mark.process
def test_an_exam_broken_off_goes_on_where_it_was(opened) -> None:
    told = opened(slow=0.02)
    job = on_desk(told, told.services.exams.take)
    told.wait(JobChanged, lambda fact: fact.done >= 5)
    told.services.close()
    again = opened()
    kept = on_desk(again, lambda: again.services.store.job(job.id)).done
    assert kept >= 5
    assert on_desk(again, again.services.exams.take).id == job.id
    done(again, job)
    begin = len(again.facts)
    third = on_desk(again, again.services.exams.take)  # sat already: no item is asked twice
    done(again, third, begin)
    assert [one.done for one in again.of(JobChanged, begin) if one.status is JobStatus.RUNNING] == [60]


def measured(told):
    answers: list = []
    ended = threading.Event()
    on_desk(told, lambda: told.services.bench.run(None, lambda one: (answers.append(one), ended.set())))
    assert ended.wait(TIMEOUT_S)
    return answers[0]


@pytest.mark.process
def test_a_bench_measures_and_keeps(opened) -> None:
    told = opened(slow=0.001)
    found = measured(told)
    assert isinstance(found, BenchResult), found
    assert found.output_tokens_per_s > 0
    assert found.prompt_tokens > 100
    services = told.services
    assert on_desk(told, lambda: services.bench.result(services.models.choose(None))) == found


@pytest.mark.process
def test_a_bench_that_fails_says_why(opened) -> None:
    assert measured(opened(fail="model.damaged")).code == "model.damaged"


@pytest.mark.model
def test_the_real_model_is_measured_and_the_child_grows_by_at_least_its_weights(home, starter_model) -> None:
    services = open_echo(LLAMA)
    try:
        told = Told(services)
        on_desk(told, lambda: services.models.import_file(starter_model, link=True))
        assert told.wait(ImportEnded).model is not None
        found = measured(told)
        assert isinstance(found, BenchResult), found
        assert found.memory_bytes > starter_model.stat().st_size * 0.9
        assert found.output_tokens == 64
        assert found.prompt_tokens_per_s > 0
    finally:
        services.close()


def zone(root: Path, name: str, energy: str, largest: str = "1000") -> Path:
    folder = root / name
    folder.mkdir(exist_ok=True)
    (folder / "energy_uj").write_text(energy)
    (folder / "max_energy_range_uj").write_text(largest)
    return folder


@pytest.mark.pure
def test_energy_is_the_packages_own_count_or_not_measured(tmp_path) -> None:
    assert energy_between(read_energy(tmp_path), read_energy(tmp_path)) is None
    one = zone(tmp_path, "intel-rapl:0", "900")
    zone(tmp_path, "intel-rapl:1", "2000000")
    zone(tmp_path, "intel-rapl:0:0", "5")  # a part of package 0
    before = read_energy(tmp_path)
    assert sorted(before.values()) == [900, 2_000_000]
    zone(tmp_path, "intel-rapl:0", "100")  # began anew at 1000
    zone(tmp_path, "intel-rapl:1", "3500000")
    assert energy_between(before, read_energy(tmp_path)) == pytest.approx(1.5, abs=0.001)
    (one / "energy_uj").unlink()
    assert energy_between(before, read_energy(tmp_path)) is None
    zone(tmp_path, "intel-rapl:0", "nonsense")
    assert len(read_energy(tmp_path)) == 1
