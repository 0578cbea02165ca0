"""How long a job still takes: simulated engines of several manners, against what they really take."""

from __future__ import annotations

from itertools import pairwise

import pytest

from slmdesk.base.records import JobRecord, JobStatus
from slmdesk.tasks.jobs.runner import Batch, JobTimes, noted_of
from slmdesk.tasks.jobs.types import ExpectedBatch, Remaining, TimeLeft, left_words, share_words

pytestmark = pytest.mark.pure


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


class Engine:
    """Reads prompts one after another in slices, `width` side by side; then each is written at a pace they share."""

    def __init__(self, clock: Clock, recorder: TimeLeft, *, width: int, read_s: float, write_s: float) -> None:
        self.clock, self.recorder = clock, recorder
        self.width, self.read_s, self.write_s = width, read_s, write_s
        self.said: list[tuple[float, Remaining | None]] = []

    def run(self, count: int, tick: float = 0.25) -> None:
        waiting = [[f"s{number}", 0.0, 0.0] for number in range(count)]
        running: list[list] = []
        while waiting or running:
            while waiting and len(running) < self.width:
                running.append(waiting.pop(0))
            self.clock.now += tick
            self._work(running, tick)
            self.said.append((self.clock.now, self.recorder.left()))

    def _work(self, running: list[list], tick: float) -> None:
        reading = next((step for step in running if step[1] < 1.0), None)
        writing = [step for step in running if step[1] >= 1.0]
        share = 0.7 if reading and writing else 1.0
        if reading:
            reading[1] = min(1.0, reading[1] + share * tick / self.read_s)
            self.recorder.read(reading[0], round(reading[1] * 1000), 1000)
        for work in writing:
            work[2] += (1 - share if reading else 1.0) * tick / self.write_s / len(writing) * self.width
            if work[2] >= 1.0:
                running.remove(work)
                self.recorder.step(work[0], 1000, 100)


def errors_after(said: list[tuple[float, Remaining | None]], shares: tuple[float, ...]) -> list[float]:
    """How far off the prediction was after these shares of the whole time, as a share of what was left."""
    begin, end = said[0][0], said[-1][0]
    errors = []
    for share in shares:
        moment = begin + share * (end - begin)
        at, left = next(forecast for forecast in said if forecast[0] >= moment)
        assert left is not None, share
        errors.append(left.best / (end - at) - 1)
    return errors


@pytest.mark.parametrize("width", [1, 4, 16])
@pytest.mark.parametrize(("read_s", "write_s"), [(4.0, 0.5), (2.0, 2.0), (1.0, 6.0)])
def test_one_wave_is_predicted_within_a_fifth_after_the_first_tenth(width: int, read_s: float, write_s: float) -> None:
    clock = Clock()
    recorder = TimeLeft({}, clock)
    recorder.begin_batch("points", 800.0, done=0, left=80)
    engine = Engine(clock, recorder, width=width, read_s=read_s, write_s=write_s)
    engine.run(80)
    assert all(abs(error) <= 0.2 for error in errors_after(engine.said, (0.1, 0.25, 0.5, 0.75)))


def test_nothing_is_said_of_a_first_slow_step_and_it_counts_no_more_than_the_others() -> None:
    clock = Clock()
    recorder = TimeLeft({}, clock)
    recorder.begin_batch("cells", 1.0, done=0, left=100)
    for share in range(1, 100):  # the model is warmed up, and the first prompt read
        clock.now += 1.0
        recorder.read("0", share, 100)
        assert recorder.left() is None
    for number in range(3):
        clock.now += 4.0
        recorder.step(str(number))
    left = recorder.left()
    assert left is not None
    assert left.best == pytest.approx(97 * 4.0), "not an hour"


def test_a_time_is_told_while_the_second_step_is_read() -> None:
    clock = Clock()
    recorder = TimeLeft({}, clock)
    recorder.begin_batch("", 1.0, done=0, left=8)
    clock.now += 50.0
    recorder.step("a", 2000, 200)
    assert recorder.left() is None
    clock.now += 8.0
    recorder.read("b", 1000, 2000)
    left = recorder.left()
    assert left is not None
    assert 80.0 <= left.best <= 240.0


def test_no_prediction_jumps_back_and_forth() -> None:
    clock = Clock()
    recorder = TimeLeft({}, clock)
    recorder.begin_batch("points", 800.0, done=0, left=60)
    engine = Engine(clock, recorder, width=8, read_s=3.0, write_s=1.0)
    engine.run(60)
    ends = [at + left.best for at, left in engine.said if left is not None and left.is_sure]
    whole = engine.said[-1][0] - engine.said[0][0]
    assert len(ends) > 50
    assert max(abs(b - a) for a, b in pairwise(ends)) < 0.05 * whole


def test_waves_to_come_count_from_the_beginning_and_unknown_ones_make_a_range() -> None:
    clock = Clock()
    recorder = TimeLeft({}, clock)
    recorder.begin_batch("points", 100.0, done=0, left=10, ahead=(ExpectedBatch("checks", 50, 60.0),))
    for number in range(5):
        clock.now += 2
        recorder.step(str(number), 100, 0)
    left = recorder.left()
    assert left is not None
    assert left.best == pytest.approx((5 * 100 + 50 * 60) * 10 / 500)
    assert left.low < left.best < left.high
    assert recorder.share == pytest.approx(500 / 4000)


def test_what_an_earlier_job_measured_is_believed_before_the_first_step_and_bent_to_the_pace_of_today() -> None:
    clock = Clock()
    recorder = TimeLeft({"points": 0.02, "checks": 0.01}, clock)
    recorder.begin_batch("points", 100.0, done=0, left=100, ahead=(ExpectedBatch("checks", 50, 60.0),))
    first = recorder.left()
    assert first is not None
    assert first.is_sure
    assert first.best == pytest.approx(100 * 100 * 0.02 + 50 * 60 * 0.01)
    for number in range(50):  # today all takes twice as long
        clock.now += 4.0
        recorder.step(str(number), 100, 0)
    left = recorder.left()
    assert left is not None
    assert left.best == pytest.approx(2 * (50 * 100 * 0.02 + 50 * 60 * 0.01), rel=0.2)
    assert recorder.measured()["points"] == pytest.approx(0.04, rel=0.01)


def test_a_wave_that_may_not_come_is_half_believed_and_said_as_a_range() -> None:
    clock = Clock()
    recorder = TimeLeft({"exam": 0.01, "points": 0.01}, clock)
    recorder.begin_batch("exam", 60.0, done=0, left=50, ahead=(ExpectedBatch("points", 1, 9000.0, is_sure=False),))
    left = recorder.left()
    assert left is not None
    assert (left.low, left.best, left.high) == (pytest.approx(30), pytest.approx(75), pytest.approx(120))
    assert recorder.share == 0.0


def test_what_is_done_never_goes_back_and_a_pause_costs_no_pace() -> None:
    clock = Clock()
    recorder = TimeLeft({}, clock)
    recorder.begin_batch("a", 10.0, done=0, left=20)
    shares = []
    for number in range(10):
        clock.now += 1.0
        recorder.step(str(number))
        shares.append(recorder.share)
    recorder.stop()
    assert recorder.left() is None
    clock.now += 3600
    recorder.go()
    left = recorder.left()
    assert left is not None
    assert left.best == pytest.approx(10.0)
    recorder.begin_batch("b", 10.0, done=0, left=200)  # more than anybody thought
    shares.append(recorder.share)
    assert shares == sorted(shares)


@pytest.mark.parametrize(
    ("left", "words"),
    [
        (None, ""),
        (Remaining(130, 130, 130), "2 min left"),
        (Remaining(20, 20, 20), "less than a minute left"),
        (Remaining(30, 10, 50), "about a minute left"),
        (Remaining(300, 290, 330), "about 5 min left"),
        (Remaining(400, 120, 620), "2 to 10 min left"),
        (Remaining(4000, 1700, 9000), "30 min to 2 h 30 min left"),
        (Remaining(10_020, 10_020, 10_020), "3 h left"),
    ],
)
def test_an_unsure_time_is_said_so(left: Remaining | None, words: str) -> None:
    assert left_words(left) == words


class NothingMeasured:
    """A store whose measurements are empty."""

    @property
    def measurements(self):
        return self

    def all(self, _prefix):
        return []


def job_of(done: int, total: int, settings=None) -> JobRecord:
    settings = settings or {}
    status = JobStatus.RUNNING
    return JobRecord(1, "j", "summary", "t", status, None, None, "m", settings, None, {}, 0.0, 0.0, done, 0, total)


def batches() -> tuple[Batch, Batch]:
    points = Batch(
        [{"n": number} for number in range(10)], "1", 100.0, name="points", ahead=(ExpectedBatch("merge", 10, 10.0),)
    )
    return points, Batch([{"m": number} for number in range(10)], "1", 10.0, name="merge")


def test_after_a_pause_the_share_goes_on_where_it_stood() -> None:
    points, merge = batches()
    first = JobTimes(NothingMeasured(), job_of(0, 0))
    first.begin_batch(points, 0, 10)
    for number in range(10):
        first.step(str(number), 0, 0)
    first.begin_batch(merge, 10, 10)
    for number in range(3):
        first.step(str(number), 0, 0)
    before = first.share
    assert before == pytest.approx(1030 / 1100)
    paused = job_of(14, 20, first.note())  # one more was kept after the last note
    assert noted_of(paused).share == pytest.approx(before, abs=1e-3)
    again = JobTimes(NothingMeasured(), paused)
    again.begin_all(14, 20)
    assert again.share == pytest.approx(1040 / 1100, abs=1e-3)
    for number in range(6):
        again.step(str(number), 0, 0)
    again.begin_batch(points, 20, 0)  # the plan begins anew, and is given what is kept
    again.begin_batch(merge, 20, 0)
    assert again.share == pytest.approx(1.0)
    assert again.note()["pace"]["done_cost"] == pytest.approx(1100.0)


def test_what_is_not_done_is_never_rounded_to_all() -> None:
    assert share_words(0.999) == "99 %"
