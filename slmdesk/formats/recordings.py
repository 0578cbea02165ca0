"""Reads recordings (WAV, MP3, M4A, MP4, Ogg, Opus, FLAC): their sound, in pieces of at most half a minute.

The decoders are Symphonia's, which are written in Rust, and libopus, both by sphn.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy

from slmdesk.base.documents import Note, Page
from slmdesk.base.errors import KnownError
from slmdesk.base.record import Record
from slmdesk.base.sound import CUT_FROM_S, FRAME, MOST_S, RATE, Sound, loudness, quietest
from slmdesk.base.texts import N_
from slmdesk.formats.reading import Reading

MOST_CHANNELS, MOST_RATE = 8, 192_000
MOST_S_IN_ALL = 24 * 3600
_OPUS, _OPUS_WITHIN, _CHUNK = b"OpusHead", 4096, 1 << 16
_TAPS = 48


class Piece(Record):
    start: float
    """In seconds, like `end`."""
    end: float
    sound: Sound
    left_s: float
    """Seconds of the recording after it, as its header says; 0 where that is not known."""


def read(reading: Reading) -> Iterator[Page]:
    """Refuse: the process that reads documents hears nothing.  Only a recording with another ending comes here."""
    raise KnownError(
        "document.unreadable",
        path=reading.path,
        reason=N_("it is a recording; open it as a file of its own whose name ends in .wav, .mp3, .m4a, .ogg or .mp4"),
    )
    yield  # a generator, as all readers are


def pieces(reading: Reading) -> Iterator[Piece]:
    """Yield the sound, cut at quiet places.  The same recording is always cut in the same way.

    Raises KnownError `document.damaged`, `document.empty`, and what `Reading.open` raises.
    """
    with reading.open() as file:
        head = file.read(_OPUS_WITHIN)
    if not head:
        raise KnownError("document.empty", name=reading.path.rpartition("/")[2])
    source = _source(reading, head)
    start = 0.0
    while start < MOST_S_IN_ALL:
        reading.check()
        sound = source.take(start, MOST_S)
        if len(sound) < FRAME:
            break
        is_last = len(sound) < (MOST_S - 0.1) * RATE
        levels = loudness(sound)
        cut = len(sound) if is_last else quietest(levels, int(CUT_FROM_S * 50), len(levels)) * FRAME
        end = start + cut / RATE
        yield Piece(start, end, sound[:cut], max(0.0, source.seconds - end))
        start = end
        if is_last:
            break
    if not start:
        raise KnownError("document.damaged", path=reading.path, reason=N_("there is no sound in it"))


def sound_at(reading: Reading, start: float, seconds: float) -> Sound:
    """Return the sound from a second on, less of it at the end.  Raises KnownError as `pieces` does."""
    with reading.open() as file:
        source = _source(reading, file.read(_OPUS_WITHIN))
    if isinstance(source, _Opus):
        for at in range(0, int(start), int(MOST_S)):
            reading.check()
            source.take(at, MOST_S)
    return source.take(start, seconds)


def _source(reading: Reading, head: bytes) -> _Opus | _Decoded:
    return _Opus(reading) if _OPUS in head else _Decoded(reading)


class _Decoded:
    """Anything but Opus."""

    def __init__(self, reading: Reading) -> None:
        import sphn

        try:
            self._file: Any = sphn.FileReader(reading.path)
        except (ValueError, OSError) as err:
            reason = N_("its sound is of a kind that cannot be read here")
            raise KnownError("document.damaged", path=reading.path, reason=reason) from err
        self.seconds, self._rate = float(self._file.duration_sec), int(self._file.sample_rate)
        if not 0 < self._rate <= MOST_RATE or not 0 < self._file.channels <= MOST_CHANNELS:
            raise KnownError("document.damaged", path=reading.path, reason=N_("its header makes no sense"))
        self._reading = reading

    def take(self, start: float, seconds: float) -> Sound:
        if start >= self.seconds:
            return numpy.zeros(0, numpy.float32)
        try:
            channels = self._file.decode(start, seconds)
        except ValueError as err:  # what is damaged from here on cannot be told from an end that came too early
            if not start:
                reason = N_("its sound cannot be decoded")
                raise KnownError("document.damaged", path=self._reading.path, reason=reason) from err
            self._reading.note(Note.PARTLY_DAMAGED)
            return numpy.zeros(0, numpy.float32)
        return resampled(numpy.mean(channels, axis=0, dtype=numpy.float32), self._rate)


class _Opus:
    """Opus in Ogg, as messengers send it: decoded from its beginning on."""

    seconds = 0.0

    def __init__(self, reading: Reading) -> None:
        import sphn

        self._reader: Any = sphn.OpusStreamReader(RATE)
        self._chunks, self._reading = reading.chunks(), reading
        self._start, self._sound = 0, numpy.zeros(0, numpy.float32)

    def take(self, start: float, seconds: float) -> Sound:
        begin = round(start * RATE)
        self._sound, self._start = self._sound[begin - self._start :], begin
        parts = [self._sound]
        missing = math.ceil(seconds * RATE) - len(self._sound)
        while missing > 0 and (chunk := next(self._chunks, b"")):
            for at in range(0, len(chunk), _CHUNK):
                parts.append(self._decoded(chunk[at : at + _CHUNK]))
                missing -= len(parts[-1])
        self._sound = numpy.concatenate(parts)
        return self._sound[: math.ceil(seconds * RATE)]

    def _decoded(self, data: bytes) -> Sound:
        try:
            found: Sound = self._reader.append_bytes(data)
        except ValueError as err:
            if not self._start:
                reason = N_("its sound cannot be decoded")
                raise KnownError("document.damaged", path=self._reading.path, reason=reason) from err
            self._reading.note(Note.PARTLY_DAMAGED)
            return numpy.zeros(0, numpy.float32)
        return found


def resampled(sound: Sound, rate: int) -> Sound:
    """Return the sound at RATE, without what is too high for it."""
    if rate == RATE or not len(sound):
        return sound
    if rate > RATE:
        at = numpy.arange(-_TAPS, _TAPS + 1)
        taps = numpy.sinc(at * RATE / rate) * numpy.hamming(len(at))
        sound = numpy.convolve(sound, (taps / taps.sum()).astype(numpy.float32), "same")
    places = numpy.arange(int(len(sound) * RATE / rate)) * (rate / RATE)
    return numpy.interp(places, numpy.arange(len(sound)), sound).astype(numpy.float32)
