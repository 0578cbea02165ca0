"""Reads recordings (WAV, MP3, M4A, MP4, Ogg, Opus, FLAC): their sound, in pieces of at most half a minute.

The decoders are FFmpeg's for sound, by codecpod.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePath
from typing import Any

from slmdesk.base.documents import Note, Page
from slmdesk.base.errors import KnownError
from slmdesk.base.record import Record
from slmdesk.base.sound import CUT_FROM_S, FRAME, MOST_S, RATE, Sound, loudness, quietest, sound_of
from slmdesk.base.texts import N_
from slmdesk.children.formats.reading import Reading

MOST_CHANNELS, MOST_RATE = 8, 192_000
MOST_S_IN_ALL = 24 * 3600
_SMALL_S, _END_S = 4.0, 2.0
"""What a header says of the end may be wrong by so much."""


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
        if not file.read(1):
            raise KnownError("document.empty", name=PurePath(reading.path).name)
    source, start, length, is_found = _Source(reading), 0.0, MOST_S, False
    while start < MOST_S_IN_ALL:
        reading.check()
        sound = source.take(start, length)
        if sound is None:  # damaged: what is around the damage can be decoded
            if length == _SMALL_S:
                start += _SMALL_S
            length = _SMALL_S
            if start >= source.seconds:
                break
            continue
        if len(sound) < FRAME:
            break
        levels, cut = loudness(sound), len(sound)
        if len(sound) > (CUT_FROM_S + 1) * RATE:
            cut = quietest(levels, int(CUT_FROM_S * 50), len(levels)) * FRAME
        end, is_found = start + cut / RATE, True
        yield Piece(start, end, sound[:cut], max(0.0, source.seconds - end))
        if len(sound) > (length - 1) * RATE:
            start, length = end, MOST_S
        elif start + length < source.seconds - _END_S:
            reading.note(Note.PARTLY_DAMAGED)
            start, length = start + length, MOST_S
        else:
            break
    if not is_found:
        reason = N_("its sound cannot be decoded") if source.is_damaged else N_("there is no sound in it")
        raise KnownError("document.damaged", path=reading.path, reason=reason)


def sound_at(reading: Reading, start: float, seconds: float) -> Sound:
    """Return the sound from a second on, less of it at the end, and silence for what is damaged."""
    source = _Source(reading)
    left = source.seconds - start if source.seconds else seconds
    sound = source.take(start, min(seconds, left)) if left > 0 else None
    return sound_of(bytes(2 * round(max(0.0, min(seconds, left)) * RATE))) if sound is None else sound


class _Source:
    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        try:
            import codecpod
        except ImportError as err:
            reason = N_("recordings cannot be read on this kind of PC")
            raise KnownError("document.unreadable", path=reading.path, reason=reason) from err
        self._load: Any = codecpod.load
        self._failed = codecpod.CodecpodError
        try:
            about = codecpod.info(reading.path)
        except self._failed as err:
            raise self._damaged(N_("its sound is of a kind that cannot be read here")) from err
        self._rate, frames = about.sample_rate, about.frames or 0
        if not 0 < self._rate <= MOST_RATE or not 0 < about.channels <= MOST_CHANNELS:
            raise self._damaged(N_("its header makes no sense"))
        self.seconds, self.is_damaged = frames / self._rate, False

    def take(self, start: float, seconds: float) -> Sound | None:
        """Return the sound from there on, shorter at its end; None where it cannot be decoded, which is noted."""
        offset, count = round(start * self._rate), round(seconds * self._rate)
        try:
            sound: Sound = self._load(
                self._reading.path, sample_rate=RATE, mono=True, frame_offset=offset, num_frames=count
            )[0]
        except self._failed:
            self.is_damaged = True
            if not self.seconds or start < self.seconds - _END_S:
                self._reading.note(Note.PARTLY_DAMAGED)
            return None
        return sound

    def _damaged(self, reason: str) -> KnownError:
        return KnownError("document.damaged", path=self._reading.path, reason=reason)
