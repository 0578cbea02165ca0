"""Recordings: each kind is decoded, cut at quiet places, and what is none is told.

The files in golden/sounds hold 0.3 s of quiet, 0.8 s of noise and 0.4 s of quiet.
"""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import codecpod
import numpy
import pytest
from fakes.sounds import sound, wav

from slmdesk.base.documents import Note
from slmdesk.base.errors import KnownError
from slmdesk.base.sound import MOST_S, RATE, is_loud, loudness
from slmdesk.children.formats.reading import Reading
from slmdesk.children.formats.recordings import pieces, read
from slmdesk.children.tasks.reader import chosen_format

pytestmark = pytest.mark.pure
SOUNDS = Path(__file__).resolve().parents[2] / "golden" / "sounds"


def written(folder: Path, data: bytes, name: str = "a.wav") -> Reading:
    path = folder / name
    path.write_bytes(data)
    return Reading(str(path))


@pytest.mark.parametrize("name", ["short.mp3", "short.m4a", "short.mp4", "short.ogg", "short.opus"])
def test_each_kind_is_decoded(name: str) -> None:
    reading = Reading(str(SOUNDS / name))
    assert chosen_format(reading, "") == "recording"
    (piece,) = pieces(reading)
    loud = numpy.flatnonzero(is_loud(loudness(piece.sound))) / 50
    assert piece.end == pytest.approx(1.5, abs=0.15)
    assert (loud[0], loud[-1]) == pytest.approx((0.3, 1.1), abs=0.1)


@pytest.mark.parametrize(("rate", "channels"), [(8_000, 1), (16_000, 2), (44_100, 2), (48_000, 1)])
def test_rates_and_channels(tmp_path: Path, rate: int, channels: int) -> None:
    (piece,) = pieces(written(tmp_path, wav((0.5, 1, 0.5), rate=rate, channels=channels)))
    assert len(piece.sound) == pytest.approx(2 * RATE, abs=2)
    assert loudness(piece.sound)[30:70].mean() > 0.03


@pytest.mark.parametrize("kind", ["wav", pytest.param("opus", marks=pytest.mark.soak)])
def test_long_ones_are_cut_where_it_is_quiet(tmp_path: Path, kind: str) -> None:
    seconds = (0.5, 24, 0.5, 22, 0.5, 12, 0.5)
    reading = written(tmp_path, wav(seconds))
    if kind == "opus":
        reading = Reading(str(tmp_path / "a.opus"))
        codecpod.save(reading.path, sound(*seconds, rate=48_000), 48_000, codecpod.Opus())
    parts = list(pieces(reading))
    assert [piece.start for piece in parts] == pytest.approx([0, 24.75, 47.25], abs=0.3)
    assert parts[-1].end == pytest.approx(60, abs=0.1)
    assert all(before.end == after.start for before, after in pairwise(parts))
    assert all(len(piece.sound) <= MOST_S * RATE for piece in parts)
    assert [(piece.start, piece.end) for piece in pieces(reading)] == [(piece.start, piece.end) for piece in parts]


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "document.empty"), (b"RIFF\x10\0\0\0WAVE", "document.damaged"),
        (b"ID3" + bytes(5000), "document.damaged"),
        (b"OggS" + bytes(100), "document.damaged"), (b"OggS\0OpusHead" + bytes(100), "document.damaged"),
        (wav((0.1,))[:44], "document.damaged"),
    ],
)  # fmt: skip
def test_broken_ones_are_told(tmp_path: Path, data: bytes, code: str) -> None:
    with pytest.raises(KnownError) as caught:
        list(pieces(written(tmp_path, data)))
    assert caught.value.code == code


def test_one_that_ends_too_early_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    (piece,) = pieces(written(tmp_path, wav((0.5, 5, 0.5))[:100_000]))
    assert piece.end == pytest.approx(3.1, abs=0.2)


@pytest.mark.parametrize("name", ["short.mp3", "short.m4a"])
def test_damage_within_is_noted_or_told(tmp_path: Path, name: str) -> None:
    data = bytearray((SOUNDS / name).read_bytes())
    data[2000:2600] = bytes(600)
    outcomes: list[str] = []
    try:
        outcomes += ["read" for __ in pieces(written(tmp_path, bytes(data), name))]
    except KnownError as err:
        outcomes.append(err.code)
    assert set(outcomes) in ({"read"}, {"document.damaged"})


def test_damage_in_the_middle_of_a_long_one_leaves_nothing_out_silently(tmp_path: Path) -> None:
    codecpod.save(str(tmp_path / "a.mp3"), sound(*(1.0,) * 90, rate=16_000), 16_000, codecpod.Mp3(bit_rate=32_000))
    data = bytearray((tmp_path / "a.mp3").read_bytes())
    middle = len(data) // 2
    data[middle : middle + len(data) // 10] = bytes(len(data) // 10)
    reading = written(tmp_path, bytes(data), "b.mp3")
    assert list(pieces(reading))[-1].end == pytest.approx(90, abs=10)
    assert Note.PARTLY_DAMAGED in reading.notes


def test_the_reader_refuses_one_with_another_ending(tmp_path: Path) -> None:
    reading = written(tmp_path, wav((0.1,)), "a.txt")
    assert chosen_format(reading, "") == "recording"
    with pytest.raises(KnownError) as caught:
        next(read(reading))
    assert caught.value.code == "document.unreadable"
