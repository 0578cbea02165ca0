"""The sound of a recording, given piece by piece to be played."""

from __future__ import annotations

import wave

import numpy
import pytest
from fakes.recorder import Recorder, open_echo

from slmdesk.base.runtime.messages import Problem

pytestmark = pytest.mark.process
RATE = 16_000


@pytest.fixture
def recorder():
    services = open_echo()
    yield Recorder(services)
    services.close()


@pytest.fixture
def recording(tmp_path):
    """Thirty seconds of a rising tone: the sound at each second is another."""
    at = numpy.arange(30 * RATE) / RATE
    sound = (numpy.sin(2 * numpy.pi * (200 + 10 * at) * at) * 12_000).astype("<i2")
    path = tmp_path / "meeting.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(sound.tobytes())
    return path, sound


def test_a_piece_begins_at_its_second_and_the_end_is_empty(recorder, recording):
    path, sound = recording
    for start, seconds in ((0.0, 20.0), (7.25, 20.0), (25.0, 5.0)):
        given = numpy.frombuffer(recorder.calls.voice.sound(path, start), "<i2")
        expected = sound[int(start * RATE) :][: int(seconds * RATE)]
        assert abs(len(given) - len(expected)) <= 1
        some = min(len(given), len(expected))
        assert numpy.abs(given[:some].astype(int) - expected[:some]).max() <= 4
    assert recorder.calls.voice.sound(path, 30.0) == b""


def test_what_is_no_recording_is_told(recorder, tmp_path):
    (tmp_path / "meeting.wav").write_bytes(b"no sound at all")
    told = recorder.calls.voice.sound(tmp_path / "meeting.wav", 0.0)
    assert isinstance(told, Problem)
    assert told.code == "document.damaged"
