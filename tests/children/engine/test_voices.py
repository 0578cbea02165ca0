"""A voice is told from noise and music, however quiet the voice and however loud the noise."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy
import pytest
from fakes.sounds import voice

from slmdesk.base.sound import RATE, Sound
from slmdesk.children.engine.voices import has_voice, is_voiced

pytestmark = pytest.mark.pure
SECONDS = 10
COUNT = SECONDS * RATE
TIME = numpy.arange(COUNT) / RATE


def white(level: float) -> Sound:
    return numpy.asarray(numpy.random.default_rng(3).normal(0, level, COUNT), numpy.float32)


def coloured(level: float, low: float, high: float, slope: float = 0.0) -> Sound:
    """Noise between two frequencies, weaker the higher."""
    at = numpy.fft.rfftfreq(COUNT, 1 / RATE)
    spectrum = numpy.fft.rfft(white(1.0)) / numpy.maximum(at, 1) ** slope
    spectrum[(at < low) | (at > high)] = 0
    sound = numpy.fft.irfft(spectrum, COUNT)
    return numpy.asarray(sound * level / numpy.sqrt(numpy.mean(sound**2)), numpy.float32)


def tone(hertz: float, level: float) -> Sound:
    return numpy.asarray(level * numpy.sin(2 * numpy.pi * hertz * TIME), numpy.float32)


def syllables(sound: Sound) -> Sound:
    """Sound that swells and fades four times a second, with a pause now and then."""
    swelling = (0.5 + 0.5 * numpy.sin(8 * numpy.pi * TIME)) * (numpy.sin(2.2 * TIME) > -0.4)
    return numpy.asarray(sound * swelling, numpy.float32)


def clicks(level: float) -> Sound:
    sound = white(0.0005)
    for at in range(4_000, COUNT - 400, 9_000):
        sound[at : at + 60] += level * numpy.exp(-numpy.arange(60) / 12) * white(1.0)[:60]
    return sound


def music(overtones: int, trembling: float = 0.0) -> Sound:
    """Notes that fade, one after another."""
    notes = numpy.array([262, 294, 330, 349, 392, 440, 494, 523])[
        numpy.random.default_rng(0).integers(8, size=1 + COUNT // 6400)
    ]
    since = TIME % 0.4
    turn = 2 * numpy.pi * notes[(TIME / 0.4).astype(int)] * since + trembling * numpy.sin(12 * numpy.pi * since)
    sound = sum(numpy.sin(number * turn) / number**1.2 for number in range(1, overtones + 1)) * numpy.exp(-3 * since)
    return numpy.asarray(0.1 * sound, numpy.float32)


def speech(level: float) -> Sound:
    return syllables(numpy.asarray(voice(COUNT, level=level), numpy.float32))


NOISES: Mapping[str, Callable[[], Sound]] = {
    "silence": lambda: white(0.0),
    "white": lambda: white(0.05),
    "white, quiet": lambda: white(0.004),
    "pink": lambda: coloured(0.05, 20, 8_000, slope=0.5),
    "hum": lambda: tone(50, 0.05) + tone(100, 0.02) + white(0.0005),
    "clicks": lambda: clicks(0.6),
    "fan": lambda: coloured(0.02, 20, 8_000, slope=1.0) + tone(118, 0.006) + tone(236, 0.004),
    "street": lambda: coloured(0.02, 20, 8_000, slope=0.8) + syllables(coloured(0.05, 60, 900)),
    "music, tones": lambda: music(1),
    "music, as of a piano": lambda: music(8),
    "music, as of a violin": lambda: music(20, 2.0),
    "speech-shaped": lambda: syllables(coloured(0.05, 150, 3_500)) + white(0.001),
}


@pytest.mark.parametrize("name", NOISES)
def test_noise_has_no_voice(name: str) -> None:
    assert not has_voice(is_voiced(NOISES[name]()))


@pytest.mark.parametrize(
    ("level", "noise"), [(0.1, 0.001), (0.01, 0.0003), (0.005, 0.0002), (0.05, 0.01), (0.05, 0.03)]
)
def test_a_voice_is_heard_quiet_or_in_noise(level: float, noise: float) -> None:
    assert has_voice(is_voiced(speech(level) + white(noise)))


def test_what_is_too_short_has_none() -> None:
    assert not has_voice(is_voiced(numpy.zeros(0, numpy.float32)))
    assert not has_voice(is_voiced(speech(0.1)[: RATE // 50]))
