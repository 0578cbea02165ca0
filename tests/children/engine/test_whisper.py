"""The times of what whisper.cpp understood, moved to where it is loud."""

from __future__ import annotations

import numpy
import pytest

from slmdesk.base.sound import RATE
from slmdesk.base.times import Segment
from slmdesk.children.engine.whisper import Heard, Whisper, without_loops

pytestmark = pytest.mark.pure


class FakeApi:
    whisper_full_get_segment_text = staticmethod(lambda _context, _number: " Part  8. é".encode()[:-1])
    whisper_full_get_segment_t0 = staticmethod(lambda _context, _number: 100)
    whisper_full_get_segment_t1 = staticmethod(lambda _context, _number: 500)


@pytest.mark.parametrize(
    ("loud", "times"),
    [
        ([(60, 240)], (1.2, 4.8)),
        ([(0, 55), (150, 240)], (3.0, 4.8)),  # it begins with the end of what was said before
        ([(60, 200), (245, 300)], (1.2, 4.0)),  # it ends with the beginning of what comes next
        ([(60, 120), (160, 240)], (1.2, 4.8)),  # a pause within
        ([], (1.0, 5.0)),
    ],
)
def test_times_are_moved_to_what_is_loud(loud, times):
    whisper = object.__new__(Whisper)
    whisper.api, whisper.context = FakeApi, None
    frames = numpy.zeros(400, bool)
    for begin, end in loud:
        frames[begin:end] = True
    segment = whisper.segment(0, frames)
    assert (segment.start, segment.end) == pytest.approx(times)
    assert segment.text.startswith("Part 8.")


def segments(*texts: str) -> list[Segment]:
    return [Segment(float(number), number + 1.0, text) for number, text in enumerate(texts)]


def test_what_loops_is_said_twice_at_most():
    heard = [segment.text for segment in without_loops(segments("a", "a", "a", "a", "b", "a", "a"))]
    assert heard == ["a", "a", "b", "a", "a"]


def test_noise_is_not_even_given_to_the_model():
    whisper = object.__new__(Whisper)
    whisper.api = None
    noise = numpy.random.default_rng(0).normal(0, 0.05, 3 * RATE).astype(numpy.float32)
    noise[RATE:] *= 4
    assert whisper.hear(noise, "de") == Heard((), "de")
