"""Sound as files and as a microphone gives it.  What is loud stands for speech."""

from __future__ import annotations

import io
import wave
from collections.abc import Sequence
from functools import cache

import numpy


def sound(*seconds: float, rate: int = 16_000) -> numpy.ndarray:
    """Stretches that are quiet and loud in turn, the first one quiet."""
    random = numpy.random.default_rng(1)
    parts = [
        voice(round(each * rate), rate) if n % 2 else random.standard_normal(round(each * rate)) * 0.0005
        for n, each in enumerate(seconds)
    ]
    return numpy.concatenate(parts).astype(numpy.float32)


_VOWELS = numpy.array([(730, 1090, 2440), (270, 2290, 3010), (300, 870, 2240), (530, 1840, 2480), (570, 840, 2410)])
"""Where their three strongest places lie, in hertz."""
_WIDTHS, _SHARES = numpy.array([60, 90, 130]), numpy.array([1, 0.6, 0.3])
_PITCH, _SYLLABLE_S, _OVERTONES = 130, 0.18, 27
_STEADY = 16
"""So many samples, a thousandth of a second, have the vowel of their first."""


@cache
def voice(count: int, rate: int = 16_000, level: float = 0.1) -> numpy.ndarray:
    """Vowels without a pause: a gliding pitch whose overtones are strong where the vowel has them. Never changed."""
    time = numpy.arange(count) / rate
    number = (time / _SYLLABLE_S).astype(int)
    reached = numpy.minimum(1, (time / _SYLLABLE_S - number) / 0.3)[:, None]
    order = numpy.array([0, 3, 1, 4, 2, 0, 2, 3, 4, 1])
    here, before = _VOWELS[order[number % 10]], _VOWELS[order[(number - 1) % 10]]
    strong = (before + (here - before) * reached)[::_STEADY]
    glide = 2 * numpy.pi * numpy.cumsum(_PITCH + 20 * numpy.sin(7 * time)) / rate
    said = numpy.zeros(count)
    for overtone in range(1, _OVERTONES + 1):
        shares = _SHARES / (1 + ((overtone * _PITCH - strong) / _WIDTHS) ** 2)
        said += numpy.repeat(shares.sum(axis=1) + 0.003, _STEADY)[:count] * numpy.sin(overtone * glide)
    said *= 0.65 + 0.35 * numpy.sin(2 * numpy.pi * time / _SYLLABLE_S)
    if count:
        said *= level / max(1e-9, float(numpy.sqrt(numpy.mean(said**2))))
    said.flags.writeable = False
    return said


def samples(*seconds: float) -> bytes:
    return (sound(*seconds) * 32767).astype("<i2").tobytes()


def wav(seconds: Sequence[float], *, rate: int = 16_000, channels: int = 1) -> bytes:
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(rate)
        mono = (sound(*seconds, rate=rate) * 32767).astype("<i2")
        file.writeframes(numpy.repeat(mono, channels).tobytes())
    return out.getvalue()
