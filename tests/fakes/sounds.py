"""Sound as files and as a microphone gives it.  What is loud stands for speech."""

from __future__ import annotations

import io
import wave
from collections.abc import Sequence

import numpy


def sound(*seconds: float, rate: int = 16_000) -> numpy.ndarray:
    """Stretches that are quiet and loud in turn, the first one quiet."""
    random = numpy.random.default_rng(1)
    parts = [random.standard_normal(round(each * rate)) * (0.1 if n % 2 else 0.0005) for n, each in enumerate(seconds)]
    return numpy.concatenate(parts).astype(numpy.float32)


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
