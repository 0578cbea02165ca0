"""Sound as numbers: how loud it is, where it pauses, and the stretches that are heard one after another.

Sound is float32 from -1 to 1, mono, RATE samples a second.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy
from numpy.typing import NDArray

from slmdesk.base.record import Record

Sound: TypeAlias = NDArray[numpy.float32]
RATE = 16_000
FRAME = RATE // 50
"""Samples in 20 ms."""
QUIET, LOUD = 0.004, 0.03
"""Loudness (1 at most) below which nobody speaks, and from which somebody does, whatever the noise around."""
ABOVE_NOISE = 2.5
"""How many times louder than the noise speech is."""
PAUSE_S, LEAD_S = 0.7, 0.3
"""Silence that ends a stretch, and sound before the first loud frame that is kept."""
LEAST_SPEECH_S = 0.2
MOST_S, CUT_FROM_S = 28.0, 20.0
"""A stretch is cut at its quietest place between these where no pause comes.  Whisper hears 30 seconds at once."""


def sound_of(data: bytes) -> Sound:
    """Return the sound of samples of 16 bits, signed, little endian."""
    whole = data[: len(data) - len(data) % 2]
    return numpy.frombuffer(whole, "<i2").astype(numpy.float32) / numpy.float32(32768)


def bytes_of(sound: Sound) -> bytes:
    return (numpy.clip(sound, -1.0, 1.0) * 32767).astype("<i2").tobytes()


def loudness(sound: Sound) -> Sound:
    """Return the loudness of each frame."""
    frames = sound[: len(sound) // FRAME * FRAME].reshape(-1, FRAME)
    return numpy.sqrt(numpy.mean(frames * frames, axis=1, dtype=numpy.float64)).astype(numpy.float32)


def is_loud(levels: Sound) -> NDArray[numpy.bool_]:
    """Return for each frame whether somebody may be speaking, judged by the noise of all of them."""
    noise = float(numpy.percentile(levels, 10)) if len(levels) else 0.0
    return levels > min(max(noise * ABOVE_NOISE, QUIET), LOUD)


def quietest(levels: Sound, begin: int, end: int) -> int:
    """Return the frame between the two around which it is quietest for 0.3 s."""
    width = 15
    sums = numpy.convolve(levels[begin:end], numpy.ones(width), "valid") if end - begin > width else levels[begin:end]
    return begin + int(numpy.argmin(sums)) + (width // 2 if end - begin > width else 0)


class Stretch(Record):
    """What is being spoken, from its first loud frame on."""

    sound: Sound
    start: int
    """Its first sample, counted from the beginning of the dictation."""
    is_final: bool


class Stretches:
    """Cuts sound that arrives bit by bit into stretches at its pauses."""

    def __init__(self) -> None:
        self._sound = numpy.zeros(0, numpy.float32)
        self._start = self._heard = 0

    def feed(self, sound: Sound) -> None:
        self._sound = numpy.concatenate((self._sound, sound))

    def take(self, *, at_end: bool = False, least_s: float = 1.0) -> Stretch | None:
        """Return the stretch if its pause has come, or if `least_s` more of it is there than when it was taken last.

        `at_end`: no more sound will come.
        """
        levels = loudness(self._sound)
        loud = numpy.flatnonzero(is_loud(levels))
        if not len(loud):
            self._drop(max(0, len(levels) - int(LEAD_S * 50)))
            return None
        gaps = numpy.flatnonzero(numpy.diff(loud) > PAUSE_S * 50)
        first = max(0, int(loud[0]) - int(LEAD_S * 50))
        last = int(loud[gaps[0] if len(gaps) else -1])
        self._drop(first)
        end, spoken = len(levels) - first, int(last + 1 - loud[0])
        has_paused = len(levels) - last > PAUSE_S * 50
        is_long = last - first > MOST_S * 50
        if has_paused or at_end or is_long:
            cut = quietest(levels[first:], int(CUT_FROM_S * 50), int(MOST_S * 50)) if is_long else last - first + 10
            stretch = Stretch(self._sound[: cut * FRAME], self._start, True)
            self._drop(min(cut, end))
            return stretch if spoken >= LEAST_SPEECH_S * 50 else self.take(at_end=at_end, least_s=least_s)
        if spoken >= LEAST_SPEECH_S * 50 and end * FRAME - self._heard >= least_s * RATE:
            self._heard = end * FRAME
            return Stretch(self._sound, self._start, False)
        return None

    def _drop(self, frames: int) -> None:
        self._sound = self._sound[frames * FRAME :]
        self._start += frames * FRAME
        self._heard = max(0, self._heard - frames * FRAME) if frames else self._heard
