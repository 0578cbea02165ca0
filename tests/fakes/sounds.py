"""Sound as files and as a microphone gives it.  What is loud stands for speech."""

from __future__ import annotations

import io
import wave
from collections.abc import Sequence

import numpy


def sound(*seconds: float, rate: int = 16_000) -> numpy.ndarray:
    """Stretches that are quiet and loud in turn, the first one quiet."""
    random = numpy.random.default_rng(1)
    parts = [
        voice(round(each * rate), rate) if n % 2 else random.standard_normal(round(each * rate)) * 0.0005
        for n, each in enumerate(seconds)
    ]
    return numpy.concatenate(parts).astype(numpy.float32)


def voice(count: int, rate: int = 16_000, level: float = 0.1) -> numpy.ndarray:
    """Vowels: a gliding pitch with its overtones, which swell and fade a little."""
    time = numpy.arange(count) / rate
    glide = 2 * numpy.pi * numpy.cumsum(130 + 30 * numpy.sin(7 * time)) / rate
    overtones = sum(numpy.sin(number * glide) / number for number in range(1, 25))
    return level * overtones * (1 + 0.3 * numpy.sin(25 * time))


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
