"""Where sound pauses, and the times of what is said."""

from __future__ import annotations

import pytest
from fakes.sounds import samples, sound

from slmdesk.base.sound import MOST_S, RATE, Stretches, is_loud, loudness, quietest, sound_of
from slmdesk.base.times import place_of, shown_time, times_of

pytestmark = pytest.mark.pure


def fed(*seconds: float, step_s: float = 0.1) -> list[tuple[float, float, bool]]:
    """What comes of sound that is fed bit by bit: start and length of each stretch, and whether it is final."""
    stretches, data, pieces = Stretches(), samples(*seconds), []
    size = round(step_s * RATE) * 2
    for at in range(0, len(data), size):
        stretches.feed(sound_of(data[at : at + size]))
        while stretch := stretches.take():
            pieces.append((stretch.start / RATE, len(stretch.sound) / RATE, stretch.is_final))
            if not stretch.is_final:
                break
    while stretch := stretches.take(at_end=True):
        pieces.append((stretch.start / RATE, len(stretch.sound) / RATE, stretch.is_final))
    return pieces


def test_a_stretch_grows_each_second_and_ends_at_its_pause() -> None:
    pieces = fed(1, 2.5, 1, 1.5, 0.2)
    finals = [each for each in pieces if each[2]]
    assert [(round(start, 1), round(length, 1)) for start, length, __ in finals] == [(0.7, 3.0), (4.2, 2.0)]
    assert len(pieces) - len(finals) >= 3


def test_sound_that_comes_at_once_is_parted_as_if_it_came_bit_by_bit() -> None:
    assert [each for each in fed(1, 2, 1, 2, 1, step_s=60.0) if each[2]] == [
        each for each in fed(1, 2, 1, 2, 1) if each[2]
    ]


def test_silence_and_clicks_are_no_stretch() -> None:
    assert fed(5) == []
    assert fed(2, 0.06, 2) == []
    assert Stretches().take(at_end=True) is None
    assert sound_of(b"\0").size == 0


def test_speech_without_a_pause_is_cut_at_its_quietest_place() -> None:
    finals = [each for each in fed(0.5, 24, 0.4, 20, 1) if each[2]]
    assert len(finals) == 2
    assert all(length <= MOST_S + 1 for __, length, __final in finals)
    assert finals[0][0] + finals[0][1] == pytest.approx(24.7, abs=0.3)


def test_loudness_is_judged_by_the_noise_around() -> None:
    levels = loudness(sound(1, 1, 1))
    assert is_loud(levels).sum() == pytest.approx(50, abs=2)
    assert is_loud(levels[:0]).size == 0
    assert quietest(levels, 40, 120) in range(100, 121)


@pytest.mark.parametrize(
    ("start", "end", "place"),
    [(0.04, 3.21, "0:00.0–0:03.2"), (59.96, 61, "1:00.0–1:01.0"), (3725.5, 3726, "1:02:05.5–1:02:06.0")],
)
def test_places_are_times(start: float, end: float, place: str) -> None:
    assert place_of(start, end) == place
    assert times_of(place) == pytest.approx((start, end), abs=0.05)


def test_other_places_are_no_times() -> None:
    assert times_of("B2:D2") is None
    assert shown_time(3725.9) == "1:02:05"
