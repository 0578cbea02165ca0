from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path
from types import SimpleNamespace

import pytest
from fakes.recorder import LLAMA, TIMEOUT_S, Recorder, add_model, import_model, on_service_thread, open_echo, result_of
from fakes.tiny_families import make
from tasks.jobs.test_jobs import step

from slmdesk.base.errors import KnownError
from slmdesk.base.records import JobStatus
from slmdesk.base.runtime.events import ModelState, ModelStateChanged
from slmdesk.chat.types import SendRequest
from slmdesk.models.evaluation import model_cards
from slmdesk.models.evaluation.model_cards import BenchProgress, BenchResult, measured_speed
from slmdesk.models.loader.energy import (
    WATTS_PER_BUSY_CORE,
    Battery,
    EnergySource,
    Meter,
    OtherPrograms,
    counted_between,
    drawn_between,
    energy_words,
    read_batteries,
    read_counters,
)
from slmdesk.tasks.jobs.types import JobChanged


def measured(recorder, model=None, steps=None):
    listener = (lambda _step: None) if steps is None else steps.append
    return result_of(recorder.services, lambda: recorder.services.cards.measure(model).listen(listener))


@pytest.mark.real_child
@pytest.mark.process
def test_a_bench_measures_and_keeps_and_says_how_far_it_is(opened) -> None:
    recorder = opened(slow=0.001)
    steps: list[BenchProgress] = []
    measure = measured(recorder, steps=steps)
    assert isinstance(measure, BenchResult), measure
    assert measure.output_tokens_per_s > 0
    assert measure.prompt_tokens > 100
    assert measure.energy_source in tuple(EnergySource)
    assert measure.energy_j is not None
    assert measure.energy_j >= 0
    services = recorder.services
    now = on_service_thread(recorder, lambda: services.models.state.memory_bytes)
    again = measured(recorder)  # in a process that has had a model, which is not small any more
    assert isinstance(again, BenchResult)
    assert again.memory_bytes > 0.8 * now > 0, "the whole process, as the status bar and the estimates count"
    assert measured_speed(recorder.calls.models.choose(None)) == again
    assert [step.fraction for step in steps] == sorted(step.fraction for step in steps)
    assert [*dict.fromkeys(step.what for step in steps)] == [
        "starting", "loading the model", "warming up", "reading", "writing",
    ]  # fmt: skip


@pytest.mark.process
def test_a_bench_that_fails_says_why(opened) -> None:
    assert measured(opened(fail="model.damaged")).code == "model.damaged"


@pytest.mark.process
def test_what_was_measured_is_told_where_it_cannot_be_kept(opened, monkeypatch) -> None:
    recorder = opened()
    monkeypatch.setattr(recorder.services.store.database, "read_only", True)
    assert isinstance(measured(recorder), BenchResult)
    assert measured_speed(recorder.calls.models.choose(None)) is None


@pytest.mark.process
def test_a_bench_is_cancelled_and_leaves_the_desk_as_it_was(opened) -> None:
    recorder = opened(slow=0.2)
    answers: list = []
    writing, ended = threading.Event(), threading.Event()

    def progressed(now: BenchProgress) -> None:
        if now.what == "writing":
            writing.set()

    pending = on_service_thread(recorder, lambda: recorder.services.cards.measure(None).listen(progressed))
    on_service_thread(recorder, lambda: pending.then(lambda outcome: (answers.append(outcome), ended.set())))
    assert writing.wait(TIMEOUT_S)
    with pytest.raises(KnownError, match=r"measuring\.twice"):
        on_service_thread(recorder, lambda: recorder.services.cards.measure(None))
    on_service_thread(recorder, pending.cancel)
    assert ended.wait(TIMEOUT_S)
    assert answers == [None]
    assert measured_speed(recorder.calls.models.choose(None)) is None
    sent = on_service_thread(recorder, lambda: recorder.services.chats.send(SendRequest("hello")))
    assert recorder.end_of(sent.answer.id).problem is None


@pytest.mark.process
def test_the_model_in_use_before_is_there_again_afterwards(opened, tmp_path) -> None:
    recorder = opened()
    other = add_model(recorder.services, tmp_path / "other.gguf", "Other")
    first = next(model for model in on_service_thread(recorder, recorder.services.models.list) if model.id != other.id)
    on_service_thread(recorder, lambda: recorder.services.models.use(first.id))
    recorder.wait(ModelStateChanged, lambda event: event.state is ModelState.READY and event.model == first.id)
    begin = len(recorder.events)
    assert isinstance(measured(recorder, other.id), BenchResult)
    recorder.wait(ModelStateChanged, lambda event: event.state is ModelState.READY and event.model == first.id, begin)


@pytest.mark.process
def test_a_job_stands_back_while_a_model_is_measured(opened) -> None:
    recorder = opened(slow=0.003)
    record = recorder.calls.models.choose(None)
    steps = [step(str(number)) for number in range(20)]
    job = recorder.ask(lambda services: services.jobs.add("test", "A test", record, steps, prompt_version="1"))
    recorder.wait(JobChanged, lambda event: event.done >= 2)
    assert isinstance(measured(recorder), BenchResult)
    recorder.wait(JobChanged, lambda event: event.id == job.id and event.status is JobStatus.DONE)


@pytest.mark.model
def test_the_real_engine_is_measured(home, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(model_cards, "SENTENCES", 4)
    services = open_echo(LLAMA)
    try:
        recorder = Recorder(services)
        path = make("llama2", tmp_path)
        assert import_model(services, path, link=True).model is not None
        measure = measured(recorder)
        assert isinstance(measure, BenchResult), measure
        assert measure.memory_bytes > path.stat().st_size
        assert measure.output_tokens == 64
        assert measure.prompt_tokens_per_s > 0
        assert measure.energy_j
        assert "per 1,000 tokens" in measure.energy_words()
    finally:
        services.close()


def zone(root: Path, name: str, energy: str, largest: str = "1000", called: str = "") -> Path:
    folder = root / name
    folder.mkdir(exist_ok=True)
    (folder / "energy_uj").write_text(energy)
    (folder / "max_energy_range_uj").write_text(largest)
    if called:
        (folder / "name").write_text(called + "\n")
    return folder


@pytest.mark.pure
def test_counters_are_the_packages_own_and_none_is_counted_twice(tmp_path) -> None:
    assert counted_between(read_counters(tmp_path), read_counters(tmp_path)) is None
    package = zone(tmp_path, "intel-rapl:0", "900", called="package-0")
    zone(tmp_path, "intel-rapl:1", "2000000", called="package-1")
    zone(tmp_path, "intel-rapl:0:0", "5", called="core")  # a part of package 0
    zone(tmp_path, "intel-rapl-mmio:0", "900", called="package-0")  # the same once more
    zone(tmp_path, "intel-rapl:2", "7000000", called="psys")  # holds them all
    before = read_counters(tmp_path)
    assert sorted(before.values()) == [900, 2_000_000]
    zone(tmp_path, "intel-rapl:0", "100")  # began anew at 1000
    zone(tmp_path, "intel-rapl:1", "3500000")
    assert counted_between(before, read_counters(tmp_path)) == pytest.approx(1.5, abs=0.001)
    (package / "energy_uj").unlink()
    (tmp_path / "intel-rapl-mmio:0" / "energy_uj").unlink()
    assert counted_between(before, read_counters(tmp_path)) is None
    zone(tmp_path, "intel-rapl:0", "nonsense")
    assert len(read_counters(tmp_path)) == 1


def supply(root: Path, name: str, **values: object) -> Path:
    folder = root / name
    folder.mkdir(exist_ok=True)
    for key, value in values.items():
        (folder / key).write_text(f"{value}\n")
    return folder


@pytest.mark.pure
def test_a_battery_counts_only_while_it_gives_and_only_this_pc_s(tmp_path) -> None:
    supply(tmp_path, "AC", type="Mains", online=0)
    supply(tmp_path, "mouse", type="Battery", scope="Device", status="Discharging", energy_now=1_000_000)
    assert read_batteries(tmp_path) == {}
    battery = supply(
        tmp_path, "BAT0", type="Battery", status="Discharging", energy_now=36_000_000, power_now=-9_000_000
    )
    assert read_batteries(tmp_path) == {battery: Battery(129_600.0, 9.0)}
    two = supply(tmp_path, "BAT1", type="Battery", status="Discharging", charge_now=2_000_000, voltage_now=12_000_000)
    assert read_batteries(tmp_path)[two] == Battery(86_400.0, None)
    supply(tmp_path, "BAT0", status="Charging")
    assert list(read_batteries(tmp_path)) == [two]


@pytest.mark.pure
def test_what_a_battery_gave_is_its_power_by_the_time_or_what_it_holds_less() -> None:
    battery = Path("BAT0")
    assert drawn_between({battery: Battery(100.0, 8.0)}, {battery: Battery(100.0, 12.0)}, 3.0) == 30.0
    assert drawn_between({battery: Battery(100.0, None)}, {battery: Battery(64.0, None)}, 3.0) == 36.0
    assert (
        drawn_between({battery: Battery(100.0, None)}, {battery: Battery(100.0, None)}, 3.0) is None
    )  # too short to tell
    assert drawn_between({battery: Battery(100.0, 8.0)}, {}, 3.0) is None  # plugged in meanwhile
    assert drawn_between({}, {}, 3.0) is None


@pytest.mark.pure
@pytest.mark.parametrize(("everybody_s", "quiet"), [(24.0, True), (26.0, False)])
def test_a_pc_is_quiet_while_others_than_us_use_less_than_half_a_core(monkeypatch, everybody_s, quiet) -> None:
    readings = iter([(100.0, 5000.0, 70.0), (110.0, 5000.0 + everybody_s, 90.0)])
    monkeypatch.setattr(OtherPrograms, "_now", lambda _: next(readings))
    assert OtherPrograms().are_quiet() is quiet


BURN = "import sys, time\nwhile time.process_time() < 0.3: pass\nprint(flush=True); sys.stdin.read()"
FAMILY = f"import subprocess, sys\np = subprocess.Popen([sys.executable, '-c', {BURN!r}])\n{BURN}\np.wait()"


@pytest.mark.process
def test_the_work_of_children_is_ours_while_they_run_and_when_they_have_ended(monkeypatch) -> None:
    everybody_s = 0.0
    monkeypatch.setattr("psutil.cpu_times", lambda: SimpleNamespace(user=everybody_s, system=0.0))
    while_they_run, when_they_have_ended = OtherPrograms(), OtherPrograms()
    child = subprocess.Popen([sys.executable, "-c", FAMILY], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert child.stdout.readline() + child.stdout.readline() == b"\n\n"
    everybody_s = 0.5
    assert while_they_run.cores() == 0.0
    child.communicate()
    assert when_they_have_ended.cores() == 0.0
    everybody_s = 99.0
    assert when_they_have_ended.cores() > 0.0


@pytest.mark.pure
@pytest.mark.parametrize("our_niceness", [0, 10])
def test_what_makes_way_for_us_is_no_load(monkeypatch, our_niceness) -> None:
    indexed_s = 0.0
    monkeypatch.setattr("psutil.cpu_times", lambda: SimpleNamespace(user=0.0, nice=indexed_s, system=0.0))
    monkeypatch.setattr(os, "nice", lambda _: our_niceness, raising=False)
    others, indexed_s = OtherPrograms(), 1000.0
    assert (others.cores() > 0) is (our_niceness > 0 and sys.platform != "win32")


@pytest.mark.pure
def test_without_counters_and_battery_busy_cores_are_counted_and_it_is_said(tmp_path) -> None:
    meter = Meter(os.getpid(), powercap=tmp_path, supplies=tmp_path)
    begun = os.times()
    while sum(os.times()[:2]) - sum(begun[:2]) < 0.1:
        sum(range(1000))
    spent = meter.spent()
    assert spent is not None
    assert spent.source is EnergySource.ESTIMATED
    assert spent.joules >= 0.08 * WATTS_PER_BUSY_CORE
    assert Meter(None, powercap=tmp_path, supplies=tmp_path).spent() is None
    zone(tmp_path, "intel-rapl:0", "900")
    meter = Meter(os.getpid(), powercap=tmp_path, supplies=tmp_path)
    zone(tmp_path, "intel-rapl:0", "2000900")
    spent = meter.spent()
    assert spent is not None
    assert (spent.joules, spent.source) == (2.0, EnergySource.COUNTERS)


@pytest.mark.pure
def test_energy_in_words() -> None:
    assert energy_words(468.0, EnergySource.COUNTERS, 1000) == "0.13 Wh per 1,000 tokens"
    assert energy_words(468.0, EnergySource.ESTIMATED, 64) == "2 Wh per 1,000 tokens (estimated)"
    assert energy_words(60_000.0, EnergySource.BATTERY, 1000) == "17 Wh per 1,000 tokens (the whole PC)"
    assert BenchResult(100.0, 10.0, 100, 10, 1, 1.0).energy_words() == "not measured"
    assert "0.1 Wh per 1,000" in BenchResult(100.0, 10.0, 100, 10, 1, 1.0, 7.2, "counters").energy_words()
