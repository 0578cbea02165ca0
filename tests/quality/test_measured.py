"""Benchmarks: figures are kept for a day, a disturbed one is none, and the page is changed between its marks."""

from __future__ import annotations

import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks import __main__ as run
from benchmarks.busy import LIMIT_CORES, STOLEN_LIMIT_CORES, OtherLoad
from benchmarks.common import Row, table
from benchmarks.measured import BEGIN, DAY_S, END, Kept, Measured, report, write_page
from benchmarks.subject import Subject

pytestmark = pytest.mark.pure
ROW = Row("speed", "0.50 (0.40–0.60)", "≤ 0.45", "two sides", 0.5, "Reading costs most.")


def measured(name: str = "states", others: float = 0.0) -> Measured:
    return Measured(name, "m", time.time(), 3.0, others, (ROW,))


def test_what_was_measured_today_is_known_to_the_next_run(tmp_path: Path) -> None:
    first, other = measured(), measured("window")
    Kept(tmp_path, "v").add(first)
    Kept(tmp_path, "v").add(other)
    assert Kept(tmp_path, "v").known() == {("states", "m"): first, ("window", "m"): other}
    assert Kept(tmp_path, "of other code").known() == {}


def test_what_is_old_disturbed_failed_or_cut_is_measured_again(tmp_path: Path) -> None:
    kept = Kept(tmp_path, "v")
    kept.add(replace(measured("old"), at=time.time() - DAY_S - 1))
    kept.add(measured("disturbed", others=LIMIT_CORES + 0.01))
    kept.add(replace(measured("stolen"), stolen=STOLEN_LIMIT_CORES + 0.01))
    kept.add(replace(measured("failed"), problem="RuntimeError: the runner server ended with 1"))
    kept.add(measured("whole"))
    with (tmp_path / "v.jsonl").open("a", encoding="utf-8") as file:
        file.write('{"name": "cut')
    assert set(kept.known()) == {("whole", "m")}


@pytest.mark.parametrize(
    ("goal", "figure", "missed"),
    [("≤ 0.5", 0.51, True), ("≤ 0.5", 0.5, False), ("≥ 2.0", 1.9, True), ("≥ 2.0", 2.0, False),
     ("reported", 9.0, False), ("≤ 0.5", None, False), ("0", 1.0, False)],
)  # fmt: skip
def test_a_goal_is_missed_where_the_figure_does_not_reach_it(goal: str, figure: float | None, missed: bool) -> None:
    assert replace(ROW, goal=goal, figure=figure).is_missed is missed


def test_the_report_says_what_holds_a_goal_that_is_missed_and_marks_what_was_disturbed() -> None:
    small = Subject(Path("small.gguf"))
    quiet = report([(small, measured())], has_second=False)
    assert "| speed | 0.50 (0.40–0.60) | ≤ 0.45 (missed) | two sides |" in quiet
    assert "- speed: 0.50 (0.40–0.60), goal ≤ 0.45. Reading costs most." in quiet
    assert "A second model was not measured" in quiet
    large = Subject(Path("large.gguf"), is_second=True)
    both = report([(small, measured()), (large, measured(others=1.0))], has_second=True)
    assert "**small**" in both
    assert "**large**" in both
    assert "0.50 (0.40–0.60), busy machine" in both.partition("**large**")[2]
    assert "busy machine" not in both.partition("**large**")[0]


def test_the_page_is_changed_between_its_marks_alone(tmp_path: Path) -> None:
    page = tmp_path / "performance.md"
    page.write_text(f"# Performance\n\n{BEGIN}\nold\n{END}\n\n## More\n", encoding="utf-8")
    write_page(table([ROW]) + "\n", page)
    assert page.read_text(encoding="utf-8") == f"# Performance\n\n{BEGIN}\n{table([ROW])}\n{END}\n\n## More\n"


def test_the_load_of_others_is_seen_and_that_of_ended_children_is_ours() -> None:
    load = OtherLoad()
    burn = "import time\nwhile time.process_time() < 0.4: pass\nprint(flush=True)\ninput()"
    with subprocess.Popen([sys.executable, "-c", burn], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        child.stdout.readline()
        while_it_runs = load.seconds
        child.communicate(b"\n")
    assert while_it_runs > 0.35
    assert load.seconds < while_it_runs - 0.2


def small() -> Subject:
    return Subject(Path(__file__))


def test_what_is_known_is_not_measured_again(tmp_path: Path) -> None:
    task, known = run.Task("states", small()), measured()
    assert run.measure_all([task], Kept(tmp_path, "v"), {task.key: known}) == [known]
    assert Kept(tmp_path, "v").known() == {}


@pytest.mark.parametrize(
    ("loads", "times", "is_busy"), [([0.0], 1, False), ([1.0, 0.0], 2, False), ([1.0, 1.0], 2, True)]
)
def test_what_was_disturbed_is_measured_once_more(
    loads: list[float], times: int, is_busy: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    left, calls = iter(loads), []

    class Load:
        cores = stolen_cores = 0.0

    def rows(subject: Subject) -> list[Row]:
        calls.append(subject)
        return [ROW]

    monkeypatch.setitem(run.ROWS, "states", rows)
    monkeypatch.setattr(run, "others_now", lambda: next(left))
    monkeypatch.setattr(run, "OtherLoad", Load)
    (outcome,) = run.measure_all([run.Task("states", small())], Kept(tmp_path, "v"), {})
    assert (len(calls), outcome.is_busy, outcome.rows) == (times, is_busy, (ROW,))


def test_a_side_that_ends_is_said_and_the_others_are_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_subject: Subject) -> list[Row]:
        raise RuntimeError("the runner server ended with 1: No module named 'xllamacpp'")

    monkeypatch.setattr(run, "others_now", lambda: 0.0)
    monkeypatch.setitem(run.ROWS, "states", broken)
    monkeypatch.setitem(run.ROWS, "window", lambda _subject: [ROW])
    tasks = [run.Task(name, small()) for name in ("states", "window")]
    failed, whole = run.measure_all(tasks, Kept(tmp_path, "v"), {})
    assert "xllamacpp" in failed.problem
    assert not failed.is_whole
    assert whole.rows == (ROW,)
    assert "xllamacpp" in report([(small(), failed), (small(), whole)], has_second=False)
